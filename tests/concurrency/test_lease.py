"""A mail server that thinks for longer than a lease lasts earns no second copy."""

import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from django.db import connection, connections
from pytest_django import Settings

from campaign import claims, delivery
from campaign.models import Mail
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature
from tests.smtp import Sink, sent_to

pytestmark = pytest.mark.django_db(transaction=True)

LEASE = timedelta(seconds=0.4)
THINKS = 1.2
"""Seconds that the server takes for its answer: three leases."""


@pytest.fixture
def slow_sink(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    monkeypatch.setattr(claims, "LEASE", LEASE)
    with sent_to(settings, thinks=THINKS) as sink:
        yield sink


def deliver_while_another_looks(sink: Sink) -> int:
    """Deliver in a thread, and meanwhile, after the first lease, here; how many copies arrived."""
    make_signature(make_campaign(), status=Status.PENDING)

    def deliver() -> None:
        try:
            delivery.deliver_due()
        finally:
            connections.close_all()

    first = threading.Thread(target=deliver)
    first.start()
    assert sink.asked.wait(10)
    assert not sink.answered.wait(
        2 * LEASE.total_seconds()
    )  # the lease is over, the answer not there
    delivery.deliver_due()
    first.join()
    assert Mail.objects.get().status == "sent"
    return len(sink.received)


def test_a_lease_is_renewed_while_the_server_thinks(
    slow_sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "RENEW", 0.1)
    assert deliver_while_another_looks(slow_sink) == 1


def test_control_without_renewing_the_mail_goes_out_twice(
    slow_sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "RENEW", 60.0)
    assert deliver_while_another_looks(slow_sink) == 2


def wait_for_a_renewal() -> None:
    """Until the lease ends later than it does now."""
    before, gives_up = end_of_the_lease(), time.monotonic() + 10
    while end_of_the_lease() <= before:
        assert time.monotonic() < gives_up, "the lease was renewed no more"


def end_of_the_lease() -> datetime:
    end = Mail.objects.get().lease_until
    assert end is not None
    return end


def end_the_session_that_renews() -> int:
    """As a database does that fails over; which one it was.

    The newest that renewed: another test's may lie in the pool, its last statement still shown.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, pg_terminate_backend(pid, 5000) FROM ("
            " SELECT pid FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            """ AND query LIKE 'UPDATE "campaign_mail" SET "lease_until"%%'"""
            " ORDER BY query_start DESC LIMIT 1) renewing",
            [],
        )
        [(pid, ended)] = cursor.fetchall()
    assert ended
    return int(pid)


def test_a_renewal_that_the_database_breaks_off_is_followed_by_another_and_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(claims, "RENEW", 0.05)
    make_signature(make_campaign(), status=Status.PENDING)
    owner = claims.Owner()
    assert len(owner.claim()) == 1
    with claims.renewed(owner):
        wait_for_a_renewal()
        pids = set()
        for _ in range(2):
            pids.add(end_the_session_that_renews())
            wait_for_a_renewal()  # by another session
    assert len(pids) == 2
    said = [record.getMessage() for record in caplog.records if record.name == claims.__name__]
    assert said == ["leases could not be renewed: OperationalError"]
    assert not owner.is_late()
