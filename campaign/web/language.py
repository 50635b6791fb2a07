"""Which language a page speaks, read from its request and said in its answer."""

from collections.abc import Sequence

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import locale

from campaign.languages import Speech, choose, offered
from campaign.models.campaign import Campaign


def speak(request: HttpRequest, languages: Sequence[str], preferred: str | None = None) -> Speech:
    """The language of ``?language=``, else ``preferred``, else the browser's, else the first."""
    return choose(
        languages,
        asked=request.GET.get("language"),
        preferred=preferred,
        accept=request.headers.get("Accept-Language"),
    )


def speak_for(request: HttpRequest, campaign: Campaign, preferred: str | None = None) -> Speech:
    """The same on a campaign's pages, out of the languages that they are to be had in."""
    return speak(request, offered(campaign.languages), preferred)


class LocaleMiddleware(locale.LocaleMiddleware):
    """Django's, but for pages alone, and not for one that has said its language itself.

    Django's own adds ``Vary: Accept-Language`` to every answer: a page in the language of its
    address, a number, a list of names would be kept once for every browser's wishes.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        is_page = response.get("Content-Type", "").startswith("text/html")
        if not is_page or response.has_header("Content-Language"):
            return response
        return super().process_response(request, response)
