"""A protected name is published by two moderators, each with a note on how it was checked."""

import json
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaign import leaving, moderation, releases, signing, suspicions
from campaign.models import Approval, Campaign, Event, EventNote, Mail, NameSearch, Signature
from campaign.models.api_key import Scope
from campaign.models.event import Verb
from campaign.models.signature import RejectionReason, Status
from tests.batches import imported
from tests.desk import QUEUE, said
from tests.factories import (
    bearer,
    bring_to,
    make_key,
    make_signature,
    make_user,
    manage_token,
    somebody,
)
from tests.four_eyes.desk import (
    NOTE,
    STAR,
    approve,
    desk_of,
    is_open,
    page_of,
    protect,
    protect_unsearched,
    status,
)

pytestmark = pytest.mark.django_db


# --- Two of them -----------------------------------------------------------------------------


def test_the_first_holds_and_the_second_who_reads_the_note_publishes(star: Signature) -> None:
    anna, ben = desk_of("anna"), desk_of("ben")
    assert "Approve as the first of two" in page_of(anna, star)
    answer = approve(anna, star)
    assert "Approved by one of two" in said(answer)
    assert status(star) == Status.HELD
    assert not Mail.objects.filter(kind="published").exists()
    shown = page_of(anna, star)
    assert "Yours is one of two" in shown
    assert "Approve as" not in shown

    seen = page_of(ben, star)
    assert "Approve as the second" in seen
    assert "One of two: anna" in seen
    assert "anna" in seen
    assert NOTE in seen
    answer = approve(ben, star, note="saw her post about it")
    assert "Approved:" in said(answer)
    assert status(star) == Status.PUBLISHED
    assert Mail.objects.filter(kind="published").count() == 1
    acts = Event.objects.filter(signature=star).order_by("pk")[1:]
    assert [(act.verb, str(act.user), act.note.text) for act in acts] == [
        (Verb.SECOND, "anna", NOTE),
        (Verb.APPROVE, "ben", "saw her post about it"),
    ]
    assert not Approval.objects.exists()


def test_one_moderator_is_one_pair_of_eyes_however_often_they_press(star: Signature) -> None:
    anna = desk_of("anna")
    for _ in range(3):
        assert "one of two" in said(approve(anna, star))
    assert status(star) == Status.HELD
    assert Approval.objects.count() == 1
    assert Event.objects.filter(verb=Verb.SECOND).count() == 1


def test_what_waits_for_the_second_does_not_come_back_to_the_first(
    campaign: Campaign, star: Signature
) -> None:
    other = make_signature(campaign, status=Status.HELD, name="Scarlet Johansson")
    anna, ben = desk_of("anna"), desk_of("ben")
    lane = {"filters": "status=protected"}

    def comes_to(answer: Any) -> str:
        return str(answer.redirect_chain[0][0])

    assert comes_to(approve(anna, star, **lane)).startswith(f"{QUEUE}{other.pk}/change/")
    assert comes_to(approve(anna, other, **lane)) == f"{QUEUE}?status=protected"
    assert comes_to(approve(ben, star, **lane)).startswith(f"{QUEUE}{other.pk}/change/")


@pytest.mark.parametrize("note", ["", "ok", "  looks\n fine "])
def test_without_a_word_on_how_it_was_checked_nothing_is_approved(
    star: Signature, note: str
) -> None:
    answer = approve(desk_of("anna"), star, note=note)
    assert answer.status_code == 422
    assert "how you checked" in answer.content.decode()
    assert note.strip() in answer.content.decode()
    assert not Approval.objects.exists()


def test_the_queue_shows_who_waits_for_the_second(star: Signature) -> None:
    approve(desk_of("anna"), star)
    assert "One of two: anna" in desk_of("ben").get(QUEUE).content.decode()


def test_any_other_name_needs_one_and_no_note(campaign: Campaign) -> None:
    other = make_signature(campaign, status=Status.HELD)
    anna = desk_of("anna")
    assert "How did you check" not in page_of(anna, other)
    approve(anna, other, note="")
    assert status(other) == Status.PUBLISHED


