"""Threads that are really at once, each with its own connection, and interleavings forced by hand.

A race test that hopes for luck proves nothing on the day that it passes. `Meanwhile` puts a second
thread exactly between two steps of the first: where no guard holds it, it runs to its end there;
where one does, PostgreSQL says that it waits, and the first goes on.
"""

import threading
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from django.db import connection, connections

PATIENCE = 20.0
"""Seconds after which a thread that neither ends nor waits for a lock is a failure."""


def at_once(calls: Sequence[Callable[[], Any]]) -> list[Any]:
    """Run these in a thread each, let go together; what each returned, or raised."""
    start = threading.Barrier(len(calls))
    outcomes: list[Any] = [None] * len(calls)

    def run(place: int) -> None:
        try:
            start.wait(PATIENCE)
            outcomes[place] = calls[place]()
        except Exception as error:
            outcomes[place] = error
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(3 * PATIENCE)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


class Meanwhile:
    """What happens in another thread the first time that a step of this one is reached.

    ``outcome`` afterwards is what it returned, or the exception it raised; ``waited`` says whether
    a lock of this thread made it wait.
    """

    def __init__(self, act: Callable[[], Any]) -> None:
        self.act = act
        self.outcome: Any = None
        self.waited = False
        self._thread: threading.Thread | None = None
        self._backend = 0
        self._connected = threading.Event()

    def before(self, monkeypatch: pytest.MonkeyPatch, module: object, step: str) -> "Meanwhile":
        """Let it happen when this function of the module is called first, and before it runs."""
        original = getattr(module, step)

        def interrupted(*args: Any, **kwargs: Any) -> Any:
            self.happen()
            return original(*args, **kwargs)

        monkeypatch.setattr(module, step, interrupted)
        return self

    def happen(self) -> None:
        """Start it, once; return when it has ended or waits for a lock."""
        if self._thread is not None:
            return
        self._thread = threading.Thread(target=self._run)
        self._thread.start()
        assert self._connected.wait(PATIENCE)
        for _ in range(int(PATIENCE / 0.01)):
            self._thread.join(0.01)
            if not self._thread.is_alive():
                return
            if self._is_waiting():
                self.waited = True
                return
        raise AssertionError("the other thread neither ends nor waits for a lock")

    def end(self) -> Any:
        """Wait for its end; its outcome."""
        assert self._thread is not None, "the step was never reached"
        self._thread.join(PATIENCE)
        assert not self._thread.is_alive()
        return self.outcome

    def _run(self) -> None:
        try:
            connection.ensure_connection()
            self._backend = connection.connection.info.backend_pid
            self._connected.set()
            self.outcome = self.act()
        except Exception as error:
            self.outcome = error
        finally:
            self._connected.set()
            connections.close_all()

    def _is_waiting(self) -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT cardinality(pg_blocking_pids(%s)) > 0", [self._backend])
            return bool(cursor.fetchone()[0])
