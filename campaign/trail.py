"""What is on record, read as one: the events of signatures and the audit entries, the newest first.

Both tables only grow, and their ids rise with time but for what commits late. So a page walks down
their keys: it looks at a bounded number of rows of each, whatever is asked for, and says where it
stopped; a time is found by halving the keys, which no confirmation pays an index for.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import IO, Any, Final, NamedTuple, TypedDict

from django.contrib.auth.models import User
from django.db.models import (
    BigIntegerField,
    CharField,
    F,
    IntegerField,
    Model,
    Q,
    QuerySet,
    TextField,
    Value,
)
from django.db.models.functions import Cast, Coalesce

from campaign import export
from campaign.models.api_key import ApiKey
from campaign.models.audit import AuditEntry
from campaign.models.event import Event
from campaign.models.membership import Membership

SIZE: Final = 50
LOOKED_AT: Final = 2_000
"""Rows of each table that one page looks at; at 5,000 and a million events a page that found nothing took
150 to 300 ms on two busy cores."""
SLACK: Final = timedelta(minutes=10)
"""How much later than its key says a row may have been stamped: no transaction is as long."""
_BEYOND: Final = 2**63 - 1
BY_SIGNERS: Final = ("signer", "reporter")


class Row(TypedDict):
    """One line of the record. ``row`` is the key of a signature, ``slug`` that of its campaign."""

    id: int
    at: datetime
    who: str
    actor: str
    what: str
    slug: str | None
    signer: str
    row: int | None
    before: str
    after: str
    why: str
    n: int | None
    codes: str
    text: str | None


@dataclass(frozen=True)
class Asked:
    """What is looked for. ``campaigns`` None is all of them, and what is no campaign's."""

    campaigns: Collection[int] | None
    who: str = ""
    what: str = ""
    signature: str = ""
    since: datetime | None = None
    until: datetime | None = None
    signers_too: bool = False
    """With what signers did themselves: nearly all there is."""


class Place(NamedTuple):
    """Where a walk goes on: below these keys of events and of entries."""

    event: int = _BEYOND
    entry: int = _BEYOND

    def __str__(self) -> str:
        return f"{self.event}.{self.entry}"

    @classmethod
    def read(cls, typed: str) -> "Place":
        """What ``str`` wrote; the top for anything else."""
        parts = [part for part in typed.split(".") if part.isdecimal() and len(part) <= 19]
        return cls(*(min(int(part), _BEYOND) for part in parts)) if len(parts) == 2 else cls()


@dataclass(frozen=True)
class Page:
    """``next`` None: that was all. With few rows or none there may be more all the same."""

    rows: list[Row]
    next: Place | None


# --- A page ----------------------------------------------------------------------------------


def page(asked: Asked, place: Place | None = None) -> Page:
    """The next rows, the newest first; each walk in the order of its keys, so none is lost or twice."""
    events, entries = _events(asked), _entries(asked)
    top = _top(asked, place or Place())
    walks = (
        _walk(events.pool, events.found, top.event),
        _walk(entries.pool, entries.found, top.entry),
    )
    shown: list[Row] = []
    while len(shown) < SIZE:
        # Who stands where more may come holds the other back.
        ahead = max(walks, key=lambda walk: walk.at)
        if ahead.is_at_its_end:
            break
        shown.append(ahead.take())
    went_on = Place(*(walk.key for walk in walks))
    return Page(shown, went_on if any(went_on) else None)


class _Walk:
    """Rows of one table downwards, and the key and time where looking stopped with more to come."""

    def __init__(self, rows: list[Row], stop: tuple[int, datetime] | None) -> None:
        self._rows, self._stop = rows, stop

    @property
    def is_at_its_end(self) -> bool:
        return not self._rows

    @property
    def at(self) -> datetime:
        """The time of what comes next, or may."""
        if self._rows:
            return self._rows[0]["at"]
        return self._stop[1] if self._stop else datetime.min.replace(tzinfo=UTC)

    @property
    def key(self) -> int:
        """Below which it goes on; 0 when there is no more."""
        if self._rows:
            return self._rows[0]["id"] + 1
        return self._stop[0] if self._stop else 0

    def take(self) -> Row:
        return self._rows.pop(0)


def _walk(pool: QuerySet[Any], found: QuerySet[Any], below: int) -> _Walk:
    """Down the keys of ``pool``, LOOKED_AT of them, and of those what is ``found``."""
    looked_at = pool.filter(pk__lt=below).order_by("-pk")[:LOOKED_AT]
    rows: list[Row] = list(found.filter(pk__in=looked_at.values("pk")).order_by("-pk")[: SIZE + 1])
    # With one row more than a page shows, nobody comes to the end.
    full = None if len(rows) > SIZE else looked_at.values_list("pk", "at")[LOOKED_AT - 1 :].first()
    return _Walk(rows, full)


