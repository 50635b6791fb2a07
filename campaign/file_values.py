"""Kinds of values of a campaign file: how each is read and checked, and written back.

Whoever fills a file, by hand or by a form, gives plain values as `tomllib` does, and both come through
here. A mistake says where; a table goes on after one, so that all are named at once.
"""

import textwrap
import unicodedata
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from campaign import logos

Label = str | Promise


class FileMistake(Exception):
    """A mistake in a campaign file: which key, and the reason; ``all`` that were found with it."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}" if key else reason)
        self.key = key
        self.reason = reason
        self.all = [self]


def refuse(mistakes: "list[FileMistake]") -> None:
    """Raise the first of these, with all of them; nothing where there is none."""
    if mistakes:
        mistakes[0].all = mistakes
        raise mistakes[0]


class _Mistakes:
    """Goes on after a mistake; `end` raises the first, if there was one."""

    def __init__(self) -> None:
        self.found: list[FileMistake] = []

    @contextmanager
    def caught(self) -> Iterator[None]:
        try:
            yield
        except FileMistake as mistake:
            self.found += mistake.all

    def end(self) -> None:
        refuse(self.found)


@dataclass(frozen=True)
class Place:
    """Where in a file a value stands, and what is known of the whole file."""

    path: str = ""
    languages: Sequence[str] = ()
    folder: Path | None = None

    def under(self, name: str) -> "Place":
        return replace(self, path=f"{self.path}.{name}" if self.path else name)

    def item(self, number: int) -> "Place":
        return replace(self, path=f"{self.path}[{number}]")

    def wrong(self, reason: str) -> FileMistake:
        return FileMistake(self.path, reason)


class Kind(Protocol):
    """``read`` takes a value of TOML to a checked one, or raises FileMistake; ``written`` takes it back."""

    def read(self, value: Any, place: Place) -> Any: ...

    def written(self, value: Any) -> Any: ...


def _typed(value: Any, kind: type, place: Place) -> Any:
    if type(value) is not kind:  # not isinstance: true is an int to Python
        raise place.wrong(_("must be %(kind)s") % {"kind": _TOML_NAMES[kind]})
    return value


_TOML_NAMES: dict[type, Label] = {
    str: gettext_lazy("a text"),
    int: gettext_lazy("a whole number"),
    bool: gettext_lazy("true or false"),
    dict: gettext_lazy("a table"),
    list: gettext_lazy("a list"),
    datetime: gettext_lazy("a time such as 2026-01-22T14:00:00Z"),
}


@dataclass(frozen=True)
class _AsItIs:
    def written(self, value: Any) -> Any:
        return value


@dataclass(frozen=True)
class Text(_AsItIs):
    """A text without white space around it, NFC; of more than one line (LF) only with ``lines``."""

    longest: int = 200
    lines: bool = False

    def read(self, value: Any, place: Place) -> str:
        text = unicodedata.normalize("NFC", _typed(value, str, place).strip())
        if self.lines:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        # The database takes no NUL, and a mail's header no line break.
        if any(
            unicodedata.category(char) in {"Cc", "Cs"} and not (self.lines and char in "\t\n")
            for char in text
        ):
            raise place.wrong(_("holds a line break or another control character"))
        if len(text) > self.longest:
            raise place.wrong(_("is longer than %(n)s characters") % {"n": self.longest})
        return text


@dataclass(frozen=True)
class Colour(Text):
    """A text that names a colour; what it must be is said by its key."""


@dataclass(frozen=True)
class Whole(_AsItIs):
    """A whole number between two."""

    lowest: int
    highest: int

    def read(self, value: Any, place: Place) -> int:
        number: int = _typed(value, int, place)
        if not self.lowest <= number <= self.highest:
            between = {"lowest": f"{self.lowest:,}", "highest": f"{self.highest:,}"}
            raise place.wrong(_("must be between %(lowest)s and %(highest)s") % between)
        return number


@dataclass(frozen=True)
class Switch(_AsItIs):
    """True or false."""

    def read(self, value: Any, place: Place) -> bool:
        return bool(_typed(value, bool, place))


@dataclass(frozen=True)
class Choice(_AsItIs):
    """One of a few texts, each with a label, as Django's choices have it."""

    choices: Sequence[tuple[str, Label]]

    def read(self, value: Any, place: Place) -> str:
        chosen: str = _typed(value, str, place).strip()
        values = [each for each, _label in self.choices]
        if chosen not in values:
            raise place.wrong(_("must be one of %(values)s") % {"values": ", ".join(values)})
        return chosen


