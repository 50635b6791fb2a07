"""Numbers for a monitoring system: read when it asks, from the database and from `vitals`.

No process counts for itself, so the answer is the same whichever of the web server's gives it. Labels are
slugs of campaigns and words of ours: nothing that a signer typed, and nothing that grows with signers.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from campaign import counts, lanes, queue, suspicions, vitals
from campaign.copies import ORIGINS
from campaign.models.mail import MailStatus
from campaign.models.signature import Signature
from campaign.waiting import FOR_RELEASE

logger = logging.getLogger(__name__)

PATIENCE = "5s"
"""What a statement may take: numbers must not make worse what they are to show."""
MOST = 100_000
"""Rows that are counted one by one, so that a scrape costs the same on the worst day."""
LATEST_MAILS = 20_000

_PENDING = """
SELECT COUNT(*) FROM (
    SELECT 1 FROM campaign_signature WHERE status = 'pending' LIMIT %(most)s
) AS pending
"""
# Of each half of the index the first is the oldest; counted is no further than MOST.
_MAIL_DUE = """
SELECT half.urgent, due.n, due.oldest
FROM (VALUES (TRUE), (FALSE)) AS half (urgent) CROSS JOIN LATERAL (
    SELECT COUNT(*) AS n, MIN(due_at) AS oldest FROM (
        SELECT due_at FROM campaign_mail
        WHERE status IN ('queued', 'deferred') AND due_at <= %(now)s AND urgent = half.urgent
        ORDER BY urgent DESC, due_at, id LIMIT %(most)s
    ) AS first
) AS due
"""
# The newest by their key, since nothing else of mails is sorted by time.
_MAILS_LATELY = """
SELECT status, COUNT(*) FROM (
    SELECT status, created_at FROM campaign_mail ORDER BY id DESC LIMIT %(latest)s
) AS latest WHERE created_at > %(now)s - INTERVAL '1 hour' GROUP BY 1
"""
_UNFOLDED = """
SELECT
    (SELECT COUNT(*) FROM (SELECT 1 FROM campaign_tallychange LIMIT %(most)s) AS unfolded),
    (SELECT at FROM campaign_tallychange ORDER BY id LIMIT 1)
"""
# What waits for a webhook that is switched off is owed to nobody now; and before the opening nothing but
# a test goes out, so that nothing is late by the time until then, nor without a date: GREATEST overlooks
# the NULL.
_WEBHOOKS = """
SELECT COUNT(*), MIN(since) FROM (
    SELECT due.since FROM campaign_webhookdelivery AS delivery
    JOIN campaign_webhook AS webhook ON webhook.id = delivery.webhook_id AND webhook.active
    JOIN campaign_campaign AS campaign ON campaign.id = webhook.campaign_id
    CROSS JOIN LATERAL (
        SELECT CASE delivery.event WHEN 'test' THEN due_at
            ELSE GREATEST(due_at, campaign.opens_at) END AS since
    ) AS due
    WHERE delivery.status IN ('queued', 'deferred') AND due.since <= %(now)s
    AND (delivery.event = 'test' OR campaign.opens_at IS NOT NULL) LIMIT %(most)s
) AS owed
"""


def text() -> bytes:
    """All numbers in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Numbers())
    return generate_latest(registry)


class _Numbers(Collector):
    def collect(self) -> Iterable[Metric]:
        """Every family; those of a part that does not answer are missing, and ``petition_up`` says so."""
        up = GaugeMetricFamily(
            "petition_up", "1 where that part answered this very scrape", labels=["part"]
        )
        for part, read in (("database", _of_database), ("redis", _of_redis)):
            try:
                families = list(read(timezone.now()))
            except Exception as error:
                # Whatever it is: the other part must still be seen.
                logger.warning("no numbers of the %s: %s", part, type(error).__name__)
                families = []
            up.add_metric([part], float(bool(families)))
            yield from families
        yield up


# --- Of the database -------------------------------------------------------------------------


def _of_database(now: datetime) -> Iterator[Metric]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
        yield from _signatures()
        yield _moderation(now)
        yield from _mails(now)
        yield from _unfolded(now)
        yield from _webhooks(now)


def _signatures() -> Iterator[Metric]:
    states = GaugeMetricFamily(
        "petition_signatures", "Signatures by state, as counted", labels=["campaign", "state"]
    )
    requests = CounterMetricFamily(
        "petition_sign_requests", "Requests to sign, whatever came of them", labels=["campaign"]
    )
    for slug, numbers in counts.by_state().items():
        requests.add_metric([slug], numbers.get(counts.RECEIVED, 0))
        for state in sorted({*counts.STATES.values()}):
            states.add_metric([slug, state], numbers.get(state, 0))
    yield states
    yield requests
    [(pending,)] = _rows(_PENDING, timezone.now())
    yield GaugeMetricFamily(
        "petition_signatures_pending",
        f"Signatures that nobody confirmed yet, counted to {MOST}",
        value=pending,
    )


def _moderation(now: datetime) -> Metric:
    ages = GaugeMetricFamily(
        "petition_moderation_oldest_seconds",
        "How long the oldest has waited for a moderator, 0 where none does",
        labels=["lane"],
    )
    for lane, (rows, column) in _to_decide().items():
        since = rows.order_by(column).values_list(column, flat=True).first()
        ages.add_metric([lane], _age(now, since))
    return ages


