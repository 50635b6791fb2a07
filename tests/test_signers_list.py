"""The public list: order, pages, filters, search, and what is never in it."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from campaign import moves
from campaign.history import ORGANISER, SIGNER
from campaign.models import Campaign, Signature
from campaign.models.signature import Status
from campaign.paging import ORDERS, Cursor
from tests.factories import bring_to, make_campaign, make_signature

pytestmark = pytest.mark.django_db

PATH = "/api/v1/campaigns/art/signers/"
CANARY = "canary-81c3@private.example.org"
FIELDS = {
    *("id", "name", "sort_name", "kind", "discipline", "credit", "organisation", "country"),
    *("featured", "evidence", "statement_version", "language", "signed_at", "updated_at"),
}

by_hypothesis = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def listed(
    campaign: Campaign, name: str, *, featured: bool = False, sort_name: str = "", **typed: Any
) -> Signature:
    """A published signer, featured and sorted as the organiser wishes."""
    signature = make_signature(campaign, name=name, **typed)
    if featured or sort_name:
        changes = {"featured": featured, "sort_name": sort_name}
        moves.amend(signature_id=signature.pk, actor=ORGANISER, changes=changes)
        signature.refresh_from_db()
    return signature


def get(client: Client, **query: Any) -> Any:
    response = client.get(f"{PATH}?{urlencode(query)}")
    assert response.status_code == 200, response.content
    return response.json()


def names(client: Client, **query: Any) -> list[str]:
    return [signer["name"] for signer in get(client, **query)["results"]]


def problem(client: Client, **query: Any) -> tuple[int, str, list[str]]:
    response = client.get(f"{PATH}?{urlencode(query)}")
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    return response.status_code, body["code"], [error["field"] for error in body.get("errors", [])]


def walk(client: Client, url: str | None, direction: str = "next") -> list[list[str]]:
    """The names page by page, following one link until it ends."""
    pages = []
    while url is not None:
        body = client.get(url).json()
        pages.append([signer["name"] for signer in body["results"]])
        url = body[direction]
        assert len(pages) < 100
    return pages


# --- Order -----------------------------------------------------------------------------------


@pytest.fixture
def five(art: Campaign) -> None:
    listed(art, "Mara Quill")
    listed(art, "Ada Zest", featured=True)
    listed(art, "Élan Abbot")
    listed(art, "The Bells", featured=True, sort_name="Bells, The")
    listed(art, "Newest One", sort_name="Aardvark")


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ({}, ["Ada Zest", "The Bells", "Newest One", "Élan Abbot", "Mara Quill"]),
        (
            {"order": "featured"},
            ["Ada Zest", "The Bells", "Newest One", "Élan Abbot", "Mara Quill"],
        ),
        ({"order": "newest"}, ["Newest One", "The Bells", "Élan Abbot", "Ada Zest", "Mara Quill"]),
        ({"order": "oldest"}, ["Mara Quill", "Ada Zest", "Élan Abbot", "The Bells", "Newest One"]),
        # Accents and case don't matter, and a sort name goes before the name.
        ({"order": "name"}, ["Newest One", "Ada Zest", "The Bells", "Élan Abbot", "Mara Quill"]),
    ],
)
def test_the_orders_of_the_contract(
    client: Client, order: dict[str, str], expected: list[str]
) -> None:
    assert names(client, **order) == expected


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("order", sorted(ORDERS))
def test_pages_join_to_the_whole_list_forward_and_back(client: Client, order: str) -> None:
    whole = names(client, order=order)
    for size in (1, 2, 3, 4, 5):
        start = f"{PATH}?{urlencode({'order': order, 'page_size': size})}"
        forward = walk(client, start)
        assert sum(forward, []) == whole
        assert [len(page) for page in forward[:-1]] == [size] * (len(forward) - 1)
        url = start
        while (body := client.get(url).json())["next"] is not None:
            url = body["next"]
        back = walk(client, body["previous"], "previous")
        assert sum(reversed(back), []) == whole[: len(whole) - len(forward[-1])]


@pytest.mark.usefixtures("five")
def test_a_first_page_has_no_previous_and_a_last_one_no_next(client: Client) -> None:
    first = get(client, page_size=3)
    assert first["previous"] is None
    last = client.get(first["next"]).json()
    assert last["next"] is None
    assert client.get(last["previous"]).json() == {**first, "next": first["next"]}


@pytest.mark.usefixtures("five")
def test_links_keep_the_filters_and_begin_with_the_public_address(
    client: Client, settings: Any
) -> None:
    body = get(client, page_size=1, kind="person", q="quarry")
    assert body["next"].startswith(
        f"{settings.BASE_URL}{PATH}?page_size=1&kind=person&q=quarry&cursor="
    )


def test_signers_published_at_one_instant_stand_in_a_fixed_order(
    client: Client, art: Campaign
) -> None:
    with time_machine.travel(datetime(2026, 3, 1, tzinfo=UTC), tick=False):
        for number in range(6):
            listed(art, f"Twin {number}")
    whole = names(client, order="newest")
    assert sorted(whole) == [f"Twin {number}" for number in range(6)]
    assert sum(walk(client, f"{PATH}?order=newest&page_size=1"), []) == whole
    assert names(client, order="oldest") == whole[::-1]


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("size", ["1", "200"])
def test_page_sizes_from_1_to_200_are_taken(client: Client, size: str) -> None:
    assert len(get(client, page_size=size)["results"]) == min(int(size), 5)


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("size", ["0", "201", "-1", "many", "1.5", "1e2", "9" * 400, "\0"])
def test_other_page_sizes_are_refused(client: Client, size: str) -> None:
    assert problem(client, page_size=size) == (400, "invalid_input", ["page_size"])


def test_a_page_has_50_signers_if_nothing_is_said(client: Client, art: Campaign) -> None:
    with transaction.atomic():
        for number in range(51):
            listed(art, f"Signer {number}")
    body = get(client)
    assert len(body["results"]) == 50
    assert names(client, cursor=body["next"].partition("cursor=")[2]) == ["Signer 0"]


# --- No gap and no repeat --------------------------------------------------------------------


@settings(by_hypothesis, max_examples=10)
@given(
    order=st.sampled_from(sorted(ORDERS)),
    size=st.integers(1, 4),
    backward=st.booleans(),
    happens=st.lists(
        st.lists(
            st.tuples(st.sampled_from(["publish", "withdraw", "hide"]), st.integers(0, 7)),
            max_size=2,
        ),
        max_size=6,
    ),
)
def test_nobody_is_missed_or_repeated_while_others_come_and_go(
    client: Client, order: str, size: int, backward: bool, happens: list[list[tuple[str, int]]]
) -> None:
    with transaction.atomic():
        campaign = Campaign.objects.first() or make_campaign(publication="after_verification")
        there = [
            listed(campaign, f"Steady {n}", featured=n % 3 == 0, sort_name=f"{(n * 5) % 8}")
            for n in range(8)
        ]
        steady = {signature.name for signature in there}
        start = f"{PATH}?{urlencode({'order': order, 'page_size': size})}"
        while backward and (body := client.get(start).json())["next"] is not None:
            start = body["next"]
        url: str | None = start
        seen: dict[str, str] = {}
        step = 0
        while url is not None:
            body = client.get(url).json()
            page = {signer["id"]: signer["name"] for signer in body["results"]}
            assert not page.keys() & seen.keys()
            seen |= page
            url = body["previous" if backward else "next"]
            for what, which in happens[step] if step < len(happens) else ():
                signature = Signature.objects.get(pk=there[which].pk)
                if what == "publish":
                    listed(campaign, f"Newcomer {step} {which}", featured=which % 2 == 0)
                elif signature.status == Status.PUBLISHED:
                    steady.discard(signature.name)
                    if what == "withdraw":
                        bring_to(signature, Status.WITHDRAWN)
                    else:
                        moves.amend(
                            signature_id=signature.pk, actor=SIGNER, changes={"show_name": False}
                        )
            step += 1
            assert step < 100
        assert steady <= set(seen.values())
        transaction.set_rollback(True)


# --- Filters ---------------------------------------------------------------------------------


@pytest.fixture
def mixed(art: Campaign) -> None:
    listed(art, "Ana", kind="person", discipline="musician", country="FR")
    listed(art, "Bande", kind="group", discipline="musician", country="DE", featured=True)
    listed(art, "Cercle", kind="organisation", discipline=None, country=None)
    listed(art, "Dora", kind="person", discipline="author", country="FR", featured=True)


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"discipline": "musician"}, {"Ana", "Bande"}),
        ({"discipline": "author"}, {"Dora"}),
        ({"discipline": "nobody-is-one"}, set()),
        ({"country": "FR"}, {"Ana", "Dora"}),
        ({"country": "fr"}, {"Ana", "Dora"}),
        ({"country": "ZZ"}, set()),
        ({"kind": "person"}, {"Ana", "Dora"}),
        ({"kind": "group"}, {"Bande"}),
        ({"kind": "organisation"}, {"Cercle"}),
        ({"evidence": "email"}, {"Ana", "Bande", "Cercle", "Dora"}),
        ({"evidence": "on_file"}, set()),
        ({"featured": "true"}, {"Bande", "Dora"}),
        ({"featured": "false"}, {"Ana", "Cercle"}),
        ({"kind": "person", "country": "FR", "featured": "true"}, {"Dora"}),
        ({"kind": "person", "discipline": "musician", "q": "an", "evidence": "email"}, {"Ana"}),
        ({"kind": "group", "country": "FR"}, set()),
    ],
)
def test_filters_alone_and_combined(
    client: Client, query: dict[str, str], expected: set[str]
) -> None:
    assert set(names(client, **query)) == expected
    assert set(sum(walk(client, f"{PATH}?{urlencode({**query, 'page_size': 1})}"), [])) == expected


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"kind": "robot"}, "kind"),
        ({"evidence": "passport"}, "evidence"),
        ({"featured": "1"}, "featured"),
        ({"featured": "True"}, "featured"),
        ({"country": "FRA"}, "country"),
        ({"country": "F1"}, "country"),
        ({"order": "random"}, "order"),
        ({"disciplin": "musician"}, "disciplin"),
        ({"offset": "10"}, "offset"),
        ({"email": "zoe@example.org"}, "email"),
        ({"status": "held"}, "status"),
        ({"q": "a" * 201}, "q"),
        ({"q": "a\0b"}, "q"),
        ({"discipline": "\0"}, "discipline"),
        ({"": ""}, ""),
        ({"discipline": ""}, "discipline"),
        ({"country": ""}, "country"),
        ({"kind": ""}, "kind"),
        ({"evidence": ""}, "evidence"),
        ({"featured": ""}, "featured"),
        ({"order": ""}, "order"),
        ({"cursor": ""}, "cursor"),
        ({"page_size": ""}, "page_size"),
        ({"x" * 5000: "1"}, None),
    ],
)
def test_a_parameter_that_will_not_do_is_refused_by_name(
    client: Client, art: Campaign, query: dict[str, str], field: str | None
) -> None:
    status, code, fields = problem(client, **query)
    assert (status, code) == (400, "invalid_input")
    if field is not None:
        assert fields == [field]


@pytest.mark.parametrize("name", ["kind", "q", "order", "cursor", "page_size", "updated_since"])
def test_a_parameter_goes_once(client: Client, art: Campaign, name: str) -> None:
    response = client.get(f"{PATH}?{name}=person&{name}=group")
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert (error["field"], error["code"]) == (name, "repeated_parameter")


# --- Search ----------------------------------------------------------------------------------


@pytest.fixture
def searched(art: Campaign) -> None:
    listed(art, "Zoë Moreau", credit="The Quarry Songs", organisation="Guild of Stone")
    listed(art, "李小龙", credit="", discipline=None)
    listed(art, "王小明", credit="", discipline=None)
    listed(art, "will.i.am", credit="", email="will@example.org")
    listed(art, "!!!", credit="", kind="group")
    listed(art, "-M-", credit="")
    listed(art, "Jean-Luc O’Brien", credit="R.E.M.")
    listed(art, "Mona Mbeki", credit="100% Cotton", organisation="Under_score")


FINDS = {
    "Zoë": {"Zoë Moreau"},
    "Zoe\u0308": {"Zoë Moreau"},
    "ZOE": {"Zoë Moreau"},
    "zo mor": {"Zoë Moreau"},
    "mor zo": {"Zoë Moreau"},
    "oe": set(),  # a word begins with it, or it isn't found
    "quarry zoe stone": {"Zoë Moreau"},
    "quarry zoe granite": set(),
    "小龙": {"李小龙"},
    "李小龙": {"李小龙"},
    "王小明": {"王小明"},
    "小": {"李小龙", "王小明"},
    "李明": set(),
    "will.i.am": {"will.i.am"},
    "WILL": {"will.i.am"},
    "will.i": {"will.i.am"},
    "!!!": {"!!!"},
    "-m-": {"-M-"},
    "rem": {"Jean-Luc O’Brien"},
    "r.e.m.": {"Jean-Luc O’Brien"},
    "jean luc": {"Jean-Luc O’Brien"},
    "luc": {"Jean-Luc O’Brien"},
    "obrien": {"Jean-Luc O’Brien"},
    "o'brien": {"Jean-Luc O’Brien"},
    "100%": {"Mona Mbeki"},
}


@pytest.mark.usefixtures("searched")
def test_every_word_begins_a_word_of_name_credit_or_organisation(client: Client) -> None:
    assert {q: set(names(client, q=q)) for q in FINDS} == FINDS


@pytest.mark.usefixtures("searched")
def test_what_folds_to_nothing_finds_nothing(client: Client) -> None:
    nothing: dict[str, Any] = {"results": [], "next": None, "previous": None}
    for q in ("", " ", "\u200b", "\u202e\u2066", "\t\n", "\u3000"):
        assert get(client, q=q) == nothing, q


@pytest.mark.usefixtures("searched")
def test_what_means_something_to_a_database_is_only_text(client: Client) -> None:
    for q in (
        *(
            "'",
            "''",
            '"',
            "\\",
            "\\'",
            "zoe' | 'will",
            "%",
            "_",
            "%%",
            "$$",
            ";--",
            "&",
            "|",
            "<->",
        ),
        *("(", ")", ":*", ":", "zoe | will", "zoe & moreau", "' OR 1=1 --", "\\x00", "\ufffd"),
        *("()" * 100, "🎸", "é" * 200, "ﷺ" * 200, "小" * 200, "k " * 100, "\\" * 200, "'" * 200),
    ):
        assert names(client, q=q) == [], q
    # Without their signs these are words, and nothing is negated.
    for q in ("zoe:*", "!zoe", "zoe:A"[:-2], "(zoe)", "'zoe'", "zoe\\"):
        assert names(client, q=q) == ["Zoë Moreau"], q
    assert names(client, q="!") == ["!!!"]


@by_hypothesis
@given(q=st.text(max_size=60))
def test_no_query_is_an_internal_error(client: Client, q: str) -> None:
    if not Campaign.objects.exists():
        listed(make_campaign(publication="after_verification"), "Zoë Moreau")
    encoded = quote(q.encode("utf-8", "surrogatepass"))
    assert client.get(f"{PATH}?q={encoded}").status_code in {200, 400}


# --- Cursors ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize("given_in", sorted(ORDERS))
@pytest.mark.parametrize("used_in", sorted(ORDERS))
def test_a_cursor_belongs_to_the_order_that_it_was_given_in(
    client: Client, given_in: str, used_in: str
) -> None:
    cursor = get(client, order=given_in, page_size=2)["next"].partition("cursor=")[2]
    if given_in == used_in:
        assert len(names(client, order=used_in, cursor=cursor)) == 3
    else:
        assert problem(client, order=used_in, cursor=cursor) == (400, "bad_cursor", [])


def encoded(*parts: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


@pytest.mark.usefixtures("five")
@pytest.mark.parametrize(
    "cursor",
    [
        *("x", "abc", "e30", "W10", "bnVsbA", "=", "====", "🎸", "%00", "A" * 7000),
        encoded(),
        encoded(0),
        encoded(0, "featured"),
        encoded(0, "featured", 0),
        encoded(0, "featured", 0, "a"),
        encoded(0, "featured", 0, "a", "b", "c"),
        encoded(2, "featured", 0, "a", "b"),
        encoded("0", "featured", 0, "a", "b"),
        encoded(0, "featured", 2, "a", "b"),
        encoded(0, "featured", -1, "2026-01-01", "b"),
        encoded(0, "featured", True, "2026-01-01T00:00:00+00:00", "b"),
        encoded(0, "featured", 0.0, "a", "b"),
        encoded(0, "featured", "0", "a", "b"),
        encoded(0, "featured", None, "a", "b"),
        encoded(0, "featured", 0, 1, 2),
        encoded(0, "featured", 0, None, "b"),
        encoded(0, "featured", 0, ["a"], {"b": 1}),
        encoded(0, "featured", 0, "a\0", "b"),
        encoded(0, "featured", 0, "a\ud800", "b"),
        encoded(0, "featured", 1, "yesterday", "b"),
        encoded(0, "featured", 1, "", "b"),
        # Times that cannot be written in UTC, or that no database row has.
        encoded(0, "featured", 1, "0001-01-01T00:00:00+23:59", "b"),
        encoded(0, "featured", 1, "9999-12-31T23:59:59-23:59", "b"),
        encoded(0, "featured", 1, "2026-01-01T00:00:00", "\ud800"),
    ],
)
def test_a_cursor_that_no_page_gave_is_refused(client: Client, cursor: str) -> None:
    status, code, fields = problem(client, cursor=cursor)
    assert (status, code) in {(400, "bad_cursor"), (400, "invalid_input")}
    assert fields in ([], ["cursor"])


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(
        ["featured", "newest", "2026-01-01T00:00:00+00:00", "0001-01-01T00:00+23:00"]
    ),
    lambda inner: (
        st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=8,
)


@by_hypothesis
@given(
    cursor=st.text(max_size=40)
    | st.binary(max_size=40).map(lambda raw: quote(raw))
    | _JSON.map(lambda value: encoded(value))
    | st.lists(_JSON, max_size=6).map(lambda values: encoded(*values))
    | st.tuples(
        st.sampled_from([0, 1]),
        st.sampled_from(sorted(ORDERS)),
        st.sampled_from([0, 1]),
        st.text(max_size=8) | st.datetimes().map(str),
        st.text(max_size=8),
    ).map(lambda v: encoded(*v)),
    order=st.sampled_from(sorted(ORDERS)),
)
@example(cursor=encoded([[[[]]]] * 3), order="newest")
@example(cursor="W1tb" * 1900, order="newest")
def test_no_cursor_is_an_internal_error(client: Client, cursor: str, order: str) -> None:
    if not Campaign.objects.exists():
        listed(make_campaign(publication="after_verification"), "Zoë Moreau")
    raw = cursor.encode("utf-8", "surrogatepass")
    response = client.get(f"{PATH}?order={order}&cursor={quote(raw)}")
    assert response.status_code in {200, 400}


@pytest.mark.usefixtures("five")
def test_a_cursor_holds_nothing_that_is_not_public(client: Client) -> None:
    for order in ORDERS:
        body = get(client, order=order, page_size=2)
        last = body["results"][-1]
        cursor = Cursor.decode(body["next"].partition("cursor=")[2], order)
        assert cursor.keys[-1] == last["id"]
        assert "@" not in "".join(cursor.keys)


# --- What is shown, and what is not ----------------------------------------------------------


def test_a_signer_has_exactly_the_fields_of_the_contract(client: Client, art: Campaign) -> None:
    signature = listed(
        art,
        "Zoë Moreau",
        featured=True,
        sort_name="Moreau, Zoë",
        organisation="Guild",
        country="FR",
    )
    signer = get(client)["results"][0]
    assert signer == client.get(f"{PATH}{signature.public_id}/").json()
    assert signer.keys() == FIELDS
    for field in ("signed_at", "updated_at"):
        assert datetime.fromisoformat(signer[field]) == getattr(signature, field).replace(
            microsecond=getattr(signature, field).microsecond // 1000 * 1000
        )
        assert signer[field].endswith("Z")
    assert signature.evidence_at is not None
    assert signer.pop("evidence").keys() == {"method", "at"}
    for field in ("signed_at", "updated_at"):
        signer.pop(field)
    assert signer == {
        "id": signature.public_id,
        "name": "Zoë Moreau",
        "sort_name": "Moreau, Zoë",
        "kind": "person",
        "discipline": "musician",
        "credit": "The Quarry Songs",
        "organisation": "Guild",
        "country": "FR",
        "featured": True,
        "statement_version": 1,
        "language": "en",
    }


def test_what_a_signer_did_not_give_is_null(client: Client, art: Campaign) -> None:
    listed(art, "Bare", credit=None, discipline=None)
    signer = get(client)["results"][0]
    empty = {name for name, value in signer.items() if value is None}
    assert empty == {"sort_name", "discipline", "credit", "organisation", "country"}
    assert signer["evidence"]["method"] == "email"


def test_nothing_private_is_in_any_answer_or_header(client: Client, art: Campaign) -> None:
    make_signature(art, status=Status.PENDING, name="Pending One", email="a" + CANARY)
    for number, status in enumerate(
        [Status.PUBLISHED, Status.HELD, Status.REJECTED, Status.WITHDRAWN]
    ):
        make_signature(
            art,
            status=status,
            name=f"Canary {number}",
            email=f"{number}{CANARY}",
            source="private-source",
        )
    make_signature(art, name="Hidden One", email="h" + CANARY, show_name=False)
    Signature.objects.update(evidence_note="private-note")
    base = "/api/v1/campaigns/art/"
    ids = Signature.objects.values_list("public_id", flat=True)
    paths = [
        *(
            "/api/v1/campaigns/",
            base,
            f"{base}signers/",
            f"{base}signers/?order=name",
            f"{base}signers/?q=canary",
        ),
        *(f"{base}signers.csv", f"{base}signers.jsonl", f"{base}feed.atom", f"{base}counts/"),
        *(f"{base}signers/{public_id}/" for public_id in ids),
    ]
    for path in paths:
        response = client.get(path)
        body = b"".join(response.streaming_content) if response.streaming else response.content  # type: ignore[attr-defined]
        told = (body.decode() + str(response.headers)).lower()
        for secret in (
            "private",
            "canary-81c3",
            "hidden one",
            "pending one",
            "canary 1",
            "canary 2",
            "canary 3",
        ):
            assert secret not in told, (path, secret)
        assert not response.cookies


@pytest.mark.parametrize(
    "status", [Status.PENDING, Status.HELD, Status.REJECTED, Status.WITHDRAWN, Status.ERASED]
)
def test_only_published_signers_are_listed(client: Client, art: Campaign, status: Status) -> None:
    make_signature(art, name="Not Listed", status=status)
    listed(art, "Listed")
    assert names(client) == names(client, q="listed") == ["Listed"]


def test_an_anonymous_signer_is_listed_nowhere_and_answered_as_a_tombstone(
    client: Client, art: Campaign
) -> None:
    hidden = make_signature(art, name="Hidden One", show_name=False)
    for query in (
        {},
        {"q": "hidden"},
        {"order": "newest"},
        {"kind": "person"},
        {"discipline": "musician"},
    ):
        assert names(client, **query) == []
    response = client.get(f"{PATH}{hidden.public_id}/")
    assert response.status_code == 410
    assert response.json().keys() == {"id", "removed", "updated_at"}
    assert response.json()["removed"] is True

    moves.amend(signature_id=hidden.pk, actor=SIGNER, changes={"show_name": True})
    assert client.get(f"{PATH}{hidden.public_id}/").json()["name"] == "Hidden One"
    assert names(client) == ["Hidden One"]


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.REJECTED, Status.HELD, Status.ERASED])
def test_who_left_the_list_leaves_a_tombstone(
    client: Client, art: Campaign, status: Status
) -> None:
    signature = make_signature(art)
    before = signature.updated_at
    bring_to(signature, status)
    signature.refresh_from_db()
    response = client.get(f"{PATH}{signature.public_id}/")
    assert response.status_code == 410
    assert response["Content-Type"] == "application/json"
    assert response["Cache-Control"] == client.get(PATH)["Cache-Control"]
    body = response.json()
    assert body.keys() == {"id", "removed", "updated_at"}
    assert (body["id"], body["removed"]) == (signature.public_id, True)
    assert before < signature.updated_at
    assert abs(datetime.fromisoformat(body["updated_at"]) - signature.updated_at) < timedelta(
        milliseconds=1
    )


@pytest.mark.parametrize(
    "status", [Status.PENDING, Status.HELD, Status.REJECTED, Status.WITHDRAWN, Status.ERASED]
)
def test_who_was_never_published_is_not_found(client: Client, status: Status) -> None:
    campaign = make_campaign(publication="after_review")
    signature = make_signature(campaign, status=status)
    assert client.get(f"{PATH}{signature.public_id}/").status_code == 404


def test_a_signer_of_another_campaign_is_not_found(client: Client, art: Campaign) -> None:
    other = make_campaign(slug="other", publication="after_verification")
    theirs = make_signature(other)
    assert client.get(f"{PATH}{theirs.public_id}/").status_code == 404
    assert client.get(f"/api/v1/campaigns/other/signers/{theirs.public_id}/").status_code == 200
    assert names(client) == []


@pytest.mark.parametrize(
    "ident", ["nobody", "0" * 16, "%00", "%ff", "x" * 3000, "'", "🎸", "..", "%0a"]
)
def test_an_id_that_nobody_has_is_not_found(client: Client, art: Campaign, ident: str) -> None:
    response = client.get(f"{PATH}{ident}/")
    assert response.status_code == 404
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "query", [{}, {"order": "name"}, {"q": "zoe"}, {"kind": "person", "order": "oldest"}]
)
def test_the_number_of_queries_does_not_grow_with_the_rows(
    client: Client, art: Campaign, query: dict[str, str]
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            get(client, **query)
        return len(queries)

    listed(art, "Zoe 0", featured=True)
    cost()  # the first of a process reads the campaign whole
    few = cost()
    for number in range(1, 12):
        listed(art, f"Zoe {number}", featured=number % 2 == 0)
    assert cost() == few


def test_one_signer_and_the_downloads_cost_no_more_queries_with_more_signers(
    client: Client, art: Campaign
) -> None:
    def cost(path: str) -> int:
        with CaptureQueriesContext(connection) as queries:
            response = client.get(path)
            b"".join(response.streaming_content) if response.streaming else None  # type: ignore[attr-defined]
        return len(queries)

    first = listed(art, "Zoe 0")
    base = "/api/v1/campaigns/art/"
    paths = [
        f"{base}{end}"
        for end in (
            "",
            "counts/",
            "signers.csv",
            "signers.jsonl",
            "feed.atom",
            f"signers/{first.public_id}/",
        )
    ]
    cost(paths[0])  # the first of a process reads the campaign whole
    few = [cost(path) for path in paths]
    for number in range(1, 8):
        listed(art, f"Zoe {number}")
    assert [cost(path) for path in paths] == few


def test_a_public_read_may_be_kept_for_a_minute_at_most(client: Client, art: Campaign) -> None:
    signature = listed(art, "Zoë Moreau")
    base = "/api/v1/campaigns/art/"
    ends = (
        "",
        "signers/",
        f"signers/{signature.public_id}/",
        "counts/",
        "signers.csv",
        "signers.jsonl",
    )
    for path in (*(base + end for end in ends), f"{base}feed.atom", f"{base}statements/1/en.txt"):
        kept = client.get(path)["Cache-Control"]
        assert "public" in kept, path
        seconds = [int(part.partition("=")[2]) for part in kept.split(",") if "=" in part]
        assert len(seconds) == 2, path
        assert sum(seconds) <= 60, path


def test_an_unchanged_page_is_not_sent_again(client: Client, art: Campaign) -> None:
    listed(art, "Zoë Moreau")
    first = client.get(PATH)
    again = client.get(PATH, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    listed(art, "Ana")
    assert client.get(PATH, headers={"If-None-Match": first["ETag"]}).status_code == 200
