"""The page between a form and its answer while very many come: work for a script, patience without one."""

import json
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse

from campaign import patience
from campaign.errors import BotCheckRequired
from campaign.languages import Speech
from campaign.models.campaign import Campaign
from campaign.networks import Hashes
from campaign.web.answers import private_page

SOLUTION, TICKET = "altcha", "ticket"
"""The fields in which the answer comes back."""


def one_moment(
    request: HttpRequest,
    error: BotCheckRequired,
    *,
    campaign: Campaign,
    speech: Speech,
    network: Hashes | None,
    kept: Mapping[str, str],
    ticket: str,
    context: dict[str, Any],
) -> HttpResponse:
    """Ask for what `floods.admit` asks for; ``kept`` is all that was sent, to be sent again.

    ``ticket`` came along, if one did. ``context`` has `layout`, `statement` and `form_url`.
    """
    waits = error.wait is not None
    page = {
        **context,
        "campaign": campaign,
        "kept": {
            name: text for name, text in kept.items() if name not in {"language", SOLUTION, TICKET}
        },
        "challenge": json.dumps(error.challenge),
        "ticket": ticket if waits else patience.ticket(campaign, network),
        "wait": error.wait if waits else patience.WAIT,
        "again": waits,
    }
    return private_page(
        request, "pages/one_moment.html", page, speech=speech, status=BotCheckRequired.status
    )
