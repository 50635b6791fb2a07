"""Reporting an entry of the list, and confirming the report by the link of its mail."""

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import floods, letters, networks, publication, reporting
from campaign.details import NOTE_TOO_LONG
from campaign.errors import (
    BotCheckRequired,
    CampaignError,
    InvalidInput,
    NotFound,
    RateLimited,
    SignatureGone,
    TokenExpired,
    TokenInvalid,
)
from campaign.languages import Speech
from campaign.links import Purpose
from campaign.models.campaign import Campaign
from campaign.models.report import Report, ReportOutcome, ReportReason, ReportStatus
from campaign.models.signature import Status
from campaign.outbox import link_to
from campaign.reporting import ReportGone
from campaign.web import personal
from campaign.web.answers import door, private_page
from campaign.web.forms import by_field, check_origin, mistakes, read_form
from campaign.web.language import speak_for
from campaign.web.moment import SOLUTION, TICKET, one_moment
from campaign.web.shown import discipline_names, entries

TYPED = ("reason", "note", "email")
"""The fields, in the order of the form."""
ANSWERS: dict[str, str | Promise] = {
    ReportOutcome.KEPT: _("A moderator has looked at it. The entry stays on the list."),
    ReportOutcome.REMOVED: _("The entry is not on the list any more."),
}
REPORT_AGAIN = personal.Onward(
    _("Is something wrong with an entry? Then find it on the list and report it once more:"),
    "signers",
)


# --- Reporting -------------------------------------------------------------------------------


@door()
def report(request: HttpRequest, slug: str, public_id: str) -> HttpResponse:
    """GET shows the entry as the list does, and a form; POST sends its link to the address typed.

    With the action ``edit`` it shows the form with what was typed, to correct it.
    """
    campaign = publication.find_campaign(slug)
    speech = speak_for(request, campaign)
    entry = _entry(campaign, public_id, speech)
    if request.method != "POST":
        return _form(request, campaign, entry, speech, typed={})
    check_origin(request)
    form = read_form(request)
    typed = {name: form.get(name, "") for name in TYPED}
    if form.get("action") == "edit":
        return _form(request, campaign, entry, speech, typed=typed)
    with translation.override(speech.interface):
        return _reported(request, campaign, entry, form, typed, speech)


def _reported(
    request: HttpRequest,
    campaign: Campaign,
    entry: dict[str, Any],
    form: QueryDict,
    typed: dict[str, str],
    speech: Speech,
) -> HttpResponse:
    network = networks.hashes(networks.of(request))
    try:
        floods.admit(
            campaign,
            network,
            email=typed["email"],
            solution=form.get(SOLUTION),
            ticket=form.get(TICKET, ""),
        )
        reporting.report(
            campaign=campaign, public_id=entry["id"], typed=typed, language=speech.language
        )
    except BotCheckRequired as error:
        url = reverse("report-signer", args=[campaign.slug, entry["id"]])
        return one_moment(
            request,
            error,
            campaign=campaign,
            speech=speech,
            network=network,
            kept=typed,
            ticket=form.get(TICKET, ""),
            context={**_about(campaign, speech), "layout": "base.html", "form_url": url},
        )
    except InvalidInput as error:
        return _form(
            request, campaign, entry, speech, typed=typed, errors=by_field(error.errors), status=422
        )
    except RateLimited as error:
        answer = _form(
            request, campaign, entry, speech, typed=typed, error=error, status=error.status
        )
        answer["Retry-After"] = str(error.retry_after)
        return answer
    # Made of what was typed alone, so it tells nobody anything.
    context = {
        **_about(campaign, speech),
        "typed": typed,
        "email": typed["email"],
        "sender": letters.sender(campaign),
        "entry": entry,
    }
    return private_page(request, "pages/report_sent.html", context, speech=speech)


def _form(
    request: HttpRequest,
    campaign: Campaign,
    entry: dict[str, Any],
    speech: Speech,
    *,
    typed: dict[str, str],
    errors: dict[str, str | Promise] | None = None,
    error: CampaignError | None = None,
    status: int = 200,
) -> HttpResponse:
    errors = errors or {}
    context = {
        **_about(campaign, speech),
        "entry": entry,
        "typed": typed,
        "reasons": ReportReason.choices,
        "longest": NOTE_TOO_LONG,
        "errors": errors,
        "error": error,
        "mistakes": mistakes({name: errors[name] for name in TYPED if name in errors}),
    }
    return private_page(request, "pages/report.html", context, speech=speech, status=status)


# --- Confirming ------------------------------------------------------------------------------


@door()
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows the report and one button; POST confirms it. Afterwards it says what came of it."""
    try:
        if request.method == "POST":
            check_origin(request, null=True)
            reporting.confirm(token)
        return _shown(request, reporting.seen(token))
    except (TokenExpired, TokenInvalid, ReportGone) as error:
        return personal.lost(request, error, REPORT_AGAIN)


def _shown(request: HttpRequest, report: Report) -> HttpResponse:
    campaign = report.campaign
    speech = speak_for(request, campaign, report.language)
    try:
        entry = _entry(campaign, report.signature.public_id, speech)
    except (NotFound, SignatureGone):
        entry = None
    context = {
        **_about(campaign, speech),
        "entry": entry,
        "report": report,
        "reason": ReportReason(report.reason).label,
        "answer": _answer(report),
        "not_me_url": link_to(Purpose.NOT_ME, report),
    }
    waits = report.status == ReportStatus.UNCONFIRMED
    template = "pages/report_confirm.html" if waits else "pages/report_confirmed.html"
    return private_page(request, template, context, speech=speech)


def _answer(report: Report) -> str | Promise:
    """Where the report stands, in a sentence."""
    if report.status == ReportStatus.CLOSED:
        return ANSWERS[report.outcome]
    if report.signature.status == Status.HELD:
        return _("The entry is hidden until a moderator has looked at it.")
    return _(
        "A moderator looks at it before anything else. The entry stays on the list until then."
    )


# --- What they share -------------------------------------------------------------------------


def _entry(campaign: Campaign, public_id: str, speech: Speech) -> dict[str, Any]:
    """One entry as the list shows it, no more; raises NotFound, SignatureGone of who left the list."""
    found = publication.signer(campaign, public_id)
    if "removed" in found:
        raise SignatureGone
    with translation.override(speech.interface):
        return entries([found], discipline_names(campaign, speech.language))[0]


def _about(campaign: Campaign, speech: Speech) -> dict[str, Any]:
    return {
        "campaign": campaign,
        "statement": publication.statement(campaign, speech.language),
    }
