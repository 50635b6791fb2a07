"""Copies of public answers in Redis, which every process of every web server shares.

Redis lost (see `line`): the shelf is empty, and every claim on it is granted.

A text is sealed with its key and SECRET_KEY: what anybody else wrote there, another installation or
who has got into Redis, is as if it were not there, and never stands on our pages.
"""

from typing import Any

from django.utils.crypto import constant_time_compare, salted_hmac

from campaign.line import Line

LIFE = 5.0
"""Seconds that a copy stays, counted from when its reading began."""
_SEAL = 32
"""Bytes of a seal."""


class Shelf:
    """Texts by their keys, with their ages, and one claim a key."""

    def __init__(self) -> None:
        self._line = Line("copies")

    def find(self, key: str) -> tuple[bytes, float] | None:
        """The text and its age in seconds, by the clock of Redis alone; None where there is none."""

        def get(redis: Any) -> Any:
            # In one transaction: a newer text between the two would lend the old one its age.
            return redis.pipeline().get(_text(key)).pttl(_text(key)).execute()

        sealed, left = self._line.ask(get, instead=(None, 0))
        text = _opened(key, sealed) if sealed is not None else None
        return (text, LIFE - left / 1000) if text is not None else None

    def put(self, key: str, text: bytes, *, age: float) -> None:
        """Keep a text whose reading began ``age`` seconds ago."""
        left = int((LIFE - age) * 1000)
        if left > 0:
            sealed = _seal(key, text) + text
            self._line.ask(lambda redis: redis.set(_text(key), sealed, px=left), instead=None)

    def claim(self, key: str, *, seconds: float) -> bool:
        """Whether the caller is the one who reads this key anew; nobody else is for that long."""
        return self._line.is_first(_claim(key), seconds=seconds)

    def release(self, key: str) -> None:
        """Let others try at once, since the caller's reading gave nothing to keep."""
        self._line.ask(lambda redis: redis.delete(_claim(key)), instead=None)


def _seal(key: str, text: bytes) -> bytes:
    mac = salted_hmac("campaign.shelf", key.encode() + b"\0" + text, algorithm="sha256")
    return bytes(mac.digest())


def _opened(key: str, sealed: bytes) -> bytes | None:
    """The text that we sealed for that key; None of any other."""
    seal, text = sealed[:_SEAL], sealed[_SEAL:]
    return text if constant_time_compare(seal, _seal(key, text)) else None


def _text(key: str) -> str:
    # The number is that of the text's form: a process of the release before reads its own only.
    return f"petition:copy:2:{key}"


def _claim(key: str) -> str:
    return f"petition:claim:{key}"
