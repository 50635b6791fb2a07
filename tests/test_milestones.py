"""Milestones: each once, from exact counts, and never before the opening."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from campaign import dispatch, leaving, milestones
from campaign.models import Campaign, Milestone, TallyChange, WebhookDelivery
from tests.factories import make_campaign, make_signature, manage_token
from tests.receiver import make_webhook, receiving

pytestmark = pytest.mark.django_db


def publish(campaign: Campaign, n: int) -> None:
    """Count so many more published, as their moves would have."""
    TallyChange.objects.create(campaign=campaign, state="published", delta=n, day="2026-02-01")


def announced() -> list[int | None]:
    rows = WebhookDelivery.objects.filter(event="milestone").order_by("pk")
    return list(rows.values_list("number", flat=True))


@pytest.fixture
def campaign() -> Campaign:
    campaign = make_campaign(publication="after_verification")
    make_webhook(campaign, "https://hooks.example.org/")
    return campaign


def test_each_is_announced_when_the_count_reaches_it_and_only_once(campaign: Campaign) -> None:
    publish(campaign, 99)
    assert milestones.reach() == 0
    publish(campaign, 1)
    assert milestones.reach() == 1
    assert announced() == [100]
    publish(campaign, -50)
    milestones.reach()
    publish(campaign, 60)
    assert milestones.reach() == 0
    assert announced() == [100]


def test_several_at_once_are_announced_in_their_order(campaign: Campaign) -> None:
    publish(campaign, 30_000)
    assert milestones.reach() == 8
    assert announced() == [100, 250, 500, 1000, 2500, 5000, 10_000, 25_000]


def test_the_goal_is_one_and_not_twice_where_it_is_a_round_number(campaign: Campaign) -> None:
    Campaign.objects.update(goal=130)
    publish(campaign, 140)
    milestones.reach()
    assert announced() == [100, 130]
    Campaign.objects.update(goal=250)
    publish(campaign, 110)
    milestones.reach()
    assert announced() == [100, 130, 250]


def test_the_anonymous_count_and_are_named_nowhere(campaign: Campaign) -> None:
    Campaign.objects.update(goal=2)
    make_signature(campaign, show_name=False)
    make_signature(campaign, show_name=False)
    assert milestones.reach() == 1
    assert list(WebhookDelivery.objects.values_list("event", "number", "signer")) == [
        ("milestone", 2, "")
    ]


def test_one_that_was_reached_before_there_was_a_webhook_is_announced_to_nobody() -> None:
    campaign = make_campaign()
    publish(campaign, 300)
    assert milestones.reach() == 2
    make_webhook(campaign, "https://hooks.example.org/")
    publish(campaign, 200)
    assert milestones.reach() == 1
    assert announced() == [500]


def test_before_the_opening_none_is_reached(campaign: Campaign) -> None:
    opens_at = timezone.now() + timedelta(hours=1)
    Campaign.objects.update(opens_at=opens_at)
    publish(campaign, 120)
    assert milestones.reach() == 0
    with time_machine.travel(opens_at):
        assert milestones.reach() == 1
    assert Milestone.objects.get().reached_at >= opens_at


def test_a_receiver_is_told_the_number_the_goal_and_when(settings: Settings) -> None:
    settings.OUTBOUND_PRIVATE = True
    campaign = make_campaign()
    with receiving() as receiver:
        make_webhook(campaign, receiver.url, "milestone")
        publish(campaign, 1000)
        milestones.reach()
        assert dispatch.dispatch_due() == 4
    post = next(post for post in receiver.posts if post.json["data"]["published"] == 1000)
    reached = Milestone.objects.get(number=1000).reached_at
    assert post.json["type"] == "milestone"
    assert post.json["data"] == {
        "published": 1000,
        "goal": 1000,
        "reached_at": reached.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }


def test_a_withdrawal_below_it_takes_no_milestone_back(campaign: Campaign) -> None:
    Campaign.objects.update(goal=1)
    signature = make_signature(campaign)
    assert milestones.reach() == 1
    leaving.withdraw(manage_token(signature))
    make_signature(campaign)
    assert milestones.reach() == 0
    assert announced() == [1]
