"""Keyset pages: a place in an order instead of an offset, so insertions and removals don't shift it.

An order is one section or more, each with a condition and its keys; a page may run over the border of
two. A cursor names the direction, the order, the section and the keys of the last row seen, all of
them public values. Written in SQL, since how a page is found must not depend on what the planner
thinks of a filter (docs/decisions, 23).
"""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from campaign.errors import BadCursor

Row = dict[str, Any]
_SHAPE = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Section:
    """Rows of one condition, ordered by ``keys``, all ascending or all descending; unique together."""

    condition: str
    keys: tuple[str, ...]
    descending: bool


ORDERS: dict[str, tuple[Section, ...]] = {
    "featured": (
        Section("featured", ("sort_key", "public_id"), descending=False),
        Section("NOT featured", ("published_at", "public_id"), descending=True),
    ),
    "newest": (Section("TRUE", ("published_at", "public_id"), descending=True),),
    "oldest": (Section("TRUE", ("published_at", "public_id"), descending=False),),
    "name": (Section("TRUE", ("sort_key", "public_id"), descending=False),),
}
UPDATED = "updated"
"""The order of the feed of changes, which is no order of the list."""
_SECTIONS = {
    **ORDERS,
    UPDATED: (Section("TRUE", ("updated_at", "public_id"), descending=False),),
}


_WAYS = ((False, False), (False, True), (True, False), (True, True))
"""What the number that a cursor begins with says: whether inclusive, whether backward."""


@dataclass(frozen=True)
class Cursor:
    """A place in an order: everything after (or, backward, before) these keys of this section.

    It holds whatever the filters are. ``since`` is what a walk through the feed will have covered;
    ``inclusive`` takes the row of these keys too.
    """

    order: str
    section: int
    keys: tuple[str, ...]
    backward: bool = False
    since: datetime | None = None
    inclusive: bool = False

    def encode(self) -> str:
        walk = [self.since.isoformat()] if self.since else []
        way = _WAYS.index((self.inclusive, self.backward))
        text = json.dumps([way, self.order, self.section, *walk, *self.keys])
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, order: str) -> "Cursor":
        """Read a cursor of that order; raises BadCursor for anything that `encode` did not write."""
        try:
            # The decoder skips what it doesn't know: one place would have endlessly many cursors.
            if _SHAPE.fullmatch(text) is None:
                raise BadCursor
            padded = text + "=" * (-len(text) % 4)
            way, named, section, *keys = json.loads(base64.urlsafe_b64decode(padded.encode()))
            since = (
                datetime.fromisoformat(keys.pop(0)).astimezone(UTC) if order == UPDATED else None
            )
            named_keys = _SECTIONS[order][section].keys
            fits = (
                named == order
                and way in range(len(_WAYS))
                and type(section) is int
                and section >= 0
                and len(keys) == len(named_keys)
                and all(isinstance(key, str) and "\0" not in key for key in keys)
            )
            if not fits:
                raise BadCursor
            # A lone surrogate can be written in JSON, but not sent to the database.
            "".join(keys).encode()
            inclusive, backward = _WAYS[int(way)]
            cursor = cls(order, section, tuple(keys), backward, since, inclusive)
            cursor.values()
        except (ValueError, TypeError, LookupError, ArithmeticError, RecursionError):
            raise BadCursor from None
        return cursor

    def turned(self) -> str:
        """The other way from here, the row of these keys included: this way it was not found."""
        back = not self.backward
        return replace(self, backward=back, inclusive=True).encode()

    def values(self) -> tuple[Any, ...]:
        """The keys as the database compares them."""
        names = _SECTIONS[self.order][self.section].keys
        return tuple(
            datetime.fromisoformat(key).astimezone(UTC) if name.endswith("_at") else key
            for name, key in zip(names, self.keys, strict=True)
        )


@dataclass(frozen=True)
class Source:
    """What pages are cut of: rows of `campaign_signature`, and what is read of them.

    ``base`` are the conditions that the index of each order has, ``filters`` all others; ``columns``
    hold every key, ``lookups`` are expressions over them. ``values`` are the parameters of all these.
    """

    columns: Sequence[str]
    lookups: Mapping[str, str]
    base: str
    values: Mapping[str, Any]
    filters: Sequence[str] = ()


@dataclass(frozen=True)
class Page:
    """Rows in order, and the cursors of the neighbouring pages, None where there is none."""

    rows: list[Row]
    next: str | None
    previous: str | None


def read_page(
    source: Source,
    *,
    order: str,
    place: Cursor | None,
    size: int,
    since: datetime | None = None,
) -> Page:
    """One page of at most ``size`` rows; one query. ``since`` goes into the neighbours' cursors."""
    found = _fetch(source, order, place, size + 1)
    return cut(found, order=order, place=place, size=size, since=since)


def cut(
    found: list[Row], *, order: str, place: Cursor | None, size: int, since: datetime | None
) -> Page:
    """The page of rows that were found from a place on, one more than fit where there are more.

    Each names its ``section`` and holds the keys of the order. Where all that were left have gone
    meanwhile, the page is empty and leads back to where its reader came from.
    """
    backward = place is not None and place.backward
    if place is not None and not found:
        turned = place.turned()
        return Page([], next=turned if backward else None, previous=None if backward else turned)
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


