"""Where a monitoring system reads the numbers: with a token, and at the machine's own address."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from campaign import metrics


@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """200 to who sends METRICS_TOKEN as Bearer, 401 to others; 404 where no token is set."""
    if not settings.METRICS_TOKEN:
        return _plain(404, "not found")
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not constant_time_compare(token, settings.METRICS_TOKEN):
        response = _plain(401, "send the token of METRICS_TOKEN")
        response["WWW-Authenticate"] = "Bearer"
        return response
    response = HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)
    response["Cache-Control"] = "no-store"
    return response


def _plain(status: int, said: str) -> HttpResponse:
    response = HttpResponse(f"{said}\n", status=status, content_type="text/plain")
    response["Cache-Control"] = "no-store"
    return response
