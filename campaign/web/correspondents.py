"""What a campaign holds of who reported an entry, or signed for somebody else: for them, by their link."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import correspondents, publication
from campaign.correspondents import NothingHeld
from campaign.errors import TokenExpired, TokenInvalid
from campaign.languages import site_languages
from campaign.web import personal
from campaign.web.answers import door, private_page
from campaign.web.language import speak, speak_for


@door()
def my_data(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows everything and changes nothing; POST with the tick deletes it, a second time too.

    A link that is too old offers to mail a new one.
    """
    try:
        if request.method != "POST":
            return _page(request, token)
        form = personal.posted(request)
        if form.get("action") == "renew":
            return _renewed(request, token)
        return _erased(request, token, form)
    except TokenExpired as error:
        return personal.renewable(request, error)
    except TokenInvalid as error:
        return personal.lost(request, error, personal.WRITE)


def _renewed(request: HttpRequest, token: str) -> HttpResponse:
    correspondents.renew(token)
    # In the browser's language, which says nothing of what is held.
    speech = speak(request, site_languages())
    return private_page(request, "pages/renewed.html", {"perhaps": True}, speech=speech)


def _erased(request: HttpRequest, token: str, form: QueryDict) -> HttpResponse:
    if form.get("action") != "erase" or form.get("sure") != "yes":
        errors: dict[str, str | Promise] = {"erase": _("Please tick the box if you are sure.")}
        return _page(request, token, errors=errors, status=422)
    speech = speak(request, site_languages())
    try:
        held = correspondents.seen(token)
        speech = speak_for(request, held.campaign, held.about.language)
    except NothingHeld:
        pass
    correspondents.erase(token)
    return private_page(request, "pages/my_data_gone.html", {}, speech=speech)


def _page(
    request: HttpRequest,
    token: str,
    *,
    errors: dict[str, str | Promise] | None = None,
    status: int = 200,
) -> HttpResponse:
    held = correspondents.seen(token)
    speech = speak_for(request, held.campaign, held.about.language)
    with translation.override(speech.interface):
        context: dict[str, Any] = {
            "held": held,
            "campaign": held.campaign,
            "statement": publication.statement(held.campaign, speech.language),
            "errors": errors or {},
        }
        return private_page(request, "pages/my_data.html", context, speech=speech, status=status)
