"""The public list of signers."""

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext, ngettext

from campaign import public_numbers, publication
from campaign.models.signature import Evidence
from campaign.web import filters
from campaign.web.answers import door, public_page
from campaign.web.front import sourced
from campaign.web.language import speak_for
from campaign.web.marks import MEANINGS
from campaign.web.sharing import card
from campaign.web.shown import country_names, discipline_names, entries

PAGE = 50


@sourced
@door(writes=False)
def signers(request: HttpRequest, slug: str) -> HttpResponse:
    """The public list: search, filters, order, pages by cursor."""
    campaign = publication.find_campaign(slug)
    speech = speak_for(request, campaign)
    disciplines = discipline_names(campaign, speech.language)
    with translation.override(speech.interface):
        known = filters.words(disciplines, dict(country_names(speech.interface)))
        asked = filters.read(request, known)
        cursor = request.GET.get("cursor")
        page = publication.signers(
            campaign,
            filters=filters.conditions(asked),
            q=asked.get("q"),
            order=asked.get("order", "featured"),
            cursor=cursor,
            size=PAGE,
        )
        counts = public_numbers.counts(campaign)
        here = {**asked, **({"language": speech.language} if speech.asked else {})}
        statement = publication.statement(campaign, speech.language)
        title = f"{gettext('Signers')} – {statement.title}"
        context = {
            "campaign": campaign,
            "statement": statement,
            "card": card(campaign, statement, speech, page="signers", title=title),
            "counts": counts,
            "asked": asked,
            "filters": filters.offered(known, asked, counts),
            "orders": filters.ORDER_NAMES,
            "chosen": filters.chosen(known, asked, here),
            "everybody": filters.address({"language": speech.language}),
            "found": _found(page, filters.number(asked, counts), asked=asked, cursor=cursor),
            "entries": entries(page.signers, disciplines),
            "next": page.next and filters.address(here, cursor=page.next),
            "previous": page.previous and filters.address(here, cursor=page.previous),
            "first": filters.address(here) if cursor else "",
            "marks": _marks(counts),
            "files": [
                (gettext("CSV, for a spreadsheet"), reverse("api-signers-csv", args=[slug])),
                (gettext("JSON Lines"), reverse("api-signers-jsonl", args=[slug])),
                (gettext("Feed of the newest"), reverse("api-feed", args=[slug])),
            ],
        }
        return public_page(request, "pages/signers.html", context, speech=speech)


def _found(
    page: publication.SignerPage,
    number: int | None,
    *,
    asked: Mapping[str, str],
    cursor: str | None,
) -> str:
    """How many fit, as far as it is known: counting them could take longer than finding them."""
    narrowed = bool(asked.keys() - {"order"})
    if not page.signers:
        if cursor:
            return gettext("Nobody comes after these.")
        return gettext("Nobody fits.") if narrowed else gettext("Nobody is on the list yet.")
    if not page.next and not page.previous:
        number = len(page.signers)
    if number is None and cursor:
        return gettext("More who fit.")
    n = len(page.signers) if number is None else number
    shown = {"shown": number_format(n, force_grouping=True)}
    if number is None:
        return gettext("The first %(shown)s who fit; there are more.") % shown
    if narrowed:
        return ngettext("%(shown)s signer fits.", "%(shown)s signers fit.", n) % shown
    return ngettext("%(shown)s name on the list.", "%(shown)s names on the list.", n) % shown


def _marks(counts: Mapping[str, list[Mapping[str, int | str]]]) -> list[dict[str, object]]:
    """Every mark with what it means, and how many have it."""
    numbers = {each["evidence"]: each["published"] for each in counts["by_evidence"]}
    return [
        {"value": mark.value, "name": mark.label, "means": meaning, "number": numbers.get(mark, 0)}
        for mark, meaning in ((Evidence(value), MEANINGS[value]) for value in MEANINGS)
    ]
