"""Whether all clocks agree, and with the world's: leases, links and the opening go by them."""

import ctypes
import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import connection
from redis import Redis

from campaign.doctor.findings import Finding, fail, ok, wanted, warn
from campaign.settling import CLOCKS

FAR = 2.0
"""Seconds that no clock kept by NTP is away."""
STA_UNSYNC = 0x40
"""Of adjtimex(2): nothing has set this machine's clock for hours, or ever."""


def clocks() -> Iterator[Finding]:
    for name, read in {"PostgreSQL": _of_database, "Redis": _of_redis}.items():
        off = _distance(read)
        said = f"the clock of {name} is {off:.1f} s from ours"
        todo = "let NTP set the clocks of all machines"
        if off > CLOCKS.total_seconds() / 2:
            # The feed of changes waits that long for a late commit, and would miss some.
            yield fail(said, todo)
        elif off > FAR:
            yield warn(said, todo)
        else:
            yield ok(said)


def kernel() -> Iterator[Finding]:
    """Whether anybody sets the clock of this machine: all on one machine agree, however wrong it is."""
    status = _kernel_status()
    if status is None:
        yield warn(
            "whether this machine's clock is set by NTP is unknown",
            "this system cannot be asked: look yourself (`timedatectl`, `chronyc tracking`)",
        )
        return
    unset = warn(
        "nobody sets this machine's clock: it can be hours away unseen",
        "see `timedatectl`; run chrony (with rtcsync) or systemd-timesyncd here or on the host",
    )
    yield wanted(not status & STA_UNSYNC, "this machine's clock is set by NTP", unset)


class _Timex(ctypes.Structure):
    """The head of Linux's struct timex, and more room than its rest needs; of ``modes`` 0 it is only read."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        *((name, ctypes.c_long) for name in ("offset", "freq", "maxerror", "esterror")),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 512),
    )


def _kernel_status() -> int | None:
    """What Linux says of its clock; None elsewhere, or where it may not be asked."""
    read = _Timex()
    try:
        answer = ctypes.CDLL(None).adjtimex(ctypes.byref(read))
    except (AttributeError, OSError, TypeError):
        return None
    return None if answer == -1 else int(read.status)


def _distance(read: Callable[[], float]) -> float:
    """How far it is away, by the middle of asking."""
    read()  # the first one connects
    before = time.time()
    there = read()
    return abs(there - (before + time.time()) / 2)


def _of_database() -> float:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXTRACT(EPOCH FROM clock_timestamp())::float8")
        return float(cursor.fetchone()[0])


def _of_redis() -> float:
    with Redis.from_url(settings.REDIS_URL, socket_timeout=3, socket_connect_timeout=3) as redis:
        seconds, microseconds = redis.time()
    return float(seconds) + float(microseconds) / 1_000_000
