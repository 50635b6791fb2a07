"""The lines to Redis, which may be lost at any time: a short wait, and silence after a failure.

Whoever asks says what stands for the answer meanwhile, so that no request fails or waits for Redis.
"""

import logging
import time
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from django.conf import settings
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)

T = TypeVar("T")

TIMEOUT = 0.25
"""Seconds that a question may take."""
PAUSE = 5.0
"""Seconds without a question after a failure; the sweep runs as often."""


class Line:
    """What one room of this process asks Redis; ``purpose`` is its name in the log."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose
        self._quiet_until = 0.0

    def ask(self, question: Callable[[Any], T], *, instead: T) -> T:
        """The answer to a question, or ``instead`` while Redis is lost."""
        now = time.monotonic()
        if now < self._quiet_until:
            return instead
        if self._quiet_until:
            # After a failure one caller tries, while the others go on without.
            self._quiet_until = now + PAUSE
        try:
            answer = question(_client(settings.REDIS_URL, TIMEOUT))
        except (RedisError, OSError) as error:
            self._quiet_until = time.monotonic() + PAUSE
            logger.warning("%s: no Redis for a while (%s)", self._purpose, type(error).__name__)
            return instead
        self._quiet_until = 0.0
        return answer

    def is_first(self, name: str, *, seconds: float) -> bool:
        """Whether nobody has asked this of the name within that time: of two at once, one is the first.

        While Redis is lost everybody is.
        """
        px = max(int(seconds * 1000), 1)
        return bool(self.ask(lambda redis: redis.set(name, b"", nx=True, px=px), instead=True))


@lru_cache(maxsize=8)
def _client(url: str, timeout: float) -> Any:
    """Connections of this process."""
    # Without `retry` redis-py tries ten times, with pauses.
    once = Retry(NoBackoff(), 0)
    return Redis.from_url(url, socket_timeout=timeout, socket_connect_timeout=timeout, retry=once)
