"""`manage.py doctor` says what is broken in a production set-up, and what to do."""

import ctypes
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from ipaddress import ip_network
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dns.exception
import dns.resolver
import dns.rrset
import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django import Settings
from redis import Redis

from campaign import queue, vitals
from campaign.doctor import clocks, database, environment, files, mail, people, redis, work
from campaign.doctor.findings import Check
from campaign.models import Campaign
from campaign.models.membership import Role
from tests.factories import make_campaign, make_member
from tests.smtp import served

GOOD_KEY = "Zq3-9fKd_2mXw7Rt5YbN8hJc4VgLs6PaEu1oTiBvCxDz-QwErTyUiOp"


def found(check: Check) -> dict[str, str]:
    """What a check says, with its level; what to do must be said of all that is not well."""
    findings = list(check())
    assert all(bool(each.todo) is (each.level != "ok") for each in findings)
    return {each.said: str(each.level) for each in findings}


def run(*options: str) -> tuple[int, str]:
    """Exit code and words of the command."""
    out = StringIO()
    try:
        call_command("doctor", *options, stdout=out)
    except SystemExit as ended:
        return int(str(ended.code)), out.getvalue()
    return 0, out.getvalue()


# --- The command -----------------------------------------------------------------------------


@pytest.mark.django_db
def test_it_gives_one_line_a_finding_and_fails_if_any_does() -> None:
    code, said = run()
    assert code == 1
    lines = said.splitlines()
    assert all(line[:5] in ("ok   ", "warn ", "fail ") for line in lines)
    assert (
        "fail durability: fsync is off: a crash can destroy the database -> set fsync = on" in lines
    )
    assert "ok   postgresql: it is in UTF8" in lines


@pytest.mark.django_db
def test_it_gives_the_same_to_a_program() -> None:
    code, said = run("--json")
    found = json.loads(said)
    assert code == 1
    assert all(sorted(each) == ["check", "level", "said", "todo"] for each in found)
    assert {
        "check": "postgresql",
        "level": "ok",
        "said": "it is in UTF8",
        "todo": "",
    } in found


