"""The public list against a plain model of it: every filter and order, alone and combined."""

import itertools
import random
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.test import Client

from campaign import identity, moves, paging
from campaign.history import ORGANISER
from campaign.models import Signature
from campaign.models.signature import Evidence, Status
from campaign.paging import ORDERS
from tests.factories import make_campaign, make_signature

pytestmark = pytest.mark.django_db

PATH = "/api/v1/campaigns/art/signers/"
CHOICES: dict[str, list[str | None]] = {
    "discipline": [None, "musician", "author"],
    "country": [None, "FR", "DE"],
    "kind": [None, "person", "group", "organisation"],
    "evidence": [None, "email", "on_file", "staff"],
    "featured": [None, "true", "false"],
    "q": [None, "an", "an mo", "小", "guild", "zz"],
}
NAMES = [
    *("Ana Moreau", "Anne Quill", "ana moreau", "Ánna Mound", "李小龙", "王小明", "!!!", "Zoë"),
    *("Bell Ander", "Mo An", "Guild of Songs", "Ñandú"),
]

Model = list[Signature]


def queries() -> Iterator[dict[str, str]]:
    """No filter, each alone, each pair, and some of three and more."""
    singles = [(name, value) for name, values in CHOICES.items() for value in values if value]
    yield {}
    yield from ({name: value} for name, value in singles)
    for (a, one), (b, other) in itertools.combinations(singles, 2):
        if a != b:
            yield {a: one, b: other}
    rolls = random.Random(3)
    for _ in range(60):
        picked = {name: rolls.choice(values) for name, values in CHOICES.items()}
        yield {name: value for name, value in picked.items() if value is not None}


def matches(signature: Signature, query: dict[str, str]) -> bool:
    shown: dict[str, str] = {
        "discipline": signature.discipline.slug if signature.discipline else "",
        "country": signature.country,
        "kind": signature.kind,
        "evidence": signature.evidence,
        "featured": "true" if signature.featured else "false",
    }
    tokens = identity.search_tokens(signature.name, signature.credit, signature.organisation)
    words = identity.query_words(query.get("q", ""))
    return all(shown[name] == value for name, value in query.items() if name != "q") and all(
        any(token.startswith(word) for token in tokens) for word in words
    )


def by_key(signature: Signature) -> Any:
    return signature.sort_key, signature.public_id


def by_time(signature: Signature) -> Any:
    return signature.published_at, signature.public_id


ORDERED: dict[str, Callable[[Model], Model]] = {
    "newest": lambda found: sorted(found, key=by_time, reverse=True),
    "oldest": lambda found: sorted(found, key=by_time),
    "name": lambda found: sorted(found, key=by_key),
    "featured": lambda found: (
        sorted((s for s in found if s.featured), key=by_key)
        + sorted((s for s in found if not s.featured), key=by_time, reverse=True)
    ),
}


def expected(model: Model, query: dict[str, str], order: str) -> list[str]:
    found = [signature for signature in model if matches(signature, query)]
    return [signature.public_id for signature in ORDERED[order](found)]


