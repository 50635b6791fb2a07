"""Two people who signed for each other, and erase it at the same time: neither waits for the other for ever."""

import threading
from collections.abc import Callable
from functools import partial

import pytest
from django.db import OperationalError, transaction

from campaign import leaving, locks, representations, representing
from campaign.models import Campaign, Representation, Signature
from campaign.models.signature import Status
from tests.concurrency.threads import PATIENCE, at_once
from tests.factories import make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db(transaction=True)

PAIR = ("ada@example.org", "bo@example.org")
NAMES = {"ada@example.org": "Ada Brook", "bo@example.org": "Bo Dale"}


def signed_for_each_other() -> list[Signature]:
    """The two of them, each of whom has a request of the other's waiting."""
    campaign = Campaign.objects.first() or make_campaign(publication="after_verification")
    own = [make_signature(campaign, name=NAMES[email], email=email) for email in PAIR]
    for by, to in (PAIR, PAIR[::-1]):
        typed = {"name": f"{NAMES[to]} Junior", "email": to, "kind": "person", "language": "en"}
        typed |= {"representative_name": NAMES[by], "representative_email": by}
        representing.ask(campaign=campaign, typed={**typed, "show_name": True})
    return own


def test_both_are_erased_and_nothing_of_either_is_left() -> None:
    own = signed_for_each_other()
    tokens = [manage_token(signature) for signature in own]
    assert at_once([partial(leaving.erase, token) for token in tokens]) == [None, None]
    assert not Representation.objects.exists()
    assert set(Signature.objects.values_list("status", flat=True)) == {Status.ERASED}


def test_control_forgetting_with_ones_own_signature_locked_deadlocks() -> None:
    own = signed_for_each_other()
    both_locked = threading.Barrier(2)

    def erase(signature: Signature) -> Callable[[], None]:
        def act() -> None:
            with transaction.atomic():
                locks.lock(signature.pk)
                both_locked.wait(PATIENCE)
                representations.forget(
                    campaign_id=signature.campaign_id, canonical_email=signature.canonical_email
                )

        return act

    outcomes = at_once([erase(signature) for signature in own])
    assert [type(each) for each in outcomes if each is not None] == [OperationalError]
    assert "deadlock" in str(next(each for each in outcomes if each is not None))