@pytest.mark.django_db
def test_where_nothing_fails_the_exit_code_is_0(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.doctor.examination.CHECKS", {"clocks": clocks.clocks})
    monkeypatch.setattr("campaign.doctor.mail.senders", lambda _selector: [])
    assert run()[0] == 0


@pytest.mark.django_db
def test_a_check_that_breaks_is_a_finding_and_tells_no_password(settings: Settings) -> None:
    settings.REDIS_URL = "redis://:a-password@127.0.0.1:1/0"
    code, said = run()
    assert code == 1
    assert "fail redis: cannot be looked at: ConnectionError" in said
    assert "ok   postgresql: it is in UTF8" in said
    assert "a-password" not in said


# --- Settings --------------------------------------------------------------------------------


def test_keys_are_long_and_two(settings: Settings) -> None:
    settings.SECRET_KEY, settings.HASH_KEY = GOOD_KEY, GOOD_KEY[::-1]
    assert set(found(environment.secrets).values()) == {"ok"}
    settings.HASH_KEY = GOOD_KEY
    assert sorted(found(environment.secrets).values()) == ["ok", "ok", "warn"]


@pytest.mark.parametrize("key", ["short", "x" * 80, f"django-insecure-{GOOD_KEY}"])
def test_a_key_that_can_be_guessed_fails(settings: Settings, key: str) -> None:
    settings.SECRET_KEY, settings.HASH_KEY = key, GOOD_KEY
    assert found(environment.secrets)["SECRET_KEY can be guessed"] == "fail"


def test_addresses_are_https_and_named(settings: Settings) -> None:
    settings.BASE_URL, settings.ALLOWED_HOSTS = "https://petition.example", ["petition.example"]
    settings.METRICS_TOKEN = "x" * 24
    assert found(environment.addresses) == {"BASE_URL is https://petition.example": "ok"}
    settings.BASE_URL, settings.ALLOWED_HOSTS = "http://petition.example", ["*"]
    settings.METRICS_TOKEN, settings.DEBUG = "", True
    assert sorted(found(environment.addresses).values()) == ["fail", "fail", "fail", "warn"]


def test_proxies_are_some_and_not_everybody(settings: Settings) -> None:
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    assert found(environment.proxies) == {"proxies in 10.0.0.0/8 are believed": "ok"}
    settings.TRUSTED_PROXIES = []
    assert set(found(environment.proxies).values()) == {"warn"}
    settings.TRUSTED_PROXIES = [ip_network("0.0.0.0/0")]
    assert set(found(environment.proxies).values()) == {"fail"}


# --- PostgreSQL ------------------------------------------------------------------------------

HEALTHY = {
    "server_version": "16.4",
    "server_version_num": "160004",
    "server_encoding": "UTF8",
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "data_checksums": "on",
    "autovacuum": "on",
    "max_connections": "100",
    "superuser_reserved_connections": "3",
    "idle_in_transaction_session_timeout": "15min",
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
    "log_parameter_max_length_on_error": "0",
}
OF_DATABASE = (
    database.version,
    database.durability,
    database.room,
    database.timeouts,
    database.log,
)


@pytest.mark.django_db
def test_a_healthy_postgresql_has_only_good_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_setting", HEALTHY.get)
    for check in OF_DATABASE:
        assert set(found(check).values()) <= {"ok"}, check


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "value", "level"),
    [
        ("server_version_num", "140012", "fail"),
        ("server_encoding", "SQL_ASCII", "fail"),
        ("fsync", "off", "fail"),
        ("full_page_writes", "off", "fail"),
        ("synchronous_commit", "off", "fail"),
        ("autovacuum", "off", "fail"),
        ("data_checksums", "off", "warn"),
        ("max_connections", "40", "warn"),
        ("idle_in_transaction_session_timeout", "0", "warn"),
        ("log_min_error_statement", "error", "warn"),
        ("log_error_verbosity", "default", "warn"),
        ("log_statement", "all", "warn"),
        ("log_min_duration_statement", "250ms", "warn"),
        ("log_parameter_max_length_on_error", "-1", "warn"),
    ],
)
def test_each_setting_of_postgresql_that_is_wrong_is_found(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, level: str
) -> None:
    monkeypatch.setattr(database, "_setting", {**HEALTHY, name: value}.get)
    levels = [each for check in OF_DATABASE for each in found(check).values()]
    assert [each for each in levels if each != "ok"] == [level]


@pytest.mark.django_db
def test_its_settings_are_read_from_the_server_itself() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = on; SET LOCAL statement_timeout = '30s'")
    assert found(database.durability)["synchronous_commit is on"] == "ok"
    assert "statements end after 30 s" in " ".join(found(database.timeouts))


@pytest.mark.django_db
def test_a_migration_that_did_not_run_is_found() -> None:
    assert found(database.migrations) == {"every migration is there": "ok"}
    last = MigrationRecorder.Migration.objects.filter(app="campaign").order_by("-name").first()
    assert last is not None
    last.delete()
    assert found(database.migrations) == {"1 migrations are missing": "fail"}


# --- Redis and clocks ------------------------------------------------------------------------

GOOD_REDIS = {
    "redis_version": "7.2.1",
    "maxmemory_policy": "noeviction",
    "maxmemory": 1000,
    "used_memory": 10,
    "aof_enabled": 1,
}


@pytest.mark.parametrize(
    ("told", "level"),
    [
        ({}, None),
        ({"redis_version": "6.0.9"}, "fail"),
        ({"maxmemory_policy": "allkeys-lru"}, "fail"),
        ({"used_memory": 900}, "warn"),
        ({"aof_enabled": 0}, "warn"),
        ({"rdb_last_bgsave_status": "err"}, "fail"),
        ({"valkey_version": "9.1.2"}, None),
    ],
)
def test_redis_keeps_the_queue(
    monkeypatch: pytest.MonkeyPatch, told: dict[str, Any], level: str | None
) -> None:
    monkeypatch.setattr(redis, "_info", lambda: {**GOOD_REDIS, **told})
    checks = (redis.version, redis.eviction, redis.persistence)
    levels = [each for check in checks for each in found(check).values() if each != "ok"]
    assert levels == ([level] if level else [])


