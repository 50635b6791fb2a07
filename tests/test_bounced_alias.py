"""A bounce says something of the address that the mail went to, and of no other that counts as the same."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from campaign import bounces, delivery, moderation, own_data, retention, signing
from campaign.models import Campaign, Mail, MailQuota, Signature, Unreachable
from campaign.models.signature import Status
from tests.factories import MODERATOR, details, make_campaign, make_signature, make_user
from tests.smtp import Sink
from tests.test_bounces import PATH, SECRET, basic, bounce, mailgun_event

pytestmark = pytest.mark.django_db

ALIAS, OWN = "zoe@mac.com", "zoe@icloud.com"
OTHERS = [
    (ALIAS, OWN),
    (OWN, ALIAS),
    ("zoe+x@icloud.com", OWN),
    ("zoe@pm.me", "zoe@proton.me"),
    ("zoe@proton.me", "zoe@protonmail.com"),
    ("z.o.e@gmail.com", "zoe@gmail.com"),
    ("zoe+x@example.org", "zoe@example.org"),
    ("zoe@example.org", "zoe+x@example.org"),
]
"""Of each two the first one does not exist."""


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def sign(client: Client, email: str, slug: str = "art", **typed: str) -> None:
    body = json.dumps(details(email=email, **typed))
    path = f"/api/v1/campaigns/{slug}/signatures/"
    assert client.post(path, body, content_type="application/json").status_code == 202


def comes_back(client: Client, sink: Sink, email: str) -> None:
    """Somebody signs with an address, and its server says that there is no such mailbox."""
    sink.rcpt[email] = "550 5.1.1 no such user"
    sign(client, email)
    delivery.deliver_due()
    assert Unreachable.objects.count() == 1
    assert not sink.envelopes


@pytest.mark.parametrize(("alias", "own"), OTHERS)
@pytest.mark.usefixtures("campaign")
def test_who_signs_by_another_address_of_the_mailbox_gets_their_mail(
    client: Client, sink: Sink, alias: str, own: str
) -> None:
    make_campaign(slug="other")
    comes_back(client, sink, alias)
    sign(client, own)
    sign(client, own, slug="other")
    delivery.deliver_due()
    assert sink.envelopes == [[own]] * 2


@pytest.mark.parametrize(
    ("bounced", "again"),
    [
        (ALIAS, "Zoe@MAC.com"),
        ("ZOE+x@icloud.com", "zoe+X@icloud.com"),
        ("zoe@example.org", "ZOE@Example.ORG"),
        ("zoe@bücher.example.org", "Zoe@xn--bcher-kva.example.org"),
    ],
)
def test_the_address_that_bounced_gets_nothing_however_it_is_written(
    client: Client, sink: Sink, campaign: Campaign, bounced: str, again: str
) -> None:
    sink.rcpt = dict.fromkeys((bounced, "zoe@xn--bcher-kva.example.org"), "550 5.1.1 no such user")
    sign(client, bounced)
    delivery.deliver_due()
    sign(client, again)
    sign(client, again, name="Somebody Else")
    signing.resend(campaign=campaign, email=again)
    assert [mail.status for mail in Mail.objects.all()] == ["failed"]
    assert Signature.objects.count() == 1


@pytest.mark.parametrize("asks", [ALIAS, OWN])
def test_who_asks_again_is_written_to_where_they_ask_from(campaign: Campaign, asks: str) -> None:
    for email in (ALIAS, OWN, "zoe@me.com"):
        make_signature(campaign, status=Status.PENDING, email=email)
    Mail.objects.all().delete()
    MailQuota.objects.all().delete()
    signing.resend(campaign=campaign, email=asks)
    assert [mail.recipient.email for mail in Mail.objects.all()] == [asks]


def test_who_asks_from_an_address_that_waits_for_nothing_gets_the_newest_of_the_mailbox(
    campaign: Campaign,
) -> None:
    for email in (OWN, "zoe@me.com"):
        make_signature(campaign, status=Status.PENDING, email=email)
    Mail.objects.all().delete()
    signing.resend(campaign=campaign, email=ALIAS)
    assert [mail.recipient.email for mail in Mail.objects.all()] == ["zoe@me.com"]


@pytest.mark.usefixtures("campaign")
def test_the_slots_of_a_day_are_those_of_the_mailbox(client: Client) -> None:
    for email in (ALIAS, "zoe@me.com", "zoe+x@icloud.com", OWN):
        sign(client, email)
    assert Mail.objects.count() == 3


def held_ones(campaign: Campaign) -> list[Signature]:
    """A signature of each of the two addresses, of which no mail is owed."""
    found = [
        make_signature(campaign, status=Status.HELD, email=ALIAS, name="Zoe One"),
        make_signature(campaign, status=Status.HELD, email=OWN, name="Zoe Two"),
    ]
    Mail.objects.all().delete()
    return found


def test_what_staff_decides_waits_for_the_address_that_bounced_alone(
    client: Client, sink: Sink, campaign: Campaign
) -> None:
    by = make_user("view_signature", "moderate_signature")
    both = held_ones(campaign)
    comes_back(client, sink, ALIAS)
    for held in both:
        moderation.approve(signature_id=held.pk, revision=held.revision, by=by)
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        delivery.deliver_due()
    assert sink.envelopes == [[OWN]]
    told = Mail.objects.filter(kind="published").order_by("signature")
    assert list(told.values_list("status", flat=True)) == ["deferred", "sent"]


@pytest.mark.parametrize(("email", "n"), [(ALIAS, 0), (OWN, 1)])
def test_who_has_not_confirmed_is_reminded_unless_that_very_address_bounced(
    sink: Sink, campaign: Campaign, email: str, n: int
) -> None:
    make_signature(campaign, status=Status.PENDING, **details(email=email))
    delivery.deliver_due()
    bounces.came_back(ALIAS)
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert retention.remind() == n


def test_an_address_that_is_none_by_now_keeps_no_mail_of_others(
    sink: Sink, campaign: Campaign
) -> None:
    bad = make_signature(campaign, status=Status.PENDING, email="bad@example.org")
    make_signature(campaign, status=Status.PENDING, email=OWN)
    Signature.objects.filter(pk=bad.pk).update(email="bad@-ü-.example.org")
    delivery.deliver_due()
    assert sink.envelopes == [[OWN]]


# --- What a provider reports -----------------------------------------------------------------


@pytest.fixture
def postmark(settings: Settings) -> None:
    settings.MAIL_PROVIDER = "postmark"
    settings.ANYMAIL = {"WEBHOOK_SECRET": f"petition:{SECRET}"}


@pytest.fixture
def mailgun(settings: Settings) -> None:
    settings.MAIL_PROVIDER = "mailgun"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "", "MAILGUN_WEBHOOK_SIGNING_KEY": SECRET}


@pytest.fixture
def mail(client: Client, campaign: Campaign) -> Mail:
    """One to the alias."""
    sign(client, ALIAS)
    return Mail.objects.get()


def report(client: Client, event: dict[str, Any]) -> None:
    answer = client.post(PATH, json.dumps(event), content_type="application/json", headers=basic())
    assert answer.status_code == 200


def mailed(client: Client) -> list[str]:
    """To which of the two a mail is owed, once each has signed in another campaign."""
    make_campaign(slug="other")
    for email in (ALIAS, OWN):
        sign(client, email, slug="other")
    owed = Mail.objects.filter(signature__campaign__slug="other").order_by("pk")
    return [mail.recipient.email for mail in owed]


@pytest.mark.usefixtures("postmark")
def test_a_bounce_that_postmark_reports_is_of_that_address(client: Client, mail: Mail) -> None:
    report(client, bounce(mail, Email="Zoe@MAC.com"))
    assert mailed(client) == [OWN]


@pytest.mark.usefixtures("mailgun")
def test_a_bounce_that_mailgun_reports_is_of_that_address(client: Client, mail: Mail) -> None:
    report(client, mailgun_event(mail, SECRET, recipient=ALIAS))
    assert mailed(client) == [OWN]


@pytest.mark.usefixtures("postmark")
def test_a_bounce_of_another_address_than_the_mail_went_to_silences_nobody(
    client: Client, mail: Mail
) -> None:
    report(client, bounce(mail, Email=OWN))
    assert mailed(client) == [ALIAS, OWN]


@pytest.mark.usefixtures("postmark")
@pytest.mark.parametrize("first", ["bounce", "complaint"])
def test_a_complaint_silences_all_addresses_of_the_mailbox(
    client: Client, mail: Mail, first: str
) -> None:
    complaint = bounce(mail, RecordType="SpamComplaint", Type="SpamComplaint", Email=ALIAS)
    events = [complaint, bounce(mail, Email=ALIAS)]
    for event in events if first == "complaint" else events[::-1]:
        report(client, event)
    with time_machine.travel(timezone.now() + timedelta(days=8)):
        assert mailed(client) == []


# --- Who sees it -----------------------------------------------------------------------------


def test_it_shows_at_the_signature_of_that_address_alone(
    client: Client, sink: Sink, campaign: Campaign
) -> None:
    both = held_ones(campaign)
    comes_back(client, sink, ALIAS)
    client.force_login(make_user(*MODERATOR))
    shown = []
    for held in both:
        page = client.get(f"/admin/campaign/signature/{held.pk}/change/").content.decode()
        noted = own_data.held(held)["address"]["no_mails_to"]
        shown.append(("there is no such mailbox" in page, len(noted)))
    assert shown == [(True, 1), (False, 0)]


@pytest.mark.usefixtures("campaign")
def test_the_operator_finds_it_by_that_address_alone(client: Client, sink: Sink) -> None:
    comes_back(client, sink, OWN)  # whose hash is that of a complaint of either
    client.force_login(make_user("view_unreachable"))
    begins = Unreachable.objects.get().address_hash[:12]
    found = {
        email: begins in client.get("/admin/campaign/unreachable/", {"q": email}).content.decode()
        for email in (OWN, "Zoe@iCloud.com", ALIAS, "no address")
    }
    assert found == {OWN: True, "Zoe@iCloud.com": True, ALIAS: False, "no address": False}
