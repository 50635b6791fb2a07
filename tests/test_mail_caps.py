"""One address gets only so many mails that strangers cause: by all campaigns, and in a signature's life."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from django.test import Client

from campaign import intake, outbox, retention, signing
from campaign.errors import CampaignClosed
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


# --- Files ------------------------------------------------------------------------------------


def file_of(n: int, first: int = 0) -> list[str]:
    """Lines of so many people who share one mailbox."""
    return [
        f"Name {'ABCDEFGHIJ'[i // 10]}{'klmnopqrst'[i % 10]},zoe+{i}@gmail.com"
        for i in range(first, n)
    ]


def due_days() -> list[int]:
    """How many mails are due on each day from the first on, by all campaigns."""
    days = Counter((due_at - DAY).days for due_at in Mail.objects.values_list("due_at", flat=True))
    return [days[day] for day in range(max(days) + 1)]


def test_a_file_that_names_one_mailbox_often_fills_it_no_faster_and_loses_no_line() -> None:
    campaign = make_campaign()
    with time_machine.travel(DAY, tick=False):
        sign(campaign, email="zoe@gmail.com")
        import_file(campaign, *file_of(6))
        for _ in range(3):
            sign(campaign, email="zoe@gmail.com")
    due = [owed.due_at - DAY for owed in Mail.objects.order_by("pk")]
    assert due == [timedelta(days=day) for day in (0, 0, 0, 1, 1, 1, 2)]


def test_strangers_get_only_what_a_file_left_of_the_next_day() -> None:
    campaign = make_campaign()
    with time_machine.travel(DAY, tick=False):
        import_file(campaign, *file_of(5))
    on_days(2, lambda: sign(campaign, email="zoe@gmail.com"))
    assert due_days() == [3, 3]
    assert [quota.n for quota in MailQuota.objects.order_by("day")] == [3, 3]


def test_a_second_file_on_the_next_day_goes_behind_the_first() -> None:
    campaign = make_campaign()
    with time_machine.travel(DAY, tick=False):
        import_file(campaign, *file_of(8))
    with time_machine.travel(DAY + timedelta(days=1), tick=False):
        import_file(campaign, *file_of(14, first=8))
        sign(campaign, email="zoe@gmail.com")
    assert due_days() == [3, 3, 3, 3, 2]


def test_files_of_all_campaigns_share_the_days_to_come_of_one_mailbox() -> None:
    campaigns = [make_campaign(slug=slug) for slug in ("one", "two", "three")]
    with time_machine.travel(DAY, tick=False):
        for campaign in campaigns:
            import_file(campaign, *file_of(4))
    assert due_days() == [6, 5, 1]
    fourth = make_campaign(slug="four")
    with time_machine.travel(DAY + timedelta(days=1), tick=False):
        for _ in range(3):
            sign(fourth, email="zoe@gmail.com")
    assert due_days() == [6, 6, 1]
    assert [of_all.n for of_all in MailDay.objects.order_by("day")] == [6, 6, 1]


def test_slots_of_days_to_come_are_kept_until_these_are_over() -> None:
    campaign = make_campaign()
    with time_machine.travel(DAY, tick=False):
        import_file(campaign, *file_of(30))
    for day in range(1, 10):
        with time_machine.travel(DAY + timedelta(days=day), tick=False):
            retention.expire()
            sign(campaign, email="zoe@gmail.com")
    assert due_days() == [3] * 10
    assert sorted(MailQuota.objects.values_list("day", flat=True)) == [
        (DAY + timedelta(days=day)).date() for day in (7, 8, 9)
    ]


def imported(campaign: Campaign, n: int, *, dry_run: bool = False) -> intake.ImportReport:
    lines = ["name,email\n", *(f"{line}\n" for line in file_of(n))]
    return intake.import_signers(campaign=campaign, lines=lines, file_name="a.csv", dry_run=dry_run)


@pytest.mark.parametrize("dry_run", [True, False])
def test_a_line_that_cannot_be_asked_while_its_link_would_work_is_named_and_not_taken(
    dry_run: bool,
) -> None:
    campaign = make_campaign()
    with time_machine.travel(DAY, tick=False):
        done = imported(campaign, 80, dry_run=dry_run)
    assert done.added == 72
    assert [(each.line, each.column) for each in done.mistakes] == [
        (line, "email") for line in range(74, 82)
    ]
    if dry_run:
        assert not Signature.objects.exists()
        assert not MailQuota.objects.exists()
        return
    assert due_days() == [3] * 24
    assert Signature.objects.count() == 72
    with time_machine.travel(DAY + timedelta(days=1), tick=False):
        assert imported(campaign, 80).added == 3  # the day that has come into reach
    assert due_days() == [3] * 25


def test_no_line_is_asked_after_the_close() -> None:
    campaign = make_campaign()
    Campaign.objects.update(opens_at=DAY - timedelta(days=1), closes_at=DAY + timedelta(days=2))
    campaign.refresh_from_db()
    with time_machine.travel(DAY, tick=False):
        done = imported(campaign, 8)
    assert (done.added, len(done.mistakes)) == (6, 2)
    assert due_days() == [3, 3]


def test_what_a_file_has_when_the_close_comes_is_named_and_takes_no_slot(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "CHUNK", 2)
    campaign = make_campaign()
    Campaign.objects.update(opens_at=DAY - timedelta(days=1), closes_at=DAY + timedelta(minutes=1))
    campaign.refresh_from_db()

    with time_machine.travel(DAY, tick=False) as clock:

        def lines() -> Iterator[str]:
            yield "name,email\n"
            for number, line in enumerate(file_of(4)):
                if number == 2:
                    clock.shift(timedelta(minutes=1))
                yield f"{line}\n"

        done = intake.import_signers(campaign=campaign, lines=lines(), file_name="a.csv")
    closed = str(CampaignClosed.message)
    assert done.added == 2
    assert [(each.line, each.reason) for each in done.mistakes] == [(4, closed), (5, closed)]
    assert due_days() == [2]
    assert MailQuota.objects.get().n == 2


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
