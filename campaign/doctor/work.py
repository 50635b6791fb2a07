"""Scheduler and workers: whether anybody does what is owed."""

import time
from collections.abc import Iterator
from typing import Any

from celery import current_app
from django.conf import settings

from campaign import queue, vitals
from campaign.doctor.findings import Finding, fail, ok, wanted, warn

TICKS = 60
"""Seconds without a tick: the shortest of the schedule is 5."""
ANSWER = 2.0
BACKLOG = 1000
PATIENCE = 900
"""Seconds that a message may wait, as in deploy/alerts.yml: in a large mailing each of the 50 ticks in its
queue takes `delivery.RUN`."""


LOST = fail("signs of life cannot be read: Redis is lost", "mend that first; see redis")
"""Not to be told as a scheduler that is missing: who starts one more has two."""


def scheduler() -> Iterator[Finding]:
    signs = vitals.read()
    if signs is None:
        yield LOST
        return
    ago = time.time() - signs.get(vitals.TICK, 0.0)
    todo = "start it: celery -A petition beat; one, and not more"
    if vitals.TICK not in signs:
        yield fail("nobody knows of a scheduler", todo)
    else:
        said = f"the scheduler ticked {ago:.0f} s ago"
        yield wanted(ago <= TICKS, said, fail(said, todo))


def tasks() -> Iterator[Finding]:
    """Whether each scheduled task ends well, and in its time."""
    signs = vitals.read()
    if signs is None:
        yield LOST
        return
    if vitals.TICK not in signs:
        yield fail("nobody hands out the scheduled tasks", "start the scheduler")
        return
    overdue = vitals.overdue(signs)
    late = sorted(task for task, seconds in overdue.items() if seconds)
    broken = {
        task: signs[f"failed:{task}"]
        for task in sorted(overdue)
        if f"failed:{task}" in signs and f"succeeded:{task}" not in signs
    }
    todo = "look for them in the workers' logs; /metrics counts their failures"
    if late:
        yield fail(f"have not ended well when they should: {', '.join(late)}", todo)
    if broken:
        said = ", ".join(f"{task} ({n:.0f} times)" for task, n in broken.items())
        yield fail(f"have failed, and never ended well: {said}", todo)
    if not (late or broken):
        yield ok("no scheduled task is late")


def workers() -> Iterator[Finding]:
    """Whether a worker listens to each queue, asked of the workers themselves."""
    answers: Any = current_app.control.inspect(timeout=ANSWER).active_queues() or {}
    heard = {each["name"] for queues in answers.values() for each in queues}
    names = sorted(each.name for each in settings.CELERY_TASK_QUEUES)
    waiting = queue.waiting(names) or {}
    for name in names:
        todo = f"start one: celery -A petition worker --queues {name}"
        deaf = fail(f"no worker listens to the queue {name}", todo)
        yield wanted(name in heard, f"a worker listens to the queue {name}", deaf)
        n, age = waiting.get(name, (0, None))
        if n > BACKLOG or (age or 0) > max(vitals.longest(name), PATIENCE):
            since = "" if age is None else f", the oldest for {age / 60:.0f} min"
            yield warn(f"{n} messages wait in the queue {name}{since}", "start more workers")
