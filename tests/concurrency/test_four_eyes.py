"""Two who approve, or keep, at once, by one or by two; an approval against who corrects or withdraws."""

from functools import partial

import pytest
from django.db import IntegrityError

from campaign import four_eyes, history, leaving, locks, moderation, moves, placing, suspicions
from campaign.errors import CampaignError, ChangedMeanwhile
from campaign.models import Approval, Campaign, Event, Mail, Signature, Suspicion
from campaign.models.event import Verb
from campaign.models.signature import RejectionReason, Status
from campaign.moves import Moved
from tests.concurrency.guards import forget_the_status, read_only
from tests.concurrency.threads import Meanwhile, at_once
from tests.counted import assert_exact
from tests.factories import make_campaign, make_signature, manage_token, somebody

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 15
NOTE = "called them at home"


def star() -> Signature:
    return make_signature(make_campaign(), status=Status.HELD, name="Scarlett Johansson")


def approval(signature: Signature, username: str) -> "partial[Moved]":
    shown = {"signature_id": signature.pk, "revision": signature.revision}
    return partial(moderation.approve, by=somebody(username), note=NOTE, **shown)


def first_by(username: str, signature: Signature) -> None:
    assert approval(signature, username)().changed


def status(signature: Signature) -> str:
    return Signature.objects.values_list("status", flat=True).get(pk=signature.pk)


# --- Two approvals ---------------------------------------------------------------------------


def test_a_moderator_who_presses_twice_at_once_publishes_nothing() -> None:
    for _ in range(ROUNDS):
        held = star()
        pressed = at_once([approval(held, "anna")] * 2)
        assert sorted(moved.changed for moved in pressed) == [False, True]
        assert status(held) == Status.HELD
        assert Approval.objects.filter(signature=held).count() == 1
        assert Event.objects.filter(signature=held, verb=Verb.SECOND).count() == 1
    assert not Mail.objects.filter(kind="published").exists()


