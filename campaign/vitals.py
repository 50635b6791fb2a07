"""Signs of life in Redis: the scheduler's last tick, how each task went, what copies saved.

All processes add to one hash. Redis may lose it: numbers then begin again at zero, as those of a process
that was started again do, and times come back with the next tick.
"""

import time
from collections.abc import Mapping
from typing import Any

from campaign.line import Line

KEY = "petition:vitals"
TICK = "tick"

_line = Line("vitals")


def ticked() -> None:
    """The scheduler has just handed out a task."""
    _line.ask(lambda redis: redis.hset(KEY, TICK, time.time()), instead=None)


def succeeded(task: str) -> None:
    """A task has just ended well."""
    _line.ask(lambda redis: redis.hset(KEY, f"succeeded:{task}", time.time()), instead=None)


def failed(task: str) -> None:
    """A task has ended in an error or at its time limit."""
    count({f"failed:{task}": 1})


def count(more: Mapping[str, int]) -> None:
    """Add to numbers, in one trip."""

    def add(redis: Any) -> None:
        pipeline = redis.pipeline(transaction=False)
        for name, n in more.items():
            pipeline.hincrby(KEY, name, n)
        pipeline.execute()

    _line.ask(add, instead=None)


def read() -> dict[str, float] | None:
    """Every sign by its name, times in seconds since 1970; None while Redis is lost."""

    def ask(redis: Any) -> dict[str, float]:
        return {name.decode(): float(said) for name, said in redis.hgetall(KEY).items()}

    return _line.ask(ask, instead=None)


def waiting(queues: list[str]) -> dict[str, int] | None:
    """How many messages wait in each queue of the broker; None while Redis is lost."""

    def ask(redis: Any) -> dict[str, int]:
        return {name: int(redis.llen(name)) for name in queues}

    return _line.ask(ask, instead=None)
