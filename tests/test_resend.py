"""Asking for the mail again."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaign.models import Mail, MailDay, MailQuota
from campaign.models.signature import Status
from tests.answers import headers_of
from tests.factories import bring_to, make_campaign, make_signature

pytestmark = pytest.mark.django_db

PATH = "/api/v1/campaigns/art/signatures/resend/"


def resend(client: Client, email: str) -> Any:
    return client.post(PATH, {"email": email}, content_type="application/json")


def kinds() -> list[str]:
    return list(Mail.objects.order_by("pk").values_list("kind", flat=True))


def another_day() -> None:
    """Nothing has been mailed on it yet."""
    for rows in (Mail, MailDay, MailQuota):
        rows.objects.all().delete()


def test_a_pending_signer_gets_the_confirmation_again(client: Client) -> None:
    make_signature(make_campaign(), status=Status.PENDING, email="zoe@example.org")
    assert resend(client, "ZOE@example.org").status_code == 202
    assert kinds() == ["confirm", "confirm"]


def test_a_confirmed_signer_gets_the_link_to_their_page(client: Client) -> None:
    make_signature(make_campaign(), status=Status.HELD, email="zoe@example.org")
    resend(client, "zoe@example.org")
    assert kinds() == ["confirm", "signed_already"]


def test_a_mailbox_with_both_gets_both_a_slot_each(client: Client) -> None:
    campaign = make_campaign()
    make_signature(campaign, status=Status.HELD, email="pair@example.org", name="First")
    resend(client, "pair@example.org")
    make_signature(campaign, status=Status.PENDING, email="pair@example.org", name="Second")
    resend(client, "pair@example.org")
    assert kinds() == ["confirm", "signed_already", "confirm"]


@pytest.mark.parametrize(
    "status", [Status.PENDING, Status.PUBLISHED, Status.WITHDRAWN, Status.ERASED]
)
def test_the_answer_never_tells_whether_the_address_is_known(client: Client, status: str) -> None:
    make_signature(make_campaign(), status=status, email="zoe@example.org")
    known, unknown = resend(client, "zoe@example.org"), resend(client, "nobody@example.org")
    assert known.content == unknown.content == b'{"status":"check_your_inbox"}'
    assert headers_of(known) == headers_of(unknown)


@pytest.mark.parametrize("stands", [Status.PUBLISHED, Status.HELD])
def test_the_link_leads_to_what_stands_and_not_to_what_was_rejected_after_it(
    client: Client, stands: str
) -> None:
    campaign = make_campaign(publication="after_verification")
    first = make_signature(campaign, status=stands, email="pair@example.org", name="First")
    make_signature(campaign, status=Status.REJECTED, email="pair@example.org", name="Second")
    another_day()
    resend(client, "pair@example.org")
    mail = Mail.objects.get()
    assert (mail.kind, mail.signature) == ("signed_already", first)


def test_with_a_pending_one_beside_them_the_other_link_leads_to_what_stands_too(
    client: Client,
) -> None:
    campaign = make_campaign(publication="after_verification")
    typed: dict[str, Any] = {"campaign": campaign, "email": "pair@example.org"}
    first = make_signature(**typed, name="First")
    make_signature(**typed, name="Second", status=Status.REJECTED)
    third = make_signature(**typed, name="Third", status=Status.PENDING)
    another_day()
    resend(client, "pair@example.org")
    owed = list(Mail.objects.order_by("pk").values_list("kind", "signature"))
    assert owed == [("confirm", third.pk), ("signed_already", first.pk)]


def test_of_two_that_stand_the_link_leads_to_the_newer_and_where_none_does_to_the_rejected(
    client: Client,
) -> None:
    campaign = make_campaign(publication="after_verification")
    typed: dict[str, Any] = {"campaign": campaign, "email": "pair@example.org"}
    first, second = (make_signature(**typed, name=name) for name in ("First", "Second"))
    led_to = []
    for each in (second, first):
        another_day()
        resend(client, "pair@example.org")
        led_to.append(Mail.objects.get().signature)
        bring_to(each, Status.REJECTED)
    another_day()
    resend(client, "pair@example.org")
    assert [*led_to, Mail.objects.get().signature] == [second, first, second]


def test_who_withdrew_gets_nothing(client: Client) -> None:
    make_signature(make_campaign(), status=Status.WITHDRAWN, email="zoe@example.org")
    Mail.objects.all().delete()
    resend(client, "zoe@example.org")
    assert kinds() == []


def test_what_nobody_can_confirm_any_more_after_the_close_is_not_sent_again(
    client: Client,
) -> None:
    closes = timezone.now() + timedelta(days=1)
    campaign = make_campaign(
        publication="after_verification", extra=f"closes_at = {closes.isoformat()}\n"
    )
    first = make_signature(campaign, email="pair@example.org", name="First")
    make_signature(campaign, status=Status.PENDING, email="pair@example.org", name="Second")
    make_signature(campaign, status=Status.PENDING, email="alone@example.org", name="Third")
    another_day()
    with time_machine.travel(closes + timedelta(hours=24), tick=False):
        answers = [resend(client, f"{each}@example.org") for each in ("pair", "alone", "nobody")]
    assert {(each.status_code, each.content) for each in answers} == {
        (202, b'{"status":"check_your_inbox"}')
    }
    [mail] = Mail.objects.all()
    assert (mail.kind, mail.signature) == ("signed_already", first)


def test_no_address_is_a_mistake_at_its_field(client: Client) -> None:
    make_campaign()
    response = resend(client, "zoe")
    assert response.json()["errors"][0]["field"] == "email"
