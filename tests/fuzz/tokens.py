"""The tokens of links: nothing opens but to a whole one of its own purpose."""

from collections.abc import Callable
from random import Random
from unicodedata import normalize

from campaign.links import Purpose
from tests.fuzz import inputs
from tests.fuzz.fields import Field, Send, texts
from tests.fuzz.web import Answer, ask, post_form, post_json
from tests.fuzz.world import PRIVATE, World, somewhere


def _token(purpose: str) -> Callable[[World, Random], str]:
    """A genuine one bent, of another purpose, or put together of two; seldom a whole one."""

    def make(world: World, rng: Random) -> str:
        own, every = world.tokens.get(purpose, []), sum(world.tokens.values(), [])
        one, another = rng.choice(own or every), rng.choice(every)
        match rng.randrange(8):
            case 0:
                return rng.choice((one, another))
            case 1:
                parts = list(zip(one.split("."), another.split("."), strict=False))
                return ".".join(rng.choice(pair) for pair in parts)
            case 2:
                at = rng.randrange(len(one))
                return one[:at] + another[at:]
            case 3:
                return inputs.text(rng, [one])
            case 4:
                return one + rng.choice(
                    ("/", "//", ".", "=", " ", "\n", "?a", "%00", "\0", "#", ">", ")")
                )
            case 5:
                return (
                    normalize("NFKD", one).replace("a", rng.choice("аａ𝐚"))
                    if "a" in one
                    else one[:-1]
                )
        return inputs.mutated(rng, one)

    return make


def _open(purpose: str) -> Send:
    def send(_world: World, value: str, rng: Random) -> Answer:
        if purpose == "confirm" and rng.random() < 0.4:
            return post_json(
                "/api/v1/signatures/confirm/", {"token": value}, address=somewhere(rng)
            )
        end = rng.choice(("/", "/", "/", "", "/data.json" if purpose == "manage" else ""))
        path, address = f"/{purpose}/{value}{end}", somewhere(rng)
        if rng.random() < 0.6:
            return ask(rng.choice(("GET", "GET", "HEAD")), path, address=address)
        form = {"action": rng.choice(("erase", "renew", "hide", "")), "sure": "yes"}
        return post_form(path, form, address=address)

    return send


def _opens(purpose: str) -> Callable[[World, str, Answer], str]:
    """Nothing opens but to the whole token of this purpose, whatever a mail program hung to it."""

    def check(world: World, value: str, answer: Answer) -> str:
        genuine = world.tokens.get(purpose, [])
        if value.partition("/")[0] in genuine:
            return ""
        if answer.outcome == "200":
            return "opened"
        shown = answer.body.decode().lower()
        return next((f"shows {canary}" for canary in PRIVATE if canary in shown), "")

    return check


def _preview(_world: World, value: str, rng: Random) -> Answer:
    return ask("GET", f"/preview/{value}/", address=somewhere(rng))


def _unopened(world: World, value: str, answer: Answer) -> str:
    return "opened" if answer.outcome == "200" and value.strip("/") != world.preview else ""


TOKENS = [
    Field(f"token {purpose.value}", _open(purpose), _token(purpose), _opens(purpose))
    for purpose in Purpose
]
TOKENS += [Field("token preview", _preview, texts(lambda world: [world.preview]), _unopened)]
