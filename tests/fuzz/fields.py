"""Every place where a stranger's text comes in, and how it gets there."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from unicodedata import normalize

from campaign.identity import clean
from campaign.links import Purpose
from tests.factories import details
from tests.fuzz import files, inputs
from tests.fuzz.web import Answer, ask, post_form, post_json, quoted
from tests.fuzz.world import PRIVATE, World, somewhere

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


def _texts(genuine: Genuine) -> Callable[[World, Random], str]:
    return lambda world, rng: inputs.text(rng, genuine(world))


def _like(*values: str) -> Callable[[World, Random], str]:
    return _texts(lambda _world: values)


# --- Signing ---------------------------------------------------------------------------------

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
FORM = {
    "action": "sign",
    "name": "Zoë Moreau",
    "email": "zoe@example.org",
    "kind": "person",
    "consent": "yes",
    "show_name": "yes",
    "language": "en",
}
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


TEXTS, CHOICES = tuple(GOOD)[:4], tuple(GOOD)[4:]
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


def _form(path: str, form: dict[str, str], field: str) -> Send:
    return lambda _world, value, rng: post_form(
        path, {**form, field: value}, address=somewhere(rng)
    )


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
    Field(f"sign {name}", _signing(name), _like(*good), stores=True) for name, good in GOOD.items()
]
SIGN += [
    Field(f"sign {name}", _form("/art/", REPRESENTED, name), _like(*GOOD[like]), stores=True)
    for name, like in (
        ("representative_name", "name"),
        ("representative_email", "email"),
        ("representative_role", "credit"),
    )
]
SIGN += [
    Field(f"sign {name}", _form("/art/", FORM, name), _like(*good)) for name, good in HIDDEN.items()
]
SIGN += [
    Field(
        f"sign {'+'.join(names)}",
        _at_once(*names),
        _like(*sum((GOOD[name] for name in names), ())),
        stores=True,
    )
    for names in (TEXTS, CHOICES)
]
SIGN += [
    Field("sign altcha", _guarded("altcha"), _solution, _not_let_in),
    Field("sign ticket", _guarded("ticket"), _like("eyJhIjoxfQ:1abc:xyz"), _not_let_in),
    Field(
        "resend email",
        _resend,
        _like("zoe@example.org", "victim@canary.example.art.org"),
        stores=True,
    ),
    Field("body of JSON", _body, _like(*BODIES)),
    Field("body of a form", _multipart, _like("", "Zoë")),
]


# --- Other forms -----------------------------------------------------------------------------


def _of(page: Callable[[World], str], form: dict[str, str], field: str) -> Send:
    def send(world: World, value: str, rng: Random) -> Answer:
        sent = {"revision": world.revision, **form, field: value}
        return post_form(page(world), sent, address=somewhere(rng))

    return send


def _forms(
    label: str, page: Callable[[World], str], form: dict[str, str], good: dict[str, Sequence[str]]
) -> list[Field]:
    return [
        Field(f"{label} {name}", _of(page, form, name), _like(*values), stores=True)
        for name, values in good.items()
    ]


CORRECTION = {
    name: GOOD[name] for name in ("name", "kind", "discipline", "credit", "organisation", "country")
}
REPORTED = {"email": "zoe@example.org", "reason": "not_signed", "note": "I said no."}
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
        lambda world: f"/manage/{world.manage}/",
        {"action": "correct"},
        {**CORRECTION, "revision": ("1", "2", "3"), "action": ("show", "hide", "member", "erase")},
    ),
    *_forms(
        "own page",
        lambda world: f"/manage/{world.manage}/",
        {"action": "site"},
        {"site": ("zoe.example.com", "https://zoe.example.com/about", "müller.example.com")},
    ),
    *_forms(
        "own page",
        lambda world: f"/manage/{world.manage}/",
        {"action": "member"},
        {"vouching": ("1", "2")},
    ),
    *_forms(
        "answer", lambda world: f"/answer/{world.answer}/", {}, {"answer": ("It is me.\nYes.",)}
    ),
    *_forms(
        "member",
        lambda world: f"/vouch/{world.vouch}/",
        {**FORM, "member": "yes"},
        {**GOOD, "action": ("sign", "join", "renew"), "member": ("yes",)},
    ),
    *_forms(
        "member",
        lambda world: f"/vouch/{world.vouch}/",
        {"action": "join", "language": "en"},
        {"own_email": GOOD["email"]},
    ),
]


# --- Tokens ----------------------------------------------------------------------------------


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
TOKENS += [Field("token preview", _preview, _texts(lambda world: [world.preview]), _unopened)]


# --- Addresses and headers ---------------------------------------------------------------------

QUERY: dict[str, Genuine] = {
    "q": lambda _world: ("ann", "quarry songs", "zoë", "ann*", "李", "listed -0"),
    "cursor": lambda world: world.cursors,
    "updated_since": lambda _world: inputs.TIMES,
    "page_size": lambda _world: inputs.NUMBERS,
    "discipline": lambda _world: ("musician", "author"),
    "country": lambda _world: ("FR", "fr"),
    "kind": lambda _world: ("person", "group"),
    "evidence": lambda _world: ("email", "staff"),
    "featured": lambda _world: ("true", "false"),
    "order": lambda _world: ("featured", "newest", "oldest", "name"),
    "language": lambda _world: ("en", "fr", "fr-CA", "de", "zh-Hant"),
    "source": lambda _world: GOOD["source"],
}
READ = (f"{API}signers/", "/art/signers/", "/art/", API, "/embed/art/", f"{API}counts/", "/")


def _asked(name: str) -> Send:
    lists = READ[:2] if name not in {"language", "source"} else READ

    def send(world: World, value: str, rng: Random) -> Answer:
        query = f"{name}={quoted(value) if rng.random() < 0.9 else _raw(value)}"
        if name == "cursor":
            query += rng.choice(
                ("", "&order=newest", "&order=name", "&updated_since=2026-01-01T00:00:00Z")
            )
        return ask("GET", rng.choice(lists), query=query, address=somewhere(rng))

    return send


def _raw(value: str) -> str:
    """Into the address as it is: broken percent signs, a second name, bytes that are no UTF-8."""
    return inputs.wire(value).translate(None, b" \r\n\t\0").decode("latin-1")


def _any_query(_world: World, value: str, rng: Random) -> Answer:
    return ask("GET", rng.choice(READ), query=_raw(value), address=somewhere(rng))


def _private(name: str) -> Send:
    def send(world: World, value: str, rng: Random) -> Answer:
        headers = {"Authorization": f"Bearer {world.key}"}
        query = f"{name}={quoted(value)}"
        return ask("GET", f"{API}private/signatures/", query=query, headers=headers)

    return send


def _path(_world: World, value: str, rng: Random) -> Answer:
    front = ("/", "/art/", "/api/", API, "/embed/", "/inbox/", "/logos/", "/admin/", "/static/")
    return ask(rng.choice(("GET", "POST")), rng.choice(front) + value, address=somewhere(rng))


def _slug(_world: World, value: str, rng: Random) -> Answer:
    places = ("/{}/", "/{}/signers/", "/api/v1/campaigns/{}/", "/api/v1/campaigns/{}/signers.csv")
    more = ("/art/signers/{}/", "/api/v1/campaigns/art/signers/{}/", "/embed/{}/counter/")
    return ask(
        "GET", rng.choice((*places, *more)).format(value.replace("/", "")), address=somewhere(rng)
    )


HEADERS: dict[str, Genuine] = {
    "Accept-Language": lambda _world: ("en", "fr-CH, fr;q=0.9, *;q=0.5", "zh-Hant-TW"),
    "Accept": lambda _world: ("application/json", "text/html;q=0.9, */*", "application/yaml"),
    "Accept-Encoding": lambda _world: ("gzip;q=0, identity", "br;q=1.0", "identity, *;q=0"),
    "If-None-Match": lambda world: world.etags,
    "If-Modified-Since": lambda _world: (
        "Thu, 22 Jan 2026 14:00:00 GMT",
        "Thursday, 22-Jan-26 14:00:00 GMT",
    ),
    "Range": lambda _world: ("bytes=0-99", "bytes=-1"),
    "Cookie": lambda _world: ("sessionid=abc; csrftoken=def",),
    "Host": lambda _world: ("testserver", "testserver:80", "evil.example"),
    "X-Forwarded-For": lambda _world: ("198.51.100.7, 10.0.0.1", "[2001:db8::1]:80", "unknown"),
    "X-Forwarded-Proto": lambda _world: ("https", "http"),
    "X-Request-ID": lambda _world: ("0123456789abcdef",),
    "Authorization": lambda world: (f"Bearer {world.key}", "Basic YTpi", "Bearer ptn_none"),
}
POSTED: dict[str, Genuine] = {
    "Idempotency-Key": lambda _world: ("6f9619ff-8b86-d011-b42d-00c04fc964ff",),
    "Origin": lambda _world: ("https://partner.example", "null", "http://testserver"),
    "Content-Type": lambda _world: (
        "application/json; charset=utf-8",
        "text/plain",
        "multipart/form-data",
    ),
    "Content-Encoding": lambda _world: ("gzip", "identity"),
    "X-Forwarded-For": lambda _world: ("198.51.100.7, 10.0.0.1", "2001:db8::1%eth0"),
}


def _header(name: str) -> Send:
    reads = (*READ, f"{API}private/signatures/", f"{API}signers.csv", f"/manage/{'a' * 80}/")

    def send(_world: World, value: str, rng: Random) -> Answer:
        address = "127.0.0.1" if name.startswith("X-") else somewhere(rng)
        return ask("GET", rng.choice(reads), headers={name: value}, address=address)

    return send


def _posted(name: str) -> Send:
    def send(_world: World, value: str, rng: Random) -> Answer:
        options: dict[str, Any] = {"headers": {name: value}, "address": somewhere(rng)}
        if rng.random() < 0.6:
            return post_json(f"{API}signatures/", details(), **options)
        return post_form("/art/", FORM, **options)

    return send


PLACES = [Field(f"query {name}", _asked(name), _texts(good)) for name, good in QUERY.items()]
PLACES += [
    Field(
        "query as a whole",
        _any_query,
        _like("q=a&order=name", "page_size=1&page_size=2", "%zz=%ff&&=;"),
    ),
    *(
        Field(f"query private {name}", _private(name), _texts(good))
        for name, good in (
            ("status", lambda _world: ("held", "published")),
            ("newsletter", lambda _world: ("true", "false")),
            ("cursor", lambda world: world.cursors),
        )
    ),
    Field("path", _path, _like("v1/campaigns/art/", "signers/a/share.png", "js/../../settings.py")),
    Field("path slug", _slug, _texts(lambda world: ("art", "secret", world.signer))),
]
HEAD = [Field(f"header {name}", _header(name), _texts(good)) for name, good in HEADERS.items()]
HEAD += [
    Field(f"header {name} (POST)", _posted(name), _texts(good)) for name, good in POSTED.items()
]


# --- What is published -----------------------------------------------------------------------

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
    Field(f"listed {name}", _published(name), _like(*GOOD[name]), stores=True)
    for name in ("name", "credit", "organisation")
]

GROUPS: dict[str, list[Field]] = {
    "sign": SIGN,
    "forms": FORMS,
    "tokens": TOKENS,
    "addresses": PLACES,
    "headers": HEAD,
    "listed": LISTED,
    "files": [Field(name, send, make) for name, send, make in files.FILES],
}
