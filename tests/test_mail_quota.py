"""However often an address is typed in, it costs three mails a day and no row more."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from campaign import signing
from campaign.models import Campaign, Mail, MailQuota, Signature
from tests.factories import details, make_campaign, make_signature

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def test_different_names_at_one_address_cost_three_mails_and_three_rows(campaign: Campaign) -> None:
    for number in range(10):
        signing.sign(campaign=campaign, typed=details(name=f"Name {number}"))
    assert (Signature.objects.count(), Mail.objects.count()) == (3, 3)
    assert MailQuota.objects.get().n == 3


def test_signing_and_resending_share_the_slots_under_every_spelling(campaign: Campaign) -> None:
    signing.sign(campaign=campaign, typed=details(email="zoe@gmail.com"))
    for spelling in ("z.o.e@gmail.com", "ZOE+x@googlemail.com", "zoe@gmail.com", "zoe+y@gmail.com"):
        signing.resend(campaign=campaign, email=spelling)
    assert Mail.objects.count() == 3


def test_tags_of_a_provider_that_nobody_listed_share_the_slots(campaign: Campaign) -> None:
    for number in range(10):
        signing.sign(
            campaign=campaign, typed=details(email=f"victim+{number}@unlisted.example.org")
        )
    assert Mail.objects.count() == 3


def test_another_address_and_another_campaign_are_not_touched(campaign: Campaign) -> None:
    other = make_campaign(slug="other")
    for _ in range(4):
        signing.sign(campaign=campaign, typed=details())
    signing.sign(campaign=campaign, typed=details(email="other@example.org"))
    signing.sign(campaign=other, typed=details())
    assert Mail.objects.count() == 5


def test_the_next_day_has_slots_of_its_own(campaign: Campaign) -> None:
    for _ in range(4):
        signing.sign(campaign=campaign, typed=details())
    with time_machine.travel(timezone.now() + timedelta(days=1)):
        signing.sign(campaign=campaign, typed=details())
    assert Mail.objects.count() == 4


def test_the_quota_keeps_no_address(campaign: Campaign) -> None:
    signing.sign(campaign=campaign, typed=details(email="zoe@example.org"))
    assert "zoe" not in str(MailQuota.objects.values().get())


def test_a_moderators_note_takes_no_slot(campaign: Campaign) -> None:
    make_signature(campaign, email="zoe@example.org")
    assert MailQuota.objects.get().n == 1
    assert Mail.objects.filter(kind="published").count() == 1
