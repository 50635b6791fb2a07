"""No way in without a login, and none with too little a right, shows anything private: see canary.py.

Every address of the product is walked, read off its resolver: what is added tomorrow is walked tomorrow, and
a part of an address that the walk has no values for fails.
"""

import itertools
import json
import logging
import re
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings as configured
from django.contrib.contenttypes.models import ContentType
from django.db import OperationalError, connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import Settings
from redis import Redis

from campaign import backups, dispatch, files, leaving, letters, printing, signing
from campaign.logs import JsonFormatter
from campaign.models import (
    ImportBatch,
    Mail,
    PrintList,
    Signature,
    Webhook,
    WebhookDelivery,
)
from campaign.models.api_key import Scope
from campaign.models.membership import Role
from tests import canary
from tests.canary import (
    ADDRESS,
    AGENT,
    BOTH,
    COPY,
    IP,
    NAME,
    PROXIED,
    PUBLIC,
    SHOWING,
    Scene,
    all_of,
    found_in,
    held_in,
)
from tests.factories import bearer, make_campaign, make_key, make_member, manage_token
from tests.fronts import Process

pytestmark = pytest.mark.django_db(transaction=True)

OPEN_IN_ADMIN = ("admin/login/", "admin/logout/", "admin/welcome/")
WAYS: list[dict[str, str]] = [
    {"HTTP_ACCEPT_LANGUAGE": "de"},
    {"HTTP_ACCEPT": "application/yaml"},
    {"HTTP_ACCEPT": "text/csv, */*;q=0.1"},
    {"HTTP_ACCEPT_ENCODING": "gzip"},
    {"HTTP_ACCEPT_ENCODING": "br"},
    {"HTTP_ORIGIN": "https://partner.example"},
    {"HTTP_HOST": "elsewhere.example"},
    {"HTTP_IF_NONE_MATCH": "*"},
    {"HTTP_IF_MODIFIED_SINCE": "Thu, 22 Jan 2026 14:00:00 GMT"},
    {"HTTP_RANGE": "bytes=0-99"},
    {"HTTP_AUTHORIZATION": "Bearer ptn_nothing"},
    {"QUERY_STRING": "language=fr"},
    {"QUERY_STRING": "page_size=200"},
    {"QUERY_STRING": "updated_since=2026-01-01T00:00:00Z"},
    {"QUERY_STRING": "order=oldest&q=qzxk"},
    {"QUERY_STRING": "order=name&q=vwxf"},
    {"QUERY_STRING": "evidence=staff&cursor=x"},
    {"QUERY_STRING": "page_size=-1&kind=%FF&%00=%00"},
]
"""Further ways to ask, of one address of each path."""


PART = re.compile(r"<(?:[\w-]+:)?(\w+)>")


@pytest.fixture
def scene(providers: None, settings: Settings) -> Scene:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    settings.INBOX_DIR = None  # that of development is for whoever sits at the machine
    return canary.lay()


@pytest.fixture
def written() -> Iterator[list[str]]:
    """What the log says meanwhile, as production writes it."""
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonFormatter().format(record))

    root, handler = logging.getLogger(), Kept()
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)


