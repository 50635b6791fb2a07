"""Moves of one signature, and of one address, at once: one legal end, and the counts exact."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from django.test import Client

from campaign import (
    history,
    leaving,
    locks,
    moderation,
    moves,
    placing,
    public_numbers,
    retention,
    signing,
)
from campaign.errors import CampaignError, ChangedMeanwhile, MoveRefused
from campaign.models import Campaign, Event, Signature
from campaign.models.campaign import Publication
from campaign.models.signature import HoldReason, RejectionReason, Status
from tests.concurrency.guards import forget_the_status, outcome_of, read_only
from tests.concurrency.threads import PATIENCE, Meanwhile, at_once
from tests.counted import assert_exact
from tests.factories import confirm_token, make_campaign, make_signature, make_user, manage_token

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 25


def confirm(token: str) -> tuple[int, bytes]:
    """Status and body of a press on the button."""
    client = Client(raise_request_exception=False)
    body = json.dumps({"token": token})
    answer = client.post("/api/v1/signatures/confirm/", body, content_type="application/json")
    return answer.status_code, answer.content


def let_all_read_first(monkeypatch: pytest.MonkeyPatch, parties: int) -> None:
    """Nobody waits for a lock, and everybody has read before anybody writes."""
    everybody = threading.Barrier(parties)
    apply = moves._apply

    def after_all_have_read(*args: Any) -> None:
        everybody.wait(PATIENCE)
        apply(*args)

    monkeypatch.setattr(locks, "lock", read_only)
    monkeypatch.setattr(moves, "_apply", after_all_have_read)


# --- One link, many times --------------------------------------------------------------------


def test_one_link_pressed_twenty_times_at_once_publishes_once() -> None:
    campaign = make_campaign(publication=Publication.AFTER_VERIFICATION)
    make_signature(campaign, email="first@example.org")
    token = confirm_token(make_signature(campaign, status=Status.PENDING))
    assert public_numbers.counts(campaign)["published"] == 1
    answers = at_once([lambda: confirm(token)] * 20)
    assert answers == [(200, answers[0][1])] * 20
    assert json.loads(answers[0][1])["status"] == "published"
    assert public_numbers.counts(campaign)["published"] == 2
    assert_exact(campaign)
    events = Event.objects.filter(signature=Signature.objects.latest("pk"))
    assert [event.verb for event in events] == ["confirm"]


def test_control_without_the_lock_all_but_one_press_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign(publication=Publication.AFTER_VERIFICATION)
    token = confirm_token(make_signature(campaign, status=Status.PENDING))
    let_all_read_first(monkeypatch, 4)
    answers = at_once([lambda: confirm(token)] * 4)
    assert sorted(status for status, _body in answers) == [200, 409, 409, 409]
    assert public_numbers.counts(campaign)["published"] == 1  # the filter of the UPDATE still holds


def test_control_without_lock_and_filter_one_signature_counts_as_often_as_it_was_pressed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign(publication=Publication.AFTER_VERIFICATION)
    token = confirm_token(make_signature(campaign, status=Status.PENDING))
    let_all_read_first(monkeypatch, 4)
    forget_the_status(monkeypatch)
    answers = at_once([lambda: confirm(token)] * 4)
    assert [status for status, _body in answers] == [200] * 4
    assert public_numbers.counts(campaign)["published"] == 4
    assert Event.objects.filter(verb="confirm").count() == 4


# --- Leaving never loses ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "verb", "legal"),
    [
        # The row of a signature that was never confirmed goes; that of a confirmed one stays.
        (Status.PENDING, "confirm", {None, Status.WITHDRAWN}),
        (Status.HELD, "approve", {Status.WITHDRAWN}),
        (Status.HELD, "reject", {Status.WITHDRAWN}),
        (Status.PUBLISHED, "hold", {Status.WITHDRAWN}),
        (Status.PUBLISHED, "reject", {Status.WITHDRAWN}),
    ],
)
def test_a_withdrawal_at_the_same_moment_as_any_other_move_wins(
    before: Status, verb: str, legal: set[Status | None]
) -> None:
    campaign = make_campaign()
    by = make_user()
    verbs: dict[str, Callable[[Signature], object]] = {
        "confirm": lambda s: signing.confirm(confirm_token(s)),
        "approve": lambda s: moderation.approve(signature_id=s.pk, revision=s.revision, by=by),
        "hold": lambda s: moderation.hold(signature_id=s.pk, by=by),
        "reject": lambda s: moderation.reject(
            signature_id=s.pk, revision=s.revision, reason=RejectionReason.CONTENT, by=by
        ),
    }
    ends = set()
    for _ in range(ROUNDS):
        signature = make_signature(campaign, status=before)
        token = manage_token(signature)
        moved, withdrawn = at_once(
            [partial(verbs[verb], signature), partial(leaving.withdraw, token)]
        )
        assert withdrawn is None
        assert isinstance(moved, moves.Moved | CampaignError), repr(moved)
        row = Signature.objects.filter(pk=signature.pk).first()
        ends.add(row and row.status)
    assert ends <= legal
    assert_exact(campaign)


def test_an_erasure_at_the_same_moment_as_an_approval_wins_and_leaves_nothing() -> None:
    campaign = make_campaign()
    by = make_user()
    for _ in range(ROUNDS):
        held = make_signature(campaign, status=Status.HELD)
        token = manage_token(held)
        approved, erased = at_once(
            [
                partial(moderation.approve, signature_id=held.pk, revision=1, by=by),
                partial(leaving.erase, token),
            ]
        )
        assert erased is None
        assert isinstance(approved, moves.Moved | CampaignError), repr(approved)
        held.refresh_from_db()
        assert (held.status, held.name, held.email) == (Status.ERASED, "", "")
    assert public_numbers.counts(campaign)["withdrawn"] == ROUNDS
    assert_exact(campaign)


@pytest.mark.parametrize("verb", ["confirm", "approve"])
def test_a_withdrawal_that_comes_while_another_move_is_written_waits_and_wins(
    monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    campaign = make_campaign()
    status = Status.PENDING if verb == "confirm" else Status.HELD
    signature = make_signature(campaign, status=status)
    token = manage_token(signature)
    departure = Meanwhile(lambda: leaving.withdraw(token)).before(monkeypatch, moves, "_apply")
    if verb == "confirm":
        assert signing.confirm(confirm_token(signature)).changed
    else:
        assert moderation.approve(signature_id=signature.pk, revision=1, by=make_user()).changed
    assert departure.end() is None
    assert departure.waited
    signature.refresh_from_db()
    assert signature.status == Status.WITHDRAWN
    assert_exact(campaign)


def test_an_approval_that_comes_while_a_withdrawal_is_written_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign()
    held = make_signature(campaign, status=Status.HELD)
    by = make_user()
    approval = Meanwhile(lambda: moderation.approve(signature_id=held.pk, revision=1, by=by))
    approval.before(monkeypatch, moves, "_apply")
    leaving.withdraw(manage_token(held))
    assert isinstance(approval.end(), ChangedMeanwhile)
    held.refresh_from_db()
    assert held.status == Status.WITHDRAWN
    assert_exact(campaign)


def test_control_without_the_lock_a_withdrawal_loses_against_an_approval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign()
    held = make_signature(campaign, status=Status.HELD)
    token, by = manage_token(held), make_user()
    monkeypatch.setattr(locks, "lock", read_only)
    approval = Meanwhile(lambda: moderation.approve(signature_id=held.pk, revision=1, by=by))
    approval.before(monkeypatch, moves, "_apply")
    assert isinstance(outcome_of(lambda: leaving.withdraw(token)), MoveRefused)
    assert approval.end().changed
    held.refresh_from_db()
    assert held.status == Status.PUBLISHED  # on the list, although its signer took it back


def test_control_without_lock_and_filter_the_database_alone_keeps_who_withdrew_off_the_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign()
    held = make_signature(campaign, status=Status.HELD)
    token = manage_token(held)
    monkeypatch.setattr(locks, "lock", read_only)
    forget_the_status(monkeypatch)
    departure = Meanwhile(lambda: leaving.withdraw(token)).before(monkeypatch, moves, "_apply")
    with pytest.raises(IntegrityError, match="signature_named_until_it_leaves"):
        moderation.approve(signature_id=held.pk, revision=1, by=make_user())
    assert departure.end() is None


def test_a_signature_erased_twice_at_once_is_a_success_both_times(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = manage_token(make_signature(status=Status.HELD))
    again = Meanwhile(lambda: leaving.erase(token)).before(monkeypatch, moves, "_apply")
    leaving.erase(token)
    assert again.end() is None
    assert again.waited
    assert Event.objects.filter(verb="erase").count() == 1


# --- Nobody is approved under a name that nobody saw -----------------------------------------


def rename_while_approved(monkeypatch: pytest.MonkeyPatch) -> tuple[Signature, object]:
    """A held signature whose signer renamed it, and what came of the approval meanwhile."""
    held, by = make_signature(make_campaign()), make_user()
    shown = moderation.hold(signature_id=held.pk, by=by).signature.revision
    approval = Meanwhile(lambda: moderation.approve(signature_id=held.pk, revision=shown, by=by))
    approval.before(monkeypatch, placing, "derive")
    changes = {"name": "Scarlett Johansson"}
    moves.amend(signature_id=held.pk, actor=history.SIGNER, changes=changes, revision=shown)
    outcome = approval.end()
    held.refresh_from_db()
    assert held.name == "Scarlett Johansson"
    return held, outcome


def test_an_approval_that_comes_while_the_signer_renames_finds_it_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    renamed, outcome = rename_while_approved(monkeypatch)
    assert isinstance(outcome, ChangedMeanwhile)
    assert (renamed.status, renamed.revision) == (Status.HELD, 3)


def test_control_without_the_lock_a_name_that_nobody_saw_is_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(locks, "lock", read_only)
    renamed, outcome = rename_while_approved(monkeypatch)
    assert isinstance(outcome, moves.Moved)
    assert renamed.status == Status.PUBLISHED


# --- Two links of one address ----------------------------------------------------------------


def two_links(campaign: Campaign, address: str) -> list[str]:
    """The tokens of two people who sign with one address."""
    return [
        confirm_token(make_signature(campaign, status=Status.PENDING, email=address, name=name))
        for name in ("Zoë Moreau", "Ann Moreau")
    ]


def test_two_links_of_one_address_at_once_never_deadlock_and_the_second_is_held() -> None:
    campaign = make_campaign(publication=Publication.AFTER_VERIFICATION)
    for number in range(40):
        address = f"couple{number}@example.org"
        answers = at_once([partial(confirm, token) for token in two_links(campaign, address)])
        assert [status for status, _body in answers] == [200, 200]
        rows = Signature.objects.filter(email=address).order_by("confirmed_at")
        ends = [(s.status, s.hold_reasons) for s in rows]
        assert ends == [
            (Status.PUBLISHED, []),
            (Status.HELD, [HoldReason.SECOND_NAME]),
        ]
    assert_exact(campaign)


def test_control_without_the_lock_neither_name_sees_the_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign(publication=Publication.AFTER_VERIFICATION)
    tokens = two_links(campaign, "couple@example.org")
    let_all_read_first(monkeypatch, 2)
    at_once([partial(confirm, token) for token in tokens])
    assert [s.status for s in Signature.objects.all()] == [Status.PUBLISHED, Status.PUBLISHED]


def test_control_locking_ones_own_row_first_and_then_the_others_deadlocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign(publication=Publication.AFTER_VERIFICATION)
    in_order = locks.lock
    both = threading.Barrier(2)

    def own_row_first(signature_id: int | str) -> tuple[Signature, list[Signature]]:
        Signature.objects.select_for_update().get(public_id=signature_id)
        both.wait(PATIENCE)
        return in_order(signature_id)

    deadlocks = 0
    for number in range(3):
        tokens = two_links(campaign, f"couple{number}@example.org")
        with monkeypatch.context() as patch:
            patch.setattr(locks, "lock", own_row_first)
            outcomes = at_once([partial(signing.confirm, token) for token in tokens])
        deadlocks += sum(
            isinstance(error, OperationalError) and "deadlock" in str(error) for error in outcomes
        )
    assert deadlocks == 3


# --- The clock, and releases -----------------------------------------------------------------


def test_a_signature_confirmed_while_the_stale_ones_are_deleted_is_not_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    campaign = make_campaign(publication=Publication.AFTER_VERIFICATION)
    signature = make_signature(campaign, status=Status.PENDING)
    token = confirm_token(signature)
    monkeypatch.setattr(retention, "UNCONFIRMED_KEPT", timedelta(0))
    expiring = Meanwhile(retention.expire).before(monkeypatch, moves, "_apply")
    assert signing.confirm(token).changed
    assert expiring.end()["unconfirmed signatures"] == 0
    signature.refresh_from_db()
    assert signature.status == Status.PUBLISHED
    assert_exact(campaign)
