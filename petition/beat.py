"""The scheduler: Celery's, for which a clock may jump, and which lets no ticks pile up.

Celery's compares the wall's time with that of each last run: put back by an hour, nothing runs for
that hour. Ticks that expire would be no better than the clocks of two machines agree: of a worker that
is ahead of the scheduler all would be dropped.
"""

import time
from typing import Any

from celery.beat import PersistentScheduler, ScheduleEntry
from django.conf import settings

from campaign.line import Line

JUMP = 1.0
"""Seconds by which the wall's clock may move against the steady one between two ticks."""
MOST_WAITING = 50
"""Messages in a queue from which on no tick is added: a worker that was away for a night would have
thousands to work off, of which each does what the first one did."""

_line = Line("scheduler")


class Scheduler(PersistentScheduler):
    _ahead: float | None = None

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        ahead = time.time() - time.monotonic()
        if self._ahead is None or abs(ahead - self._ahead) > JUMP:
            self._begin_anew()
        self._ahead = ahead
        return super().tick(*args, **kwargs)

    def _begin_anew(self) -> None:
        """Take nothing for having run later than now; at the start too, as a file says when it did."""
        now = self.app.now()
        for entry in self.schedule.values():
            if entry.last_run_at is not None:
                entry.last_run_at = min(entry.last_run_at, now)
        self._heap = None  # its order is by the times of before

    def apply_entry(self, entry: ScheduleEntry, producer: Any = None) -> None:
        queue = settings.CELERY_TASK_ROUTES.get(str(entry.task), {}).get("queue", "celery")
        if _line.ask(lambda redis: redis.llen(queue), instead=0) < MOST_WAITING:
            super().apply_entry(entry, producer=producer)
