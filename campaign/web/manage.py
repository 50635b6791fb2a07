"""The signer's own page: what was signed, what is public of it, and all that can be done with it.

Reached from a mail; who has lost it asks for another one with their address.
"""

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from campaign import (
    floods,
    leaving,
    letters,
    networks,
    own_data,
    publication,
    signing,
    sites,
    vouching,
)
from campaign.details import CORRECTABLE
from campaign.errors import (
    CampaignError,
    ChangedMeanwhile,
    InvalidInput,
    ListFrozen,
    NotFound,
    RateLimited,
    SignatureGone,
    TokenExpired,
    TokenInvalid,
)
from campaign.languages import Speech
from campaign.links import Purpose
from campaign.models.campaign import Campaign
from campaign.models.signature import STANDING, Signature, Status
from campaign.models.statement import current_text
from campaign.web import personal
from campaign.web.answers import door, keep_private, private_page, public_page
from campaign.web.forms import by_field, check_origin, mistakes, read_form, typed_number
from campaign.web.language import speak_for
from campaign.web.own_words import notice_of, own_sites, standing
from campaign.web.shown import KINDS, country_names, discipline_names

LEAVING = {"withdraw": leaving.withdraw, "erase": leaving.erase}


# --- The page --------------------------------------------------------------------------------


@door()
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """The signer's own page; each of its forms is a POST with an ``action``."""
    try:
        return _answered(request, token)
    except TokenExpired as error:
        if request.method == "POST" and request.POST.get("action") == "renew":
            return personal.renewed(request, Purpose.MANAGE, token)
        return personal.renewable(request, error)
    except TokenInvalid as error:
        return personal.broken(request, error)


def _answered(request: HttpRequest, token: str) -> HttpResponse:
    try:
        if request.method != "POST":
            return _own_page(request, token)
        form = personal.posted(request)
        action = form.get("action", "")
        if action in LEAVING and form.get("sure") == "yes":
            return _leave(request, token, action)
        speech = personal.spoken(request, signing.seen(Purpose.MANAGE, token))
        with translation.override(speech.interface):
            return _act(request, token, form)
    except SignatureGone:
        return _gone(request, token)


def _act(request: HttpRequest, token: str, form: QueryDict) -> HttpResponse:
    match form.get("action"):
        case "correct":
            return _correct(request, token, form)
        case "show" | "hide" as action:
            signing.show(token, show_name=action == "show")
            return _own_page(request, token, notice=action)
        case "site":
            return _site(request, token, form.get("site", ""))
        case "subscribe" | "unsubscribe" as action:
            signing.subscribe(token, newsletter=action == "subscribe")
            return _own_page(request, token, notice=action)
        case "member" | "no-member" | "not-theirs" as action:
            return _vouched(request, token, action, typed_number(form.get("vouching", "")))
        case "withdraw" | "erase" as action:
            errors: dict[str, Any] = {action: _("Please tick the box if you are sure.")}
            return _own_page(request, token, errors=errors, status=422)
        case _:
            return _own_page(request, token)


def _vouched(request: HttpRequest, token: str, action: str, pk: int) -> HttpResponse:
    """What the signer says of an organisation that vouches for them."""
    try:
        if action == "not-theirs":
            done = vouching.refuse(token, vouching_id=pk)
            action = action if done else ""
        else:
            vouching.let_show(token, vouching_id=pk, shown=action == "member")
    except NotFound:  # taken back meanwhile: the page shows who is left
        return _own_page(request, token)
    return _own_page(request, token, notice=action)


def _correct(request: HttpRequest, token: str, form: QueryDict) -> HttpResponse:
    typed = {name: form.get(name, "") for name in CORRECTABLE if name in form}
    try:
        moved = signing.correct(token, typed=typed, revision=typed_number(form.get("revision", "")))
    except InvalidInput as error:
        errors = by_field(error.errors)
        return _own_page(request, token, typed=typed, errors=errors, status=422)
    except (ChangedMeanwhile, ListFrozen) as error:
        return _own_page(request, token, typed=typed, error=error, status=error.status)
    if not moved.changed:
        return _own_page(request, token, notice="unchanged")
    held = moved.signature.status == Status.HELD
    return _own_page(request, token, notice="held" if held else "corrected")


def _site(request: HttpRequest, token: str, typed: str) -> HttpResponse:
    try:
        sites.name(token, typed=typed)
    except InvalidInput as error:
        errors = by_field(error.errors)
        return _own_page(request, token, typed={"site": typed}, errors=errors, status=422)
    return _own_page(request, token, notice="site")


def _leave(request: HttpRequest, token: str, action: str) -> HttpResponse:
    """Withdraw or erase; said again by a reload, it is a success again."""
    signature = leaving.own(token)
    LEAVING[action](token)
    # Asked afterwards: of a pending one nothing is kept, and one may be confirmed at this very moment.
    erased = leaving.withdrawn(token) is None
    context = {**_left(signature, token), "erased": erased}
    return personal.answer(request, signature, "pages/left.html", context)


