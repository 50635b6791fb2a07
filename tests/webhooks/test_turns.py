"""Who waits for whom: one run at a time, and who has waited longest first."""

from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from redis import Redis

from campaign import dispatch, queue
from campaign.models import Campaign, Signature, Webhook
from tests.factories import make_signature
from tests.receiver import Receiver, answer, make_webhook

pytestmark = pytest.mark.django_db


def test_a_run_that_is_cut_off_asks_for_the_next_one(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(queue, "tell", told.append)
    monkeypatch.setattr(dispatch, "TURN", -1.0)
    make_signature()
    assert dispatch.dispatch_due() == 0
    assert told == ["campaign.dispatch"]
    monkeypatch.setattr(dispatch, "TURN", 10.0)
    assert dispatch.dispatch_due() == 1
    assert told == ["campaign.dispatch"]


def flag() -> Any:
    """That the dispatch has been told and need not be told again."""
    with Redis.from_url(settings.REDIS_URL) as redis:
        return redis.get("petition:told:campaign.dispatch")


def test_while_a_run_goes_on_nobody_is_woken_and_afterwards_somebody_is(
    hook: Webhook, receiver: Receiver
) -> None:
    published: list[str] = []

    def told_meanwhile(handler: BaseHTTPRequestHandler) -> None:
        published.append(str(flag()))
        answer(200)(handler)

    receiver.always = told_meanwhile
    make_signature()
    assert dispatch.dispatch_due() == 1
    assert published == ["b'1'"]
    assert flag() is None


def test_what_is_owed_while_the_last_post_returns_is_sent_by_the_same_run(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_last = dispatch._Run._look_last
    owed: list[Signature] = []

    def owe_one_then_look(run: dispatch._Run) -> bool:
        if not owed:
            owed.append(make_signature())
        return look_last(run)

    monkeypatch.setattr(dispatch._Run, "_look_last", owe_one_then_look)
    make_signature()
    assert dispatch.dispatch_due() == 2


def test_a_webhook_of_a_dead_worker_is_served_when_its_lease_is_over(
    hook: Webhook, receiver: Receiver
) -> None:
    make_signature()
    assert dispatch._take("dead", 8) == [hook]
    hour = timedelta(hours=1)
    for clock in (
        timezone.now() + hour,
        timezone.now(),
    ):  # one that is ahead takes it over no sooner
        with time_machine.travel(clock):
            assert dispatch.dispatch_due() == 0
    ends = Webhook.objects.get().lease_until
    assert ends is not None
    assert timedelta() < ends - timezone.now() <= dispatch.LEASE
    Webhook.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert dispatch.dispatch_due() == 1


def test_who_has_waited_longest_is_served_first(campaign: Campaign) -> None:
    hooks = [make_webhook(campaign, "http://127.0.0.1:1/") for _ in range(3)]
    now = timezone.now()
    for hook, minutes in zip(hooks, (1, 3, 2), strict=True):
        ended = now - timedelta(minutes=minutes)
        Webhook.objects.filter(pk=hook.pk).update(lease_until=ended)
    make_signature(campaign)
    assert dispatch._take("one", 1) == [hooks[1]]
    assert dispatch._take("two", 1) == [hooks[2]]
    assert dispatch._take("three", 8) == [hooks[0]]
    assert dispatch._take("four", 8) == []
