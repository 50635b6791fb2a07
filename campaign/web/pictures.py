"""The pictures of shared links: a campaign's, "I have signed", and that of a listed signer."""

from functools import lru_cache
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from campaign import public_numbers, publication
from campaign.cards import CampaignCard, SignedCard
from campaign.errors import SignatureGone
from campaign.freshness import may_be_kept
from campaign.gallery import Gallery, TooManyDrawings
from campaign.languages import Speech, choose, direction, offered
from campaign.logos import LogoFile
from campaign.models.campaign import Campaign
from campaign.models.logo import Logo
from campaign.web.answers import door
from campaign.web.front import kept

_gallery = Gallery()


@kept
@door(writes=False)
def campaign_picture(request: HttpRequest, slug: str) -> HttpResponse:
    """Title and count of a campaign."""
    campaign = publication.find_campaign(slug)
    speech = _speech(request, campaign)
    number = public_numbers.counts(campaign)["published"]
    with translation.override(speech.interface):
        label = ngettext("signature", "signatures", number)
        count = f"{number_format(number, force_grouping=True)} {label}"
        card = CampaignCard(**_card(campaign, speech), count=count)
    return _png(_gallery.campaign(campaign.slug, speech.language, card), speech)


@kept
@door(writes=False)
def signed_picture(request: HttpRequest, slug: str) -> HttpResponse:
    """ "I have signed", of nobody in particular: for who is counted without a name."""
    campaign = publication.find_campaign(slug)
    speech = _speech(request, campaign)
    with translation.override(speech.interface):
        return _signed(campaign, speech, name="")


@door(writes=False)
def signer_picture(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """The same of a signer whose name is on the list; gone as soon as the name is."""
    campaign = publication.find_campaign(slug)
    signer = publication.signer(campaign, public_id)
    if "removed" in signer:
        raise SignatureGone
    speech = _speech(request, campaign)
    with translation.override(speech.interface):
        return _signed(campaign, speech, name=signer["name"])


def _signed(campaign: Campaign, speech: Speech, *, name: str) -> HttpResponse:
    instead = gettext("I have signed")
    below = gettext("has signed") if name else ""
    card = SignedCard(
        **_card(campaign, speech), headline=name or instead, below=below, instead=instead
    )
    try:
        return _png(_gallery.signed(card), speech)
    except TooManyDrawings:
        at = reverse("campaign-picture", args=[campaign.slug])
        response = HttpResponseRedirect(f"{at}?{urlencode({'language': speech.language})}")
        response["Cache-Control"] = "no-store"
        return response


def _speech(request: HttpRequest, campaign: Campaign) -> Speech:
    """The address alone decides: what fetches pictures has no wishes of its own."""
    return choose(offered(campaign.languages), asked=request.GET.get("language"))


def _card(campaign: Campaign, speech: Speech) -> dict[str, Any]:
    return {
        "title": publication.statement(campaign, speech.language).title,
        "organiser": campaign.organiser_name,
        "host": urlsplit(settings.BASE_URL).hostname or "",
        "accent": campaign.accent,
        "direction": direction(speech.language),
        "logo": _logo(campaign.pk, campaign.logo["digest"]) if campaign.logo else None,
    }


@lru_cache(maxsize=32)
def _logo(campaign_id: int, digest: str) -> LogoFile | None:
    """The campaign's logo of that digest, whose bytes never change."""
    found = Logo.objects.filter(campaign_id=campaign_id, digest=digest)
    row = found.values_list("content", "campaign__logo").first()
    if row is None:
        return None
    content, facts = row
    return LogoFile(bytes(content), facts["format"], facts["width"], facts["height"])


def _png(png: bytes, speech: Speech) -> HttpResponse:
    response = HttpResponse(
        png, content_type="image/png", headers={"Content-Language": speech.language}
    )
    may_be_kept(response)
    return response
