"""The public list of signers."""

from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from campaign import identity, publication
from campaign.languages import offered
from campaign.models.signature import Evidence, Kind
from campaign.paging import ORDERS
from campaign.web.answers import door, public_page
from campaign.web.front import kept
from campaign.web.language import speak
from campaign.web.shown import discipline_names, entries

PAGE = 50

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


@kept
@door(writes=False)
def signers(request: HttpRequest, slug: str) -> HttpResponse:
    """The public list: search, filters, order, pages by cursor."""
    campaign = publication.find_campaign(slug)
    speech = speak(request, offered(campaign.languages))
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
            "entries": entries(page.signers, names),
            "next": _at(here, page.next),
            "previous": _at(here, page.previous),
            "first": "?" + urlencode(here) if request.GET.get("cursor") else "",
            "disciplines": names,
            "kinds": {kind.value: kind.label for kind in Kind},
            "orders": ORDER_NAMES,
            "marks": [(Evidence(mark).label, meaning) for mark, meaning in MARKS.items()],
        }
        return public_page(request, "pages/signers.html", context, speech=speech)


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
