"""One signer's page: an address to pass on."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation

from campaign import publication
from campaign.languages import Speech, own_name
from campaign.models.campaign import Campaign
from campaign.publication import PublicSigner
from campaign.web.answers import door, private_page, public_page
from campaign.web.language import speak_for
from campaign.web.sharing import card
from campaign.web.shown import discipline_names, entries, moment


@door(writes=False)
def signer(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """What the list says of one signer, and what they signed; 410 of one who left the list."""
    campaign = publication.find_campaign(slug)
    speech = speak_for(request, campaign)
    found = publication.signer(campaign, public_id)
    statement = publication.statement(campaign, speech.language)
    context: dict[str, Any] = {"campaign": campaign, "statement": statement}
    if "removed" in found:
        return private_page(request, "pages/signer_gone.html", context, speech=speech, status=410)
    context |= _shown(campaign, found, speech)
    context["card"] = card(
        campaign,
        statement,
        speech,
        page="signer",
        title=f"{found['name']} – {statement.title}",
        picture="signer-picture",
        args=(public_id,),
    )
    return public_page(request, "pages/signer.html", context, speech=speech)


def _shown(campaign: Campaign, found: PublicSigner, speech: Speech) -> dict[str, object]:
    signed = (campaign.slug, found["statement_version"], found["language"])
    with translation.override(speech.interface):
        [entry] = entries([found], discipline_names(campaign, speech.language))
    return {
        "entry": entry,
        "signed_at": moment(found["signed_at"]),
        "version": found["statement_version"],
        "signed_language": own_name(found["language"]),
        "exact_url": reverse("api-statement", args=signed),
        "state": campaign.state(),
    }