def test_a_real_redis_tells_its_version_and_policy() -> None:
    assert set(found(redis.version).values()) == {"ok"}
    assert found(redis.eviction) == {"maxmemory-policy is noeviction": "ok"}


def test_a_redis_elsewhere_wants_a_password(settings: Settings) -> None:
    settings.REDIS_URL = "redis://redis.example:6379/0"
    assert "fail" in found(redis.access).values()
    settings.REDIS_URL = "redis://:secret@redis.example:6379/0"
    assert set(found(redis.access).values()) == {"ok"}
    assert "secret" not in " ".join(found(redis.access))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("seconds", "level"), [(0, "ok"), (5, "warn"), (3600, "fail"), (-60, "fail")]
)
def test_clocks_that_disagree_are_found(seconds: int, level: str) -> None:
    with time_machine.travel(timezone.now() + timedelta(seconds=seconds)):
        assert set(found(clocks.clocks).values()) == {level}


@pytest.mark.parametrize(
    ("status", "level"),
    [(0x0, "ok"), (0x2001, "ok"), (0x40, "warn"), (0x2041, "warn"), (None, "warn")],
)
def test_the_kernel_says_whether_anybody_sets_the_clock(
    monkeypatch: pytest.MonkeyPatch, status: int | None, level: str
) -> None:
    monkeypatch.setattr(clocks, "_kernel_status", lambda: status)
    [(said, found_level)] = found(clocks.kernel).items()
    assert (found_level, "unknown" in said) == (level, status is None)


@pytest.mark.parametrize("lacking", [AttributeError, OSError, None])
def test_where_the_kernel_cannot_be_asked_it_is_unknown(
    monkeypatch: pytest.MonkeyPatch, lacking: type[Exception] | None
) -> None:
    def library(_name: None) -> Any:
        if lacking:
            raise lacking
        return SimpleNamespace(adjtimex=lambda _read: -1)

    monkeypatch.setattr(ctypes, "CDLL", library)
    assert found(clocks.kernel) == {"whether this machine's clock is set by NTP is unknown": "warn"}


def test_asking_the_kernel_changes_nothing_and_reads_what_it_says() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("Linux alone has adjtimex")
    assert clocks._Timex().modes == 0
    status = clocks._kernel_status()
    assert status is not None
    assert 0 <= status < 0x10000
    assert clocks._kernel_status() == status


# --- Scheduler and workers -------------------------------------------------------------------


def test_a_scheduler_that_nobody_started_is_found() -> None:
    assert found(work.scheduler) == {"nobody knows of a scheduler": "fail"}
    assert set(found(work.tasks).values()) == {"fail"}


def test_no_scheduler_is_told_to_be_missing_while_nobody_can_know(settings: Settings) -> None:
    vitals.ticked()
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    for check in (work.scheduler, work.tasks):
        assert found(check) == {"signs of life cannot be read: Redis is lost": "fail"}


def test_a_scheduler_that_ticks_is_well_and_one_that_stopped_is_not(settings: Settings) -> None:
    vitals.ticked()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        vitals.succeeded(entry["task"])
    assert set(found(work.scheduler).values()) == set(found(work.tasks).values()) == {"ok"}
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        assert set(found(work.scheduler).values()) == {"fail"}
        [late] = found(work.tasks)
        assert "campaign.sweep" in late
        assert "campaign.expire" not in late  # which runs once an hour