# --- What is looked for ----------------------------------------------------------------------


class _Table(NamedTuple):
    """What an index finds, to be walked down; and what of it is asked for, as rows."""

    pool: QuerySet[Any]
    found: QuerySet[Any]


def _events(asked: Asked) -> _Table:
    pool = _of(_at(Event.objects.all(), asked), asked.who)
    if asked.signature:
        pool = pool.filter(signature__public_id=asked.signature)
    elif not asked.signers_too:
        pool = pool.exclude(actor__in=BY_SIGNERS)
    found = pool
    if asked.campaigns is not None:
        found = found.filter(signature__campaign__in=asked.campaigns)
    if asked.what:
        found = found.filter(verb=asked.what)
    rows = found.values(
        "id",
        "at",
        "actor",
        who=Coalesce("user__username", "api_key__label", Value("")),
        what=F("verb"),
        slug=F("signature__campaign__slug"),
        signer=F("signature__public_id"),
        row=F("signature_id"),
        before=F("from_status"),
        after=F("to_status"),
        why=F("reason"),
        n=Cast(Value(None), IntegerField()),
        codes=Value("", TextField()),
        text=F("note__text"),
    )
    return _Table(pool, rows)


def _entries(asked: Asked) -> _Table:
    pool = _of(_at(AuditEntry.objects.all(), asked), asked.who)
    if asked.signature:
        pool = pool.filter(pk=0)  # no entry is of one signature
    found = pool
    if asked.campaigns is not None:
        members = list(
            Membership.objects.filter(campaign__in=asked.campaigns).values_list("user", flat=True)
        )
        # Logins and the like are no campaign's: those of its members concern whoever runs it.
        account = Q(campaign=None) & (Q(user__in=members) | Q(details__user__in=members))
        found = found.filter(Q(campaign__in=asked.campaigns) | account)
    if asked.what:
        found = found.filter(action=asked.what)
    rows = found.values(
        "id",
        "at",
        actor=Value("", CharField()),
        who=Coalesce("user__username", "api_key__label", Value("")),
        what=F("action"),
        slug=F("campaign__slug"),
        signer=Value("", CharField()),
        row=Cast(Value(None), BigIntegerField()),
        before=Value("", CharField()),
        after=Value("", CharField()),
        why=Value("", CharField()),
        n=F("number"),
        codes=Cast("details", TextField()),
        text=F("note__text"),
    )
    return _Table(pool, rows)


def _of(rows: QuerySet[Any], who: str) -> QuerySet[Any]:
    """Those of a user, by the name, or of an API key, by how it begins."""
    if not who:
        return rows
    users = list(User.objects.filter(username__iexact=who).values_list("pk", flat=True))
    prefix = who.removeprefix("ptn_").rstrip("…")
    keys = list(ApiKey.objects.filter(prefix=prefix).values_list("pk", flat=True))
    return rows.filter(Q(user__in=users) | Q(api_key__in=keys))


# --- Times -----------------------------------------------------------------------------------


def _at(rows: QuerySet[Any], asked: Asked) -> QuerySet[Any]:
    if asked.since is not None:
        rows = rows.filter(at__gte=asked.since, pk__gte=_key_at(rows.model, asked.since - SLACK))
    if asked.until is not None:
        rows = rows.filter(at__lt=asked.until)
    return rows


def _top(asked: Asked, place: Place) -> Place:
    """Not above what was stamped after ``until``."""
    if asked.until is None:
        return place
    after = asked.until + SLACK
    return Place(
        min(place.event, _key_at(Event, after)), min(place.entry, _key_at(AuditEntry, after))
    )


def _key_at(model: type[Model], time: datetime) -> int:
    """The least key whose row, and whose successors', are stamped then or later, to within SLACK."""
    rows = model._default_manager.order_by("pk").values_list("pk", "at")
    low, newest = 0, rows.last()
    high = newest[0] + 1 if newest else 0
    while low < high:
        middle = (low + high) // 2
        there = rows.filter(pk__gte=middle).first()
        if there is None or there[1] >= time:
            high = middle
        else:
            low = there[0] + 1
    return low


# --- As a file -------------------------------------------------------------------------------


def write(asked: Asked, file: IO[bytes]) -> int:
    """All of them as CSV, the newest first, safe in a spreadsheet; how many. Times in UTC."""
    events, entries = _events(asked).found, _entries(asked).found
    rows = events.order_by().union(entries.order_by(), all=True).order_by("-at")
    return export.copy(_SELECT, rows, "csv", file)


_SELECT = f"""
SELECT {export.INSTANT.format("at")} AS at, who, actor, what, slug AS campaign, signer AS signature,
    before AS from_status, after AS to_status, why AS reason, n AS number, codes AS details, text AS note
FROM ({{rows}}) AS found
"""