def test_who_may_moderate_no_more_is_no_first(star: Signature) -> None:
    approve(desk_of("anna"), star)
    User.objects.get(username="anna").user_permissions.clear()
    approve(desk_of("ben"), star)
    assert status(star) == Status.HELD
    approve(desk_of("cleo"), star)
    assert status(star) == Status.PUBLISHED


# --- What undoes the first -------------------------------------------------------------------


def test_a_correction_makes_the_first_approval_void(star: Signature) -> None:
    approve(desk_of("anna"), star)
    typed = {"name": STAR, "credit": "Another film", "organisation": ""}
    signing.correct(manage_token(star), typed=typed, revision=star.revision)
    shown = star.revision
    star.refresh_from_db()

    assert "changed since it was shown" in said(approve(desk_of("ben"), star, revision=shown))
    assert "one of two" in said(approve(desk_of("ben"), star))
    assert status(star) == Status.HELD
    approve(desk_of("anna"), star)
    assert status(star) == Status.PUBLISHED


@pytest.mark.parametrize(
    ("name", "reasons"),
    [("Ana Prado", ["protected_name"]), ("Scarlet Johanson", ["protected_name", "near_name"])],
)
def test_another_name_that_it_is_like_makes_the_first_approval_void(
    campaign: Campaign, name: str, reasons: list[str]
) -> None:
    held = make_signature(campaign, status=Status.HELD, name=STAR, credit="Ana Prado")
    assert held.hold_reasons == ["protected_name"]
    approve(desk_of("anna"), held)
    protect(campaign, name)
    held.refresh_from_db()
    assert held.hold_reasons == reasons
    assert not Approval.objects.exists()
    assert "one of two" in said(approve(desk_of("ben"), held))
    assert status(held) == Status.HELD
    assert not Mail.objects.filter(kind="published").exists()
    approve(desk_of("anna"), held)
    assert status(held) == Status.PUBLISHED


def test_who_looked_before_another_name_that_it_is_like_was_there_must_look_again(
    campaign: Campaign, star: Signature
) -> None:
    held = make_signature(campaign, status=Status.HELD, name=STAR, credit="Ana Prado")
    with time_machine.travel(timezone.now() + timedelta(seconds=1)):
        protect(campaign, "Ana Prado")
    for username in ("anna", "ben"):
        assert "changed since it was shown" in said(approve(desk_of(username), held))
    assert not Approval.objects.exists()
    assert not Event.objects.filter(verb=Verb.SECOND).exists()
    shown, before = Signature.objects.get(pk=held.pk), held.updated_at
    assert (shown.revision, shown.hold_reasons) == (2, ["protected_name"])
    assert shown.updated_at > before  # whoever mirrors the private list has the new revision
    assert "one of two" in said(approve(desk_of("anna"), shown))
    approve(desk_of("ben"), shown)
    assert status(held) == Status.PUBLISHED
    star.refresh_from_db()
    assert star.revision == 1  # it is like none that is new


@pytest.mark.parametrize("worker", ["before", "after"])
def test_who_looked_before_must_look_again_where_its_signer_has_touched_it_since(
    campaign: Campaign, worker: str
) -> None:
    """As by a tick for news by mail, which leaves the revision; and before or after the search for it."""
    held = make_signature(campaign, status=Status.HELD, name=STAR, credit="Ana Prado")
    protect_unsearched(campaign, "Ana Prado")
    signing.subscribe(manage_token(held), newsletter=True)
    if worker == "before":
        suspicions.search_due()
    for username in ("anna", "ben"):
        assert "changed since it was shown" in said(approve(desk_of(username), held))
    assert not Approval.objects.exists()
    assert status(held) == Status.HELD
    held.refresh_from_db()
    assert (held.revision, held.newsletter) == (2, True)
    assert "one of two" in said(approve(desk_of("anna"), held))


