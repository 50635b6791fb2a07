"""The pages that anybody may see: campaigns, the form, the list; and the preview of one to come."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django_countries import countries

from campaign import identity, publication, signing
from campaign.errors import (
    CampaignClosed,
    CampaignError,
    CampaignPaused,
    InvalidInput,
    StatementChanged,
)
from campaign.languages import Speech, direction, own_name, site_languages
from campaign.models.campaign import Campaign
from campaign.models.signature import Evidence, Kind
from campaign.paging import ORDERS
from campaign.web.answers import door, private_page, public_page
from campaign.web.forms import (
    TEXTS,
    by_field,
    check_origin,
    mistakes,
    read_form,
    typed_signature,
    typed_version,
)
from campaign.web.front import kept
from campaign.web.language import speak

FEATURED = 12
NEWEST = 12
PAGE = 50

KINDS: dict[str, str | Promise] = {
    Kind.PERSON: gettext_lazy("A person"),
    Kind.GROUP: gettext_lazy("A group: a band, a duo, an estate"),
    Kind.ORGANISATION: gettext_lazy("An organisation: a guild, a label, a union"),
}
ORDER_NAMES: dict[str, str | Promise] = {
    "featured": gettext_lazy("Featured first"),
    "newest": gettext_lazy("Newest first"),
    "oldest": gettext_lazy("Oldest first"),
    "name": gettext_lazy("By name"),
}
MARKS: dict[str, str | Promise] = {
    Evidence.EMAIL: gettext_lazy(
        "Somebody who reads this signer’s mailbox confirmed the signature. It says nothing about "
        "who they are."
    ),
    Evidence.ON_FILE: gettext_lazy(
        "The campaign states that it holds this signer’s own consent, on paper or by letter."
    ),
    Evidence.DOMAIN: gettext_lazy("The signer’s own web site or mail domain confirmed it."),
    Evidence.VOUCHED: gettext_lazy("Somebody whom the campaign knows stands up for this signer."),
    Evidence.STAFF: gettext_lazy("The campaign’s staff have checked who the signer is."),
}


@dataclass(frozen=True)
class SignForm:
    """What was typed and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str | Promise] = field(default_factory=dict)


# --- Campaigns -------------------------------------------------------------------------------


@kept
@door(writes=False)
def home(request: HttpRequest) -> HttpResponse:
    """The open campaigns; with one, that one's page."""
    campaigns = publication.open_campaigns()
    if len(campaigns) == 1:
        return _public_campaign(request, campaigns[0])
    speech = speak(request, site_languages())
    entries = [
        {
            "campaign": campaign,
            "statement": publication.statement(campaign, speech.language),
            "published": publication.counts(campaign)["published"],
            "state": campaign.state(),
        }
        for campaign in campaigns
    ]
    if not entries:
        # Kept by nobody, so that it isn't shown past an opening.
        return private_page(request, "pages/home.html", {"entries": entries}, speech=speech)
    return public_page(request, "pages/home.html", {"entries": entries}, speech=speech)


@kept
@door()
def campaign_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Statement, count and form; POST signs, or asks for the mail again."""
    campaign = publication.find_campaign(slug)
    if request.method != "POST":
        return _public_campaign(request, campaign)
    check_origin(request, campaign.sites)
    form = read_form(request)
    speech = speak(request, campaign.languages, form.get("language"))
    with translation.override(speech.interface):
        match form.get("action"):
            case "resend":
                return _resend(request, campaign, form, speech)
            case "edit":
                typed = SignForm(values=_kept(form))
                return _campaign(request, campaign, speech, typed)
            case _:
                return _sign(request, campaign, form, speech)


@door(writes=False)
def preview(request: HttpRequest, key: str) -> HttpResponse:
    """A campaign by its preview link, whatever the clock says; its form does nothing."""
    campaign = publication.preview_campaign(key)
    speech = speak(request, campaign.languages)
    context = {**_shown(campaign, speech), "form": SignForm(), "preview": True}
    return private_page(request, "pages/campaign.html", context, speech=speech)


def _public_campaign(request: HttpRequest, campaign: Campaign) -> HttpResponse:
    speech = speak(request, campaign.languages)
    context = {**_shown(campaign, speech), "form": SignForm()}
    return public_page(request, "pages/campaign.html", context, speech=speech)


def _campaign(
    request: HttpRequest,
    campaign: Campaign,
    speech: Speech,
    form: SignForm,
    error: CampaignError | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page with what was typed still in its form, and what stands in the way."""
    context = {
        **_shown(campaign, speech),
        "form": form,
        "error": error,
        "mistakes": mistakes(form.errors),
    }
    return private_page(request, "pages/campaign.html", context, speech=speech, status=status)


