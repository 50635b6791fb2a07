"""What organisers see of how their campaign goes, beyond its public counts."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import Count, Q

from campaign import counts
from campaign.counts import CONFIRMED, RECEIVED, Hour
from campaign.models.address import Unreachable, UnreachableReason
from campaign.models.campaign import Campaign
from campaign.models.mail import MailStatus

MOST = 50
"""Sources that have a line of their own: anybody may make one up."""

# One index holds all that is asked here. The rest is summed up there too, since strangers may make up a
# source for every signature.
_BY_SOURCE = """
WITH came AS (
    SELECT source, COUNT(*) AS signed, COUNT(*) FILTER (WHERE status <> 'pending') AS confirmed,
        COUNT(*) FILTER (WHERE status = 'published') AS published
    FROM campaign_signature WHERE campaign_id = %(campaign)s AND source <> '' GROUP BY source
), ranked AS (
    SELECT came.*, LEAST(ROW_NUMBER() OVER (ORDER BY signed DESC, source), %(most)s + 1) AS place
    FROM came
)
SELECT CASE WHEN place <= %(most)s THEN MIN(source) ELSE '' END,
    SUM(signed)::bigint, SUM(confirmed)::bigint, SUM(published)::bigint
FROM ranked GROUP BY place ORDER BY place
"""


@dataclass(frozen=True)
class Came:
    """How many came by a way: ``signed`` are here, pending ones too, ``published`` among the confirmed."""

    source: str
    signed: int
    confirmed: int
    published: int


@dataclass(frozen=True)
class Sources:
    """Those that most came by, the most first; ``others`` are all further ones, None if there are none."""

    first: list[Came]
    others: Came | None


def by_source(campaign: Campaign) -> Sources:
    """By which links signers came: those whose link named a source, and whose data are still here.

    Who never confirmed is deleted after a month, and then no longer counted.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BY_SOURCE, {"campaign": campaign.pk, "most": MOST})
        came = [Came(*row) for row in cursor.fetchall()]
    return Sources(came[:MOST], came[MOST] if len(came) > MOST else None)


# --- Over time -------------------------------------------------------------------------------

PUBLISHED = "published"
SERIES = (RECEIVED, CONFIRMED, PUBLISHED)
HOURS, DAYS = 48, 30
"""How many of the latest have a bar of their own."""


@dataclass(frozen=True)
class Moment:
    """One hour or day: how many more were received, confirmed and published, those that left taken off."""

    at: datetime
    received: int
    confirmed: int
    published: int


@dataclass(frozen=True)
class Course:
    """The latest hours or days, all of them, the oldest first; ``earlier`` is all before them."""

    moments: list[Moment]
    earlier: Moment

    def total(self, series: str) -> int:
        return sum(int(getattr(each, series)) for each in (self.earlier, *self.moments))


@dataclass(frozen=True)
class Waiting:
    """How many confirmed, and how long it took half and nine tenths of them at most, about."""

    number: int
    median: timedelta | None
    nine_tenths: timedelta | None


@dataclass(frozen=True)
class Progress:
    """How a campaign goes over time; `counts` has the same totals of the same instant."""

    by_hour: Course
    by_day: Course
    waiting: Waiting
    waiting_lately: Waiting


def progress(campaign: Campaign, now: datetime) -> Progress:
    """All of one snapshot: totals that tasks have folded, and what is not folded yet."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    day = hour.replace(hour=0)
    hours = counts.hours(campaign.pk, day - timedelta(days=DAYS - 1))
    lately = day - timedelta(days=6)
    return Progress(
        by_hour=_course(hours, hour, timedelta(hours=1), HOURS),
        by_day=_course(hours, day, timedelta(days=1), DAYS),
        waiting=_waiting(hours),
        waiting_lately=_waiting([each for each in hours if each.hour >= lately]),
    )


def _course(hours: Sequence[Hour], last: datetime, step: timedelta, number: int) -> Course:
    begins = [last - step * back for back in reversed(range(number))]
    sums: dict[datetime | None, Counter[str]] = {at: Counter() for at in (None, *begins)}
    for each in hours:
        if each.waited >= 0:
            continue
        # What is dated after `last`, by a clock that runs ahead of ours, belongs to the newest.
        place = min(each.hour, last)
        at = place if step < timedelta(days=1) else place.replace(hour=0)
        series = sums[at if at >= begins[0] else None]
        series[each.state] += each.n
        if each.state != RECEIVED:
            series[CONFIRMED] += each.n
    moments = [Moment(at, *(sums[at][name] for name in SERIES)) for at in begins]
    return Course(moments, Moment(begins[0], *(sums[None][name] for name in SERIES)))


def _waiting(hours: Sequence[Hour]) -> Waiting:
    classes: Counter[int] = Counter()
    for each in hours:
        if each.waited >= 0:
            classes[each.waited] += each.n
    number = classes.total()
    return Waiting(number, _part(classes, number * 0.5), _part(classes, number * 0.9))


def _part(classes: Counter[int], reached: float) -> timedelta | None:
    """The middle of the class in which that many are reached."""
    so_far = 0
    for waited, n in sorted(classes.items()):
        so_far += n
        if so_far >= reached:
            return timedelta(seconds=round(2 ** ((waited + 0.5) / counts.WAITED) - 1))
    return None


# --- Mail ------------------------------------------------------------------------------------

LATEST_MAILS = 10_000


@dataclass(frozen=True)
class MailHealth:
    """What became of the campaign's among the latest mails of all, by status, and since when.

    ``waiting`` are due and not sent, counted to LATEST_MAILS; ``oldest`` says how long. ``bounced`` and
    ``complained`` are mailboxes of all campaigns, since they are known by a hash alone: which are not there
    for the time being, and whose owner wants no mail.
    """

    by_status: list[tuple[str, int]]
    since: datetime | None
    waiting: int
    oldest: timedelta | None
    bounced: int
    complained: int


# The newest by their key, so that it costs the same however many there are.
_MAILS = """
WITH latest AS (
    SELECT campaign_id, status, created_at FROM campaign_mail ORDER BY id DESC LIMIT %(most)s
)
SELECT status, COUNT(*), MIN(created_at) FROM latest WHERE campaign_id = %(campaign)s GROUP BY 1
"""
_BACKLOG = """
SELECT COUNT(*), MIN(due_at) FROM (
    SELECT due_at FROM campaign_mail
    WHERE status IN ('queued', 'deferred') AND due_at <= %(now)s AND campaign_id = %(campaign)s
    LIMIT %(most)s
) AS due
"""


def mail_health(campaign: Campaign, now: datetime) -> MailHealth:
    given: dict[str, int | datetime] = {"campaign": campaign.pk, "most": LATEST_MAILS, "now": now}
    with connection.cursor() as cursor:
        cursor.execute(_MAILS, given)
        rows = cursor.fetchall()
        cursor.execute(_BACKLOG, given)
        waiting, oldest = cursor.fetchone()
    found = {status: n for status, n, _since in rows}
    unreachable = Unreachable.objects.filter(Q(until=None) | Q(until__gt=now))
    lost = dict(unreachable.values_list("reason").annotate(Count("pk")))
    return MailHealth(
        by_status=[(status, found.get(status, 0)) for status in MailStatus.values],
        since=min((since for _status, _n, since in rows), default=None),
        waiting=waiting,
        oldest=now - oldest if oldest else None,
        bounced=lost.get(UnreachableReason.BOUNCED, 0),
        complained=lost.get(UnreachableReason.COMPLAINED, 0),
    )
