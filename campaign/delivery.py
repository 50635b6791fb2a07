"""One mail's life after its row: claim, render, send, mark. At least once, never in a transaction.

A worker claims a few due mails by a lease, sends them over one connection and marks each at once, so
a worker that is killed costs one mail a second copy at most. A server that is not there is not the
mail's failure: the claim goes back as it was, and the server is probed every few seconds.
"""

import logging
import random
import smtplib
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection as database
from django.db import connections, transaction
from django.db.models import QuerySet
from django.utils import timezone

from campaign import letters, queue
from campaign.models.mail import WAITING, Mail, MailKind, MailStatus
from campaign.models.signature import STANDING, Status
from campaign.outbox import is_left_alone

logger = logging.getLogger(__name__)

BATCH = 20
LEASE = timedelta(seconds=30)
"""How long a mail stays claimed by a worker that has died."""
RENEW = 10.0
"""Seconds after which the leases of a batch are renewed while it is being sent."""
BROKEN_RETRY = timedelta(seconds=10)
"""First pause of the mail in whose middle the connection broke."""
CLOSING = 421
"""The server's word that it closes the connection (RFC 5321, 3.8)."""
PROBE = 3.0
"""Seconds between two tries to reach a server that was not there."""
RUN = 60.0
"""Seconds after which one task ends, whatever is left: the next one goes on."""
FIRST_RETRY = timedelta(seconds=45)
LAST_RETRY = timedelta(hours=4)
TRIES = 30
"""About four days of pauses that double from 45 s to 4 h: RFC 5321, 4.5.4.1, asks for 4 to 5 days."""

TRUE_WHILE = {
    MailKind.CONFIRM: {Status.PENDING},
    MailKind.SIGNED_ALREADY: set(STANDING),
    MailKind.PUBLISHED: {Status.PUBLISHED},
    MailKind.REJECTED: {Status.REJECTED},
}
"""The statuses of the signature in which a mail still says something true."""

_down_until = 0.0

_CLAIM = """
UPDATE campaign_mail SET status = 'claimed', lease_owner = %(owner)s, lease_until = %(until)s
WHERE id = ANY (ARRAY(
    SELECT id FROM campaign_mail
    WHERE status IN ('queued', 'deferred') AND due_at <= %(now)s
    ORDER BY urgent DESC, due_at, id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)) RETURNING id
"""


class ServerDown(Exception):
    """The mail server is not there, or not in a state to take any mail."""


def deliver_due() -> int:
    """Send everything that is due, in batches; returns how many mails the server took."""
    global _down_until
    if time.monotonic() < _down_until:
        return 0
    sent = 0
    ends = time.monotonic() + RUN
    owner = uuid.uuid4().hex
    _take_back()
    try:
        with _connected() as server:
            while time.monotonic() < ends and (mails := _claim(owner)):
                sent += _send_batch(server, owner, mails)
    except ServerDown as error:
        _down_until = time.monotonic() + PROBE
        _give_back(owner)
        logger.warning("mail server is not to be had: %s", type(error.__cause__ or error).__name__)
    return sent


def _take_back() -> None:
    """Queue again what was claimed by workers that died."""
    dead = Mail.objects.filter(status=MailStatus.CLAIMED, lease_until__lt=timezone.now())
    dead.update(status=MailStatus.QUEUED, lease_owner="", lease_until=None)


def _is_due() -> bool:
    return Mail.objects.filter(status__in=WAITING, due_at__lte=timezone.now()).exists()


@contextmanager
def _connected() -> Iterator[BaseEmailBackend]:
    """One open connection to the mail server, opened before anything is claimed."""
    server = get_connection()
    if _is_due():
        try:
            server.open()
        except (OSError, smtplib.SMTPException) as error:
            raise ServerDown from error
    with closing(server):
        yield server


def _claim(owner: str) -> list[Mail]:
    """Claim the next due mails for this owner, the urgent first, with all that rendering needs."""
    now = timezone.now()
    with database.cursor() as cursor:
        cursor.execute(_CLAIM, {"owner": owner, "until": now + LEASE, "now": now, "limit": BATCH})
        ids = [row[0] for row in cursor.fetchall()]
    mails = Mail.objects.filter(pk__in=ids).select_related(
        "signature__campaign", "signature__discipline", "signature__statement__version"
    )
    return list(mails.order_by("-urgent", "due_at", "pk"))


def _send_batch(server: BaseEmailBackend, owner: str, mails: list[Mail]) -> int:
    sent = 0
    with _kept(owner) as lease:
        for mail in mails:
            if lease.is_lost():
                break  # this process stood still, and somebody else sends them now
            sent += _send(server, owner, mail)
    return sent


class _Lease:
    """When the leases of an owner were last known to be its own."""

    def __init__(self) -> None:
        self.renewed = time.monotonic()

    def is_lost(self) -> bool:
        return time.monotonic() - self.renewed > LEASE.total_seconds()