def routes(patterns: Any = None, before: str = "") -> Iterator[str]:
    """Every route that is open to everybody."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from routes(each.url_patterns, route)
        elif not route.startswith("admin/") or route.startswith(OPEN_IN_ADMIN):
            assert isinstance(each, URLPattern)
            yield route


def values(scene: Scene) -> dict[str, list[str]]:
    """What stands in each part of an address."""
    signatures = Signature.objects.order_by("pk").values_list("public_id", flat=True)
    return {
        "slug": ["art", "nobody"],
        "public_id": [*signatures, "nobody"],
        "token": scene.tokens(),
        "version": ["1", "2", "99999999999"],
        "language": ["en", "fr", "xx"],
        "digest": ["0" * 64],
        "kind": ["png"],
        "accent": ["b3261e"],
        "name": ["x"],
        "key": ["x", str(scene.campaign.preview_key)],
        "uidb64": ["MQ", "x"],
    }


def addresses(scene: Scene) -> Iterator[list[str]]:
    """All addresses of each route that is open to everybody."""
    known = values(scene)
    for route in routes():
        parts = PART.findall(route)
        for_each = itertools.product(*(known[part] for part in parts))
        yield ["/" + _filled(route, dict(zip(parts, chosen, strict=True))) for chosen in for_each]
    yield ["/healthz", "/readyz", "/metrics", "/robots.txt", "/favicon.ico", "/static/", "/.env"]
    yield ["/static/../petition/settings.py", "/static/%2e%2e/manage.py", "/%2e%2e/.run/inbox/"]
    yield ["/no/such/page", "/api/v1/nothing", "/admin", "/art", "//art/", "/art//signers/"]


def _filled(route: str, chosen: dict[str, str]) -> str:
    return PART.sub(lambda part: chosen[part[1]], route)


def answers(client: Client, scene: Scene, ways: list[dict[str, str]]) -> Iterator[tuple[str, Any]]:
    """What every address answers: read, asked for its head and options, asked again, posted nonsense to."""
    for paths in addresses(scene):
        for path in paths:
            first = client.get(path)
            yield f"GET {path}", first
            if etag := first.headers.get("ETag"):
                yield f"GET {path} again", client.get(path, headers={"If-None-Match": etag})
        for path in paths[:1] + paths[-1:]:
            for method in ("HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"):
                yield f"{method} {path}", client.generic(method, path)
            for content_type in (
                "application/json",
                "text/plain",
                "application/x-www-form-urlencoded",
            ):
                posted = client.post(path, b'{"\xff', content_type=content_type)
                yield f"POST {path} {content_type}", posted
            for way in ways:
                yield f"GET {path} {way}", client.get(path, **way)  # type: ignore[arg-type]


def assert_clean(given: Iterator[tuple[str, Any]], kinds: tuple[str, ...] = BOTH) -> int:
    """Nothing of the canary in any answer; how many there were."""
    n, wrong = 0, []
    for what, response in given:
        n += 1
        content = all_of(response)
        if found := found_in(content, kinds):
            wrong.append(f"{what}: {response.status_code} {found} {around(content, found[0])!r}")
    assert not wrong, "\n".join(wrong)
    return n


def around(content: bytes, found: str) -> bytes:
    """What stands beside it, for whoever mends the leak."""
    at = max(0, content.lower().find(found.lower().encode()))
    return content[max(0, at - 120) : at + 60]


# --- Everybody -------------------------------------------------------------------------------


def test_nothing_that_anybody_can_fetch_holds_the_canary(
    scene: Scene, written: list[str], record_property: Any
) -> None:
    n = assert_clean(answers(Client(raise_request_exception=False, **PROXIED), scene, WAYS))
    assert n > 2000
    record_property("measured", f"canary: {n} answers without a login, 0 leaks")
    assert found_in("\n".join(written).encode()) == []


def test_a_broken_database_says_nothing_of_what_is_in_it(scene: Scene, written: list[str]) -> None:
    """Its errors quote rows: the page and the log must not."""
    walk = [(paths[0], paths[-1]) for paths in addresses(scene)]
    client = Client(raise_request_exception=False, **PROXIED)

    def fail(_execute: Any, *_rest: Any) -> Any:
        raise OperationalError(f"DETAIL:  Key (email)=({canary.MAIL}) of {NAME} exists.")

    def broken() -> Iterator[tuple[str, Any]]:
        with connection.execute_wrapper(fail):
            for path in itertools.chain(*walk):
                yield f"GET {path}", client.get(path)
                yield f"POST {path}", client.post(path, {"name": "x"})

    assert_clean(broken())
    assert written, "nothing broke"
    assert found_in("\n".join(written).encode()) == []


def test_copies_in_redis_hold_nothing_of_it(scene: Scene) -> None:
    """Looked at after each answer, since a copy lives for seconds; and of each page that names the public."""
    process = Process()
    looked_at: set[tuple[bytes, bytes]] = set()
    with Redis.from_url(configured.REDIS_URL) as redis:
        for path in itertools.chain(*addresses(scene), SHOWING):
            process.get(path, x_forwarded_for=IP, user_agent=AGENT, cookie=ADDRESS)
            held = held_in(redis).items()
            for key, content in held - looked_at:
                assert found_in(key + content) == [], key
            looked_at |= held
    naming = {key for key, content in looked_at if PUBLIC.encode() in content}
    assert all(key.startswith(COPY) for key in naming)
    for page in SHOWING:
        assert any(page.encode() + b"?" in key for key in naming), page


def test_the_files_of_the_list_hold_nothing_of_it(scene: Scene) -> None:
    client = Client()
    for form in ("csv", "jsonl"):
        client.get(f"/api/v1/campaigns/art/signers.{form}")
    files.refresh()
    # Not those in its folder of links: who may act for an organisation fetches them.
    kept = [path for path in configured.EXPORT_DIR.iterdir() if path.is_file()]
    assert kept
    for path in kept:
        assert found_in(path.name.encode() + path.read_bytes()) == [], path.name


def test_the_file_for_the_printer_holds_nothing_of_it(scene: Scene) -> None:
    """Nor what its typesetter is told of who left since, but for the name that was frozen."""
    ImportBatch.objects.update(covers_print=True)
    printing.freeze_ordered()
    frozen = PrintList.objects.get()
    ida = Signature.objects.get(name="Ida Imported")
    assert b"Ida Imported" in b"".join(printing.lines(frozen))
    signing.correct(manage_token(ida), typed={"credit": "Once more"}, revision=ida.revision)
    leaving.withdraw(manage_token(ida))
    for written in (printing.lines, printing.changes):
        assert found_in(b"".join(written(frozen))) == [], written.__name__


def test_names_and_manifests_of_backups_hold_nothing_of_it(scene: Scene, tmp_path: Path) -> None:
    """The dump itself holds everything, for its owner alone; what lies beside it is read by others."""
    dump = backups.make(tmp_path)
    assert found_in(dump.name.encode() + backups.beside(dump).read_bytes()) == []
    assert dump.stat().st_mode & 0o777 == 0o600


def test_the_journal_of_who_left_holds_nothing_of_it(scene: Scene) -> None:
    token = manage_token(scene.signer)
    signing.show(token, show_name=False)
    leaving.erase(token)
    written = Path(configured.JOURNAL_FILE).read_bytes()
    assert written.count(b"\n") >= 2
    assert found_in(written) == []


def test_webhooks_and_mails_to_others_hold_nothing_of_it(scene: Scene) -> None:
    hook = Webhook.objects.get()
    told = WebhookDelivery.objects.all()
    assert {each.event for each in told} >= {"signature.published", "signature.withdrawn"}
    for delivery in told:
        assert found_in(dispatch.render(hook, delivery)) == [], delivery.event
    rows = Mail.objects.select_related("signature", "report", "representation")
    others = [
        mail for mail in rows if mail.notice_id is None and ADDRESS not in mail.recipient.email
    ]
    assert others
    for mail in others:
        assert found_in(letters.render(mail).message().as_bytes()) == [], mail.kind


# --- Too little a right ----------------------------------------------------------------------


def test_a_key_without_the_scope_or_of_another_campaign_reads_nothing(scene: Scene) -> None:
    other = make_campaign(slug="elsewhere")
    private = (Scope.READ_PRIVATE, Scope.EXPORT, Scope.MODERATE)
    keys = [make_key(scene.campaign, Scope.SIGN), make_key(other, *private)]
    ids = values(scene)["public_id"]
    paths = [f"{path}" for path in _private_addresses(ids)]

    def asked() -> Iterator[tuple[str, Any]]:
        for key in keys:
            for path in paths:
                for method in ("GET", "POST", "HEAD", "OPTIONS"):
                    yield (
                        f"{method} {path}",
                        Client().generic(
                            method, path, b"{}", "application/json", headers=bearer(key)
                        ),
                    )

    assert_clean(asked())


def _private_addresses(ids: list[str]) -> Iterator[str]:
    for route in routes():
        if "/private/" in route:
            for public_id in ids if "public_id" in route else [""]:
                yield "/" + _filled(route, {"slug": "art", "public_id": public_id})


@pytest.mark.parametrize(
    ("role", "kinds"), [(Role.READER, ("address",)), (Role.ORGANISATION, BOTH), (None, BOTH)]
)
def test_the_admin_shows_each_role_no_more_than_it_may_see(
    scene: Scene, role: Role | None, kinds: tuple[str, ...]
) -> None:
    """A reader sees who signed, an organisation and the owner of another campaign see nothing of it."""
    campaign = make_campaign(slug="elsewhere") if role is None else scene.campaign
    client = Client(raise_request_exception=False)
    client.force_login(make_member(campaign, role or Role.OWNER, username="visitor"))

    def asked() -> Iterator[tuple[str, Any]]:
        for path in in_admin():
            yield f"GET {path}", client.get(path)
        for route, paths in admin_addresses().items():
            for path in paths[:1] if "/account/" not in route else []:
                yield f"POST {path}", client.post(path, {"note": "x", "action": "x"})

    assert_clean(asked(), kinds)


OF_A_ROW = ("pk", "id", "object_id")
"""The parts of an address that name a row of the model before it."""
LISTS = ("?status=all", "?status=published", "?q=qzxk", "?format=csv", "?status=rest")


def admin_routes(patterns: Any = None, before: str = "") -> Iterator[str]:
    """Every route of the admin that wants a login, Django's own too."""
    for each in get_resolver().url_patterns if patterns is None else patterns:
        route = before + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from admin_routes(each.url_patterns, route)
        elif route.startswith("admin/") and not route.startswith(OPEN_IN_ADMIN):
            yield route


