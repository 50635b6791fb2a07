"""Limits that hold however many ask at once: a counter a window, raised by one in Redis.

A window is counted by its number since 1970, which stands in the counter's name: no counter is ever
reset, so there is no moment between looking and resetting for others to slip through. Two windows
that meet let twice the limit pass around their border; that is the price of one number each.

Redis lost: each process counts for itself, so that a limit grows by the number of processes instead
of vanishing, and nobody is locked out.
"""

import math
import threading
import time
from dataclasses import dataclass
from typing import Any

from campaign.line import Line

LOCAL = 10_000
"""Counters that a process keeps at most while Redis is lost."""

_line = Line("limits")
_local: dict[str, int] = {}
_lock = threading.Lock()


@dataclass(frozen=True)
class Taken:
    """Whether this one still fits, how many more do, and the seconds until the window ends."""

    allowed: bool
    left: int
    resets_in: int


def take(bucket: str, *, limit: int, seconds: int) -> Taken:
    """Count one more of ``bucket``; at most ``limit`` are allowed in each window of ``seconds``."""
    now = time.time()
    window = int(now // seconds)
    n = _count(_name(bucket, seconds, window), 2 * seconds)
    resets_in = max(1, math.ceil((window + 1) * seconds - now))
    return Taken(allowed=n <= limit, left=max(0, limit - n), resets_in=resets_in)


def give_back(bucket: str, *, seconds: int) -> None:
    """Take back one that was counted in this window, for what is asked only of whoever went wrong."""
    name = _name(bucket, seconds, int(time.time() // seconds))

    def one_less(redis: Any) -> bool:
        redis.pipeline().decr(name).expire(name, 2 * seconds).execute()
        return True

    if not _line.ask(one_less, instead=False):
        _count_here(name, -1)


def _name(bucket: str, seconds: int, window: int) -> str:
    return f"petition:limit:{bucket}:{seconds}:{window}"


def _count(name: str, lives: int) -> int:
    def one_more(redis: Any) -> Any:
        # Atomic; reading and then writing let 16 to 28 of 40 at once through a limit of 5.
        return redis.pipeline().incr(name).expire(name, lives).execute()[0]

    return _line.ask(one_more, instead=0) or _count_here(name)


def _count_here(name: str, more: int = 1) -> int:
    with _lock:
        if len(_local) >= LOCAL and name not in _local:
            _local.clear()  # old windows, mostly; a flood of names must not fill the memory
        _local[name] = _local.get(name, 0) + more
        return _local[name]