WALK = 20_000
"""Rows of an order that are looked at for a filter at most, at 0.3 to 0.6 µs each."""
DEAR = 2
"""Rows looked at for each match that there may be: fetching and sorting one takes as long as two to five."""
SAMPLE = 64
"""Pages of the table, each of about 20 signers, that say how many match: it takes 0.4 ms."""

_PLAIN = """{part} AS MATERIALIZED (
    SELECT * FROM (
        SELECT {columns}, {number} AS section FROM campaign_signature WHERE {where}
        ORDER BY {order} LIMIT {limit}
    ) page LIMIT {lacking}
)"""

# Walk as far along the order as fetching all that match would cost, then fetch them: so that it never
# takes more than about twice the better way, and statistics, which an import leaves behind, say nothing
# in it. Of a walk to the end of the list nothing is left to fetch; beyond 1,000 rows nobody counts them
# to know. A LIMIT keeps the planner from carrying the filters in, an OFFSET 0 the order.
_DEPTH = """depth AS MATERIALIZED (
    SELECT ceil({dear} * count(campaign_signature.id) * greatest(1, pages / {sample})) AS depth
    FROM (SELECT pg_relation_size('campaign_signature') / 8192.0 AS pages) size
    LEFT JOIN campaign_signature
        TABLESAMPLE SYSTEM (least(100, 100 * {sample} * 8192.0
            / greatest(1, pg_relation_size('campaign_signature')))) REPEATABLE (0)
        ON {base} AND {filters}
    GROUP BY pages
)"""
_FILTERED = """{part}_near AS MATERIALIZED (
    SELECT {columns}, {number} AS section FROM (
        SELECT * FROM (
            SELECT * FROM campaign_signature WHERE {where} ORDER BY {order} LIMIT {walk}
        ) walked LIMIT (SELECT depth FROM depth)
    ) near WHERE {filters} LIMIT {lacking}
), {part}_all AS MATERIALIZED (
    SELECT * FROM (
        SELECT * FROM (
            SELECT {columns}, {number} AS section FROM campaign_signature
            WHERE {where} AND {filters} OFFSET 0
        ) every
        WHERE (SELECT count(*) FROM {part}_near) < {lacking} AND EXISTS (
            SELECT FROM campaign_signature WHERE {where}
            ORDER BY {order} OFFSET (SELECT least({walk}, depth, 1000) FROM depth) LIMIT 1
        )
        ORDER BY {order} LIMIT {limit}
    ) page LIMIT {lacking}
), {part} AS MATERIALIZED (
    SELECT * FROM {part}_near WHERE NOT EXISTS (SELECT FROM {part}_all)
    UNION ALL SELECT * FROM {part}_all
)"""


def _fetch(source: Source, order: str, place: Cursor | None, limit: int) -> list[Row]:
    """The first rows behind the place, section by section: the second only for what the first lacks."""
    sections = list(enumerate(_SECTIONS[order]))
    backward = place is not None and place.backward
    if place is not None:
        sections = sections[: place.section + 1] if backward else sections[place.section :]
    if backward:
        sections.reverse()
    filters = " AND ".join(source.filters)
    parts: list[str] = []
    if filters:
        parts.append(_DEPTH.format(base=source.base, filters=filters, dear=DEAR, sample=SAMPLE))
    lacking = str(limit)
    for number, section in sections:
        parts.append(_part(source, number, section, place, limit, lacking))
        lacking = f"(SELECT {limit} - count(*) FROM part_{number})"
    union = " UNION ALL ".join(f"SELECT * FROM part_{number}" for number, _section in sections)
    lookups = "".join(f", {sql} AS {name}" for name, sql in source.lookups.items())
    keys = {f"key_{n}": value for n, value in enumerate(place.values())} if place else {}
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH {', '.join(parts)} SELECT page.*{lookups} FROM ({union}) page",
            {**source.values, **keys},
        )
        names = [column.name for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    # UNION ALL keeps each part's order, but only the sort says which part comes first.
    return sorted(rows, key=lambda row: row["section"], reverse=backward)


def _part(
    source: Source, number: int, section: Section, place: Cursor | None, limit: int, lacking: str
) -> str:
    descending = section.descending != (place is not None and place.backward)
    where = f"{source.base} AND {section.condition}"
    if place is not None and place.section == number:
        values = ", ".join(f"%(key_{n})s" for n, _key in enumerate(section.keys))
        beyond = ("<" if descending else ">") + ("=" if place.inclusive else "")
        where += f" AND ({', '.join(section.keys)}) {beyond} ({values})"
    return (_FILTERED if source.filters else _PLAIN).format(
        part=f"part_{number}",
        number=number,
        columns=", ".join(source.columns),
        where=where,
        filters=" AND ".join(source.filters),
        walk=WALK,
        order=", ".join(f"{key} DESC" if descending else key for key in section.keys),
        limit=limit,
        lacking=lacking,
    )


def _cursor_at(row: Row, order: str, since: datetime | None, *, backward: bool = False) -> str:
    section: int = row["section"]
    keys: Sequence[Any] = [row[key] for key in _SECTIONS[order][section].keys]
    texts = tuple(key.isoformat() if isinstance(key, datetime) else key for key in keys)
    return Cursor(order, section, texts, backward, since).encode()
