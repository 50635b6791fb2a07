"""The places of a signature: the API's, the page's and the frame's."""

import json
from random import Random
from typing import Any

from tests.factories import details
from tests.fuzz import files, inputs
from tests.fuzz.fields import API, CHOICES, FORM, GOOD, TEXTS, Field, Send, like
from tests.fuzz.web import Answer, ask, post_form, post_json
from tests.fuzz.world import World, somewhere

ODD: tuple[Any, ...] = (None, True, 1, 1.5, [], {}, ["a"], {"a": "b"}, -1, 10**40)


def _signing(field: str) -> Send:
    """By the API, the page's form and the frame's, in turn."""

    def send(_world: World, value: str, rng: Random) -> Answer:
        door, address = rng.random(), somewhere(rng)
        if door < 0.5:
            typed = details(**{field: rng.choice(ODD) if rng.random() < 0.01 else value})
            path = f"{API}signatures/"
            return post_json(path, typed, escaped=rng.random() < 0.8, address=address)
        path = "/art/" if door < 0.9 else "/embed/art/"
        return post_form(path, {**FORM, field: value}, address=address)

    return send


def _at_once(*fields: str) -> Send:
    """The same text in several fields of one request: an input for each of them."""

    def send(_world: World, value: str, rng: Random) -> Answer:
        typed, address = dict.fromkeys(fields, value), somewhere(rng)
        if rng.random() < 0.8:
            return post_json(f"{API}signatures/", details(**typed), address=address)
        return post_form("/art/", {**FORM, **typed}, address=address)

    return send


REPRESENTED = {
    **FORM,
    "representative_name": "Ada Agent",
    "representative_email": "ada@agency.example.org",
    "representative_role": "agent",
}
HIDDEN = {
    "action": ("sign", "resend", "edit", "meant"),
    "show_name": ("yes", "no"),
    "newsletter": ("yes",),
    "consent": ("yes",),
    "statement_version": ("1", "2"),
    "consent_version": ("1", "2"),
}


def _form(path: str, form: dict[str, str], *fields: str) -> Send:
    def send(_world: World, value: str, rng: Random) -> Answer:
        return post_form(path, {**form, **dict.fromkeys(fields, value)}, address=somewhere(rng))

    return send


def _resend(_world: World, value: str, rng: Random) -> Answer:
    match rng.randrange(3):
        case 0:
            return post_json(f"{API}signatures/resend/", {"email": value}, address=somewhere(rng))
        case 1:
            return post_form("/art/", {"action": "resend", "email": value}, address=somewhere(rng))
    return post_form("/art/my-signature/", {"email": value}, address=somewhere(rng))


def _solution(world: World, rng: Random) -> str:
    """A solution of the bot check as its script would send it, but for what it solves."""
    asked = ask("GET", "/api/v1/campaigns/guarded/challenge/", address=somewhere(rng))
    found = {"challenge": json.loads(asked.body), "solution": {"counter": 7, "derivedKey": "00"}}
    whole = files.base64_of(json.dumps(found))
    return inputs.mutated(rng, whole) if rng.random() < 0.5 else inputs.text(rng, [whole])


def _guarded(field: str) -> Send:
    def send(_world: World, value: str, rng: Random) -> Answer:
        if field == "altcha" and rng.random() < 0.5:
            path = "/api/v1/campaigns/guarded/signatures/"
            return post_json(path, details(altcha=value), address=somewhere(rng))
        return post_form("/guarded/", {**FORM, field: value}, address=somewhere(rng))

    return send


def _not_let_in(_world: World, _value: str, answer: Answer) -> str:
    return "let in without work" if answer.outcome in {"200", "202"} else ""


def _body(world: World, value: str, rng: Random) -> Answer:
    path = rng.choice(
        (f"{API}signatures/", f"{API}signatures/resend/", "/api/v1/signatures/confirm/")
    )
    kind = "application/json" if rng.random() < 0.9 else value[:2000]
    return ask("POST", path, body=inputs.wire(value), kind=inputs.wire(kind).decode("latin-1"))


BODIES = (
    json.dumps(details()),
    json.dumps({"email": "a@example.org"}),
    '{"token": "a.1.b.c"}',
    "[" * 5000,
    '{"a":' * 5000,
    '{"name": 1e999}',
    "\ufeff{}",
)


def _multipart(_world: World, value: str, rng: Random) -> Answer:
    parts = f'--b\r\nContent-Disposition: form-data; name="name"\r\n\r\nZoë\r\n--b--{value}'
    sent = inputs.bent_bytes(rng, inputs.wire(parts))
    kind = (
        "multipart/form-data; boundary=b" if rng.random() < 0.9 else f"multipart/form-data; {value}"
    )
    return ask("POST", "/art/", body=sent, kind=inputs.wire(kind).decode("latin-1"))


SIGN = [
    Field(f"sign {name}", _signing(name), like(*good), stores=True) for name, good in GOOD.items()
]
SIGN += [
    Field(f"sign {name}", _form("/art/", REPRESENTED, name), like(*GOOD[kin]), stores=True)
    for name, kin in (
        ("representative_name", "name"),
        ("representative_email", "email"),
        ("representative_role", "credit"),
    )
]
SIGN += [
    Field(f"sign {name}", _form("/art/", FORM, name), like(*good)) for name, good in HIDDEN.items()
]
SIGN += [
    Field(
        f"sign {'+'.join(names)}",
        _at_once(*names),
        like(*sum((GOOD[name] for name in names), ())),
        stores=True,
    )
    for names in (TEXTS, CHOICES)
]
SIGN += [
    Field(
        "sign representative_name+role",
        _form("/art/", REPRESENTED, "representative_name", "representative_role"),
        like(*GOOD["name"], *GOOD["credit"]),
        stores=True,
    ),
    Field("sign altcha", _guarded("altcha"), _solution, _not_let_in),
    Field("sign ticket", _guarded("ticket"), like("eyJhIjoxfQ:1abc:xyz"), _not_let_in),
    Field(
        "resend email",
        _resend,
        like("zoe@example.org", "victim@canary.example.art.org"),
        stores=True,
    ),
    Field("body of JSON", _body, like(*BODIES)),
    Field("body of a form", _multipart, like("", "Zoë")),
]
