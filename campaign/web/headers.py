"""What is said of every answer, whichever door gave it."""

from collections.abc import Callable

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import http


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


class ConditionalGetMiddleware(http.ConditionalGetMiddleware):
    """Django's, but a 304 only ever comes of an ETag, and a page of another site may read it."""

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        # Last-Modified has seconds and is the time of the answer: asked for a change since, we would
        # say "none" to who has just lost a signer. A server may ignore both (RFC 9110, 13.1).
        for name in ("HTTP_IF_MODIFIED_SINCE", "HTTP_IF_UNMODIFIED_SINCE"):
            request.META.pop(name, None)
        answer: HttpResponseBase = super().process_response(request, response)
        if answer is not response:
            # Who asks by a script of another site and an ETag of its own sees the 304 itself.
            for name, value in response.items():
                if name.startswith("Access-Control-"):
                    answer[name] = value
        return answer
