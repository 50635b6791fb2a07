"""Scheduler and workers: whether anybody does what is owed."""

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from celery import current_app
from django.conf import settings

from campaign import vitals
from campaign.doctor.findings import Finding, fail, ok, wanted, warn

TICKS = 60
"""Seconds without a tick: the shortest of the schedule is 5."""
SLACK = 120
"""Seconds that a task may take, or wait for a worker, beside twice its schedule."""
ANSWER = 2.0
BACKLOG = 1000


def scheduler() -> Iterator[Finding]:
    signs = vitals.read() or {}
    ago = time.time() - signs.get(vitals.TICK, 0.0)
    todo = "start it: celery -A petition beat; one, and not more"
    if vitals.TICK not in signs:
        yield fail("nobody knows of a scheduler", todo)
    else:
        said = f"the scheduler ticked {ago:.0f} s ago"
        yield wanted(ago <= TICKS, said, fail(said, todo))


def tasks() -> Iterator[Finding]:
    """When each scheduled task last ended well."""
    signs, late = vitals.read() or {}, []
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        ended = signs.get(f"succeeded:{entry['task']}")
        every = _seconds(entry["schedule"])
        # One that has not been due since the first start has nothing to show yet.
        due = 2 * every + SLACK
        if (ended is None and every <= SLACK) or (ended and time.time() - ended > due):
            late.append(str(entry["task"]))
    if late:
        todo = "look for them in the workers' logs; /metrics counts their failures"
        yield fail(f"have not ended well when they should: {', '.join(sorted(set(late)))}", todo)
    else:
        yield ok("every scheduled task has ended well in its time")


def workers() -> Iterator[Finding]:
    """Whether a worker listens to each queue, asked of the workers themselves."""
    answers: Any = current_app.control.inspect(timeout=ANSWER).active_queues() or {}
    heard = {queue["name"] for queues in answers.values() for queue in queues}
    waiting = vitals.waiting([queue.name for queue in settings.CELERY_TASK_QUEUES]) or {}
    for name in sorted(queue.name for queue in settings.CELERY_TASK_QUEUES):
        todo = f"start one: celery -A petition worker --queues {name}"
        deaf = fail(f"no worker listens to the queue {name}", todo)
        yield wanted(name in heard, f"a worker listens to the queue {name}", deaf)
        if waiting.get(name, 0) > BACKLOG:
            yield warn(f"{waiting[name]} messages wait in the queue {name}", "start more workers")


def _seconds(schedule: Any) -> float:
    return schedule.total_seconds() if isinstance(schedule, timedelta) else float(schedule)
