"""A name becomes protected while others confirm, approve, correct and leave: nobody slips through."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from campaign import leaving, locks, moderation, moves, proofs, rules, signing, suspicions
from campaign.models import Campaign, Signature, Suspicion
from campaign.models.signature import Status
from tests.concurrency.guards import read_only
from tests.concurrency.threads import Meanwhile
from tests.factories import confirm_token, make_campaign, make_signature, make_user, manage_token

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def art(providers: None) -> Campaign:
    return make_campaign(publication="after_verification")


def protect() -> None:
    """Protect a name, and have the worker look for it at once."""
    campaign = Campaign.objects.get()
    name = campaign.protected_names.create(name="Ana Prado", skeletons=["anaprado"])
    suspicions.look_for(campaign, [name])
    suspicions.search_due()


def search_once_more() -> None:
    """The search's last look, when its time has come."""
    with time_machine.travel(timezone.now() + suspicions.SETTLED + timedelta(seconds=1)):
        suspicions.search_due()


def now(signature: Signature) -> tuple[str, list[str], bool]:
    """Its status, why it is held, and whether it is before the moderators for its name."""
    signature.refresh_from_db()
    is_open = suspicions.open_ones().filter(signature=signature).exists()
    return signature.status, signature.hold_reasons, is_open


# --- Who leaves ------------------------------------------------------------------------------


def erase_while_searched(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    token = manage_token(make_signature(name="Ana Prado"))
    erasing = Meanwhile(lambda: leaving.erase(token)).before(monkeypatch, suspicions, "_suspect")
    protect()
    assert erasing.end() is None
    return erasing


def test_an_erasure_while_it_is_found_leaves_nothing_of_whom_it_was_like(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert erase_while_searched(monkeypatch).waited
    assert not Suspicion.objects.exists()


def test_control_without_the_lock_an_erased_one_is_suspected(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "lock", read_only)
    erase_while_searched(monkeypatch)
    assert Suspicion.objects.get().signature.status == Status.ERASED


def test_what_is_held_or_left_after_it_was_read_is_decided_as_it_is_then(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, left = make_signature(name="Ana Prado"), make_signature(name="Anna Prado")
    by, token = make_user(), manage_token(left)

    def meanwhile() -> None:
        moderation.hold(signature_id=held.pk, by=by)
        leaving.withdraw(token)

    Meanwhile(meanwhile).before(monkeypatch, locks, "lock")
    protect()
    assert now(held) == (Status.HELD, ["moderator", "protected_name"], False)
    assert now(left) == (Status.WITHDRAWN, [], False)
    assert not Suspicion.objects.exists()


# --- Who decided before the name was there ---------------------------------------------------


def approve_while_protected(monkeypatch: pytest.MonkeyPatch) -> Signature:
    """An approval that asked the rules before the name was there, and ends after the search."""
    Campaign.objects.update(publication="after_review")
    held = make_signature(Campaign.objects.get(), name="Ana Prado", status=Status.HELD)
    protecting = Meanwhile(protect).before(monkeypatch, moves, "_apply")
    assert moderation.approve(signature_id=held.pk, revision=1, by=make_user()).changed
    assert protecting.end() is None
    return held


def test_an_approval_that_did_not_know_the_name_is_brought_up(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert now(approve_while_protected(monkeypatch)) == (Status.PUBLISHED, [], True)


def test_control_without_the_lock_one_person_has_published_a_protected_name(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "lock", read_only)
    assert now(approve_while_protected(monkeypatch)) == (Status.PUBLISHED, [], False)


def test_a_confirmation_that_did_not_know_the_name_is_brought_up_by_the_last_look(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature()
    pending = make_signature(status=Status.PENDING, name="Ana Prado")
    token = confirm_token(pending)
    protecting = Meanwhile(protect).before(monkeypatch, moves, "_apply")
    assert signing.confirm(token).changed
    assert protecting.end() is None
    assert now(pending) == (Status.PUBLISHED, [], False)
    search_once_more()
    assert now(pending) == (Status.PUBLISHED, [], True)


def test_a_correction_that_did_not_know_the_name_is_brought_up_by_the_last_look(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(timezone.now() - timedelta(days=1)):
        renamed = make_signature(name="Kate Moreau")
    typed = {"name": "Ana Prado", "credit": "", "organisation": ""}
    protecting = Meanwhile(protect).before(monkeypatch, proofs, "match_domain")
    signing.correct(manage_token(renamed), typed=typed, revision=1)
    assert protecting.end() is None
    assert now(renamed) == (Status.PUBLISHED, [], False)
    search_once_more()
    assert now(renamed) == (Status.PUBLISHED, [], True)
    assert rules.matching_names([renamed])[0]
