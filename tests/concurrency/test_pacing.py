"""Several workers at once and one pace."""

import pytest
from django.db import transaction
from pytest_django import Settings

from campaign import claims
from campaign.models import MailPace
from campaign.models.signature import Status
from tests.concurrency.threads import Meanwhile, at_once
from tests.factories import make_campaign, make_signature

pytestmark = pytest.mark.django_db(transaction=True)

LIMIT = 5


@pytest.fixture(autouse=True)
def many_mails(settings: Settings) -> None:
    settings.CAMPAIGN_MAILS_A_MINUTE = LIMIT
    campaign = make_campaign()
    for _ in range(4 * LIMIT):
        make_signature(campaign, status=Status.PENDING)


def claim() -> int:
    return len(claims.Owner().claim())


def test_six_workers_at_once_take_no_more_than_the_pace() -> None:
    taken = at_once([claim] * 6)
    paces = list(MailPace.objects.values_list("n", flat=True))
    # Should the minute end between them, they may take what the next one gives.
    assert sum(taken) == sum(paces)
    assert max(paces) == LIMIT


def both() -> int:
    """What one takes, and a second one that comes before the first is committed."""
    second = Meanwhile(claim)
    with transaction.atomic():
        first = claim()
        second.happen()
    return first + int(second.end())


def test_a_second_worker_counts_what_the_first_is_taking() -> None:
    assert both() in {LIMIT, 2 * LIMIT if MailPace.objects.count() == 2 else LIMIT}


def test_control_without_the_lock_each_takes_a_whole_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lock, rest = claims._CLAIM.split(";", 1)
    assert "pg_advisory_xact_lock" in lock
    monkeypatch.setattr(claims, "_CLAIM", f"SELECT 1;{rest}")
    monkeypatch.setattr(claims, "BATCH", LIMIT)
    assert both() == 2 * LIMIT
