"""One address typed in many times at once: three mails, one row, and nobody sees a difference."""

import json
import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaign import counts, leaving, moves, outbox, reception, signing
from campaign.idempotency import Once
from campaign.locks import Known
from campaign.models import Campaign, Mail, MailQuota, Signature
from campaign.models.campaign import Publication
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from tests.answers import headers_of
from tests.concurrency.threads import PATIENCE, Meanwhile, at_once
from tests.factories import confirm_token, details, make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/campaigns/art/signatures/"
MANY = 50


def post(**typed: Any) -> tuple[int, bytes, dict[str, str]]:
    """Status, body and headers of a request to sign, but for what is random of any request."""
    client = Client(raise_request_exception=False)
    response = client.post(PATH, json.dumps(details(**typed)), content_type="application/json")
    return response.status_code, response.content, headers_of(response)


def received(campaign: Campaign) -> int:
    return counts.snapshot(campaign.pk)["received", "all", ""]


def quota_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quota as somebody would write it first: read, look, write."""
    everybody = threading.Barrier(4)

    def take(*, campaign_id: int, email: str, canonical_email: str) -> tuple[bool, list[Known]]:
        today = timezone.now().date()
        key: dict[str, Any] = {
            "campaign_id": campaign_id,
            "address_hash": outbox.address_hash(canonical_email),
        }
        found = MailQuota.objects.filter(**key, day=today).first()
        everybody.wait(PATIENCE)
        if found is not None and found.n >= outbox.STRANGERS_A_DAY:
            return False, []
        n = found.n + 1 if found else 1
        MailQuota.objects.update_or_create(**key, day=today, defaults={"n": n})
        return True, []

    monkeypatch.setattr(reception, "take", take)


def test_fifty_requests_of_one_signer_at_once_are_one_signature_and_three_mails() -> None:
    campaign = make_campaign(extra='bot_check = "off"')
    answers = at_once([post] * MANY)
    status, body, headers = answers[0]
    assert (status, body) == (202, b'{"status":"check_your_inbox"}')
    assert answers == [(202, body, headers)] * MANY
    assert [s.status for s in Signature.objects.all()] == [Status.PENDING]
    assert [m.kind for m in Mail.objects.all()] == ["confirm"] * 3
    assert MailQuota.objects.get().n == 3
    assert received(campaign) == MANY


def test_control_without_the_lock_of_the_slot_the_same_signer_gets_errors(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_campaign()
    everybody = threading.Barrier(4)
    addressee = signing._addressee

    def read_by_all(*args: Any) -> tuple[MailKind, int | None]:
        everybody.wait(PATIENCE)
        return addressee(*args)

    monkeypatch.setattr(reception, "take", lambda **_: (True, []))
    monkeypatch.setattr(signing, "_addressee", read_by_all)
    assert sorted(answer[0] for answer in at_once([post] * 4)) == [202, 500, 500, 500]


def test_fifty_names_at_one_address_at_once_are_three_signatures_and_three_mails() -> None:
    campaign = make_campaign(extra='bot_check = "off"')
    answers = at_once([partial(post, name=f"Name {n}") for n in range(MANY)])
    assert answers == [answers[0]] * MANY
    assert answers[0][0] == 202
    assert Signature.objects.count() == 3
    assert Mail.objects.count() == 3
    assert set(Mail.objects.values_list("signature_id", flat=True)) == set(
        Signature.objects.values_list("pk", flat=True)
    )
    assert received(campaign) == MANY


def test_control_a_quota_that_reads_before_it_writes_lets_every_name_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_campaign()
    quota_off(monkeypatch)
    answers = at_once([partial(post, name=f"Name {n}") for n in range(4)])
    assert [answer[0] for answer in answers] == [202] * 4
    assert (Signature.objects.count(), Mail.objects.count()) == (4, 4)


def test_signing_again_while_the_pending_one_is_taken_back_is_no_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The row that the mail belongs to must not go between reading it and owing the mail.
    make_campaign()
    pending = make_signature(status=Status.PENDING, email="zoe@example.org")
    token = manage_token(pending)
    departure = Meanwhile(lambda: leaving.withdraw(token)).before(monkeypatch, reception, "place")
    assert post()[0] == 202
    assert departure.end() is None
    assert departure.waited
    assert not Signature.objects.exists()


def test_signing_again_while_the_first_is_confirmed_gets_the_link_to_ones_page(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_campaign(publication=Publication.AFTER_VERIFICATION)
    pending = make_signature(status=Status.PENDING, email="zoe@example.org")
    token = confirm_token(pending)
    again = Meanwhile(lambda: post(credit="Another credit")).before(monkeypatch, moves, "_apply")
    signing.confirm(token)
    assert again.end()[0] == 202
    assert [s.status for s in Signature.objects.all()] == [Status.PUBLISHED]
    assert [m.kind for m in Mail.objects.order_by("pk")] == ["confirm", "signed_already"]


def test_a_pending_namesake_of_a_standing_signature_of_the_address_cannot_be_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # It was placed while the other was being confirmed, too late to be closed by it.
    make_campaign(publication=Publication.AFTER_VERIFICATION)
    pending = make_signature(status=Status.PENDING, email="zoe@example.org")
    token = confirm_token(pending)
    confirming = Meanwhile(lambda: signing.confirm(token)).before(monkeypatch, reception, "place")
    assert post(credit="Another credit")[0] == 202
    assert confirming.end().changed
    namesake = Signature.objects.get(credit="Another credit")
    assert namesake.status == Status.PENDING
    answer = Client(raise_request_exception=False).post(
        "/api/v1/signatures/confirm/",
        json.dumps({"token": confirm_token(namesake)}),
        content_type="application/json",
    )
    assert (answer.status_code, answer.json()["code"]) == (410, "signature_gone")
    assert Signature.objects.filter(status=Status.PUBLISHED).get() == pending


# --- One Idempotency-Key ---------------------------------------------------------------------


def post_once(**typed: Any) -> int:
    client = Client(raise_request_exception=False)
    headers = {"Idempotency-Key": "the-same"}
    body = json.dumps(details(**typed))
    return client.post(PATH, body, content_type="application/json", headers=headers).status_code


def test_one_key_many_times_at_once_is_one_request() -> None:
    campaign = make_campaign()
    assert at_once([post_once] * MANY) == [202] * MANY
    assert received(campaign) == 1
    assert Mail.objects.count() == 1


def test_one_key_with_two_bodies_at_once_is_one_request_and_one_refusal() -> None:
    campaign = make_campaign()
    asked: list[Callable[[], int]] = [post_once, partial(post_once, name="Somebody Else")]
    assert sorted(at_once(asked)) == [202, 422]
    assert received(campaign) == 1


def test_control_a_key_that_is_looked_for_before_it_is_written_lets_every_request_through(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign()
    everybody = threading.Barrier(4)

    def claim(once: Once, campaign_id: int) -> bool:
        known = once.is_replay(campaign_id)
        everybody.wait(PATIENCE)
        return not known

    monkeypatch.setattr(Once, "claim", claim)
    assert at_once([post_once] * 4) == [202] * 4
    assert received(campaign) == 4
