"""How often something comes: counted by every process, added up in Redis.

A process tells Redis of four at a time. So what comes seldom costs no trip at all, and of what comes
often every fourth does; a rate is too low by three for each process at most. Redis lost: each process
knows what it has seen itself.
"""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from campaign.line import Line

TOLD_AT_ONCE = 4
REMEMBERED = 20_000
"""Names that a process keeps at most: a flood of networks must not fill the memory (some 5 MB)."""

_line = Line("rates")
_seen: dict[str, "_Seen"] = {}
_lock = threading.Lock()


@dataclass
class _Seen:
    """One name in one window: as Redis last said of all processes, and what it hasn't been told of."""

    window: int
    told: int = 0
    untold: int = 0
    before: int = 0
    """As many came in the window before."""

    def rate(self, passed: float) -> float:
        """Of the window before, as much counts as hasn't passed of this one."""
        return self.told + self.untold + self.before * (1 - passed)


def count(names: Sequence[str], *, seconds: int = 60) -> list[float]:
    """Count one more of each of these; how many of each came within the last ``seconds``, this one too."""
    window, passed = divmod(time.time() / seconds, 1)
    names = [f"{seconds}:{name}" for name in names]
    with _lock:
        counted = [_of(name, int(window)) for name in names]
        for each in counted:
            each.untold += 1
        due = {
            name: each
            for name, each in zip(names, counted, strict=True)
            if each.untold >= TOLD_AT_ONCE
        }
        more = {name: each.untold for name, each in due.items()}
        for each in due.values():
            each.told, each.untold = each.told + each.untold, 0
        # Now, since other threads count on: each of them must be one more.
        found = [each.rate(passed) for each in counted]
    if not due:
        return found
    _tell(due, more, int(window), seconds)
    heard = [due[name].rate(passed) if name in due else 0 for name in names]
    return [max(pair) for pair in zip(found, heard, strict=True)]


def _of(name: str, window: int) -> _Seen:
    known = _seen.get(name)
    if known is None or known.window != window:
        if len(_seen) >= REMEMBERED:
            _seen.clear()  # those who come often are back with the next four
        before = known.told + known.untold if known and known.window == window - 1 else 0
        known = _seen[name] = _Seen(window, before=before)
    return known


def _tell(due: dict[str, _Seen], more: dict[str, int], window: int, seconds: int) -> None:
    def add(redis: Any) -> Any:
        pipeline = redis.pipeline(transaction=False)
        for name, n in more.items():
            this, before = (f"petition:rate:{name}:{at}" for at in (window, window - 1))
            pipeline.incrby(this, n).expire(this, 2 * seconds).get(before)
        return pipeline.execute()

    answers: list[Any] = _line.ask(add, instead=[])
    for each, (n, before) in zip(
        due.values(), zip(answers[::3], answers[2::3], strict=True), strict=False
    ):
        # Another thread may have been told of more meanwhile.
        each.told, each.before = max(each.told, n), max(each.before, int(before or 0))
