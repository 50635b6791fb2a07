"""The pages behind the links of the mails: a token is the authority, and a GET changes nothing."""

from contextlib import suppress
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from campaign import publication, signing
from campaign.errors import (
    CampaignClosed,
    CampaignError,
    ChangedMeanwhile,
    InvalidInput,
    SignatureGone,
    TokenExpired,
)
from campaign.languages import Speech, direction, offered, own_name, site_languages
from campaign.links import Purpose, read_token
from campaign.models.signature import Evidence, RejectionReason, Signature, Status
from campaign.outbox import link_to
from campaign.web.answers import door, private_page, problem
from campaign.web.forms import by_field, check_origin, mistakes, read_form, typed_number
from campaign.web.language import speak

NOTICES: dict[str, str | Promise] = {
    "corrected": _("Your corrections are saved."),
    "held": _("Your corrections are saved. A moderator looks at them before they are shown."),
    "shown": _("Your name is on the list now, or will be once your signature is published."),
    "hidden": _("Your name is no longer shown. Your signature still counts."),
}
STANDINGS: dict[str, str | Promise] = {
    Status.PENDING: _("It waits for you to confirm it by the link in our mail."),
    Status.HELD: _("It is confirmed. A moderator looks at it before it is published."),
    Status.PUBLISHED: _("It is published."),
    Status.REJECTED: _("It was not accepted."),
}
LEAVING = {"withdraw": signing.withdraw, "erase": signing.erase}


# --- Confirming ------------------------------------------------------------------------------


@door()
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows exactly what will be published and one button; POST confirms just that."""
    try:
        if request.method == "POST":
            form = _posted(request)
            if form.get("action") == "renew":
                return _renewed(request, Purpose.CONFIRM, token)
            return _confirmed(request, token)
        signature = signing.seen(Purpose.CONFIRM, token)
        if signature.status != Status.PENDING:
            return _done(request, signature, manage_url="")
        if not signature.campaign.takes_confirmations():
            raise CampaignClosed
        context = {**_shown(request, signature), "not_me_url": link_to(Purpose.NOT_ME, signature)}
        return _answer(request, signature, "pages/confirm.html", context)
    except (TokenExpired, ChangedMeanwhile) as error:
        return _renewable(request, error)


def _confirmed(request: HttpRequest, token: str) -> HttpResponse:
    moved = signing.confirm(token)
    signature = signing.seen(Purpose.CONFIRM, token)
    # Not a second time: else an old mail that was passed on would open the page for ever.
    manage_url = link_to(Purpose.MANAGE, signature) if moved.changed else ""
    return _done(request, signature, manage_url=manage_url)


def _done(request: HttpRequest, signature: Signature, *, manage_url: str) -> HttpResponse:
    context = {**_shown(request, signature), "manage_url": manage_url}
    return _answer(request, signature, "pages/confirmed.html", context)


# --- Not me ----------------------------------------------------------------------------------


@door()
def not_me(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows one button; POST stops the mails, a mail program's one-click (RFC 8058) too."""
    speech = speak(request, site_languages())
    if request.method == "POST":
        check_origin(request, null=True)
        signing.not_me(token)
        return private_page(request, "pages/left_alone.html", {}, speech=speech)
    read_token(Purpose.NOT_ME, token).require_fresh()
    return private_page(request, "pages/not_me.html", {}, speech=speech)


# --- One's own page --------------------------------------------------------------------------


@door()
def manage(request: HttpRequest, token: str) -> HttpResponse:
    """The signer's own page; each of its forms is a POST with an ``action``."""
    try:
        if request.method != "POST":
            return _own_page(request, token)
        form = _posted(request)
        action = form.get("action", "")
        if action in LEAVING and form.get("sure") == "yes":
            return _leave(request, token, action)
        speech = _speech(request, signing.seen(Purpose.MANAGE, token))
        with translation.override(speech.interface):
            return _act(request, token, form)
    except TokenExpired as error:
        if request.method == "POST" and request.POST.get("action") == "renew":
            return _renewed(request, Purpose.MANAGE, token)
        return _renewable(request, error)


