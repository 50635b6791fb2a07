"""A campaign file: plain values, from TOML or a form, read into checked ones and written back."""

import tomllib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from campaign import toml_text
from campaign.file_keys import INNER_COLUMNS, KEYS
from campaign.file_values import FileMistake, Place, Table, refuse

__all__ = [
    "CampaignFile",
    "FileMistake",
    "changed_keys",
    "digest",
    "parse",
    "plain",
    "read",
    "write",
]

_FILE = Table(KEYS)
[_LANGUAGES] = (key for key in KEYS if key.name == "languages")


@dataclass(frozen=True)
class CampaignFile:
    """A whole campaign file, checked: its values by key; `columns` are those of the Campaign."""

    values: dict[str, Any]

    @property
    def columns(self) -> dict[str, Any]:
        logo = self.values["logo"]
        found = {key.column: self.values[key.name] for key in KEYS if key.column}
        for name, key in INNER_COLUMNS:
            found[key.column] = self.values[name].get(key.name, key.default)
        return {**found, "logo": logo.facts() if logo else {}}


def parse(source: str, *, folder: Path | None = None) -> CampaignFile:
    """Read the text of a campaign file; raises FileMistake for the first mistake in it, with all others.

    ``folder`` is where the file lies, in which it may name a picture.
    """
    try:
        document = tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        raise FileMistake("", _("not TOML: %(why)s") % {"why": error}) from None
    return read(document, folder=folder)


def read(document: dict[str, Any], *, folder: Path | None = None) -> CampaignFile:
    """Check plain values as TOML has them, wherever they come from; raises FileMistake as `parse`."""
    # The languages first: they are keys of other tables.
    try:
        languages = _LANGUAGES.read(dict(document), Place())
    except FileMistake as mistake:
        mistake.all += _FILE.misspelt(document)
        raise
    values = _FILE.read(document, Place(languages=languages, folder=folder))
    _check_together(values)
    return CampaignFile(values)


def plain(values: dict[str, Any]) -> dict[str, Any]:
    """Checked values as plain ones, of which `read` makes the same again."""
    return _FILE.written(values)


def write(values: dict[str, Any]) -> str:
    """Checked values as the text of a campaign file."""
    return toml_text.written(plain(values))


def digest(values: dict[str, Any]) -> str:
    """What tells one campaign file from another, in hexadecimal."""
    return sha256(write(values).encode()).hexdigest()


def changed_keys(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """The keys whose values differ, such as ``goal`` and ``statement.en.body``."""
    one, other = _flat(plain(before)), _flat(plain(after))
    return [key for key in {**one, **other} if one.get(key) != other.get(key)]


def _flat(table: dict[str, Any], path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in table.items():
        inner = _flat(value, f"{path}{name}.") if isinstance(value, dict) else {path + name: value}
        found.update(inner)
    return found


def _check_together(values: dict[str, Any]) -> None:
    """What one key says of another."""
    opens_at, closes_at = values["opens_at"], values["closes_at"]
    mistakes = []
    if closes_at is not None and (opens_at is None or closes_at <= opens_at):
        mistakes.append(FileMistake("closes_at", _("must be after opens_at")))
    if opens_at is not None:
        reason = _("is missing: no campaign opens without it")
        mistakes += [
            FileMistake(f"organiser.{name}", reason)
            for name in ("name", "address", "contact", "privacy_url")
            if not values["organiser"].get(name)
        ]
    refuse(mistakes)
