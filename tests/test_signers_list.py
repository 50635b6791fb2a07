"""The public list: who stands on it, what is told of them, and what never is."""

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaign import moves
from campaign.history import SIGNER
from campaign.models import Campaign, Signature
from campaign.models.signature import Status
from tests.factories import bring_to, make_campaign, make_signature
from tests.lists import PATH, get, listed, names

CANARY = "canary-81c3@private.example.org"
FIELDS = {
    *("id", "name", "sort_name", "kind", "discipline", "credit", "organisation", "country"),
    *("featured", "evidence", "statement_version", "language", "signed_at", "updated_at"),
}

pytestmark = pytest.mark.django_db


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


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
