"""What a key reads of signatures, and that nobody else reads it."""

import csv
import io
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, reverse
from django.utils import timezone

from campaign import files, moves
from campaign.api import urls as api_urls
from campaign.models import ApiKey, AuditEntry, Campaign, Signature
from campaign.models.api_key import Scope
from campaign.models.signature import HoldReason, Status
from tests.factories import bearer, bring_to, make_campaign, make_key, make_signature

pytestmark = pytest.mark.django_db

PRIVATE = "/api/v1/campaigns/art/private/"
CANARY = "canary@example.org"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def headers(campaign: Campaign) -> dict[str, str]:
    return bearer(make_key(campaign, Scope.READ_PRIVATE))


def one(client: Client, signature: Signature, headers: dict[str, str]) -> Any:
    return client.get(f"{PRIVATE}signatures/{signature.public_id}/", headers=headers)


def test_a_held_signature_is_read_whole(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    signature = make_signature(
        campaign,
        status=Status.HELD,
        email=CANARY,
        name="Scarlett Johansson",
        country="FR",
        newsletter=True,
        source="crm",
        language="fr",
    )
    answer = one(client, signature, headers)
    assert answer.status_code == 200
    body = json.loads(answer.content)
    times = {name: body.pop(name) for name in ("signed_at", "confirmed_at", "updated_at")}
    assert all(time.endswith("Z") for time in times.values())
    assert body.pop("evidence") == {"method": "email", "at": times["confirmed_at"], "note": None}
    assert body == {
        "id": signature.public_id,
        "status": "held",
        "revision": 1,
        "name": "Scarlett Johansson",
        "sort_name": None,
        "kind": "person",
        "discipline": "musician",
        "credit": "The Quarry Songs",
        "organisation": None,
        "country": "FR",
        "show_name": True,
        "featured": False,
        "email": CANARY,
        "newsletter": True,
        "language": "fr",
        "source": "crm",
        "hold_reasons": ["protected_name", "review"],
        "rejection_reason": None,
        "statement_version": 1,
        "statement_language": "fr",
        "published_at": None,
    }


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.ERASED])
def test_of_who_left_nothing_personal_is_given(
    client: Client, campaign: Campaign, headers: dict[str, str], status: Status
) -> None:
    signature = make_signature(
        campaign, status=status, email=CANARY, newsletter=True, country="FR", source="crm"
    )
    answer = one(client, signature, headers)
    body = json.loads(answer.content)
    kept = {name: value for name, value in body.items() if value not in (None, [])}
    assert kept.keys() == {
        *("id", "status", "revision", "statement_version", "statement_language"),
        *("signed_at", "confirmed_at", "updated_at"),
    }
    assert (body["id"], body["status"]) == (signature.public_id, status)
    assert CANARY not in answer.content.decode()


