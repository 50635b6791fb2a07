"""Signs of life in Redis: the scheduler's last tick, how each task went, what copies saved.

All processes add to one hash. Redis may lose it: numbers then begin again at zero, as those of a process
that was started again do, and times come back with the next tick.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final

from django.conf import settings

from campaign.line import Line

KEY = "petition:vitals"
TICK = "tick"
SINCE = "since"
"""The first tick of all that are known of."""
LONGEST: Final = {"long": 3600}
"""Seconds for which one task may hold the only worker of a queue; elsewhere CELERY_TASK_TIME_LIMIT."""

_line = Line("vitals")


def ticked() -> None:
    """The scheduler has just handed out a task."""
    now = time.time()

    def note(redis: Any) -> None:
        pipeline = redis.pipeline(transaction=False)
        pipeline.hset(KEY, TICK, now)
        pipeline.hsetnx(KEY, SINCE, now)
        pipeline.execute()

    _line.ask(note, instead=None)


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


def overdue(signs: Mapping[str, float]) -> dict[str, float]:
    """For how many seconds each scheduled task should have ended well by now, 0 in time, by its name.

    In time is two periods, and as long as another task may hold the worker meanwhile. One of which
    no good end is known counts from the first tick, and before that one nothing is late.
    """
    now = time.time()
    since = signs.get(SINCE, now)
    late = {}
    entries: Iterable[dict[str, Any]] = settings.CELERY_BEAT_SCHEDULE.values()
    for entry in entries:
        task = entry["task"]
        queue = settings.CELERY_TASK_ROUTES.get(task, {}).get("queue", "celery")
        patience = 2 * _seconds(entry["schedule"]) + longest(queue)
        late[task] = max(now - signs.get(f"succeeded:{task}", since) - patience, 0.0)
    return late


def longest(queue: str) -> int:
    """Seconds for which one task may hold a worker of that queue."""
    return LONGEST.get(queue, settings.CELERY_TASK_TIME_LIMIT)


def _seconds(schedule: float | timedelta) -> float:
    return schedule.total_seconds() if isinstance(schedule, timedelta) else float(schedule)
