"""How what receivers answer is sorted: tried again, rested, given up."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from campaign import dispatch, webhooks
from campaign.models import Webhook, WebhookDelivery
from tests.factories import make_signature
from tests.receiver import Receiver, answer, due_again, log, receiving

pytestmark = pytest.mark.django_db

# --- What is answered ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500])
def test_another_answer_than_2xx_is_tried_again_later(
    hook: Webhook, receiver: Receiver, status: int
) -> None:
    receiver.answers = [answer(status, Location="http://127.0.0.1:1/")]
    make_signature()
    assert dispatch.dispatch_due() == 0
    assert log() == [("deferred", 1, status, f"answered {status}")]
    due = WebhookDelivery.objects.get().due_at - timezone.now()
    assert 7 < due.total_seconds() <= 12
    hook.refresh_from_db()
    assert hook.rests_until is None  # the message may be what it doesn't like

    due_again()
    assert dispatch.dispatch_due() == 1
    assert log() == [("delivered", 2, 200, "")]
    hook.refresh_from_db()
    assert (hook.failures, hook.failing_since) == (0, None)


def test_the_pauses_grow_and_after_ten_tries_it_has_failed(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "_jittered", lambda pause: pause)
    receiver.always = answer(500)
    make_signature()
    pauses = []
    while WebhookDelivery.objects.filter(status__in=("queued", "deferred")).exists():
        before = timezone.now()
        dispatch.dispatch_due()
        pauses.append((WebhookDelivery.objects.get().due_at - before).total_seconds())
        due_again()
    hours = [round(pause / 3600, 1) for pause in pauses[3:-1]]
    assert [round(pause) for pause in pauses[:3]] == [10, 60, 300]
    assert hours == [0.5, 2.0, 8.0, 24.0, 24.0, 24.0]
    assert log() == [("failed", 10, 500, "answered 500")]
    assert len(receiver.posts) == 10


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_receiver_that_is_overloaded_rests(
    hook: Webhook, receiver: Receiver, status: int
) -> None:
    receiver.always = answer(status)
    for _ in range(12):
        make_signature()
    dispatch.dispatch_due()
    assert len(receiver.posts) <= dispatch.LANES
    hook.refresh_from_db()
    assert hook.rests_until is not None
    assert 7 < (hook.rests_until - timezone.now()).total_seconds() <= 12
    untouched = WebhookDelivery.objects.filter(attempts=0, status="queued").count()
    assert untouched == 12 - len(receiver.posts)
    assert dispatch.dispatch_due() == 0


def test_a_receiver_may_say_when_it_wants_to_be_asked_again(
    hook: Webhook, receiver: Receiver
) -> None:
    receiver.always = answer(503, Retry_After="120")
    make_signature()
    dispatch.dispatch_due()
    hook.refresh_from_db()
    assert hook.rests_until is not None
    assert 115 < (hook.rests_until - timezone.now()).total_seconds() <= 120


def test_who_rests_is_asked_by_one_post_before_all_lanes_open_again(
    hook: Webhook, receiver: Receiver
) -> None:
    receiver.always = answer(503)
    for _ in range(12):
        make_signature()
    dispatch.dispatch_due()
    asked = len(receiver.posts)
    rests = []
    for _ in range(4):
        due_again()
        dispatch.dispatch_due()
        asked += 1
        assert len(receiver.posts) == asked
        hook.refresh_from_db()
        assert hook.rests_until is not None
        rests.append((hook.rests_until - timezone.now()).total_seconds())
    assert [rest > low for rest, low in zip(rests, (20, 40, 200, 200), strict=True)] == [True] * 4
    receiver.always = answer(200)
    due_again()
    assert dispatch.dispatch_due() == 12


def test_gone_switches_the_webhook_off(hook: Webhook, receiver: Receiver) -> None:
    receiver.always = answer(410)
    make_signature()
    dispatch.dispatch_due()
    hook.refresh_from_db()
    assert (hook.active, hook.note[:23]) == (False, "The receiver answered 4")
    assert log() == [("failed", 1, 410, "answered 410")]
    make_signature()
    assert WebhookDelivery.objects.count() == 1


# --- What is changed while it goes on --------------------------------------------------------


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "LANES", 1)
    monkeypatch.setattr(dispatch, "LOOK", 0.0)


def after_the_first_answer(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let somebody do that when the first answer is there and not yet noted."""
    settle, acts = dispatch._settle, [act]

    def settle_later(*args: Any) -> bool:
        if acts:
            acts.pop()()
        return settle(*args)

    monkeypatch.setattr(dispatch, "_settle", settle_later)


