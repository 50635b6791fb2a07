"""Whether the process lives, and whether what it needs answers."""

import logging
import secrets
from collections.abc import Callable

from celery import current_app
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from campaign.web.metrics import numbers

logger = logging.getLogger(__name__)

TIMEOUT = 1
"""Seconds for the queue: a probe that hangs is a probe that fails."""


@require_safe
def healthz(_request: HttpRequest) -> HttpResponse:
    return _no_store(HttpResponse("ok", content_type="text/plain"))


@require_safe
def readyz(_request: HttpRequest) -> HttpResponse:
    """200 while database, cache and queue answer, each by name; 503 otherwise."""
    checks: dict[str, Callable[[], None]] = {
        "database": _database,
        "cache": _cache,
        "queue": _queue,
    }
    answers = {name: _answers(name, check) for name, check in checks.items()}
    well = all(answer == "ok" for answer in answers.values())
    return _no_store(JsonResponse(answers, status=200 if well else 503))


def _answers(name: str, check: Callable[[], None]) -> str:
    try:
        check()
    except Exception as error:
        # Whatever it is, the probe must say so instead of failing itself; details stay in the log.
        logger.warning("%s does not answer: %s", name, type(error).__name__)
        return "down"
    return "ok"


def _database() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def _cache() -> None:
    word = secrets.token_hex(8)
    cache.set("readyz", word, timeout=10)
    if cache.get("readyz") is None:
        raise LookupError("the cache does not keep anything")


def _queue() -> None:
    options = {
        **current_app.conf.broker_transport_options,
        "socket_timeout": TIMEOUT,
        "socket_connect_timeout": TIMEOUT,
    }
    with current_app.connection_for_write(transport_options=options) as queue:
        queue.ensure_connection(max_retries=1, interval_start=0, timeout=TIMEOUT)


def _no_store(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    return response


PROBES = {"/healthz": healthz, "/readyz": readyz, "/metrics": numbers}


def answer_probes(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """The first middleware: a probe or a scrape comes by the machine's own address, as plain HTTP, and
    must not be refused for a Host that is none of ours. Nothing else is answered here."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        probe = PROBES.get(request.path_info)
        return probe(request) if probe else get_response(request)

    return answer
