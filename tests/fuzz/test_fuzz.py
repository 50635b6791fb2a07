"""Whatever is typed, sent or handed in: an answer of ours, nothing of theirs in it, nothing broken."""

import statistics
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.core.cache import cache
from redis import Redis

from campaign.api import keys
from tests.fuzz import ONLY, SEED, N
from tests.fuzz.fields import Field
from tests.fuzz.groups import GROUPS
from tests.fuzz.running import Found, fuzz
from tests.fuzz.web import connected
from tests.fuzz.world import World, make_world

SHARE = 10_000
"""Inputs of each place that one process takes on at once."""
WANTED = {
    name: [each for each in places if not ONLY or each.name.startswith(tuple(ONLY))]
    for name, places in GROUPS.items()
}
SHARES = [
    pytest.param(name, range(first, min(N, first + SHARE)), id=f"{name}-{first}")
    for first in range(0, N, SHARE)
    for name, places in WANTED.items()
    if places
]


@pytest.fixture
def world(
    providers: None, own_redis: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> Iterator[World]:
    monkeypatch.setattr(keys, "PER_MINUTE", 10**9)
    monkeypatch.setattr(settings, "RUN_DIR", tmp_path)
    with connected():
        yield make_world()


@pytest.mark.parametrize(("group", "numbers"), SHARES)
def test_no_input_breaks_anything(
    group: str, numbers: range, world: World, own_redis: str, fuzz_row: Callable[[Any], None]
) -> None:
    found = [fuzzed(world, place, numbers, own_redis) for place in WANTED[group]]
    for each in found:
        fuzz_row(row(each))
    failures = [failure for each in found for failure in each.failures]
    assert not failures, "\n".join(failures)  # whole: an assertion of a list is cut


def fuzzed(world: World, place: Field, numbers: range, own_redis: str) -> Found:
    with Redis.from_url(own_redis) as redis:
        redis.flushdb()  # of counters: the place before was asked as often as a flood
    cache.clear()
    return fuzz(world, place, numbers, SEED)


def row(found: Found) -> dict[str, Any]:
    return {
        "name": found.name,
        "outcomes": dict(found.outcomes),
        "seconds": sum(found.times),
        "median": statistics.median(found.times) * 1000,
        "slowest": found.slowest[0] * 1000,
        "failures": len(found.failures),
    }
