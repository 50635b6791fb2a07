"""Hot public reads are given from a copy, and nothing is that should not be."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any

import pytest
import time_machine
from django.conf import settings
from redis import Redis

from campaign import copies
from campaign.leaving import withdraw
from campaign.models import Campaign, Signature
from tests.e2e.until import until
from tests.factories import make_campaign, make_signature, manage_token
from tests.fronts import BASE, Process

# The web server's end of a request closes the connection, which a test's own transaction needs.
pytestmark = pytest.mark.django_db(transaction=True)

KEPT = [
    *("/", "/art/", "/art/signers/", "/art/?language=fr", "/art/signers/?language=en"),
    *("/art/corrections/", "/art/corrections/?language=fr"),
    *("/api/v1/campaigns/", BASE, f"{BASE}?language=fr", f"{BASE}counts/", f"{BASE}signers/"),
    *(f"{BASE}statements/1/fr.txt", f"{BASE}feed.atom", f"{BASE}badge.svg", f"{BASE}corrections/"),
    *(f"{BASE}badge.svg?language=fr", f"{BASE}corrections/?language=fr"),
]
ENDLESS = [
    *("page_size=50", "cursor=", "order=featured", "q=a", "discipline=author", "featured=true"),
    *("language=", "language=FR", "language=nl", "language=en&language=fr", "language=fr&", "?"),
    *("x=1", "&", "=", "%00", "language=%66r", "Language=fr", "language=fr#x", "source"),
]


@pytest.fixture(autouse=True)
def long_life(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that no slow machine sees two where a test counts one; a test of ages sets its own."""
    monkeypatch.setattr(copies, "LIFE", 60.0)


@pytest.fixture
def signature() -> Signature:
    return make_signature(make_campaign(publication="after_verification"), name="Zoë Moreau")


@pytest.fixture
def process(signature: Signature) -> Process:
    return Process()


def on_the_shelf() -> int:
    redis: Any = Redis.from_url(settings.REDIS_URL)
    return len([*redis.keys("petition:copy:*"), *redis.keys("petition:claim:*")])


def start_anew(process: Process) -> None:
    """As after a start of the web server, with an empty Redis."""
    process.front.copies = copies.Copies()
    Redis.from_url(settings.REDIS_URL).flushdb()


# --- What is kept ----------------------------------------------------------------------------


@pytest.mark.parametrize("address", KEPT)
def test_a_hot_read_is_read_once(process: Process, address: str) -> None:
    first = process.get(address)
    again = process.get(address, cookie="sessionid=x", user_agent="other", accept="*/*")
    assert (first.status, process.readings) == (200, 1)
    assert again == first
    assert first["Cache-Control"] == "public, max-age=5, stale-while-revalidate=25"
    assert first["tdm-reservation"] == "1"
    assert first["Content-Length"] == str(len(first.body))
    assert "set-cookie" not in first.headers


@pytest.mark.parametrize(
    "written",
    [
        lambda _whole: b"",
        lambda _whole: b"garbage",
        lambda whole: whole.replace("Zoë Moreau".encode(), b"Eve Forger!"),
        lambda whole: whole[32:].replace("Zoë Moreau".encode(), b"Eve Forger!"),
    ],
    ids=["nothing", "garbage", "another name", "without a seal"],
)
def test_what_somebody_else_wrote_into_redis_is_given_to_nobody(
    process: Process, written: Callable[[bytes], bytes]
) -> None:
    address = f"{BASE}signers/"
    honest = process.get(address).body
    redis: Any = Redis.from_url(settings.REDIS_URL)
    (key,) = redis.keys("petition:copy:*")
    redis.set(key, written(redis.get(key)), px=4_999)
    redis.delete(*redis.keys("petition:claim:*"))
    again = Process()
    assert again.get(address).body == honest
    assert again.readings == 1


def test_a_copy_of_one_address_is_none_of_another(process: Process) -> None:
    redis: Any = Redis.from_url(settings.REDIS_URL)
    process.get("/art/?language=fr")
    (key,) = redis.keys("petition:copy:*")
    redis.set(key.replace(b"=fr", b"=en"), redis.get(key), px=4_999)
    again = Process()
    assert again.get("/art/?language=en")["content-language"] == "en"


