"""Whose a mail is while it is being sent: claimed by a lease with an owner, marked, given back.

A worker that stood still finds its leases taken over: it may neither send what another one sends by
now, nor mark it.
"""

import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import connection, connections
from django.db.models import QuerySet
from django.utils import timezone

from campaign.models.mail import WAITING, Mail, MailStatus

BATCH = 50
"""Mails claimed at once: what a worker that dies holds back until its leases end."""
LEASE = timedelta(seconds=30)
"""How long a mail stays claimed by a worker that has died."""
RENEW = 10.0
"""Seconds after which an owner's leases are renewed while it sends."""

_CLAIM = """
UPDATE campaign_mail SET status = 'claimed', lease_owner = %(owner)s, lease_until = %(until)s
WHERE id = ANY (ARRAY(
    SELECT id FROM campaign_mail
    WHERE status IN ('queued', 'deferred') AND due_at <= %(now)s
    ORDER BY urgent DESC, due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)) RETURNING id
"""

# The condition is always true, and lets this commit go without waiting for the disk: whoever looks
# sees it at once, and only a crash of the database itself can lose it (docs/decisions/04).
_SENT = """
UPDATE campaign_mail
SET status = 'sent', sent_at = %s, error = '', lease_owner = '', lease_until = NULL
WHERE id = %s AND lease_owner = %s AND status = 'claimed'
AND set_config('synchronous_commit', 'off', TRUE) = 'off'
"""

# All that sending and the templates read; a signature has thirty columns more.
_COLUMNS = ["kind", "urgent", "attempts", "notice"] + [
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


def is_due() -> bool:
    """Whether there is a mail to be sent now."""
    return Mail.objects.filter(status__in=WAITING, due_at__lte=timezone.now()).exists()


def take_back() -> None:
    """Queue again what was claimed by workers that died."""
    dead = Mail.objects.filter(status=MailStatus.CLAIMED, lease_until__lt=timezone.now())
    dead.update(status=MailStatus.QUEUED, lease_owner="", lease_until=None)


class Owner:
    """One who claims mails and sends them."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self._renewed = time.monotonic()

    def claim(self) -> list[Mail]:
        """Claim the next due mails, the urgent first, with all that rendering needs."""
        self._renewed = time.monotonic()
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(
                _CLAIM, {"owner": self.name, "until": now + LEASE, "now": now, "limit": BATCH}
            )
            ids = [row[0] for row in cursor.fetchall()]
        mails = (
            Mail.objects.filter(pk__in=ids)
            .select_related("signature", "report", "representation")
            .only(*_COLUMNS)
        )
        # Not joined: they are the same few for all of them. Notices cost nothing where there are none.
        mails = mails.prefetch_related(
            "signature__campaign", "signature__statement", "notice__alert__campaign"
        ).prefetch_related("notice__membership__user")
        return list(mails.order_by("-urgent", "due_at", "pk"))

    def is_late(self) -> bool:
        """Whether its leases may be over: this process stood still, and somebody else sends now."""
        return time.monotonic() - self._renewed > LEASE.total_seconds()

    def renew(self) -> None:
        """Put off the end of all its leases."""
        at = time.monotonic()
        if self._owned().update(lease_until=timezone.now() + LEASE):
            self._renewed = at

    def mark(self, mail: Mail, **columns: object) -> bool:
        """Write what became of a mail, and let go of it; False if it was not its own any more."""
        let_go = {"lease_owner": "", "lease_until": None}
        return bool(self._owned().filter(pk=mail.pk).update(**let_go, **columns))

    def mark_sent(self, mail: Mail) -> None:
        """Write that the server took it."""
        with connection.cursor() as cursor:
            cursor.execute(_SENT, [timezone.now(), mail.pk, self.name])

    def give_back(self) -> None:
        """Queue again, as it was, what it has not come to."""
        self._owned().update(status=MailStatus.QUEUED, lease_owner="", lease_until=None)

    def _owned(self) -> QuerySet[Mail]:
        return Mail.objects.filter(lease_owner=self.name, status=MailStatus.CLAIMED)


@contextmanager
def renewed(owner: Owner) -> Iterator[None]:
    """Renew an owner's leases in the background: a server may think for longer than a lease lasts."""
    ended = threading.Event()

    def renew() -> None:
        try:
            while not ended.wait(RENEW):
                owner.renew()
        finally:
            connections.close_all()  # those of this thread

    thread = threading.Thread(target=renew, name="leases", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