def _to_decide() -> dict[str, tuple[QuerySet[Any], str]]:
    """What waits for a moderator, by lane, and the column that says since when; each by an index of its
    own, but for the rest."""
    signatures = Signature.objects
    reported, suspect = signatures.filter(lanes.REPORTED), signatures.filter(lanes.SUSPECT)
    return {
        "reported": (lanes.OPEN_REPORTS.filter(signature__in=reported), "confirmed_at"),
        "protected": (signatures.filter(lanes.PROTECTED), "confirmed_at"),
        "suspect": (suspicions.open_ones().filter(signature__in=suspect), "created_at"),
        "groups": (signatures.filter(lanes.GROUPS), "confirmed_at"),
        "rest": (signatures.filter(lanes.REST), "confirmed_at"),
        "release": (signatures.filter(FOR_RELEASE), "confirmed_at"),
    }


def _mails(now: datetime) -> Iterator[Metric]:
    due = GaugeMetricFamily(
        "petition_mails_due", f"Mails that should be on their way, to {MOST}", labels=["urgent"]
    )
    oldest = GaugeMetricFamily(
        "petition_mail_oldest_due_seconds", "For how long the oldest is due", labels=["urgent"]
    )
    for urgent, n, since in _rows(_MAIL_DUE, now):
        label = ["yes" if urgent else "no"]
        due.add_metric(label, n)
        oldest.add_metric(label, _age(now, since))
    lately = GaugeMetricFamily(
        "petition_mails_last_hour",
        f"Mails written in the last hour, of the {LATEST_MAILS} newest, by what became of them",
        labels=["status"],
    )
    found = dict(_rows(_MAILS_LATELY, now))
    for status in MailStatus.values:
        lately.add_metric([status], found.get(status, 0))
    yield from (due, oldest, lately)


def _unfolded(now: datetime) -> Iterator[Metric]:
    [(n, since)] = _rows(_UNFOLDED, now)
    yield GaugeMetricFamily(
        "petition_counts_unfolded",
        f"Changes of counts that are not folded into the totals, to {MOST}",
        value=n,
    )
    yield GaugeMetricFamily(
        "petition_counts_unfolded_oldest_seconds",
        "Age of the first of them",
        value=_age(now, since),
    )


def _webhooks(now: datetime) -> Iterator[Metric]:
    [(n, since)] = _rows(_WEBHOOKS, now)
    yield GaugeMetricFamily(
        "petition_webhook_messages_due", f"Webhook messages that are due, to {MOST}", value=n
    )
    yield GaugeMetricFamily(
        "petition_webhook_oldest_due_seconds",
        "For how long the oldest of them is due",
        value=_age(now, since),
    )


def _rows(sql: str, now: datetime) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"now": now, "most": MOST, "latest": LATEST_MAILS})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def _age(now: datetime, since: datetime | None) -> float:
    return max((now - since).total_seconds(), 0.0) if since else 0.0


# --- Of Redis --------------------------------------------------------------------------------


def _of_redis(_now: datetime) -> Iterator[Metric]:
    signs = vitals.read()
    queues = queue.waiting([each.name for each in settings.CELERY_TASK_QUEUES])
    if signs is None or queues is None:
        return
    messages = GaugeMetricFamily(
        "petition_queue_messages", "Messages that no worker has taken yet", labels=["queue"]
    )
    ages = GaugeMetricFamily(
        "petition_queue_age_seconds",
        "How long the oldest of them has waited, 0 where none does; missing where it doesn't say",
        labels=["queue"],
    )
    for name, waiting in queues.items():
        messages.add_metric([name], waiting.n)
        if waiting.age is not None:
            ages.add_metric([name], waiting.age)
    yield from (messages, ages)
    yield GaugeMetricFamily(
        "petition_scheduler_last_tick_timestamp_seconds",
        "When the scheduler last handed out a task, 0 where that is not known",
        value=signs.get(vitals.TICK, 0.0),
    )
    yield from _tasks(signs)
    copies = CounterMetricFamily(
        "petition_copies",
        "Hot reads answered from a copy of the process, of another one, or by reading",
        labels=["origin"],
    )
    for origin in ORIGINS:
        copies.add_metric([origin], signs.get(f"copies:{origin}", 0))
    yield copies


def _tasks(signs: dict[str, float]) -> Iterator[Metric]:
    succeeded = GaugeMetricFamily(
        "petition_task_last_success_timestamp_seconds",
        "When a task last ended well, 0 where that is not known",
        labels=["task"],
    )
    failures = CounterMetricFamily(
        "petition_task_failures", "Tasks that ended in an error or at a limit", labels=["task"]
    )
    overdue = GaugeMetricFamily(
        "petition_task_overdue_seconds",
        "For how long a scheduled task should have ended well by its own schedule, 0 in time",
        labels=["task"],
    )
    for task, late in sorted(vitals.overdue(signs).items()):
        name = task.removeprefix("campaign.")
        succeeded.add_metric([name], signs.get(f"succeeded:{task}", 0.0))
        failures.add_metric([name], signs.get(f"failed:{task}", 0))
        overdue.add_metric([name], late)
    yield from (succeeded, failures, overdue)
