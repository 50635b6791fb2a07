"""What a place is where a stranger's text comes in, and what an honest one writes there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.fuzz import inputs
from tests.fuzz.web import Answer
from tests.fuzz.world import World

Send = Callable[[World, Any, Random], Answer]
Genuine = Callable[[World], Sequence[str]]
API = "/api/v1/campaigns/art/"


@dataclass(frozen=True)
class Field:
    """One place: what is sent there, how, and what else must hold of the answer."""

    name: str
    send: Send
    make: Callable[[World, Random], str | bytes]
    check: Callable[[World, Any, Answer], str] = lambda _world, _value, _answer: ""
    stores: bool = False


def texts(genuine: Genuine) -> Callable[[World, Random], str]:
    return lambda world, rng: inputs.text(rng, genuine(world))


def like(*values: str) -> Callable[[World, Random], str]:
    return texts(lambda _world: values)


GOOD: dict[str, tuple[str, ...]] = {
    "name": ("Zoë Moreau", "R.E.M.", "李小龍", "محمد علي", "Jean-Luc O’Brien", "נועה", "Ελένη"),
    "credit": ("The Quarry Songs", "Lincoln in the Bardo", "映画"),
    "organisation": ("Actors’ Guild", "Ärzte e. V."),
    "source": ("newsletter", "embed", "qr-poster_3"),
    "email": ("zoe@example.org", "z.o.e+tag@GMAIL.com", "zoe@müller.example.org", "a@b.co.uk"),
    "country": ("FR", "fr", "US", ""),
    "discipline": ("musician", "author", ""),
    "kind": ("person", "group", "organisation", ""),
    "language": ("en", "fr", "fr-CA", ""),
}
TEXTS, CHOICES = tuple(GOOD)[:4], tuple(GOOD)[4:]
"""Those in which any text is good, so that one request can try it in all of them; and the rest."""
FORM = {
    "action": "sign",
    "name": "Zoë Moreau",
    "email": "zoe@example.org",
    "kind": "person",
    "consent": "yes",
    "show_name": "yes",
    "language": "en",
}