def test_who_looked_before_must_look_again_where_its_release_held_it_for_that_name(
    campaign: Campaign,
) -> None:
    batch = imported(campaign, ["name,email\n", "Ana Prado,ana@example.org\n"])
    shown = Signature.objects.get()
    protect_unsearched(campaign, "Ana Prado")
    by = {"batch_id": batch.pk, "waiting_n": 1}
    releases.preview(by=somebody("one"), **by)
    releases.release(by=somebody("other"), **by)
    releases.release_due()
    held = Signature.objects.get()
    assert (held.hold_reasons, held.revision) == (["imported", "protected_name"], 1)
    suspicions.search_due()
    for username in ("anna", "ben"):
        assert "changed since it was shown" in said(approve(desk_of(username), shown))
    assert status(held) == Status.HELD
    held.refresh_from_db()
    assert held.revision == 2


def test_who_looked_before_a_second_name_must_look_again_where_a_search_has_raised_it_already(
    campaign: Campaign,
) -> None:
    held = make_signature(campaign, status=Status.HELD, name="Ana Prado", credit=STAR)
    protect(campaign, "Ana Prado")
    held.refresh_from_db()
    assert held.revision == 2
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        protect_unsearched(campaign, "Anna Prado")
        signing.subscribe(manage_token(held), newsletter=True)
        suspicions.search_due()
    for username in ("anna", "ben"):
        assert "changed since it was shown" in said(approve(desk_of(username), held))
    assert status(held) == Status.HELD
    held.refresh_from_db()
    assert held.revision == 3
    assert "one of two" in said(approve(desk_of("anna"), held))


@pytest.mark.parametrize("worker", ["before", "after"])
def test_who_looked_between_the_saving_of_a_name_and_its_commit_must_look_again(
    campaign: Campaign, worker: str
) -> None:
    """What its signer changed in that time shows pages a revision of its own, and not the name."""
    held = make_signature(campaign, status=Status.HELD, name=STAR)
    typed = {"name": STAR, "credit": "Ana Prado", "organisation": ""}
    signing.correct(manage_token(held), typed=typed, revision=held.revision)
    held.refresh_from_db()
    protect_unsearched(campaign, "Ana Prado")
    NameSearch.objects.update(created_at=held.updated_at - timedelta(seconds=1))
    if worker == "before":
        suspicions.search_due()
    for username in ("anna", "ben"):
        assert "changed since it was shown" in said(approve(desk_of(username), held))
    assert status(held) == Status.HELD
    held.refresh_from_db()
    assert held.revision == 3  # once, however soon one presses again
    assert "one of two" in said(approve(desk_of("anna"), held))


def test_its_history_says_that_it_is_shown_anew_and_not_that_anybody_touched_it(
    campaign: Campaign,
) -> None:
    held = make_signature(campaign, status=Status.HELD, name=STAR, credit="Ana Prado")
    protect(campaign, "Ana Prado")
    search = NameSearch.objects.get()
    last = Event.objects.filter(signature=held).values_list(
        "verb", "from_status", "to_status", "actor", "reason", "revision"
    )
    assert list(last)[1:] == [("amend", "held", "held", "clock", f"names:{search.pk}", 2)]
    page = page_of(desk_of("anna"), held)
    told = '<b>Changed</b> <span class="quiet">the clock</span> <p>Protected names</p>'
    assert told in page


def test_a_search_that_comes_late_leaves_the_yes_of_who_looked_when_the_name_was_there(
    campaign: Campaign,
) -> None:
    held = make_signature(campaign, status=Status.HELD, name="Ana Prado", credit=STAR)
    protect_unsearched(campaign, "Ana Prado")
    with time_machine.travel(timezone.now() + suspicions.SETTLED + timedelta(seconds=1)):
        approve(desk_of("anna"), held)
        held.refresh_from_db()
        approve(desk_of("anna"), held)
        suspicions.search_due()
        approve(desk_of("ben"), held)
    assert status(held) == Status.PUBLISHED


