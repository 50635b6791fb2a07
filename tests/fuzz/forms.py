"""The other forms: reports, one's own page, answers, links of members."""

from collections.abc import Callable, Sequence
from random import Random

from tests.fuzz.fields import FORM, GOOD, TEXTS, Field, Send, like
from tests.fuzz.web import Answer, post_form
from tests.fuzz.world import World, somewhere


def _of(page: Callable[[World], str], form: dict[str, str], *fields: str) -> Send:
    """The text in one field, or the same in several of one form: an input for each of them."""

    def send(world: World, value: str, rng: Random) -> Answer:
        sent = {"revision": world.revision, **form, **dict.fromkeys(fields, value)}
        return post_form(page(world), sent, address=somewhere(rng))

    return send


def _forms(
    label: str, page: Callable[[World], str], form: dict[str, str], good: dict[str, Sequence[str]]
) -> list[Field]:
    return [
        Field(f"{label} {name}", _of(page, form, name), like(*values), stores=True)
        for name, values in good.items()
    ]


CORRECTION = {
    name: GOOD[name] for name in ("name", "kind", "discipline", "credit", "organisation", "country")
}
REPORTED = {"email": "zoe@example.org", "reason": "not_signed", "note": "I said no."}


def _own_page(world: World) -> str:
    return f"/manage/{world.manage}/"


def _member(world: World) -> str:
    return f"/vouch/{world.vouch}/"


FORMS = [
    *_forms(
        "report",
        lambda world: f"/art/signers/{world.signer}/report/",
        REPORTED,
        {
            "email": GOOD["email"],
            "reason": ("not_signed", "other"),
            "note": ("I said no.\nTwice.",),
        },
    ),
    *_forms(
        "own page",
        _own_page,
        {"action": "correct"},
        {**CORRECTION, "revision": ("1", "2", "3"), "action": ("show", "hide", "member", "erase")},
    ),
    *_forms(
        "own page",
        _own_page,
        {"action": "site"},
        {"site": ("zoe.example.com", "https://zoe.example.com/about", "müller.example.com")},
    ),
    *_forms(
        "own page",
        _own_page,
        {"action": "member"},
        {"vouching": ("1", "2")},
    ),
    *_forms(
        "answer", lambda world: f"/answer/{world.answer}/", {}, {"answer": ("It is me.\nYes.",)}
    ),
    *_forms(
        "member",
        _member,
        {**FORM, "member": "yes"},
        {**GOOD, "action": ("sign", "join", "renew"), "member": ("yes",)},
    ),
    *_forms(
        "member",
        _member,
        {"action": "join", "language": "en"},
        {"own_email": GOOD["email"]},
    ),
]
FORMS += [
    Field(
        f"{label} {'+'.join(names)}",
        _of(page, form, *names),
        like(*sum((GOOD[name] for name in names), ())),
        stores=True,
    )
    for label, page, form, names in (
        ("own page", _own_page, {"action": "correct"}, TEXTS[:3]),
        ("member", _member, {**FORM, "member": "yes"}, TEXTS),
    )
]
