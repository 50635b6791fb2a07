"""The keys of a campaign file as inputs of a form, each named by the path that a mistake has too.

A form is ``typed``: texts by path, as posted or as `spelled` from a campaign. `document` makes of them the
plain values of a file, unchecked: what is wrong with one is said by the reader of files alone.
"""

import re
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.files.uploadedfile import UploadedFile

from campaign import logos
from campaign.file_keys import KEYS
from campaign.file_values import (
    ByLanguage,
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

Typed = dict[str, str]
Document = dict[str, Any]
MOST_ROWS = 500
PLACE = "place"
"""The input of a row that says where it comes."""
_WHOLE = re.compile(r"-?[0-9]{1,18}\Z")
_HEAD = re.compile(r"[a-z_]+")
_NAMES = frozenset(key.name for key in KEYS)


def is_outline(kind: Rows) -> bool:
    """Rows of a text and a list fit in one box: there may be thousands of them."""
    kinds = [key.kind for key in kind.table.keys]
    return (
        not kind.table.named
        and len(kinds) == 2
        and isinstance(kinds[0], Text)
        and isinstance(kinds[1], List)
    )


# --- Values to texts -------------------------------------------------------------------------


def spelled(values: Mapping[str, Any]) -> Typed:
    """The texts that a form shows of the checked values of a file; of a new one, the defaults."""
    typed: Typed = {}
    for key in KEYS:
        _spell(key, values, key.name, typed)
    return typed


def _spell(key: Key, table: Mapping[str, Any], path: str, typed: Typed) -> None:
    value = table.get(key.name, key.default if key.is_optional else None)
    if value is None:
        return
    kind: Kind = key.kind
    match kind:
        case Table():
            _spell_table(kind, value, path, typed)
        case ByLanguage():
            for language, inner in value.items():
                _spell_table(kind.table, inner, f"{path}.{language}", typed)
        case Rows() if is_outline(kind):
            typed[path] = _outline(kind, value)
        case Rows():
            for number, row in enumerate(value, start=1):
                _spell_table(kind.table, row, f"{path}[{number}]", typed)
        case Picture():
            pass  # it is shown as it is; an upload replaces it
        case _:
            typed[path] = _text(kind, value)


def _spell_table(table: Table, value: Mapping[str, Any], path: str, typed: Typed) -> None:
    for key in table.keys:
        _spell(key, value, f"{path}.{key.name}", typed)
    typed.update({f"{path}.{code}": name for code, name in value.get("names", {}).items()})


def _text(kind: Kind, value: Any) -> str:
    match kind:
        case Switch():
            return "on" if value else ""
        case Time():
            return str(value.astimezone(UTC).replace(tzinfo=None).isoformat())
        case List():
            return "\n".join(value)
        case _:
            return str(value)


def _outline(kind: Rows, rows: Sequence[Mapping[str, Any]]) -> str:
    """One row a line, what is listed under it indented below."""
    name, listed = (key.name for key in kind.table.keys)
    return "\n".join(
        line for row in rows for line in (row[name], *(f"    {each}" for each in row[listed]))
    )


# --- Texts to values -------------------------------------------------------------------------


def tidied(typed: Mapping[str, str]) -> Typed:
    """What was typed, its rows in the order of their places and without the empty ones."""
    tidy = {
        name: text
        for name, text in typed.items()
        if (head := _HEAD.match(name)) and head[0] in _NAMES
    }
    for key in KEYS:
        if isinstance(key.kind, Rows) and not is_outline(key.kind):
            _tidy_rows(key.name, tidy)
    return tidy


def _tidy_rows(path: str, typed: Typed) -> None:
    rows: dict[int, Typed] = {}
    for name in [name for name in typed if name.startswith(f"{path}[")]:
        found = re.fullmatch(r"\[([0-9]{1,4})\]\.(.+)", name.removeprefix(path))
        text = typed.pop(name)
        if found:
            rows.setdefault(int(found[1]), {})[found[2]] = text
    kept = {
        number: row
        for number, row in rows.items()
        if any(text.strip() for name, text in row.items() if name != PLACE)
    }
    order = sorted(kept, key=lambda number: (_place(kept[number], number), number))
    for new, number in enumerate(order[:MOST_ROWS], start=1):
        typed.update(
            {f"{path}[{new}].{name}": text for name, text in kept[number].items() if name != PLACE}
        )


def _place(row: Typed, number: int) -> int:
    text = row.get(PLACE, "").strip()
    return int(text) if _WHOLE.match(text) else number


def document(typed: Typed) -> Document:
    """The plain values of the file that a tidied form says; what is left empty is left out."""
    languages = lines(typed.get("languages", ""))
    return {key.name: value for key in KEYS for value in _read(key, key.name, typed, languages)}


def _read(key: Key, path: str, typed: Typed, languages: Sequence[str]) -> Iterator[Any]:
    """The value, if there is one."""
    kind: Kind = key.kind
    match kind:
        case Table():
            yield _read_table(kind, path, typed, languages)
        case ByLanguage():
            texts = {
                language: _read_table(kind.table, f"{path}.{language}", typed, languages)
                for language in languages
            }
            first = languages[0] if languages else ""
            yield {
                each: text for each, text in texts.items() if _says_something(text) or each == first
            }
        case Rows() if is_outline(kind):
            yield _read_outline(kind, typed.get(path, ""))
        case Rows():
            rows = range(1, MOST_ROWS + 1)
            paths = [f"{path}[{n}]" for n in rows if begins(typed, f"{path}[{n}].")]
            yield [_read_table(kind.table, each, typed, languages) for each in paths]
        case Picture():
            if text := typed.get(f"{path}.base64"):
                yield {"base64": text}
        case List():
            yield lines(typed.get(path, ""))
        case Switch():
            yield bool(typed.get(path))
        case _:
            text = typed.get(path, "")
            if text.strip() or isinstance(kind, Text):
                yield _plain(kind, text)


def _says_something(table: Document) -> bool:
    """Whether a text stands in it: a switch alone is no statement."""
    return any(isinstance(value, str) and value.strip() for value in table.values())


def begins(typed: Typed, path: str) -> bool:
    return any(name.startswith(path) for name in typed)


def _read_table(table: Table, path: str, typed: Typed, languages: Sequence[str]) -> Document:
    found = {
        key.name: value
        for key in table.keys
        for value in _read(key, f"{path}.{key.name}", typed, languages)
    }
    if table.named:
        names = {language: typed.get(f"{path}.{language}", "") for language in languages}
        found |= {language: name for language, name in names.items() if name.strip()}
    return found


def _plain(kind: Kind, text: str) -> Any:
    """A text as the value that it stands for, or as it is: then the reader says what it must be."""
    if isinstance(kind, Whole) and _WHOLE.match(text.strip()):
        return int(text)
    if isinstance(kind, Time):
        try:
            at = datetime.fromisoformat(text.strip())
        except ValueError:
            return text
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return text


def lines(text: str) -> list[str]:
    return [line.strip() for line in text.replace("\r", "\n").split("\n") if line.strip()]


def _read_outline(kind: Rows, text: str) -> list[Document]:
    name, listed = (key.name for key in kind.table.keys)
    rows: list[Document] = []
    for line in text.replace("\r", "\n").split("\n"):
        if not line.strip():
            continue
        if line[0].isspace() and rows:
            rows[-1][listed].append(line.strip())
        else:
            rows.append({name: line.strip(), listed: []})
    return rows


def uploaded(file: "UploadedFile[Any]") -> str:
    """The bytes of a picture as a text; of a larger one as many as tell that it is too large."""
    return b64encode(file.read(logos.LARGEST + 1)).decode()
