"""Whose a mail is while it is being sent: claimed by a lease with an owner, marked, given back.

Leases end by the database's clock, which all workers share: by their own, one that is ahead would take
from the others what they are sending.

A worker that stood still finds its leases taken over: it may neither send what another one sends by
now, nor mark it.
"""

import logging
import threading
import time
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import Error, connection, connections
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from campaign.models.mail import Mail, MailStatus

logger = logging.getLogger(__name__)

BATCH = 50
"""Mails claimed at once: what a worker that dies holds back until its leases end."""
LEASE = timedelta(seconds=12)
"""How long a mail stays claimed by a worker that has died: with a sweep and the sending, well below 30 s."""
RENEW = 3.0
"""Seconds after which an owner's leases are renewed while it sends: three may fail, and none is lost."""

_PACE_LOCK = 0x70616365
"""The advisory lock of all claims: the second counts what the first has taken of this minute."""
# Of a campaign that has had its share nothing is due until the next minute; the others go on.
_DUE = """
status IN ('queued', 'deferred') AND due_at <= %(now)s
AND campaign_id <> ALL (%(without)s) AND (%(of)s::bigint IS NULL OR campaign_id = %(of)s)
AND campaign_id <> ALL (ARRAY(
    SELECT campaign_id FROM campaign_mailpace WHERE minute = %(minute)s AND n >= %(each)s
))
"""
_LEFT = """
%(all)s - (SELECT COALESCE(sum(n), 0) FROM campaign_mailpace WHERE minute = %(minute)s)
"""
_IS_DUE = f"SELECT {_LEFT} > 0 AND EXISTS (SELECT FROM campaign_mail WHERE {_DUE})"
# The lock in a statement of its own: the next one sees what was committed while it waited.
_CLAIM = f"""
SELECT pg_advisory_xact_lock({_PACE_LOCK});
WITH due AS MATERIALIZED (
    SELECT id, campaign_id, row_number() OVER (
        PARTITION BY campaign_id ORDER BY urgent DESC, due_at, id
    ) AS place FROM (
        SELECT id, campaign_id, urgent, due_at FROM campaign_mail WHERE {_DUE}
        ORDER BY urgent DESC, due_at, id LIMIT GREATEST(0, LEAST(%(limit)s, {_LEFT}))
        FOR UPDATE SKIP LOCKED
    ) next
), claimed AS (
    UPDATE campaign_mail mail
    SET status = 'claimed', lease_owner = %(owner)s,
        lease_until = clock_timestamp() + make_interval(secs => %(lease)s)
    FROM due LEFT JOIN campaign_mailpace pace
        ON pace.campaign_id = due.campaign_id AND pace.minute = %(minute)s
    WHERE mail.id = due.id AND due.place + COALESCE(pace.n, 0) <= %(each)s
    RETURNING mail.id, mail.campaign_id
), counted AS (
    INSERT INTO campaign_mailpace AS pace (campaign_id, minute, n)
    SELECT campaign_id, %(minute)s, count(*) FROM claimed GROUP BY campaign_id
    ON CONFLICT (minute, campaign_id) DO UPDATE SET n = pace.n + excluded.n
)
SELECT id FROM claimed
"""

# The condition is always true, and lets this commit go without waiting for the disk: whoever looks
# sees it at once, and only a crash of the database itself can lose it (docs/decisions/04).
_SENT = """
UPDATE campaign_mail
SET status = 'sent', sent_at = %s, error = '', lease_owner = '', lease_until = NULL
WHERE id = %s AND lease_owner = %s AND status = 'claimed'
AND set_config('synchronous_commit', 'off', TRUE) = 'off'
"""

_SENT_ALL_THE_SAME = """
UPDATE campaign_mail
SET status = 'sent', sent_at = %s, error = '', lease_owner = '', lease_until = NULL
WHERE id = ANY (%s) AND status IN ('claimed', 'queued', 'deferred')
"""

# Both values of `urgent`, so that the index on it leads to the few that are not due.
_FROM_LATER = """
UPDATE campaign_mail SET due_at = due_at - (created_at - %(now)s), created_at = %(now)s
WHERE status IN ('queued', 'deferred') AND urgent IN (TRUE, FALSE)
AND due_at > %(now)s AND created_at > %(now)s
"""

# All that sending and the templates read; a signature has thirty columns more.
_COLUMNS = ["kind", "urgent", "attempts", "notice", "created_at"] + [
    f"signature__{name}"
    for name in (
        "campaign public_id revision status language name show_name email canonical_email"
        " confirmed_at created_at evidence rejection_reason statement"
    ).split()
]
_COLUMNS += [
    f"representation__{name}"
    for name in "public_id campaign name language email canonical_email confirmed_at".split()
]
_COLUMNS += [
    f"report__{name}" for name in "public_id campaign status language email canonical_email".split()
]


def is_due(*, without: Collection[int] = ()) -> bool:
    """Whether there is a mail to be sent now, within the pace of this minute, of other campaigns."""
    with connection.cursor() as cursor:
        cursor.execute(_IS_DUE, {"without": list(without), "of": None, **_pace(timezone.now())})
        return bool(cursor.fetchone()[0])


