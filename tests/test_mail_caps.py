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


def test_the_counts_keep_no_address_and_are_deleted_after_two_and_thirty_days() -> None:
    with time_machine.travel(DAY, tick=False):
        sign(make_campaign(), email="canary@example.org")
    assert "canary" not in str(MailDay.objects.values().get())
    for days, counts in ((3, (0, 1)), (30, (0, 1)), (31, (0, 0))):
        with time_machine.travel(DAY + timedelta(days=days), tick=False):
            retention.expire()
        assert (MailQuota.objects.count(), MailDay.objects.count()) == counts


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


# --- A mailbox's life ------------------------------------------------------------------------


def type_it_again(campaign: Campaign, n: int, first: datetime = DAY) -> list[int]:
    """A stranger types one address under ever new names on each of so many days; the mails of each day."""
    names = (f"Somebody {a}{b}" for a in "abcdefghijklmnop" for b in "abcdefghijklmnop")
    got = []
    for day in range(n):
        before = Mail.objects.count()
        on_days(
            1,
            lambda: sign(campaign, email="victim@example.org", name=next(names)),
            first=first + timedelta(days=day),
        )
        got.append(Mail.objects.count() - before)
    return got


def test_who_never_answers_gets_twenty_mails_and_then_one_a_week() -> None:
    campaign = make_campaign()
    got = type_it_again(campaign, 35)
    assert got[:7] == [3, 3, 3, 3, 3, 3, 2]
    assert sum(got[:7]) == outbox.UNANSWERED == 20
    assert [day for day, n in enumerate(got) if day > 6 and n] == [13, 20, 27, 34]
    assert sum(got) == 24


def test_other_campaigns_and_tags_share_it() -> None:
    campaigns = [make_campaign(slug=slug) for slug in ("one", "two", "three")]

    def sign_all() -> None:
        for n, campaign in enumerate(campaigns):
            sign(campaign, email=f"victim+{n}@gmail.com")

    on_days(5, sign_all)
    assert Mail.objects.count() == 20


def test_another_mailbox_is_not_held_back_by_it() -> None:
    campaign = make_campaign()
    type_it_again(campaign, 8)
    with time_machine.travel(DAY + timedelta(days=8), tick=False):
        sign(campaign, email="other@example.org")
    assert Mail.objects.latest("pk").about.email == "other@example.org"


def test_who_uses_a_link_is_written_to_again_at_once() -> None:
    campaign = make_campaign()
    type_it_again(campaign, 8)
    with time_machine.travel(DAY + timedelta(days=8), tick=False):
        signing.confirm(confirm_token(Signature.objects.latest("pk")))
    assert type_it_again(campaign, 2, first=DAY + timedelta(days=8)) == [3, 3]


def test_who_is_held_back_gets_a_new_link_by_an_expired_one_of_their_own(client: Client) -> None:
    campaign = make_campaign()
    type_it_again(campaign, 1)
    with time_machine.travel(DAY, tick=False):
        token = confirm_token(Signature.objects.latest("pk"))
    type_it_again(campaign, 7, first=DAY + timedelta(days=1))
    before = Mail.objects.count()
    with time_machine.travel(DAY + timedelta(days=8), tick=False):
        assert client.post(f"/confirm/{token}/", {"action": "renew"}).status_code == 200
    assert Mail.objects.count() == before + 1


def test_after_thirty_days_without_a_mail_it_begins_anew() -> None:
    campaign = make_campaign()
    type_it_again(campaign, 8)
    with time_machine.travel(DAY + timedelta(days=36), tick=False):
        retention.expire()
    assert MailDay.objects.count() == 7  # the newest is 30 days old: none goes yet
    with time_machine.travel(DAY + timedelta(days=37), tick=False):
        retention.expire()
    assert type_it_again(campaign, 1, first=DAY + timedelta(days=37)) == [3]


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
