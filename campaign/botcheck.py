"""Proof of work before a request to sign: what costs a person nothing and a flood of bots a machine.

A challenge (ALTCHA, version 2) asks for the one counter whose key, derived in `COST` rounds, begins as
it says; its signature names the campaign and the time that it is good for. So it is checked without
anything being kept, and Redis remembers only which were used. Redis lost: a solution can be used again
until it expires, and "auto" doesn't see the rate and doesn't ask; nobody's signature is lost.
"""

import secrets
import time
from functools import cache
from typing import Any

from altcha import Payload, create_challenge, verify_solution
from django.utils.crypto import salted_hmac

from campaign.errors import BotCheckRequired
from campaign.line import Line
from campaign.models.campaign import BotCheck, Campaign

ALGORITHM = "PBKDF2/SHA-256"
"""Every browser has it built in."""
COST = 1_000
"""Rounds of one try: a quarter of a millisecond here, and what making a challenge costs us."""
TRIES = range(1_000, 3_000)
"""Where the counter lies: half a second of one core on average, and never much more."""
LIFE = 300
"""Seconds from a challenge to its use: somebody may fill in the form in between."""
BUSY = 1_000
"""Requests to sign one campaign within a minute, above which "auto" asks.

Half the rate of the largest honest rush on record (2,000 a minute), so that a good day asks nobody.
"""
LONGEST = 4_000
"""Characters of a solution; a whole one has a thousand."""

_line = Line("bot check")


def require(campaign: Campaign, solution: str | None) -> None:
    """Let a request to sign pass, or raise BotCheckRequired with a challenge.

    "off" costs nothing, "auto" one question to Redis while it is calm. A solution is used up by the
    first request that it comes with. A campaign that takes no signatures asks for no work.
    """
    if campaign.bot_check == BotCheck.OFF or campaign.state() != "open":
        return
    if campaign.bot_check == BotCheck.AUTO and not _is_busy(campaign):
        return
    if not (solution and _solves(campaign, solution)):
        raise BotCheckRequired(challenge(campaign))


def challenge(campaign: Campaign) -> dict[str, Any]:
    """A fresh challenge as ALTCHA's widget and libraries read it."""
    made: dict[str, Any] = create_challenge(
        ALGORITHM,
        COST,
        counter=secrets.choice(TRIES),
        expires_at=int(time.time()) + LIFE,
        data={"campaign": campaign.slug},
        hmac_secret=_secret("challenge"),
        hmac_key_secret=_secret("key"),
    ).to_dict()
    return made


def _solves(campaign: Campaign, solution: str) -> bool:
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
    return _is_first_use(str(payload.challenge.signature))


def _is_first_use(signature: str) -> bool:
    """One atomic SET NX: of two requests at once with one solution, one passes."""
    name = f"petition:solved:{signature}"
    return bool(_line.ask(lambda redis: redis.set(name, b"", nx=True, ex=2 * LIFE), instead=True))


def _is_busy(campaign: Campaign) -> bool:
    """Count this request; whether more than `BUSY` came within a minute, this one too.

    Of the minute before, as much is counted as lies within the last 60 seconds.
    """
    minute, second = divmod(time.time(), 60)

    def count(redis: Any) -> Any:
        this, before = (f"petition:rate:{campaign.pk}:{n:.0f}" for n in (minute, minute - 1))
        pipeline = redis.pipeline(transaction=False)
        return pipeline.incr(this).expire(this, 120).get(before).execute()

    this, _kept, before = _line.ask(count, instead=(0, True, None))
    return bool(this + int(before or 0) * (1 - second / 60) > BUSY)


@cache
def _secret(purpose: str) -> str:
    return salted_hmac(f"campaign.botcheck.{purpose}", "", algorithm="sha256").hexdigest()
