"""The public list page by page: its orders, its cursors, and nobody missed or repeated."""

import base64
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from hypothesis import example, given, settings
from hypothesis import strategies as st

from campaign import moves
from campaign.history import SIGNER
from campaign.models import Campaign, Signature
from campaign.models.signature import Status
from campaign.paging import ORDERS, Cursor
from tests.factories import bring_to, make_campaign
from tests.lists import PATH, by_hypothesis, get, listed, names, problem, walk

pytestmark = pytest.mark.django_db


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


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
@pytest.mark.parametrize("order", sorted(ORDERS))
def test_where_all_that_were_left_have_gone_the_empty_page_leads_back(
    client: Client, order: str
) -> None:
    whole = names(client, order=order)
    first = get(client, order=order, page_size=3)
    for gone in Signature.objects.filter(name__in=whole[3:]):
        bring_to(gone, Status.WITHDRAWN)
    empty = client.get(first["next"]).json()
    assert (empty["results"], empty["next"]) == ([], None)
    back = client.get(empty["previous"]).json()
    assert ([each["name"] for each in back["results"]], back["previous"]) == (whole[:3], None)
    # And the other way, from a page before which nobody is left.
    last = client.get(get(client, order=order, page_size=2)["next"]).json()
    for gone in Signature.objects.filter(name__in=whole[:2]):
        bring_to(gone, Status.WITHDRAWN)
    empty = client.get(last["previous"]).json()
    assert (empty["results"], empty["previous"]) == ([], None)
    ahead = client.get(empty["next"]).json()
    assert ([each["name"] for each in ahead["results"]], ahead["next"]) == ([whole[2]], None)


@pytest.mark.usefixtures("five")
def test_a_filter_that_finds_nobody_behind_a_place_leads_back_too(client: Client) -> None:
    cursor = get(client, order="oldest", page_size=2)["next"].partition("cursor=")[2]
    asked = {"order": "oldest", "q": "mara"}
    empty = get(client, cursor=cursor, **asked)
    assert empty["results"] == []
    back = client.get(empty["previous"]).json()
    assert [each["name"] for each in back["results"]] == ["Mara Quill"]


@pytest.mark.usefixtures("five")
def test_a_list_that_everybody_left_ends_both_ways(client: Client) -> None:
    first = get(client, page_size=3)
    for gone in Signature.objects.all():
        bring_to(gone, Status.WITHDRAWN)
    empty = client.get(first["next"]).json()
    assert walk(client, empty["previous"], "previous") == [[]]
    assert walk(client, first["next"]) == [[]]


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
        assert problem(client, order=used_in, cursor=cursor) == (400, "bad_cursor", ["cursor"])


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
        encoded(4, "featured", 0, "a", "b"),
        encoded(-1, "featured", 0, "a", "b"),
        encoded(0.5, "featured", 0, "a", "b"),
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
