"""One mail's life after its row: claim, render, send, mark. At least once, never in a transaction.

A worker claims some due mails by a lease (`claims`), sends them over one connection and marks each at
once, so a worker that is killed costs one mail a second copy at most. A server that is not there, or
refuses us before it hears whom a mail is for, is not the mail's failure: the claim goes back as it was,
and the server is probed every few seconds.
"""

import logging
import random
import smtplib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.utils import timezone

from campaign import alerts, bounces, claims, letters, queue
from campaign.claims import Owner
from campaign.models.mail import BY_STRANGERS, Mail, MailKind, MailStatus
from campaign.models.report import ReportStatus
from campaign.models.signature import STANDING, Status
from campaign.outbox import DELIVER, left_alone, unreachable
from campaign.smtp import CLOSING, TOO_LARGE

logger = logging.getLogger(__name__)

BROKEN_RETRY = timedelta(seconds=5)
"""First pause of the mail in whose middle the connection broke."""
PROBE = 3.0
"""Seconds between two tries to reach a server that was not there."""
REST = 3 * PROBE
"""Seconds until a refused sender is tried again: where the server hangs up on it, by a connection each."""
HANG_UPS = 10
"""Senders in a row that a server hangs up on until it is taken for one that closes to everybody."""
PATIENCE = timedelta(days=4)
"""Age of a mail from which a refusal of its sender counts as a try of its own."""
RUN = 15.0
"""Seconds after which no mail is begun; with the four time-outs of one, less than a task's limit."""
STAY = 1.0
"""Seconds without a mail after which `deliver_on` ends: to look costs less than to begin anew."""
LOOK = 0.1
"""Seconds between two looks of `deliver_on`, unless more was due than is claimed at once."""
FIRST_RETRY = timedelta(seconds=45)
LAST_RETRY = timedelta(hours=4)
TRIES = 30
"""About four days of pauses that double from 45 s to 4 h: RFC 5321, 4.5.4.1, asks for 4 to 5 days."""

TRUE_WHILE = {
    MailKind.CONFIRM: {Status.PENDING},
    MailKind.REMINDER: {Status.PENDING},
    MailKind.SIGNED_ALREADY: {*STANDING, Status.WITHDRAWN},
    MailKind.PUBLISHED: {Status.PUBLISHED},
    MailKind.REJECTED: {Status.REJECTED},
    MailKind.QUESTION: {Status.HELD, Status.PUBLISHED},
    MailKind.VOUCHED: {Status.HELD, Status.PUBLISHED},
    MailKind.REPRESENT_CONFIRM: {Status.PENDING},
    MailKind.REPRESENTED: {Status.PENDING},
    MailKind.REPORT_CONFIRM: {Status.HELD, Status.PUBLISHED},
    MailKind.REPORT_KEPT: {Status.PUBLISHED},
    MailKind.REPORT_REMOVED: {Status.REJECTED, Status.WITHDRAWN},
    MailKind.MY_DATA: set(Status),
}
"""The statuses of the signature in which a mail still says something true; of each kind but alerts."""

_down_until = 0.0
_rests: dict[int, float] = {}
"""Until when the mails of a campaign rest whose sender was refused; then one of them is tried."""
_hung_up = 0
"""How many senders this run's server has hung up on since it last took one."""


class ServerDown(Exception):
    """The mail server is not there, or not in a state to take any mail."""


class SenderRefused(Exception):
    """The mail server takes no mail from a campaign's sender."""


def deliver_due() -> int:
    """Send everything that is due, in batches; returns how many mails the server took."""
    return _deliver(_until_none_is_due)


def deliver_on() -> int:
    """Send what is due, then look for more for a while; returns how many mails the server took.

    Meanwhile no mail need be told of: a look costs less than a message and a task for each, and
    takes what several signers caused. `queue` argues that none is missed; at the end

    1. the flag is taken away,
    2. only then comes the last look. A mail that was committed before is seen by it; whoever
       commits one later finds no flag, and tells.
    """
    return _deliver(_until_none_follows)


def _deliver(claims_of: Callable[[Owner, float], Iterator[list[Mail]]]) -> int:
    global _down_until, _hung_up
    if time.monotonic() < _down_until:
        queue.hold(DELIVER)  # else every signer would wake a worker to no end; the sweep probes
        return 0
    claims.settle()
    claims.take_back()
    if resting := _resting():
        # Else whoever tells of a mail that rests keeps all others from telling.
        queue.heard(DELIVER)
    if not claims.is_due(without=resting):
        return 0
    sent, owner, ends, _hung_up = 0, Owner(), time.monotonic() + RUN, 0
    try:
        with _connected() as server, claims.renewed(owner):
            for mails in claims_of(owner, ends):
                sent += _send_batch(server, owner, mails, ends)
    except ServerDown as error:
        _down_until = time.monotonic() + PROBE
        owner.give_back()
        queue.hold(DELIVER)
        logger.warning("mail server is not to be had: %s", type(error.__cause__ or error).__name__)
    return sent


