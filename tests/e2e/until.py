"""Waiting for what must happen, with an end: no pause in these tests guesses how long it takes."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
STEP = 0.05
PATIENCE = 120.0
"""Seconds. Where a machine does nothing else, all of it happens within a few; where three processes
test on two slow ones it has taken 45."""


def until(look: Callable[[], T], *, within: float = PATIENCE, what: str = "") -> T:
    """What ``look`` returns, once it is true; an AssertionError after ``within`` seconds."""
    deadline = time.monotonic() + within
    while not (seen := look()):
        assert time.monotonic() < deadline, f"not within {within:.0f} s: {what or look} ({seen!r})"
        time.sleep(STEP)
    return seen