def keys_of(model: str) -> list[str]:
    return [str(pk) for pk in model_of(model).objects.values_list("pk", flat=True)[:20]]


def model_of(name: str) -> Any:
    return apps.get_model("auth" if name in {"user", "group"} else "campaign", name)


def admin_addresses() -> dict[str, list[str]]:
    """The addresses of each route of the admin, about everything that there is.

    A part of a route that it has no values for raises KeyError: who adds one says here what stands there.
    """
    signatures = str(ContentType.objects.get_for_model(Signature).pk)
    known = {
        "proof": keys_of("proof")[:3],
        "site": keys_of("site")[:3],
        "batch": keys_of("linkbatch")[:3],
        "content_type_id": [signatures],
        "app_label": ["campaign", "auth"],
        "url": ["no/such/page/"],
    }
    found = {}
    for route in admin_routes():
        plain = re.sub(r"\(\?P(<\w+>)[^)]*\)", r"\1", route).replace("^", "").replace("$", "")
        parts = PART.findall(plain)
        model = re.search(r"admin/(?:campaign|auth)/(\w+)/", plain)
        of_row = keys_of(model[1] if model else "signature")
        for_each = itertools.product(
            *(of_row if part in OF_A_ROW else known[part] for part in parts)
        )
        found[route] = [
            "/" + _filled(plain, dict(zip(parts, chosen, strict=True))) for chosen in for_each
        ]
    return found