@dataclass(frozen=True)
class Time(_AsItIs):
    """A moment, in UTC."""

    def read(self, value: Any, place: Place) -> datetime:
        at: datetime = _typed(value, datetime, place)
        if at.tzinfo is None:
            raise place.wrong(_("needs its time zone, such as the Z at the end"))
        try:
            return at.astimezone(UTC)
        except OverflowError:
            raise place.wrong(_("is not a time that there is in UTC")) from None


@dataclass(frozen=True)
class Matching(_AsItIs):
    """A short text of one form; ``wrong`` says of ``%(value)s`` what it is not."""

    matches: Callable[[str], bool]
    wrong: Label

    def read(self, value: Any, place: Place) -> str:
        if not isinstance(value, str) or not self.matches(value):
            raise place.wrong(self.wrong % {"value": repr(value)})
        return value


@dataclass(frozen=True)
class List:
    """A list of values of one kind, each but once."""

    of: Kind

    def read(self, value: Any, place: Place) -> list[Any]:
        mistakes = _Mistakes()
        found: list[Any] = []
        for number, item in enumerate(_typed(value, list, place), start=1):
            with mistakes.caught():
                found.append(self.of.read(item, place.item(number)))
        mistakes.end()
        refuse_twice(found, place)
        return found

    def written(self, value: Sequence[Any]) -> list[Any]:
        return [self.of.written(item) for item in value]


def refuse_twice(values: Sequence[Any], place: Place) -> None:
    seen: set[Any] = set()
    for value in values:
        if value in seen:
            raise place.wrong(_("names %(value)s twice") % {"value": repr(value)})
        seen.add(value)


NEEDED: Any = object()


@dataclass(frozen=True)
class Key:
    """One key of a table: its kind, and what it is when left out; without a default it is needed.

    ``column`` is the Campaign's that keeps it, if one does. ``then`` sees the value that was read and
    may refuse or complete it. ``label`` and ``help`` are for people.
    """

    name: str
    kind: Kind
    label: Label
    default: Any = NEEDED
    column: str = ""
    help: Label = ""
    then: Callable[[Any, Place], Any] | None = None

    @property
    def is_optional(self) -> bool:
        return self.default is not NEEDED

    def read(self, rest: dict[str, Any], place: Place) -> Any:
        """Takes its value out of ``rest``."""
        place = place.under(self.name)
        if self.name not in rest:
            if not self.is_optional:
                raise place.wrong(_("is missing"))
            return self.default
        value = self.kind.read(rest.pop(self.name), place)
        if not self.is_optional and value in ("", [], {}):
            raise place.wrong(_("is empty"))
        return self.then(value, place) if self.then else value


@dataclass(frozen=True)
class Table:
    """A table of these keys and no other; if ``named``, of a name in each language too, as ``names``.

    A ``sparse`` one keeps only what isn't its default.
    """

    keys: tuple[Key, ...]
    named: bool = False
    sparse: bool = False

    def read(self, value: Any, place: Place) -> dict[str, Any]:
        rest = dict(_typed(value, dict, place))
        mistakes = _Mistakes()
        found: dict[str, Any] = {}
        for key in self.keys:
            with mistakes.caught():
                found[key.name] = key.read(rest, place)
        if self.named:
            with mistakes.caught():
                found["names"] = _names(rest, place)
        mistakes.found += _unknown(rest, place)
        mistakes.end()
        if self.sparse:
            return {
                key.name: found[key.name] for key in self.keys if found[key.name] != key.default
            }
        return found

    def misspelt(self, value: dict[str, Any]) -> list[FileMistake]:
        """A mistake for each name that is no key, where no more can be read."""
        known = {key.name for key in self.keys}
        return _unknown([name for name in value if name not in known], Place())

    def written(self, value: dict[str, Any]) -> dict[str, Any]:
        """Whole, but for what is empty and would be when left out."""
        table: dict[str, Any] = {}
        for key in self.keys:
            each = value.get(key.name, key.default)
            if each != key.default or each not in ("", None, [], {}):
                text = key.kind.written(each)
                if text != {} or not key.is_optional:
                    table[key.name] = text
        table.update(value.get("names", {}))
        return table


