"""Whom an organisation vouches for is told that the list says so only where their name stands on it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaign import letters
from campaign.links import Purpose
from campaign.models import Campaign, Mail, Signature, Voucher, Vouching
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from campaign.outbox import link_to
from tests.factories import bring_to, details, make_campaign, make_signature
from tests.vouchers import link_for, make_voucher

pytestmark = pytest.mark.django_db

LIST_SAYS = "now says that somebody vouches for you"
VOUCHES = "Actors’ Guild says that you are one of its members, and vouches for your signature under"
PAGE_SAYS = "The list says that somebody vouches for you, and not who."
WOULD_SAY = (
    "If your name stands on the list, it says there that somebody vouches for you, and not who."
)
LET = "You let this name be shown beside yours."
STANDS = "The organisation’s name stands beside yours now."
WOULD_STAND = "If your name stands on the list, the organisation’s name stands beside it."


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def voucher(campaign: Campaign) -> Voucher:
    return make_voucher(campaign)


def vouched(client: Client, voucher: Voucher, **typed: Any) -> Signature:
    """One that has signed before, and an organisation vouches for since."""
    signature = make_signature(voucher.campaign, **details(**typed))
    Mail.objects.all().delete()
    form = {"action": "join", "own_email": "zoe@example.org"}
    assert client.post(link_for(voucher, "zoe@example.org"), form).status_code == 200
    signature.refresh_from_db()
    return signature


def parts() -> list[str]:
    """The mail that tells of it, as plain text and as HTML."""
    letter = letters.render(Mail.objects.get(kind=MailKind.VOUCHED))
    return [" ".join(str(part).split()) for part in (letter.body, letter.alternatives[0][0])]


def before_the_opening() -> None:
    Campaign.objects.update(opens_at=timezone.now() + timedelta(days=1))


def test_of_a_listed_name_mail_and_page_say_what_the_list_says(
    client: Client, voucher: Voucher
) -> None:
    path = link_to(Purpose.MANAGE, vouched(client, voucher))
    assert all(LIST_SAYS in part for part in parts())
    page = client.get(path).content.decode()
    assert PAGE_SAYS in page
    form = {"action": "member", "vouching": str(Vouching.objects.get().pk)}
    page = client.post(path, form).content.decode()
    assert STANDS in page
    assert LET in page
    assert WOULD_STAND not in page


@pytest.mark.parametrize("why", ["hidden", "held", "to come"])
def test_of_any_other_they_say_what_the_list_would_say(
    client: Client, voucher: Voucher, why: str
) -> None:
    signature = vouched(client, voucher, show_name=why != "hidden")
    if why == "held":
        bring_to(signature, Status.HELD)
    if why == "to come":
        before_the_opening()
    for part in parts():
        assert VOUCHES in part
        assert LIST_SAYS not in part
    path = link_to(Purpose.MANAGE, signature)
    page = client.get(path).content.decode()
    assert WOULD_SAY in page
    assert PAGE_SAYS not in page
    form = {"action": "member", "vouching": str(Vouching.objects.get().pk)}
    page = client.post(path, form).content.decode()
    assert page.count(WOULD_STAND) == 2  # as the answer, and where it stands
    assert STANDS not in page
    assert LET not in page


def test_nor_does_the_page_of_a_rejected_one_say_that_the_list_does(
    client: Client, voucher: Voucher
) -> None:
    signature = vouched(client, voucher)
    bring_to(signature, Status.REJECTED)
    page = client.get(link_to(Purpose.MANAGE, signature)).content.decode()
    assert WOULD_SAY in page
    assert PAGE_SAYS not in page