def test_it_is_void_too_before_the_search_for_that_name_has_come_to_it(
    campaign: Campaign,
) -> None:
    held = make_signature(campaign, status=Status.HELD, name="Ana Prado", credit=STAR)
    approve(desk_of("anna"), held)
    protect_unsearched(campaign, "Ana Prado")
    ben = desk_of("ben")
    for _ in range(2):  # what was shown stays refused, whatever the worker does
        assert "changed since it was shown" in said(approve(ben, held))
    held.refresh_from_db()
    assert "one of two" in said(approve(ben, held))
    assert [str(each.user) for each in Approval.objects.all()] == ["ben"]
    assert status(held) == Status.HELD
    assert not Mail.objects.filter(kind="published").exists()


def test_who_said_yes_when_the_name_had_been_there_for_a_while_is_one_of_two_before_its_search_too(
    campaign: Campaign,
) -> None:
    held = make_signature(campaign, status=Status.HELD, name="Ana Prado", credit=STAR)
    protect_unsearched(campaign, "Ana Prado")
    with time_machine.travel(timezone.now() + suspicions.SETTLED + timedelta(seconds=1)):
        assert "changed since it was shown" in said(approve(desk_of("anna"), held))
        held.refresh_from_db()
        approve(desk_of("anna"), held)
        approve(desk_of("ben"), held)
        assert status(held) == Status.PUBLISHED
        suspicions.search_due()
    assert not is_open(held)


def test_a_search_that_has_not_come_yet_voids_nothing_of_what_is_not_like_its_name(
    campaign: Campaign, star: Signature
) -> None:
    approve(desk_of("anna"), star)
    protect_unsearched(campaign, "Ana Prado")
    approve(desk_of("ben"), star)
    assert status(star) == Status.PUBLISHED


def test_of_what_waits_for_its_release_too(campaign: Campaign) -> None:
    imported(campaign, ["name,email", "Ana Prado,ana@example.org"])
    held = Signature.objects.get()
    protect(campaign, "Ana Prado")
    held.refresh_from_db()
    assert "one of two" in said(approve(desk_of("anna"), held))
    protect(campaign, "Anna Prado")
    held.refresh_from_db()
    assert (held.hold_reasons, held.revision) == (["imported"], 3)  # once for each name
    assert "one of two" in said(approve(desk_of("ben"), held))
    assert status(held) == Status.HELD


def test_a_name_that_it_is_not_like_leaves_the_first_approval(
    campaign: Campaign, star: Signature
) -> None:
    approve(desk_of("anna"), star)
    protect(campaign, "Ana Prado")
    assert Approval.objects.count() == 1
    approve(desk_of("ben"), star)
    assert status(star) == Status.PUBLISHED


def test_an_approval_after_the_name_was_found_is_left_by_the_last_look(
    campaign: Campaign,
) -> None:
    held = make_signature(campaign, status=Status.HELD, name=STAR, credit="Ana Prado")
    protect(campaign, "Scarlet Johanson")
    held.refresh_from_db()
    approve(desk_of("anna"), held)
    with time_machine.travel(timezone.now() + suspicions.SETTLED + timedelta(seconds=1)):
        suspicions.search_due()
        assert NameSearch.objects.get().done_at is not None
        approve(desk_of("ben"), held)
    assert status(held) == Status.PUBLISHED


def test_a_rejection_that_is_taken_back_begins_anew(star: Signature) -> None:
    approve(desk_of("anna"), star)
    by, reason = somebody("ben"), RejectionReason.IMPERSONATION
    moderation.reject(signature_id=star.pk, revision=1, reason=reason, by=by)
    assert not Approval.objects.exists()
    moderation.restore(signature_id=star.pk, revision=1, by=by)
    star.refresh_from_db()
    assert "one of two" in said(approve(desk_of("ben"), star))
    assert status(star) == Status.HELD


