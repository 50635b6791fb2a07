"""How long a public answer may be kept, and by what: the same for pages, API and files."""

import re
from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

from django.utils import timezone
from django.utils.cache import patch_cache_control, patch_vary_headers
from django.utils.http import http_date

MAX_AGE = 5
STALE = 25
"""Seconds; with the copies in front of Django (`copies`) they are below a minute, so that a withdrawn
name is gone everywhere by then."""

# In JSON a quote inside of a text has a backslash before it, so this is never somebody's words.
_AS_OF = re.compile(rb'"as_of":\s*"[^"]*"')


def may_be_kept(response: Any) -> None:
    """Say that anybody may keep this answer for a moment.

    Last-Modified is the time of the answer: the newest change of all that it shows would cost more
    than the answer. So it never makes a 304 (see `web.headers`); the ETag does.
    """
    patch_cache_control(response, public=True, max_age=MAX_AGE, stale_while_revalidate=STALE)
    response["Last-Modified"] = http_date(timezone.now().timestamp())


def chosen_by_browser(response: Any, choices: Iterable[Sequence[str]]) -> None:
    """Say that Accept-Language chose what the answer speaks, each time out of these languages."""
    among = tuple(tuple(languages) for languages in choices)
    if among:
        response.choices = among
        patch_vary_headers(response, ["Accept-Language"])


def choices_of(response: Any) -> tuple[tuple[str, ...], ...]:
    """What `chosen_by_browser` was told; () where the browser had no say."""
    choices: tuple[tuple[str, ...], ...] = getattr(response, "choices", ())
    return choices


def etag_of(content: bytes, media_type: str) -> str:
    """The ETag of an answer: strong, for its exact bytes; of JSON with an ``as_of`` weak, without it.

    Numbers that stayed are the same answer for who has them, whenever they were read.
    """
    if media_type == "application/json":
        content, times = _AS_OF.subn(b"", content)
        if times:
            return f'W/"{_digest(content)}"'
    return f'"{_digest(content)}"'


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()[:32]
