"""A protected name is published by two moderators, each with a note on how it was checked."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from campaign import identity, leaving, members, moderation, moves, signing, suspicions
from campaign.errors import InPersonOnly
from campaign.history import SIGNER
from campaign.models import (
    Approval,
    AuditEntry,
    Campaign,
    Event,
    EventNote,
    Mail,
    Membership,
    Signature,
)
from campaign.models.api_key import ApiKey, Scope
from campaign.models.event import Verb
from campaign.models.membership import Role
from campaign.models.report import Report, ReportStatus
from campaign.models.signature import RejectionReason, Status
from tests import reports
from tests.campaign_form import inputs
from tests.factories import (
    bearer,
    bring_to,
    campaign_file,
    make_campaign,
    make_key,
    make_member,
    make_signature,
    make_user,
    manage_token,
    on_record,
    somebody,
)

pytestmark = pytest.mark.django_db

QUEUE = "/admin/campaign/signature/"
STAR = "Scarlett Johansson"
NOTE = "called her agent, number from the guild"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def star(campaign: Campaign) -> Signature:
    return make_signature(campaign, status=Status.HELD, name=STAR)


@pytest.fixture
def pair(campaign: Campaign) -> list[Client]:
    """An owner and a moderator, and nobody else who could look."""
    for username, role in (("olga", Role.OWNER), ("mona", Role.MODERATOR)):
        make_member(campaign, role, username=username)
    return [desk_of("olga"), desk_of("mona")]


def desk_of(username: str) -> Client:
    client = Client()
    client.force_login(somebody(username))
    return client


def page_of(client: Client, signature: Signature) -> str:
    text = client.get(f"{QUEUE}{signature.pk}/change/").content.decode()
    return " ".join(text.split())


def approve(client: Client, signature: Signature, **typed: Any) -> Any:
    sent = {"revision": signature.revision, "status": "held", "note": NOTE, **typed}
    return client.post(f"{QUEUE}{signature.pk}/approve/", sent, follow=True)


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def status(signature: Signature) -> str:
    return Signature.objects.values_list("status", flat=True).get(pk=signature.pk)


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


# --- What is published before its name is protected ------------------------------------------


@pytest.fixture
def doubted(campaign: Campaign) -> Signature:
    """On the list, and like a name protected since."""
    signature = make_signature(campaign, name="Ana Prado")
    doubt(signature, "Ana Prado")
    return signature


def doubt(signature: Signature, name: str) -> None:
    """Protect a name, and have the worker find what is like it."""
    protected = signature.campaign.protected_names.create(
        name=name, skeletons=sorted(identity.skeletons(name))
    )
    suspicions.look_for(signature.campaign, [protected])
    suspicions.search_due()
    assert is_open(signature)


def is_open(signature: Signature) -> bool:
    return suspicions.open_ones().filter(signature=signature).exists()


def keep(client: Client, signature: Signature, **typed: Any) -> Any:
    sent = {"revision": signature.revision, "status": "published", "note": NOTE, **typed}
    return client.post(f"{QUEUE}{signature.pk}/keep/", sent, follow=True)


def test_to_keep_what_is_like_a_name_protected_since_takes_two(doubted: Signature) -> None:
    anna, ben = desk_of("anna"), desk_of("ben")
    assert "Keep as the first of two" in page_of(anna, doubted)
    assert "Kept by one of two" in said(keep(anna, doubted))
    assert (status(doubted), is_open(doubted)) == (Status.PUBLISHED, True)
    shown = page_of(anna, doubted)
    assert "Yours is one of two" in shown
    assert "Keep as" not in shown
    assert "One of two: anna" in ben.get(QUEUE, {"status": "suspect"}).content.decode()

    seen = page_of(ben, doubted)
    assert "Keep as the second" in seen
    assert NOTE in seen
    assert "Kept:" in said(keep(ben, doubted, note="saw her post about it"))
    assert (status(doubted), is_open(doubted)) == (Status.PUBLISHED, False)
    acts = Event.objects.filter(signature=doubted).order_by("pk")[1:]
    assert [(act.verb, str(act.user), act.note.text) for act in acts] == [
        (Verb.SECOND, "anna", NOTE),
        (Verb.KEEP, "ben", "saw her post about it"),
    ]
    assert not Approval.objects.exists()
    assert not Mail.objects.filter(kind="published").exists()


def test_one_who_keeps_it_twice_is_one_pair_of_eyes(doubted: Signature) -> None:
    anna = desk_of("anna")
    for _ in range(3):
        assert "one of two" in said(keep(anna, doubted))
    assert is_open(doubted)
    assert Approval.objects.count() == 1
    assert Event.objects.filter(verb=Verb.SECOND).count() == 1
    assert not Event.objects.filter(verb=Verb.KEEP).exists()


@pytest.mark.parametrize("note", ["", "fine so"])
def test_without_a_word_on_how_it_was_checked_nothing_is_kept(
    doubted: Signature, note: str
) -> None:
    answer = keep(desk_of("anna"), doubted, note=note)
    assert answer.status_code == 422
    assert "how you checked" in answer.content.decode()
    assert not Approval.objects.exists()


def test_its_reporters_are_told_when_the_second_has_kept_it(doubted: Signature) -> None:
    report = reports.confirmed(Client(), doubted)
    keep(desk_of("anna"), doubted, report=report.pk)
    assert Report.objects.get().status == ReportStatus.OPEN
    keep(desk_of("ben"), doubted, report=report.pk)
    assert Report.objects.get().status == ReportStatus.CLOSED
    assert Mail.objects.filter(kind="report_kept").count() == 1


def test_against_a_report_alone_one_keeps_it_without_a_note(campaign: Campaign) -> None:
    signature = make_signature(campaign, name="Ana Prado")
    report = reports.confirmed(Client(), signature)
    anna = desk_of("anna")
    assert "Keep as the first" not in page_of(anna, signature)
    keep(anna, signature, report=report.pk, note="")
    assert Report.objects.get().status == ReportStatus.CLOSED
    assert not Approval.objects.exists()


def test_another_name_that_it_is_like_makes_the_first_yes_void(doubted: Signature) -> None:
    keep(desk_of("anna"), doubted)
    doubt(doubted, "Anna Prado")
    assert "one of two" in said(keep(desk_of("ben"), doubted))
    assert is_open(doubted)
    keep(desk_of("anna"), doubted)
    assert not is_open(doubted)


def test_a_correction_makes_the_first_to_keep_it_void(doubted: Signature) -> None:
    keep(desk_of("anna"), doubted)
    changes = {"credit": "Another film"}
    moves.amend(signature_id=doubted.pk, actor=SIGNER, changes=changes)
    doubted.refresh_from_db()
    assert "one of two" in said(keep(desk_of("ben"), doubted))
    assert is_open(doubted)


def test_a_yes_to_its_staying_is_none_to_its_coming_back(doubted: Signature) -> None:
    keep(desk_of("anna"), doubted)
    moderation.hold(signature_id=doubted.pk, by=somebody("anna"))
    assert not Approval.objects.exists()
    doubted.refresh_from_db()
    approve(desk_of("ben"), doubted)
    assert status(doubted) == Status.HELD


def test_without_four_eyes_one_keeps_it_with_a_note(doubted: Signature) -> None:
    Campaign.objects.update(four_eyes=False)
    anna = desk_of("anna")
    assert keep(anna, doubted, note="").status_code == 422
    assert "Kept:" in said(keep(anna, doubted))
    assert not is_open(doubted)


def test_a_program_keeps_nothing_that_is_like_a_protected_name(doubted: Signature) -> None:
    make_key(doubted.campaign, Scope.MODERATE)
    with pytest.raises(InPersonOnly):
        moderation.keep(
            signature_id=doubted.pk,
            revision=doubted.revision,
            report_ids=[],
            by=ApiKey.objects.get(),
            note=NOTE,
        )
    assert is_open(doubted)


def test_many_at_once_keep_nothing(doubted: Signature) -> None:
    anna = desk_of("anna")
    for verb in ("approve", "keep"):
        chosen = {"action": f"{verb}_selected", "_selected_action": [doubted.pk]}
        anna.post(f"{QUEUE}?status=suspect", chosen)
        items = [f"{doubted.pk}:{doubted.revision}:published"]
        anna.post(f"{QUEUE}many/{verb}/", {"item": items, "note": NOTE})
    assert is_open(doubted)
    assert not Approval.objects.exists()


def test_who_keeps_one_of_the_lane_comes_to_the_next(
    campaign: Campaign, doubted: Signature
) -> None:
    after = make_signature(campaign, name="Ana Torres")
    doubt(after, "Ana Torres")
    answer = keep(desk_of("anna"), doubted, filters="status=suspect")
    assert answer.redirect_chain[0][0].startswith(f"{QUEUE}{after.pk}/change/")


# --- Somebody new ----------------------------------------------------------------------------


LATER = timedelta(days=30)


def joined(campaign: Campaign, username: str, role: Role, at: datetime) -> User:
    with time_machine.travel(at, tick=False):
        return make_member(campaign, role, username=username)


def test_whom_an_owner_invites_today_is_no_pair_of_eyes_before_tomorrow(
    campaign: Campaign, star: Signature
) -> None:
    now = timezone.now() + LATER
    joined(campaign, "olga", Role.OWNER, timezone.now())
    joined(campaign, "sock", Role.MODERATOR, now)
    with time_machine.travel(now + timedelta(hours=23, minutes=59), tick=False):
        olga, sock = desk_of("olga"), desk_of("sock")
        shown = page_of(sock, star)
        assert "You are new here: your yes to a protected name counts from" in shown
        assert "Approve as" not in shown
        # Neither as the first of two, nor as the second.
        for _ in range(2):
            answer = approve(sock, star)
            assert answer.status_code == 422
            assert status(star) == Status.HELD
            assert not Approval.objects.filter(user__username="sock").exists()
            approve(olga, star)
    with time_machine.travel(now + timedelta(hours=24, minutes=1), tick=False):
        sock = desk_of("sock")
        assert "You are new here" not in page_of(sock, star)
        approve(sock, star)
    assert status(star) == Status.PUBLISHED


def test_who_keeps_what_is_doubted_is_no_newcomer_either(doubted: Signature) -> None:
    now = timezone.now() + LATER
    joined(doubted.campaign, "sock", Role.MODERATOR, now)
    with time_machine.travel(now + timedelta(hours=1), tick=False):
        keep(desk_of("anna"), doubted)
        assert keep(desk_of("sock"), doubted).status_code == 422
    assert is_open(doubted)


def test_a_reader_who_is_promoted_is_new_as_a_moderator(
    campaign: Campaign, star: Signature
) -> None:
    olga = joined(campaign, "olga", Role.OWNER, timezone.now())
    joined(campaign, "rita", Role.READER, timezone.now())
    now = timezone.now() + LATER
    with time_machine.travel(now, tick=False):
        membership = Membership.objects.get(user__username="rita")
        members.change_role(membership_id=membership.pk, role=Role.MODERATOR, by=olga)
        assert approve(desk_of("rita"), star).status_code == 422
    with time_machine.travel(now + timedelta(hours=25), tick=False):
        assert "one of two" in said(approve(desk_of("rita"), star))


def test_those_that_a_campaign_begins_with_are_not_made_to_wait(
    campaign: Campaign, star: Signature, pair: list[Client]
) -> None:
    for client in pair:
        assert approve(client, star).status_code == 200
    assert status(star) == Status.PUBLISHED


def test_who_moderates_every_campaign_is_never_new(star: Signature) -> None:
    with time_machine.travel(timezone.now() + LATER, tick=False):
        for username in ("anna", "ben"):
            approve(desk_of(username), star)
    assert status(star) == Status.PUBLISHED


# --- One moderator alone ---------------------------------------------------------------------


def test_a_campaign_with_one_moderator_is_told_how_to_go_on(star: Signature) -> None:
    anna = make_user("view_signature", "view_campaign", username="anna")
    Membership.objects.create(user=anna, campaign=star.campaign, role=Role.OWNER)
    somebody("maker").user_permissions.clear()
    client = Client()
    client.force_login(anna)
    assert "This campaign has one moderator" in page_of(client, star)
    campaign_page = f"/admin/campaign/campaign/{star.campaign.pk}/"
    shown = client.get(f"{campaign_page}change/").content.decode()
    assert "One person can moderate this campaign" in " ".join(shown.split())

    client.post(f"{campaign_page}four-eyes/", {"on": "no"})
    entry = AuditEntry.objects.get(action="four_eyes")
    assert (entry.user, entry.campaign, entry.details) == (anna, star.campaign, {"on": False})
    assert "This campaign has one moderator" not in page_of(client, star)
    assert approve(client, star, note="").status_code == 422
    approve(client, star)
    assert status(star) == Status.PUBLISHED

    client.post(f"{campaign_page}four-eyes/", {"on": "yes"})
    client.post(f"{campaign_page}four-eyes/", {"on": "yes"})
    assert AuditEntry.objects.filter(action="four_eyes").count() == 2
    assert Campaign.objects.get().four_eyes


def test_a_moderator_who_is_no_owner_cannot_switch_it_off(campaign: Campaign) -> None:
    ben = make_user(username="ben")
    Membership.objects.create(user=ben, campaign=campaign, role=Role.MODERATOR)
    client = Client()
    client.force_login(ben)
    answer = client.post(f"/admin/campaign/campaign/{campaign.pk}/four-eyes/", {"on": "no"})
    assert answer.status_code in {403, 404}
    assert Campaign.objects.get().four_eyes
    assert not on_record().exists()


def test_the_file_switches_it_on_record_too(campaign: Campaign) -> None:
    make_campaign(extra="four_eyes = false")
    assert not Campaign.objects.get().four_eyes
    assert [entry.details for entry in on_record()] == [{"on": False}]
    make_campaign()
    assert Campaign.objects.get().four_eyes
    assert on_record().count() == 2


def test_nobody_switches_it_off_while_two_could_look(
    campaign: Campaign, pair: list[Client], tmp_path: Path
) -> None:
    olga, path = pair[0], f"/admin/campaign/campaign/{campaign.pk}/"
    page = " ".join(olga.get(f"{path}change/").content.decode().split())
    assert "while two can look, nobody can" in page
    assert "Do without four eyes" not in page
    answer = olga.post(f"{path}four-eyes/", {"on": "no"}, follow=True)
    assert said(answer) == "Four eyes: cannot be switched off: 2 people can moderate this campaign"

    typed = inputs(olga.get(f"{path}edit/").content.decode())
    typed.pop("four_eyes")
    for button in ("_look", "_save"):
        answer = olga.post(f"{path}edit/", {**typed, button: "on"})
        assert answer.status_code == 422
        [(_label, anchor, _mistakes)] = answer.context["form"].wrong
        assert anchor == "f-four-eyes"

    file = tmp_path / "art.toml"
    file.write_text(campaign_file(publication="after_verification", extra="four_eyes = false"))
    with pytest.raises(CommandError, match="four_eyes: cannot be switched off: 2 people"):
        call_command("load_campaign", file)
    assert Campaign.objects.get().four_eyes
    assert not on_record().exists()


def test_off_since_it_was_one_it_is_told_of_the_second_and_switched_on_freely(
    campaign: Campaign,
) -> None:
    make_campaign(publication="after_verification", extra="four_eyes = false")
    make_member(campaign, Role.OWNER, username="olga")
    make_member(campaign, Role.MODERATOR, username="mona")
    make_campaign(publication="after_verification", extra="four_eyes = false")
    olga, path = desk_of("olga"), f"/admin/campaign/campaign/{campaign.pk}/"
    page = " ".join(olga.get(f"{path}change/").content.decode().split())
    assert "That is enough for four eyes" in page
    olga.post(f"{path}four-eyes/", {"on": "yes"})
    assert Campaign.objects.get().four_eyes


def test_a_yes_of_before_it_was_switched_off_counts_neither_then_nor_when_it_is_on_again(
    campaign: Campaign, pair: list[Client]
) -> None:
    olga, mona = pair
    star = make_signature(campaign, status=Status.HELD, name=STAR)
    somebody("maker").user_permissions.clear()
    approve(olga, star)
    Membership.objects.filter(user__username="mona").update(role=Role.READER)
    path = f"/admin/campaign/campaign/{campaign.pk}/four-eyes/"
    olga.post(path, {"on": "no"})
    assert not Campaign.objects.get().four_eyes
    assert status(star) == Status.HELD
    assert not Approval.objects.exists()
    assert "How did you check" in page_of(olga, star)  # she can say it anew
    olga.post(path, {"on": "yes"})
    Membership.objects.filter(user__username="mona").update(role=Role.MODERATOR)
    assert "one of two" in said(approve(mona, star))
    assert status(star) == Status.HELD


def test_a_second_moderator_of_another_campaign_counts_for_nothing(campaign: Campaign) -> None:
    other = make_campaign(slug="other")
    for username, where in (("anna", campaign), ("ben", other)):
        user = make_user(username=username)
        Membership.objects.create(user=user, campaign=where, role=Role.MODERATOR)
    star = make_signature(campaign, status=Status.HELD, name=STAR)
    somebody("maker").user_permissions.clear()
    client = Client()
    client.force_login(User.objects.get(username="anna"))
    assert "This campaign has one moderator" in page_of(client, star)


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
