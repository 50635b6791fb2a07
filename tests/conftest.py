"""What every test finds: a Redis database of its own process, and nothing that another test left."""

import gc
import os
import secrets
from collections import OrderedDict, defaultdict
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from celery import current_app
from django.conf import settings
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.signals import setting_changed
from django.utils import translation
from pytest_django import Settings
from redis import Redis

from campaign import (
    botcheck,
    claims,
    delivery,
    files,
    limits,
    patience,
    presence,
    queue,
    rates,
    vitals,
)
from campaign.copies import Copies
from campaign.identity_data import PROVIDERS
from campaign.line import Line
from campaign.models import MailProvider, address
from petition.wsgi import application
from tests import chromium
from tests.smtp import Sink, sent_to

EMPTIED = {
    "campaign_event": "event_is_not_emptied",
    "campaign_auditentry": "audit_entry_is_not_emptied",
}
"""The tables that refuse to be emptied, and their triggers."""


@pytest.fixture(scope="session", autouse=True)
def own_redis() -> str:
    """Each test empties its Redis database, so each test process gets one of its own."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    url = urlsplit(settings.REDIS_URL)._replace(path=f"/{1 + int(worker)}").geturl()
    settings.CACHES["default"]["LOCATION"] = url
    caches.settings = caches.configure_settings(None)
    with suppress(AttributeError):  # made with the address before, if anything looked already
        del caches["default"]
    settings.REDIS_URL = url
    current_app.conf.update(broker_url=url)
    return url


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests that commit end with a TRUNCATE, which the record refuses: see tests/test_append_only.py."""
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table, trigger in EMPTIED.items():
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {trigger}")


@pytest.fixture(scope="session", autouse=True)
def plain_static_files() -> None:
    """Hashed names need a collectstatic, which only the end-to-end tests do."""
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES["staticfiles"]["BACKEND"] = plain
    # What was made of the old value at an import is made anew, as `override_settings` has it.
    setting_changed.send(None, setting="STORAGES", value=settings.STORAGES, enter=True)
    # Passwords are not what is tested, and a good hash takes a third of a second.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="session", autouse=True)
def plain_http() -> None:
    """The test client speaks plain HTTP to a host that is not this machine's own."""
    settings.KEYS_NEED_HTTPS = False


@pytest.fixture(scope="session", autouse=True)
def password_alone() -> None:
    """`Client.force_login` shows no second factor; the tests that are about one switch it on again."""
    settings.SECOND_FACTOR_REQUIRED = False


@pytest.fixture(autouse=True)
def fresh_process(own_redis: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Copies, breakers and the language of the last request would tell one test of another."""
    translation.activate(settings.LANGUAGE_CODE)
    monkeypatch.setattr(address, "_copy", (float("-inf"), {}))
    monkeypatch.setattr(delivery, "_down_until", 0.0)
    monkeypatch.setattr(delivery, "_rests", {})
    monkeypatch.setattr(claims, "_memory", claims._Memory())
    monkeypatch.setattr(application, "copies", Copies())
    for room in (botcheck, limits, patience, presence, queue, rates, vitals):
        monkeypatch.setattr(room, "_line", Line(room.__name__))
    # No worker runs: who asks for the list as a file need not wait for it to show itself.
    monkeypatch.setattr(files, "PICKED_UP_WITHIN", 0.0)
    monkeypatch.setattr(settings, "EXPORT_DIR", settings.RUN_DIR / "exports" / secrets.token_hex(6))
    monkeypatch.setattr(
        settings, "JOURNAL_FILE", settings.RUN_DIR / f"{secrets.token_hex(6)}.jsonl"
    )
    monkeypatch.setattr(limits, "_local", {})
    monkeypatch.setattr(rates, "_seen", defaultdict(OrderedDict))
    yield
    with Redis.from_url(own_redis) as redis:
        redis.flushdb()


@pytest.fixture
def providers(transactional_db: None) -> None:
    """The operator's table again, for tests whose database is emptied after each."""
    MailProvider.objects.all().delete()
    MailProvider.objects.bulk_create(
        MailProvider(domain=domain, canonical_domain=canonical, dots=dots, tag=tag)
        for domain, canonical, dots, tag in PROVIDERS
    )


@pytest.fixture
def strict() -> Client:
    """As in production: the test client's own exemption from CSRF checks is off."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.fixture
def sink(settings: Settings) -> Iterator[Sink]:
    """A mail server, to which this process sends."""
    with sent_to(settings) as sink:
        yield sink


@pytest.hookimpl(wrapper=True)
def pytest_collection(session: pytest.Session) -> Iterator[None]:
    """Half a million objects that stay: looking through them for garbage was a quarter of collecting."""
    gc.disable()
    yield
    gc.collect()
    gc.freeze()
    gc.enable()


@pytest.hookimpl(tryfirst=True)  # before xdist takes this process for ready
def pytest_collection_finish(session: pytest.Session) -> None:
    chromium.make_sure(session)


@pytest.hookimpl(wrapper=True, tryfirst=True)  # around pytest's own words, so after them
def pytest_terminal_summary(terminalreporter: Any) -> Iterator[None]:
    yield
    for line in chromium.last_words(terminalreporter.stats):
        terminalreporter.write_line(line)
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    found = [said for report in reports for said in report.user_properties]
    for name, said in dict.fromkeys(found):
        if name == "measured":  # what a test found out, whether it is enough or not
            terminalreporter.write_line(str(said))
