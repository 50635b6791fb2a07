"""Every error of the API as application/problem+json (RFC 9457), with a stable code."""

from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest, JsonResponse
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from campaign.errors import CampaignError, FieldError, InvalidInput

CONTENT_TYPE = "application/problem+json"

# DRF's codes, where ours say more.
_CODES = {
    "parse_error": "malformed_json",
    "invalid": "invalid_input",
    "not_acceptable": "not_acceptable",
    "throttled": "rate_limited",
}
_TITLES = {
    400: "Bad request",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict",
    410: "Gone",
    413: "Content too large",
    415: "Unsupported media type",
    422: "Unprocessable content",
    429: "Too many requests",
    500: "Internal server error",
}


def problem(
    status: int, code: str, detail: str, errors: list[FieldError] | None = None
) -> dict[str, Any]:
    """The body of a problem; ``errors`` for a bad input."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(status, "Error"),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors is not None:
        body["errors"] = [vars(error) for error in errors]
    return body


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; None for what is a bug, which Django then answers with 500."""
    status, body, headers = _described(error)
    if status is None:
        return None
    set_rollback()
    response = Response(body, status=status, content_type=CONTENT_TYPE, headers=headers)
    # A 404 before the opening must not be kept past it, nor an error of one person shown to others.
    patch_cache_control(response, no_store=True)
    return response


def _described(error: Exception) -> tuple[int | None, dict[str, Any], dict[str, str]]:
    if isinstance(error, InvalidInput):
        return 400, problem(400, error.code, str(error), error.errors), {}
    if isinstance(error, CampaignError):
        return error.status, problem(error.status, error.code, str(error)), {}
    if isinstance(error, Http404):
        return 404, problem(404, "not_found", "There is nothing here."), {}
    if isinstance(error, RequestDataTooBig):
        return 413, problem(413, "too_large", "The body is too large."), {}
    if isinstance(error, SuspiciousOperation):
        return 400, problem(400, "bad_request", "This request cannot be read."), {}
    if isinstance(error, exceptions.ValidationError):
        fields = field_errors(error)
        return 400, problem(400, InvalidInput.code, str(InvalidInput.message), fields), {}
    if isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        code = codes if isinstance(codes, str) else str(error.default_code)
        code = _CODES.get(code, code)
        return (
            error.status_code,
            problem(error.status_code, code, str(error.detail)),
            _headers(error),
        )
    return None, {}, {}


def _headers(error: exceptions.APIException) -> dict[str, str]:
    wait = getattr(error, "wait", None)
    return {"Retry-After": str(int(wait) + 1)} if wait is not None else {}


def field_errors(error: exceptions.ValidationError) -> list[FieldError]:
    """A serializer's mistakes as ours."""
    detail: Any = error.detail if isinstance(error.detail, dict) else {"": error.detail}
    return [
        FieldError("" if field == "non_field_errors" else field, str(each.code), str(each))
        for field, mistakes in detail.items()
        for each in mistakes
    ]


@csrf_exempt
def not_found(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
    """For paths below /api/ that are none, POST too: no API path asks for a CSRF token."""
    body = problem(404, "not_found", "There is nothing here.")
    response = JsonResponse(body, status=404, content_type=CONTENT_TYPE)
    patch_cache_control(response, no_store=True)
    return response