def _sign(
    request: HttpRequest, campaign: Campaign, form: QueryDict, speech: Speech
) -> HttpResponse:
    statement = publication.statement(campaign, speech.language)
    typed = typed_signature(form, language=statement.language)
    try:
        signing.sign(campaign=campaign, typed=typed, statement_version=typed_version(form))
    except InvalidInput as error:
        refused = SignForm(values=_kept(form), errors=by_field(error.errors))
        return _campaign(request, campaign, speech, refused, error, status=422)
    except (StatementChanged, CampaignClosed, CampaignPaused) as error:
        kept = SignForm(values=_kept(form))
        # Who has not seen the new text has not agreed to it.
        kept.values.pop("consent", None)
        return _campaign(request, campaign, speech, kept, error, status=error.status)
    return _look_in_inbox(request, campaign, speech, email=typed["email"], kept=_kept(form))


def _resend(
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


def _shown(campaign: Campaign, speech: Speech) -> dict[str, Any]:
    """All that a campaign's page shows, of public things alone."""
    statement = publication.statement(campaign, speech.language)
    exact = (campaign.slug, statement.version, statement.language)
    names = discipline_names(campaign, speech.language)
    featured = publication.signers(
        campaign, filters={"featured": True}, order="name", size=FEATURED
    )
    newest = publication.signers(campaign, order="newest", size=NEWEST)
    return {
        "campaign": campaign,
        "statement": statement,
        "statement_direction": direction(statement.language),
        "statement_language": own_name(statement.language),
        "wanted_language": own_name(speech.language),
        "exact_url": reverse("api-statement", args=exact),
        "feed_url": reverse("api-feed", args=[campaign.slug]),
        "state": campaign.state(),
        "counts": publication.counts(campaign),
        "featured": _entries(featured.signers, names),
        "newest": _entries(newest.signers, names),
        "disciplines": names,
        "kinds": KINDS,
        "countries": _countries(speech.interface),
        "canonical": settings.BASE_URL + reverse("campaign", args=[campaign.slug]),
    }


# --- The list --------------------------------------------------------------------------------


@kept
@door(writes=False)
def signers(request: HttpRequest, slug: str) -> HttpResponse:
    """The public list: search, filters, order, pages by cursor."""
    campaign = publication.find_campaign(slug)
    speech = speak(request, campaign.languages)
    names = discipline_names(campaign, speech.language)
    asked = _asked(request, names)
    with translation.override(speech.interface):
        page = publication.signers(
            campaign,
            filters=_filters(asked),
            q=asked.get("q"),
            order=asked.get("order", "featured"),
            cursor=request.GET.get("cursor"),
            size=PAGE,
        )
        here = {**asked, **({"language": speech.language} if speech.asked else {})}
        context = {
            "campaign": campaign,
            "statement": publication.statement(campaign, speech.language),
            "counts": publication.counts(campaign),
            "asked": asked,
            "entries": _entries(page.signers, names),
            "next": _at(here, page.next),
            "previous": _at(here, page.previous),
            "first": "?" + urlencode(here) if request.GET.get("cursor") else "",
            "disciplines": names,
            "kinds": {kind.value: kind.label for kind in Kind},
            "orders": ORDER_NAMES,
            "marks": [(Evidence(mark).label, meaning) for mark, meaning in MARKS.items()],
        }
        return public_page(request, "pages/signers.html", context, speech=speech)


def discipline_names(campaign: Campaign, language: str) -> dict[str, str]:
    """The campaign's disciplines by slug, as that language names them."""
    return {each.slug: each.name(language) for each in campaign.disciplines.all()}


def _asked(request: HttpRequest, disciplines: dict[str, str]) -> dict[str, str]:
    """What the address asks of the list; what it doesn't know is left out, not guessed at."""
    known = {"discipline": disciplines, "kind": Kind.values, "featured": ("true",), "order": ORDERS}
    asked = {
        name: value
        for name, values in known.items()
        if (value := request.GET.get(name, "")) in values
    }
    q = request.GET.get("q", "")[: identity.NAME_LIMIT].strip()
    return {"q": q, **asked} if q else asked


def _filters(asked: dict[str, str]) -> dict[str, Any]:
    filters: dict[str, Any] = {
        name: asked[name] for name in ("discipline", "kind") if name in asked
    }
    return {**filters, "featured": True} if "featured" in asked else filters


def _at(asked: dict[str, str], cursor: str | None) -> str:
    return "?" + urlencode({**asked, "cursor": cursor}) if cursor else ""


def _entries(
    found: list[publication.PublicSigner], disciplines: dict[str, str]
) -> list[dict[str, Any]]:
    """Signers as a page shows them: codes in words."""
    return [
        {
            "name": signer["name"],
            "id": signer["id"],
            "featured": signer["featured"],
            "parts": [
                part
                for part in (
                    disciplines.get(signer["discipline"] or ""),
                    signer["credit"],
                    signer["organisation"],
                )
                if part
            ],
            "country": countries.name(signer["country"]) if signer["country"] else "",
            "mark": Evidence(signer["evidence"]["method"]).label,
        }
        for signer in found
    ]


@lru_cache(maxsize=16)
def _countries(language: str) -> list[tuple[str, str]]:
    """Every country by its code and name, in the alphabet of that language."""
    with translation.override(language):
        return [(str(code), str(name)) for code, name in countries]
