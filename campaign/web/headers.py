"""What is said of every answer, whichever door gave it."""

from collections.abc import Callable
from functools import cache
from typing import Any, TypeGuard

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.cache import get_conditional_response, patch_vary_headers

from campaign.compression import compressed, is_worth_it, takes_gzip, weak
from campaign.freshness import etag_of
from campaign.web.confined import ADMIN


def reserve_mining(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """``tdm-reservation: 1`` on all answers, errors too (W3C TDM Reservation Protocol).

    A middleware and no word of each view: what is forgotten in one view would not be reserved.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        response["tdm-reservation"] = "1"
        return response

    return answer


def hide(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """What nobody may keep nobody may find either: ``noindex`` on it, and on all of the admin.

    A middleware as well: what one door forgets, its problems too, a search engine would remember.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        private = "no-store" in response.get("Cache-Control", "")
        if private or request.path_info.startswith(ADMIN):
            response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answer


def compress(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Public answers in gzip for who takes it; copies are compressed where they are kept (`front`)."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if (
            isinstance(response, HttpResponse)
            and response.content
            and "Accept-Encoding" in response.get("Vary", "")
            and takes_gzip(request.META.get("HTTP_ACCEPT_ENCODING"))
        ):
            response.content = compressed(response.content)
            response["Content-Encoding"] = "gzip"
            response["Content-Length"] = str(len(response.content))
            response["ETag"] = weak(response["ETag"])
        return response

    return answer


class PolicyMiddleware(CSPMiddleware):
    """django-csp's, which builds the policy of the settings anew, twice, for every answer; once here.

    That was 45 µs of 350 that a refused POST costs. An answer with a policy of its own (the admin's,
    the API's page) still goes through all of it.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        own = any(name.startswith("_csp_") for name in (*vars(response), *vars(request)))
        if own or settings.DEBUG:
            changed: HttpResponseBase = super().process_response(request, response)
            return changed
        if HEADER not in response:
            response[HEADER] = _policy()
        return response


@cache
def _policy() -> str:
    policy: str = build_policy()
    return policy


def answer_conditions(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """An ETag on what may be kept, and 304 to who has it already, by GET and HEAD alike.

    What may be compressed as well says so by its ``Vary``.

    A 304 only ever comes of an ETag: Last-Modified has seconds, and two changes may share one. Asked
    for a change since, we would say "none" to who has just lost a signer. The whole answer is never
    wrong, only longer.
    """

    def answer(request: HttpRequest) -> HttpResponseBase:
        for name in ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"):
            request.META.pop(name, None)
        response = get_response(request)
        if request.method not in ("GET", "HEAD") or not _wants_etag(response):
            return response
        etag = response.get("ETag") or _etag(response)
        response["ETag"] = etag
        if _may_be_compressed(response):
            patch_vary_headers(response, ["Accept-Encoding"])
        given = get_conditional_response(request, etag, response=response) or response
        if given is not response:
            # Who asks by a script of another site and an ETag of its own sees the 304 itself.
            for name, value in response.items():
                if name.startswith("Access-Control-"):
                    given[name] = value
        return given

    return answer


def _wants_etag(response: Any) -> TypeGuard[HttpResponse]:
    return (
        isinstance(response, HttpResponse)
        and bool(response.content)
        and "no-store" not in response.get("Cache-Control", "")
    )


def _etag(response: HttpResponse) -> str:
    return etag_of(response.content, response.get("Content-Type", "").partition(";")[0])


def _may_be_compressed(response: HttpResponse) -> bool:
    media_type = response.get("Content-Type", "").partition(";")[0]
    is_public = "public" in response.get("Cache-Control", "")
    return is_public and is_worth_it(media_type, len(response.content))
