"""Two workers and one receiver, and two schedulers at one milestone: everything once."""

import threading
from collections import Counter
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from campaign import announcements, dispatch, milestones
from campaign.models import Campaign, Milestone, TallyChange, Webhook, WebhookDelivery
from campaign.models.webhook import Announced
from tests.concurrency.threads import PATIENCE, at_once
from tests.factories import make_campaign, make_signature
from tests.receiver import Receiver, make_webhook, receiving

pytestmark = pytest.mark.django_db(transaction=True)

POSTS = 30


@pytest.fixture
def receiver(settings: Settings) -> Iterator[Receiver]:
    settings.OUTBOUND_PRIVATE = True
    with receiving() as receiver:
        yield receiver


def owe(receiver: Receiver, n: int) -> None:
    campaign = make_campaign(publication="after_verification")
    make_webhook(campaign, receiver.url)
    for _ in range(n):
        make_signature(campaign)


def copies(receiver: Receiver) -> list[int]:
    return sorted(Counter(post.headers["webhook-id"] for post in receiver.posts).values())


def test_two_workers_at_once_post_everything_once(receiver: Receiver) -> None:
    owe(receiver, POSTS)
    taken = at_once([dispatch.dispatch_due] * 2)
    assert sum(taken) == POSTS
    assert copies(receiver) == [1] * POSTS
    assert WebhookDelivery.objects.filter(status="delivered", attempts=1).count() == POSTS


def test_control_workers_that_take_without_a_lease_post_everything_twice(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(receiver, 3)
    both = threading.Barrier(2)
    looked = threading.local()

    def take(_owner: str, _most: int) -> list[Webhook]:
        if getattr(looked, "once", False):
            return []
        looked.once = True
        return list(Webhook.objects.select_related("campaign"))

    send = dispatch._Run._send
    seen = threading.local()

    def send_together(run: dispatch._Run, turn: dispatch._Turn, owed: WebhookDelivery) -> None:
        if not getattr(seen, "once", False):
            seen.once = True
            both.wait(PATIENCE)  # both have read what is due
        send(run, turn, owed)

    monkeypatch.setattr(dispatch, "_take", take)
    monkeypatch.setattr(dispatch._Run, "_send", send_together)
    at_once([dispatch.dispatch_due] * 2)
    assert copies(receiver) == [2] * 3


def count_to(campaign: Campaign, n: int) -> None:
    TallyChange.objects.create(campaign=campaign, state="published", delta=n, day="2026-02-01")


def test_two_schedulers_at_once_announce_each_milestone_once() -> None:
    campaign = make_campaign()
    make_webhook(campaign, "https://hooks.example.org/")
    count_to(campaign, 12_000)
    reached = at_once([milestones.reach] * 4)
    assert sum(reached) == 7
    numbers = WebhookDelivery.objects.order_by("number").values_list("number", flat=True)
    assert list(numbers) == [100, 250, 500, 1000, 2500, 5000, 10_000]


def test_control_schedulers_that_only_look_announce_it_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign()
    make_webhook(campaign, "https://hooks.example.org/")
    count_to(campaign, 100)
    both = threading.Barrier(2)

    def note(campaign: Campaign, number: int) -> bool:
        fresh = not Milestone.objects.filter(campaign=campaign, number=number).exists()
        both.wait(PATIENCE)
        if fresh:
            announcements.owe(campaign.pk, Announced.MILESTONE, number=number)
        return fresh

    monkeypatch.setattr(milestones, "_note", note)
    at_once([milestones.reach] * 2)
    assert WebhookDelivery.objects.count() == 2
