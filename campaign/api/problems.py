"""Every error of the API as application/problem+json (RFC 9457), with a stable code."""

from collections.abc import Iterator
from typing import Any

from django.core.exceptions import (
    BadRequest,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.http import Http404, HttpRequest, JsonResponse
from django.http.multipartparser import MultiPartParserError
from django.utils.cache import patch_cache_control
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.views import set_rollback

from campaign.errors import (
    AlreadyStarted,
    BadCursor,
    BotCheckRequired,
    CampaignEdited,
    CampaignError,
    ConsentChanged,
    FieldError,
    IdempotencyKeyInvalid,
    InvalidInput,
    KeyRefused,
    NotFound,
    NotReady,
    RateLimited,
)

CONTENT_TYPE = "application/problem+json"
DETAIL_MAX = 200
"""Characters of a sentence that quotes what was sent."""

# DRF's codes, where ours say more.
_CODES = {
    "parse_error": "malformed_json",
    "invalid": "invalid_input",
    "not_acceptable": "not_acceptable",
    "throttled": "rate_limited",
}
# Django's own errors; the first that fits, so the narrower ones stand first.
_DJANGO: dict[type[Exception], tuple[int, str, str | Promise]] = {
    Http404: (404, NotFound.code, NotFound.message),
    PermissionDenied: (403, "permission_denied", _("This is not open to you.")),
    RequestDataTooBig: (413, "too_large", _("The body is too large.")),
    SuspiciousOperation: (400, "bad_request", _("This request cannot be read.")),
    BadRequest: (400, "bad_request", _("This request cannot be read.")),
    MultiPartParserError: (400, "bad_request", _("This request cannot be read.")),
}
# The sentence of templates/500.html.
_BROKEN = _("That was our mistake, not yours. Please try it once more in a moment.")
_TITLES: dict[int, str | Promise] = {
    400: _("Bad request"),
    401: _("Unauthorized"),
    403: _("Forbidden"),
    404: _("Not found"),
    405: _("Method not allowed"),
    406: _("Not acceptable"),
    409: _("Conflict"),
    410: _("Gone"),
    412: _("Precondition failed"),
    413: _("Content too large"),
    415: _("Unsupported media type"),
    422: _("Unprocessable content"),
    429: _("Too many requests"),
    500: _("Internal server error"),
    503: _("Service unavailable"),
}


def every_code() -> dict[str, tuple[int, str]]:
    """Every ``code`` that a problem can have, with its status and its sentence, for who describes them."""
    found = {code: (status, str(message)) for status, code, message in _DJANGO.values()}
    # Raised by DRF itself, as things stand here: keys and origins are refused by errors of our own.
    for error in (
        exceptions.ParseError(),
        exceptions.MethodNotAllowed("DELETE"),
        exceptions.NotAcceptable(),
        exceptions.UnsupportedMediaType("text/plain"),
        exceptions.Throttled(),
    ):
        code = str(error.default_code)
        found[_CODES.get(code, code)] = error.status_code, str(error.detail)
    found["internal_error"] = 500, str(_BROKEN)
    return found | {each.code: (each.status, str(each.message)) for each in _own(CampaignError)}


FIELDS = {BadCursor.code: "cursor", IdempotencyKeyInvalid.code: "Idempotency-Key"}
"""What is named as wrong, the one parameter or header that such an error is about."""
_OF_FORMS = {ConsentChanged, CampaignEdited, AlreadyStarted}


def _own(kind: type[CampaignError]) -> Iterator[type[CampaignError]]:
    """The errors below it with a code of their own, but for those of forms of pages and of the admin."""
    for each in kind.__subclasses__():
        of_forms = each.__module__ != CampaignError.__module__ or each in _OF_FORMS
        if "code" in vars(each) and not of_forms:
            yield each
        yield from _own(each)


def problem(
    status: int, code: str, detail: str, errors: list[FieldError] | None = None
) -> dict[str, Any]:
    """The body of a problem; ``errors`` for a bad input, by themselves where it is of one thing alone."""
    if code in FIELDS:
        errors = [FieldError(FIELDS[code], code, detail)]
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": str(_TITLES.get(status, _("Error"))),
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors is not None:
        body["errors"] = [vars(error) for error in errors]
    return body


def problem_response(error: Exception, context: dict[str, Any]) -> JsonResponse | None:
    """DRF's exception handler; None for what is a bug, which `failure_response` answers then.

    No DRF response: its renderer is the one that was asked for, and a problem is always JSON.
    """
    described = _described(error)
    if described is None:
        return None
    set_rollback()
    return _answer(*described)


def failure_response(error: Exception | None) -> JsonResponse:
    """For what never reached a view, or broke there: Django's own errors; None is a bug."""
    described = _described(error) if error is not None else None
    if described is None:
        described = problem(500, "internal_error", str(_BROKEN)), {}
    return _answer(*described)


def _answer(body: dict[str, Any], headers: dict[str, str]) -> JsonResponse:
    status = body["status"]
    response = JsonResponse(body, status=status, content_type=CONTENT_TYPE, headers=headers)
    # A 404 before the opening must not be kept past it, nor an error of one person shown to others.
    patch_cache_control(response, no_store=True)
    return response


def _described(error: Exception) -> tuple[dict[str, Any], dict[str, str]] | None:
    if isinstance(error, InvalidInput):
        return problem(400, error.code, str(error), error.errors), {}
    if isinstance(error, KeyRefused):
        bearer = ", ".join(filter(None, ('Bearer realm="petition"', error.bearer)))
        return problem(error.status, error.code, str(error)), {"WWW-Authenticate": bearer}
    if isinstance(error, BotCheckRequired):
        refused = problem(error.status, error.code, str(error))
        return {**refused, "challenge": error.challenge}, {}
    if isinstance(error, CampaignError):
        return problem(error.status, error.code, str(error)), _headers(error)
    if isinstance(error, exceptions.ValidationError):
        fields = field_errors(error)
        return problem(400, InvalidInput.code, str(InvalidInput.message), fields), {}
    if isinstance(error, exceptions.APIException):
        codes = error.get_codes()
        code = codes if isinstance(codes, str) else str(error.default_code)
        code = _CODES.get(code, code)
        # DRF quotes what was sent, a header of any length too.
        return problem(error.status_code, code, str(error.detail)[:DETAIL_MAX]), _headers(error)
    for kind, (status, code, detail) in _DJANGO.items():
        if isinstance(error, kind):
            return problem(status, code, str(detail)), {}
    return None


def _headers(error: Exception) -> dict[str, str]:
    if isinstance(error, NotReady | RateLimited):
        return {"Retry-After": str(error.retry_after)}
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
    return failure_response(Http404())