def _gone(request: HttpRequest, token: str) -> HttpResponse:
    """To who withdrew: what is still kept, to see and to delete."""
    signature = leaving.withdrawn(token)
    if signature is None:
        raise SignatureGone
    context = _left(signature, token)
    return personal.answer(request, signature, "pages/left.html", context, status=410)


def _left(signature: Signature, token: str) -> dict[str, Any]:
    was_listed = signature.listed_at is not None
    return {"campaign": signature.campaign, "token": token, "was_listed": was_listed}


def _own_page(
    request: HttpRequest,
    token: str,
    *,
    typed: dict[str, str] | None = None,
    errors: dict[str, Any] | None = None,
    error: CampaignError | None = None,
    notice: str = "",
    status: int = 200,
) -> HttpResponse:
    signature = signing.seen(Purpose.MANAGE, token)
    speech = personal.spoken(request, signature)
    context = {
        **personal.shown(request, signature),
        **standing(signature, speech.language),
        **_signed(signature),
        "vouchings": vouching.of_signature(signature),
        "typed": {**_as_it_is(signature), **(typed or {})},
        "correcting": typed is not None and "site" not in typed,
        "sites": own_sites(signature),
        "kinds": KINDS,
        "disciplines": discipline_names(signature.campaign, speech.language),
        "countries": country_names(speech.interface),
        "errors": errors or {},
        "mistakes": mistakes(errors or {}),
        "error": error,
        "notice": notice_of(notice, signature),
        "token": token,
        "entry_url": sites.entry_url(signature),
        "record_value": sites.record_value(signature),
        "may_name_site": signature.status in STANDING,
    }
    return personal.answer(request, signature, "pages/manage.html", context, status=status)


def _signed(signature: Signature) -> dict[str, Any]:
    """Whether there is a newer text by now."""
    campaign, text = signature.campaign, signature.statement
    newest = current_text(campaign, text.language)
    return {
        "newest": newest if newest.version.number > text.version.number else None,
    }


def _as_it_is(signature: Signature) -> dict[str, str]:
    values = {name: getattr(signature, name) for name in CORRECTABLE}
    discipline = signature.discipline
    return {**values, "discipline": discipline.slug if discipline else ""}


# --- The data --------------------------------------------------------------------------------


@door(writes=False)
def data(request: HttpRequest, token: str) -> HttpResponse:
    """All that is held about the signer, who withdrew as well, as a file to keep."""
    try:
        signature = leaving.withdrawn(token) or signing.seen(Purpose.MANAGE, token)
    except TokenExpired as error:
        return personal.renewable(request, error, at=reverse("manage", args=[token]))
    except TokenInvalid as error:
        return personal.broken(request, error)
    speech = personal.spoken(request, signature)
    with translation.override(speech.interface):
        held = own_data.held(signature)
    response = JsonResponse(
        held,
        encoder=DjangoJSONEncoder,
        json_dumps_params={"ensure_ascii": False, "indent": 2},
        headers={
            "Content-Disposition": 'attachment; filename="my-signature.json"',
            "Content-Language": speech.interface,
        },
    )
    keep_private(response)
    return response


# --- Asking for the link ---------------------------------------------------------------------


@door()
def my_signature(request: HttpRequest, slug: str) -> HttpResponse:
    """Asks for an address; POST mails the link to whoever signed with it, and tells nobody else."""
    campaign = publication.find_campaign(slug)
    template = "pages/my_signature.html"
    if request.method != "POST":
        speech = speak_for(request, campaign)
        return public_page(request, template, _asking(campaign, speech), speech=speech)
    check_origin(request)
    form = read_form(request)
    speech = speak_for(request, campaign, form.get("language"))
    context = {**_asking(campaign, speech), "email": form.get("email", ""), "sent": True}
    with translation.override(speech.interface):
        try:
            floods.count(campaign, networks.hashes(networks.of(request)))
            signing.resend(campaign=campaign, email=context["email"])
        except InvalidInput as error:
            context["errors"] = by_field(error.errors)
            return _not_sent(request, context, speech, status=422)
        except RateLimited as error:
            context["error"] = error
            later = _not_sent(request, context, speech, status=error.status)
            later["Retry-After"] = str(error.retry_after)
            return later
    return private_page(request, template, context, speech=speech)


def _not_sent(
    request: HttpRequest, context: dict[str, Any], speech: Speech, *, status: int
) -> HttpResponse:
    """The form once more, with the address that was typed and what stands in the way."""
    context = {**context, "mistakes": mistakes(context.get("errors", {})), "sent": False}
    return private_page(request, "pages/my_signature.html", context, speech=speech, status=status)


def _asking(campaign: Campaign, speech: Speech) -> dict[str, Any]:
    return {
        "campaign": campaign,
        "statement": publication.statement(campaign, speech.language),
        "sender": letters.sender(campaign),
    }
