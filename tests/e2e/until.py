"""Waiting for what must happen, with an end: no pause in these tests guesses how long it takes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
STEP = 0.05


def until(look: Callable[[], T], *, within: float = 40.0, what: str = "") -> T:
    """What ``look`` returns, once it is true; an AssertionError after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {within:.0f} s: {what or look} ({seen!r})"
        time.sleep(STEP)
    return seen
