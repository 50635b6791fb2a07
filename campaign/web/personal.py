"""The pages behind the links of the mails: a token is the authority, and a GET changes nothing.

Here what they share, confirming, and "this wasn't me"; the signer's own page is `manage`'s.
"""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from campaign import leaving, publication, signing
from campaign.errors import (
    CampaignError,
    ChangedMeanwhile,
    TokenExpired,
    TokenInvalid,
)
from campaign.languages import Speech, direction, own_name, site_languages
from campaign.links import Purpose
from campaign.models.signature import Evidence, Signature, Status
from campaign.outbox import link_to
from campaign.web.answers import door, private_page, problem
from campaign.web.forms import check_origin, read_form
from campaign.web.language import speak, speak_for
from campaign.web.sharing import signers_ways


@dataclass(frozen=True)
class Onward:
    """How somebody goes on whose link leads nowhere: in words, and on that page of a campaign.

    Without a page by writing to its organiser. Not in a campaign of another state than these.
    """

    said: str | Promise
    page: str = ""
    states: tuple[str, ...] = ("open", "paused", "closed")


ASK_FOR_LINK = Onward(
    _("Have you signed? Then you can get a link to your signature by mail:"), "my-signature"
)
WRITE = Onward(_("You can always write to:"))

# --- Confirming ------------------------------------------------------------------------------


@door()
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows exactly what will be published and one button; POST confirms just that."""
    try:
        if request.method == "POST":
            form = posted(request)
            if form.get("action") == "renew":
                return renewed(request, Purpose.CONFIRM, token)
            return _confirmed(request, token)
        signature = signing.seen(Purpose.CONFIRM, token)
        if signature.status != Status.PENDING:
            return _done(request, signature, manage_url="")
        context = {**shown(request, signature), "not_me_url": link_to(Purpose.NOT_ME, signature)}
        return answer(request, signature, "pages/confirm.html", context)
    except (TokenExpired, ChangedMeanwhile) as error:
        return renewable(request, error)
    except TokenInvalid as error:
        return broken(request, error)


def _confirmed(request: HttpRequest, token: str) -> HttpResponse:
    moved = signing.confirm(token)
    signature = signing.read(moved.signature.public_id)
    # Not a second time: else an old mail that was passed on would open the page for ever.
    manage_url = link_to(Purpose.MANAGE, signature) if moved.changed else ""
    return _done(request, signature, manage_url=manage_url)


def _done(request: HttpRequest, signature: Signature, *, manage_url: str) -> HttpResponse:
    context = {**shown(request, signature), "manage_url": manage_url}
    return answer(request, signature, "pages/confirmed.html", context)


# --- Not me ----------------------------------------------------------------------------------


@door()
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows one button; POST stops the mails, a mail program's one-click (RFC 8058) too."""
    speech = speak(request, site_languages())
    try:
        if request.method == "POST":
            check_origin(request, null=True)
            leaving.not_me(token)
            return private_page(request, "pages/left_alone.html", {}, speech=speech)
        leaving.written_to(token)
    except (TokenExpired, TokenInvalid) as error:
        return lost(request, error, WRITE)
    return private_page(request, "pages/not_me.html", {}, speech=speech)


# --- What they share -------------------------------------------------------------------------


def posted(request: HttpRequest) -> QueryDict:
    """The fields of a form that one of these pages sent, from wherever the token was opened."""
    check_origin(request, null=True)
    return read_form(request)


def renewed(request: HttpRequest, purpose: Purpose, token: str) -> HttpResponse:
    """Send a new link to the mailbox that got this one: nothing to type, nobody else to reach."""
    signature = signing.renew(purpose, token)
    context = {"campaign": signature.campaign}
    return answer(request, signature, "pages/renewed.html", context)


def renewable(request: HttpRequest, error: CampaignError, *, at: str = "") -> HttpResponse:
    """The problem of a link that was good once, with a button that mails a new one.

    ``at`` is the path of the page that takes the button, if not this one.
    """
    return problem(request, error, context={"renewable": True, "renew_at": at})


def broken(request: HttpRequest, error: CampaignError) -> HttpResponse:
    """The problem of a signer's link that says nothing; for each campaign the page that mails a new one."""
    return lost(request, error, ASK_FOR_LINK)


def lost(request: HttpRequest, error: CampaignError, *onward: Onward) -> HttpResponse:
    """The problem of a link that leads nowhere, and how whoever holds it goes on.

    In the campaign that an expired link belonged to; of any other link nothing is known, so in each
    that is public.
    """
    speech = speak(request, site_languages())
    known = error.campaign_id if isinstance(error, TokenExpired) else None
    campaigns = [
        {
            "slug": campaign.slug,
            "state": campaign.state(),
            "title": publication.statement(campaign, speech.language).title,
            "contact": campaign.organiser_contact,
        }
        for campaign in publication.visible_campaigns()
        if known in (None, campaign.pk)
    ]
    ways = [(way, [each for each in campaigns if each["state"] in way.states]) for way in onward]
    context = {"onward": [(way, found) for way, found in ways if found]}
    return problem(request, error, speech=speech, context=context)


def answer(
    request: HttpRequest,
    signature: Signature,
    template: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """A page for the signer of this signature."""
    speech = spoken(request, signature)
    return private_page(request, template, context, speech=speech, status=status)


def spoken(request: HttpRequest, signature: Signature) -> Speech:
    """The language that was signed in, unless the address asks for another one."""
    return speak_for(request, signature.campaign, signature.language)


def shown(request: HttpRequest, signature: Signature) -> dict[str, Any]:
    """What a signer sees of their own signature."""
    text = signature.statement
    speech = spoken(request, signature)
    discipline = signature.discipline.name(speech.language) if signature.discipline else ""
    with translation.override(speech.interface):
        country = countries.name(signature.country) if signature.country else ""
    return {
        "signature": signature,
        "campaign": signature.campaign,
        "discipline": discipline,
        "country": country,
        "text": text,
        "text_html": publication.as_html(text.body),
        "text_direction": direction(text.language),
        "text_language": own_name(text.language),
        "representation": signature.representation if signature.represented else None,
        "consent": signature.consent,
        "consent_direction": direction(signature.consent.language) if signature.consent else "",
        "on_file": signature.evidence == Evidence.ON_FILE,
        "is_pending": signature.status == Status.PENDING,
        "is_published": signature.status == Status.PUBLISHED,
        # Before the opening, no public page of it may be linked: there is none.
        "is_visible": signature.campaign.is_visible(),
        "share": signers_ways(signature, speech),
    }
