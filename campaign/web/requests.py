"""The name of each request, under which its lines stand in the log."""

import logging
import re
import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from campaign import logs, networks

logger = logging.getLogger(__name__)

HEADER = "X-Request-ID"
# As proxies make them. Nothing else: a word of somebody's own would stand in the log for them.
_WELL_FORMED = re.compile(r"[0-9A-Fa-f][0-9A-Fa-f-]{14,62}[0-9A-Fa-f]")
READS = frozenset({"GET", "HEAD", "OPTIONS"})


def name_request(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """A middleware: name the request, write a line of each that changes something, answer its name.

    What everybody may keep is answered without a name: it would be that of whoever came first.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        name, began = _name(request), time.perf_counter()
        with logs.of_request(name):
            response = get_response(request)
            if request.method not in READS:
                _note(request, response, time.perf_counter() - began)
        if "public" not in response.get("Cache-Control", ""):
            response[HEADER] = name
        return response

    return answer


def _name(request: HttpRequest) -> str:
    """The name that a proxy of ours gave it, else a new one."""
    given = request.headers.get(HEADER, "")
    if _WELL_FORMED.fullmatch(given) and networks.is_through_proxy(request):
        return given
    return secrets.token_hex(16)


def _note(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    match = request.resolver_match
    fields = {
        "method": request.method
        if request.method in ("POST", "PUT", "PATCH", "DELETE")
        else "other",
        "route": f"/{match.route}" if match else None,
        "status": response.status_code,
        "ms": round(seconds * 1000, 1),
    }
    logger.info("answered", extra={"fields": fields})