def test_another_installation_with_this_redis_reads_for_itself(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    process.get("/art/")
    monkeypatch.setattr(settings, "SECRET_KEY", "of another one")
    other = Process()
    assert other.get("/art/").status == 200
    assert other.readings == 1


@pytest.mark.parametrize("address", KEPT)
def test_head_is_the_same_without_the_body(process: Process, address: str) -> None:
    headers = process.ask("HEAD", address)
    whole = process.get(address)
    assert (headers.headers, headers.body) == (whole.headers, b"")
    assert (len(whole.body) > 0, process.readings) == (True, 1)


def test_another_process_takes_the_copy_of_the_first(process: Process) -> None:
    first = process.get(f"{BASE}counts/")
    other = Process()
    assert (other.get(f"{BASE}counts/"), other.readings) == (first, 0)


def test_a_second_process_does_not_wait_for_a_copy_that_stands_under_its_language(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "WAIT", 60.0)
    process.get(BASE, accept_language="fr")
    other = Process()
    assert other.get(BASE, accept_language="fr")["Content-Language"] == "fr"
    assert other.readings == 1


@pytest.mark.parametrize("address", [BASE, "/art/", "/api/v1/campaigns/"])
def test_each_language_is_one_copy_whatever_the_browsers_wish(
    process: Process, address: str
) -> None:
    wishes = ["fr", "fr-CH, fr;q=0.9, en;q=0.8", "nl, fr", "en", "", "nl", "x" * 90, "en;q=0, fr"]
    french = [0, 1, 2, 7]
    for number, wish in enumerate(wishes):
        given = process.get(address, accept_language=wish)
        assert given["Content-Language"] == ("fr" if number in french else "en"), wish
        assert given.vary() - {"Accept-Encoding"} == {"Accept-Language"}
    assert process.readings == 2


@pytest.mark.parametrize("address", [BASE, "/art/", "/api/v1/campaigns/", f"{BASE}badge.svg"])
def test_the_language_of_the_address_is_one_copy_for_all(process: Process, address: str) -> None:
    for wish in ("fr", "en", "nl"):
        given = process.get(f"{address}?language=fr", accept_language=wish)
        assert (given["Content-Language"], given.vary() - {"Accept-Encoding"}) == ("fr", set())
    assert process.readings == 1


def test_names_of_ours_are_kept_and_no_other(process: Process) -> None:
    for host in ("testserver", "testserver:8000", "testserver:1"):
        assert process.get(f"{BASE}counts/", host=host).status == 200
    assert process.readings == 1
    for host in ("elsewhere.example", "testserver.example", "testserver:", "x@testserver", ""):
        assert process.get(f"{BASE}counts/", host=host).status in {200, 400}, host
    assert process.readings == 6


# --- What is not -----------------------------------------------------------------------------


@pytest.mark.parametrize("path", [f"{BASE}signers/", BASE, "/art/signers/"])
def test_endless_queries_are_kept_nowhere(process: Process, path: str) -> None:
    process.get(path)
    shelf = on_the_shelf()
    for query in ENDLESS * 2:
        assert process.get(f"{path}?{query}").status in {200, 400, 404}, query
    assert on_the_shelf() <= shelf
    assert process.readings == 1 + 2 * len(ENDLESS)
    process.get(path)
    assert process.readings == 1 + 2 * len(ENDLESS)


@pytest.mark.parametrize(
    "path",
    [
        *("/nobody/", "/api/v1/campaigns/nobody/", f"{BASE}statements/9/en.txt", f"{BASE}nothing/"),
        *(
            f"{BASE}signers.csv",
            f"{BASE}signers.jsonl",
            "/api/schema/",
            "/admin/login/",
            "/healthz",
        ),
        *(f"/api/v1/campaigns/{'x' * 300}/", f"{BASE}signers/{'0' * 16}/", f"/{BASE}counts/"),
    ],
)
def test_other_paths_and_errors_are_kept_nowhere(process: Process, path: str) -> None:
    process.get(path)
    process.get(path)
    assert (process.readings, on_the_shelf()) == (2, 0)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("GET", {"authorization": "Bearer x"}),
        ("HEAD", {"authorization": "Basic x"}),
        ("GET", {"if_match": '"x"'}),
        ("GET", {"accept": "text/csv"}),
        ("GET", {"accept": "application/json; indent=4"}),
        ("POST", {}),
        ("OPTIONS", {}),
        ("DELETE", {}),
    ],
)
def test_only_a_plain_read_is_given_a_copy(
    process: Process, method: str, headers: dict[str, str]
) -> None:
    process.get(f"{BASE}counts/")
    for number in (2, 3):
        process.ask(method, f"{BASE}counts/", **headers)
        assert process.readings == number


