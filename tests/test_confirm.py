"""Confirming by the link of the mail, through the API."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaign import moves, signing
from campaign.history import SIGNER
from campaign.links import Purpose, make_token
from campaign.models import Event, Mail, Signature
from campaign.models.signature import Status
from tests.factories import confirm_token, details, make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db

PATH = "/api/v1/signatures/confirm/"


def confirm(client: Client, token: str) -> Any:
    return client.post(PATH, {"token": token}, content_type="application/json")


def published(client: Client) -> int:
    return int(client.get("/api/v1/campaigns/art/counts/").json()["published"])


def test_a_campaign_that_reviews_holds_what_is_confirmed(client: Client) -> None:
    signature = make_signature(make_campaign(), status=Status.PENDING)
    response = confirm(client, confirm_token(signature))
    assert (response.status_code, response.json()) == (200, {"status": "held", "signer": None})
    assert response["Cache-Control"] == "no-store"
    signature.refresh_from_db()
    assert signature.hold_reasons == ["review"]
    assert published(client) == 0


def test_a_campaign_that_only_verifies_publishes_at_once(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    signature = make_signature(campaign, status=Status.PENDING, **details())
    body = confirm(client, confirm_token(signature)).json()
    assert body["status"] == "published"
    assert body["signer"]["name"] == "Zoë Moreau"
    assert body["signer"]["evidence"]["method"] == "email"
    assert published(client) == 1


def test_a_second_time_is_a_success_that_changes_nothing(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    signature = make_signature(campaign, status=Status.PENDING)
    first = confirm(client, confirm_token(signature))
    before = Signature.objects.values().get()
    second = confirm(client, confirm_token(signature))
    assert first.json() == second.json()
    assert Signature.objects.values().get() == before
    assert Event.objects.filter(verb="confirm").count() == 1
    assert published(client) == 1


@pytest.mark.parametrize(
    "name",
    ["Sc\u0430rlett Johansson", "SCARLETT  JOHANSSON", "R.E.M", "Ｓｃａｒｌｅｔｔ Johansson"],
)
def test_a_name_like_a_protected_one_is_held_whatever_the_policy(client: Client, name: str) -> None:
    campaign = make_campaign(publication="after_verification")
    signature = make_signature(campaign, status=Status.PENDING, name=name)
    assert confirm(client, confirm_token(signature)).json()["status"] == "held"
    signature.refresh_from_db()
    assert signature.hold_reasons == ["protected_name"]
    assert client.get("/api/v1/campaigns/art/signers/").json()["results"] == []


def test_a_second_name_from_an_address_that_has_signed_is_held(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    make_signature(campaign, email="pair@example.org", name="First Partner")
    second = make_signature(
        campaign, email="pair@example.org", name="Second Partner", status=Status.PENDING
    )
    assert confirm(client, confirm_token(second)).json()["status"] == "held"
    second.refresh_from_db()
    assert second.hold_reasons == ["second_name"]
    assert published(client) == 1


def test_confirming_closes_the_pendings_of_the_same_name_and_leaves_other_names(
    client: Client,
) -> None:
    campaign = make_campaign(publication="after_verification")
    mine = make_signature(campaign, status=Status.PENDING, **details())
    same = make_signature(campaign, status=Status.PENDING, **details(credit="Other"))
    other = make_signature(campaign, status=Status.PENDING, **details(name="Somebody Else"))
    confirm(client, confirm_token(mine))
    response = confirm(client, confirm_token(same))
    assert (response.status_code, response.json()["code"]) == (410, "signature_gone")
    assert set(Signature.objects.values_list("pk", flat=True)) == {mine.pk, other.pk}


def test_a_strangers_attempt_changes_nothing_of_what_an_earlier_link_confirms(
    client: Client,
) -> None:
    campaign = make_campaign(publication="after_verification")
    mine = make_signature(campaign, status=Status.PENDING, **details())
    make_signature(campaign, status=Status.PENDING, **details(name="Stranger's Text"))
    assert confirm(client, confirm_token(mine)).json()["signer"]["name"] == "Zoë Moreau"


def test_a_link_that_showed_something_else_is_refused(client: Client) -> None:
    signature = make_signature(make_campaign(), status=Status.PENDING)
    token = confirm_token(signature)
    moves.amend(signature_id=signature.pk, actor=SIGNER, changes={"name": "Renamed"})
    response = confirm(client, token)
    assert (response.status_code, response.json()["code"]) == (409, "changed_meanwhile")
    signature.refresh_from_db()
    assert signature.status == Status.PENDING


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c.d", "\ud800".encode("utf-8", "replace").decode(), "é" * 4000, "..."]
)
def test_a_malformed_token_is_invalid(client: Client, token: str) -> None:
    response = confirm(client, token)
    assert (response.status_code, response.json()["code"]) == (400, "token_invalid")


def test_a_body_that_is_not_utf8_is_malformed(client: Client) -> None:
    response = client.post(PATH, b'{"token": "\xff\xfe"}', content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "malformed_json")


def test_a_token_of_another_purpose_is_invalid_and_says_so(client: Client) -> None:
    signature = make_signature(make_campaign(), status=Status.PENDING)
    body = confirm(client, manage_token(signature)).json()
    assert body["code"] == "token_invalid"
    assert body["detail"].startswith("This link belongs to another page")


def test_a_genuine_token_of_an_unknown_signature_is_gone(client: Client) -> None:
    token = make_token(Purpose.CONFIRM, subject="0" * 16, revision=1)
    assert confirm(client, token).json()["code"] == "signature_gone"


def test_a_link_expires_after_seven_days_for_a_pending_signature_only(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    late = make_signature(campaign, status=Status.PENDING)
    done = make_signature(campaign, status=Status.PENDING, name="Somebody Else")
    tokens = confirm_token(late), confirm_token(done)
    confirm(client, tokens[1])
    with time_machine.travel(timezone.now() + timedelta(days=7, seconds=1), tick=False):
        response = confirm(client, tokens[0])
        assert (response.status_code, response.json()["code"]) == (410, "token_expired")
        assert confirm(client, tokens[1]).json()["status"] == "published"
    late.refresh_from_db()
    assert late.status == Status.PENDING


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.ERASED, Status.REJECTED])
def test_a_link_of_a_signature_that_left_is_gone(client: Client, status: str) -> None:
    signature = make_signature(make_campaign(), status=status)
    assert confirm(client, confirm_token(signature)).json()["code"] == "signature_gone"


def test_confirming_owes_no_further_mail(client: Client) -> None:
    signature = make_signature(
        make_campaign(publication="after_verification"), status=Status.PENDING
    )
    confirm(client, confirm_token(signature))
    assert [mail.kind for mail in Mail.objects.all()] == ["confirm"]


def test_the_signature_stays_bound_to_the_text_that_was_signed(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    signature = make_signature(campaign, status=Status.PENDING, language="fr")
    signing.confirm(confirm_token(signature))
    signature.refresh_from_db()
    assert (signature.statement.language, signature.statement.version.number) == ("fr", 1)
