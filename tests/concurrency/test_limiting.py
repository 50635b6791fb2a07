"""A limit is exact, however many ask at once and wherever it is counted."""

import time
from collections import Counter
from functools import partial
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.cache import cache
from django.test import Client

from campaign import limits, line
from campaign.api import keys as door
from campaign.models.api_key import Scope
from tests.concurrency.threads import PATIENCE, at_once
from tests.factories import bearer, make_campaign, make_key

AT_ONCE = 40
LIMIT = 5


@pytest.fixture(autouse=True)
def one_window(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock of the limits stands, so that no window ends while they are counted."""
    monkeypatch.setattr(time, "time", lambda: 1_800_000_015.0)


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forty new connections at once may take longer here than a request would wait."""
    monkeypatch.setattr(line, "TIMEOUT", PATIENCE)


def taken() -> int:
    """How many of AT_ONCE that ask at once are allowed."""
    outcomes = at_once([partial(limits.take, "x", limit=LIMIT, seconds=60)] * AT_ONCE)
    return sum(outcome.allowed for outcome in outcomes)


def read_then_write(name: str, lives: int) -> int:
    """As DRF's own throttle counts: look, add one, write back."""

    def one_more(redis: Any) -> int:
        n = int(redis.get(name) or 0) + 1
        redis.set(name, n, ex=lives)
        return n

    return limits._line.ask(one_more, instead=0)


def test_of_forty_at_once_five_are_let_through() -> None:
    for _round in range(5):
        cache.clear()
        assert taken() == LIMIT


def test_counting_by_reading_and_writing_lets_more_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "_count", read_then_write)
    most = 0
    for _round in range(10):
        cache.clear()
        most = max(most, taken())
    assert most > LIMIT


def test_without_redis_each_process_counts_as_exactly(settings: LazySettings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert taken() == LIMIT


def test_windows_and_buckets_are_counted_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    take = partial(limits.take, limit=1, seconds=60)
    assert [take("a").allowed, take("a").allowed, take("b").allowed] == [True, False, True]
    monkeypatch.setattr(time, "time", lambda: 1_800_000_060.0)
    assert take("a") == limits.Taken(allowed=True, left=0, resets_in=60)


def test_a_flood_of_buckets_without_redis_fills_no_memory(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(limits, "LOCAL", 10)
    for n in range(100):
        limits.take(f"network-{n}", limit=1, seconds=60)
    assert len(limits._local) <= 10


@pytest.mark.django_db(transaction=True)
def test_forty_requests_of_one_key_at_once_get_five_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "PER_MINUTE", LIMIT)
    headers = bearer(make_key(make_campaign(), Scope.READ_PRIVATE))

    def ask() -> Any:
        return Client().get("/api/v1/campaigns/art/private/signatures/0/", headers=headers)

    outcomes = at_once([ask] * AT_ONCE)
    # 404: the door opened, and there is no such signature.
    assert Counter(answer.status_code for answer in outcomes) == {404: LIMIT, 429: AT_ONCE - LIMIT}
    assert all(int(a["Retry-After"]) == 45 for a in outcomes if a.status_code == 429)


@pytest.mark.parametrize("redis", [True, False], ids=["with Redis", "without Redis"])
def test_what_is_given_back_may_be_taken_again(settings: LazySettings, redis: bool) -> None:
    if not redis:
        settings.REDIS_URL = "redis://127.0.0.1:1/0"
    take = partial(limits.take, "given back", limit=2, seconds=60)
    assert [take().allowed, take().allowed] == [True, True]
    limits.give_back("given back", seconds=60)
    assert [take().left, take().allowed] == [0, False]
