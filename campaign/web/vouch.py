"""A member's link: one page to sign, confirm the mailbox and be vouched for, by one button."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from django.utils.functional import Promise

from campaign import member_links, networks, signing
from campaign.errors import (
    CampaignError,
    ConsentChanged,
    InvalidInput,
    ListFrozen,
    StatementChanged,
    TokenInvalid,
)
from campaign.languages import Speech, offered
from campaign.links import Purpose
from campaign.member_links import LinkUsed
from campaign.models.vouching import MemberLink
from campaign.moves import Moved
from campaign.outbox import link_to
from campaign.web import personal
from campaign.web.answers import door, private_page
from campaign.web.forms import by_field, mistakes, typed_signature, typed_version
from campaign.web.language import speak_for
from campaign.web.shown import KINDS, SignForm, form_context
from campaign.web.sign_form import CHANGED, KEPT


@door()
def vouch(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the form and changes nothing; POST signs, or has a signature vouched for."""
    try:
        link = member_links.seen(token)
    except TokenInvalid as error:
        return personal.broken(request, error)
    if request.method != "POST":
        if link.signature_id is not None:
            return _used(request, link)
        signing.require_open(link.voucher.campaign)
        return _form(request, link)
    form = personal.posted(request)
    speech = _speech(request, link, form.get("language"))
    with translation.override(speech.interface):
        try:
            if form.get("action") == "renew":
                return _mailed(request, token)
            return _signed(request, _act(request, token, form, speech))
        except InvalidInput as error:
            return _form(request, link, form, by_field(error.errors), error, status=422)
        except (StatementChanged, ConsentChanged, ListFrozen) as error:
            problems = CHANGED.get(type(error), {})
            return _form(request, link, form, problems, error, status=error.status)
        except LinkUsed:
            return _used(request, link, status=LinkUsed.status)


def _act(request: HttpRequest, token: str, form: QueryDict, speech: Speech) -> Moved:
    shown = form.get("member") == "yes"
    if form.get("action") == "join":
        return member_links.join(token, email=form.get("own_email", ""), shown=shown)
    return member_links.sign(
        token,
        typed=typed_signature(form, language=speech.language),
        shown=shown,
        statement_version=typed_version(form, "statement_version"),
        consent_version=typed_version(form, "consent_version"),
        network=networks.hashes(networks.of(request)),
    )


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


def _signed(request: HttpRequest, moved: Moved) -> HttpResponse:
    manage_url = link_to(Purpose.MANAGE, moved.signature)
    signature = signing.seen(Purpose.MANAGE, manage_url.rstrip("/").rpartition("/")[2])
    # Not a second time: else whoever finds the page of before could open theirs.
    context = {
        **personal.shown(request, signature),
        "manage_url": manage_url if moved.changed else "",
    }
    return personal.answer(request, signature, "pages/confirmed.html", context)


def _used(request: HttpRequest, link: MemberLink, status: int = 200) -> HttpResponse:
    """Says so, and offers a mail: nothing of who used it."""
    context = {"campaign": link.voucher.campaign, "organisation": link.voucher.name}
    speech = _speech(request, link)
    return private_page(request, "pages/vouch_used.html", context, speech=speech, status=status)


def _mailed(request: HttpRequest, token: str) -> HttpResponse:
    signature = member_links.ask_for_page(token)
    context = {"campaign": signature.campaign}
    return personal.answer(request, signature, "pages/renewed.html", context)
