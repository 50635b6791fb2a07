"""What is published, and read again where it is shown."""

from random import Random

from campaign.identity import clean
from tests.fuzz.fields import API, FORM, GOOD, Field, Send, like
from tests.fuzz.web import Answer, ask, post_form
from tests.fuzz.world import World, somewhere

SHOWN = ("/art/signers/", f"{API}signers/", f"{API}signers.csv", f"{API}feed.atom", "/art/")


def _published(field: str) -> Send:
    """Signed, confirmed by a member's link, and read from one of the places that show it."""

    def send(world: World, value: str, rng: Random) -> Answer:
        form = {**FORM, "member": "yes", "email": "zoe@example.org", field: value}
        signed = post_form(f"/vouch/{world.vouch}/", form, address=somewhere(rng))
        if signed.outcome != "200" or not clean(value):
            return signed
        return ask("GET", rng.choice(SHOWN), query=f"order=newest&n={rng.random()}")

    return send


LISTED = [
    Field(f"listed {name}", _published(name), like(*GOOD[name]), stores=True)
    for name in ("name", "credit", "organisation")
]
