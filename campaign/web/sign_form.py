"""What the form on a campaign's page does: sign, send the mail again, take back what was typed."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.functional import Promise

from campaign import publication, signing
from campaign.errors import (
    CampaignClosed,
    CampaignError,
    CampaignPaused,
    InvalidInput,
    StatementChanged,
)
from campaign.languages import Speech
from campaign.models.campaign import Campaign
from campaign.web.answers import private_page
from campaign.web.forms import TEXTS, by_field, mistakes, typed_signature, typed_version
from campaign.web.shown import SignForm, campaign_context


def sign(request: HttpRequest, campaign: Campaign, form: QueryDict, speech: Speech) -> HttpResponse:
    statement = publication.statement(campaign, speech.language)
    typed = typed_signature(form, language=statement.language)
    try:
        signing.sign(campaign=campaign, typed=typed, statement_version=typed_version(form))
    except InvalidInput as error:
        refused = SignForm(values=_kept(form), errors=by_field(error.errors))
        return _again(request, campaign, speech, refused, error, status=422)
    except (StatementChanged, CampaignClosed, CampaignPaused) as error:
        kept = SignForm(values=_kept(form))
        # Who has not seen the new text has not agreed to it.
        kept.values.pop("consent", None)
        return _again(request, campaign, speech, kept, error, status=error.status)
    return _look_in_inbox(request, campaign, speech, email=typed["email"], kept=_kept(form))


def resend(
    request: HttpRequest, campaign: Campaign, form: QueryDict, speech: Speech
) -> HttpResponse:
    email = form.get("email", "")
    errors: dict[str, str | Promise] = {}
    try:
        signing.resend(campaign=campaign, email=email)
    except InvalidInput as error:
        errors = by_field(error.errors)
    return _look_in_inbox(
        request, campaign, speech, email=email, kept={}, again=not errors, errors=errors
    )


def edit(request: HttpRequest, campaign: Campaign, form: QueryDict, speech: Speech) -> HttpResponse:
    """The form with all that was typed in it, to correct it."""
    return _again(request, campaign, speech, SignForm(values=_kept(form)))


def _again(
    request: HttpRequest,
    campaign: Campaign,
    speech: Speech,
    form: SignForm,
    error: CampaignError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with what was typed still in its form, and what stands in the way."""
    context = {
        **campaign_context(campaign, speech),
        "form": form,
        "error": error,
        "mistakes": mistakes(form.errors),
    }
    return private_page(request, "pages/campaign.html", context, speech=speech, status=status)


def _look_in_inbox(
    request: HttpRequest,
    campaign: Campaign,
    speech: Speech,
    *,
    email: str,
    kept: dict[str, Any],
    again: bool = False,
    errors: dict[str, str | Promise] | None = None,
) -> HttpResponse:
    """Where to look for the mail: made of what was typed alone, so it tells nobody anything."""
    context = {
        "campaign": campaign,
        "statement": publication.statement(campaign, speech.language),
        "email": email,
        "sender": campaign.sender or settings.DEFAULT_FROM_EMAIL,
        "kept": kept,
        "again": again,
        "errors": errors or {},
        "mistakes": mistakes(errors or {}),
    }
    status = 422 if errors else 200
    return private_page(request, "pages/look_in_inbox.html", context, speech=speech, status=status)


def _kept(form: QueryDict) -> dict[str, Any]:
    """What was typed, to stand in the form again; the flags only where they were sent."""
    return {
        name: form[name] for name in (*TEXTS, "show_name", "newsletter", "consent") if name in form
    }
