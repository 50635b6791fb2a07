"""What a monitoring system reads: exact numbers, to who has the token, and nobody's data."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from celery import current_app
from django.db import connection
from django.db.utils import OperationalError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families
from pytest_django import Settings
from redis import Redis

from campaign import (
    copies,
    counts,
    metrics,
    queue,
    retention,
    suspicions,
    tasks,
    vitals,
    waiting,
)
from campaign.admin import desk
from campaign.campaign_file import parse
from campaign.line import Line
from campaign.models import Campaign, Mail, WebhookDelivery
from campaign.models.mail import MailStatus
from campaign.models.signature import Status
from campaign.organising import load_campaign
from petition import beat
from tests.factories import bearer, campaign_file, make_campaign, make_signature, make_user
from tests.fronts import BASE, Process
from tests.receiver import make_webhook
from tests.reports import confirmed

NOON = datetime(2026, 2, 1, 12, tzinfo=UTC)
TOKEN = "a-token-for-tests-of-24-and-more"


@pytest.fixture(autouse=True)
def token(settings: Settings) -> str:
    settings.METRICS_TOKEN = TOKEN
    return TOKEN


Numbers = dict[tuple[str, ...], float]


def read(client: Client) -> Numbers:
    """Every number by its name and the values of its labels, as Prometheus's own parser reads them."""
    answer = client.get("/metrics", headers=bearer(TOKEN))
    assert answer.status_code == 200
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


# --- Who may read ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sent", ["", "Bearer", "Bearer wrong", f"Basic {TOKEN}", f"Bearer {TOKEN}x"]
)
def test_without_the_token_nothing_is_read(client: Client, sent: str) -> None:
    """No database mark: a stranger's request reaches none."""
    answer = client.get("/metrics", headers={"Authorization": sent} if sent else {})
    assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")
    assert (answer["Cache-Control"], b"petition" in answer.content) == ("no-store", False)


