"""A line to Redis: what is asked while it is there, hangs, is away, and comes back."""

import socket
import time
from typing import Any

import pytest
from django.conf import LazySettings

from campaign import line
from campaign.line import Line

NOWHERE = "redis://127.0.0.1:1/0"


def ping(redis: Any) -> bool:
    return bool(redis.ping())


def never(_redis: Any) -> bool:
    return pytest.fail("it was asked")


def test_a_question_is_answered() -> None:
    assert Line("test").ask(ping, instead=False) is True


def test_without_redis_the_answer_is_what_stands_for_it(settings: LazySettings) -> None:
    settings.REDIS_URL = NOWHERE
    assert Line("test").ask(lambda redis: str(redis.ping()), instead="nothing") == "nothing"


def test_a_redis_that_hangs_is_waited_for_a_quarter_of_a_second_once(
    settings: LazySettings,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:  # takes connections, and never answers
        settings.REDIS_URL = f"redis://127.0.0.1:{hanging.getsockname()[1]}/0"
        began = time.monotonic()
        lost = Line("test")
        assert lost.ask(ping, instead=False) is False
        took = time.monotonic() - began
        assert lost.ask(never, instead=False) is False
    assert line.TIMEOUT <= took < 2 * line.TIMEOUT


def test_after_a_failure_nobody_asks_until_the_pause_is_over_and_then_one(
    settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    theirs, settings.REDIS_URL = settings.REDIS_URL, NOWHERE
    lost = Line("test")
    assert lost.ask(ping, instead=False) is False
    settings.REDIS_URL = theirs
    now += line.PAUSE - 1
    assert lost.ask(never, instead=False) is False
    now += 1

    def slow(redis: Any) -> bool:
        assert lost.ask(never, instead=False) is False  # somebody who comes meanwhile
        return ping(redis)

    assert lost.ask(slow, instead=False) is True
    assert lost.ask(ping, instead=False) is True


def test_a_mistake_of_ours_is_no_loss_of_redis() -> None:
    ours = Line("test")
    with pytest.raises(ZeroDivisionError):
        ours.ask(lambda _redis: 1 // 0, instead=0)
    assert ours.ask(ping, instead=False) is True
