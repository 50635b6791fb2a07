"""What a crash of the database loses of a worker's marks, that worker writes again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from campaign import claims, delivery
from campaign.models import Mail
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature
from tests.smtp import Sink

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sink(sink: Sink) -> Sink:
    make_signature(make_campaign(), status=Status.PENDING)
    return sink


def lose_the_mark() -> None:
    """The row as it was before it was marked: the commit of a mark doesn't wait for the disk."""
    until = timezone.now() + claims.LEASE
    Mail.objects.update(status="claimed", lease_owner="whoever", lease_until=until, sent_at=None)


def deliver_after_the_lease() -> None:
    over = timezone.now() - timedelta(seconds=1)
    Mail.objects.filter(status="claimed").update(lease_until=over)
    delivery.deliver_due()


def test_a_mail_whose_mark_is_lost_goes_out_once(sink: Sink) -> None:
    assert delivery.deliver_due() == 1
    lose_the_mark()
    assert delivery.deliver_due() == 0
    assert Mail.objects.get().status == "sent"
    deliver_after_the_lease()
    assert len(sink.received) == 1


def test_control_a_worker_that_remembers_nothing_sends_it_twice(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert delivery.deliver_due() == 1
    lose_the_mark()
    monkeypatch.setattr(claims, "_memory", claims._Memory())
    deliver_after_the_lease()
    assert len(sink.received) == 2


def test_what_a_worker_had_claimed_when_it_lost_the_database_goes_out_in_its_next_run(
    sink: Sink,
) -> None:
    [claimed] = claims.Owner().claim()
    assert delivery.deliver_due() == 1
    assert len(sink.received) == 1
    assert Mail.objects.get(pk=claimed.pk).status == "sent"
