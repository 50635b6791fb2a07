"""The verbs of time: who is reminded, and what is deleted, when its time has come."""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from campaign import lockout, locks, outbox, placing, reports, staff_sessions
from campaign.errors import SignatureGone
from campaign.links import LIFETIME, Purpose
from campaign.models.address import SuppressionReason
from campaign.models.campaign import CONFIRM_GRACE
from campaign.models.idempotency import IdempotencyKey
from campaign.models.mail import Mail, MailKind, MailQuota, MailStatus
from campaign.models.network import NETWORK_KEPT, SignatureNetwork
from campaign.models.removal import PREVIEW_KEPT, Removal, RemovalStatus
from campaign.models.report import Report, ReportStatus
from campaign.models.signature import UNCONFIRMED_KEPT, Signature, Status
from campaign.models.vouching import MemberLink
from campaign.models.webhook import WebhookDelivery

REMIND_AFTER = timedelta(hours=24)
"""Pause between the last mail that asks for the confirmation and the reminder."""
REMIND_AT_ONCE = 500
"""Signatures that are looked at together."""
REMIND_FOR = 60.0
"""Seconds after which `remind` leaves the rest to its next run; half of a task's limit."""
QUOTA_KEPT = timedelta(days=2)
IDEMPOTENCY_KEPT = timedelta(hours=24)
WEBHOOK_LOG_KEPT = timedelta(days=30)
UNCONFIRMED_REPORT_KEPT = LIFETIME[Purpose.REPORT]
"""Once its link has expired nobody can confirm it any more."""
CLOSED_REPORT_KEPT = timedelta(days=90)
"""For the next report about the same entry, and for who asks what came of theirs."""


# --- Reminding -------------------------------------------------------------------------------


def remind() -> int:
    """Owe one reminder to each address that has confirmed nothing; returns how many.

    It goes 24 hours after the last mail that asked, to the newest pending signature of the address,
    while its first link works and the campaign takes signatures, and once in the life of a campaign,
    whatever is typed with that address later. A stranger may have caused it: it takes a slot of the
    day, and goes to nobody who is left alone for whatever reason. Safe to run twice, and at once.
    """
    ends, n = time.monotonic() + REMIND_FOR, 0
    for batch in _batches(_unanswered(timezone.now())):
        spared = outbox.left_alone(batch, SuppressionReason.values)
        n += sum(_remind(each) for each in batch if each.public_id not in spared)
        if time.monotonic() > ends:
            break
    return n


def _unanswered(now: datetime) -> QuerySet[Signature]:
    """The newest pending signature of each address that was asked a day ago and has not answered."""
    asked = Mail.objects.filter(signature=OuterRef("pk"), kind=MailKind.CONFIRM)
    underway = (MailStatus.QUEUED, MailStatus.CLAIMED, MailStatus.DEFERRED)
    of_its_address = Signature.objects.filter(
        campaign=OuterRef("campaign"), canonical_email=OuterRef("canonical_email")
    )
    return Signature.objects.filter(
        Exists(asked.filter(status=MailStatus.SENT)),
        ~Exists(asked.filter(Q(sent_at__gt=now - REMIND_AFTER) | Q(status__in=underway))),
        ~Exists(of_its_address.filter(Q(pk__gt=OuterRef("pk")) | ~Q(status=Status.PENDING))),
        ~Exists(Mail.objects.filter(signature=OuterRef("pk"), kind=MailKind.REMINDER)),
        Q(campaign__closes_at__isnull=True) | Q(campaign__closes_at__gt=now),
        status=Status.PENDING,
        created_at__lte=now - REMIND_AFTER,
        created_at__gt=now - LIFETIME[Purpose.CONFIRM],
        campaign__paused_at__isnull=True,
    )


def _batches(signatures: QuerySet[Signature]) -> Iterator[list[Signature]]:
    """All of them, the oldest first."""
    # Not the first so many in their order: PostgreSQL would walk through all that ever signed.
    ids = sorted(signatures.values_list("pk", flat=True))
    rows = Signature.objects.only("campaign_id", "public_id", "canonical_email")
    for begin in range(0, len(ids), REMIND_AT_ONCE):
        yield list(rows.filter(pk__in=ids[begin : begin + REMIND_AT_ONCE]))


def _remind(signature: Signature) -> bool:
    """Owe one reminder, unless something has happened since it was looked for.

    1. Take a slot of the address, which also makes whoever signs with it wait.
    2. Note that it has been reminded.
    3. Lock the rows of the address and look again.
    """
    campaign_id, address = signature.campaign_id, signature.canonical_email
    with suppress(SignatureGone), transaction.atomic():
        welcome = outbox.welcome(campaign_id=campaign_id, canonical_email=address)
        if welcome and outbox.note_reminder(campaign_id=campaign_id, canonical_email=address):
            locked, others = locks.lock(signature.pk)
            if all(each.status == Status.PENDING for each in (locked, *others)):
                outbox.owe(MailKind.REMINDER, [locked])
                return True
        transaction.set_rollback(True)  # the slot goes back, and the note
    return False


# --- Deleting --------------------------------------------------------------------------------


def expire() -> int:
    """Delete pendings after 30 days, or once their campaign takes no confirmation; returns how many."""
    now = timezone.now()
    over = Q(created_at__lt=now - UNCONFIRMED_KEPT) | Q(
        campaign__closes_at__lte=now - CONFIRM_GRACE
    )
    stale = Signature.objects.filter(over, status=Status.PENDING)
    MailQuota.objects.filter(day__lt=(now - QUOTA_KEPT).date()).delete()
    IdempotencyKey.objects.filter(created_at__lt=now - IDEMPOTENCY_KEPT).delete()
    WebhookDelivery.objects.filter(created_at__lt=now - WEBHOOK_LOG_KEPT).delete()
    Removal.objects.filter(
        status=RemovalStatus.PREVIEWED, previewed_at__lt=now - PREVIEW_KEPT
    ).delete()
    SignatureNetwork.objects.filter(at__lt=now - NETWORK_KEPT).delete()
    lockout.forget(now)
    staff_sessions.forget()
    _expire_links(now)
    _expire_reports(now)
    return placing.discard(stale.values_list("pk", flat=True))


def _expire_links(now: datetime) -> None:
    """Of an address of an organisation's list the hash stays no longer than its link works."""
    over = Q(batch__created_at__lt=now - LIFETIME[Purpose.VOUCH])
    over |= Q(voucher__campaign__closes_at__lte=now - CONFIRM_GRACE)
    MemberLink.objects.filter(over).delete()


def _expire_reports(now: datetime) -> None:
    """An open one stays until it is decided."""
    over = Q(status=ReportStatus.UNCONFIRMED, created_at__lt=now - UNCONFIRMED_REPORT_KEPT)
    over |= Q(status=ReportStatus.CLOSED, closed_at__lt=now - CLOSED_REPORT_KEPT)
    reports.delete(Report.objects.filter(over))
