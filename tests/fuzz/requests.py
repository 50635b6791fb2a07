"""What stands around a body: addresses, queries and headers."""

from random import Random
from typing import Any

from tests.factories import details
from tests.fuzz import inputs
from tests.fuzz.fields import API, FORM, GOOD, Field, Genuine, Send, like, texts
from tests.fuzz.web import Answer, ask, post_form, post_json, quoted
from tests.fuzz.world import World, somewhere

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


PLACES = [Field(f"query {name}", _asked(name), texts(good)) for name, good in QUERY.items()]
PLACES += [
    Field(
        "query as a whole",
        _any_query,
        like("q=a&order=name", "page_size=1&page_size=2", "%zz=%ff&&=;"),
    ),
    *(
        Field(f"query private {name}", _private(name), texts(good))
        for name, good in (
            ("status", lambda _world: ("held", "published")),
            ("newsletter", lambda _world: ("true", "false")),
            ("cursor", lambda world: world.cursors),
        )
    ),
    Field("path", _path, like("v1/campaigns/art/", "signers/a/share.png", "js/../../settings.py")),
    Field("path slug", _slug, texts(lambda world: ("art", "secret", world.signer))),
]
HEAD = [Field(f"header {name}", _header(name), texts(good)) for name, good in HEADERS.items()]
HEAD += [
    Field(f"header {name} (POST)", _posted(name), texts(good)) for name, good in POSTED.items()
]
