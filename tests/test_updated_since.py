"""The feed of changes: who changed since, with tombstones, complete for whoever follows it."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

import pytest
import time_machine
from django.test import Client

from campaign import moves, publication, signing
from campaign.history import ORGANISER
from campaign.models import Campaign, Signature
from campaign.models.signature import Evidence, Status
from campaign.paging import ORDERS, UPDATED, Cursor
from tests.factories import bring_to, make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db

PATH = "/api/v1/campaigns/art/signers/"
LONG_AGO = "2026-01-01T00:00:00Z"


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def feed(client: Client, since: str = LONG_AGO, **query: Any) -> Any:
    response = client.get(f"{PATH}?{urlencode({'updated_since': since, **query})}")
    assert response.status_code == 200, response.content
    return response.json()


def walk(client: Client, since: str = LONG_AGO, size: int = 50) -> tuple[list[Any], set[str]]:
    """What a walk to the end of the feed finds, in its order, and what it says to begin the next with."""
    url = f"{PATH}?{urlencode({'updated_since': since, 'page_size': size})}"
    found: list[Any] = []
    says = set()
    while url is not None:
        body = client.get(url).json()
        found += body["results"]
        says.add(body["next_since"])
        url = body["next"]
        assert len(found) < 200
    return found, says


def mistakes(client: Client, query: str) -> tuple[int, str, list[tuple[str, str]]]:
    response = client.get(f"{PATH}?{query}")
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    errors = [(error["field"], error["code"]) for error in body.get("errors", [])]
    return response.status_code, body["code"], errors


# --- What is in it ---------------------------------------------------------------------------


def test_signers_come_whole_and_who_left_the_list_as_a_tombstone(
    client: Client, art: Campaign
) -> None:
    stays, leaves = make_signature(art, name="Stays"), make_signature(art, name="Leaves")
    bring_to(leaves, Status.WITHDRAWN)
    leaves.refresh_from_db()
    body = feed(client)
    assert body == {
        "results": [
            client.get(f"{PATH}{stays.public_id}/").json(),
            {
                "id": leaves.public_id,
                "removed": True,
                "updated_at": publication.instant(leaves.updated_at),
            },
        ],
        "next": None,
        "previous": None,
        "next_since": body["next_since"],
    }
    assert client.get(f"{PATH}{leaves.public_id}/").json() == body["results"][1]


@pytest.mark.parametrize("status", [Status.HELD, Status.REJECTED, Status.WITHDRAWN, Status.ERASED])
def test_whatever_takes_a_signer_off_the_list_leaves_a_tombstone_and_nothing_more(
    client: Client, art: Campaign, status: Status
) -> None:
    signature = make_signature(art)
    listed_at = signature.updated_at
    bring_to(signature, status)
    signature.refresh_from_db()
    assert signature.updated_at > listed_at
    assert feed(client)["results"] == [
        {
            "id": signature.public_id,
            "removed": True,
            "updated_at": publication.instant(signature.updated_at),
        }
    ]


@pytest.mark.parametrize(
    ("status", "typed"),
    [
        (Status.PENDING, {}),
        (Status.PUBLISHED, {"show_name": False}),
        (Status.WITHDRAWN, {"show_name": False}),
        (Status.HELD, {"name": "Scarlett Johansson"}),
        (Status.REJECTED, {"name": "Scarlett Johansson"}),
        (Status.ERASED, {"name": "Scarlett Johansson"}),
    ],
)
def test_who_was_never_listed_is_not_in_it(
    client: Client, art: Campaign, status: Status, typed: dict[str, Any]
) -> None:
    make_signature(art, status=status, **typed)
    assert feed(client)["results"] == []


def test_another_campaign_has_a_feed_of_its_own(client: Client, art: Campaign) -> None:
    make_signature(art)
    make_campaign(slug="other")
    path = PATH.replace("art", "other")
    assert client.get(f"{path}?updated_since={LONG_AGO}").json()["results"] == []


def test_a_hidden_name_is_a_tombstone_and_a_signer_again_when_it_is_shown(
    client: Client, art: Campaign
) -> None:
    signature = make_signature(art)
    token = manage_token(signature)
    signing.show(token, show_name=False)
    (hidden,) = feed(client)["results"]
    assert set(hidden) == {"id", "removed", "updated_at"}
    signing.show(token, show_name=True)
    (shown,) = feed(client, since=hidden["updated_at"])["results"]
    assert shown == client.get(f"{PATH}{signature.public_id}/").json()
    assert shown["updated_at"] > hidden["updated_at"]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "Renamed"},
        {"sort_name": "Moreau, Zoë"},
        {"kind": "group"},
        {"discipline": None},
        {"credit": ""},
        {"organisation": "Guild"},
        {"country": "FR"},
        {"featured": True},
        {"evidence": Evidence.VOUCHED},
        {"evidence_at": datetime(2026, 5, 1, tzinfo=UTC)},
    ],
)
def test_whatever_the_public_sees_of_a_signer_moves_it_to_the_end(
    client: Client, art: Campaign, changes: dict[str, Any]
) -> None:
    first, second = make_signature(art), make_signature(art)
    assert [entry["id"] for entry in feed(client)["results"]] == [first.public_id, second.public_id]
    moves.amend(signature_id=first.pk, actor=ORGANISER, changes=changes)
    assert [entry["id"] for entry in feed(client)["results"]] == [second.public_id, first.public_id]


def test_what_the_public_does_not_see_moves_nobody(client: Client, art: Campaign) -> None:
    first, _second = make_signature(art), make_signature(art)
    before = feed(client)["results"]
    changes = {"source": "a fair", "evidence_note": "seen"}
    moves.amend(signature_id=first.pk, actor=ORGANISER, changes=changes)
    assert feed(client)["results"] == before


# --- Order and pages -------------------------------------------------------------------------


def test_pages_join_to_the_whole_feed_by_time_and_id_forward_and_back(
    client: Client, art: Campaign
) -> None:
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [make_signature(art, name=f"Signer {n}") for n in range(7)]
    for number, row in enumerate(rows):  # three instants, two of them shared by three
        at = begin + timedelta(milliseconds=number // 3)
        Signature.objects.filter(pk=row.pk).update(updated_at=at)
    whole = feed(client)["results"]
    assert len(whole) == 7
    assert whole == sorted(whole, key=lambda entry: (entry["updated_at"], entry["id"]))
    for size in (1, 2, 3, 7, 200):
        assert walk(client, size=size)[0] == whole
    last = feed(client, page_size=3)
    while last["next"]:
        last = client.get(last["next"]).json()
    back: list[Any] = []
    url = last["previous"]
    while url:
        body = client.get(url).json()
        back = body["results"] + back
        url = body["previous"]
    assert back == whole[:6]


def test_it_begins_with_the_very_instant_that_is_asked_for(client: Client, art: Campaign) -> None:
    first, second = make_signature(art), make_signature(art)
    ids = [
        entry["id"]
        for entry in feed(client, since=publication.instant(second.updated_at))["results"]
    ]
    assert ids == [second.public_id]
    assert (
        first.updated_at.microsecond % 1000 == 0
    )  # or the time shown would be before its own entry
    later = second.updated_at + timedelta(milliseconds=1)
    assert feed(client, since=publication.instant(later))["results"] == []


def test_two_queries_and_the_look_at_who_writes_are_all_it_costs(
    client: Client, art: Campaign, django_assert_num_queries: Any
) -> None:
    for _ in range(3):
        make_signature(art)
    feed(client)  # the first of a process reads the campaign whole
    with django_assert_num_queries(3):
        body = feed(client, page_size=2)
    with django_assert_num_queries(2):
        client.get(body["next"])


# --- next_since ------------------------------------------------------------------------------


def test_the_next_walk_begins_thirty_seconds_before_the_first_page_of_this_one(
    client: Client, art: Campaign
) -> None:
    for number in range(3):
        make_signature(art, name=f"Signer {number}")
    now = datetime.now(UTC).replace(microsecond=0) + timedelta(minutes=5)
    with time_machine.travel(now, tick=False) as clock:
        body = feed(client, page_size=1)
        assert body["next_since"] == publication.instant(now - timedelta(seconds=30))
        clock.shift(3600)  # however long the walk takes
        second = client.get(body["next"]).json()
        assert second["next_since"] == body["next_since"]
        assert client.get(second["next"]).json()["next_since"] == body["next_since"]
        assert client.get(second["previous"]).json()["next_since"] == body["next_since"]
        empty = feed(client, since=publication.instant(now))
        assert empty["results"] == []
        assert empty["next_since"] == publication.instant(now + timedelta(seconds=3570))


# --- What is asked ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-03-01T12:00:00Z", "2026-03-01T12:00:00.000Z"),
        ("2026-03-01T12:00:00.5Z", "2026-03-01T12:00:00.500Z"),
        ("2026-03-01T12:00:00.123456789Z", "2026-03-01T12:00:00.123456Z"),
        ("2026-03-01T12:00:00+02:00", "2026-03-01T10:00:00.000Z"),
        ("2026-03-01T12:00:00-02:30", "2026-03-01T14:30:00.000Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00.000Z"),
    ],
)
def test_times_of_every_zone_are_understood(
    client: Client, art: Campaign, text: str, at: str
) -> None:
    row = make_signature(art)
    exact = datetime.fromisoformat(at)
    for moved, found in ((timedelta(milliseconds=1), 1), (timedelta(), 1)):
        Signature.objects.filter(pk=row.pk).update(updated_at=exact + moved)
        assert len(feed(client, since=text)["results"]) == found
        # Whoever forgets to encode the + sends a space.
        raw = client.get(f"{PATH}?updated_since={text}")
        assert len(raw.json()["results"]) == found
    if exact.year > 1:
        before = exact - timedelta(milliseconds=1)
        Signature.objects.filter(pk=row.pk).update(updated_at=before)
        assert feed(client, since=text)["results"] == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "blank"),
        *(
            (text, "not_a_time")
            for text in (
                *("yesterday", "now", "0", "-1", "1767225600", "1767225600000", "2026", "null"),
                *("2026-03-01", "2026-03-01T12:00", "2026-03-01T12:00Z", "2026-03-01T12:00:00"),
                *("2026-03-01 12:00:00Z", "2026-03-01t12:00:00z", "20260301T120000Z", "2026-W09-7"),
                *("2026-03-01T12:00:00,5Z", "2026-03-01T12:00:00.Z", "2026-03-01T12:00:00+02"),
                *("2026-03-01T12:00:00+0200", "2026-03-01T12:00:00UTC", "2026-03-01T12:00:00ZZ"),
                *("2026-02-30T12:00:00Z", "2026-13-01T12:00:00Z", "2026-03-01T25:00:00Z"),
                *("2026-03-01T23:59:60Z", "2026-03-01T12:00:00+24:00", "+2026-03-01T12:00:00Z"),
                *("0000-01-01T00:00:00Z", "2026-03-01T12:00:00Z\n", " 2026-03-01T12:00:00Z"),
                *(
                    "٢٠٢٦-03-01T12:00:00Z",
                    "2026-03-01T12:00:00Z\n2026",
                    "🎸",
                    "2026-03-01T12:00:00 Z",
                ),
            )
        ),
        ("10000-01-01T00:00:00Z", "not_a_time"),
        ("9999-12-31T23:59:59Z", "in_future"),
        ("9999-12-31T23:59:59-00:01", "in_future"),
    ],
)
def test_what_is_no_time_is_refused(client: Client, art: Campaign, text: str, code: str) -> None:
    expected = (400, "invalid_input", [("updated_since", code)])
    assert mistakes(client, f"updated_since={quote(text)}") == expected


@pytest.mark.parametrize("text", ["%00", "2026-03-01T12:00:00Z%00", "2" * 5000, "%ff%fe"])
def test_what_is_no_text_is_refused(client: Client, art: Campaign, text: str) -> None:
    status, code, errors = mistakes(client, f"updated_since={text}")
    assert (status, code) == (400, "invalid_input")
    assert {field for field, _code in errors} == {"updated_since"}


def test_a_time_to_come_is_refused_when_no_clock_could_be_so_wrong(
    client: Client, art: Campaign
) -> None:
    now = datetime.now(UTC)
    soon, late = now + timedelta(hours=23), now + timedelta(hours=25)
    assert feed(client, since=publication.instant(soon))["results"] == []
    expected = (400, "invalid_input", [("updated_since", "in_future")])
    assert mistakes(client, f"updated_since={publication.instant(late)}") == expected


@pytest.mark.parametrize(
    "other",
    [
        *({"discipline": "musician"}, {"country": "FR"}, {"kind": "person"}, {"evidence": "email"}),
        *(
            {"featured": "true"},
            {"q": "zoe"},
            {"q": ""},
            {"order": "newest"},
            {"order": "featured"},
        ),
    ],
)
def test_only_a_page_size_goes_with_it(
    client: Client, art: Campaign, other: dict[str, str]
) -> None:
    query = urlencode({"updated_since": LONG_AGO, "page_size": 10, **other})
    (field,) = other
    expected = (400, "invalid_input", [(field, "not_with_updated_since")])
    assert mistakes(client, query) == expected


def test_every_parameter_that_does_not_go_with_it_is_named(client: Client, art: Campaign) -> None:
    query = urlencode({"q": "a", "updated_since": LONG_AGO, "order": "name", "kind": "group"})
    named = [(name, "not_with_updated_since") for name in ("kind", "order", "q")]
    assert mistakes(client, query) == (400, "invalid_input", named)


@pytest.mark.parametrize("size", ["0", "201", "x"])
def test_page_sizes_are_those_of_the_list(client: Client, art: Campaign, size: str) -> None:
    status, code, errors = mistakes(client, f"updated_since={LONG_AGO}&page_size={size}")
    assert (status, code, [field for field, _code in errors]) == (
        400,
        "invalid_input",
        ["page_size"],
    )


def test_a_cursor_of_the_feed_is_none_of_the_list_and_the_other_way_round(
    client: Client, art: Campaign
) -> None:
    make_signature(art)
    make_signature(art)
    of_the_feed = quote(feed(client, page_size=1)["next"].partition("cursor=")[2])
    for order in ORDERS:
        assert mistakes(client, f"order={order}&cursor={of_the_feed}") == (
            400,
            "bad_cursor",
            [("cursor", "bad_cursor")],
        )
        body = client.get(f"{PATH}?order={order}&page_size=1").json()
        of_the_list = body["next"].partition("cursor=")[2]
        query = f"updated_since={LONG_AGO}&cursor={of_the_list}"
        assert mistakes(client, query) == (400, "bad_cursor", [("cursor", "bad_cursor")])


@pytest.mark.parametrize(
    ("since", "keys"),
    [
        (None, ("2026-03-01T12:00:00+00:00", "b")),
        (datetime(2026, 3, 1, tzinfo=UTC), ("2026-03-01T12:00:00+00:00",)),
        (datetime(2026, 3, 1, tzinfo=UTC), ("yesterday", "b")),
        (datetime(2026, 3, 1, tzinfo=UTC), ("2026-03-01T12:00:00+00:00", "b\0")),
        (datetime(2026, 3, 1, tzinfo=UTC), ("0001-01-01T00:00:00+23:00", "b")),
    ],
)
def test_a_cursor_that_no_page_of_the_feed_gave_is_refused(
    client: Client, art: Campaign, since: datetime | None, keys: tuple[str, ...]
) -> None:
    cursor = Cursor(UPDATED, 0, keys, since=since).encode()
    query = f"updated_since={LONG_AGO}&cursor={cursor}"
    assert mistakes(client, query) == (400, "bad_cursor", [("cursor", "bad_cursor")])


def test_there_is_no_order_of_that_name_in_the_list(client: Client, art: Campaign) -> None:
    expected = (400, "invalid_input", [("order", "invalid_choice")])
    assert mistakes(client, f"order={UPDATED}") == expected


def test_before_the_opening_there_is_no_feed(client: Client) -> None:
    make_campaign(opens_at=datetime.now(UTC) + timedelta(days=1))
    assert client.get(f"{PATH}?updated_since={LONG_AGO}").status_code == 404
