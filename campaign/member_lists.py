"""A list of members as an organisation uploads it: its columns, where a link goes, why it is not taken."""

import csv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import identity
from campaign.errors import FieldError, InvalidInput

EMAIL, LINK = "email", "link"
EMAILS = (EMAIL, "e-mail")
"""What the column of addresses is called, as German and French address books too; the first wins."""
_HEAD = 64 * 1024
SHOWN = 100
"""Characters of a first line that names no column for us."""
_BOM = "\ufeff"

_REFUSED: dict[str, str | Promise] = {
    "empty": _("There is nothing in this list."),
    "too_large": _("This list is larger than 64 MB. Please send it in parts."),
    "too_many_lines": _("This list has more than 200,000 lines. Please send it in parts."),
    "not_text": _("This is not a CSV file. Please save the list as “CSV UTF-8” and send that."),
    "no_email_column": _(
        "The first line must name the columns, and one of them must be “email”. Here they are: %(first)s"
    ),
    "too_many": _("Other lists are still being written. Please wait until they are ready."),
    "too_many_kept": _(
        "Very many of your lists lie here. Please delete files that you have fetched, or come back tomorrow."
    ),
    "revoked": _("Your organisation does not vouch in this campaign any more."),
}


def invalid(code: str, **facts: str) -> InvalidInput:
    """The error of a list that is not taken."""
    said = str(_REFUSED[code])
    return InvalidInput([FieldError("file", code, said % facts if facts else said)])


@dataclass(frozen=True)
class Header:
    """How a list is written: its columns' names, where the address stands, where the link goes."""

    names: list[str]
    delimiter: str
    bom: bool
    email: int

    @property
    def link(self) -> int | None:
        """The column that a file of ours has already."""
        return _place(LINK, self.names)

    def with_link(self, cells: list[str], link: str) -> list[str]:
        """The line with its link; shorter lines are filled up, so that it stands in its column."""
        cells = cells + [""] * (len(self.names) - len(cells))
        if self.link is not None:
            return [*cells[: self.link], link, *cells[self.link + 1 :]]
        return [*cells[: len(self.names)], link, *cells[len(self.names) :]]


def header(upload: Path) -> Header:
    """How an uploaded list is written. Raises InvalidInput of what is none."""
    with upload.open("rb") as file:
        begin = file.read(_HEAD)
    text = begin.decode("utf-8", errors="surrogateescape")
    bom = text.startswith(_BOM)
    first = text.removeprefix(_BOM).splitlines()[:1]
    if not text.removeprefix(_BOM).strip():
        raise invalid("empty")
    for delimiter in (",", ";", "\t"):
        with suppress(csv.Error):
            names = next(csv.reader(first, delimiter=delimiter, strict=True))
            for column in EMAILS:
                if (place := _place(column, names)) is not None:
                    return Header(names, delimiter, bom, email=place)
    raise invalid("no_email_column", first=_shown(first[0]))


def _place(wanted: str, names: list[str]) -> int | None:
    folded = [name.strip().lower() for name in names]
    return folded.index(wanted) if wanted in folded else None


def _shown(line: str) -> str:
    """So much of a line as tells its columns, for whoever sent it."""
    text = identity.clean(line.encode(errors="surrogateescape").decode(errors="replace"))
    return text if len(text) <= SHOWN else f"{text[: SHOWN - 1]}…"
