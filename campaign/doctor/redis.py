"""Redis: whether it is there, keeps the queue, and who may write into it."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from redis import Redis

from campaign.doctor.findings import Finding, fail, ok, wanted, warn

OLDEST = (6, 2)
TIMEOUT = 3.0
NEAR = {"localhost", "127.0.0.1", "::1", None}


def version() -> Iterator[Finding]:
    told = _info()
    text = str(told.get("valkey_version") or told["redis_version"])
    number = tuple(int(part) for part in str(told["redis_version"]).split(".")[:2])
    name = "Valkey" if "valkey_version" in told else "Redis"
    old = fail(f"{name} {text} is too old", "Redis 6.2 or newer, or Valkey, is needed")
    yield wanted(number >= OLDEST, f"{name} {text}", old)


def eviction() -> Iterator[Finding]:
    told = _info()
    policy = told["maxmemory_policy"]
    lost = fail(
        f"maxmemory-policy is {policy}: when it is full, Redis throws messages away",
        "set maxmemory-policy noeviction",
    )
    yield wanted(policy == "noeviction", "maxmemory-policy is noeviction", lost)
    most, used = int(told.get("maxmemory", 0)), int(told["used_memory"])
    if most and used > 0.8 * most:
        yield warn(f"Redis uses {used * 100 // most} % of its maxmemory", "raise maxmemory")


def persistence() -> Iterator[Finding]:
    """The queue may be lost, since work stands in rows; limits and used solutions should not be."""
    told = _info()
    if told.get("rdb_last_bgsave_status") == "err" or told.get("aof_last_write_status") == "err":
        yield fail("Redis cannot write to its disk, and will take no more", "give its disk room")
    forgetful = warn(
        "Redis keeps nothing over a restart: limits begin anew, and a flood has a free minute",
        "set appendonly yes",
    )
    yield wanted(bool(told.get("aof_enabled")), "Redis keeps an append-only file", forgetful)


def access() -> Iterator[Finding]:
    url = urlsplit(settings.REDIS_URL)
    open_to_all = fail(
        "Redis is elsewhere and has no password: who reaches it reads the queue",
        "set requirepass, and name it in REDIS_URL; rediss:// over a network of others",
    )
    near = url.hostname in NEAR
    yield wanted(near or bool(url.password), "Redis asks for a password, or is here", open_to_all)
    yield ok(f"Redis is at {url.hostname}")


def _info() -> dict[str, Any]:
    with Redis.from_url(
        settings.REDIS_URL, socket_timeout=TIMEOUT, socket_connect_timeout=TIMEOUT
    ) as redis:
        told: dict[str, Any] = redis.info()
    return told
