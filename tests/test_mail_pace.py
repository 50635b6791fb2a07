"""So many mails go out in a minute: the others wait, none is lost, and nobody is kept from signing."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings as product
from django.core import mail
from pytest_django import Settings

from campaign import claims, delivery, retention
from campaign.models import Campaign, Mail, MailPace
from campaign.models.mail import MailStatus
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature

pytestmark = pytest.mark.django_db

MINUTE = datetime(2026, 3, 2, 12, 0, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def local_mail(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


def owe(campaign: Campaign, n: int) -> None:
    for _ in range(n):
        make_signature(campaign, status=Status.PENDING)


def deliver(minutes: int = 0, seconds: int = 0) -> int:
    """How many mails go out so long after the first minute began."""
    at = MINUTE + timedelta(minutes=minutes, seconds=seconds)
    with time_machine.travel(at, tick=False):
        return delivery.deliver_due()


@pytest.fixture
def campaign() -> Campaign:
    with time_machine.travel(MINUTE, tick=False):
        campaign = make_campaign()
        owe(campaign, 5)
    return campaign


def test_a_campaign_sends_so_many_a_minute_and_the_rest_wait(
    campaign: Campaign, settings: Settings
) -> None:
    settings.CAMPAIGN_MAILS_A_MINUTE = 2
    assert (deliver(), deliver(seconds=40)) == (2, 0)
    assert Mail.objects.filter(status=MailStatus.QUEUED, attempts=0).count() == 3
    assert (deliver(minutes=1), deliver(minutes=2), deliver(minutes=3)) == (2, 1, 0)
    assert len(mail.outbox) == 5


def test_it_waits_in_the_order_in_which_it_is_owed(campaign: Campaign, settings: Settings) -> None:
    settings.CAMPAIGN_MAILS_A_MINUTE = 2
    for minute in range(3):
        deliver(minutes=minute)
    owed = [each.about.email for each in Mail.objects.order_by("pk")]
    assert [message.to for message in mail.outbox] == [[email] for email in owed]


def test_what_somebody_waits_for_overtakes_what_was_left_over(
    campaign: Campaign, settings: Settings
) -> None:
    Mail.objects.update(urgent=False)
    settings.CAMPAIGN_MAILS_A_MINUTE = 2
    deliver()
    with time_machine.travel(MINUTE + timedelta(seconds=1), tick=False):
        fresh = make_signature(campaign, status=Status.PENDING)
    deliver(minutes=1)
    assert mail.outbox[2].to == [fresh.email]


def test_another_campaign_goes_on(campaign: Campaign, settings: Settings) -> None:
    settings.CAMPAIGN_MAILS_A_MINUTE = 4
    with time_machine.travel(MINUTE, tick=False):
        owe(other := make_campaign(slug="other"), 3)
    assert deliver() == 7
    assert Mail.objects.filter(campaign=other, status=MailStatus.SENT).count() == 3


def test_all_campaigns_together_have_a_pace_too(campaign: Campaign, settings: Settings) -> None:
    settings.MAILS_A_MINUTE = 6
    with time_machine.travel(MINUTE, tick=False):
        owe(make_campaign(slug="other"), 3)
    assert (deliver(), deliver(minutes=1)) == (6, 2)


def test_while_a_campaign_waits_no_worker_is_woken_for_it(
    campaign: Campaign, settings: Settings
) -> None:
    settings.CAMPAIGN_MAILS_A_MINUTE = 2
    deliver()
    with time_machine.travel(MINUTE, tick=False):
        assert not claims.is_due()
    with time_machine.travel(MINUTE + timedelta(minutes=1), tick=False):
        assert claims.is_due()


def test_what_is_counted_is_forgotten_after_an_hour(campaign: Campaign) -> None:
    deliver()
    assert MailPace.objects.get().n == 5
    with time_machine.travel(MINUTE + timedelta(minutes=62), tick=False):
        retention.expire()
    assert not MailPace.objects.exists()


def test_the_busiest_minute_that_we_measure_is_let_through() -> None:
    assert product.MAILS_A_MINUTE >= product.CAMPAIGN_MAILS_A_MINUTE >= 3 * 20_000
