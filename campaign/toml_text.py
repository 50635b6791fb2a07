"""Plain values written as TOML 1.0; the standard library only reads it."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
# What a basic string must not hold as it is: quote, backslash, control characters.
_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]')
_ESCAPED_IN_LINES = re.compile(r'\\|"(?="")|"\Z|[\x00-\x09\x0b-\x1f\x7f]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def written(table: Mapping[str, Any]) -> str:
    """A document of texts, whole numbers, truth values, times with a zone, lists and tables.

    Tables stand in sections of their own after the plain keys, those in a list each on a line. A text
    of several lines is written as such; `tomllib.loads` gives back the same values.
    """
    return "".join(_section(table, ())).lstrip("\n")


def _section(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {name: value for name, value in table.items() if not isinstance(value, Mapping)}
    inner = {name: value for name, value in table.items() if isinstance(value, Mapping)}
    parts = [f"\n[{'.'.join(map(_key, path))}]\n"] if path and (plain or not inner) else []
    parts += [f"{_key(name)} = {_value(value)}\n" for name, value in plain.items()]
    for name, value in inner.items():
        parts += _section(value, (*path, name))
    return parts


def _key(name: str) -> str:
    return name if _BARE.match(name) else _text(name)


def _value(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
        case str():
            return _lines(value) if "\n" in value else _text(value)
        case Mapping():
            pairs = (f"{_key(name)} = {_inline(each)}" for name, each in value.items())
            return "{" + ", ".join(pairs) + "}"
        case Sequence():
            return _list(value)
    raise TypeError(f"{value!r} is nothing of a campaign file")


def _inline(value: Any) -> str:
    """On one line, since an inline table of TOML 1.0 has no other."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Sequence):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return _value(value)


def _list(values: Sequence[Any]) -> str:
    items = [_inline(value) for value in values]
    if len(items) < 2 or (sum(map(len, items)) < 80 and not isinstance(values[0], Mapping)):
        return "[" + ", ".join(items) + "]"
    return "[\n" + "".join(f"    {item},\n" for item in items) + "]"


def _text(value: str) -> str:
    return '"' + _ESCAPED.sub(_escape, value) + '"'


def _lines(value: str) -> str:
    return '"""\n' + _ESCAPED_IN_LINES.sub(_escape, value) + '"""'


def _escape(found: re.Match[str]) -> str:
    return _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}"
