"""The statistics of one campaign, as its page and the admin's first page show them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign import charts, public_numbers, roles, statistics
from campaign.admin import desk
from campaign.charts import Chart
from campaign.models.campaign import Campaign
from campaign.models.mail import MailStatus
from campaign.models.signature import Signature
from campaign.roles import Somebody
from campaign.statistics import SERIES, Course, Sources, Waiting

MOST = 12
"""Rows of a table of parts; all others are one row."""


@dataclass(frozen=True)
class Part:
    """One row of a table of parts, with the length of its bar in per cent."""

    label: str
    number: int
    length: float


@dataclass(frozen=True)
class Age:
    """How long a lane of the queue has waited, its oldest and the middle one."""

    lane: desk.Lane
    number: int
    oldest: str
    median: str


def shown(campaign: Campaign) -> dict[str, Any]:
    """All of it; the charts and tables have the numbers of `public_numbers.counts`."""
    now = timezone.now()
    counts = public_numbers.counts(campaign)
    progress = statistics.progress(campaign, now)
    sources = statistics.by_source(campaign)
    mail = statistics.mail_health(campaign, now)
    names = {each.slug: each.name() for each in campaign.disciplines.all()}
    return {
        "campaign": campaign,
        "counts": counts,
        "rate": _percent(counts["confirmed"], counts["received"]),
        "courses": [
            _course(_("By hour, the last 48"), "hour", progress.by_hour),
            _course(_("By day, the last 30"), "day", progress.by_day),
        ],
        "waiting": [
            _waited(_("Last seven days"), progress.waiting_lately),
            _waited(_("Ever"), progress.waiting),
        ],
        "tables": [
            (
                _("Disciplines"),
                _("On the list"),
                _parts(
                    (names.get(row["discipline"], row["discipline"]), row["published"])
                    for row in counts["by_discipline"]
                ),
            ),
            (
                _("Countries"),
                _("On the list"),
                _parts((row["country"], row["published"]) for row in counts["by_country"]),
            ),
            (_("Sources of links"), _("Signed"), _came(sources)),
        ],
        "sources": sources,
        "mail": mail,
        "mail_oldest": lapse(mail.oldest) if mail.oldest else "",
        "mail_rows": [(MailStatus(status).label, n) for status, n in mail.by_status],
        "ages": ages(campaign, now),
    }


def first_page(user: Somebody, slug: str) -> dict[str, Any]:
    """The lanes with work, and the statistics of a campaign in sight: that one, else the newest."""
    counts = desk.counts(user)
    queue = reverse("admin:campaign_signature_changelist")
    lane = desk.first_lane(user).value
    campaigns = list(roles.campaigns(user, roles.LOOK).order_by("-opens_at", "slug"))
    chosen = next((each for each in campaigns if each.slug == slug), next(iter(campaigns), None))
    return {
        "queue": f"{queue}?status={lane}" if lane else queue,
        "lanes": [
            (f"{queue}?status={each.value}", desk.said(counts[each.value]), each.label)
            for each in desk.WORK
        ],
        "to_decide": desk.said(counts[""]),
        "campaigns": campaigns,
        **(shown(chosen) if chosen else {}),
    }


def lapse(time: timedelta | None) -> str:
    """A time in words, in its largest unit."""
    if time is None:
        return "–"
    seconds = int(time.total_seconds())
    if seconds < 60:
        return ngettext("%(n)s second", "%(n)s seconds", seconds) % {"n": seconds}
    now = timezone.now()
    return timesince(now - time, now, depth=1).replace("\xa0", " ")


def _since(at: datetime | None, now: datetime) -> str:
    return lapse(now - at if at else None)


def _waited(label: str, waiting: Waiting) -> tuple[str, int, str, str]:
    return label, waiting.number, lapse(waiting.median), lapse(waiting.nine_tenths)


def _percent(part: int, whole: int) -> str:
    """Nothing where most were imported: they were never received."""
    return f"{100 * part / whole:.1f}" if whole and part <= whole else ""


# --- Over time -------------------------------------------------------------------------------


def _course(title: str, unit: str, course: Course) -> dict[str, Any]:
    labels = {
        "received": _("Received"),
        "confirmed": _("Confirmed"),
        "published": _("Published"),
    }
    return {
        "title": title,
        "unit": unit,
        "series": [(name, labels[name], _chart(course, name)) for name in SERIES],
        "moments": list(reversed(course.moments)),
        "earlier": course.earlier,
        "totals": [course.total(name) for name in SERIES],
    }


def _chart(course: Course, name: str) -> Chart:
    return charts.chart([(each.at, getattr(each, name)) for each in course.moments])


# --- Parts -----------------------------------------------------------------------------------


def _parts(rows: Iterable[tuple[str | None, int]]) -> list[Part]:
    """The most first, and all beyond MOST in one."""
    numbers = [(label or _("none given"), number) for label, number in rows]
    if rest := sum(number for _label, number in numbers[MOST:]):
        numbers = [*numbers[:MOST], (_("all others"), rest)]
    most = max((number for _label, number in numbers[:MOST]), default=0)
    return [Part(label, number, charts.share(number, most)) for label, number in numbers]


def _came(sources: Sources) -> list[Part]:
    """Whose link named one; the campaign's own page says more of them."""
    others = [(_("all others"), sources.others.signed)] if sources.others else []
    return _parts([*((came.source, came.signed) for came in sources.first), *others])


# --- The queue -------------------------------------------------------------------------------


def ages(campaign: Campaign, now: datetime) -> list[Age]:
    """Of each lane with work, counted to the last: how long its signatures have waited."""
    found = []
    for lane in desk.WORK:
        rows = Signature.objects.filter(lane.condition, campaign=campaign)
        sql, given = rows.values("confirmed_at").query.sql_with_params()
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT COUNT(*), MIN(confirmed_at), percentile_disc(0.5) WITHIN GROUP"
                f" (ORDER BY confirmed_at) FROM ({sql}) AS lane",
                given,
            )
            number, oldest, median = cursor.fetchone()
        found.append(Age(lane, number, _since(oldest, now), _since(median, now)))
    return found