def test_where_no_token_is_set_there_is_no_such_page(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    for sent in ("Bearer ", f"Bearer {TOKEN}", ""):
        assert client.get("/metrics", headers={"Authorization": sent}).status_code == 404


@pytest.mark.django_db
def test_it_is_read_at_the_address_of_the_machine_and_never_kept(client: Client) -> None:
    answer = client.get("/metrics", headers={**bearer(TOKEN), "Host": "10.1.2.3:8000"})
    assert (answer.status_code, answer["Cache-Control"]) == (200, "no-store")
    assert answer["Content-Type"].startswith("text/plain; version=")


def test_it_is_only_read(client: Client) -> None:
    assert client.post("/metrics", headers=bearer(TOKEN)).status_code == 405


# --- Numbers of the database -----------------------------------------------------------------


@pytest.mark.django_db
def test_signatures_are_counted_by_campaign_and_state_folded_or_not(client: Client) -> None:
    art = make_campaign(publication="after_verification")
    make_campaign(slug="film")
    make_signature(art)
    counts.fold()
    make_signature(art)
    make_signature(art, status=Status.HELD)
    make_signature(art, status=Status.WITHDRAWN)
    make_signature(art, status=Status.PENDING)
    numbers = read(client)
    found = {key[1:]: n for key, n in numbers.items() if key[0] == "petition_signatures"}
    nothing = dict.fromkeys([("film", s) for s in ("held", "published", "removed", "withdrawn")], 0)
    assert found == {
        ("art", "held"): 1,
        ("art", "published"): 2,
        ("art", "removed"): 0,
        ("art", "withdrawn"): 1,
        **nothing,
    }
    assert numbers["petition_sign_requests_total", "art"] == 5
    assert numbers["petition_sign_requests_total", "film"] == 0
    assert numbers["petition_signatures_pending",] == 1


@pytest.mark.django_db
def test_the_age_of_what_waits_is_that_of_the_oldest_of_its_lane(client: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        campaign = make_campaign()
        make_signature(campaign, status=Status.HELD, name="Scarlett Johansson")
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        make_signature(campaign, status=Status.HELD)
        make_signature(campaign, status=Status.HELD, kind="group", name="The Quarry Band")
        reported = make_signature(campaign, status=Status.PUBLISHED, name="Ann Other")
        make_signature(campaign, status=Status.PUBLISHED, name="Ana Prado")
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        confirmed(client, reported)
    with time_machine.travel(NOON + timedelta(minutes=3), tick=False):
        protect("Ana Prado")
    with time_machine.travel(NOON + timedelta(minutes=4), tick=False):
        protect("Ana Prado", "Anna Prado")
    with time_machine.travel(NOON + timedelta(minutes=5), tick=False):
        make_signature(campaign, status=Status.HELD, name="Scarlett Johanson")
        numbers = read(client)
    assert ages(numbers) == {
        "reported": 180,
        "protected": 300,
        "suspect": 120,
        "groups": 240,
        "rest": 240,
        "release": 0,
    }


def protect(*names: str) -> None:
    """Put these names into the campaign's file, and compare them with what is published."""
    more = "".join(f'"{name}", ' for name in names)
    text = campaign_file().replace("protected_names = [", f"protected_names = [{more}")
    load_campaign(parse(text))
    suspicions.search_due()


def ages(numbers: Numbers) -> dict[str, float]:
    name = "petition_moderation_oldest_seconds"
    return {key[1]: n for key, n in numbers.items() if key[0] == name}


@pytest.mark.django_db
def test_each_lane_of_the_desk_that_waits_for_a_decision_has_its_age(client: Client) -> None:
    assert list(ages(read(client))) == [*(lane.value for lane in desk.WORK), "release"]
    # The others wait for no decision: for a signer, for a day, or for a look at what stands anyway.
    for_nobody = {"asked", "deferred", desk.SITES, desk.FALLEN}
    counted = {lane.value for lane in desk.LANES if lane.counted}
    assert counted - for_nobody == set(ages(read(client)))


@pytest.mark.django_db
def test_what_is_like_a_protected_name_and_reported_waits_as_reported_alone(client: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        listed = make_signature(make_campaign(), status=Status.PUBLISHED, name="Ana Prado")
        protect("Ana Prado")
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        assert ages(read(client))["suspect"] == 60
        confirmed(client, listed)
    with time_machine.travel(NOON + timedelta(minutes=2), tick=False):
        found = ages(read(client))
    assert (found["reported"], found["suspect"]) == (60, 0)


@pytest.mark.django_db
def test_what_is_reported_waits_for_no_moderator_until_its_signer_answers(client: Client) -> None:
    lane = ("petition_moderation_oldest_seconds", "reported")
    with time_machine.travel(NOON, tick=False):
        listed = make_signature(make_campaign(), status=Status.PUBLISHED)
        confirmed(client, listed)
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        assert read(client)[lane] == 60
        by = make_user()
        waiting.ask(signature_id=listed.pk, revision=listed.revision, question="You?", by=by)
        assert read(client)[lane] == 0


@pytest.mark.django_db
def test_mails_say_how_many_are_due_since_when_and_what_became_of_the_last(client: Client) -> None:
    with time_machine.travel(NOON, tick=False):
        make_campaign()
        late = make_signature(status=Status.PENDING)
        make_signature(status=Status.PENDING)
        make_signature(status=Status.PENDING)
    Mail.objects.filter(signature=late).update(
        created_at=NOON - timedelta(hours=2), due_at=NOON - timedelta(seconds=90)
    )
    newest = Mail.objects.latest("pk")
    Mail.objects.filter(pk=newest.pk).update(status=MailStatus.SENT)
    with time_machine.travel(NOON + timedelta(seconds=10), tick=False):
        numbers = read(client)
    assert numbers["petition_mails_due", "yes"] == 2
    assert numbers["petition_mails_due", "no"] == 0
    assert numbers["petition_mail_oldest_due_seconds", "yes"] == 100
    assert numbers["petition_mail_oldest_due_seconds", "no"] == 0
    lately = {key[1]: n for key, n in numbers.items() if key[0] == "petition_mails_last_hour"}
    assert lately == {**dict.fromkeys(MailStatus.values, 0), "sent": 1, "queued": 1}


@pytest.mark.django_db
def test_changes_that_nobody_folds_are_counted_with_the_age_of_the_first(client: Client) -> None:
    make_campaign()
    counts.fold()
    with time_machine.travel(NOON, tick=False):
        make_signature(status=Status.PENDING)
    with time_machine.travel(NOON + timedelta(seconds=7), tick=False):
        make_signature(status=Status.PENDING)
        numbers = read(client)
    assert numbers["petition_counts_unfolded",] == 2
    # The request to sign is noted by the clock of the database.
    assert numbers["petition_counts_unfolded_oldest_seconds",] >= 0
    counts.fold()
    numbers = read(client)
    assert numbers["petition_counts_unfolded",] == 0
    assert numbers["petition_counts_unfolded_oldest_seconds",] == 0


@pytest.mark.django_db
def test_webhook_messages_that_are_due_are_counted_but_not_of_one_that_is_off(
    client: Client,
) -> None:
    campaign = make_campaign()
    on, off = (make_webhook(campaign, f"https://{name}.example.org/") for name in ("on", "off"))
    type(off).objects.filter(pk=off.pk).update(active=False)
    for hook, due in ((on, -30), (on, -10), (on, 60), (off, -500)):
        due_at = NOON + timedelta(seconds=due)
        WebhookDelivery.objects.create(webhook=hook, event="test", due_at=due_at)
    with time_machine.travel(NOON, tick=False):
        numbers = read(client)
    assert numbers["petition_webhook_messages_due",] == 2
    assert numbers["petition_webhook_oldest_due_seconds",] == 30


@pytest.mark.django_db
def test_what_waits_for_the_opening_of_its_campaign_is_not_due_before_it(client: Client) -> None:
    opens_at = NOON + timedelta(hours=5)
    hook = make_webhook(make_campaign(opens_at=opens_at), "https://hooks.example.org/")
    for event, due_at in (("milestone", NOON), ("alert.rate_high", opens_at), ("test", NOON)):
        WebhookDelivery.objects.create(webhook=hook, event=event, number=100, due_at=due_at)

    def due(at: datetime) -> tuple[float, float]:
        with time_machine.travel(at, tick=False):
            numbers = read(client)
        oldest = numbers["petition_webhook_oldest_due_seconds",]
        return numbers["petition_webhook_messages_due",], oldest

    # A test goes out at any time, and nothing else.
    assert due(NOON + timedelta(hours=2)) == (1, 7200)
    WebhookDelivery.objects.filter(event="test").delete()
    assert due(NOON + timedelta(hours=4)) == (0, 0)
    # From the opening on they are late, not since they were owed.
    assert due(opens_at + timedelta(seconds=90)) == (2, 90)


@pytest.mark.django_db
def test_what_waits_for_an_opening_that_has_no_date_is_not_due(client: Client) -> None:
    campaign = make_campaign()
    Campaign.objects.update(opens_at=None, closes_at=None)
    hook = make_webhook(campaign, "https://hooks.example.org/")
    for event in ("milestone", "test"):
        WebhookDelivery.objects.create(webhook=hook, event=event, number=100, due_at=NOON)
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        numbers = read(client)
    assert numbers["petition_webhook_messages_due",] == 1
    assert numbers["petition_webhook_oldest_due_seconds",] == 7200
    WebhookDelivery.objects.filter(event="test").delete()
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        numbers = read(client)
    assert numbers["petition_webhook_messages_due",] == 0
    assert numbers["petition_webhook_oldest_due_seconds",] == 0


@pytest.mark.django_db
def test_ten_times_the_rows_cost_no_statement_more(client: Client) -> None:
    make_campaign(publication="after_verification")

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            read(client)
        return len(captured)

    make_signature()
    before = statements()
    for slug in ("film", "song", "text"):
        campaign = make_campaign(slug=slug)
        for status in (Status.HELD, Status.PENDING, Status.PUBLISHED):
            make_signature(campaign, status=status)
    assert statements() == before == 15  # of them a savepoint, its release, and the time-out


@pytest.mark.django_db
def test_it_names_nobody(client: Client) -> None:
    campaign = make_campaign()
    canary = {"name": "Canary Xyzzy", "email": "canary@xyzzy.example.org", "credit": "Plugh"}
    signature = make_signature(campaign, status=Status.HELD, **canary)
    said = client.get("/metrics", headers=bearer(TOKEN)).content.decode().lower()
    for word in ("xyzzy", "plugh", "canary", signature.public_id):
        assert word not in said


# --- Signs of life ---------------------------------------------------------------------------


@pytest.mark.django_db
def test_tasks_say_when_they_last_ended_well_and_how_often_they_failed(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("somebody@example.org")

    with time_machine.travel(NOON, tick=False):
        assert tasks.fold.apply().successful()
    monkeypatch.setattr(counts, "fold", fail)
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        for _ in range(2):
            assert tasks.fold.apply().failed()
        numbers = read(client)
    assert numbers["petition_task_last_success_timestamp_seconds", "fold"] == NOON.timestamp()
    assert numbers["petition_task_failures_total", "fold"] == 2
    assert numbers["petition_task_last_success_timestamp_seconds", "sweep"] == 0
    assert numbers["petition_task_failures_total", "sweep"] == 0


@pytest.mark.django_db
def test_messages_that_no_worker_takes_are_counted_by_queue(
    client: Client, settings: Settings
) -> None:
    with Redis.from_url(settings.REDIS_URL) as redis:
        redis.lpush("mail", "x", "y")
    numbers = read(client)
    assert numbers["petition_queue_messages", "mail"] == 2
    assert numbers["petition_queue_messages", "celery"] == 0


@pytest.fixture
def redis(settings: Settings) -> Iterator[Redis]:
    with Redis.from_url(settings.REDIS_URL) as redis:
        yield redis


@pytest.mark.django_db
def test_a_queue_is_as_old_as_its_oldest_message_whoever_sent_it(
    client: Client, tmp_path: Path, redis: Redis
) -> None:
    scheduler = beat.Scheduler(current_app, schedule_filename=str(tmp_path / "beat"), lazy=False)
    with time_machine.travel(NOON, tick=False):
        scheduler.apply_entry(scheduler.schedule["export"])
        assert queue.tell("campaign.deliver")
    with time_machine.travel(NOON + timedelta(minutes=1), tick=False):
        assert queue.tell("campaign.links")
        scheduler.apply_entry(scheduler.schedule["sweep"])
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        numbers = read(client)
        assert redis.rpop("long")  # as a worker takes it
        after = read(client)
    name = "petition_queue_age_seconds"
    ages = {key[1]: n for key, n in numbers.items() if key[0] == name}
    assert ages == {"long": 7200, "mail": 7200, "celery": 0}
    assert after[name, "long"] == 7140


@pytest.mark.django_db
def test_a_queue_whose_worker_is_dead_grows_old_though_it_grows_no_longer(
    client: Client, tmp_path: Path
) -> None:
    scheduler = beat.Scheduler(current_app, schedule_filename=str(tmp_path / "beat"), lazy=False)
    for seconds in range(0, 2 * beat.MOST_WAITING * 10, 10):
        with time_machine.travel(NOON + timedelta(seconds=seconds), tick=False):
            scheduler.apply_entry(scheduler.schedule["export"])
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        numbers = read(client)
    assert numbers["petition_queue_messages", "long"] == beat.MOST_WAITING
    assert numbers["petition_queue_age_seconds", "long"] == 7200


@pytest.mark.django_db
@pytest.mark.parametrize(
    "message",
    [
        "x",
        b"\xff\xfe",
        "[1]",
        "null",
        "7",
        '"text"',
        "{}",
        '{"headers": null}',
        '{"headers": {"task": "campaign.fold"}}',
        '{"headers": {"sent_at": null}}',
        '{"headers": {"sent_at": "noon"}}',
        '{"headers": {"sent_at": [1]}}',
        json.dumps({"headers": {"sent_at": 10**400}}),
        "[" * 200_000,
    ],
)
def test_a_message_that_does_not_say_when_it_was_sent_costs_no_other_number(
    client: Client, redis: Redis, message: str | bytes
) -> None:
    redis.lpush("mail", message)
    assert queue.tell("campaign.fold")
    numbers = read(client)
    assert numbers["petition_up", "redis"] == 1
    assert numbers["petition_queue_messages", "mail"] == 1
    assert ("petition_queue_age_seconds", "mail") not in numbers
    assert 0 <= numbers["petition_queue_age_seconds", "celery"] < 60


@pytest.mark.django_db
def test_a_message_of_a_clock_ahead_is_new_and_not_younger(client: Client) -> None:
    with time_machine.travel(NOON + timedelta(hours=1), tick=False):
        assert queue.tell("campaign.fold")
    with time_machine.travel(NOON, tick=False):
        assert read(client)["petition_queue_age_seconds", "celery"] == 0


# --- Which tasks are late --------------------------------------------------------------------


def overdue(client: Client) -> dict[str, float]:
    name = "petition_task_overdue_seconds"
    return {key[1]: n for key, n in read(client).items() if key[0] == name}


@pytest.mark.django_db
def test_each_scheduled_task_is_late_by_its_own_period_and_no_other_with_it(
    client: Client, settings: Settings
) -> None:
    late_after = {}
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        long = settings.CELERY_TASK_ROUTES.get(entry["task"], {}).get("queue") == "long"
        late_after[entry["task"]] = 2 * entry["schedule"] + (3600 if long else 120)
    assert late_after["campaign.expire"] == 7320
    assert late_after["campaign.remind"] == 1320
    assert late_after["campaign.sweep"] == 130
    for late, seconds in late_after.items():
        for more in (0, 7):
            for task in late_after:
                ago = timedelta(seconds=seconds + more if task == late else 0)
                with time_machine.travel(NOON - ago, tick=False):
                    vitals.succeeded(task)
            with time_machine.travel(NOON, tick=False):
                found = {task: n for task, n in overdue(client).items() if n}
            assert found == ({late.removeprefix("campaign."): 7} if more else {})


@pytest.mark.django_db
def test_one_that_never_ended_well_is_late_from_the_first_tick_on(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(retention, "expire", fail)
    assert set(overdue(client).values()) == {0}
    with time_machine.travel(NOON, tick=False):
        vitals.ticked()
    with time_machine.travel(NOON + timedelta(hours=2), tick=False):
        vitals.ticked()
        assert tasks.expire.apply().failed()
        vitals.succeeded("campaign.fold")
        assert overdue(client)["expire"] == 0
    with time_machine.travel(NOON + timedelta(hours=3), tick=False):
        assert overdue(client)["expire"] == 3600 - 120
        vitals.succeeded("campaign.expire")
        assert overdue(client)["expire"] == 0


def test_no_task_may_hold_its_worker_for_longer_than_lateness_allows_for(
    settings: Settings,
) -> None:
    ours = [task for name, task in current_app.tasks.items() if name.startswith("campaign.")]
    assert len(ours) >= len(settings.CELERY_BEAT_SCHEDULE)
    for task in ours:
        name = settings.CELERY_TASK_ROUTES.get(task.name, {}).get("queue", "celery")
        limit = task.time_limit or settings.CELERY_TASK_TIME_LIMIT
        assert limit <= vitals.longest(name), task.name


@pytest.mark.django_db(transaction=True)
def test_copies_of_all_processes_are_counted_together(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_campaign(publication="after_verification")
    monkeypatch.setattr(copies, "LIFE", 60.0)
    one, other = Process(), Process()
    for _ in range(4):
        one.get(f"{BASE}counts/")
    other.get(f"{BASE}counts/")
    monkeypatch.setattr(copies, "TELL", 0.0)
    for each in (one, other):
        each.get(f"{BASE}corrections/?language=fr")
    numbers = read(client)
    assert numbers["petition_copies_total", "process"] == 3
    assert numbers["petition_copies_total", "shared"] == 2
    assert numbers["petition_copies_total", "read"] == 2


# --- When a part is lost ---------------------------------------------------------------------


@pytest.mark.django_db
def test_without_redis_the_numbers_of_the_database_are_there(
    client: Client, settings: Settings
) -> None:
    make_campaign()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    numbers = read(client)
    assert numbers["petition_up", "redis"] == 0
    assert numbers["petition_up", "database"] == 1
    assert numbers["petition_signatures", "art", "held"] == 0
    assert not any("task" in key[0] or "copies" in key[0] for key in numbers)


@pytest.mark.django_db
def test_without_the_database_the_signs_of_life_are_there(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise OperationalError("password of somebody@example.org")

    monkeypatch.setattr(counts, "by_state", fail)
    vitals.ticked()
    numbers = read(client)
    assert numbers["petition_up", "database"] == 0
    assert numbers["petition_up", "redis"] == 1
    assert numbers["petition_scheduler_last_tick_timestamp_seconds",] > 0
    assert not any("signatures" in key[0] for key in numbers)
    assert "somebody" not in caplog.text


@pytest.mark.django_db
def test_a_statement_that_takes_too_long_is_given_up(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "PATIENCE", "50ms")
    monkeypatch.setattr(metrics, "_PENDING", "SELECT 1 FROM pg_sleep(30)")
    numbers = read(client)
    assert numbers["petition_up", "database"] == 0


def test_a_task_ends_well_while_redis_is_lost(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(vitals, "_line", Line("test"))
    vitals.succeeded("campaign.fold")
    vitals.failed("campaign.fold")
    vitals.ticked()
    assert vitals.read() is None
