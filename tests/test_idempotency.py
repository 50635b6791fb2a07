"""A request to sign that comes twice under one Idempotency-Key is carried out once."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from campaign import brakes, retention
from campaign.models import Campaign, IdempotencyKey, Mail, Signature
from campaign.models.brake import Brake
from tests.factories import details, make_campaign

pytestmark = pytest.mark.django_db

PATH = "/api/v1/campaigns/art/signatures/"
KEY = "5f0c1c5e-6a8e-4a56-9d0c-2f1f1a1b7a11"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def sign(client: Client, key: str | None = KEY, path: str = PATH, **typed: Any) -> tuple[int, Any]:
    headers = {"Idempotency-Key": key} if key is not None else {}
    body = json.dumps(details(**typed))
    answer = client.post(path, body, content_type="application/json", headers=headers)
    return answer.status_code, answer.json()


ACCEPTED = (202, {"status": "check_your_inbox"})


def received(client: Client) -> int:
    return int(client.get("/api/v1/campaigns/art/counts/").json()["received"])


def test_the_same_request_again_is_answered_alike_and_does_nothing(
    campaign: Campaign, client: Client
) -> None:
    assert [sign(client) for _ in range(5)] == [ACCEPTED] * 5
    assert Signature.objects.count() == 1
    assert Mail.objects.count() == 1
    assert received(client) == 1


def test_without_a_key_the_same_request_again_is_another_request(
    campaign: Campaign, client: Client
) -> None:
    assert [sign(client, key=None) for _ in range(2)] == [ACCEPTED] * 2
    assert Mail.objects.count() == 2
    assert received(client) == 2
    assert not IdempotencyKey.objects.exists()


def test_another_body_under_the_same_key_is_refused_and_does_nothing(
    campaign: Campaign, client: Client
) -> None:
    sign(client)
    status, problem = sign(client, name="Somebody Else")
    assert (status, problem["code"]) == (422, "idempotency_key_reused")
    assert Signature.objects.get().name == "Zoë Moreau"
    assert Mail.objects.count() == 1
    assert received(client) == 1


def test_the_order_of_the_fields_is_no_other_body(campaign: Campaign, client: Client) -> None:
    sign(client)
    turned = json.dumps(dict(reversed(details().items())), indent=2)
    headers = {"Idempotency-Key": KEY}
    answer = client.post(PATH, turned, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.json()) == ACCEPTED
    assert Mail.objects.count() == 1


def test_a_request_that_was_refused_may_be_mended_under_its_key(
    campaign: Campaign, client: Client
) -> None:
    assert sign(client, email="zoe@")[0] == 400
    assert sign(client) == ACCEPTED


def test_what_was_accepted_before_the_campaign_closed_is_still_answered_alike(
    campaign: Campaign, client: Client
) -> None:
    sign(client)
    brakes.pull(campaign, Brake.SIGNING, by=None)
    assert sign(client) == ACCEPTED
    assert sign(client, key="another")[1]["code"] == "campaign_paused"


def test_the_same_key_at_another_campaign_is_another_key(
    campaign: Campaign, client: Client
) -> None:
    make_campaign(slug="film")
    sign(client)
    assert sign(client, path="/api/v1/campaigns/film/signatures/", name="Else") == ACCEPTED
    assert Signature.objects.count() == 2


@pytest.mark.parametrize("key", ["", " ", "two words", "k" * 256, "clé", "a\x00b"])
def test_a_key_that_is_none_is_a_clear_mistake(
    campaign: Campaign, client: Client, key: str
) -> None:
    status, problem = sign(client, key=key)
    assert (status, problem["code"]) == (400, "idempotency_key_invalid")
    named = {"field": "Idempotency-Key", "code": problem["code"], "message": problem["detail"]}
    assert problem["errors"] == [named]
    assert not Signature.objects.exists()


def test_the_longest_key_is_taken(campaign: Campaign, client: Client) -> None:
    assert sign(client, key="k" * 255) == ACCEPTED


def test_keys_are_honoured_for_a_day_and_then_deleted(campaign: Campaign, client: Client) -> None:
    sign(client)
    with time_machine.travel(timezone.now() + timedelta(hours=23, minutes=59)):
        retention.expire()
        assert sign(client, name="Somebody Else")[0] == 422
    with time_machine.travel(timezone.now() + timedelta(hours=24, minutes=1)):
        retention.expire()
        assert not IdempotencyKey.objects.exists()
        assert sign(client, name="Somebody Else") == ACCEPTED


def test_neither_key_nor_address_is_stored_as_it_came(campaign: Campaign, client: Client) -> None:
    sign(client)
    kept = IdempotencyKey.objects.get()
    assert len(kept.key_hash) == len(kept.body_hash) == 64
    assert KEY not in {kept.key_hash, kept.body_hash}


def test_a_replay_reads_two_rows_and_writes_none(campaign: Campaign, client: Client) -> None:
    sign(client)
    with CaptureQueriesContext(connection) as queries:
        sign(client)
    assert [query["sql"].split()[0] for query in queries] == ["SELECT", "SELECT"]
