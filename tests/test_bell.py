"""Moderators are told by webhook of what should not wait: a number of each kind, at most every so often."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from campaign import bell, dispatch, public_numbers, signing, tasks
from campaign.campaign_file import parse
from campaign.models import Alert, Campaign, Report, Signature, Suspicion, WebhookDelivery
from campaign.models.alert import AlertKind, Pulse
from campaign.models.report import ReportStatus
from campaign.models.signature import Status
from campaign.organising import load_campaign
from tests.factories import campaign_file, make_campaign, make_signature, manage_token
from tests.receiver import make_webhook

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
EVENTS = [f"alert.{kind}" for kind in AlertKind]


@pytest.fixture
def campaign() -> Campaign:
    with time_machine.travel(NOON, tick=False):
        campaign = make_campaign(publication="after_verification")
        make_webhook(campaign, "https://hooks.example.org/x", *EVENTS)
        return campaign


def rung(at: datetime) -> list[tuple[str, int]]:
    """What it rings for then."""
    WebhookDelivery.objects.all().delete()
    with time_machine.travel(at, tick=False):
        tasks.ring()
    owed = WebhookDelivery.objects.order_by("pk").values_list("event", "number")
    return [(event.removeprefix("alert."), number or 0) for event, number in owed]


def held(at: datetime, name: str = "Scarlett Johansson", **typed: Any) -> Signature:
    with time_machine.travel(at, tick=False):
        return make_signature(status=Status.HELD, name=name, **typed)


def after(**delta: int) -> datetime:
    return NOON + timedelta(**delta)


def test_it_is_silent_where_nothing_happens(campaign: Campaign) -> None:
    make_signature(campaign)
    assert rung(NOON) == []
    assert not Alert.objects.exists()


def test_a_protected_name_rings_once_and_what_comes_meanwhile_is_counted_later(
    campaign: Campaign,
) -> None:
    held(NOON)
    assert rung(after(minutes=1)) == [("protected_held", 1)]
    for n in range(3):
        held(after(minutes=2), credit=f"A film {n}")
    assert rung(after(minutes=3)) == []
    assert rung(after(minutes=15)) == []
    assert rung(after(minutes=17)) == [("protected_held", 3)]
    assert rung(after(minutes=40)) == []


def test_who_was_confirmed_and_takes_a_protected_name_later_rings(campaign: Campaign) -> None:
    with time_machine.travel(NOON, tick=False):
        signature = make_signature(campaign, name="Ann Bee")
    assert rung(after(hours=1)) == []
    with time_machine.travel(after(hours=1, minutes=1), tick=False):
        signing.correct(
            manage_token(signature),
            typed={"name": "Scarlett Johansson"},
            revision=signature.revision,
        )
    signature.refresh_from_db()
    assert signature.status == Status.HELD
    assert rung(after(hours=1, minutes=2)) == [("protected_held", 1)]
    assert rung(after(hours=1, minutes=30)) == []


def test_a_correction_by_somebody_else_who_is_held_rings_not(campaign: Campaign) -> None:
    signature = held(NOON, name="!!!")
    assert rung(after(minutes=1)) == []
    with time_machine.travel(after(minutes=2), tick=False):
        signing.correct(
            manage_token(signature), typed={"credit": "A film"}, revision=signature.revision
        )
    assert rung(after(minutes=3)) == []


def test_whom_a_name_protected_since_makes_doubtful_rings_once(campaign: Campaign) -> None:
    with time_machine.travel(NOON, tick=False):
        make_signature(campaign, name="Ana Prado")
    protect = campaign_file(publication="after_verification").replace(
        "protected_names = [", 'protected_names = ["Ana Prado", '
    )
    with time_machine.travel(after(hours=1), tick=False):
        load_campaign(parse(protect))
        tasks.search_names()
    assert Suspicion.objects.count() == 1
    assert rung(after(hours=1, minutes=1)) == [("protected_held", 1)]
    assert rung(after(hours=1, minutes=30)) == []


def test_a_featured_signer_who_is_reported_rings_and_another_does_not(campaign: Campaign) -> None:
    with time_machine.travel(NOON, tick=False):
        for featured in (True, False):
            signature = make_signature(campaign, name=f"Featured {featured}")
            Signature.objects.filter(pk=signature.pk).update(featured=featured)
            Report.objects.create(
                campaign=campaign,
                signature=signature,
                email="r@example.org",
                canonical_email="r@example.org",
                language="en",
                reason="not_me",
                status=ReportStatus.OPEN,
                confirmed_at=NOON,
            )
    assert rung(after(minutes=1)) == [("featured_reported", 1)]


def test_an_old_queue_rings_when_it_is_older_than_the_campaign_says(campaign: Campaign) -> None:
    held(NOON, name="!!!")
    Alert.objects.create(campaign=campaign, kind=AlertKind.PROTECTED, n=1, at=after(minutes=1))
    assert rung(after(minutes=119)) == []
    assert rung(after(minutes=120)) == [("queue_old", 1)]
    assert rung(after(minutes=180)) == []
    assert rung(after(minutes=361)) == [("queue_old", 1)]


def test_many_more_than_usual_in_ten_minutes_ring(campaign: Campaign) -> None:
    for hours in range(12):
        Pulse.objects.create(
            campaign=campaign, at=after(hours=hours), received=60 * hours, confirmed=0
        )
    last = after(hours=11)

    def came(n: int) -> int:
        numbers = {"received": 660 + n, "confirmed": 0}
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(public_numbers, "counts", lambda _campaign: numbers)
            return bell._rate(campaign, last + timedelta(minutes=10))

    # Ten in ten minutes are usual: more than five times as many, and no fewer than fifty.
    assert [came(n) for n in (49, 50, 51, 500)] == [0, 0, 51, 500]


def test_what_came_while_the_scheduler_was_away_is_no_flood(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = {"received": 0, "confirmed": 0}
    monkeypatch.setattr(public_numbers, "counts", lambda _campaign: numbers)
    minutes = (0, 10, 20)  # then six hours of nobody at work
    for n in minutes:
        numbers["received"] = n
        assert rung(after(minutes=n)) == []
    numbers["received"] = 20 + 6 * 60
    back = timedelta(hours=6, minutes=20)
    assert rung(NOON + back) == []
    for n in range(1, 10):
        assert rung(NOON + back + timedelta(minutes=n)) == []
    # Ten minutes after it is back there is something to compare with again.
    numbers["received"] += 500
    assert rung(NOON + back + timedelta(minutes=10)) == [("rate_high", 500)]


def test_a_message_says_a_number_and_names_nobody(campaign: Campaign) -> None:
    held(NOON, email="canary@example.org")
    rung(after(minutes=1))
    delivery = WebhookDelivery.objects.get()
    body = dispatch.render(delivery.webhook, delivery).decode()
    assert '"data":{"number":1}' in body
    assert '"type":"alert.protected_held"' in body
    assert "Johansson" not in body
    assert "canary" not in body


def test_it_rings_once_for_two_schedulers(campaign: Campaign) -> None:
    held(NOON)
    assert rung(after(minutes=1)) == [("protected_held", 1)]
    assert rung(after(minutes=1)) == []
    assert Alert.objects.count() == 1


def test_two_schedulers_in_one_minute_are_one_pulse(campaign: Campaign) -> None:
    for seconds in (0, 5, 59):
        rung(NOON + timedelta(seconds=seconds))
    rung(after(minutes=1))
    assert list(Pulse.objects.values_list("at", flat=True)) == [NOON, after(minutes=1)]


def test_the_pulse_is_kept_for_a_day(campaign: Campaign) -> None:
    rung(NOON)
    rung(after(days=2))
    assert Pulse.objects.count() == 1
