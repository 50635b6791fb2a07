"""The verbs of time: who is reminded, and what is deleted, when its time has come."""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from campaign import (
    consequences,
    going_on,
    lockout,
    locks,
    moves,
    outbox,
    placing,
    reports,
    staff_sessions,
    vouchers,
)
from campaign.errors import SignatureGone
from campaign.links import LIFETIME, Purpose
from campaign.models.address import SuppressionReason, Unreachable
from campaign.models.alert import Alert, Pulse
from campaign.models.campaign import CONFIRM_GRACE, ProtectedName
from campaign.models.idempotency import IdempotencyKey
from campaign.models.mail import Mail, MailDay, MailKind, MailPace, MailQuota, MailStatus
from campaign.models.name_numbers import WithdrawnName
from campaign.models.network import NETWORK_KEPT, SignatureNetwork
from campaign.models.notice import Notice
from campaign.models.print_list import named_though_erased
from campaign.models.removal import PREVIEW_KEPT, Removal, RemovalStatus
from campaign.models.report import Report, ReportStatus
from campaign.models.signature import UNCONFIRMED_KEPT, Signature, Status
from campaign.models.suspicion import NameSearch
from campaign.models.upload import UPLOAD_KEPT, Upload, UploadState
from campaign.models.vouching import MemberLink
from campaign.models.webhook import STILL_OWED, WebhookDelivery

REMIND_AFTER = timedelta(hours=24)
"""Pause between the last mail that asks for the confirmation and the reminder."""
REMIND_AT_ONCE = 500
"""Signatures that are looked at together."""
REMIND_FOR = 60.0
"""Seconds after which `remind` leaves the rest to its next run; half of a task's limit."""
QUOTA_KEPT = timedelta(days=2)
"""After the day whose slots they are: those of days to come hold what is dated to these."""
PACE_KEPT = timedelta(hours=1)
IDEMPOTENCY_KEPT = timedelta(hours=24)
WEBHOOK_LOG_KEPT = timedelta(days=30)
UNCONFIRMED_REPORT_KEPT = LIFETIME[Purpose.REPORT]
"""Once its link has expired nobody can confirm it any more."""
CLOSED_REPORT_KEPT = timedelta(days=90)
"""For the next report about the same entry, and for who asks what came of theirs."""
ALERT_KEPT = timedelta(days=90)
"""With what each member was told of it, and the rows of those mails."""
PULSE_KEPT = timedelta(days=2)
"""The bell looks back a day, and no more once a campaign is closed."""
SEARCH_KEPT = timedelta(days=30)
DISCARDED_AT_ONCE = 2_000
"""Unconfirmed signatures that go in one transaction: what is cut off has lost no more."""
DISCARD_FOR = 60.0
"""Seconds after which `expire` leaves the rest of them to its next run: 44,000 on a very busy machine, where
100,000 at once took 185 s. With `UNNAME_FOR` less than a task's limit."""
UNNAME_FOR = 20.0
"""Seconds after which `expire` leaves the rest of the names to its next run. A withdrawal takes its own with
it, so that only a release of before leaves any."""


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
        spared = (
            outbox.left_alone(batch, SuppressionReason.values) | outbox.unreachable(batch).keys()
        )
        n += sum(_remind(each) for each in batch if each.public_id not in spared)
        if time.monotonic() > ends:
            break
    return n


def _unanswered(now: datetime) -> QuerySet[Signature]:
    """The newest pending signature of each address that was asked a day ago and has not answered.

    What somebody else signed for them is neither reminded of nor the newest: any stranger can do that.
    """
    asked = Mail.objects.filter(signature=OuterRef("pk"), kind=MailKind.CONFIRM)
    underway = (MailStatus.QUEUED, MailStatus.CLAIMED, MailStatus.DEFERRED)
    of_its_address = Signature.objects.filter(
        campaign=OuterRef("campaign"), canonical_email=OuterRef("canonical_email")
    )
    newer = Q(pk__gt=OuterRef("pk"), represented=False)
    return Signature.objects.filter(
        Exists(asked.filter(status=MailStatus.SENT)),
        ~Exists(asked.filter(Q(sent_at__gt=now - REMIND_AFTER) | Q(status__in=underway))),
        ~Exists(of_its_address.filter(newer | ~Q(status=Status.PENDING))),
        ~Exists(Mail.objects.filter(signature=OuterRef("pk"), kind=MailKind.REMINDER)),
        Q(campaign__closes_at__isnull=True) | Q(campaign__closes_at__gt=now),
        status=Status.PENDING,
        represented=False,
        created_at__lte=now - REMIND_AFTER,
        created_at__gt=now - LIFETIME[Purpose.CONFIRM],
        campaign__paused_at__isnull=True,
    )