@pytest.fixture
def model() -> Model:
    """Signers of every kind, some published at one instant, some of one name, some not listed."""
    campaign = make_campaign(publication="after_verification")
    rolls = random.Random(5)
    begin = datetime(2026, 3, 1, tzinfo=UTC)
    for number in range(30):
        with time_machine.travel(begin + timedelta(minutes=number // 3), tick=False):
            signature = make_signature(
                campaign,
                name=rolls.choice(NAMES),
                kind=rolls.choice(["person", "group", "organisation"]),
                discipline=rolls.choice(["musician", "author", None]),
                country=rolls.choice(["FR", "DE", None]),
                credit=rolls.choice(["", "The Mo Songs", "An Answer"]),
                organisation=rolls.choice(["", "Guild"]),
                show_name=number % 10 != 9,
                status=Status.WITHDRAWN if number % 10 == 8 else Status.PUBLISHED,
            )
        if signature.status == Status.PUBLISHED:
            changes = {
                "featured": rolls.random() < 0.3,
                "evidence": rolls.choice([Evidence.EMAIL, Evidence.ON_FILE, Evidence.STAFF]),
                "sort_name": rolls.choice(["", "", "Quill, A"]),
            }
            moves.amend(signature_id=signature.pk, actor=ORGANISER, changes=changes)
    listed = Signature.objects.select_related("discipline").order_by("pk")
    return [row for row in listed if row.status == "published" and row.show_name]


def ids(body: Any) -> list[str]:
    return [signer["id"] for signer in body["results"]]


def forward(client: Client, url: str) -> tuple[list[list[str]], str | None]:
    """The ids page by page, and the `previous` of the last."""
    pages = []
    following: str | None = url
    body: Any = None
    while following is not None:
        body = client.get(following).json()
        pages.append(ids(body))
        following = body["next"]
        assert len(pages) < 50
    return pages, body["previous"]


def backward(client: Client, url: str | None) -> list[str]:
    """The ids of all pages before, in the order of the list."""
    found: list[str] = []
    while url is not None:
        body = client.get(url).json()
        found = ids(body) + found
        url = body["previous"]
    return found


# How a filter's rows are found: (rows walked at most, rows walked for each match that there may be).
BY_A_WALK, BY_A_SHORT_ONE, BY_NONE, BY_BOTH = (20_000, 5), (4, 5), (20_000, 0), (7, 1)
WAYS = (BY_A_SHORT_ONE, BY_NONE, BY_BOTH)


def find(monkeypatch: pytest.MonkeyPatch, way: tuple[int, int]) -> None:
    monkeypatch.setattr(paging, "WALK", way[0])
    monkeypatch.setattr(paging, "DEAR", way[1])


@pytest.mark.parametrize("order", sorted(ORDERS))
def test_every_filter_in_every_order_finds_what_a_plain_model_does(
    client: Client, model: Model, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    found = 0
    for query, way in zip(queries(), itertools.cycle(WAYS), strict=False):
        url = f"{PATH}?{urlencode({**query, 'order': order, 'page_size': 200})}"
        for each in (BY_A_WALK, way):
            find(monkeypatch, each)
            body = client.get(url).json()
            assert ids(body) == expected(model, query, order), query
            assert (body["next"], body["previous"]) == (None, None)
        found += bool(body["results"])
    assert found > 60  # or they would have shown little


@pytest.mark.parametrize("order", sorted(ORDERS))
def test_pages_of_every_size_join_forward_and_back(
    client: Client, model: Model, monkeypatch: pytest.MonkeyPatch, order: str
) -> None:
    asked: list[dict[str, str]] = [
        {},
        {"q": "an"},
        {"kind": "group", "q": "mo"},
        {"featured": "true"},
    ]
    ways = itertools.cycle((BY_A_SHORT_ONE, BY_A_WALK, BY_NONE))
    for size, query in itertools.product((1, 2, 3, 7, 200), asked):
        find(monkeypatch, next(ways))
        url = f"{PATH}?{urlencode({**query, 'order': order, 'page_size': size})}"
        pages, previous = forward(client, url)
        whole = expected(model, query, order)
        assert sum(pages, []) == whole
        assert all(len(page) == size for page in pages[:-1])
        assert backward(client, previous) == whole[: len(whole) - len(pages[-1])]


def test_a_cursor_is_a_place_whatever_the_filters_are(client: Client, model: Model) -> None:
    for order in ORDERS:
        body = client.get(f"{PATH}?{urlencode({'order': order, 'page_size': 5})}").json()
        cursor = body["next"].partition("cursor=")[2]
        behind = expected(model, {}, order)[5:]
        query = {"kind": "person", "q": "mo"}
        found = client.get(f"{PATH}?{urlencode({**query, 'order': order})}&cursor={cursor}").json()
        assert ids(found) == [i for i in expected(model, query, order) if i in behind]


def test_a_page_costs_two_queries(
    client: Client, model: Model, django_assert_num_queries: Any
) -> None:
    client.get(PATH)  # the first of a process reads the campaign whole
    asked: list[dict[str, str]] = [{}, {"q": "an"}, {"discipline": "author", "kind": "person"}]
    for order, query in itertools.product(ORDERS, asked):
        with django_assert_num_queries(2):
            client.get(f"{PATH}?{urlencode({**query, 'order': order})}")
