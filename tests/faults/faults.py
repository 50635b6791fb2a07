"""What can break, each as a context: broken inside of it, and at its end what a supervisor mends."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from petition import watchdog
from tests.e2e.product import Process
from tests.faults.load import Load
from tests.faults.next_release.next_1_columns import NEWEST
from tests.faults.rounds import Fault
from tests.faults.system import Clock, System

HOUR = 3600.0

# --- Our processes ---------------------------------------------------------------------------


@contextmanager
def killed(process: Process) -> Iterator[None]:
    """The process and its children die at once; its supervisor starts it again."""
    process.kill()
    try:
        yield
    finally:
        process.start()


@contextmanager
def web_worker_killed(system: System, _load: Load) -> Iterator[None]:
    """One of the two processes that answer dies; nobody but granian itself starts it again."""
    of_web = [pid for pid, it in watchdog.processes().items() if it.parent == system.web.pid]
    os.kill(max(of_web), signal.SIGKILL)
    yield


@contextmanager
def two_schedulers(system: System, _load: Load) -> Iterator[None]:
    second = system.second_beat()
    second.start()
    try:
        yield
    finally:
        second.stop()


@contextmanager
def deploying(system: System, load: Load) -> Iterator[None]:
    """A later release's migrations, a rolling restart, and all the way back, while people sign."""
    system.migrate_to_next()
    try:
        load.go_on(10, at_most=2)
        system.replace_processes()
        yield
    finally:
        system.migrate_to_next(NEWEST)


# --- Redis -----------------------------------------------------------------------------------


@contextmanager
def redis_killed(system: System, _load: Load) -> Iterator[None]:
    """Dies, and comes back with nothing of what it knew."""
    system.redis.kill()
    try:
        yield
    finally:
        system.start_redis()


@contextmanager
def redis_hanging(system: System, _load: Load) -> Iterator[None]:
    system.redis.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        system.redis.signal(signal.SIGCONT)


# --- PostgreSQL ------------------------------------------------------------------------------


@contextmanager
def postgres_killed(system: System, _load: Load) -> Iterator[None]:
    """All of its processes at once; it finds what was committed in its log of changes."""
    system.postgres.kill()
    try:
        yield
    finally:
        system.start_postgres()


@contextmanager
def backend_killed(system: System, _load: Load) -> Iterator[None]:
    """One connection's process; PostgreSQL throws all the others out and recovers by itself."""
    [(pid,)] = system.query(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() ORDER BY backend_start LIMIT 1"
    )
    os.kill(pid, signal.SIGKILL)
    yield


@contextmanager
def disk_full(system: System, _load: Load) -> Iterator[None]:
    """Not a byte is left on the disk of PostgreSQL; then there is room again."""
    with system.full_disk():
        yield
    system.mend_postgres()


# --- The mail server -------------------------------------------------------------------------


@contextmanager
def smtp_away(system: System, _load: Load) -> Iterator[None]:
    system.sink.stop()
    try:
        yield
    finally:
        system.sink.start()


@contextmanager
def smtp_refusing(system: System, answer: str) -> Iterator[None]:
    """Every sender gets this answer, at MAIL FROM: it hears of no recipient."""
    system.sink.refusal = answer
    try:
        yield
    finally:
        system.sink.refusal = ""


@contextmanager
def smtp_hanging(system: System, _load: Load) -> Iterator[None]:
    """Whoever is connected never hears of it again; later connections are answered."""
    system.sink.muted = True
    try:
        yield
    finally:
        system.sink.muted = False


@contextmanager
def smtp_greylisting(system: System, _load: Load) -> Iterator[None]:
    system.sink.greylisting = True
    try:
        yield
    finally:
        system.sink.greylisting = False


@contextmanager
def smtp_dying(system: System, load: Load) -> Iterator[None]:
    """Takes a text, dies instead of saying so, and is away for a while."""
    system.sink.deaths = 1
    load.wait_until(lambda: not system.sink.deaths)
    with smtp_away(system, load):
        yield


@contextmanager
def smtp_dying_midway(system: System, load: Load) -> Iterator[None]:
    """Dies while a text is still being sent, keeps nothing of it, and is away for a while."""
    sink, before = system.sink, len(system.sink.halves)
    sink.cuts = 1
    load.wait_until(lambda: len(sink.halves) > before)
    with smtp_away(system, load):
        [(heard, size)] = sink.halves[before:]
        assert b"Message-ID" in heard
        assert len(heard) < size / 2, "most of the text is still to come"
        yield


# --- Time ------------------------------------------------------------------------------------


@contextmanager
def clock_jumping(clock: Clock, seconds: float) -> Iterator[None]:
    """By so much and, at the end, back again."""
    clock.put(seconds)
    try:
        yield
    finally:
        clock.put(0)


FAULTS = [
    Fault("mail-worker-killed", lambda system, _: killed(system.mail)),
    Fault("worker-killed", lambda system, _: killed(system.worker)),
    Fault("long-worker-killed", lambda system, _: killed(system.long)),
    Fault("web-worker-killed", web_worker_killed),
    Fault("scheduler-killed", lambda system, _: killed(system.beat)),
    Fault("two-schedulers", two_schedulers),
    Fault("deploy", deploying),
    Fault("redis-killed", redis_killed),
    Fault("redis-hanging", redis_hanging),
    Fault("postgres-killed", postgres_killed),
    Fault("backend-killed", backend_killed),
    Fault("disk-full", disk_full),
    Fault("smtp-away", smtp_away),
    Fault("smtp-4xx", lambda system, _: smtp_refusing(system, "451 4.3.2 Later")),
    Fault("smtp-5xx", lambda system, _: smtp_refusing(system, "554 5.7.0 No")),
    Fault("smtp-closing", lambda system, _: smtp_refusing(system, "421 4.3.2 Bye")),
    Fault("smtp-hanging", smtp_hanging),
    Fault("smtp-greylisting", smtp_greylisting, put_off=True),
    Fault("smtp-dying", smtp_dying),
    Fault("smtp-dying-midway", smtp_dying_midway),
    Fault("clock-forward", lambda system, _: clock_jumping(system.clock, HOUR)),
    Fault("clock-back", lambda system, _: clock_jumping(system.clock, -HOUR)),
    Fault("workers-ahead", lambda system, _: clock_jumping(system.clock_of_workers, HOUR)),
    Fault("workers-behind", lambda system, _: clock_jumping(system.clock_of_workers, -HOUR)),
]
