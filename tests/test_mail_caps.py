"""One address gets only so many mails that strangers cause: by all campaigns, and in a signature's life."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.test import Client

from campaign import outbox, retention, signing
from campaign.links import Purpose
from campaign.models import Campaign, Mail, MailDay, MailQuota, Representation, Signature
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from tests.factories import confirm_token, details, make_campaign, make_signature, manage_token
from tests.reports import import_file
from tests.representing import TYPED

pytestmark = pytest.mark.django_db

DAY = datetime(2026, 3, 2, 12, tzinfo=UTC)


def sign(campaign: Campaign, **typed: str) -> None:
    signing.sign(campaign=campaign, typed=details(**typed))


def on_days(n: int, act: Callable[[], object], first: datetime = DAY) -> None:
    """Do it five times on each of so many days."""
    for day in range(n):
        with time_machine.travel(first + timedelta(days=day), tick=False):
            for _ in range(5):
                act()


# --- All campaigns of the server -------------------------------------------------------------


def test_all_campaigns_together_cause_one_address_six_mails_a_day() -> None:
    campaigns = [make_campaign(slug=slug) for slug in ("one", "two", "three", "four")]
    for campaign in campaigns:
        for spelling in (
            "zoe@gmail.com",
            "Z.oe+x@googlemail.com",
            "zoe+y@gmail.com",
            "zoe@gmail.com",
        ):
            sign(campaign, email=spelling)
    assert [Mail.objects.filter(campaign=each).count() for each in campaigns] == [3, 3, 0, 0]
    assert MailDay.objects.get().n == outbox.EVERYWHERE_A_DAY == 6


def test_who_signs_each_campaign_once_gets_a_mail_of_each() -> None:
    campaigns = [make_campaign(slug=f"campaign-{n}") for n in range(6)]
    for campaign in campaigns:
        sign(campaign)
    assert [Mail.objects.filter(campaign=each).count() for each in campaigns] == [1] * 6


def test_tries_for_which_a_campaign_has_no_slot_cost_the_others_nothing() -> None:
    one, two = make_campaign(slug="one"), make_campaign(slug="two")
    for _ in range(20):
        sign(one)
    assert MailDay.objects.get().n == 3
    for _ in range(3):
        sign(two)
    assert Mail.objects.filter(campaign=two).count() == 3


def test_the_next_day_and_another_address_have_slots_of_their_own() -> None:
    one, two = make_campaign(slug="one"), make_campaign(slug="two")
    for campaign in (one, two):
        on_days(2, partial(sign, campaign))
    assert Mail.objects.count() == 12
    with time_machine.travel(DAY, tick=False):
        sign(one, email="other@example.org")
    assert Mail.objects.count() == 13


def test_the_count_keeps_no_address_and_is_deleted_after_two_days() -> None:
    with time_machine.travel(DAY, tick=False):
        sign(make_campaign(), email="canary@example.org")
    assert "canary" not in str(MailDay.objects.values().get())
    with time_machine.travel(DAY + timedelta(days=3), tick=False):
        retention.expire()
    assert not MailDay.objects.exists()
    assert not MailQuota.objects.exists()


def test_a_file_that_names_one_mailbox_often_fills_it_no_faster_and_loses_no_line() -> None:
    campaign = make_campaign()
    with time_machine.travel(DAY, tick=False):
        sign(campaign, email="zoe@gmail.com")
        names = ("One", "Two", "Three", "Four", "Five", "Six")
        import_file(campaign, *(f"Name {name},zoe+{name}@gmail.com" for name in names))
        for _ in range(3):
            sign(campaign, email="zoe@gmail.com")
    due = [owed.due_at - DAY for owed in Mail.objects.order_by("pk")]
    assert due == [timedelta(days=day) for day in (0, 0, 0, 1, 1, 1, 2)]


# --- A signature's life ----------------------------------------------------------------------


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


def resend(campaign: Campaign) -> Callable[[], None]:
    return lambda: signing.resend(campaign=campaign, email="zoe@example.org")


def test_a_pending_signature_is_asked_about_twelve_times(campaign: Campaign) -> None:
    on_days(3, partial(sign, campaign))
    on_days(5, resend(campaign), first=DAY + timedelta(days=3))
    assert Mail.objects.count() == outbox.STRANGERS_A_LIFE == 12
    assert Signature.objects.count() == 1


def test_its_reminder_is_one_of_them(campaign: Campaign) -> None:
    with time_machine.travel(DAY, tick=False):
        sign(campaign)
    on_days(4, resend(campaign), first=DAY + timedelta(hours=1))
    assert Mail.objects.count() == 12
    Mail.objects.update(status="sent", sent_at=DAY)
    with time_machine.travel(DAY + timedelta(days=6), tick=False):
        assert retention.remind() == 0
    assert not Mail.objects.filter(kind=MailKind.REMINDER).exists()


def test_who_signs_with_other_details_is_not_kept_out_by_that(campaign: Campaign) -> None:
    on_days(6, lambda: sign(campaign, name="A Stranger"))
    assert Mail.objects.count() == 12
    with time_machine.travel(DAY + timedelta(days=7), tick=False):
        sign(campaign)
    assert Mail.objects.latest("pk").about.name == "Zoë Moreau"


def test_who_confirms_has_twelve_more(campaign: Campaign) -> None:
    on_days(6, lambda: sign(campaign))
    with time_machine.travel(DAY + timedelta(days=6), tick=False):
        signing.confirm(confirm_token(Signature.objects.get()))
    on_days(8, resend(campaign), first=DAY + timedelta(days=7))
    assert Mail.objects.filter(kind=MailKind.CONFIRM).count() == 12
    assert Mail.objects.filter(kind=MailKind.SIGNED_ALREADY).count() == 12


def test_who_has_a_link_is_never_locked_out(campaign: Campaign, client: Client) -> None:
    with time_machine.travel(DAY, tick=False):
        token = manage_token(make_signature(campaign, email="zoe@example.org"))
    on_days(6, resend(campaign), first=DAY + timedelta(days=1))
    assert Mail.objects.filter(kind=MailKind.SIGNED_ALREADY).count() == 12
    with time_machine.travel(DAY + timedelta(days=60), tick=False):
        assert client.get(f"/manage/{token}/").status_code == 410
        resend(campaign)()
        assert Mail.objects.filter(kind=MailKind.SIGNED_ALREADY).count() == 12
        assert client.post(f"/manage/{token}/", {"action": "renew"}).status_code == 200
    assert Mail.objects.filter(kind=MailKind.SIGNED_ALREADY).count() == 13


def test_a_renewed_link_still_takes_a_slot_of_the_day(campaign: Campaign) -> None:
    with time_machine.travel(DAY, tick=False):
        token = confirm_token(make_signature(campaign, status=Status.PENDING))
        for _ in range(5):
            signing.renew(Purpose.CONFIRM, token)
    assert Mail.objects.count() == 3


def test_who_seems_to_sign_for_somebody_is_asked_twelve_times(
    campaign: Campaign, client: Client
) -> None:
    on_days(6, lambda: client.post("/art/", TYPED))
    assert Representation.objects.count() == 1
    assert Mail.objects.filter(kind=MailKind.REPRESENT_CONFIRM).count() == 12
