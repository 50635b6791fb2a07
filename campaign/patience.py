"""The way past the bot check for who has no JavaScript: to wait a little, with a ticket.

To wait costs a machine nothing, so what keeps floods out is not the wait but how many a network may let
in: a few a minute, since hardly anybody is without a script. Nothing is kept of a ticket but, once it is
used, that it was.
"""

import hashlib
import math
import secrets
import time

from django.core import signing

from campaign import limits
from campaign.line import Line
from campaign.models.campaign import Campaign
from campaign.networks import Hashes

WAIT = 20
"""Seconds from a ticket to its use."""
LIFE = 900
"""Seconds until a ticket is void: whoever reads slowly, or waits for a slot, has it that long."""
NARROW, WIDE, ALL = 6, 30, 60
"""Tickets that let somebody into one campaign in a minute from one network, from the wide one around it,
and altogether: whoever has many networks has no more of it than 60 mails a minute."""
LONGEST = 300
"""Characters of a ticket; a real one has about a hundred beside the campaign's slug."""
SALT = "campaign.patience"

_line = Line("patience")


def ticket(campaign: Campaign, network: Hashes | None) -> str:
    """A fresh ticket for this campaign and the wide network that it is asked from."""
    told = [campaign.slug, _place(network), secrets.token_urlsafe(9), int(time.time())]
    return signing.dumps(told, salt=SALT)


def left(campaign: Campaign, ticket: str, network: Hashes | None) -> int | None:
    """Seconds to wait on with this ticket: 0 lets in, once. None of one that is none, or no more."""
    try:
        slug, place, _nonce, at = signing.loads(ticket[:LONGEST], salt=SALT, max_age=LIFE)
    except (signing.BadSignature, ValueError):
        return None
    if (slug, place) != (campaign.slug, _place(network)):
        return None
    if (wait := math.ceil(int(at) + WAIT - time.time())) > 0:
        return wait
    if _is_used(ticket):  # before its slots, or who sends it again and again takes those of others
        return None
    if wait_for_slot := _for_a_slot(campaign, network):
        return wait_for_slot
    return 0 if _line.is_first(_mark(ticket), seconds=LIFE) else None


def _place(network: Hashes | None) -> str:
    return "" if network is None else f"{network.wide:x}"


def _for_a_slot(campaign: Campaign, network: Hashes | None) -> int:
    """Take a slot of this minute wherever one is needed; 0, or the seconds until there are new ones.

    The narrow one first: who has used those up takes none of their neighbours'.
    """
    slots = {"": ALL}
    if network is not None:
        slots = {f"{network.narrow:x}": NARROW, f"{network.wide:x}": WIDE, "": ALL}
    for name, n in slots.items():
        taken = limits.take(f"patience:{campaign.pk}:{name}", limit=n, seconds=60)
        if not taken.allowed:
            return taken.resets_in
    return 0


def _is_used(ticket: str) -> bool:
    return bool(_line.ask(lambda redis: redis.exists(_mark(ticket)), instead=False))


def _mark(ticket: str) -> str:
    return f"petition:patience:{hashlib.sha256(ticket.encode()).hexdigest()}"
