"""Removals by rule while others sign, withdraw and decide: nobody is taken who wasn't looked at."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Q

from campaign import criteria, leaving, locks, moderation, moves, removal, removing
from campaign.criteria import Rule
from campaign.errors import MoveRefused
from campaign.history import SIGNER
from campaign.models import Campaign, Event, Removal, RemovalItem, Signature
from campaign.models.removal import RemovalStatus
from campaign.models.signature import RejectionReason, Status
from campaign.moves import Decision
from tests.concurrency.guards import read_only
from tests.concurrency.threads import Meanwhile, at_once
from tests.counted import assert_exact
from tests.factories import make_campaign, make_signature, make_user, manage_token
from tests.removals import statuses

pytestmark = pytest.mark.django_db(transaction=True)

WORDS = {"en": "Made up.", "fr": "Inventés."}


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def by() -> User:
    return User.objects.filter(username="owner").first() or make_user(username="owner")


def looked_at(campaign: Campaign) -> Removal:
    return removal.preview(campaign=campaign, rule=Rule(name="bot*"), by=by())


def started(campaign: Campaign) -> Removal:
    run = looked_at(campaign)
    removal.start(removal=run, reason=RejectionReason.IMPERSONATION, words=WORDS, by=by())
    run.refresh_from_db()
    return run


def undoing(campaign: Campaign) -> Removal:
    run = started(campaign)
    removing.carry_on()
    removal.undo(removal=run, by=by())
    return run


# --- Against new signatures ------------------------------------------------------------------


def test_who_signs_while_a_rule_runs_is_not_taken(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature(art, name="Bot One")
    run = started(art)
    signing_now = Meanwhile(lambda: make_signature(art, name="Bot Two"))
    signing_now.before(monkeypatch, moves, "_apply")
    removing.carry_on()
    signing_now.end()
    run.refresh_from_db()
    assert run.status == RemovalStatus.DONE
    assert statuses() == {"Bot One": "rejected", "Bot Two": "published"}
    assert_exact(art)


def test_control_a_rule_that_asked_anew_would_take_who_signs_while_it_runs(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature(art, name="Bot One")
    started(art)
    signing_now = Meanwhile(lambda: make_signature(art, name="Bot Two"))
    signing_now.before(monkeypatch, moves, "_apply")
    anew = """
        WITH fresh AS (
            INSERT INTO campaign_removalitem (removal_id, signature_id, state)
            SELECT removal.id, signature.id, 'matched'
            FROM campaign_removal removal JOIN campaign_signature signature USING (campaign_id)
            WHERE removal.id = %s AND removal.status = %s AND %s = 'matched' AND %s >= 0
            AND signature.name_fold LIKE 'bot%%' AND signature.status = 'published'
            RETURNING id, signature_id
        ) SELECT * FROM fresh LIMIT 1
    """
    monkeypatch.setattr(removing, "_TAKE", anew)
    step = removing._Step.of(Removal.objects.get())
    step.next(0)
    signing_now.end()
    step.next(0)
    assert statuses() == {"Bot One": "rejected", "Bot Two": "rejected"}


def test_who_signs_while_somebody_looks_is_taken_only_if_they_saw_it(art: Campaign) -> None:
    for number in range(5):
        make_signature(art, name=f"Bot {number}")
    calls: list[Callable[[], Any]] = [
        *(partial(make_signature, art, name=f"Bot new {number}") for number in range(4)),
        partial(looked_at, art),
    ]
    by()
    at_once(calls)
    run = Removal.objects.get()
    seen = set(RemovalItem.objects.values_list("signature__name", flat=True))
    removal.start(removal=run, reason=RejectionReason.CONTENT, words=WORDS, by=by())
    removing.carry_on()
    taken = {name for name, status in statuses().items() if status == Status.REJECTED}
    assert taken == seen
    assert_exact(art)


# --- Against the signer ----------------------------------------------------------------------


def test_a_withdrawal_while_a_rule_removes_waits_and_wins(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = manage_token(make_signature(art, name="Bot One"))
    run = started(art)
    departure = Meanwhile(lambda: leaving.withdraw(token)).before(monkeypatch, moves, "_apply")
    removing.carry_on()
    assert departure.end() is None
    assert departure.waited
    assert statuses() == {"": "withdrawn"}
    removal.undo(removal=run, by=by())
    removing.carry_on()
    assert statuses() == {"": "withdrawn"}
    assert_exact(art)


def test_a_rule_that_comes_while_somebody_withdraws_leaves_them_alone(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = manage_token(make_signature(art, name="Bot One"))
    run = started(art)
    running = Meanwhile(removing.carry_on).before(monkeypatch, moves, "_apply")
    leaving.withdraw(token)
    assert running.end() is None
    assert running.waited
    assert statuses() == {"": "withdrawn"}
    assert removal.progress(run).passed == 1
    assert_exact(art)


def test_control_without_the_lock_somebody_who_withdraws_is_refused(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = manage_token(make_signature(art, name="Bot One"))
    started(art)
    monkeypatch.setattr(locks, "lock", read_only)
    running = Meanwhile(removing.carry_on).before(monkeypatch, moves, "_apply")
    with pytest.raises(MoveRefused):
        leaving.withdraw(token)
    running.end()
    assert statuses() == {"Bot One": "rejected"}  # although its signer took it back


# --- Against each other ----------------------------------------------------------------------


def test_four_workers_at_once_share_a_run_and_none_is_taken_twice(art: Campaign) -> None:
    for number in range(12):
        # Pairs of one address: their rows are locked together.
        make_signature(art, name=f"Bot {number}", email=f"couple{number // 2}@example.org")
    run = started(art)
    assert at_once([removing.carry_on] * 4) == [None] * 4
    run.refresh_from_db()
    assert run.status == RemovalStatus.DONE
    assert set(statuses().values()) == {"rejected"}
    assert Event.objects.filter(verb="reject").count() == 12
    assert_exact(art)
    removal.undo(removal=run, by=by())
    assert at_once([removing.carry_on] * 4) == [None] * 4
    assert Event.objects.filter(verb="restore").count() == 12
    run.refresh_from_db()
    assert run.status == RemovalStatus.UNDONE
    assert_exact(art)


def test_two_runs_at_once_over_the_same_rows_remove_each_once(art: Campaign) -> None:
    for number in range(8):
        make_signature(art, name=f"Bot {number}")
    runs = [started(art), started(art)]
    at_once([removing.carry_on] * 3)
    numbers = [removal.progress(run) for run in runs]
    assert sum(each.removed for each in numbers) == sum(each.passed for each in numbers) == 8
    for run in runs:
        assert set(Signature.objects.filter(removal=run).values_list("status", flat=True)) <= {
            "rejected"
        }
    assert Event.objects.filter(verb="reject").count() == 8
    assert_exact(art)


def test_a_run_that_is_stopped_takes_at_most_the_one_that_it_is_at(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        make_signature(art, name=f"Bot {number}")
    run = started(art)
    stopping = Meanwhile(lambda: removal.stop(removal=run, by=by()))
    stopping.before(monkeypatch, moves, "_apply")
    removing.carry_on()
    assert stopping.end() is None
    assert sorted(statuses().values()) == ["published", "published", "rejected"]
    run.refresh_from_db()
    assert run.status == RemovalStatus.STOPPED


def test_started_twice_at_once_it_runs_once(art: Campaign) -> None:
    make_signature(art, name="Bot One")
    run = looked_at(art)
    start = partial(
        removal.start, removal=run, reason=RejectionReason.CONTENT, words=WORDS, by=by()
    )
    assert at_once([start] * 5) == [None] * 5
    assert run.campaign.audit.filter(action="removal").count() == 1


# --- Undoing against a moderator -------------------------------------------------------------


def decide_while_undone(monkeypatch: pytest.MonkeyPatch, campaign: Campaign) -> Removal:
    """A moderator restores a removed signature and rejects it for a reason of their own, and meanwhile
    the run is undone."""
    signature = make_signature(campaign, name="Bot One")
    run = undoing(campaign)
    now = Signature.objects.get(pk=signature.pk)
    moderation.restore(signature_id=now.pk, revision=now.revision, by=by())
    undo = Meanwhile(removing.carry_on).before(monkeypatch, moves, "_apply")
    now.refresh_from_db()
    moderation.reject(
        signature_id=now.pk, revision=now.revision, reason=RejectionReason.CONTENT, by=by()
    )
    assert undo.end() is None
    return run


def test_what_a_moderator_decides_while_a_run_is_undone_stays(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = decide_while_undone(monkeypatch, art)
    assert statuses() == {"Bot One": "rejected"}
    assert removal.progress(run).kept == 1
    assert_exact(art)


def test_control_without_asking_who_removed_it_a_moderators_decision_is_undone(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def careless(_step: object, signature: Signature, _others: object) -> Decision:
        return moderation.restored(signature)

    monkeypatch.setattr(removing._Restore, "_decide", careless)
    decide_while_undone(monkeypatch, art)
    assert statuses() == {"Bot One": "published"}


# --- Against who changes what a rule chose by ------------------------------------------------


def rename_while_removed(monkeypatch: pytest.MonkeyPatch, campaign: Campaign) -> None:
    """The signer changes their name after the worker has turned to them, and before it has them locked."""
    signature = make_signature(campaign, name="Bot One")
    started(campaign)
    changes = {"name": "Rob One"}
    renaming = Meanwhile(
        partial(moves.amend, signature_id=signature.pk, actor=SIGNER, changes=changes)
    )
    renaming.before(monkeypatch, moves, "move")
    removing.carry_on()
    assert renaming.end().changed


def test_who_fits_no_longer_at_their_turn_is_not_taken(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename_while_removed(monkeypatch, art)
    assert statuses() == {"Rob One": "published"}


def test_control_without_a_second_look_who_fits_no_longer_is_taken(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(criteria, "still", lambda _campaign, rule: Q(status__in=rule.statuses))
    rename_while_removed(monkeypatch, art)
    assert statuses() == {"Rob One": "rejected"}
