"""The verbs of webhooks: make, change, switch on, rotate the secret, test, deliver again."""

from collections.abc import Sequence

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from campaign import queue, seal
from campaign.announcements import DISPATCH
from campaign.models.campaign import Campaign, new_key
from campaign.models.webhook import Announced, DeliveryStatus, Webhook, WebhookDelivery

_RESTED = {"failures": 0, "failing_since": None, "rests_until": None}


def make(*, campaign: Campaign, url: str, events: Sequence[str], by: AbstractBaseUser) -> Webhook:
    """A new webhook, switched on; its ``secret`` is to be shown this once."""
    return Webhook.objects.create(
        campaign=campaign, url=url, events=list(events), created_by_id=by.pk
    )


def is_taken(*, campaign: Campaign, url: str, besides: Webhook | None) -> bool:
    """Whether another webhook of the campaign that is on leads there, which would hear all twice.

    The answer holds until the transaction ends that makes or changes one.
    """
    # Of two at once each would see that there is none. Who signs doesn't wait for this lock.
    Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    there = Webhook.objects.filter(campaign=campaign, url=url, active=True)
    if besides is not None:
        there = there.exclude(pk=besides.pk)
    return there.exists()


def secret(webhook: Webhook) -> str:
    """What its receiver checks signatures with; shown when it is made and when it is rotated."""
    return seal.shown_secret(webhook.key)


@transaction.atomic
def change(*, webhook: Webhook, url: str, events: Sequence[str], active: bool) -> None:
    """Change where it leads, what it hears, and whether it is on; it is tried anew at once."""
    Webhook.objects.filter(pk=webhook.pk).update(
        url=url, events=list(events), active=active, note="", **_RESTED
    )
    queue.tell_after_commit(DISPATCH)


def rotate(webhook: Webhook) -> None:
    """Give it a new secret, to be shown this once; the old one goes on signing for a day."""
    Webhook.objects.filter(pk=webhook.pk).update(
        key=new_key(), previous_key=F("key"), rotated_at=timezone.now()
    )


@transaction.atomic
def send_test(webhook: Webhook) -> WebhookDelivery:
    """Owe it a test at once: before the opening too, and though it is off or rests."""
    Webhook.objects.filter(pk=webhook.pk).update(rests_until=None)
    test = WebhookDelivery.objects.create(webhook=webhook, event=Announced.TEST)
    queue.tell_after_commit(DISPATCH)
    return test


@transaction.atomic
def redeliver(delivery_ids: Sequence[int]) -> int:
    """Owe these anew, as if never tried, whatever became of them; returns how many there were."""
    again = WebhookDelivery.objects.filter(pk__in=delivery_ids).exclude(
        status=DeliveryStatus.QUEUED
    )
    Webhook.objects.filter(pk__in=again.values("webhook")).update(rests_until=None)
    n = again.update(
        status=DeliveryStatus.QUEUED,
        due_at=timezone.now(),
        attempts=0,
        code=None,
        error="",
        delivered_at=None,
    )
    queue.tell_after_commit(DISPATCH)
    return n
