"""What a campaign's form does: sign, send the mail again, take back what was typed."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise

from campaign import publication, signing
from campaign.errors import (
    CampaignClosed,
    CampaignError,
    CampaignPaused,
    InvalidInput,
    StatementChanged,
)
from campaign.languages import Speech, offered
from campaign.models.campaign import Campaign
from campaign.web.answers import private_page
from campaign.web.forms import TEXTS, by_field, mistakes, read_form, typed_signature, typed_version
from campaign.web.language import speak
from campaign.web.shown import SignForm, campaign_context


@dataclass(frozen=True)
class Place:
    """Where a form stands: the template of its page, what is around all that it answers, its URL."""

    page: str
    layout: str
    url: str

    def context(self, campaign: Campaign) -> dict[str, str]:
        """What the templates of the form and of its answers need of it."""
        return {"layout": self.layout, "form_url": reverse(self.url, args=[campaign.slug])}


PAGE = Place("pages/campaign.html", "base.html", "campaign")


def answer(request: HttpRequest, campaign: Campaign, place: Place) -> HttpResponse:
    """What its buttons do; raises BadForm or FormTooLarge. Where it came from is asked before."""
    form = read_form(request)
    speech = speak(request, offered(campaign.languages), form.get("language"))
    with translation.override(speech.interface):
        match form.get("action"):
            case "resend":
                return resend(request, campaign, form, speech, place)
            case "edit":
                return edit(request, campaign, form, speech, place)
            case _:
                return sign(request, campaign, form, speech, place)


def sign(
    request: HttpRequest, campaign: Campaign, form: QueryDict, speech: Speech, place: Place
) -> HttpResponse:
    typed = typed_signature(form, language=speech.language)
    try:
        signing.sign(campaign=campaign, typed=typed, statement_version=typed_version(form))
    except InvalidInput as error:
        refused = SignForm(values=_kept(form), errors=by_field(error.errors))
        return _again(request, campaign, speech, place, refused, error, status=422)
    except (StatementChanged, CampaignClosed, CampaignPaused) as error:
        kept = SignForm(values=_kept(form))
        # Who has not seen the new text has not agreed to it.
        kept.values.pop("consent", None)
        return _again(request, campaign, speech, place, kept, error, status=error.status)
    return _look_in_inbox(request, campaign, speech, place, email=typed["email"], kept=_kept(form))


def resend(
    request: HttpRequest, campaign: Campaign, form: QueryDict, speech: Speech, place: Place
) -> HttpResponse:
    email = form.get("email", "")
    errors: dict[str, str | Promise] = {}
    try:
        signing.resend(campaign=campaign, email=email)
    except InvalidInput as error:
        errors = by_field(error.errors)
    return _look_in_inbox(
        request, campaign, speech, place, email=email, kept={}, again=not errors, errors=errors
    )


def edit(
    request: HttpRequest, campaign: Campaign, form: QueryDict, speech: Speech, place: Place
) -> HttpResponse:
    """The form with all that was typed in it, to correct it."""
    return _again(request, campaign, speech, place, SignForm(values=_kept(form)))


def _again(
    request: HttpRequest,
    campaign: Campaign,
    speech: Speech,
    place: Place,
    form: SignForm,
    error: CampaignError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with what was typed still in its form, and what stands in the way."""
    context = {
        **campaign_context(campaign, speech),
        **place.context(campaign),
        "form": form,
        "error": error,
        "mistakes": mistakes(form.errors),
    }
    return private_page(request, place.page, context, speech=speech, status=status)


def _look_in_inbox(
    request: HttpRequest,
    campaign: Campaign,
    speech: Speech,
    place: Place,
    *,
    email: str,
    kept: dict[str, Any],
    again: bool = False,
    errors: dict[str, str | Promise] | None = None,
) -> HttpResponse:
    """Where to look for the mail: made of what was typed alone, so it tells nobody anything."""
    context = {
        **place.context(campaign),
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
