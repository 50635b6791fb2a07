"""What is asked of who may cause a mail: nothing while it is calm, then work, above a ceiling to come later.

Thousands of honest phones share one carrier's address. So a rush from one network raises the work, as a
rush on the campaign does, and only what no honest crowd reaches is refused. Whoever has no JavaScript
waits instead (`patience`).
"""

from campaign import botcheck, mailboxes, patience, rates
from campaign.errors import BotCheckRequired, RateLimited
from campaign.mail_domains import FREE, read_domain, registrable
from campaign.models.campaign import BotCheck, Campaign
from campaign.networks import Hashes

DOMAIN_MAX = 253
"""Characters of a domain name (RFC 1035, 2.3.4); whatever is longer is none."""
BUSY = 1_000
"""Requests to one campaign within a minute, above which "auto" asks for work.

Half the rate of the largest honest rush on record (2,000 a minute), so that a good day asks nobody.
"""
BUSY_NARROW, BUSY_WIDE = 30, 120
"""The same from one network (/32 of IPv4, /64 of IPv6), and from the wide one around it (/24, /48)."""
BUSY_DOMAIN = 30
"""The same to addresses of one mail domain, and all below it, within an hour: who owns it gets all of them.

Not where anybody has an address (Gmail and the like). A guild's members that sign together work a little.
"""
CEILING_NARROW, CEILING_WIDE = 2_000, 6_000
"""Requests that pass within a minute, above which a network is refused: as many as the whole of that rush."""


def admit(
    campaign: Campaign,
    network: Hashes | None,
    *,
    email: str = "",
    solution: str | None = None,
    ticket: str = "",
) -> None:
    """Count a request that may cause a mail, and let it pass or say what it takes.

    ``email`` is where the mail would go, as it was typed. ``solution`` is work that was done for a
    challenge, ``ticket`` that of who waits; the first request that passes by one uses it up. Raises
    BotCheckRequired with a fresh challenge, or RateLimited.
    """
    pressure = _pressure(campaign, network, email)
    if not _asks(campaign, pressure) or (solution and botcheck.solves(campaign, solution)):
        return count(campaign, network)
    wait = patience.left(campaign, ticket, network) if ticket else None
    if wait != 0:
        raise BotCheckRequired(botcheck.challenge(campaign, pressure), wait=wait)
    return count(campaign, network)


def count(campaign: Campaign, network: Hashes | None) -> None:
    """Count one that passes, or of which no work can be asked. Raises RateLimited.

    Who is turned away for want of work isn't counted: or a phone that does none could lock out
    everybody who shares its address.
    """
    if network is None:
        return
    passed = rates.count([f"in:{name}" for name in _names(campaign, network)])
    if any(n > most for n, most in zip(passed, (CEILING_NARROW, CEILING_WIDE), strict=True)):
        raise RateLimited


def _asks(campaign: Campaign, pressure: float) -> bool:
    if campaign.bot_check == BotCheck.AUTO:
        return pressure > 1
    return campaign.bot_check == BotCheck.ALWAYS


def _pressure(campaign: Campaign, network: Hashes | None, email: str) -> float:
    """How much more comes than when it is calm (1 is where that ends), by who presses hardest."""
    if campaign.bot_check == BotCheck.OFF:
        return 0
    names, busy = [f"{campaign.pk}"], [BUSY]
    if network is not None:
        names, busy = [*names, *_names(campaign, network)], [BUSY, BUSY_NARROW, BUSY_WIDE]
    pressures = [n / calm for n, calm in zip(rates.count(names), busy, strict=True)]
    if domain := _domain(email):
        (n,) = rates.count([f"{campaign.pk}@{domain}"], seconds=3600)
        pressures.append(n / BUSY_DOMAIN)
    return max(pressures)


def _domain(email: str) -> str:
    """The domain that somebody registered and a mail would go to, as A-labels; '' where anybody has one.

    Not as it was typed: letters that nobody sees, or of another width, would each be a domain of their own.
    """
    typed = email.strip()
    if not typed.isascii():
        try:
            typed = mailboxes.ascii_address(mailboxes.parse_address(typed))
        except mailboxes.AddressError:
            return ""  # nothing goes there
    domain = read_domain(typed.rpartition("@")[2][: DOMAIN_MAX + 1])
    return registrable(domain) if domain and domain not in FREE else ""


def _names(campaign: Campaign, network: Hashes) -> list[str]:
    return [f"{campaign.pk}:{network.narrow:x}", f"{campaign.pk}:{network.wide:x}"]