def _act(request: HttpRequest, token: str, form: QueryDict) -> HttpResponse:
    match form.get("action"):
        case "correct":
            return _correct(request, token, form)
        case "show" | "hide" as action:
            signing.show(token, show_name=action == "show")
            notice = "shown" if action == "show" else "hidden"
            return _own_page(request, token, notice=notice)
        case "withdraw" | "erase" as action:
            errors: dict[str, Any] = {action: _("Please tick the box if you are sure.")}
            return _own_page(request, token, errors=errors, status=422)
        case _:
            return _own_page(request, token)


def _correct(request: HttpRequest, token: str, form: QueryDict) -> HttpResponse:
    typed = {name: form.get(name, "") for name in ("name", "credit", "organisation")}
    revision = form.get("revision", "")
    try:
        moved = signing.correct(
            token,
            typed=typed,
            revision=typed_number(revision),
        )
    except InvalidInput as error:
        errors = by_field(error.errors)
        return _own_page(request, token, typed=typed, errors=errors, status=422)
    except ChangedMeanwhile as error:
        return _own_page(request, token, typed=typed, error=error, status=error.status)
    held = moved.changed and moved.signature.status == Status.HELD
    return _own_page(request, token, notice="held" if held else "corrected")


def _leave(request: HttpRequest, token: str, action: str) -> HttpResponse:
    """Withdraw or erase; said again by a reload, it is a success again."""
    speech = speak(request, site_languages())
    context: dict[str, Any] = {"erased": action == "erase"}
    with suppress(SignatureGone):
        signature = signing.seen(Purpose.MANAGE, token)
        speech = _speech(request, signature)
        context["campaign"] = signature.campaign
    LEAVING[action](token)
    return private_page(request, "pages/left.html", context, speech=speech)


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
    context = {
        **_shown(request, signature),
        "typed": typed
        or {name: getattr(signature, name) for name in ("name", "credit", "organisation")},
        "errors": errors or {},
        "mistakes": mistakes(errors or {}),
        "error": error,
        "notice": NOTICES.get(notice, ""),
        "standing": STANDINGS[signature.status],
        "reason": RejectionReason(signature.rejection_reason).label
        if signature.status == Status.REJECTED
        else "",
    }
    return _answer(request, signature, "pages/manage.html", context, status=status)


# --- What they share -------------------------------------------------------------------------


def _posted(request: HttpRequest) -> QueryDict:
    check_origin(request, null=True)
    return read_form(request)


def _renewed(request: HttpRequest, purpose: Purpose, token: str) -> HttpResponse:
    """Send a new link to the mailbox that got this one: nothing to type, nobody else to reach."""
    signature = signing.renew(purpose, token)
    context = {"campaign": signature.campaign}
    return _answer(request, signature, "pages/renewed.html", context)


def _renewable(request: HttpRequest, error: CampaignError) -> HttpResponse:
    return problem(request, error, context={"renewable": True})


def _answer(
    request: HttpRequest,
    signature: Signature,
    template: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    speech = _speech(request, signature)
    return private_page(request, template, context, speech=speech, status=status)


def _speech(request: HttpRequest, signature: Signature) -> Speech:
    """The language that was signed in, unless the address asks for another one."""
    return speak(request, offered(signature.campaign.languages), signature.language)


def _shown(request: HttpRequest, signature: Signature) -> dict[str, Any]:
    """What a signer sees of their own signature."""
    text = signature.statement
    speech = _speech(request, signature)
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
        "on_file": signature.evidence == Evidence.ON_FILE,
        "is_pending": signature.status == Status.PENDING,
        "is_held": signature.status == Status.HELD,
        "is_published": signature.status == Status.PUBLISHED,
        # Before the opening, no public page of it may be linked: there is none.
        "is_visible": signature.campaign.is_visible(),
    }