@contextmanager
def _connected() -> Iterator[BaseEmailBackend]:
    """One open connection to the mail server, opened before anything is claimed."""
    server = get_connection()
    _open(server)
    with closing(server):
        yield server


def _open(server: BaseEmailBackend) -> None:
    """Open a connection, or make sure that it is still there."""
    try:
        server.open()
    except (OSError, smtplib.SMTPException) as error:
        raise ServerDown from error


def _until_none_is_due(owner: Owner, ends: float) -> Iterator[list[Mail]]:
    while time.monotonic() < ends and (mails := _claim(owner)):
        yield mails


def _until_none_follows(owner: Owner, ends: float) -> Iterator[list[Mail]]:
    last = time.monotonic()
    while time.monotonic() < min(ends, last + STAY):
        queue.hold(DELIVER)
        if mails := _claim(owner):
            yield mails
            last = time.monotonic()
        if len(mails) < claims.BATCH:
            time.sleep(LOOK)
    queue.heard(DELIVER)
    if claims.is_due(without=_resting()):
        queue.tell(DELIVER)


def _claim(owner: Owner) -> list[Mail]:
    """The next mails of all whose sender is not refused; behind the first of them one of a campaign that
    has rested, so that no sender that is refused again keeps the others waiting, nor a slow server it."""
    rested = _claim_of_rested(owner)  # before the others take all that the pace leaves
    mails = owner.claim(without=_rests.keys())
    return [*mails[:1], *rested, *mails[1:]]


def _claim_of_rested(owner: Owner) -> list[Mail]:
    """One mail of the campaign that has rested longest, if one is due."""
    resting = _resting()
    for campaign in sorted(_rests.keys() - resting, key=lambda each: (_rests[each], each)):
        if mails := owner.claim(of=campaign):
            return mails
        # One that has had its share of this minute would come back with all of its mails.
        if not claims.is_owed(campaign):
            del _rests[campaign]
    return []


def _resting() -> set[int]:
    return {campaign for campaign, until in _rests.items() if time.monotonic() < until}


def _send_batch(server: BaseEmailBackend, owner: Owner, mails: list[Mail], ends: float) -> int:
    sent = 0
    refused = set[int]()
    alone = left_alone([mail.recipient for mail in mails if mail.kind in BY_STRANGERS])
    silent = unreachable([mail.recipient for mail in mails if mail.notice is None])
    for mail in mails:
        if owner.is_late():
            break  # somebody else sends them now
        if time.monotonic() > ends:
            owner.give_back()
            break
        if mail.campaign_id in refused:
            continue  # given back below
        _open(server)
        try:
            sent += _send(server, owner, mail, alone, silent)
        except SenderRefused:
            refused.add(mail.campaign_id)
            owner.give_back(campaign_id=mail.campaign_id)
    return sent


def _send(
    server: BaseEmailBackend,
    owner: Owner,
    mail: Mail,
    alone: Collection[str],
    silent: Mapping[str, datetime | None],
) -> bool:
    try:
        if _is_stopped(owner, mail, alone, silent):
            return False
        message = letters.render(mail, server)
        message.message()
    except Exception as error:
        # One mail that cannot be written must not stand in the way of all the others.
        logger.exception("mail %s cannot be rendered", mail.pk)
        return _defer(owner, mail, f"not rendered: {type(error).__name__}")
    try:
        server.send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        code, said = next(iter(error.recipients.values()))
        if is_gone(code, said) and mail.notice is None:
            bounces.came_back(mail.recipient.email)
        return _refused(owner, mail, code)
    except smtplib.SMTPDataError as error:
        return _refused(owner, mail, error.smtp_code)
    except smtplib.SMTPSenderRefused as error:
        return _sender_refused(owner, mail, error.smtp_code)
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
    _sender_taken(mail)
    owner.mark_sent(mail)
    return True


def _is_stopped(
    owner: Owner, mail: Mail, alone: Collection[str], silent: Mapping[str, datetime | None]
) -> bool:
    """Suppress what isn't wanted, or would go to a mailbox that is `Unreachable`, and say so.

    What staff decided is told once: it waits for the end of a bounce's time, and is then tried again. A
    complaint has no end, and stops it as well. Who works here is told of their own account all the same.
    """
    its = "" if mail.notice else mail.recipient.public_id
    if not _is_wanted(mail, alone):
        owner.mark(mail, status=MailStatus.SUPPRESSED)
    elif its not in silent:
        return False
    elif (until := silent[its]) is None or mail.kind in BY_STRANGERS:
        owner.mark(mail, status=MailStatus.SUPPRESSED)
    else:
        waits = "waits: there was no such mailbox"
        owner.mark(mail, status=MailStatus.DEFERRED, due_at=until, error=waits)
    return True


