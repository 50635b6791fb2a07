"""How the pages answer: rendering, who may keep an answer, and the errors as pages of their own."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.csrf import csrf_exempt

from campaign.errors import CampaignError
from campaign.freshness import chosen_by_browser, may_be_kept
from campaign.languages import Speech, direction, own_name, site_languages
from campaign.sources import well_formed
from campaign.web.language import speak

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

TITLES: dict[str, str | Promise] = {
    "token_invalid": _("This link does not work"),
    "token_expired": _("This link is too old"),
    "signature_gone": _("This signature is gone"),
    "report_gone": _("This report is gone"),
    "nothing_held": _("Nothing is held any more"),
    "question_gone": _("No answer is needed any more"),
    "link_gone": _("This link does not work any more"),
    "changed_meanwhile": _("This signature has changed"),
    "not_open_yet": _("Not open yet"),
    "campaign_closed": _("Signing has ended"),
    "list_frozen": _("The list is frozen"),
    "campaign_paused": _("Signing is paused"),
    "not_found": _("Nothing here"),
    "bad_cursor": _("This page of the list does not exist"),
    "foreign_origin": _("This form came from somewhere else"),
    "too_large": _("That was too much"),
    "rate_limited": _("Very many requests"),
}


def door(*, writes: bool = True) -> Callable[[View[P]], View[P]]:
    """Make a function a page: no CSRF cookie, GET, HEAD (and POST), and errors become pages."""
    methods = ("GET", "HEAD", "POST") if writes else ("GET", "HEAD")

    def decorate(view: View[P]) -> View[P]:
        @wraps(view)
        def answer(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            if request.method not in methods:
                return _refused(methods)
            try:
                return view(request, *args, **kwargs)
            except CampaignError as error:
                return problem(request, error)

        return csrf_exempt(answer)

    return decorate


def _refused(methods: tuple[str, ...]) -> HttpResponse:
    response: HttpResponse = HttpResponseNotAllowed(methods)
    response["Cache-Control"] = "no-store"
    # Not by require_http_methods, which logs the path: it may be a token that still works.
    setattr(response, "_has_been_logged", True)  # noqa: B010
    return response


def public_page(
    request: HttpRequest, template: str, context: dict[str, Any], *, speech: Speech
) -> HttpResponse:
    """A page that anybody may keep for a moment: the same for everybody who speaks the language."""
    response = _page(request, template, context, speech=speech, status=200)
    may_be_kept(response)
    if not speech.asked:
        chosen_by_browser(response, [speech.languages])
    return response


def private_page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    speech: Speech,
    status: int = 200,
) -> HttpResponse:
    """A page that depends on a person or a link: nobody keeps it, nobody finds it."""
    context = {**context, "private": True}
    response = _page(request, template, context, speech=speech, status=status)
    keep_private(response)
    return response


def keep_private(response: HttpResponse) -> None:
    """Let nobody keep, find or log an answer that depends on a person or a link."""
    # With it goes ``noindex`` (`headers.hide`).
    response["Cache-Control"] = "no-store"
    # Tokens stand in the address. `no-referrer` would keep them home too, but with it browsers send
    # `Origin: null` with our own forms.
    response["Referrer-Policy"] = "same-origin"
    # Django logs the path of every 4xx, and here the path may be a token that still works.
    setattr(response, "_has_been_logged", True)  # noqa: B010


def problem(
    request: HttpRequest,
    error: CampaignError,
    *,
    speech: Speech | None = None,
    context: dict[str, Any] | None = None,
) -> HttpResponse:
    """A domain error as a page with its status."""
    speech = speech or speak(request, site_languages())
    with translation.override(speech.interface):
        shown = {
            "title": TITLES.get(error.code, _("This did not work")),
            "message": str(error),
            **(context or {}),
        }
        return private_page(
            request, "pages/problem.html", shown, speech=speech, status=error.status
        )


def _page(
    request: HttpRequest, template: str, context: dict[str, Any], *, speech: Speech, status: int
) -> HttpResponse:
    with translation.override(speech.interface):
        context = {
            "language": speech.language,
            "interface": speech.interface,
            "direction": direction(speech.interface),
            "switches": _switches(request, speech),
            "source": well_formed(request.GET.get("source")),
            **context,
        }
        response = render(request, template, context, status=status)
    response["Content-Language"] = speech.interface
    return response


def _switches(request: HttpRequest, speech: Speech) -> list[dict[str, Any]]:
    """A link to this page in each language; what else the address says stays."""
    links = []
    for language in speech.languages:
        query = request.GET.copy()
        query["language"] = language
        links.append(
            {
                "code": language,
                "name": own_name(language),
                "href": f"?{query.urlencode()}",
                "current": language == speech.language,
            }
        )
    return links