@contextmanager
def _kept(owner: str) -> Iterator[_Lease]:
    """Renew an owner's leases in the background: a server may think for longer than a lease lasts."""
    lease, ended = _Lease(), threading.Event()

    def renew() -> None:
        try:
            while not ended.wait(RENEW):
                if _owned(owner).update(lease_until=timezone.now() + LEASE):
                    lease.renewed = time.monotonic()
        finally:
            connections.close_all()  # those of this thread

    thread = threading.Thread(target=renew, name="leases", daemon=True)
    thread.start()
    try:
        yield lease
    finally:
        ended.set()
        thread.join()


def _send(server: BaseEmailBackend, owner: str, mail: Mail) -> bool:
    if not _is_wanted(mail):
        _mark(owner, mail, status=MailStatus.SUPPRESSED)
        return False
    try:
        message = letters.render(mail, server)
        message.message()
    except Exception as error:
        # One mail that cannot be written must not stand in the way of all the others.
        logger.exception("mail %s cannot be rendered", mail.pk)
        return _defer(owner, mail, f"not rendered: {type(error).__name__}")
    try:
        server.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        code, _text = next(iter(error.recipients.values()))
        return _refused(owner, mail, code)
    except smtplib.SMTPDataError as error:
        return _refused(owner, mail, error.smtp_code)
    except smtplib.SMTPSenderRefused as error:
        # The operator's mistake, not this mail's: it waits until it is mended.
        return _defer(owner, mail, f"sender refused with {error.smtp_code}")
    except (OSError, smtplib.SMTPException) as error:
        # Counted, and put behind the others: it may be this mail that the server dies of, or that it
        # takes without ever saying so.
        _defer(owner, mail, f"broke off: {type(error).__name__}", first=BROKEN_RETRY)
        raise ServerDown from error
    except Exception as error:
        # Whatever it is: a mail that ends the task would come first again, and stop all the others.
        logger.exception("mail %s cannot be sent", mail.pk)
        _defer(owner, mail, f"not sent: {type(error).__name__}")
        raise ServerDown from error  # the connection may stand in the middle of an answer
    return _mark(owner, mail, status=MailStatus.SENT, sent_at=timezone.now(), error="")


def _refused(owner: str, mail: Mail, code: int) -> bool:
    """Sort an answer of the server (RFC 5321, 4.2.1): 5xx is for ever, anything else is tried again."""
    if code == CLOSING:
        # It says so of the connection: the next mail would find it closed, and be blamed.
        _defer(owner, mail, f"deferred with {code}")
        raise ServerDown
    if 500 <= code < 600:
        error = f"refused with {code}"
        _mark(owner, mail, status=MailStatus.FAILED, attempts=mail.attempts + 1, error=error)
        return False
    return _defer(owner, mail, f"deferred with {code}")


def _defer(owner: str, mail: Mail, error: str, first: timedelta = FIRST_RETRY) -> bool:
    attempts = mail.attempts + 1
    status = MailStatus.FAILED if attempts >= TRIES else MailStatus.DEFERRED
    due_at = timezone.now() + _pause(attempts, first)
    _mark(owner, mail, status=status, attempts=attempts, error=error, due_at=due_at)
    return False


def _pause(attempts: int, first: timedelta) -> timedelta:
    """Growing pauses with jitter, so that what was deferred together doesn't come back together."""
    pause: timedelta = min(first * 2 ** (attempts - 1), LAST_RETRY)
    jitter: float = random.uniform(0.8, 1.2)  # noqa: S311 - no secret hangs on it
    return pause * jitter


def _is_wanted(mail: Mail) -> bool:
    """Whether the mail is still true, and its address hasn't asked for no more mails of strangers."""
    if mail.signature.status not in TRUE_WHILE[MailKind(mail.kind)]:
        return False
    signature = mail.signature
    return not (mail.urgent and is_left_alone(signature.campaign_id, signature.canonical_email))


def _owned(owner: str) -> QuerySet[Mail]:
    return Mail.objects.filter(lease_owner=owner, status=MailStatus.CLAIMED)


def _mark(owner: str, mail: Mail, **columns: object) -> bool:
    return bool(
        _owned(owner).filter(pk=mail.pk).update(lease_owner="", lease_until=None, **columns)
    )


def _give_back(owner: str) -> None:
    _owned(owner).update(status=MailStatus.QUEUED, lease_owner="", lease_until=None)


def retry_failed(mail_ids: Sequence[int]) -> int:
    """Owe failed mails anew, as if never tried; returns how many of these had failed."""
    with transaction.atomic():
        failed = Mail.objects.filter(pk__in=mail_ids, status=MailStatus.FAILED)
        again = failed.update(status=MailStatus.QUEUED, due_at=timezone.now(), attempts=0, error="")
        transaction.on_commit(lambda: queue.tell("campaign.deliver"))
    return again
