"""Inputs by the thousand to one place, and what came of them."""

import statistics
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import NamedTuple

from django.db import transaction

from tests.fuzz import SECONDS, judging
from tests.fuzz.fields import Field
from tests.fuzz.web import Answer
from tests.fuzz.world import World

SLOWER, SLOW = 50, 0.5
"""Times the median, and at least so many seconds (an answer from a copy takes a ten-thousandth): as much
work as that again and again is suspicious. Work, not time: on a busy machine whoever waits is slow."""
ENOUGH = 5
"""Failures of one place, after which the rest says nothing new."""
TRIES = 300
"""Requests that making a failing input shorter may take."""


class Took(NamedTuple):
    """Seconds by the clock, and those in which this thread worked."""

    seconds: float
    work: float


@dataclass
class Found:
    """What came of the inputs to one place; times in seconds."""

    name: str
    outcomes: Counter[str] = field(default_factory=Counter)
    times: list[float] = field(default_factory=list)
    works: list[float] = field(default_factory=list)
    slowest: tuple[float, str] = (0.0, "")
    failures: list[str] = field(default_factory=list)


def fuzz(world: World, place: Field, numbers: range, seed: str) -> Found:
    """Send the inputs of these numbers, each made of seed, place and number alone."""
    found, until = Found(place.name), time.monotonic() + SECONDS
    for number in numbers:
        value = place.make(world, Random(f"{seed} {place.name} {number}"))
        said, answer, took = attempt(world, place, value, number, seed)
        found.outcomes[answer.outcome] += 1
        found.times.append(took.seconds)
        found.works.append(took.work)
        found.slowest = max(found.slowest, (took.seconds, f"{number}: {shown(value)}"))
        if not said and took.work > SLOW and _is_slow(found, took.work):
            said = _slow_again(world, place, value, number, seed)
        if said:
            least = shortest(world, place, value, number, seed) if said[:4] != "slow" else value
            where = f"{place.name}, input {number} of seed {seed}"
            found.failures.append(f"{where}: {said}\n    {shown(least)}")
        if len(found.failures) >= ENOUGH or time.monotonic() > until:
            break
    return found


def attempt(
    world: World, place: Field, value: str | bytes, number: int, seed: str
) -> tuple[str, Answer, Took]:
    """What is wrong with the answer to one input, the answer, and its time. Nothing of it stays."""
    rng = Random(f"{seed} {place.name} {number} sent")
    with transaction.atomic():
        began, worked = time.perf_counter(), time.thread_time()
        try:
            answer = place.send(world, value, rng)
        except Exception as error:  # of what is no request: a file handed to a verb
            answer = Answer("raised", broken=f"{type(error).__name__}: {error}")
        took = Took(time.perf_counter() - began, time.thread_time() - worked)
        said = judging.fault(value, answer) or place.check(world, value, answer)
        if not said and place.stores and answer.outcome in {"200", "202"}:
            said = judging.stored_fault()
        transaction.set_rollback(True)
    return said, answer, took


def _slow_again(world: World, place: Field, value: str | bytes, number: int, seed: str) -> str:
    """What is said of a slow input where it is slow beside another one: else the machine was busy."""
    another = place.make(world, Random(f"{seed} {place.name} {number - 1}"))
    pairs = [
        (
            attempt(world, place, value, number, seed)[2].work,
            attempt(world, place, another, number - 1, seed)[2].work,
        )
        for _ in range(3)
    ]
    slow = all(its > max(SLOW, SLOWER * others) for its, others in pairs)
    return "slow, again and again" if slow else ""


def _is_slow(found: Found, work: float) -> bool:
    return len(found.works) > 20 and work > max(SLOW, SLOWER * statistics.median(found.works))


def shortest(world: World, place: Field, value: str | bytes, number: int, seed: str) -> str | bytes:
    """What is left of a failing input when every part is taken out that it fails without."""
    tries, size = 0, max(1, len(value) // 2)
    while size and tries < TRIES:
        at, before = 0, len(value)
        while at < len(value) and tries < TRIES:
            less = value[:at] + value[at + size :]  # type: ignore[operator]
            tries += 1
            if attempt(world, place, less, number, seed)[0]:
                value = less
            else:
                at += size
        if len(value) == before:
            size //= 2
    return value


def shown(value: str | bytes) -> str:
    text = repr(value) if isinstance(value, bytes) else ascii(value)
    return text if len(text) < 300 else f"{text[:300]}... ({len(value)} long)"