def test_a_task_that_has_failed_and_never_ended_well_is_found(settings: Settings) -> None:
    rare = {"campaign.expire", "campaign.empty", "campaign.remind"}
    vitals.ticked()
    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        if entry["task"] not in rare:
            vitals.succeeded(entry["task"])
    assert found(work.tasks) == {"no scheduled task is late": "ok"}
    vitals.count({"failed:campaign.expire": 500, "failed:campaign.fold": 3})
    said = "have failed, and never ended well: campaign.expire (500 times)"
    assert found(work.tasks) == {said: "fail"}
    vitals.succeeded("campaign.expire")
    assert found(work.tasks) == {"no scheduled task is late": "ok"}


def test_a_task_that_never_ran_is_found_when_twice_its_period_is_over(settings: Settings) -> None:
    """Though nothing failed: nobody hands it out, or its worker dies of it."""
    rare = {"campaign.expire", "campaign.empty", "campaign.remind"}
    vitals.ticked()
    for minutes, late in (
        (20, set()),
        (23, {"campaign.remind"}),
        (81, {"campaign.empty", "campaign.remind"}),
        (123, rare),
    ):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            for entry in settings.CELERY_BEAT_SCHEDULE.values():
                if entry["task"] not in rare:
                    vitals.succeeded(entry["task"])
            vitals.ticked()
            [(said, level)] = found(work.tasks).items()
            assert level == ("fail" if late else "ok")
            assert {task for task in rare if task in said} == late


def test_a_queue_whose_oldest_message_is_old_is_found() -> None:
    with time_machine.travel(timezone.now() - timedelta(minutes=30)):
        assert queue.tell("campaign.fold")
        assert queue.tell("campaign.export")  # which an import may keep waiting for an hour
    levels = found(work.workers)
    assert levels["1 messages wait in the queue celery, the oldest for 30 min"] == "warn"
    assert not any("wait in the queue long" in said for said in levels)


def test_a_queue_without_a_worker_is_found(settings: Settings) -> None:
    with Redis.from_url(settings.REDIS_URL) as broker:
        broker.lpush("mail", *map(str, range(1001)))
    levels = found(work.workers)
    for name in ("celery", "mail", "long"):
        assert levels[f"no worker listens to the queue {name}"] == "fail"
    assert levels["1001 messages wait in the queue mail"] == "warn"


def test_the_export_directory_is_there_and_shared(settings: Settings, tmp_path: Path) -> None:
    settings.EXPORT_DIR = tmp_path / "missing"
    assert set(found(files.export_dir).values()) == {"fail"}
    settings.EXPORT_DIR = tmp_path
    assert found(files.export_dir)["no worker has been at work there in the last minutes"] == "warn"
    (tmp_path / "lock").touch()
    assert found(files.export_dir)["a worker shares it"] == "ok"


# --- Mail ------------------------------------------------------------------------------------


def test_static_files_that_nobody_collected_are_found(settings: Settings, tmp_path: Path) -> None:
    settings.STATIC_ROOT = tmp_path
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    stores = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    settings.STORAGES = stores
    assert list(found(files.static).values()) == ["fail"]
    collected = {"paths": {files.STYLES: "petition.1.css"}, "version": "1.1", "hash": ""}
    (tmp_path / "staticfiles.json").write_text(json.dumps(collected))
    settings.STORAGES = {**stores}  # read anew, as a process that starts afterwards
    assert found(files.static) == {"static files are there": "ok"}


def test_a_mail_server_that_greets_is_well(settings: Settings) -> None:
    settings.EMAIL_BACKEND, settings.EMAIL_HOST = "campaign.smtp.EmailBackend", "127.0.0.1"
    with served() as (sink, port):
        settings.EMAIL_PORT = port
        assert set(found(mail.server).values()) == {"ok"}
        assert sink.received == []
    [said] = found(mail.server)
    assert said.startswith("127.0.0.1 does not take us: ")


