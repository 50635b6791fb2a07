"""Telling the worker, by a task's name, so that no floor below imports the tasks.

A queue that is down must never cost a signature: whatever is asked of Redis gives up after a quarter
of a second, and a circuit breaker then leaves it alone for a while. What was not told is found by the
sweep, since the work itself stands in rows.

A thousand who tell need one message, so a flag in Redis says that a task has been told and has not
begun. Whoever finds it need not tell; why nothing is missed:

1. Rows are committed, then the flag is asked for.
2. The task takes the flag away, then looks for rows.
3. So whoever found the flag had committed before the task looks, and whoever finds none tells anew.

The flag lives for seconds only, since a message and a worker can be lost; the sweep is the net for
that, as for everything else that Redis forgets.
"""

import logging
import time
from collections.abc import Callable
from functools import lru_cache

from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from kombu.pools import producers
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

TIMEOUT = 0.25
"""Seconds that Redis may take; without a limit a publish held the request 0.6 s and more."""
PAUSE = 5.0
"""Seconds without a try after a failure; the sweep runs as often."""
TOLD = 5
"""Seconds that a flag lives: a lost message then delays its task no longer than the sweep does."""

_quiet_until = 0.0


def tell(task: str) -> bool:
    """Ask the worker to run the task of that name; False when the queue could not be told.

    One message is sent, however many ask, until the task begins (`heard`).
    """

    def once() -> None:
        if _redis().set(_flag(task), 1, ex=TOLD, nx=True):
            _publish(task)

    return _asked(once, task)


def heard(task: str) -> None:
    """Take the flag away: call it when the task begins, and before it looks for its work."""
    _asked(lambda: _redis().delete(_flag(task)), task)


def hold(task: str) -> None:
    """Keep the flag up: a task that goes on looking needs no message.

    Call it again before each look, and `heard` before the last one.
    """
    _asked(lambda: _redis().set(_flag(task), 1, ex=TOLD), task)


def _flag(task: str) -> str:
    return f"petition:told:{task}"


@lru_cache(maxsize=1)
def _redis() -> Redis:
    """Connections of this process, which never try a second time."""
    once = Retry(NoBackoff(), 0)
    return Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT, retry=once
    )


def _publish(task: str) -> None:
    connection = current_app.connection_for_write(
        transport_options={
            **current_app.conf.broker_transport_options,
            "socket_timeout": TIMEOUT,
            "socket_connect_timeout": TIMEOUT,
            # Else kombu connects three times with pauses of 2 s and 4 s, `retry=False` or not.
            "max_retries": 0,
        }
    )
    with producers[connection].acquire(block=True, timeout=TIMEOUT) as producer:
        current_app.send_task(task, producer=producer, retry=False)


def _asked(command: Callable[[], object], task: str) -> bool:
    """Whether Redis could be asked; after a failure it is left alone for a while."""
    global _quiet_until
    if time.monotonic() < _quiet_until:
        return False
    try:
        command()
    except (RedisError, OperationalError, OSError) as error:
        _quiet_until = time.monotonic() + PAUSE
        logger.warning(
            "queue is not to be had (%s); the sweep will find %s", type(error).__name__, task
        )
        return False
    return True