def test_no_answer_of_a_private_request_is_kept(process: Process) -> None:
    process.get(f"{BASE}counts/", authorization="Bearer x")
    assert on_the_shelf() == 0


def test_a_copy_has_nothing_of_who_asked_first(process: Process) -> None:
    process.get(f"{BASE}counts/", origin="https://a.example", accept="text/csv, */*", cookie="a=b")
    plain = Process().get(f"{BASE}counts/")
    assert plain.status == 200
    assert plain["Access-Control-Allow-Origin"] == "*"
    assert plain["Content-Type"] == "application/json"


def test_an_error_is_kept_nowhere_and_the_next_reads_again(signature: Signature) -> None:
    def broken(_environ: Any, start_response: Any) -> list[bytes]:
        start_response("500 Internal Server Error", [])
        return [b"our mistake"]

    process = Process(broken)
    for number in (1, 2):
        assert process.get(f"{BASE}counts/").status == 500
        assert process.readings == number
    assert Process().get(f"{BASE}counts/").status == 200


def test_a_full_process_keeps_what_it_has(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "MOST", 2)
    hot = [f"{BASE}counts/", f"{BASE}signers/"]
    for address in [*hot, f"{BASE}feed.atom", "/art/", *hot]:
        assert process.get(address).status == 200
    assert process.readings == 4
    # What nobody asked for any longer makes room.
    monkeypatch.setattr(copies, "AT_HAND", 0.0)
    process.get(f"{BASE}feed.atom")
    monkeypatch.setattr(copies, "AT_HAND", 5.0)
    assert process.readings <= 5


# --- Conditions ------------------------------------------------------------------------------


def test_who_has_it_gets_a_304_with_what_that_needs(process: Process) -> None:
    for address in (BASE, f"{BASE}counts/", f"{BASE}signers/", "/art/"):
        whole = process.get(address)
        for method in ("GET", "HEAD"):
            again = process.ask(method, address, if_none_match=whole["ETag"])
            assert (again.status, again.body) == (304, b"")
            same = {"cache-control", "etag", "last-modified", "tdm-reservation", "vary"}
            cors = {name for name in whole.headers if name.startswith("access-control-")}
            for name in (same | cors) & whole.headers.keys():
                assert again[name] == whole[name]
            assert not {name for name in again.headers if name.startswith("content-")}
    assert process.readings == 4


@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ("*", 304),
        ("{etag}", 304),
        ("W/{etag}", 304),
        ('"other", {etag}', 304),
        ('W/"other", W/{etag} , "x"', 304),
        ('"other"', 200),
        ("{bare}", 200),
        ("", 200),
        ("{etag}x", 200),
        ('"*"', 200),
        ("w/{etag}", 200),
    ],
)
def test_if_none_match_is_compared_weakly(process: Process, condition: str, status: int) -> None:
    strong = process.get(f"{BASE}signers/")["ETag"]
    weak = process.get(f"{BASE}counts/")["ETag"]
    assert (strong[0], weak[:3]) == ('"', 'W/"')
    for address, etag in ((f"{BASE}signers/", strong), (f"{BASE}counts/", weak[2:])):
        sent = condition.format(etag=etag, bare=etag.strip('"'))
        assert process.get(address, if_none_match=sent).status == status, address


@pytest.mark.parametrize("address", [f"{BASE}counts/", BASE])
def test_numbers_that_stayed_are_a_304_whenever_they_were_read(
    process: Process, signature: Signature, address: str
) -> None:
    first = process.get(address)
    start_anew(process)
    later = process.get(address)
    assert later.body != first.body  # `as_of` moved
    assert process.get(address, if_none_match=first["ETag"]).status == 304
    make_signature(signature.campaign)
    start_anew(process)
    changed = process.get(address, if_none_match=first["ETag"])
    assert (changed.status, process.readings) == (200, 3)


