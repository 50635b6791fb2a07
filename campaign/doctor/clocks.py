"""Whether all clocks agree: leases, links and the opening go by them."""

import time
from collections.abc import Callable, Iterator

from django.conf import settings
from django.db import connection
from redis import Redis

from campaign.doctor.findings import Finding, fail, ok, warn
from campaign.settling import CLOCKS

FAR = 2.0
"""Seconds that no clock kept by NTP is away."""


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
