"""Who is looking at which signature just now, so that two moderators don't read the same one unknowing.

Said by Redis alone, for as long as somebody goes on looking, and never a lock: whoever decides is told by
the signature's status and revision if somebody else was faster. Redis lost: everybody looks alone.
"""

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from campaign.line import Line

LIVES = 60
"""Seconds that a look lasts when it is not renewed: a browser that was closed says nothing more."""
RENEW = 20
"""Seconds after which a page that is still open says so again."""

_line = Line("presence")


@dataclass(frozen=True)
class Look:
    """Somebody's look at a signature: who, and for how many seconds now."""

    user_id: int
    seconds: int


def look(signature_id: int, user_id: int) -> None:
    """Note that somebody looks at a signature, from now on or still."""
    now = time.time()

    def note(redis: Any) -> None:
        name = _name(signature_id)
        since, seen = _times(redis.hget(name, user_id))
        if seen < now - LIVES:
            since = now
        # The other looks in it have times of their own, so that none lives by this one's renewal.
        redis.pipeline().hset(name, user_id, f"{since} {now}").expire(name, LIVES).execute()

    _line.ask(note, instead=None)


def leave(signature_id: int, user_id: int) -> None:
    """Forget somebody's look."""
    _line.ask(lambda redis: redis.hdel(_name(signature_id), user_id), instead=None)


def others(signature_id: int, user_id: int) -> list[Look]:
    """Who else looks at it, the longest first."""
    return _others([signature_id], user_id)[signature_id]


def taken(signature_ids: Collection[int], user_id: int) -> set[int]:
    """Those of these signatures that somebody else has open."""
    return {pk for pk, looks in _others(signature_ids, user_id).items() if looks}


def _others(signature_ids: Collection[int], user_id: int) -> dict[int, list[Look]]:
    ids = list(signature_ids)

    def read(redis: Any) -> list[Mapping[bytes, bytes]]:
        pipeline = redis.pipeline()
        for pk in ids:
            pipeline.hgetall(_name(pk))
        found: list[Mapping[bytes, bytes]] = pipeline.execute()
        return found

    nobody: list[Mapping[bytes, bytes]] = [{} for _pk in ids]
    found = _line.ask(read, instead=nobody) if ids else nobody
    now = time.time()
    looks: dict[int, list[Look]] = {}
    for pk, fields in zip(ids, found, strict=True):
        times = [(int(who), *_times(value)) for who, value in fields.items()]
        here = [
            Look(who, max(0, int(now - since)))
            for who, since, seen in times
            if who != user_id and seen >= now - LIVES
        ]
        looks[pk] = sorted(here, key=lambda each: -each.seconds)
    return looks


def _times(value: bytes | None) -> tuple[float, float]:
    """Since when, and when last."""
    since, _space, seen = (value or b"0 0").decode().partition(" ")
    return float(since), float(seen)


def _name(signature_id: int) -> str:
    return f"petition:looking:{signature_id}"