@pytest.mark.parametrize("address", [f"{BASE}counts/", f"{BASE}signers/", BASE])
def test_what_is_not_kept_has_the_same_etag(process: Process, address: str) -> None:
    kept = process.get(address)
    other = process.get(address, if_match="*")
    assert (other["ETag"], process.readings) == (kept["ETag"], 2)
    again = process.ask("HEAD", address, if_match="*", if_none_match=kept["ETag"])
    assert (again.status, process.readings) == (304, 3)


@pytest.mark.parametrize("hours", [-1, 0, 1])
def test_a_date_never_makes_a_304(process: Process, hours: int) -> None:
    process.get(f"{BASE}counts/")
    since = (datetime.now(UTC) + timedelta(hours=hours)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    for name in ("if_modified_since", "if_unmodified_since"):
        assert process.get(f"{BASE}counts/", **{name: since}).status == 200
    given = process.get(f"{BASE}counts/", if_modified_since=since, if_none_match='"other"')
    assert (given.status, process.readings) == (200, 1)


def test_last_modified_is_when_it_was_first_seen_to_be_so(
    process: Process, signature: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "LIFE", 0.0)
    monkeypatch.setattr(copies, "REST", 0.0)
    with time_machine.travel(datetime(2026, 6, 1, 12, 0, 0, tzinfo=UTC), tick=False) as clock:
        first = process.get(f"{BASE}counts/")
        clock.shift(2)
        same = [until(partial(read_anew, each)) for each in (process, Process())]
        assert {each["Last-Modified"] for each in same} == {first["Last-Modified"]}
        make_signature(signature.campaign)
        clock.shift(2)
        changed = until(lambda: newer(process, first["ETag"]))
        seen = parsedate_to_datetime(changed["Last-Modified"])
        assert seen == datetime(2026, 6, 1, 12, 0, 4, tzinfo=UTC)


def read_anew(process: Process) -> Any:
    """An answer of its own reading; a claim of another, a millisecond long at the least, forbids it."""
    before = process.readings
    given = process.get(f"{BASE}counts/")
    return given if process.readings > before else None


def newer(process: Process, etag: str) -> Any:
    given = process.get(f"{BASE}counts/", if_none_match=etag)
    return given if given.status == 200 else None


# --- How old a copy gets ---------------------------------------------------------------------


def test_a_withdrawn_name_is_gone_after_the_life_of_a_copy(
    process: Process, signature: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "LIFE", 0.2)
    addresses = [f"{BASE}signers/", f"{BASE}feed.atom", "/art/", "/art/signers/"]
    other = Process()
    for address in addresses:
        assert "Zoë Moreau" in process.get(address).body.decode()
        assert "Zoë Moreau" in other.get(address).body.decode()
    withdraw(manage_token(signature))
    for each in (process, other):
        for address in addresses:
            until(lambda: "Zoë Moreau" not in each.get(address).body.decode(), within=5)  # noqa: B023


def test_a_pause_shows_within_a_moment(process: Process, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "LIFE", 0.2)
    assert b'"state":"open"' in process.get(BASE).body
    Campaign.objects.update(paused_at=datetime.now(UTC))
    until(lambda: b'"state":"paused"' in process.get(BASE).body, within=5)


def test_nothing_is_kept_past_an_opening() -> None:
    opens = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
    make_campaign(opens_at=opens)
    process = Process()
    addresses = [f"{BASE}counts/", BASE, "/art/", "/"]
    with time_machine.travel(opens - timedelta(microseconds=1), tick=False) as clock:
        before = [process.get(address) for address in addresses]
        assert [given.status for given in before] == [404, 404, 404, 200]
        assert b"Art is not a quarry" not in b"".join(given.body for given in before)
        assert on_the_shelf() == 0
        clock.move_to(opens)
        for address in addresses:
            assert process.get(address).status == 200
        assert b"Art is not a quarry" in process.get("/").body
