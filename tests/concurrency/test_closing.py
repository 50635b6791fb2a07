"""Two workers that erase what is over at once, and a signer who erases meanwhile: each counts once."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from campaign import closing, counts, moves, signing
from campaign.models import Event, Signature
from campaign.models.event import Verb
from campaign.models.signature import Status
from tests.concurrency.threads import Meanwhile, at_once
from tests.factories import make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db(transaction=True)

CLOSES = datetime(2027, 1, 22, tzinfo=UTC)
OVER = CLOSES + timedelta(days=40)
EXTRA = f"closes_at = {CLOSES.isoformat()}\nretention_months = 1\n"


def test_two_workers_at_once_erase_each_once() -> None:
    campaign = make_campaign(publication="after_verification", extra=EXTRA)
    for number in range(12):
        make_signature(campaign, name=f"Signer {number}")
    with time_machine.travel(OVER):
        assert sum(at_once([closing.empty] * 3)) == 12
    assert Event.objects.filter(verb=Verb.ERASE).count() == 12
    assert counts.snapshot(campaign.pk)[("published", "all", "")] == 12
    assert counts.snapshot(campaign.pk)[("published", "anonymous", "")] == 12


def test_a_signer_who_erases_while_the_clock_does_waits_for_it_and_is_counted_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign(publication="after_verification", extra=EXTRA)
    signature = make_signature(campaign)
    with time_machine.travel(OVER):
        token = manage_token(signature)
        leaving = Meanwhile(lambda: signing.erase(token)).before(monkeypatch, moves, "_apply")
        assert closing.empty() == 1
        assert leaving.end() is None
    assert leaving.waited
    assert Signature.objects.get().status == Status.ERASED
    assert Event.objects.filter(verb=Verb.ERASE).count() == 1
    kept = counts.snapshot(campaign.pk)
    kept.pop(("received", "all", ""))
    assert kept == counts.recount(campaign.pk)
