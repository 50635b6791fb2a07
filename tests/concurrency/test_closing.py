"""Two workers that erase what is over at once, and a signer who erases meanwhile: each counts once."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.db.models import QuerySet

from campaign import closing, counts, leaving, moves, organising
from campaign.campaign_file import parse
from campaign.models import Campaign, Event, Signature, Suppression
from campaign.models.event import Verb
from campaign.models.signature import Status
from tests.concurrency.threads import Meanwhile, at_once
from tests.counted import assert_exact
from tests.factories import (
    campaign_file,
    make_campaign,
    make_signature,
    manage_token,
    not_me_token,
)

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
        departure = Meanwhile(lambda: leaving.erase(token)).before(monkeypatch, moves, "_apply")
        assert closing.empty() == 1
        assert departure.end() is None
    assert departure.waited
    assert Signature.objects.get().status == Status.ERASED
    assert Event.objects.filter(verb=Verb.ERASE).count() == 1
    assert_exact(campaign)


# --- A close that is put off at the same moment ----------------------------------------------


def over_and_put_off(monkeypatch: pytest.MonkeyPatch, step: str) -> Meanwhile:
    """A hash of an address stands in a campaign that is over; before that step the close is put off."""
    campaign = make_campaign(publication="after_verification", extra=EXTRA)
    leaving.not_me(not_me_token(make_signature(campaign)))
    later = EXTRA.replace(CLOSES.isoformat(), (CLOSES + timedelta(days=365)).isoformat())
    file = parse(campaign_file(publication="after_verification", extra=later))
    other = Meanwhile(lambda: organising.load_campaign(file))
    other.before(monkeypatch, closing, step)
    with time_machine.travel(OVER):
        closing.empty()
    return other


def test_a_close_that_is_put_off_before_the_rest_is_emptied_saves_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = over_and_put_off(monkeypatch, "_empty_the_rest")
    assert other.end()
    assert not other.waited
    assert Suppression.objects.count() == 1


def test_whoever_puts_off_the_close_while_the_rest_is_emptied_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = over_and_put_off(monkeypatch, "_clear")
    assert other.end()
    assert other.waited
    assert not Suppression.objects.exists()


def test_control_without_the_lock_the_close_is_put_off_and_the_rest_is_lost_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_options: rows)
    other = over_and_put_off(monkeypatch, "_clear")
    assert other.end()
    assert not other.waited
    assert not Suppression.objects.exists()


def test_control_without_asking_again_the_rest_of_a_campaign_that_goes_on_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ask = closing._is_over
    seen: list[Campaign] = []

    def only_once(campaign: Campaign, now: datetime) -> bool:
        if campaign not in seen:
            seen.append(campaign)
            return ask(campaign, now)
        return True

    monkeypatch.setattr(closing, "_is_over", only_once)
    assert over_and_put_off(monkeypatch, "_empty_the_rest").end()
    assert not Suppression.objects.exists()
