"""How often something comes: counted by every process, added up in Redis.

A process tells Redis of four at a time. So what comes seldom costs no trip at all, and of what comes
often every fourth does; a rate is too low by three for each process at most. It remembers so many names:
beyond, the one that has not come for longest goes, Redis is told what it had not been told of it, and whoever
is new then is asked about at once. Redis lost: each process knows what it has seen itself.
"""

import threading
import time
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from campaign.line import Line

TOLD_AT_ONCE = 4
REMEMBERED = 20_000
"""Names of one length of time that a process keeps: a flood of networks must not fill the memory (5 MB)."""

_line = Line("rates")


@dataclass
class _Seen:
    """One name in one window: as Redis last said of all processes, and what it hasn't been told of."""

    window: int
    told: int = 0
    untold: int = 0
    before: int = 0
    """As many came in the window before."""
    is_unsure: bool = False
    """Whether it may have been forgotten, so that Redis knows more."""

    @property
    def is_due(self) -> bool:
        return self.is_unsure or self.untold >= TOLD_AT_ONCE

    def rate(self, passed: float) -> float:
        """Of the window before, as much counts as hasn't passed of this one."""
        return self.told + self.untold + self.before * (1 - passed)


_Names = OrderedDict[str, _Seen]
"""Last, who came last."""

_seen: defaultdict[int, _Names] = defaultdict(OrderedDict)
"""By the seconds in which they are counted."""
_lock = threading.Lock()


def count(names: Sequence[str], *, seconds: int = 60) -> list[float]:
    """Count one more of each of these; how many of each came within the last ``seconds``, this one too."""
    window, passed = divmod(time.time() / seconds, 1)
    with _lock:
        known = _seen[seconds]
        _forget_old(known, int(window))
        counted = {name: _of(known, name, int(window)) for name in names}
        for each in counted.values():
            each.untold += 1
        due = {name: each for name, each in counted.items() if each.is_due}
        due |= _pushed_out(known)
        more = {name: each.untold for name, each in due.items()}
        for each in due.values():
            each.told, each.untold, each.is_unsure = each.told + each.untold, 0, False
        # Now, since other threads count on: each of them must be one more.
        found = [counted[name].rate(passed) for name in names]
    if not due:
        return found
    _tell(due, more, seconds)
    heard = [due[name].rate(passed) if name in due else 0 for name in names]
    return [max(pair) for pair in zip(found, heard, strict=True)]


def _of(known: _Names, name: str, window: int) -> _Seen:
    seen = known.get(name)
    if seen is None or seen.window != window:
        before = seen.told + seen.untold if seen and seen.window == window - 1 else 0
        is_unsure = seen is None and len(known) >= REMEMBERED
        seen = known[name] = _Seen(window, before=before, is_unsure=is_unsure)
    known.move_to_end(name)
    return seen


def _forget_old(known: _Names, window: int) -> None:
    """Forget what no rate is reckoned from any more: after a flood, what comes seldom is free again."""
    while known and next(iter(known.values())).window < window - 1:
        known.popitem(last=False)


def _pushed_out(known: _Names) -> dict[str, _Seen]:
    """Forget for who is new whoever has not come for longest; those of whom something is untold."""
    pushed = [known.popitem(last=False) for _ in range(len(known) - REMEMBERED)]
    return {name: seen for name, seen in pushed if seen.untold}


def _tell(due: dict[str, _Seen], more: dict[str, int], seconds: int) -> None:
    def add(redis: Any) -> Any:
        pipeline = redis.pipeline(transaction=False)
        for name, n in more.items():
            at = due[name].window
            this, before = (f"petition:rate:{seconds}:{name}:{each}" for each in (at, at - 1))
            pipeline.incrby(this, n).expire(this, 2 * seconds).get(before)
        return pipeline.execute()

    answers: list[Any] = _line.ask(add, instead=[])
    for each, (n, before) in zip(
        due.values(), zip(answers[::3], answers[2::3], strict=True), strict=False
    ):
        # Another thread may have been told of more meanwhile.
        each.told, each.before = max(each.told, n), max(each.before, int(before or 0))