def _batches(signatures: QuerySet[Signature]) -> Iterator[list[Signature]]:
    """All of them, the oldest first."""
    rows = Signature.objects.only("campaign_id", "public_id", "email", "canonical_email")
    for ids in _chunks(signatures, REMIND_AT_ONCE):
        yield list(rows.filter(pk__in=ids))


def _chunks(signatures: QuerySet[Signature], at_once: int) -> Iterator[list[int]]:
    """The keys of all of them, the oldest first, so many together."""
    # Not the first so many in their order: PostgreSQL would walk through all that ever signed.
    ids = sorted(signatures.values_list("pk", flat=True))
    for begin in range(0, len(ids), at_once):
        yield ids[begin : begin + at_once]


def _remind(signature: Signature) -> bool:
    """Owe one reminder, unless something has happened since it was looked for.

    1. Take a slot of the address, which also makes whoever signs with it wait.
    2. Note that it has been reminded.
    3. Lock the rows of the address and look again.
    """
    campaign_id, address = signature.campaign_id, signature.canonical_email
    with suppress(SignatureGone), transaction.atomic():
        welcome = outbox.welcome_again(signature)
        if welcome and outbox.note_reminder(campaign_id=campaign_id, canonical_email=address):
            locked, others = locks.lock(signature.pk)
            alone = all(each.status == Status.PENDING for each in (locked, *others))
            if alone and outbox.owe_caused(MailKind.REMINDER, locked):
                return True
        transaction.set_rollback(True)  # the slot goes back, and the note
    return False


# --- Deleting --------------------------------------------------------------------------------


def _delete(rows: QuerySet[Any]) -> int:
    return rows.delete()[1].get(rows.model._meta.label, 0)


def _discard(rows: QuerySet[Signature]) -> int:
    ends, n = time.monotonic() + DISCARD_FOR, 0
    for ids in _chunks(rows, DISCARDED_AT_ONCE):
        # Asked again: somebody may have put off a close since.
        n += placing.discard(rows.filter(pk__in=ids).values_list("pk", flat=True))
        if time.monotonic() > ends:
            break
    return n


def _unname(rows: QuerySet[Signature]) -> int:
    ends, n = time.monotonic() + UNNAME_FOR, 0
    for pk in rows.order_by("pk").values_list("pk", flat=True):
        with suppress(SignatureGone):
            n += moves.empty_of_name(pk)
        if time.monotonic() > ends:
            break
    return n


def _delete_reports(rows: QuerySet[Report]) -> int:
    """Not one that is confirmed meanwhile: it is looked for again with the lock."""
    n = rows.count()
    reports.delete(rows)
    return n


def _give_back(rows: QuerySet[MemberLink]) -> int:
    """Delete them, and give the places back that they took of the quotas: the used and the unused alike."""
    n = 0
    for voucher_id in list(rows.order_by().values_list("voucher", flat=True).distinct()):
        with transaction.atomic():
            voucher = vouchers.locked(voucher_id)
            gone = _delete(rows.filter(voucher=voucher))
            vouchers.take(voucher, -gone)
        n += gone
    return n


@dataclass(frozen=True)
class Kind:
    """Rows, or their names, that have an end: ``due`` finds those whose time is over, of which ``delete``
    says how many."""

    due: Callable[[datetime], QuerySet[Any]]
    delete: Callable[[QuerySet[Any]], int] = _delete


def _unconfirmed(now: datetime) -> QuerySet[Signature]:
    over = Q(created_at__lt=now - UNCONFIRMED_KEPT)
    over |= Q(campaign__closes_at__lte=now - CONFIRM_GRACE)
    return Signature.objects.filter(over, status=Status.PENDING)


def _reports(now: datetime) -> QuerySet[Report]:
    """An open one stays until it is decided."""
    over = Q(status=ReportStatus.UNCONFIRMED, created_at__lt=now - UNCONFIRMED_REPORT_KEPT)
    over |= Q(status=ReportStatus.CLOSED, closed_at__lt=now - CLOSED_REPORT_KEPT)
    return Report.objects.filter(over)


def _member_links(now: datetime) -> QuerySet[MemberLink]:
    """Of an address of an organisation's list the hash stays no longer than its link works."""
    over = Q(batch__created_at__lt=now - LIFETIME[Purpose.VOUCH])
    over |= Q(voucher__campaign__closes_at__lte=now - CONFIRM_GRACE)
    return MemberLink.objects.filter(over)


def _uploads(now: datetime) -> QuerySet[Upload]:
    """One that is being imported has as long again to end. Its lease says nothing: each try renews it."""
    over = Upload.objects.filter(created_at__lt=now - UPLOAD_KEPT)
    return over.exclude(state=UploadState.IMPORTING, created_at__gte=now - 2 * UPLOAD_KEPT)


