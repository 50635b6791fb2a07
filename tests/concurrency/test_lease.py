"""A mail server that thinks for longer than a lease lasts earns no second copy."""

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connections
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