class Zone:
    """What DNS says, by name and kind; a name in ``silent`` is never answered."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.texts: dict[str, list[str]] = {}
        self.mx: dict[str, list[str]] = {}
        self.silent: set[str] = set()
        monkeypatch.setattr(dns.resolver, "resolve", self.resolve)

    def resolve(self, name: str, kind: str, **_: Any) -> Any:
        if name in self.silent:
            raise dns.exception.Timeout
        rows = (self.texts if kind == "TXT" else self.mx).get(name)
        if rows is None:
            raise dns.resolver.NXDOMAIN
        shown = [f'"{row}"' if kind == "TXT" else f"10 {row}" for row in rows]
        return SimpleNamespace(rrset=dns.rrset.from_text("x.", 60, "IN", kind, *shown))


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Zone:
    settings.DEFAULT_FROM_EMAIL = "Campaign <hello@mail.petition.example>"
    zone = Zone(monkeypatch)
    zone.texts = {
        "mail.petition.example": ["another=1", "v=spf1 include:_spf.provider.example -all"],
        "_dmarc.petition.example": ["v=DMARC1; p=quarantine"],
        "s1._domainkey.mail.petition.example": ["v=DKIM1; k=rsa; p=MIGfMA0GCSq"],
    }
    zone.mx = {"mail.petition.example": ["mx.provider.example."]}
    return zone


def senders(selector: str = "s1") -> list[str]:
    return [str(each.level) for each in mail.senders(selector)]


@pytest.mark.django_db
def test_a_sender_with_all_its_records_is_well(zone: Zone) -> None:
    assert senders() == ["ok"] * 4
    assert senders("") == ["ok", "warn", "ok", "ok"]
    assert senders("s2") == ["ok", "fail", "ok", "ok"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("records", "levels"),
    [
        ({"mail.petition.example": ["another=1"]}, ["fail", "ok", "ok", "ok"]),
        ({"mail.petition.example": ["v=spf1 -all", "v=spf1 ~all"]}, ["fail", "ok", "ok", "ok"]),
        ({"mail.petition.example": ["v=spf1 +all"]}, ["fail", "ok", "ok", "ok"]),
        ({"s1._domainkey.mail.petition.example": ["v=DKIM1; p="]}, ["ok", "fail", "ok", "ok"]),
        ({"s1._domainkey.mail.petition.example": ["v=DKIM1; p=;"]}, ["ok", "fail", "ok", "ok"]),
        ({"_dmarc.petition.example": ["v=DMARC1; p=none"]}, ["ok", "ok", "warn", "ok"]),
        ({"_dmarc.petition.example": []}, ["ok", "ok", "fail", "ok"]),
        # Of what is below it a record above says `sp`, and `p` where it has no `sp`.
        ({"_dmarc.petition.example": ["v=DMARC1; p=none; sp=reject"]}, ["ok"] * 4),
        ({"_dmarc.petition.example": ["v=DMARC1;p=reject;sp=none"]}, ["ok", "ok", "warn", "ok"]),
        ({"_dmarc.mail.petition.example": ["v=DMARC1; p=reject; sp=none; np=none"]}, ["ok"] * 4),
        ({"_dmarc.mail.petition.example": ["v=DMARC1; P = None"]}, ["ok", "ok", "warn", "ok"]),
        ({"_dmarc.mail.petition.example": ["v=DMARC1; p=reject"]}, ["ok", "ok", "ok", "ok"]),
    ],
)
def test_each_record_that_is_wrong_is_found(
    zone: Zone, records: dict[str, list[str]], levels: list[str]
) -> None:
    zone.texts |= records
    zone.texts = {name: rows for name, rows in zone.texts.items() if rows}
    assert senders() == levels


@pytest.mark.django_db
def test_a_domain_that_takes_no_mail_and_one_that_dns_is_silent_of_are_found(zone: Zone) -> None:
    zone.mx = {"mail.petition.example": ["."]}
    assert senders() == ["ok", "ok", "ok", "warn"]
    zone.silent = {"mail.petition.example"}
    assert senders() == ["warn"]


@pytest.mark.django_db
def test_the_senders_of_campaigns_are_looked_at_until_they_close(zone: Zone) -> None:
    make_campaign(extra='sender = "Art <art@guild.example.org>"')
    assert senders() == ["fail", "fail", "fail", "warn", *["ok"] * 4]
    Campaign.objects.update(closes_at=timezone.now() - timedelta(days=1))
    assert senders() == ["ok"] * 4


# --- People ----------------------------------------------------------------------------------


@pytest.mark.django_db
def test_superusers_have_a_second_factor(settings: Settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True
    assert set(found(people.superusers).values()) == {"fail"}
    boss = User.objects.create_superuser("boss")
    assert found(people.superusers) == {
        "1 superusers": "ok",
        "1 of them have no second factor": "warn",
    }
    TOTPDevice.objects.create(user=boss, confirmed=True)
    assert found(people.superusers) == {"1 superusers": "ok"}
    settings.SECOND_FACTOR_REQUIRED = False
    assert found(people.superusers)["a password alone lets staff in"] == "fail"


@pytest.mark.django_db
def test_every_campaign_that_runs_has_who_may_decide() -> None:
    campaign = make_campaign()
    assert found(people.moderators) == {"0 people may moderate art": "fail"}
    make_member(campaign, Role.READER)
    assert found(people.moderators) == {"0 people may moderate art": "fail"}
    make_member(campaign, Role.MODERATOR)
    assert set(found(people.moderators).values()) == {"warn"}
    make_member(campaign, Role.OWNER)
    assert found(people.moderators) == {"2 people may moderate art": "ok"}
    User.objects.all().delete()
    Campaign.objects.update(closes_at=timezone.now() - timedelta(days=2))
    assert found(people.moderators) == {}


# --- The journal -----------------------------------------------------------------------------


def test_the_journal_is_kept_where_it_can_be_written_and_not_where_development_has_it(
    settings: Settings, tmp_path: Path
) -> None:
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"
    assert set(found(files.journal).values()) == {"ok"}
    settings.JOURNAL_FILE = tmp_path / "missing" / "journal.jsonl"
    assert set(found(files.journal).values()) == {"fail"}
    settings.JOURNAL_FILE = settings.RUN_DIR / "journal.jsonl"
    assert sorted(found(files.journal).values()) == ["ok", "warn"]


def test_a_journal_that_is_no_file_of_ours_is_found(settings: Settings, tmp_path: Path) -> None:
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"
    settings.JOURNAL_FILE.touch(mode=0o600)
    assert set(found(files.journal).values()) == {"ok"}
    settings.JOURNAL_FILE.unlink()
    settings.JOURNAL_FILE.mkdir()
    [(said, level)] = found(files.journal).items()
    assert (said, level) == (
        f"{settings.JOURNAL_FILE} is no file that we may write in: who leaves is not on record",
        "fail",
    )


def test_a_journal_that_root_wrote_first_is_found_by_the_account_of_the_web(
    settings: Settings, tmp_path: Path
) -> None:
    settings.JOURNAL_FILE = tmp_path / "journal.jsonl"
    settings.JOURNAL_FILE.touch(mode=0o400)
    with another_account():
        [(said, level)] = found(files.journal).items()
    assert "is no file that we may write in" in said
    assert level == "fail"


def test_a_folder_that_cannot_be_entered_is_found(settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "closed"
    folder.mkdir()
    settings.JOURNAL_FILE = folder / "journal.jsonl"
    settings.JOURNAL_FILE.touch()
    folder.chmod(0)
    settings.EXPORT_DIR = folder
    with another_account(entirely=True):
        findings = [found(check) for check in (files.journal, files.export_dir)]
    folder.chmod(0o700)
    assert findings == [{f"{folder} is no directory that we may write in": "fail"}] * 2


@contextmanager
def another_account(*, entirely: bool = False) -> Iterator[None]:
    """Rights are looked at as of nobody where the tests run as root, who may write in everything.

    ``entirely``: files are opened and looked for as nobody too.
    """
    root = os.getuid() == 0
    if root:
        os.setreuid(65534, -1)
        if entirely:
            os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
            os.setreuid(0, -1)
