"""The form of a campaign as it is drawn: its inputs in order, each with what is wrong beside it."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

from campaign.admin.file_inputs import MOST_ROWS, Typed, begins, is_outline, lines
from campaign.contrast import DAY, parse, worst
from campaign.file_keys import SECTIONS
from campaign.file_values import (
    ByLanguage,
    Choice,
    Colour,
    Key,
    Kind,
    List,
    Picture,
    Rows,
    Switch,
    Table,
    Text,
    Time,
    Whole,
)
from campaign.languages import own_name

SPARE = 2
"""Empty rows below those of a table."""
_PARTS = "admin/campaign/campaign/inputs/"
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?\Z")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}\Z")


@dataclass
class Field:
    """One input: ``widget`` says how it is drawn."""

    template = f"{_PARTS}field.html"

    key: Key
    path: str
    widget: str
    value: str
    label: Any
    mistakes: list[str] = field(default_factory=list)
    language: str = ""

    @property
    def ident(self) -> str:
        return "f-" + re.sub(r"[^A-Za-z0-9-]+", "-", self.path).strip("-")

    @property
    def needed(self) -> bool:
        return not self.key.is_optional

    @property
    def is_outline(self) -> bool:
        return isinstance(self.key.kind, Rows)

    @property
    def is_moment(self) -> bool:
        """Whether a browser's input of a time takes it; what it doesn't take, it would empty."""
        return not self.value or _MOMENT.match(self.value) is not None

    @property
    def contrast(self) -> str:
        """Of a colour on the worse of our grounds."""
        if not _COLOUR.match(self.value):
            return ""
        return f"{worst(parse(self.value), DAY)[0]:.1f}"

    @property
    def height(self) -> int:
        return min(24, max(3, self.value.count("\n") + 2, len(self.value) // 80 + 2))


@dataclass
class Group:
    """Inputs that belong together: a table, or the texts of one language."""

    template = f"{_PARTS}group.html"

    name: str
    label: Any
    help: Any
    fields: list[Field]
    language: str = ""

    @property
    def language_name(self) -> str:
        return own_name(self.language)


@dataclass
class Grid:
    """Rows of inputs, spare ones at the end; ``heads`` stand above the columns, with their language."""

    template = f"{_PARTS}grid.html"

    name: str
    label: Any
    help: Any
    heads: list[tuple[Any, str]]
    rows: list[list[Field]]
    mistakes: list[str]


Block = Field | Group | Grid


class Form:
    """All inputs of a campaign, with what is wrong beside each; ``rest`` fits nowhere."""

    def __init__(
        self, typed: Typed, mistakes: Sequence[tuple[str, str]] = (), spare: int = 0
    ) -> None:
        self.typed = typed
        self.languages = lines(typed.get("languages", ""))
        self.spare = spare or SPARE
        self.fields: list[Field | Grid] = []
        self._left = list(mistakes)
        self.sections = [
            (section, [block for key in section.keys for block in self._blocks(key)])
            for section in SECTIONS
        ]

    def _blocks(self, key: Key) -> Iterator[Block]:
        kind: Kind = key.kind
        match kind:
            case Table():
                fields = [self._field(inner, f"{key.name}.{inner.name}") for inner in kind.keys]
                yield Group(key.name, key.label, key.help, fields)
            case ByLanguage():
                for language in self.languages:
                    yield self._texts(key, kind.table, language)
            case Rows() if not is_outline(kind):
                yield self._grid(key, kind.table)
            case _:
                yield self._field(key, key.name)

    def _texts(self, key: Key, table: Table, language: str) -> Group:
        path = f"{key.name}.{language}"
        fields = [self._field(inner, f"{path}.{inner.name}", language) for inner in table.keys]
        if fields:
            fields[0].mistakes += self._taken(path, exactly=True)
        return Group(path, key.label, key.help, fields, language)

    def _grid(self, key: Key, table: Table) -> Grid:
        columns = list(self._columns(table))
        numbers = [n for n in range(1, MOST_ROWS + 1) if begins(self.typed, f"{key.name}[{n}].")]
        last = max(numbers, default=0)
        numbers = list(range(1, min(last + self.spare, MOST_ROWS) + 1))
        rows = []
        for number in numbers:
            path = f"{key.name}[{number}]"
            rows.append([self._field(key, f"{path}.{inner}") for key, inner, _code in columns])
            for cell, (column, _inner, code) in zip(rows[-1], columns, strict=True):
                cell.language = code
                cell.label = f"{column.label} ({number})"
            rows[-1][0].mistakes += self._taken(path, exactly=True)
        heads = [(column.label, code) for column, _inner, code in columns]
        grid = Grid(key.name, key.label, key.help, heads, rows, self._taken(key.name))
        self.fields.append(grid)
        return grid

    def _columns(self, table: Table) -> Iterator[tuple[Key, str, str]]:
        """Key, path in the row and language of each; a table of names is a column for each language."""
        for key in table.keys:
            if isinstance(key.kind, Table):
                for code in self.languages:
                    each = Key(code, Text(), f"{key.label} {code}", default="")
                    yield each, f"{key.name}.{code}", code
            else:
                yield key, key.name, ""
        if table.named:
            for code in self.languages:
                yield Key(code, Text(), code, default=""), code, code

    def _field(self, key: Key, path: str, language: str = "") -> Field:
        widget = _WIDGETS.get(type(key.kind), "line")
        if isinstance(key.kind, Text) and key.kind.lines:
            widget = "lines"
        value = self.typed.get(path, "")
        found = Field(key, path, widget, value, key.label, self._taken(path), language)
        self.fields.append(found)
        return found

    def _taken(self, path: str, *, exactly: bool = False) -> list[str]:
        """The mistakes at that path or below it, each said once in the whole form."""
        mine = [
            (where, reason)
            for where, reason in self._left
            if where == path or (not exactly and re.match(re.escape(path) + r"[.\[]", where))
        ]
        self._left = [each for each in self._left if each not in mine]
        return [_said(where.removeprefix(path), reason) for where, reason in mine]

    @property
    def has_upload(self) -> bool:
        return bool(self.typed.get("logo.base64"))

    @property
    def without_logo(self) -> bool:
        return bool(self.typed.get("logo.none"))

    @property
    def wrong(self) -> list[tuple[Any, str, list[str]]]:
        """Label, anchor and mistakes of each input that has some, in order; to be asked last."""
        return [
            (each.label, each.ident if isinstance(each, Field) else f"f-{each.name}", each.mistakes)
            for each in self.fields
            if each.mistakes
        ]

    def named(self, keys: Iterable[str]) -> list[str]:
        """The keys of a file, such as ``statement.en.body``, as their inputs are labelled."""
        tables = {key.name: key.label for section in SECTIONS for key in section.keys}
        labels = {}
        for each in self.fields:
            path = each.path if isinstance(each, Field) else each.name
            table, _dot, inner = path.partition(".")
            label = (
                f"{tables[table]}: {each.label}" if inner and table in tables else str(each.label)
            )
            language = each.language if isinstance(each, Field) else ""
            labels[path] = f"{label} ({language})" if language else label
        return [labels.get(key, key) for key in keys]

    @property
    def rest(self) -> list[str]:
        return [f"{where}: {reason}" if where else reason for where, reason in self._left]

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What was typed and has no input now, such as the texts of a language misspelt since."""
        shown = {each.path for each in self.fields if isinstance(each, Field)}
        shown |= {
            cell.path for g in self.fields if isinstance(g, Grid) for r in g.rows for cell in r
        }
        return [(name, text) for name, text in self.typed.items() if text and name not in shown]


def _said(below: str, reason: str) -> str:
    """A reason, with the number of the line or row that it is about."""
    found = re.match(r"\[([0-9]+)\](.*)", below)
    if not found:
        return reason
    return _("no. %(number)s: %(reason)s") % {"number": found[1], "reason": reason}


_WIDGETS: dict[type, str] = {
    Colour: "colour",
    Whole: "number",
    Time: "time",
    Choice: "choice",
    Switch: "switch",
    List: "lines",
    Rows: "lines",
    Picture: "picture",
}
