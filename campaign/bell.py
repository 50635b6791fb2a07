"""Telling moderators what should not wait until somebody opens the queue, by webhook and mail.

Looked for every minute in what stands in rows anyway, so that no signer pays for it: a confirmation in
a flood of false names writes nothing more than ever. Once it has rung, a kind is silent for a while; what
comes meanwhile is counted by the next one.
"""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from campaign import alerts, announcements, public_numbers, suspicions
from campaign.history import SIGNER
from campaign.models.alert import Alert, AlertKind, Pulse
from campaign.models.campaign import CONFIRM_GRACE, Campaign
from campaign.models.event import Event
from campaign.models.report import Report, ReportStatus
from campaign.models.signature import GUARDED, Signature, Status
from campaign.models.webhook import Announced
from campaign.waiting import TO_DECIDE

SILENT: Final = {
    AlertKind.PROTECTED: timedelta(minutes=15),
    AlertKind.REPORTED: timedelta(minutes=15),
    AlertKind.QUEUE: timedelta(hours=4),
    AlertKind.RATE: timedelta(hours=1),
}
"""How long it is silent after it has rung. An old queue stays one while moderators work at it."""
WINDOW: Final = timedelta(minutes=10)
KEPT: Final = timedelta(days=1)
FLOOR: Final = 50
"""Fewer than these in a window are no flood, whatever was usual: a campaign that is shared has them."""
TIMES: Final = 5
"""So many times the usual is out of the ordinary: hours of a day differ by less, waves of bots by more."""


def ring() -> None:
    """Look at every campaign that takes signatures or confirmations, and ring for what is new there."""
    now = timezone.now()
    running = Q(closes_at=None) | Q(closes_at__gt=now - CONFIRM_GRACE)
    for campaign in Campaign.objects.filter(running, opens_at__lte=now).order_by("pk"):
        with transaction.atomic():
            # Two schedulers ring once. Not FOR UPDATE: foreign keys would wait for that.
            rows = Campaign.objects.select_for_update(no_key=True, skip_locked=True)
            if rows.filter(pk=campaign.pk).first() is not None:
                _listen(campaign, now)


def _listen(campaign: Campaign, now: datetime) -> None:
    unusual = _rate(campaign, now)
    for kind, silent in SILENT.items():
        last = Alert.objects.filter(campaign=campaign, kind=kind).order_by("-at").first()
        if last is not None and last.at > now - silent:
            continue
        since = last.at if last else now - WINDOW
        n = unusual if kind == AlertKind.RATE else _COUNTS[kind](campaign, since, now)
        if n:
            alerts.tell(Alert.objects.create(campaign=campaign, kind=kind, n=n, at=now))
            announcements.owe(campaign.pk, Announced(f"alert.{kind}"), number=n)


def _protected(campaign: Campaign, since: datetime, now: datetime) -> int:
    """Held since then, on coming or by a correction, or on the list and doubted since then."""
    corrected = Event.objects.filter(
        signature=OuterRef("pk"), actor=SIGNER.kind, to_status=Status.HELD, at__gt=since
    )
    # What nobody has touched since has no such event: it is not asked for one every minute.
    touched = Q(updated_at__gt=since - WINDOW) & Q(Exists(corrected))
    held = Signature.objects.filter(campaign=campaign, status=Status.HELD)
    held = held.filter(Q(confirmed_at__gt=since) | touched, hold_reasons__overlap=GUARDED)
    doubted = suspicions.open_ones().filter(
        signature__campaign=campaign, signature__status=Status.PUBLISHED, created_at__gt=since
    )
    return held.count() + doubted.values("signature").distinct().count()


def _reported(campaign: Campaign, since: datetime, now: datetime) -> int:
    reports = Report.objects.filter(campaign=campaign, status=ReportStatus.OPEN)
    return reports.filter(confirmed_at__gt=since, signature__featured=True).count()


def _queue(campaign: Campaign, since: datetime, now: datetime) -> int:
    """How many have waited too long for a decision, counted to 1,000."""
    late = now - timedelta(minutes=campaign.alert_after_minutes)
    waiting = Signature.objects.filter(TO_DECIDE, campaign=campaign, confirmed_at__lte=late)
    return waiting.order_by()[:1000].count()


_COUNTS: Final = {
    AlertKind.PROTECTED: _protected,
    AlertKind.REPORTED: _reported,
    AlertKind.QUEUE: _queue,
}


def _rate(campaign: Campaign, now: datetime) -> int:
    """Note the numbers of this minute; how many came in the last ten, if that is out of the ordinary.

    The ordinary is the average of the windows of the day before. Of requests and confirmations, the
    one that stands out more. 0 while nothing was noted lately: after hours without a scheduler all that
    came in them would seem to have come at once.
    """
    numbers, minute = public_numbers.counts(campaign), now.replace(second=0, microsecond=0)
    pulses = Pulse.objects.filter(campaign=campaign)
    pulses.filter(at__lt=minute - KEPT - WINDOW).delete()
    before = pulses.filter(at__lte=minute - WINDOW).order_by("-at").first()
    oldest = pulses.order_by("at").first()
    here = {"received": numbers["received"], "confirmed": numbers["confirmed"]}
    Pulse.objects.get_or_create(campaign=campaign, at=minute, defaults=here)
    if before is None or oldest is None or before.at < minute - 2 * WINDOW:
        return 0
    windows = (before.at - oldest.at) / WINDOW
    found = 0
    for name in ("received", "confirmed"):
        came = here[name] - getattr(before, name)
        usual = (getattr(before, name) - getattr(oldest, name)) / windows if windows >= 1 else 0
        if came >= FLOOR and came > TIMES * usual:
            found = max(found, came)
    return found
