"""A brake that is pulled while somebody confirms: the confirmation is before it, or held by it."""

from functools import partial
from types import SimpleNamespace

import pytest

from campaign import brakes, current, leaving, locks, moves, rules, signing, trip
from campaign.errors import MoveRefused
from campaign.models import Campaign, Signature
from campaign.models.brake import Brake
from campaign.models.signature import Status
from tests.concurrency.guards import outcome_of, read_only
from tests.concurrency.threads import Meanwhile, at_once
from tests.factories import (
    confirm_token,
    make_campaign,
    make_signature,
    manage_token,
    somebody,
)

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 15


def pending() -> tuple[Campaign, Signature, str]:
    campaign = make_campaign(publication="after_verification")
    signature = make_signature(campaign, status=Status.PENDING)
    return campaign, signature, confirm_token(signature)


def test_a_brake_waits_for_the_confirmation_that_is_being_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign, signature, token = pending()
    brake = Meanwhile(lambda: brakes.pull(campaign, Brake.PUBLICATION, by=None))
    brake.before(monkeypatch, trip, "send")
    assert signing.confirm(token).signature.status == Status.PUBLISHED
    assert brake.end() is None
    assert brake.waited
    published_at = Signature.objects.get(pk=signature.pk).published_at
    braked_at = Campaign.objects.get().braked_at
    assert published_at is not None
    assert braked_at is not None
    assert published_at < braked_at


def test_control_without_the_lock_somebody_is_published_after_the_brake_was_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign, _signature, token = pending()
    monkeypatch.setattr(locks, "wait_for_moves", lambda: None)
    brake = Meanwhile(lambda: brakes.pull(campaign, Brake.PUBLICATION, by=None))
    brake.before(monkeypatch, trip, "send")
    assert signing.confirm(token).signature.status == Status.PUBLISHED
    assert not brake.waited
    assert Campaign.objects.get().braked_at is not None  # and yet it went through


def test_a_confirmation_that_comes_while_a_brake_is_pulled_waits_and_is_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign, signature, token = pending()
    confirming = Meanwhile(lambda: signing.confirm(token))
    confirming.before(monkeypatch, brakes, "_put_on_record")
    brakes.pull(campaign, Brake.PUBLICATION, by=None)
    assert confirming.end().signature.status == Status.HELD
    assert confirming.waited
    signature.refresh_from_db()
    assert signature.hold_reasons == ["brake"]


def test_control_in_one_statement_with_the_lock_it_would_see_the_campaign_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign, _signature, token = pending()
    # A statement that waits goes on with what it saw when it began.
    late = f"WITH brakes AS MATERIALIZED (SELECT pg_advisory_xact_lock_shared({locks._BRAKES}))"
    in_one = f"{late} {locks._LOCK}".replace(
        "JOIN campaign_campaign", "CROSS JOIN brakes JOIN campaign_campaign", 1
    )
    current.find("art")
    monkeypatch.setattr(locks, "_SHARE", "SELECT 1")
    monkeypatch.setattr(locks, "_LOCK", in_one)
    confirming = Meanwhile(lambda: signing.confirm(token))
    confirming.before(monkeypatch, brakes, "_put_on_record")
    brakes.pull(campaign, Brake.PUBLICATION, by=None)
    assert confirming.end().signature.status == Status.PUBLISHED
    assert confirming.waited


def withdrawn_while_published(monkeypatch: pytest.MonkeyPatch) -> tuple[Meanwhile, Signature]:
    """Its signer withdraws at the moment at which what the brake held is published."""
    campaign, signature, token = pending()
    brakes.pull(campaign, Brake.PUBLICATION, by=None)
    signing.confirm(token)
    brakes.let_go(campaign, Brake.PUBLICATION, by=None)
    brakes.publish_held(campaign, waiting_n=1, by=somebody("ann"))
    leaves = Meanwhile(partial(leaving.withdraw, manage_token(signature)))
    return leaves.before(monkeypatch, rules, "hold_reasons"), signature


def test_who_withdraws_while_what_a_brake_held_is_published_waits_and_is_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaves, signature = withdrawn_while_published(monkeypatch)
    assert brakes.publish_due() == 1
    assert leaves.end() is None
    assert leaves.waited
    verbs = list(signature.events.order_by("pk").values_list("verb", flat=True))
    assert verbs == ["confirm", "approve", "withdraw"]
    signature.refresh_from_db()
    assert signature.status == Status.WITHDRAWN


def test_control_without_the_lock_who_withdraws_stops_the_publication_of_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaves, _signature = withdrawn_while_published(monkeypatch)
    unlocked = SimpleNamespace(lock=read_only, hold_brakes=locks.hold_brakes)
    monkeypatch.setattr(brakes, "locks", unlocked)
    assert isinstance(outcome_of(brakes.publish_due), MoveRefused)
    assert leaves.end() is None
    assert not leaves.waited


def test_however_they_meet_whoever_is_published_was_so_before_the_brake() -> None:
    for _ in range(ROUNDS):
        campaign, signature, token = pending()
        at_once(
            [
                partial(signing.confirm, token),
                partial(brakes.pull, campaign, Brake.PUBLICATION, by=None),
            ]
        )
        signature.refresh_from_db()
        braked_at = Campaign.objects.get(pk=campaign.pk).braked_at
        assert braked_at is not None
        if signature.status == Status.PUBLISHED:
            assert signature.published_at is not None
            assert signature.published_at <= braked_at
        else:
            assert (signature.status, signature.hold_reasons) == (Status.HELD, ["brake"])
        brakes.let_go(campaign, Brake.PUBLICATION, by=None)


def test_moves_of_others_do_not_wait_for_each_other(monkeypatch: pytest.MonkeyPatch) -> None:
    campaign, _signature, token = pending()
    other = confirm_token(make_signature(campaign, status=Status.PENDING))
    meanwhile = Meanwhile(lambda: signing.confirm(other)).before(monkeypatch, moves, "_apply")
    assert signing.confirm(token).changed
    assert meanwhile.end().changed
    assert not meanwhile.waited
