"""Telling the worker, by a task's name, so that no floor below imports the tasks.

A queue that is down must never cost a signature: publishing gives up after a quarter of a second,
and a circuit breaker then leaves the queue alone for a while. Whatever was not told is found by the
sweep, since the work itself stands in rows.
"""

import logging
import time

from celery import current_app
from kombu.exceptions import OperationalError
from kombu.pools import producers

logger = logging.getLogger(__name__)

TIMEOUT = 0.25
"""Seconds that a publish may wait for the queue; without a limit it held the request 0.6 s and more."""
PAUSE = 5.0
"""Seconds without a try after a failure; the sweep runs as often."""

_quiet_until = 0.0


def tell(task: str) -> bool:
    """Ask the worker to run the task of that name; False when the queue could not be told."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return False
    connection = current_app.connection_for_write(
        transport_options={
            **current_app.conf.broker_transport_options,
            "socket_timeout": TIMEOUT,
            "socket_connect_timeout": TIMEOUT,
            # Else kombu connects three times with pauses of 2 s and 4 s, `retry=False` or not.
            "max_retries": 0,
        }
    )
    try:
        with producers[connection].acquire(block=True, timeout=TIMEOUT) as producer:
            current_app.send_task(task, producer=producer, retry=False)
    except (OperationalError, OSError) as error:
        _quiet_until = time.monotonic() + PAUSE
        logger.warning(
            "queue is not to be had (%s); the sweep will find %s", type(error).__name__, task
        )
        return False
    return True
