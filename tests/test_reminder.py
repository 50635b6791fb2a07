"""Who has not confirmed is reminded once, a day later, and forgotten after thirty days."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings
from django.core import mail as outbox_of_django
from django.test import Client

from campaign import brakes, delivery, leaving, letters, retention, signing, tasks
from campaign.links import Purpose, make_token
from campaign.models import Campaign, Mail, MailQuota, Signature, Suppression
from campaign.models.brake import Brake
from campaign.models.mail import MailKind, MailStatus
from campaign.models.signature import Status
from tests.factories import confirm_token, details, make_campaign, make_signature, not_me_token

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    with time_machine.travel(moment, tick=False):
        yield


@pytest.fixture
def campaign() -> Campaign:
    with at(NOON):
        return make_campaign()


def asked(campaign: Campaign, when: datetime = NOON, **typed: str) -> Signature:
    """A pending signature whose confirmation was sent at once."""
    with at(when):
        signature = make_signature(
            campaign, status=Status.PENDING, **details(**{"email": "zoe@example.org", **typed})
        )
        delivery.deliver_due()
    return signature


def reminded(when: datetime) -> int:
    with at(when):
        return retention.remind()


def reminders() -> list[int]:
    """The signatures that were reminded, in order."""
    kind = MailKind.REMINDER
    return list(
        Mail.objects.filter(kind=kind).order_by("pk").values_list("signature_id", flat=True)
    )


# --- Once ------------------------------------------------------------------------------------


def test_the_reminder_comes_after_a_day_and_never_again(campaign: Campaign) -> None:
    signature = asked(campaign)
    assert reminded(NOON + DAY - SECOND) == 0
    assert reminded(NOON + DAY) == 1
    for days in (1, 2, 3, 6):
        assert reminded(NOON + days * DAY + SECOND) == 0
    assert reminders() == [signature.pk]


def test_it_repeats_the_link_and_says_until_when_and_how_to_be_left_alone(
    campaign: Campaign, client: Client
) -> None:
    asked(campaign, language="fr")
    reminded(NOON + DAY)
    with at(NOON + DAY):
        delivery.deliver_due()
        letter = outbox_of_django.outbox[-1]
        assert letter.to == ["zoe@example.org"]
        assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        [path] = [line for line in letter.body.splitlines() if "/confirm/" in line]
        assert client.get(path).status_code == 200
        assert "9 février 2026" in letter.body
    assert Mail.objects.get(kind=MailKind.REMINDER).status == MailStatus.SENT


def test_the_link_ends_when_the_signature_does(campaign: Campaign) -> None:
    closing = make_campaign(slug="closing", extra="closes_at = 2026-02-04T12:00:00Z")
    asked(closing)
    with at(NOON):
        mail = Mail.objects.get()
        mail.about.refresh_from_db()
        context = letters._context(mail, mail.about)
    assert context["link_ends"] == NOON + 4 * DAY


def test_of_several_details_of_an_address_the_newest_is_reminded_of(campaign: Campaign) -> None:
    asked(campaign)
    newest = asked(campaign, credit="Another Song")
    assert reminded(NOON + DAY) == 1
    assert reminders() == [newest.pk]


def test_asking_for_the_mail_again_puts_the_reminder_off(campaign: Campaign) -> None:
    signature = asked(campaign)
    with at(NOON + DAY / 2):
        signing.resend(campaign=campaign, email="zoe@example.org")
        assert reminded(NOON + DAY) == 0  # the second mail is not even sent
    with at(NOON + DAY / 2):
        delivery.deliver_due()
    assert reminded(NOON + 1.5 * DAY - SECOND) == 0
    assert reminded(NOON + 1.5 * DAY) == 1
    assert reminders() == [signature.pk]


def test_who_signs_again_after_the_deletion_is_not_reminded_again(campaign: Campaign) -> None:
    asked(campaign)
    assert reminded(NOON + DAY) == 1
    with at(NOON + 30 * DAY + SECOND):
        assert retention.expire()["unconfirmed signatures"] == 1
    asked(campaign, NOON + 40 * DAY)
    assert reminded(NOON + 41 * DAY) == 0
    assert "zoe" not in str(Suppression.objects.values().get())


def test_the_tags_of_a_mailbox_get_one_reminder_together(campaign: Campaign) -> None:
    asked(campaign, email="zoe+1@unlisted.example.org")
    asked(campaign, email="zoe+2@unlisted.example.org")
    assert reminded(NOON + DAY) == 1


def test_another_campaign_reminds_for_itself(campaign: Campaign) -> None:
    asked(campaign)
    asked(make_campaign(slug="other"))
    assert reminded(NOON + DAY) == 2


def test_more_than_are_looked_at_together_are_all_reminded(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        asked(campaign, email=f"signer{number}@example.org")
    monkeypatch.setattr(retention, "REMIND_AT_ONCE", 2)
    assert reminded(NOON + DAY) == 5


# --- Nobody else -----------------------------------------------------------------------------


def confirm_one(signature: Signature) -> None:
    signing.confirm(confirm_token(signature))


def confirm_another(signature: Signature) -> None:
    other = make_signature(
        signature.campaign,
        status=Status.PENDING,
        **details(name="Zoe Moreu", email=signature.email),
    )
    signing.confirm(confirm_token(other))


def withdraw(signature: Signature) -> None:
    confirm_another(signature)
    leaving.withdraw(token(Purpose.MANAGE, Signature.objects.get(name="Zoe Moreu")))


def erase(signature: Signature) -> None:
    confirm_another(signature)
    leaving.erase(token(Purpose.MANAGE, Signature.objects.get(name="Zoe Moreu")))


def say_not_me(signature: Signature) -> None:
    link = not_me_token(signature)
    leaving.not_me(link)
    signing.sign(campaign=signature.campaign, typed=details(email=signature.email))


def use_up_the_slots(signature: Signature) -> None:
    MailQuota.objects.all().delete()
    with at(NOON + DAY):
        for _ in range(3):
            signing.resend(campaign=signature.campaign, email=signature.email)
    Mail.objects.exclude(status=MailStatus.SENT).delete()


def pause(signature: Signature) -> None:
    brakes.pull(signature.campaign, Brake.SIGNING, by=None)


def close(signature: Signature) -> None:
    Campaign.objects.filter(pk=signature.campaign_id).update(closes_at=NOON + DAY)


def refuse_the_mail(_signature: Signature) -> None:
    Mail.objects.update(status=MailStatus.FAILED, sent_at=None)


def token(purpose: Purpose, signature: Signature) -> str:
    return make_token(purpose, subject=signature.public_id, revision=signature.revision)


@pytest.mark.parametrize(
    "happens",
    [
        *(confirm_one, confirm_another, withdraw, erase, say_not_me),
        *(use_up_the_slots, pause, close, refuse_the_mail),
    ],
)
def test_nobody_is_reminded_for_whom_it_would_be_wrong(
    campaign: Campaign, happens: Callable[[Signature], None]
) -> None:
    signature = asked(campaign)
    with at(NOON + SECOND):
        happens(signature)
        Mail.objects.filter(status=MailStatus.QUEUED).update(status=MailStatus.SENT, sent_at=NOON)
    before = list(MailQuota.objects.values()), list(Suppression.objects.values())
    assert reminded(NOON + DAY + SECOND) == 0
    assert reminders() == []
    assert (list(MailQuota.objects.values()), list(Suppression.objects.values())) == before


def test_a_slot_of_the_next_day_lets_the_reminder_through(campaign: Campaign) -> None:
    signature = asked(campaign)
    use_up_the_slots(signature)
    assert reminded(NOON + DAY) == 0
    assert reminded(NOON + 2 * DAY) == 1


def test_a_reminder_takes_a_slot_of_its_day(campaign: Campaign) -> None:
    asked(campaign)
    reminded(NOON + DAY)
    with at(NOON + DAY):
        for _ in range(5):
            signing.resend(campaign=campaign, email="zoe@example.org")
    assert MailQuota.objects.latest("day").n == 3
    assert Mail.objects.count() == 1 + 3


def test_an_unconfirmed_mailbox_is_not_reminded_once_its_link_is_over(campaign: Campaign) -> None:
    asked(campaign)
    assert reminded(NOON + 7 * DAY + SECOND) == 0


def test_a_reminder_that_waits_is_dropped_when_the_signature_is_confirmed(
    campaign: Campaign,
) -> None:
    signature = asked(campaign)
    reminded(NOON + DAY)
    with at(NOON + DAY):
        signing.confirm(confirm_token(signature))
        delivery.deliver_due()
    assert Mail.objects.get(kind=MailKind.REMINDER).status == MailStatus.SUPPRESSED


def test_the_scheduler_calls_it() -> None:
    entry = settings.CELERY_BEAT_SCHEDULE["remind"]
    assert entry["task"] == tasks.remind.name


# --- Forgotten -------------------------------------------------------------------------------


@pytest.mark.parametrize(("late", "left"), [(-SECOND, 1), (timedelta(0), 1), (SECOND, 0)])
def test_what_nobody_confirmed_is_deleted_after_thirty_days(
    campaign: Campaign, late: timedelta, left: int
) -> None:
    signature = asked(campaign)
    confirmed = asked(campaign, email="other@example.org")
    with at(NOON):
        signing.confirm(confirm_token(confirmed))
    reminded(NOON + DAY)
    with at(NOON + 30 * DAY + late):
        retention.expire()
    assert Signature.objects.filter(pk=signature.pk).count() == left
    assert Mail.objects.filter(signature_id=signature.pk).count() == 2 * left
    assert Signature.objects.filter(pk=confirmed.pk).exists()


@pytest.mark.parametrize(("late", "left"), [(-SECOND, 1), (timedelta(0), 0)])
def test_a_day_after_the_close_what_nobody_confirmed_is_deleted(late: timedelta, left: int) -> None:
    with at(NOON):
        campaign = make_campaign(extra="closes_at = 2026-02-04T12:00:00Z")
    asked(campaign)
    with at(NOON + 4 * DAY + late):
        retention.expire()
    assert Signature.objects.count() == left


def test_between_its_link_and_its_deletion_a_new_link_can_be_asked_for(
    campaign: Campaign, client: Client
) -> None:
    signature = asked(campaign)
    with at(NOON):
        link = f"/confirm/{confirm_token(signature)}/"
    with at(NOON + 29 * DAY):
        retention.expire()
        assert client.get(link).status_code == 410
        assert client.post(link, {"action": "renew"}).status_code == 200
        assert Mail.objects.filter(status=MailStatus.QUEUED).get().kind == MailKind.CONFIRM


def test_the_reminded_dont_bury_who_asked_to_be_left_alone(
    campaign: Campaign, admin_client: Client
) -> None:
    asked(campaign)
    reminded(NOON + DAY)
    left = "/admin/campaign/suppression/"
    hashed = Suppression.objects.get().address_hash[:12]
    assert hashed not in admin_client.get(left).content.decode()
    for query in ({"reason__exact": "reminded"}, {"q": "Zoe@example.org"}):
        assert hashed in admin_client.get(left, query).content.decode()
