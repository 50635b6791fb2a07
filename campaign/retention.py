"""The verbs of time: what is deleted when its time is over."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from campaign import placing
from campaign.models.campaign import CONFIRM_GRACE
from campaign.models.idempotency import IdempotencyKey
from campaign.models.mail import MailQuota
from campaign.models.signature import Signature, Status
from campaign.models.webhook import WebhookDelivery

UNCONFIRMED_KEPT = timedelta(days=30)
QUOTA_KEPT = timedelta(days=2)
IDEMPOTENCY_KEPT = timedelta(hours=24)
WEBHOOK_LOG_KEPT = timedelta(days=30)


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
    return placing.discard(stale.values_list("pk", flat=True))
