"""Proof of work before a request to sign: what costs a person nothing and a flood of bots a machine.

A challenge (ALTCHA, version 2) asks for the one counter whose key, derived in `COST` rounds, begins as
it says; its signature names the campaign and the time that it is good for. So it is checked without
anything being kept, and Redis remembers only which were used. Redis lost: a solution can be used again
until it expires; nobody's signature is lost. When it is asked for, `floods` says.
"""

import secrets
import time
from functools import cache
from typing import Any

from altcha import Payload, create_challenge, verify_solution
from django.utils.crypto import salted_hmac

from campaign.line import Line
from campaign.models.campaign import Campaign

ALGORITHM = "PBKDF2/SHA-256"
"""Every browser has it built in."""
COST = 1_000
"""Rounds of one try: an eighth of a millisecond in a browser here, and what making a challenge costs us."""
EASIEST, HARDEST = 250, 1_000
"""Tries before which the counter never comes, and by three times as many it always has.

3,000 tries take 0.4 s here, in Chromium on one core. Lighthouse reckons a phone four times slower: 1.6 s,
where the limit is 2 s on one of four years.
"""
LIFE = 300
"""Seconds from a challenge to its use: somebody may fill in the form in between."""
LONGEST = 4_000
"""Characters of a solution; a whole one has a thousand."""

_line = Line("bot check")


def challenge(campaign: Campaign, pressure: float = 1) -> dict[str, Any]:
    """A fresh challenge as ALTCHA's widget and libraries read it; harder by as much as ``pressure`` says."""
    least = round(min(max(EASIEST * pressure, EASIEST), HARDEST))
    made: dict[str, Any] = create_challenge(
        ALGORITHM,
        COST,
        counter=least + secrets.randbelow(2 * least),
        expires_at=int(time.time()) + LIFE,
        data={"campaign": campaign.slug},
        hmac_secret=_secret("challenge"),
        hmac_key_secret=_secret("key"),
    ).to_dict()
    return made


def solves(campaign: Campaign, solution: str) -> bool:
    """Whether it solves one of our challenges for this campaign, in time and for the first time."""
    if len(solution) > LONGEST:
        return False
    try:
        payload = Payload.from_base64(solution)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False
    checked = verify_solution(
        payload, hmac_secret=_secret("challenge"), hmac_key_secret=_secret("key")
    )
    if not checked.verified or payload.challenge.parameters.data != {"campaign": campaign.slug}:
        return False
    return _line.is_first(f"petition:solved:{payload.challenge.signature}", seconds=2 * LIFE)


@cache
def _secret(purpose: str) -> str:
    return salted_hmac(f"campaign.botcheck.{purpose}", "", algorithm="sha256").hexdigest()