def test_control_without_the_lock_the_database_refuses_the_second_press(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = star()
    monkeypatch.setattr(locks, "lock", read_only)
    press = approval(held, "anna")
    again = Meanwhile(press).before(monkeypatch, history, "event")
    with pytest.raises(IntegrityError, match="approval_once_a_moderator"):
        press()
    assert again.end().changed
    assert status(held) == Status.HELD


def test_control_without_lock_and_unique_key_two_presses_are_two_approvals(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = star()
    monkeypatch.setattr(locks, "lock", read_only)
    monkeypatch.setattr(four_eyes, "has_approved", lambda *_: False)
    # As if the verb counted rows and not moderators, and nothing kept them apart.
    monkeypatch.setattr(four_eyes, "seconds", lambda signature, _by: four_eyes.firsts(signature))
    first_by("anna", held)
    approval(held, "anna")()
    assert status(held) == Status.PUBLISHED


def test_two_moderators_at_once_publish_exactly_once() -> None:
    for _ in range(ROUNDS):
        held = star()
        both = at_once([approval(held, "anna"), approval(held, "ben")])
        assert [moved.changed for moved in both] == [True, True]
        assert status(held) == Status.PUBLISHED
        verbs = Event.objects.filter(signature=held).order_by("pk").values_list("verb", flat=True)
        assert list(verbs) == ["confirm", "second", "approve"]
    assert Mail.objects.filter(kind="published").count() == ROUNDS
    assert not Approval.objects.exists()
    assert_exact(held.campaign)


def test_control_without_the_lock_two_moderators_at_once_are_both_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = star()
    monkeypatch.setattr(locks, "lock", read_only)
    other = Meanwhile(approval(held, "ben")).before(monkeypatch, history, "event")
    assert approval(held, "anna")().changed
    assert other.end().changed
    assert Approval.objects.count() == 2
    assert status(held) == Status.HELD  # and nobody is left to say so: both have approved it


# --- Against a name that is protected meanwhile ------------------------------------------------


def protect() -> None:
    """Protect a name that the credit has, and have the worker look for it at once."""
    campaign = Campaign.objects.get()
    name = campaign.protected_names.create(name="Ana Prado", skeletons=["anaprado"])
    suspicions.look_for(campaign, [name])
    suspicions.search_due()


def approve_while_protected(monkeypatch: pytest.MonkeyPatch) -> Signature:
    """A first approval that didn't know of the name yet, and ends after the search has found it."""
    campaign = make_campaign()
    held = make_signature(
        campaign, status=Status.HELD, name="Scarlett Johansson", credit="Ana Prado"
    )
    protecting = Meanwhile(protect).before(monkeypatch, history, "event")
    first_by("anna", held)
    assert protecting.end() is None
    return held


def test_a_first_approval_while_another_name_that_it_is_like_is_protected_is_void(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = approve_while_protected(monkeypatch)
    with pytest.raises(ChangedMeanwhile):
        approval(held, "ben")()
    held.refresh_from_db()
    first_by("ben", held)
    assert status(held) == Status.HELD
    first_by("anna", held)
    assert status(held) == Status.PUBLISHED


def test_control_without_lock_and_new_revision_the_yes_to_less_is_the_first_of_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(locks, "lock", read_only)
        patch.setattr(moves, "show_anew", lambda *_, **__: None)
        held = approve_while_protected(patch)
    approval(held, "ben")()
    assert status(held) == Status.PUBLISHED


def test_what_is_rejected_while_the_search_comes_to_it_stays_as_it_was_rejected(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = make_signature(make_campaign(), status=Status.HELD, name="Ana Prado")
    rejecting = partial(
        moderation.reject,
        signature_id=held.pk,
        revision=held.revision,
        reason=RejectionReason.CONTENT,
        by=somebody("anna"),
    )
    rejected = Meanwhile(rejecting).before(monkeypatch, locks, "lock")
    protect()
    assert rejected.end().changed
    held.refresh_from_db()
    assert (held.status, held.revision) == (Status.REJECTED, 1)
    assert not Event.objects.filter(signature=held, verb=Verb.AMEND).exists()


# --- Two who keep what is published ----------------------------------------------------------


def doubted() -> Signature:
    """On the list, and like a name protected since."""
    campaign = make_campaign()
    signature = make_signature(campaign, name="Ana Prado")
    name, _new = campaign.protected_names.get_or_create(name="Ana Prado", skeletons=["anaprado"])
    Suspicion.objects.create(signature=signature, name=name, way="looks")
    return signature


def keeping(signature: Signature, username: str) -> "partial[Moved]":
    return partial(
        moderation.keep,
        signature_id=signature.pk,
        revision=signature.revision,
        report_ids=[],
        suspicion_ids=suspicions.ids_of(signature),
        by=somebody(username),
        note=NOTE,
    )


def test_a_moderator_who_keeps_twice_at_once_leaves_it_open() -> None:
    for _ in range(ROUNDS):
        listed = doubted()
        pressed = at_once([keeping(listed, "anna")] * 2)
        assert sorted(moved.changed for moved in pressed) == [False, True]
        assert four_eyes.doubted(listed)
        assert Approval.objects.filter(signature=listed).count() == 1
    assert not Event.objects.filter(verb=Verb.KEEP).exists()


def test_two_moderators_who_keep_at_once_close_it_exactly_once() -> None:
    for _ in range(ROUNDS):
        listed = doubted()
        both = at_once([keeping(listed, "anna"), keeping(listed, "ben")])
        assert [moved.changed for moved in both] == [True, True]
        assert not four_eyes.doubted(listed)
        verbs = Event.objects.filter(signature=listed).order_by("pk").values_list("verb", flat=True)
        assert list(verbs)[-2:] == ["second", "keep"]
    assert not Approval.objects.exists()


def test_control_without_the_lock_two_who_keep_at_once_are_both_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = doubted()
    monkeypatch.setattr(locks, "lock", read_only)
    other = Meanwhile(keeping(listed, "ben")).before(monkeypatch, history, "event")
    assert keeping(listed, "anna")().halfway
    assert other.end().halfway
    assert four_eyes.doubted(listed)


def test_control_without_lock_and_unique_key_one_who_keeps_twice_closes_it_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    listed = doubted()
    monkeypatch.setattr(locks, "lock", read_only)
    # As if the verb counted rows and not moderators, and nothing kept them apart.
    monkeypatch.setattr(four_eyes, "seconds", lambda signature, _by: four_eyes.firsts(signature))
    assert keeping(listed, "anna")().halfway
    assert not keeping(listed, "anna")().halfway
    assert not four_eyes.doubted(listed)


def test_of_keeping_and_rejecting_at_once_one_is_told_of_the_other() -> None:
    for _ in range(ROUNDS):
        listed = doubted()
        keeping(listed, "anna")()
        rejecting = partial(
            moderation.reject,
            signature_id=listed.pk,
            revision=listed.revision,
            reason=RejectionReason.CONTENT,
            by=somebody("cleo"),
            status=Status.PUBLISHED,
        )
        kept, rejected = at_once([keeping(listed, "ben"), rejecting])
        assert rejected.changed
        assert isinstance(kept, Moved | ChangedMeanwhile)
        assert status(listed) == Status.REJECTED
        assert not Suspicion.objects.filter(closed_at=None).exists()
        assert not Approval.objects.exists()
    assert_exact(listed.campaign)


# --- Against the signer ----------------------------------------------------------------------


def correct_while_the_second_approves(monkeypatch: pytest.MonkeyPatch) -> tuple[Signature, object]:
    held = make_signature(make_campaign(), name="Scarlett Johansson")
    held = moderation.hold(signature_id=held.pk, by=somebody("anna")).signature
    first_by("anna", held)
    second = Meanwhile(approval(held, "ben")).before(monkeypatch, placing, "derive")
    changes = {"credit": "Buy my coin"}
    moves.amend(signature_id=held.pk, actor=history.SIGNER, changes=changes, revision=2)
    return held, second.end()


def test_a_second_approval_that_comes_while_the_signer_corrects_finds_it_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held, outcome = correct_while_the_second_approves(monkeypatch)
    assert isinstance(outcome, ChangedMeanwhile)
    assert status(held) == Status.HELD
    held.refresh_from_db()
    first_by("ben", held)  # the approval of what stood there before is none
    assert status(held) == Status.HELD


def test_control_without_the_lock_what_nobody_saw_is_published_as_seen_by_two(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locks, "lock", read_only)
    held, outcome = correct_while_the_second_approves(monkeypatch)
    assert isinstance(outcome, Moved)
    held.refresh_from_db()
    assert (held.status, held.credit) == (Status.PUBLISHED, "Buy my coin")


@pytest.mark.parametrize("before", [0, 1])
def test_a_withdrawal_at_the_same_moment_as_an_approval_wins(before: int) -> None:
    for _ in range(ROUNDS):
        held = star()
        if before:
            first_by("anna", held)
        leave = partial(leaving.withdraw, manage_token(held))
        approved, withdrawn = at_once([approval(held, "ben"), leave])
        assert withdrawn is None
        assert isinstance(approved, Moved | CampaignError), repr(approved)
        assert status(held) == Status.WITHDRAWN
        assert not Approval.objects.filter(signature=held).exists()
    assert_exact(held.campaign)


def test_control_without_lock_and_filter_the_database_alone_keeps_who_withdrew_off_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    held = star()
    first_by("anna", held)
    leave = partial(leaving.withdraw, manage_token(held))
    monkeypatch.setattr(locks, "lock", read_only)
    forget_the_status(monkeypatch)
    departure = Meanwhile(leave).before(monkeypatch, moves, "_apply")
    with pytest.raises(IntegrityError, match="signature_named_until_it_leaves"):
        approval(held, "ben")()
    assert departure.end() is None
