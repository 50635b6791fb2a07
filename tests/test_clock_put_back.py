"""The machine's clock was an hour ahead, and is put right: nothing waits for that hour."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from celery import current_app
from django.core import mail as outbox
from django.utils import timezone
from redis import Redis

from campaign import claims, delivery
from campaign.models import Mail
from campaign.models.signature import Status
from petition import beat
from tests.factories import make_campaign, make_signature

HOUR = timedelta(hours=1)
EVERY_FIVE_SECONDS = {"campaign.fold", "campaign.sweep"}


@pytest.mark.django_db
def test_a_mail_that_was_owed_an_hour_ahead_goes_out_now() -> None:
    campaign = make_campaign()
    with time_machine.travel(timezone.now() + HOUR):
        make_signature(campaign, status=Status.PENDING)
    assert delivery.deliver_due() == 1
    assert Mail.objects.get().created_at <= timezone.now()
    assert len(outbox.outbox) == 1


@pytest.mark.django_db
def test_a_mail_that_is_owed_for_later_keeps_its_pause() -> None:
    campaign = make_campaign()
    with time_machine.travel(timezone.now() + HOUR):
        make_signature(campaign, status=Status.PENDING)
        Mail.objects.update(due_at=timezone.now() + timedelta(seconds=100))
    assert delivery.deliver_due() == 0
    pause = Mail.objects.get().due_at - timezone.now()
    assert timedelta(seconds=90) < pause < timedelta(seconds=110)
    assert outbox.outbox == []


@pytest.mark.django_db
def test_a_claim_lasts_as_long_whatever_the_clock_of_its_worker_says() -> None:
    make_signature(make_campaign(), status=Status.PENDING)
    now = timezone.now()
    with time_machine.travel(now + HOUR):
        claims.Owner().claim()
    left = Mail.objects.get().lease_until - now  # type: ignore[operator]
    assert claims.LEASE <= left < 2 * claims.LEASE


@pytest.mark.django_db
@pytest.mark.parametrize("off", [HOUR, -HOUR], ids=["ahead", "behind"])
def test_a_worker_whose_clock_is_wrong_takes_nobodys_claim(off: timedelta) -> None:
    make_signature(make_campaign(), status=Status.PENDING)
    [mail] = claims.Owner().claim()
    with time_machine.travel(timezone.now() + off):
        claims.take_back()
    assert Mail.objects.values_list("status", flat=True).get(pk=mail.pk) == "claimed"


@pytest.mark.django_db
def test_what_the_databases_own_clock_put_an_hour_ahead_is_free_again() -> None:
    make_signature(make_campaign(), status=Status.PENDING)
    claims.Owner().claim()
    Mail.objects.update(lease_until=timezone.now() + HOUR)
    claims.take_back()
    assert Mail.objects.get().status == "queued"


def ticks(scheduler: beat.Scheduler) -> list[str]:
    """The tasks that are told until there is nothing to do."""
    told: list[str] = []

    def note(entry: Any, producer: Any = None, **_: Any) -> None:
        told.append(entry.task)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scheduler, "apply_async", note)
        while scheduler.tick() == 0:
            pass
    return sorted(told)


@pytest.fixture
def scheduler(tmp_path: Path) -> beat.Scheduler:
    return beat.Scheduler(
        app=current_app,
        schedule_filename=str(tmp_path / "beat"),
        lazy=False,
    )


def test_the_scheduler_goes_on_after_its_pause(scheduler: beat.Scheduler) -> None:
    with time_machine.travel(datetime.now(UTC) + HOUR):
        assert set(ticks(scheduler)) >= EVERY_FIVE_SECONDS
    assert ticks(scheduler) == []
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=6)):
        assert set(ticks(scheduler)) >= EVERY_FIVE_SECONDS


def test_control_celerys_own_stands_still_for_the_hour(
    scheduler: beat.Scheduler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beat.Scheduler, "_begin_anew", lambda _self: None)
    with time_machine.travel(datetime.now(UTC) + HOUR):
        ticks(scheduler)
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=6)):
        assert ticks(scheduler) == []


def test_no_tick_is_added_to_a_queue_that_nobody_works_off(
    scheduler: beat.Scheduler, own_redis: str
) -> None:
    with Redis.from_url(own_redis) as redis:
        redis.rpush("celery", *["waiting"] * beat.MOST_WAITING)
        assert "campaign.fold" not in ticks(scheduler)
        redis.delete("celery")
    with time_machine.travel(datetime.now(UTC) + timedelta(seconds=6)):
        assert set(ticks(scheduler)) >= EVERY_FIVE_SECONDS
