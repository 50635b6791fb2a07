"""The list as a file while somebody is leaving it: a late commit is no reason to keep a name."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.test import Client
from django.utils import timezone

from campaign import files, settling, tasks
from campaign.models import Campaign
from tests.concurrency.leaving import withdrawing
from tests.factories import make_campaign, make_signature

pytestmark = pytest.mark.django_db(transaction=True)

URL = "/api/v1/campaigns/art/signers.csv"


def listed(client: Client) -> bool:
    return b"Zo\xc3\xab Moreau" in b"".join(client.get(URL))


def left_by_an_hours_commit(client: Client) -> Campaign:
    """A file is written between a withdrawal and its commit, an hour after the one; then it gets old."""
    campaign = make_campaign(publication="after_verification")
    with withdrawing(make_signature(campaign, name="Zoë Moreau")):
        late = timezone.now() + timedelta(hours=1)
        with time_machine.travel(late):
            assert listed(client)
            tasks.export()
            assert (settings.EXPORT_DIR / "art.csv").exists()
    return campaign


def a_minute_later() -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(hours=1) + files.FRESH * 2)


def test_who_left_in_a_transaction_that_took_an_hour_is_in_no_download(client: Client) -> None:
    left_by_an_hours_commit(client)
    with a_minute_later():
        assert not listed(client)


def test_an_instant_of_our_own_clock_would_keep_them_for_ever(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "_OLDEST_WRITER", "SELECT NULL::timestamptz")
    left_by_an_hours_commit(client)
    with a_minute_later():
        assert listed(client)


def test_files_of_one_instant_have_etags_of_their_own(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    with withdrawing(make_signature(campaign, name="Zoë Moreau")):
        late = timezone.now() + timedelta(hours=1)
        etags = set()
        for hour in range(3):
            with time_machine.travel(late + timedelta(hours=hour)):
                client.get(URL)
                tasks.export()
                file = files.Download((settings.EXPORT_DIR / "art.csv").open("rb"))
            etags.add(file.etag)
            file.close()
    assert len(etags) == 3
