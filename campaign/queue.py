"""Telling the worker, by a task's name, so that no floor below imports the tasks.

A queue that is down must never cost a signature (see `line`). What was not told is found by the sweep,
since the work itself stands in rows.

A thousand who tell need one message, so a flag in Redis says that a task has been told and has not
begun. Whoever finds it need not tell; why nothing is missed:

1. Rows are committed, then the flag is asked for.
2. The task takes the flag away, then looks for rows.
3. So whoever found the flag had committed before the task looks, and whoever finds none tells anew.

The flag lives for seconds only, since a message and a worker can be lost; the sweep is the net for
that, as for everything else that Redis forgets.
"""

import json
import time
from collections.abc import Callable
from functools import cache
from typing import Any, Final, NamedTuple

from celery import current_app
from celery.signals import before_task_publish
from django.db import connection, transaction
from kombu.exceptions import OperationalError
from kombu.pools import producers

from campaign import logs
from campaign.line import TIMEOUT, Line

TOLD = 5
"""Seconds that a flag lives: a lost message then delays its task no longer than the sweep does."""

SENT_AT: Final = "sent_at"
"""The header of a message that says when it was sent, in seconds since 1970."""

_line = Line("queue")


class Waiting(NamedTuple):
    """What no worker has taken: ``n`` messages, and the seconds that the oldest waits, None if not known."""

    n: int
    age: float | None


@before_task_publish.connect
def stamp(headers: dict[str, Any], **_: object) -> None:
    """Let each message say when it was sent, the scheduler's too."""
    headers[SENT_AT] = time.time()


def tell(task: str) -> bool:
    """Ask the worker to run the task of that name; False when the queue could not be told.

    One message is sent, however many ask, until the task begins (`heard`).
    """

    def once(redis: Any) -> bool:
        if redis.set(_flag(task), 1, ex=TOLD, nx=True):
            _publish(task)
        return True

    return _line.ask(once, instead=False)


def tell_after_commit(task: str) -> None:
    """Tell once this transaction is committed; once, however often it is said."""
    # Robust: the work stands in a row by now, and the sweep finds it whatever goes wrong here.
    if not any(hook[1] is _teller(task) for hook in connection.run_on_commit):
        transaction.on_commit(_teller(task), robust=True)


@cache
def _teller(task: str) -> Callable[[], object]:
    return lambda: tell(task)


def heard(task: str) -> None:
    """Take the flag away: call it when the task begins, and before it looks for its work."""
    _line.ask(lambda redis: redis.delete(_flag(task)), instead=None)


def hold(task: str) -> None:
    """Keep the flag up: a task that goes on looking needs no message.

    Call it again before each look, and `heard` before the last one.
    """
    _line.ask(lambda redis: redis.set(_flag(task), 1, ex=TOLD), instead=None)


def waiting(queues: list[str]) -> dict[str, Waiting] | None:
    """What waits in each queue of the broker; None while Redis is lost.

    Its messages are a list of the queue's name, as none of ours has a priority. They are put in
    front, so the last one is the next, and the oldest.
    """

    def ask(redis: Any) -> dict[str, Waiting]:
        pipeline = redis.pipeline(transaction=False)
        for name in queues:
            pipeline.llen(name)
            pipeline.lindex(name, -1)
        said = pipeline.execute()
        lengths, oldest = said[::2], said[1::2]
        return {
            name: Waiting(int(n), _age(message) if message else 0.0)
            for name, n, message in zip(queues, lengths, oldest, strict=True)
        }

    return _line.ask(ask, instead=None)


def _age(message: bytes) -> float | None:
    """The headers stand beside the body in plain JSON, however that is encoded."""
    try:
        sent = float(json.loads(message)["headers"][SENT_AT])
    except (ValueError, TypeError, LookupError, OverflowError, RecursionError):
        # Of a release before, or not ours at all: it must not cost the other numbers.
        return None
    return max(time.time() - sent, 0.0)


def _flag(task: str) -> str:
    return f"petition:told:{task}"


def _publish(task: str) -> None:
    broker = current_app.connection_for_write(
        transport_options={
            **current_app.conf.broker_transport_options,
            "socket_timeout": TIMEOUT,
            "socket_connect_timeout": TIMEOUT,
            # Else kombu connects three times with pauses of 2 s and 4 s, `retry=False` or not.
            "max_retries": 0,
        }
    )
    try:
        with producers[broker].acquire(block=True, timeout=TIMEOUT) as producer:
            # The worker's lines then name the request that told it.
            headers = {"request_id": logs.request_id.get()}
            current_app.send_task(task, producer=producer, retry=False, headers=headers)
    except OperationalError as error:
        raise ConnectionError from error  # kombu's name for whatever Redis did
