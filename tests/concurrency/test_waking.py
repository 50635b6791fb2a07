"""Somebody signs just as a worker stops looking: their mail is told of all the same."""

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import Settings
from redis import Redis

from campaign import claims, delivery, queue
from campaign.models import Mail
from campaign.models.signature import Status
from campaign.outbox import DELIVER
from tests.concurrency.threads import Meanwhile
from tests.factories import make_campaign, make_signature
from tests.smtp import Sink

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Sink:
    monkeypatch.setattr(delivery, "STAY", 0.3)
    return sink


@pytest.fixture
def somebody(settings: Settings) -> Meanwhile:
    """A second signer; the first has signed, and their message has reached the worker."""
    campaign = make_campaign()
    make_signature(campaign, status=Status.PENDING, email="first@example.org")
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.flushdb()
    return Meanwhile(
        lambda: make_signature(campaign, status=Status.PENDING, email="second@example.org")
    )


def told(settings: Settings) -> int:
    """How many messages wait for the mail worker."""
    with Redis.from_url(settings.REDIS_URL) as redis:
        return int(redis.llen("mail"))


def after_the_last_look(monkeypatch: pytest.MonkeyPatch, act: Callable[[], None]) -> None:
    looks, look = iter([lambda: None, act]), claims.is_due

    def looked(**which: Any) -> bool:
        found = look(**which)
        next(looks)()
        return found

    monkeypatch.setattr(claims, "is_due", looked)


def test_while_a_worker_looks_on_a_mail_needs_no_message(
    sink: Sink, settings: Settings, somebody: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody.before(monkeypatch, delivery, "_send_batch")
    assert delivery.deliver_on() == 2
    assert [mail["To"] for mail in sink.received] == ["first@example.org", "second@example.org"]
    assert sink.sessions == 1
    assert told(settings) == 0


def test_who_signs_just_before_the_flag_goes_is_seen_by_the_last_look(
    sink: Sink, settings: Settings, somebody: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    somebody.before(monkeypatch, queue, "heard")
    assert delivery.deliver_on() == 1
    assert told(settings) == 1


def test_who_signs_after_the_last_look_tells(
    sink: Sink, settings: Settings, somebody: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    after_the_last_look(monkeypatch, somebody.happen)
    assert delivery.deliver_on() == 1
    assert told(settings) == 1


def test_control_looking_before_letting_go_misses_a_mail(
    sink: Sink, settings: Settings, somebody: Meanwhile, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_go = queue.heard
    monkeypatch.setattr(queue, "heard", lambda task: None)

    def sign_then_let_go() -> None:
        somebody.happen()
        let_go(DELIVER)

    after_the_last_look(monkeypatch, sign_then_let_go)
    assert delivery.deliver_on() == 1
    assert Mail.objects.get(status="queued").about.email == "second@example.org"
    assert told(settings) == 0  # until the sweep