def in_admin() -> list[str]:
    """The address of every page of the admin, and the list of signatures in each of its ways."""
    found = list(itertools.chain(*admin_addresses().values()))
    found += [reverse("admin:campaign_signature_changelist") + query for query in LISTS]
    assert len(found) > 300
    return found


# --- Controls: it is found where it may be ---------------------------------------------------


def test_control_the_walk_finds_it_on_its_own_page(scene: Scene) -> None:
    page = Client().get(f"/manage/{manage_token(scene.signer)}/")
    assert ADDRESS in found_in(all_of(page))


def test_control_a_moderator_sees_it_and_a_reader_its_name(scene: Scene) -> None:
    for role, seen in ((Role.MODERATOR, [ADDRESS, NAME]), (Role.READER, [NAME])):
        client = Client(raise_request_exception=False)
        client.force_login(make_member(scene.campaign, role))
        found = [found_in(all_of(client.get(path))) for path in in_admin()]
        assert [word for word in (ADDRESS, NAME) if any(word in each for each in found)] == seen


def test_control_a_key_with_the_scope_reads_it(scene: Scene) -> None:
    key = make_key(scene.campaign, Scope.READ_PRIVATE)
    path = "/api/v1/campaigns/art/private/signatures/"
    assert ADDRESS in found_in(all_of(Client().get(path, headers=bearer(key))))


def test_control_it_is_found_in_every_disguise() -> None:
    for hidden in canary.disguises():
        assert found_in(hidden), hidden


@pytest.mark.parametrize("missed", ["signer", "zoe@example.org", "198.51.101.77", json.dumps({})])
def test_control_what_is_not_the_canary_is_not_found(missed: str) -> None:
    assert found_in(missed.encode()) == []
