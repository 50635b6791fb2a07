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
NARROW, WIDE = 6, 30
"""Tickets that let somebody in from one network in a minute, and from the wide one around it."""
LONGEST = 300
"""Characters of a ticket; a real one has about a hundred beside the campaign's slug."""
SALT = "campaign.patience"

_line = Line("patience")


def ticket(campaign: Campaign) -> str:
    """A fresh ticket for this campaign."""
    return signing.dumps([campaign.slug, secrets.token_urlsafe(9), int(time.time())], salt=SALT)


def left(campaign: Campaign, ticket: str, network: Hashes | None) -> int | None:
    """Seconds to wait on with this ticket: 0 lets in, once. None of one that is none, or no more."""
    try:
        slug, _nonce, at = signing.loads(ticket[:LONGEST], salt=SALT, max_age=LIFE)
    except (signing.BadSignature, ValueError):
        return None
    if slug != campaign.slug:
        return None
    if (wait := math.ceil(int(at) + WAIT - time.time())) > 0:
        return wait
    if wait_for_slot := _for_a_slot(network):
        return wait_for_slot
    name = f"petition:patience:{hashlib.sha256(ticket.encode()).hexdigest()}"
    return 0 if _line.is_first(name, seconds=LIFE) else None


def _for_a_slot(network: Hashes | None) -> int:
    """Take one of the network's slots of this minute; 0, or the seconds until there are new ones."""
    slots = {"unknown": NARROW}
    if network is not None:
        slots = {f"{network.narrow:x}": NARROW, f"{network.wide:x}": WIDE}
    taken = [limits.take(f"patience:{name}", limit=n, seconds=60) for name, n in slots.items()]
    return max((each.resets_in for each in taken if not each.allowed), default=0)
