"""What a key reads of signatures, and that nobody else reads it."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaign.models import Campaign, Signature
from campaign.models.api_key import Scope
from campaign.models.signature import Status
from tests.factories import bearer, make_campaign, make_key, make_signature

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
