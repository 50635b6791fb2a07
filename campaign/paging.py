"""Keyset pages: a place in an order instead of an offset, so insertions and removals don't shift it.

An order is one section or more, each with a filter and its keys; a page may run over the border of
two. A cursor names the direction, the order, the section and the keys of the last row seen, all of
them public values.
"""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q, QuerySet, Value
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan

from campaign.errors import BadCursor

Row = dict[str, Any]


@dataclass(frozen=True)
class Section:
    """Rows of one filter, ordered by ``fields``, all ascending or all descending; unique together."""

    filter: Q
    fields: tuple[str, ...]
    descending: bool


ORDERS: dict[str, tuple[Section, ...]] = {
    "featured": (
        Section(Q(featured=True), ("sort_key", "public_id"), descending=False),
        Section(Q(featured=False), ("published_at", "public_id"), descending=True),
    ),
    "newest": (Section(Q(), ("published_at", "public_id"), descending=True),),
    "oldest": (Section(Q(), ("published_at", "public_id"), descending=False),),
    "name": (Section(Q(), ("sort_key", "public_id"), descending=False),),
}
UPDATED = "updated"
"""The order of the feed of changes, which is no order of the list."""
_SECTIONS = {
    **ORDERS,
    UPDATED: (Section(Q(), ("updated_at", "public_id"), descending=False),),
}


@dataclass(frozen=True)
class Cursor:
    """A place in an order: everything after (or, backward, before) these keys of this section.

    It holds whatever the filters are. ``since`` is what a walk through the feed will have covered.
    """

    order: str
    section: int
    keys: tuple[str, ...]
    backward: bool = False
    since: datetime | None = None

    def encode(self) -> str:
        walk = [self.since.isoformat()] if self.since else []
        text = json.dumps([int(self.backward), self.order, self.section, *walk, *self.keys])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, order: str) -> "Cursor":
        """Read a cursor of that order; raises BadCursor for anything that `encode` did not write."""
        try:
            padded = text + "=" * (-len(text) % 4)
            backward, named, section, *keys = json.loads(base64.urlsafe_b64decode(padded.encode()))
            since = (
                datetime.fromisoformat(keys.pop(0)).astimezone(UTC) if order == UPDATED else None
            )
            fields = _SECTIONS[order][section].fields
            fits = (
                named == order
                and backward in (0, 1)
                and type(section) is int
                and section >= 0
                and len(keys) == len(fields)
                and all(isinstance(key, str) and "\0" not in key for key in keys)
            )
            if not fits:
                raise BadCursor
            # A lone surrogate can be written in JSON, but not sent to the database.
            "".join(keys).encode()
            cursor = cls(order, section, tuple(keys), bool(backward), since)
            cursor.values()
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
            raise BadCursor from None
        return cursor

    def values(self) -> tuple[Any, ...]:
        """The keys as the database compares them."""
        fields = _SECTIONS[self.order][self.section].fields
        return tuple(
            datetime.fromisoformat(key).astimezone(UTC) if field.endswith("_at") else key
            for field, key in zip(fields, self.keys, strict=True)
        )


@dataclass(frozen=True)
class Page:
    """Rows in order, and the cursors of the neighbouring pages, None where there is none."""

    rows: list[Row]
    next: str | None
    previous: str | None


def read_page(
    rows: QuerySet[Any, Row],
    *,
    order: str,
    place: Cursor | None,
    size: int,
    since: datetime | None = None,
) -> Page:
    """One page of at most ``size`` rows of a `values` queryset that holds every key; one query.

    ``since`` goes into the cursors of the neighbours.
    """
    backward = place is not None and place.backward
    found = _fetch(rows, order, place, size + 1)
    more, found = len(found) > size, found[:size]
    if backward:
        found.reverse()
    ahead = more or backward
    behind = more if backward else place is not None
    return Page(
        rows=found,
        next=_cursor_at(found[-1], order, since) if found and ahead else None,
        previous=_cursor_at(found[0], order, since, backward=True) if found and behind else None,
    )


def _fetch(rows: QuerySet[Any, Row], order: str, place: Cursor | None, limit: int) -> list[Row]:
    sections = list(enumerate(_SECTIONS[order]))
    if place is not None:
        sections = sections[: place.section + 1] if place.backward else sections[place.section :]
    if place is not None and place.backward:
        sections.reverse()
    parts = [_part(rows, number, section, place, limit) for number, section in sections]
    if len(parts) == 1:
        return list(parts[0])
    # UNION ALL keeps each part's order, but only the sort says which part comes first.
    backward = place is not None and place.backward
    union = list(parts[0].union(*parts[1:], all=True))
    return sorted(union, key=lambda row: row["section"], reverse=backward)[:limit]


def _part(
    rows: QuerySet[Any, Row], number: int, section: Section, place: Cursor | None, limit: int
) -> QuerySet[Any, Row]:
    backward = place is not None and place.backward
    descending = section.descending != backward
    part = rows.filter(section.filter).annotate(section=Value(number))
    if place is not None and place.section == number:
        beyond = TupleLessThan if descending else TupleGreaterThan
        part = part.filter(beyond(Tuple(*section.fields), place.values()))
    keys = (f"-{field}" if descending else field for field in section.fields)
    ordered: QuerySet[Any, Row] = part.order_by(*keys)[:limit]
    return ordered


def _cursor_at(row: Row, order: str, since: datetime | None, *, backward: bool = False) -> str:
    section: int = row["section"]
    keys: Sequence[Any] = [row[field] for field in _SECTIONS[order][section].fields]
    texts = tuple(key.isoformat() if isinstance(key, datetime) else key for key in keys)
    return Cursor(order, section, texts, backward, since).encode()