def is_owed(campaign_id: int) -> bool:
    """Whether a campaign has a mail to be sent now, whatever the pace of this minute leaves of it."""
    due = Mail.objects.filter(campaign_id=campaign_id, due_at__lte=timezone.now())
    return due.filter(status__in=(MailStatus.QUEUED, MailStatus.DEFERRED)).exists()


def _pace(now: datetime) -> dict[str, Any]:
    return {
        "now": now,
        "minute": now.replace(second=0, microsecond=0),
        "each": settings.CAMPAIGN_MAILS_A_MINUTE,
        "all": settings.MAILS_A_MINUTE,
    }


def take_back() -> None:
    """Queue again what was claimed by workers that died, and what a clock wrote that was ahead.

    Put back by an hour, it would let mails wait for that hour, and the database's own their leases.
    """
    dead = Q(lease_until__lt=Now()) | Q(lease_until__gt=Now() + 2 * LEASE)
    claimed = Mail.objects.filter(dead, status=MailStatus.CLAIMED)
    claimed.update(status=MailStatus.QUEUED, lease_owner="", lease_until=None)
    with connection.cursor() as cursor:
        cursor.execute(_FROM_LATER, {"now": timezone.now()})


class _Memory(threading.local):
    """What a worker knows of its last runs, should the database lose it."""

    def __init__(self) -> None:
        self.owner: Owner | None = None
        self.sent: set[int] = set()
        """Mails that the server took since this worker's last commit that waited for the disk."""


_memory = _Memory()


def settle() -> None:
    """Bring into order what this worker's last run left, if it lost the database on its way.

    1. What the server took is marked, even if the mark was lost: else it would go out once more.
    2. What it had claimed and not come to goes back at once, instead of at the end of its lease.
    """
    if _memory.sent:
        with connection.cursor() as cursor:
            cursor.execute(_SENT_ALL_THE_SAME, [timezone.now(), list(_memory.sent)])
    if _memory.owner is not None:
        _memory.owner.give_back()


class Owner:
    """One who claims mails and sends them."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self._renewed = time.monotonic()
        _memory.owner = self

    def claim(self, *, without: Collection[int] = (), of: int | None = None) -> list[Mail]:
        """Claim the next due mails, the urgent first, with all that rendering needs.

        None of the campaigns ``without``; ``of`` a campaign one mail of it alone. No more than the pace
        of this minute leaves, of each campaign and of all (docs/decisions/43); what is over it waits as
        it is.
        """
        self._renewed = time.monotonic()
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(
                _CLAIM,
                {
                    "owner": self.name,
                    "lease": LEASE.total_seconds(),
                    "limit": BATCH if of is None else 1,
                    "without": list(without),
                    "of": of,
                    **_pace(now),
                },
            )
            cursor.nextset()
            ids = [row[0] for row in cursor.fetchall()]
        if ids:
            _memory.sent.clear()  # this commit has waited for the disk, and so for all marks before
        mails = (
            Mail.objects.filter(pk__in=ids)
            .select_related("signature", "report", "representation")
            .only(*_COLUMNS)
        )
        # Not joined: they are the same few for all of them. Notices cost nothing where there are none.
        mails = mails.prefetch_related(
            "signature__campaign", "signature__statement", "notice__alert__campaign"
        ).prefetch_related("notice__membership__user", "notice__account")
        return list(mails.order_by("-urgent", "due_at", "pk"))

    def is_late(self) -> bool:
        """Whether its leases may be over: this process stood still, and somebody else sends now."""
        return time.monotonic() - self._renewed > LEASE.total_seconds()

    def renew(self) -> None:
        """Put off the end of all its leases."""
        at = time.monotonic()
        if self._owned().update(lease_until=Now() + LEASE):
            self._renewed = at

    def mark(self, mail: Mail, **columns: object) -> bool:
        """Write what became of a mail, and let go of it; False if it was not its own any more."""
        let_go = {"lease_owner": "", "lease_until": None}
        return bool(self._owned().filter(pk=mail.pk).update(**let_go, **columns))

    def mark_sent(self, mail: Mail) -> None:
        """Write that the server took it."""
        _memory.sent.add(mail.pk)
        with connection.cursor() as cursor:
            cursor.execute(_SENT, [timezone.now(), mail.pk, self.name])

    def give_back(self, **of: int) -> None:
        """Queue again, as it was, what it has not come to; all of it, or what has these columns."""
        its = self._owned().filter(**of)
        its.update(status=MailStatus.QUEUED, lease_owner="", lease_until=None)

    def _owned(self) -> QuerySet[Mail]:
        return Mail.objects.filter(lease_owner=self.name, status=MailStatus.CLAIMED)


@contextmanager
def renewed(owner: Owner) -> Iterator[None]:
    """Renew an owner's leases in the background: a server may think for longer than a lease lasts.

    What the database refuses is tried again after the same pause, and logged once.
    """
    ended = threading.Event()

    def renew() -> None:
        failed = False
        try:
            while not ended.wait(RENEW):
                try:
                    owner.renew()
                except Error as error:
                    # Let through, it would end all leases, and a slow mail would go out twice.
                    connection.close()  # it may be broken; the next one is another
                    if not failed:
                        logger.warning("leases could not be renewed: %s", type(error).__name__)
                    failed = True
        finally:
            connections.close_all()  # those of this thread

    thread = threading.Thread(target=renew, name="leases", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
