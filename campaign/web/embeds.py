"""Form and counter in frames on other sites, the script that puts them there, and a page of examples.

No cookie is set or needed, and no storage used, so it works wherever browsers block third parties.
"""

import json

from csp.constants import SELF
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext

from campaign import publication
from campaign.errors import CampaignError
from campaign.freshness import may_be_kept
from campaign.languages import site_languages
from campaign.models.campaign import Campaign
from campaign.sources import well_formed
from campaign.web.answers import door, problem, public_page
from campaign.web.forms import check_origin
from campaign.web.front import kept, sourced
from campaign.web.language import speak_for
from campaign.web.shown import SignForm, form_context
from campaign.web.sign_form import Place, answer

FRAME = Place("embed/form.html", "embed/base.html", "embed")


@sourced
@door()
def form(request: HttpRequest, slug: str) -> HttpResponse:
    """The form in a frame. POST answers in the frame too, whatever went wrong."""
    campaign = publication.find_campaign(slug)
    speech = speak_for(request, campaign)
    if request.method != "POST":
        source = well_formed(request.GET.get("source")) or "embed"
        values = {"source": source} if campaign.state() == "open" else {}
        context = {
            **form_context(campaign, speech),
            **FRAME.context(campaign),
            "form": SignForm(values),
        }
        return _framed(campaign, public_page(request, FRAME.page, context, speech=speech))
    try:
        # Ours alone: a form that stands in a site's own page posts to the campaign's address.
        check_origin(request)
        response = answer(request, campaign, FRAME)
    except CampaignError as error:
        context = {**FRAME.context(campaign), "campaign": campaign}
        response = problem(request, error, speech=speech, context=context)
    return _framed(campaign, response)


@sourced
@door(writes=False)
def counter(request: HttpRequest, slug: str) -> HttpResponse:
    """The count in a frame, with the way to the form."""
    campaign = publication.find_campaign(slug)
    speech = speak_for(request, campaign)
    context = form_context(campaign, speech)
    return _framed(campaign, public_page(request, "embed/counter.html", context, speech=speech))


@kept
@door(writes=False)
def demonstration(request: HttpRequest, slug: str) -> HttpResponse:
    """The lines to copy, and under each what it makes."""
    campaign = publication.find_campaign(slug)
    speech = speak_for(request, campaign)
    context = {
        "campaign": campaign,
        "statement": publication.statement(campaign, speech.language),
        "base": settings.BASE_URL,
    }
    response = public_page(request, "embed/demonstration.html", context, speech=speech)
    # The one page of ours with frames in it.
    setattr(response, "_csp_update", {"frame-src": [SELF]})  # noqa: B010
    return response


@kept
@door(writes=False)
def script(_request: HttpRequest) -> HttpResponse:
    """What other sites load: one address for all campaigns and languages, and for good."""
    context = {"texts": json.dumps({code: _texts(code) for code in site_languages()})}
    code = render_to_string("embed/embed.js", context)
    response = HttpResponse(code, content_type="text/javascript; charset=utf-8")
    may_be_kept(response)
    # Without it a page that isolates itself (Cross-Origin-Embedder-Policy) may not load it.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _texts(language: str) -> dict[str, str]:
    with translation.override(language):
        return {
            "form": gettext("Sign the statement"),
            "counter": gettext("How many have signed"),
        }


def _framed(campaign: Campaign, response: HttpResponse) -> HttpResponse:
    """Let our own pages and the campaign's sites show it in a frame, and nobody else."""
    response.xframe_options_exempt = True
    setattr(response, "_csp_replace", {"frame-ancestors": [SELF, *campaign.sites]})  # noqa: B010
    return response