def lead_to(hook: Webhook, url: str, *, active: bool = True) -> None:
    webhooks.change(webhook=hook, url=url, events=hook.events, active=active)


@pytest.mark.usefixtures("one_by_one")
def test_where_it_led_before_nothing_more_is_sent(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature()
    make_signature()
    with receiving() as other:
        after_the_first_answer(monkeypatch, lambda: lead_to(hook, other.url))
        assert dispatch.dispatch_due() == 2
        assert (len(receiver.posts), len(other.posts)) == (1, 1)


@pytest.mark.usefixtures("one_by_one")
def test_once_it_is_off_nothing_more_is_sent(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature()
    make_signature()
    after_the_first_answer(monkeypatch, lambda: lead_to(hook, hook.url, active=False))
    assert dispatch.dispatch_due() == 1
    assert len(receiver.posts) == 1
    assert [status for status, *_rest in log()] == ["delivered", "queued"]


def test_what_the_receiver_before_says_switches_the_new_one_not_off(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.always = answer(410)
    make_signature()
    with receiving() as other:
        after_the_first_answer(monkeypatch, lambda: lead_to(hook, other.url))
        dispatch.dispatch_due()
        hook.refresh_from_db()
        assert (hook.active, hook.note, hook.url) == (True, "", other.url)


# --- Who is given up -------------------------------------------------------------------------


def test_after_five_days_of_failures_it_is_switched_off_and_says_why(
    hook: Webhook, receiver: Receiver
) -> None:
    receiver.always = answer(500)
    make_signature()
    began = timezone.now()
    dispatch.dispatch_due()
    with time_machine.travel(began + timedelta(days=4, hours=23)):
        due_again()
        dispatch.dispatch_due()
        hook.refresh_from_db()
        assert hook.active
    with time_machine.travel(began + timedelta(days=5, minutes=1)):
        due_again()
        dispatch.dispatch_due()
        hook.refresh_from_db()
        assert not hook.active
        assert hook.note == f"Nothing has been delivered since {began:%Y-%m-%d %H:%M} UTC."
        assert dispatch.dispatch_due() == 0

    webhooks.change(webhook=hook, url=hook.url, events=hook.events, active=True)
    hook.refresh_from_db()
    assert (hook.active, hook.note, hook.failing_since) == (True, "", None)


def test_a_success_in_between_begins_the_five_days_anew(hook: Webhook, receiver: Receiver) -> None:
    receiver.answers = [answer(500), answer(200), answer(500)]
    began = timezone.now()
    make_signature()
    dispatch.dispatch_due()
    with time_machine.travel(began + timedelta(days=4)):
        due_again()
        dispatch.dispatch_due()
    with time_machine.travel(began + timedelta(days=6)):
        make_signature()
        dispatch.dispatch_due()
        hook.refresh_from_db()
        assert hook.active


def test_two_failures_with_nothing_tried_between_are_no_five_days_of_failures(
    hook: Webhook, receiver: Receiver
) -> None:
    receiver.always = answer(500)
    began = timezone.now()
    make_signature()
    for _ in range(10):
        due_again()
        dispatch.dispatch_due()
    assert log() == [("failed", 10, 500, "answered 500")]
    later = began + timedelta(days=7)
    with time_machine.travel(later, tick=False):
        make_signature()
        dispatch.dispatch_due()
        hook.refresh_from_db()
        assert (hook.active, hook.note, hook.failing_since) == (True, "", later)
    assert len(receiver.posts) == 11


def test_a_failure_a_day_is_nothing_but_failures(hook: Webhook, receiver: Receiver) -> None:
    receiver.always = answer(500)
    began = timezone.now()
    for day in range(6):
        with time_machine.travel(began + timedelta(days=day, minutes=day), tick=False):
            hook.refresh_from_db()
            assert hook.active
            WebhookDelivery.objects.filter(status="deferred").update(status="failed")
            make_signature()
            dispatch.dispatch_due()
    hook.refresh_from_db()
    assert hook.note == f"Nothing has been delivered since {began:%Y-%m-%d %H:%M} UTC."
    assert not hook.active
