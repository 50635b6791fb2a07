"""How long a public answer may be kept: the same for pages, API and files."""

from typing import Any

from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.http import http_date

MAX_AGE = 5
STALE = 25
"""Seconds; both together are below a minute, so that a withdrawn name is gone everywhere by then."""


def may_be_kept(response: Any) -> None:
    """Say that anybody may keep this answer for a moment.

    Last-Modified is the time of the answer: the newest change of all that it shows would cost more
    than the answer. So it never makes a 304 (see `web.headers`); the ETag does.
    """
    patch_cache_control(response, public=True, max_age=MAX_AGE, stale_while_revalidate=STALE)
    response["Last-Modified"] = http_date(timezone.now().timestamp())
