"""A member's link: one page to sign, confirm the mailbox and be vouched for, by one button.

The organisation made the link, so nothing that this page answers depends on whether it was used, or on
what its address has signed (docs/decisions/38).
"""

from datetime import UTC
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from django.utils.formats import date_format
from django.utils.functional import Promise

from campaign import member_links, networks, publication
from campaign.errors import (
    CampaignClosed,
    CampaignError,
    CampaignPaused,
    ConsentChanged,
    InvalidInput,
    StatementChanged,
    TokenInvalid,
)
from campaign.languages import Speech, offered, site_languages
from campaign.member_links import LinkGone, NotOpenYet
from campaign.models.vouching import MemberLink
from campaign.web import personal
from campaign.web.answers import door, private_page, problem
from campaign.web.forms import by_field, mistakes, typed_signature, typed_version
from campaign.web.language import speak, speak_for
from campaign.web.sharing import somebodys_ways
from campaign.web.shown import KINDS, SignForm, form_context
from campaign.web.sign_form import CHANGED, KEPT

ANYBODYS_PAGE = personal.Onward("", "campaign")
"""Said by LinkGone itself."""


@door()
def vouch(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the form and changes nothing; POST signs, has a signature vouched for, or mails its link."""
    try:
        return _answered(request, token, member_links.seen(token))
    except TokenInvalid as error:
        return personal.broken(request, error)
    except LinkGone as error:
        return personal.lost(request, error, ANYBODYS_PAGE)
    except NotOpenYet as error:
        return _not_open_yet(request, error)


def _answered(request: HttpRequest, token: str, link: MemberLink) -> HttpResponse:
    try:
        if request.method == "POST":
            return _posted(request, token, link)
        member_links.require_open(link.voucher.campaign)
        return _form(request, link)
    except (CampaignClosed, CampaignPaused) as error:
        # Who has signed still gets the link to their own page. A pause is over before long, and no mail
        # would come to all who have not.
        context = {
            "campaign": link.voucher.campaign,
            "mail_my_link": isinstance(error, CampaignClosed),
        }
        return problem(request, error, speech=_speech(request, link), context=context)


def _not_open_yet(request: HttpRequest, error: NotOpenYet) -> HttpResponse:
    """When it opens, and nothing else of the campaign, its languages neither."""
    speech = speak(request, site_languages())
    with translation.override(speech.interface):
        at = error.opens_at
        opens = f"{date_format(at)}, {at.astimezone(UTC):%H:%M} UTC" if at else ""
        return problem(request, error, speech=speech, context={"opens": opens})


def _posted(request: HttpRequest, token: str, link: MemberLink) -> HttpResponse:
    form = personal.posted(request)
    speech = _speech(request, link, form.get("language"))
    with translation.override(speech.interface):
        try:
            match form.get("action"):
                case "renew":
                    member_links.ask_for_page(token)
                    return _answer(request, link, speech, "pages/renewed.html", {"perhaps": True})
                case "join":
                    member_links.join(
                        token, email=form.get("own_email", ""), network=_network(request)
                    )
                    return _answer(request, link, speech, "pages/vouch_joined.html")
                case _:
                    _sign(request, token, form, speech)
                    return _answer(request, link, speech, "pages/vouch_signed.html")
        except InvalidInput as error:
            return _form(request, link, form, by_field(error.errors), error, status=422)
        except (StatementChanged, ConsentChanged) as error:
            problems = CHANGED.get(type(error), {})
            return _form(request, link, form, problems, error, status=error.status)


def _sign(request: HttpRequest, token: str, form: QueryDict, speech: Speech) -> None:
    member_links.sign(
        token,
        typed=typed_signature(form, language=speech.language),
        shown=form.get("member") == "yes",
        statement_version=typed_version(form, "statement_version"),
        consent_version=typed_version(form, "consent_version"),
        network=_network(request),
    )


def _network(request: HttpRequest) -> networks.Hashes | None:
    return networks.hashes(networks.of(request))


def _speech(request: HttpRequest, link: MemberLink, said: str | None = None) -> Speech:
    campaign = link.voucher.campaign
    preferred = said if said in offered(campaign.languages) else None
    return speak_for(request, campaign, preferred)


def _form(
    request: HttpRequest,
    link: MemberLink,
    typed: QueryDict | None = None,
    errors: dict[str, str | Promise] | None = None,
    error: CampaignError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page, with what was typed still in it, and what stands in the way."""
    speech = _speech(request, link, typed.get("language") if typed else None)
    kept = (*KEPT, "member", "own_email", "action")
    values: dict[str, Any] = {name: typed[name] for name in kept if typed and name in typed}
    form = SignForm(values=values, errors=errors or {})
    if isinstance(error, StatementChanged | ConsentChanged):
        form.values.pop("consent", None)  # who has not seen the new text has not agreed to it
    context = {
        **form_context(link.voucher.campaign, speech),
        "organisation": link.voucher.name,
        "kinds": KINDS.items(),
        "form": form,
        "error": error,
        "mistakes": mistakes(form.errors),
    }
    return private_page(request, "pages/vouch.html", context, speech=speech, status=status)


def _answer(
    request: HttpRequest,
    link: MemberLink,
    speech: Speech,
    template: str,
    more: dict[str, Any] | None = None,
) -> HttpResponse:
    """What the page says afterwards: made of the link's campaign alone, and nothing that was found."""
    campaign = link.voucher.campaign
    is_visible = campaign.is_visible()
    context = {
        "campaign": campaign,
        "organisation": link.voucher.name,
        "statement": publication.statement(campaign, speech.language),
        "is_visible": is_visible,
        "share": somebodys_ways(campaign, speech) if is_visible else None,
        **(more or {}),
    }
    return private_page(request, template, context, speech=speech)
