"""Telling the worker: one message however many tell, none missed, and nobody held up for long."""

import socket
import time
from collections.abc import Iterator

import pytest
from celery import current_app
from pytest_django import Settings
from redis import Redis

from campaign import (
    delivery,
    files,
    line,
    link_batches,
    printing,
    queue,
    tasks,
    uploads,
)
from campaign.models import Mail
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature
from tests.smtp import sent_to

DELIVER, FOLD = "campaign.deliver", "campaign.fold"


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as redis:
        yield redis
        redis.flushdb()


def messages(redis: Redis) -> tuple[int, int]:
    """How many wait for the mail worker and for the other one."""
    return int(redis.llen("mail")), int(redis.llen("celery"))


def test_a_thousand_who_tell_send_one_message(redis: Redis) -> None:
    assert all(queue.tell(DELIVER) for _ in range(1000))
    assert messages(redis) == (1, 0)


def test_mails_and_what_takes_long_have_queues_of_their_own_and_every_task_is_told(
    redis: Redis,
) -> None:
    queue.tell(DELIVER)
    queue.tell(FOLD)
    queue.tell("campaign.expire")
    for task in (files.TASK, uploads.TASK, printing.TASK, link_batches.TASK):
        queue.tell(task)
    assert messages(redis) == (1, 2)
    assert redis.llen("long") == 4


def test_only_tasks_that_there_are_have_a_queue_of_their_own(settings: Settings) -> None:
    assert set(settings.CELERY_TASK_ROUTES) <= set(current_app.tasks)


@pytest.mark.django_db
def test_once_the_task_begins_whoever_tells_is_heard(redis: Redis) -> None:
    queue.tell(DELIVER)
    tasks.deliver.apply()
    queue.tell(DELIVER)
    assert messages(redis) == (2, 0)


@pytest.mark.django_db
def test_a_task_that_begins_lets_go_of_no_flag_but_its_own(redis: Redis) -> None:
    queue.tell(DELIVER)
    tasks.fold.apply()
    queue.tell(DELIVER)
    assert messages(redis) == (1, 0)


def test_a_message_that_is_lost_is_sent_again_after_seconds(redis: Redis) -> None:
    queue.tell(DELIVER)
    redis.delete("mail")
    assert 4000 < int(redis.pttl("petition:told:campaign.deliver")) <= 5000
    redis.delete("petition:told:campaign.deliver")  # its time is over
    queue.tell(DELIVER)
    assert messages(redis) == (1, 0)


def test_a_redis_that_hangs_holds_whoever_tells_a_quarter_second_once(
    settings: Settings,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:  # takes connections, and never answers
        port = hanging.getsockname()[1]
        settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"
        began = time.monotonic()
        assert not queue.tell(DELIVER)
        first = time.monotonic()
        assert not queue.tell(DELIVER)
        queue.hold(DELIVER)
        queue.heard(DELIVER)
        last = time.monotonic()
    assert line.TIMEOUT <= first - began < 2 * line.TIMEOUT
    assert last - first < line.TIMEOUT


@pytest.mark.django_db
def test_while_the_mail_server_is_down_no_message_is_sent_for_each_mail(
    redis: Redis, settings: Settings
) -> None:
    settings.EMAIL_BACKEND = "campaign.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    make_signature(make_campaign(), status=Status.PENDING)
    for _ in range(2):
        tasks.deliver.apply()  # finds it down, then leaves it alone
        queue.tell(DELIVER)
        assert messages(redis) == (0, 0)


@pytest.mark.django_db
def test_a_run_begins_no_mail_when_its_time_is_over_and_tells_of_the_rest(
    redis: Redis, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign()
    for _ in range(2):
        make_signature(campaign, status=Status.PENDING)
    monkeypatch.setattr(delivery, "RUN", 0.2)
    with sent_to(settings, thinks=0.3) as sink:
        assert delivery.deliver_on() == 1
    assert len(sink.received) == 1
    assert list(Mail.objects.order_by("pk").values_list("status", "lease_owner")) == [
        ("sent", ""),
        ("queued", ""),
    ]
    assert messages(redis) == (1, 0)
