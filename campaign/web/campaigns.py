"""The pages of campaigns: the open ones, one with its form, and the preview of one to come."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from campaign import public_numbers, publication
from campaign.languages import Speech, site_languages
from campaign.models.campaign import Campaign
from campaign.sources import well_formed
from campaign.web import sign_form
from campaign.web.answers import door, private_page, public_page
from campaign.web.forms import check_origin
from campaign.web.front import sourced
from campaign.web.language import speak, speak_for
from campaign.web.shown import SignForm, campaign_context


@sourced
@door(writes=False)
def home(request: HttpRequest) -> HttpResponse:
    """The open campaigns, also those that are paused; with one, that one's page.

    Where none is, the closed ones in the same way: their lists are still looked for.
    """
    visible = publication.visible_campaigns()
    campaigns = [each for each in visible if each.state() != "closed"] or visible
    if len(campaigns) == 1:
        return _public_campaign(request, campaigns[0])
    speech = speak(request, site_languages())
    entries = [
        {
            "campaign": campaign,
            "statement": publication.statement(campaign, speech.language),
            "published": public_numbers.counts(campaign)["published"],
            "state": campaign.state(),
        }
        for campaign in campaigns
    ]
    if not entries:
        # Kept by nobody, so that it isn't shown past an opening.
        return private_page(request, "pages/home.html", {"entries": entries}, speech=speech)
    return public_page(request, "pages/home.html", {"entries": entries}, speech=speech)


@sourced
@door()
def campaign_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Statement, count and form; POST signs, or asks for the mail again."""
    campaign = publication.find_campaign(slug)
    if request.method != "POST":
        return _public_campaign(request, campaign)
    check_origin(request, campaign.sites)
    return sign_form.answer(request, campaign, sign_form.PAGE)


@door(writes=False)
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """A campaign by its preview link, whatever the clock says; its form does nothing."""
    campaign = publication.preview_campaign(key)
    speech = speak_for(request, campaign)
    context = {**_context(campaign, speech), "preview": True}
    return private_page(request, "pages/campaign.html", context, speech=speech)


def _public_campaign(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    speech = speak_for(request, campaign)
    source = well_formed(request.GET.get("source"))
    context = _context(campaign, speech, source if campaign.state() == "open" else "")
    return public_page(request, "pages/campaign.html", context, speech=speech)


def _context(campaign: Campaign, speech: Speech, source: str = "") -> dict[str, Any]:
    here = sign_form.PAGE.context(campaign)
    form = SignForm({"source": source} if source else {})
    return {**campaign_context(campaign, speech), **here, "form": form}
