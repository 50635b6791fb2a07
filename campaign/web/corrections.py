"""What was taken off the list, as a page."""

from itertools import groupby
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import translation

from campaign import publication
from campaign.corrections import Correction
from campaign.corrections import corrections as find_corrections
from campaign.web.answers import door, public_page
from campaign.web.front import kept
from campaign.web.language import speak_for
from campaign.web.shown import moment


@kept
@door(writes=False)
def corrections(request: HttpRequest, slug: str) -> HttpResponse:
    """How many signatures were removed after they had been published, by day and reason."""
    campaign = publication.find_campaign(slug)
    speech = speak_for(request, campaign)
    with translation.override(speech.interface):
        found = find_corrections(campaign, speech.language)
    context = {
        "campaign": campaign,
        "statement": publication.statement(campaign, speech.language),
        "total": sum(each["number"] for each in found),
        "days": _days(found),
    }
    return public_page(request, "pages/corrections.html", context, speech=speech)


def _days(found: list[Correction]) -> list[dict[str, Any]]:
    """The corrections of each day together, the newest day first."""
    return [
        {"at": moment(at), "lines": list(lines)}
        for at, lines in groupby(found, key=lambda each: each["at"])
    ]
