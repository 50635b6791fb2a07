"""What is asked of who may cause a mail: nothing while it is calm, then work, above a ceiling to come later.

Thousands of honest phones share one carrier's address. So a rush from one network raises the work, as a
rush on the campaign does, and only what no honest crowd reaches is refused. Whoever has no JavaScript
waits instead (`patience`).
"""

from campaign import botcheck, patience, rates
from campaign.errors import BotCheckRequired, RateLimited
from campaign.models.campaign import BotCheck, Campaign
from campaign.networks import Hashes

BUSY = 1_000
"""Requests to one campaign within a minute, above which "auto" asks for work.

Half the rate of the largest honest rush on record (2,000 a minute), so that a good day asks nobody.
"""
BUSY_NARROW, BUSY_WIDE = 30, 120
"""The same from one network (/32 of IPv4, /64 of IPv6), and from the wide one around it (/24, /48)."""
CEILING_NARROW, CEILING_WIDE = 2_000, 6_000
"""Requests within a minute above which a network is refused: as many as the whole of that rush."""


def admit(
    campaign: Campaign, network: Hashes | None, *, solution: str | None = None, ticket: str = ""
) -> None:
    """Count a request that may cause a mail, and let it pass or say what it takes.

    ``solution`` is work that was done for a challenge, ``ticket`` that of who waits; the first request
    that passes by one uses it up. Raises RateLimited, or BotCheckRequired with a fresh challenge.
    """
    pressure = _pressure(campaign, network)
    asks = campaign.bot_check == BotCheck.ALWAYS or (
        campaign.bot_check == BotCheck.AUTO and pressure > 1
    )
    if not asks or (solution and botcheck.solves(campaign, solution)):
        return
    wait = patience.left(campaign, ticket, network) if ticket else None
    if wait != 0:
        raise BotCheckRequired(botcheck.challenge(campaign, pressure), wait=wait)


def count(campaign: Campaign, network: Hashes | None) -> None:
    """The same where no work can be asked for: raises RateLimited alone."""
    _pressure(campaign, network)


def _pressure(campaign: Campaign, network: Hashes | None) -> float:
    """How much more comes than when it is calm (1 is where that ends), by who presses hardest."""
    names, busy = [f"campaign:{campaign.pk}"], [BUSY]
    if network is not None:
        names += [f"{campaign.pk}:{network.narrow:x}", f"{campaign.pk}:{network.wide:x}"]
        busy += [BUSY_NARROW, BUSY_WIDE]
    found = rates.count(names)
    for rate, ceiling in zip(found[1:], (CEILING_NARROW, CEILING_WIDE), strict=False):
        if rate > ceiling:
            raise RateLimited
    return max(rate / calm for rate, calm in zip(found, busy, strict=True))