def test_an_erasure_leaves_no_note_of_how_it_was_checked(star: Signature) -> None:
    approve(desk_of("anna"), star)
    leaving.erase(manage_token(star))
    assert not EventNote.objects.exists()
    assert not Approval.objects.exists()
    assert Event.objects.filter(verb=Verb.SECOND).count() == 1


# --- No way around ---------------------------------------------------------------------------


def test_a_hold_that_says_nothing_of_the_name_is_no_way_around(star: Signature) -> None:
    bring_to(star, Status.PUBLISHED)
    star.refresh_from_db()
    moderation.hold(signature_id=star.pk, by=somebody("anna"))
    star.refresh_from_db()
    assert star.hold_reasons == ["moderator"]
    approve(desk_of("anna"), star)
    assert status(star) == Status.HELD


def test_to_reject_and_restore_a_published_one_is_no_way_around(star: Signature) -> None:
    bring_to(star, Status.PUBLISHED)
    bring_to(star, Status.REJECTED)
    moderation.restore(signature_id=star.pk, revision=star.revision, by=somebody("anna"))
    star.refresh_from_db()
    assert (star.status, star.hold_reasons) == (Status.HELD, ["protected_name"])


def test_a_name_protected_while_it_waits_needs_two(campaign: Campaign) -> None:
    held = make_signature(campaign, status=Status.HELD, name="Kate Unknown")
    campaign.protected_names.create(name="Kate Unknown", skeletons=["kateunknown"])
    approve(desk_of("anna"), held)
    assert status(held) == Status.HELD


def test_many_at_once_leave_out_protected_names_and_say_so(
    campaign: Campaign, star: Signature
) -> None:
    other = make_signature(campaign, status=Status.HELD, name="Any Other")
    anna = desk_of("anna")
    chosen = {"action": "approve_selected", "_selected_action": [star.pk, other.pk]}
    preview = anna.post(QUEUE, chosen)
    assert [row.pk for row, _names in preview.context["rows"]] == [other.pk]
    assert "it bears a protected name" in preview.content.decode()

    items = [f"{each.pk}:{each.revision}:held" for each in (star, other)]
    answer = anna.post(f"{QUEUE}many/approve/", {"item": items, "note": NOTE}, follow=True)
    assert (status(star), status(other)) == (Status.HELD, Status.PUBLISHED)
    assert "two people must look at it" in said(answer)
    assert not Approval.objects.exists()


@pytest.mark.parametrize("four_eyes", [True, False])
def test_a_program_is_no_pair_of_eyes(star: Signature, four_eyes: bool) -> None:
    Campaign.objects.update(four_eyes=four_eyes)
    key = make_key(star.campaign, Scope.MODERATE)
    approve(desk_of("anna"), star) if four_eyes else None
    answer = Client().post(
        f"/api/v1/campaigns/art/private/signatures/{star.public_id}/approve/",
        json.dumps({"revision": 1}),
        content_type="application/json",
        headers=bearer(key),
    )
    assert (answer.status_code, json.loads(answer.content)["code"]) == (403, "in_person_only")
    assert status(star) == Status.HELD


# --- Those who tried before ------------------------------------------------------------------


def test_a_later_try_shows_who_was_refused_under_a_name_like_it_by_whom_and_why(
    campaign: Campaign,
) -> None:
    ben = make_user("view_signature", "view_address", "moderate_signature", username="ben")
    before = make_signature(campaign, status=Status.HELD, name="Johansson, Scarlett")
    moderation.reject(
        signature_id=before.pk,
        revision=before.revision,
        reason=RejectionReason.IMPERSONATION,
        by=ben,
        note="her agent knows nothing of it",
    )
    again = make_signature(campaign, status=Status.HELD, name=STAR)
    client = Client()
    client.force_login(ben)
    page = page_of(client, again)
    for shown in ("Johansson, Scarlett", "ben", "her agent knows nothing of it"):
        assert shown in page