def _webhook_messages(now: datetime) -> QuerySet[WebhookDelivery]:
    """What is owed has as long again from the opening on: before that nothing is announced. So it waits for
    as long as nobody knows when that will be; it holds an id, and no name."""
    over = now - WEBHOOK_LOG_KEPT
    waits = Q(webhook__campaign__opens_at=None) | Q(webhook__campaign__opens_at__gte=over)
    old = WebhookDelivery.objects.filter(created_at__lt=over)
    return old.exclude(waits, status__in=STILL_OWED)


def _protected_names(_now: datetime) -> QuerySet[ProtectedName]:
    """Those that a release protected, which no line of any file bears any more."""
    brought = ProtectedName.objects.exclude(batch=None)
    of_its_name = Signature.objects.filter(
        campaign=OuterRef("campaign"), name=OuterRef("name"), batch__isnull=False
    )
    return brought.filter(~Exists(of_its_name))


def _previews(now: datetime) -> QuerySet[Removal]:
    looked_at = Removal.objects.filter(status=RemovalStatus.PREVIEWED)
    return looked_at.filter(previewed_at__lt=now - PREVIEW_KEPT)


KINDS: Final[dict[str, Kind]] = {
    "unconfirmed signatures": Kind(_unconfirmed, _discard),
    "reports": Kind(_reports, _delete_reports),
    "networks of signatures": Kind(
        lambda now: SignatureNetwork.objects.filter(at__lt=now - NETWORK_KEPT)
    ),
    "slots of addresses": Kind(
        lambda now: MailQuota.objects.filter(day__lt=(now - QUOTA_KEPT).date())
    ),
    "slots of addresses in all campaigns": Kind(
        lambda now: MailDay.objects.filter(day__lt=(now - QUOTA_KEPT).date())
    ),
    "mailboxes that were not there": Kind(lambda now: Unreachable.objects.filter(until__lt=now)),
    "mails by the minute": Kind(lambda now: MailPace.objects.filter(minute__lt=now - PACE_KEPT)),
    "idempotency keys": Kind(
        lambda now: IdempotencyKey.objects.filter(created_at__lt=now - IDEMPOTENCY_KEPT)
    ),
    "links of members": Kind(_member_links, _give_back),
    "uploaded files": Kind(_uploads),
    "looks at removals": Kind(_previews),
    "webhook messages": Kind(_webhook_messages),
    "alerts": Kind(lambda now: Alert.objects.filter(at__lt=now - ALERT_KEPT)),
    "mails about accounts": Kind(
        lambda now: Notice.objects.filter(alert=None, at__lt=now - ALERT_KEPT)
    ),
    "rates by the minute": Kind(lambda now: Pulse.objects.filter(at__lt=now - PULSE_KEPT)),
    "searches for names": Kind(
        lambda now: NameSearch.objects.filter(done_at__lt=now - SEARCH_KEPT)
    ),
    "tries to log in": Kind(lockout.over),
    "sessions of staff": Kind(staff_sessions.over),
    "cookies of staff": Kind(lambda now: Session.objects.filter(expire_date__lt=now)),
    # Code of before this table erases without it, while a deploy lets both serve.
    "numbers of names that were erased": Kind(
        lambda _now: WithdrawnName.objects.filter(signature__status=Status.ERASED)
    ),
    # A list that a release of before froze while they erased their data.
    "lines of print lists of who was erased": Kind(
        lambda _now: named_though_erased(), consequences.blank
    ),
    # Of who left by code that knew nothing of them.
    "protected names of who left": Kind(_protected_names),
    # Last, since it may take its time.
    "names of who withdrew": Kind(
        lambda _now: Signature.objects.filter(status=Status.WITHDRAWN).exclude(name=""), _unname
    ),
}
"""What ends by itself; `docs/privacy.md` says of every table what ends it. Its order is that of deleting."""


def due() -> dict[str, int]:
    """How many rows of each kind are over, which `expire` would delete."""
    now = timezone.now()
    return {name: kind.due(now).count() for name, kind in KINDS.items()}


def expire() -> dict[str, int]:
    """Delete what is over; how many rows of each kind. What it leaves for want of time, the next run finds.

    Safe to run twice, at once, and to be killed. A kind that can't be deleted keeps none of the others;
    the first such failure is raised at the end.
    """
    now = timezone.now()
    deleted: dict[str, int] = {}
    with going_on.after(Exception) as each:
        for name, kind in KINDS.items():
            with each:  # the soft time limit too: what comes after is mostly quick
                deleted[name] = kind.delete(kind.due(now))
    return deleted