def test_a_rejected_one_says_why(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    signature = make_signature(campaign, status=Status.REJECTED, email=CANARY)
    body = json.loads(one(client, signature, headers).content)
    assert (body["status"], body["rejection_reason"]) == ("rejected", "impersonation")
    assert body["email"] == CANARY


def test_before_a_mailbox_is_confirmed_nobody_reads_it(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    signature = make_signature(campaign, status=Status.PENDING, email=CANARY)
    answer = one(client, signature, headers)
    assert answer.status_code == 404
    assert CANARY not in answer.content.decode()


def test_another_campaigns_signature_is_not_there(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    other = make_signature(make_campaign(slug="other"), email=CANARY)
    assert one(client, other, headers).status_code == 404


def test_a_campaign_is_prepared_with_its_key_before_it_opens(client: Client) -> None:
    campaign = make_campaign()
    signature = make_signature(campaign, status=Status.HELD, email=CANARY)
    Campaign.objects.update(opens_at=timezone.now() + timedelta(days=1))
    key = make_key(campaign, *Scope)
    assert one(client, signature, bearer(key)).status_code == 200
    assert client.get("/api/v1/campaigns/art/", headers=bearer(key)).status_code == 404


def test_no_answer_may_be_kept_or_read_by_a_page(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    signature = make_signature(campaign)
    answer = one(client, signature, {**headers, "Origin": "https://partner.example"})
    assert answer["Cache-Control"] == "no-store"
    assert "Authorization" in answer["Vary"]
    assert "ETag" not in answer
    assert not [name for name in answer.headers if name.startswith("Access-Control-")]


# --- The list --------------------------------------------------------------------------------

STATUSES = [status for status in Status if status != Status.PENDING]


def listed(client: Client, headers: dict[str, str], query: str = "") -> dict[str, Any]:
    answer = client.get(f"{PRIVATE}signatures/{query}", headers=headers)
    assert answer.status_code == 200, answer.content
    body: dict[str, Any] = json.loads(answer.content)
    return body


def walk(client: Client, headers: dict[str, str], query: str = "") -> list[dict[str, Any]]:
    """Every page to the end, as a mirror reads them."""
    page = listed(client, headers, query)
    found = list(page["results"])
    while page["next"]:
        page = json.loads(client.get(page["next"], headers=headers).content)
        found += page["results"]
    return found


def one_of_each(campaign: Campaign) -> dict[str, Signature]:
    return {
        status: make_signature(campaign, status=status, newsletter=True, name=f"Signer {status}")
        for status in Status
    }


def test_the_list_holds_what_one_alone_says_in_the_order_of_the_last_change(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    there = one_of_each(campaign)
    make_signature(make_campaign(slug="other"))
    found = walk(client, headers)
    alone = [json.loads(one(client, there[status], headers).content) for status in STATUSES]
    assert found == sorted(alone, key=lambda each: (each["updated_at"], each["id"]))


def test_pages_of_any_size_hold_everybody_once(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    # Some were on the list, some never: two indexes.
    statuses = [Status.HELD, Status.PUBLISHED, Status.WITHDRAWN] * 3
    wanted = [make_signature(campaign, status=status).public_id for status in statuses]
    # Many changed in the same instant.
    Signature.objects.update(updated_at=timezone.now())
    for size in (1, 2, 3, 9, 200):
        found = [each["id"] for each in walk(client, headers, f"?page_size={size}")]
        assert found == sorted(wanted)
    first = listed(client, headers, "?page_size=3")
    second = json.loads(client.get(first["next"], headers=headers).content)
    back = json.loads(client.get(second["previous"], headers=headers).content)
    assert back["results"] == first["results"]


@pytest.mark.parametrize("status", STATUSES)
def test_it_is_filtered_by_status(
    client: Client, campaign: Campaign, headers: dict[str, str], status: Status
) -> None:
    there = one_of_each(campaign)
    found = walk(client, headers, f"?status={status}")
    assert [each["id"] for each in found] == [there[status].public_id]


def test_it_is_filtered_by_newsletter_without_those_who_left(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    one_of_each(campaign)
    make_signature(campaign, status=Status.HELD, newsletter=False, name="No News")
    ticked = {each["status"] for each in walk(client, headers, "?newsletter=true")}
    assert ticked == {"held", "published", "rejected"}
    assert [each["name"] for each in walk(client, headers, "?newsletter=false")] == ["No News"]


def test_a_mirror_that_begins_again_where_it_was_told_misses_nothing(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    key = ApiKey.objects.all()
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False):
        signatures = [make_signature(campaign) for _ in range(3)]
    key.update(created_at="2026-11-22T12:00:00Z", expires_at="2027-01-01T00:00:00Z")
    with time_machine.travel("2026-11-22T12:05:00Z", tick=False):
        first = listed(client, headers)
        assert first["next_since"] == "2026-11-22T12:04:30.000Z"
        assert len(first["results"]) == 3
    with time_machine.travel("2026-11-22T12:06:00Z", tick=False):
        bring_to(signatures[1], Status.WITHDRAWN)
        again = listed(client, headers, f"?updated_since={first['next_since']}")
        assert [(each["id"], each["status"]) for each in again["results"]] == [
            (signatures[1].public_id, "withdrawn")
        ]
        assert again["next"] is None


def test_a_mirror_hears_of_one_more_reason_to_hold(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    signature = make_signature(campaign, status=Status.HELD)
    before = one(client, signature, headers).json()
    moves.add_hold_reason(signature.pk, HoldReason.PROTECTED_NAME)
    after = one(client, signature, headers).json()
    assert after["hold_reasons"] == [*before["hold_reasons"], "protected_name"]
    assert after["updated_at"] > before["updated_at"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?status=pending", "status"),
        ("?status=", "status"),
        ("?newsletter=yes", "newsletter"),
        ("?updated_since=yesterday", "updated_since"),
        ("?page_size=0", "page_size"),
        ("?page_size=201", "page_size"),
        ("?order=newest", "order"),
        ("?q=zoe", "q"),
    ],
)
def test_a_parameter_that_is_none_is_named(
    client: Client, campaign: Campaign, headers: dict[str, str], query: str, field: str
) -> None:
    answer = client.get(f"{PRIVATE}signatures/{query}", headers=headers)
    assert answer.status_code == 400
    assert json.loads(answer.content)["errors"][0]["field"] == field


@pytest.mark.parametrize("cursor", ["x", "%00", "W10", "WzAsIm5ld2VzdCIsMCwiYSIsImIiXQ"])
def test_a_cursor_that_no_page_gave_is_refused(
    client: Client, campaign: Campaign, headers: dict[str, str], cursor: str
) -> None:
    answer = client.get(f"{PRIVATE}signatures/?cursor={cursor}", headers=headers)
    assert answer.status_code == 400


def test_a_page_is_read_by_two_indexes(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    for status in (Status.HELD, Status.PUBLISHED):
        make_signature(campaign, status=status)
    following = listed(client, headers, "?page_size=1")["next"]
    with CaptureQueriesContext(connection) as seen:
        client.get(following, headers=headers)
    with connection.cursor() as cursor:
        # A table of two rows is read whole unless one is told not to.
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN {seen[-2]['sql']}")  # the last puts it on record
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "signature_changes" in plan
    assert "signature_never_listed" in plan
    assert "Seq Scan" not in plan


def test_a_page_costs_no_more_queries_with_more_signatures(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as seen:
            listed(client, headers)
        return len(seen)

    make_signature(campaign)
    listed(client, headers)  # notes the use of the key
    few = cost()
    for _ in range(5):
        make_signature(campaign)
    # The key, its maker's rights and those of their groups, who is writing, the page, and that it was
    # read.
    assert few == cost() == 6


# --- The whole of it as a file ---------------------------------------------------------------

NOTE = 'Form 7,\n"vouched"; é \\ <b>'


@pytest.fixture
def exporter(campaign: Campaign) -> dict[str, str]:
    return bearer(make_key(campaign, Scope.EXPORT))


def file_of(client: Client, headers: dict[str, str], name: str) -> str:
    answer = client.get(f"{PRIVATE}{name}", headers=headers)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    raw: bytes = answer.getvalue()
    assert int(answer["Content-Length"]) == len(raw)
    return raw.decode()


def test_the_lines_say_what_the_list_says(
    client: Client, campaign: Campaign, headers: dict[str, str], exporter: dict[str, str]
) -> None:
    one_of_each(campaign)
    Signature.objects.filter(status=Status.HELD).update(evidence_note=NOTE)
    lines = file_of(client, exporter, "signatures.jsonl").splitlines()
    assert [json.loads(line) for line in lines] == walk(client, headers)


def test_the_cells_say_what_the_list_says(
    client: Client, campaign: Campaign, headers: dict[str, str], exporter: dict[str, str]
) -> None:
    one_of_each(campaign)
    Signature.objects.filter(status=Status.HELD).update(evidence_note=NOTE)

    def cell(value: Any) -> str:
        if isinstance(value, list):
            return " ".join(value)
        return {None: "", True: "true", False: "false"}.get(value, str(value))

    wanted = []
    for each in walk(client, headers):
        revision = str(each.pop("revision"))
        version = str(each.pop("statement_version"))
        evidence = each.pop("evidence") or {"method": None, "at": None, "note": None}
        flat = {**each, "evidence": evidence["method"]}
        flat |= {"evidence_at": evidence["at"], "evidence_note": evidence["note"]}
        cells = {name: cell(value) for name, value in flat.items()}
        wanted.append({**cells, "revision": revision, "statement_version": version})
    text = file_of(client, exporter, "signatures.csv")
    assert list(csv.DictReader(io.StringIO(text, newline=""))) == wanted


def test_a_cell_that_begins_like_a_formula_is_defused(
    client: Client, campaign: Campaign, exporter: dict[str, str]
) -> None:
    make_signature(campaign, email="=cmd@example.org", source="+1;=2")
    Signature.objects.update(evidence_note="@SUM(A1)")
    text = file_of(client, exporter, "signatures.csv")
    row = next(csv.DictReader(io.StringIO(text, newline="")))
    assert (row["email"], row["source"], row["evidence_note"]) == (
        "'=cmd@example.org",
        "'+1;'=2",
        "'@SUM(A1)",
    )


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_every_download_is_on_record_before_it_leaves(
    client: Client, campaign: Campaign, exporter: dict[str, str], form: str
) -> None:
    one_of_each(campaign)
    file_of(client, exporter, f"signatures.{form}")
    file_of(client, exporter, f"signatures.{form}?status=held")
    entries = AuditEntry.objects.filter(action="export").order_by("pk")
    key = ApiKey.objects.get()
    assert [(entry.number, entry.api_key, entry.user) for entry in entries] == [
        (5, key, None),
        (1, key, None),
    ]


def test_what_cannot_be_put_on_record_does_not_leave(
    client: Client,
    campaign: Campaign,
    exporter: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(**_entry: Any) -> None:
        raise DatabaseError("read only")

    make_signature(campaign, email=CANARY)
    monkeypatch.setattr(AuditEntry.objects, "create", broken)
    client.raise_request_exception = False
    # More often than there are seats: each is given back.
    for _ in range(files.SEATS + 1):
        answer = client.get(f"{PRIVATE}signatures.csv", headers=exporter)
        assert answer.status_code == 500
        assert CANARY not in answer.getvalue().decode()


def test_an_empty_campaign_leaves_as_a_header(
    client: Client, campaign: Campaign, exporter: dict[str, str]
) -> None:
    assert file_of(client, exporter, "signatures.jsonl") == ""
    assert len(file_of(client, exporter, "signatures.csv").splitlines()) == 1
    numbers = AuditEntry.objects.filter(action="export").values_list("number", flat=True)
    assert list(numbers) == [0, 0]


def test_a_head_writes_no_file(
    client: Client, campaign: Campaign, exporter: dict[str, str]
) -> None:
    assert client.head(f"{PRIVATE}signatures.csv", headers=exporter).status_code == 405
    assert not AuditEntry.objects.filter(action="export").exists()


def test_more_downloads_than_there_are_seats_are_told_to_come_back(
    client: Client,
    campaign: Campaign,
    exporter: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "_seats", threading.BoundedSemaphore(1))
    monkeypatch.setattr(files, "SEAT_WITHIN", 0.01)
    assert files._seats.acquire()
    answer = client.get(f"{PRIVATE}signatures.csv", headers=exporter)
    assert (answer.status_code, json.loads(answer.content)["code"]) == (503, "not_ready")
    assert int(answer["Retry-After"]) > 0
    files._seats.release()
    assert client.get(f"{PRIVATE}signatures.csv", headers=exporter).status_code == 200


# --- The canary ------------------------------------------------------------------------------


def test_no_public_answer_holds_what_a_key_reads(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    there = make_signature(campaign, email=CANARY, source="canary source", newsletter=True)
    Signature.objects.update(evidence_note="canary note")
    assert CANARY in json.dumps(walk(client, headers))
    for pattern in api_urls.urlpatterns:
        if not isinstance(pattern, URLPattern) or not pattern.name or "private" in pattern.name:
            continue
        values = {"slug": "art", "version": 1, "language": "en", "public_id": there.public_id}
        needed = pattern.pattern.converters
        url = reverse(pattern.name, kwargs={name: values[name] for name in needed})
        for asked in ({}, headers):
            text = client.get(url, headers=asked).getvalue().decode()
            assert "canary" not in text, url


def test_where_all_that_were_left_of_a_status_have_another_the_empty_page_leads_back(
    client: Client, campaign: Campaign, headers: dict[str, str]
) -> None:
    for name in ("First Held", "Second Held"):
        make_signature(campaign, status=Status.HELD, name=name)
    path = f"{PRIVATE}signatures/?status=held&page_size=1"
    first = client.get(path, headers=headers).json()
    bring_to(Signature.objects.get(name="Second Held"), Status.PUBLISHED)
    empty = client.get(first["next"], headers=headers).json()
    assert (empty["results"], empty["next"]) == ([], None)
    back = client.get(empty["previous"], headers=headers).json()
    assert [each["name"] for each in back["results"]] == ["First Held"]
    assert (back["previous"], back["next_since"]) == (None, first["next_since"])
    bring_to(Signature.objects.get(name="First Held"), Status.PUBLISHED)
    gone = client.get(empty["previous"], headers=headers).json()
    assert (gone["results"], gone["previous"]) == ([], None)
    assert client.get(gone["next"], headers=headers).json()["results"] == []