def _unknown(names: Iterable[str], place: Place) -> list[FileMistake]:
    return [place.under(name).wrong(_("is not a key of a campaign file")) for name in names]


_NAME = Text()


def _names(rest: dict[str, Any], place: Place) -> dict[str, str]:
    mistakes = _Mistakes()
    names: dict[str, str] = {}
    for language in place.languages:
        if language in rest:
            with mistakes.caught():
                names[language] = _NAME.read(rest.pop(language), place.under(language))
                if not names[language]:
                    raise place.under(language).wrong(_("is empty"))
    mistakes.end()
    return names


@dataclass(frozen=True)
class Rows:
    """A list of tables; a text alone is the one key ``short`` of its table."""

    table: Table
    short: str = ""

    def read(self, value: Any, place: Place) -> list[dict[str, Any]]:
        mistakes = _Mistakes()
        found: list[dict[str, Any]] = []
        for number, item in enumerate(_typed(value, list, place), start=1):
            with mistakes.caught():
                found.append(self._row(item, place.item(number)))
        mistakes.end()
        return found

    def _row(self, item: Any, place: Place) -> dict[str, Any]:
        if not self.short:
            return self.table.read(item, place)
        if not item or not isinstance(item, str | dict):
            raise place.wrong(_("must be a text or a table"))
        return self.table.read({self.short: item} if isinstance(item, str) else item, place)

    def written(self, value: Sequence[dict[str, Any]]) -> list[Any]:
        rows = [self.table.written(row) for row in value]
        return [row[self.short] if list(row) == [self.short] else row for row in rows]


@dataclass(frozen=True)
class ByLanguage:
    """A table for each of the campaign's languages; that of the first is needed."""

    table: Table

    def read(self, value: Any, place: Place) -> dict[str, dict[str, Any]]:
        rest = dict(_typed(value, dict, place))
        mistakes = _Mistakes()
        if place.languages[0] not in rest:
            with mistakes.caught():
                default = place.under(place.languages[0])
                raise default.wrong(_("is missing: it is the default language"))
        found: dict[str, dict[str, Any]] = {}
        for language in place.languages:
            if language in rest:
                with mistakes.caught():
                    found[language] = self.table.read(rest.pop(language), place.under(language))
        mistakes.found += _unknown(rest, place)
        mistakes.end()
        return found

    def written(self, value: dict[str, dict[str, Any]]) -> dict[str, Any]:
        return {language: self.table.written(each) for language, each in value.items()}


@dataclass(frozen=True)
class Picture:
    """A logo: the name of a file beside the campaign file, or its bytes as ``{base64 = "..."}``."""

    def read(self, value: Any, place: Place) -> logos.LogoFile | None:
        if isinstance(value, dict):
            return self._bytes(Table((_BASE64,)).read(value, place)["base64"], place)
        name = Text().read(value, place)
        if not name:
            return None
        if place.folder is None:
            raise place.wrong(_("is looked for beside the campaign file, and here is none"))
        path = (place.folder / name).resolve()
        # A file from elsewhere would be published by a line that looks like a logo.
        if not path.is_relative_to(place.folder.resolve()):
            reason = _("%(name)s is not in the folder of the campaign file")
            raise place.wrong(reason % {"name": repr(name)})
        try:
            return logos.read(path)
        except logos.NoLogo as mistake:
            raise place.wrong(f"{name!r} {mistake}") from None

    def _bytes(self, text: str, place: Place) -> logos.LogoFile:
        try:
            return logos.look_at(b64decode("".join(text.split()), validate=True))
        except ValueError:
            raise place.under("base64").wrong(_("is not base64")) from None
        except logos.NoLogo as mistake:
            raise place.wrong(str(mistake)) from None

    def written(self, value: logos.LogoFile) -> dict[str, str]:
        return {"base64": textwrap.fill(b64encode(value.content).decode(), 100)}


_BASE64 = Key("base64", Text(2 * logos.LARGEST, lines=True), "base64")