def is_gone(code: int, said: bytes) -> bool:
    """Whether an answer to RCPT says that there is no such mailbox."""
    return 500 <= code < 600 and bounces.is_no_mailbox(said.decode("ascii", "replace"))


def _sender_refused(owner: Owner, mail: Mail, code: int) -> bool:
    """Sort an answer to MAIL. Whom the mail is for was not heard yet: it says something of us, not of them.

    So the mail stays as it was, with all of its campaign, and one of them is tried again soon: it never
    fails by such an answer, and is not late once the server takes us. Not without end: the tries of a
    mail that is older than four days are counted, as any other's.

    A server that hangs up over it gets the next sender's over a new connection: it may refuse this one
    alone, and the mails of others would never go out. Not without end either: it may close to everybody.
    """
    global _hung_up
    error = f"sender refused with {code}"
    if code == TOO_LARGE:
        return _defer(owner, mail, error)  # of the size that was said with it
    logger.warning("mail server refuses the sender of campaign %s with %s", mail.campaign_id, code)
    _rests[mail.campaign_id] = time.monotonic() + REST
    if timezone.now() - mail.created_at > PATIENCE:
        _defer(owner, mail, error)
    else:
        owner.mark(mail, status=MailStatus.QUEUED, error=error)
    if code == CLOSING:
        _hung_up += 1
        if _hung_up >= HANG_UPS:
            raise ServerDown
    raise SenderRefused


def _sender_taken(mail: Mail) -> None:
    global _hung_up
    _hung_up = 0
    _rests.pop(mail.campaign_id, None)


def _refused(owner: Owner, mail: Mail, code: int) -> bool:
    """Sort an answer to RCPT or DATA (RFC 5321, 4.2.1): 5xx is for ever, anything else is tried again."""
    if code == CLOSING:
        # It says so of the connection, if not of this recipient: so soon, and behind the others.
        _defer(owner, mail, f"deferred with {code}", first=BROKEN_RETRY)
        raise ServerDown
    _sender_taken(mail)
    if 500 <= code < 600:
        error = f"refused with {code}"
        owner.mark(mail, status=MailStatus.FAILED, attempts=mail.attempts + 1, error=error)
        return False
    return _defer(owner, mail, f"deferred with {code}")


def _defer(owner: Owner, mail: Mail, error: str, first: timedelta = FIRST_RETRY) -> bool:
    attempts = mail.attempts + 1
    status = MailStatus.FAILED if attempts >= TRIES else MailStatus.DEFERRED
    due_at = timezone.now() + _pause(attempts, first)
    owner.mark(mail, status=status, attempts=attempts, error=error, due_at=due_at)
    return False


def _pause(attempts: int, first: timedelta) -> timedelta:
    """Growing pauses with jitter, so that what was deferred together doesn't come back together."""
    pause: timedelta = min(first * 2 ** (attempts - 1), LAST_RETRY)
    jitter: float = random.uniform(0.8, 1.2)  # noqa: S311 - no secret hangs on it
    return pause * jitter


def _is_wanted(mail: Mail, alone: Collection[str]) -> bool:
    """Whether the mail is still true, and its address hasn't asked for no more mails of strangers."""
    if mail.notice is not None:
        return alerts.is_wanted(mail.notice)
    if mail.about.status not in TRUE_WHILE[MailKind(mail.kind)]:
        return False
    about = mail.report if mail.kind == MailKind.REPORT_CONFIRM else None
    if about is not None and about.status != ReportStatus.UNCONFIRMED:
        return False
    if mail.kind == MailKind.VOUCHED and not letters.vouched_unshown(mail.about).exists():
        return False
    asked = mail.representation if mail.kind == MailKind.REPRESENT_CONFIRM else None
    if asked is not None and asked.confirmed_at is not None:
        return False
    return not (mail.kind in BY_STRANGERS and mail.recipient.public_id in alone)


def retry_failed(mail_ids: Sequence[int]) -> int:
    """Owe failed mails anew, as if never tried; returns how many of these had failed."""
    with transaction.atomic():
        failed = Mail.objects.filter(pk__in=mail_ids, status=MailStatus.FAILED)
        again = failed.update(status=MailStatus.QUEUED, due_at=timezone.now(), attempts=0, error="")
        queue.tell_after_commit(DELIVER)
    return again
