"""Runs of a removal by rule: started, stopped, undone; what the public and signers hear."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from campaign import leaving, moderation, moves, queue, removal, removing, retention, signing
from campaign.errors import AlreadyStarted
from campaign.history import ORGANISER
from campaign.models import (
    AuditEntry,
    Campaign,
    Event,
    Mail,
    Removal,
    RemovalItem,
    Signature,
)
from campaign.models.mail import MailStatus
from campaign.models.membership import Role
from campaign.models.removal import ItemState, RemovalStatus
from campaign.models.signature import RejectionReason, Status
from tests.counted import assert_exact
from tests.factories import (
    bring_to,
    make_campaign,
    make_member,
    make_signature,
    make_user,
    manage_token,
)
from tests.removals import (
    START,
    WORDS,
    look,
    matched,
    page_of,
    press,
    removed,
    statuses,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def owner(art: Campaign) -> User:
    return make_member(art, Role.OWNER)


@pytest.fixture
def browser(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


# --- Running ---------------------------------------------------------------------------------


def test_a_run_removes_what_matched_and_says_so_everywhere(browser: Client, art: Campaign) -> None:
    for number in range(3):
        make_signature(art, name=f"Bot {number}")
    make_signature(art, name="Zoë Moreau")
    make_signature(art, name="Bot held", status=Status.HELD)
    run = look(browser, name="bot*")
    started = press(browser, run, "start", **START).content.decode()
    assert "0 of 4 looked at" in started
    assert "Bot 0" not in started
    removing.carry_on()
    assert statuses() == {
        **{f"Bot {number}": "rejected" for number in range(3)},
        "Bot held": "rejected",
        "Zoë Moreau": "published",
    }
    page = browser.get(page_of(run)).content.decode()
    assert "4 signatures are removed" in page
    assert "Undo all of it" in page
    api = "/api/v1/campaigns/art/corrections/"
    today = timezone.now().strftime("%Y-%m-%dT00:00:00.000Z")
    [english] = Client().get(api).json()["results"]
    assert english == {"at": today, "number": 4, "reason": WORDS["words_en"]}
    assert Client().get(f"{api}?language=fr").json()["results"][0]["reason"] == WORDS["words_fr"]
    assert WORDS["words_fr"] in Client().get("/art/corrections/?language=fr").content.decode()
    event = Event.objects.filter(verb="reject").latest("pk")
    assert (event.actor, event.user, event.reason) == ("rule", run.by, "impersonation")
    assert_exact(art)


def test_the_page_of_who_was_removed_leads_to_the_rule_and_back(
    browser: Client, art: Campaign
) -> None:
    signature = make_signature(art, name="Bot")
    run = removed(browser, name="bot*")
    moderator = Client()
    moderator.force_login(make_member(art, Role.MODERATOR))
    dossier = f"/admin/campaign/signature/{signature.pk}/change/"
    link = f'<a href="{page_of(run)}">'
    said = "Removed by a rule, with others"

    assert f"{link}{said}</a>" in browser.get(dossier).content.decode()
    assert f'<a href="{dossier}">' in browser.get(page_of(run)).content.decode()
    # What moderators may not open is said without a link.
    page = moderator.get(dossier).content.decode()
    assert said in page
    assert link not in page

    press(browser, run, "undo")
    removing.carry_on()
    assert said not in browser.get(dossier).content.decode()
    assert f'<a href="{dossier}">' not in browser.get(page_of(run)).content.decode()


def test_the_public_reads_one_line_for_a_rule_beside_those_of_moderators(
    browser: Client, art: Campaign
) -> None:
    for number in range(2):
        make_signature(art, name=f"Bot {number}")
    bring_to(make_signature(art, name="By hand"), Status.REJECTED)
    removed(browser, name="bot 0")
    removed(browser, name="bot 1")
    found = Client().get("/api/v1/campaigns/art/corrections/").json()["results"]
    assert [(each["number"], each["reason"]) for each in found] == [
        (2, WORDS["words_en"]),
        (1, "We could not confirm that they came from those whose names they gave."),
    ]


def test_before_the_opening_the_page_of_a_run_leads_to_no_public_page(
    browser: Client, art: Campaign
) -> None:
    make_signature(art, name="Bot")
    run = removed(browser, name="bot*")
    link = 'href="/art/corrections/"'
    assert browser.get("/art/corrections/").status_code == 200
    assert link in browser.get(page_of(run)).content.decode()

    Campaign.objects.update(opens_at=timezone.now() + timedelta(days=1))
    assert browser.get("/art/corrections/").status_code == 404
    assert link not in browser.get(page_of(run)).content.decode()


def test_the_words_are_text_and_nothing_else(browser: Client, art: Campaign) -> None:
    make_signature(art, name="Bot One")
    run = look(browser, name="bot*")
    hostile = "<script>alert(1)</script>\u202e \r\n again"
    press(browser, run, "start", **{**START, "words_en": hostile})
    removing.carry_on()
    [line] = Client().get("/api/v1/campaigns/art/corrections/").json()["results"]
    assert line["reason"] == "<script>alert(1)</script> again"
    assert "<script>alert(1)" not in Client().get("/art/corrections/").content.decode()
    assert "<script>alert(1)" not in browser.get(page_of(run)).content.decode()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": "dislike"}, "reason"),
        ({"words_fr": ""}, "words_fr"),
        ({"words_fr": " \u200b "}, "words_fr"),
        ({"words_en": "x" * 501}, "words_en"),
        ({"words_en": "a\0b"}, "words_en"),
    ],
)
def test_a_run_needs_a_reason_and_words_in_every_language(
    browser: Client, art: Campaign, change: dict[str, str], field: str
) -> None:
    make_signature(art, name="Bot One")
    run = look(browser, name="bot*")
    answer = press(browser, run, "start", **{**START, **change})
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    removing.carry_on()
    assert statuses() == {"Bot One": "published"}


def test_who_comes_after_the_look_or_fits_no_longer_is_not_taken(
    browser: Client, art: Campaign
) -> None:
    for number in range(4):
        make_signature(art, name=f"Bot {number}")
    run = look(browser, name="bot*", statuses=["published"])
    make_signature(art, name="Bot late")
    renamed, withdrawn, held = (Signature.objects.get(name=f"Bot {n}") for n in range(3))
    moves.amend(signature_id=renamed.pk, actor=ORGANISER, changes={"name": "Rob One"})
    leaving.withdraw(manage_token(withdrawn))
    bring_to(held, Status.HELD)
    press(browser, run, "start", **START)
    make_signature(art, name="Bot later")
    removing.carry_on()
    assert statuses() == {
        "Rob One": "published",
        "": "withdrawn",
        "Bot 2": "held",
        "Bot 3": "rejected",
        "Bot late": "published",
        "Bot later": "published",
    }
    assert (
        "3 had withdrawn, changed or been decided by then"
        in browser.get(page_of(run)).content.decode()
    )


def test_who_is_featured_after_the_look_is_not_taken(browser: Client, art: Campaign) -> None:
    signature = make_signature(art, name="Bot One")
    run = look(browser, name="bot*")
    moderation.feature(signature_id=signature.pk, revision=1, featured=True, by=make_user())
    press(browser, run, "start", **START)
    removing.carry_on()
    assert statuses() == {"Bot One": "published"}


def test_a_run_can_be_stopped_and_is_not_gone_on_with(browser: Client, art: Campaign) -> None:
    for number in range(3):
        make_signature(art, name=f"Bot {number}")
    run = look(browser, name="bot*")
    press(browser, run, "start", **START)
    take_some(run, 1)
    assert "Stopped." in press(browser, run, "stop").content.decode()
    removing.carry_on()
    assert sorted(statuses().values()) == ["published", "published", "rejected"]
    page = browser.get(page_of(run)).content.decode()
    assert "2 that matched were not come to." in page
    press(browser, run, "undo")
    removing.carry_on()
    assert set(statuses().values()) == {"published"}


def take_some(run: Removal, number: int) -> None:
    """The first steps of a worker that is killed afterwards."""
    run.refresh_from_db()
    step, last = removing._Step.of(run), 0
    for _ in range(number):
        last = step.next(last) or 0


def test_what_a_killed_worker_left_is_gone_on_with(browser: Client, art: Campaign) -> None:
    for number in range(3):
        make_signature(art, name=f"Bot {number}")
    run = look(browser, name="bot*")
    press(browser, run, "start", **START)
    take_some(run, 2)
    removing.carry_on()
    removing.carry_on()
    assert set(statuses().values()) == {"rejected"}
    assert Event.objects.filter(verb="reject").count() == 3


def test_a_run_that_takes_longer_than_a_task_may_tells_of_itself_anew(
    browser: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature(art, name="Bot One")
    run = look(browser, name="bot*")
    press(browser, run, "start", **START)
    told: list[str] = []
    monkeypatch.setattr(queue, "tell", told.append)
    removing.carry_on(seconds=-1)
    assert told == ["campaign.remove"]
    assert statuses() == {"Bot One": "published"}
    assert run.status == RemovalStatus.PREVIEWED


def test_buttons_that_are_pressed_twice_or_too_late_change_nothing_more(
    browser: Client, art: Campaign
) -> None:
    make_signature(art, name="Bot One")
    run = look(browser, name="bot*")
    assert "meanwhile" in press(browser, run, "undo").content.decode()
    assert "meanwhile" in press(browser, run, "stop").content.decode()
    press(browser, run, "start", **START)
    press(browser, run, "start", **START)
    assert "meanwhile" in press(browser, run, "undo").content.decode()
    removing.carry_on()
    assert "meanwhile" in press(browser, run, "stop").content.decode()
    assert "meanwhile" in press(browser, run, "start", **START).content.decode()
    press(browser, run, "undo")
    press(browser, run, "undo")
    removing.carry_on()
    press(browser, run, "undo")
    assert [
        entry.action
        for entry in AuditEntry.objects.filter(action__startswith="removal").order_by("pk")
    ] == [
        *("removal", "removal_ended", "removal_undo", "removal_undone"),
    ]


def test_what_nobody_started_for_a_day_is_forgotten_and_cannot_be_started(
    browser: Client, art: Campaign
) -> None:
    make_signature(art, name="Bot One")
    run = look(browser, name="bot*")
    done = removed(browser, name="bot one", statuses=["published"])
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1), tick=True):
        with pytest.raises(AlreadyStarted):
            removal.start(
                removal=run, reason=RejectionReason.CONTENT, words={"en": "a", "fr": "b"}, by=run.by
            )
        retention.expire()
    assert list(Removal.objects.all()) == [done]
    assert set(RemovalItem.objects.values_list("removal", flat=True)) == {done.pk}


# --- Undoing ---------------------------------------------------------------------------------


def test_undoing_restores_each_to_its_status_before_and_the_public_list(
    browser: Client, art: Campaign
) -> None:
    make_signature(art, name="Bot published")
    held = make_signature(art, name="Bot held", status=Status.HELD)
    before = Signature.objects.get(name="Bot published")
    run = removed(browser, name="bot*")
    answer = press(browser, run, "undo").content.decode()
    assert "2 still to restore" in answer
    removing.carry_on()
    run.refresh_from_db()
    assert (run.status, run.undone_at is None) == (RemovalStatus.UNDONE, False)
    assert statuses() == {"Bot published": "published", "Bot held": "held"}
    after = Signature.objects.get(name="Bot published")
    assert (after.published_at, after.listed_at) == (before.published_at, before.listed_at)
    assert Signature.objects.get(pk=held.pk).hold_reasons == held.hold_reasons
    assert Client().get("/api/v1/campaigns/art/corrections/").json()["results"] == []
    assert not Signature.objects.exclude(removal=None).exists()
    assert_exact(art)


def test_undoing_leaves_alone_what_anybody_decided_since(browser: Client, art: Campaign) -> None:
    names = ["restored", "rejected again", "withdrawn", "erased", "untouched"]
    rows = {name: make_signature(art, name=f"Bot {name}") for name in names}
    rows["by hand"] = make_signature(art, name="Bot by hand")
    bring_to(rows["by hand"], Status.REJECTED)
    by = make_user("moderate_signature")
    run = removed(browser, name="bot*")
    for name in ("restored", "rejected again"):
        now = Signature.objects.get(pk=rows[name].pk)
        moderation.restore(signature_id=now.pk, revision=now.revision, by=by)
    bring_to(Signature.objects.get(pk=rows["rejected again"].pk), Status.REJECTED)
    bring_to(rows["withdrawn"], Status.WITHDRAWN)
    bring_to(rows["erased"], Status.ERASED)
    press(browser, run, "undo")
    removing.carry_on()
    assert {name: Signature.objects.get(pk=row.pk).status for name, row in rows.items()} == {
        "restored": "published",
        "rejected again": "rejected",
        "withdrawn": "withdrawn",
        "erased": "erased",
        "untouched": "published",
        "by hand": "rejected",
    }
    page = browser.get(page_of(run)).content.decode()
    assert "1 signature is restored" in page
    assert "4 have withdrawn or been decided on since, and stay as they are." in page


def test_two_runs_over_the_same_rows_undo_only_their_own(browser: Client, art: Campaign) -> None:
    for number in range(4):
        make_signature(art, name=f"Bot {number}")
    first, second = look(browser, name="bot*"), look(browser, name="bot*")
    press(browser, first, "start", **START)
    take_some(first, 2)
    press(browser, second, "start", **START)
    take_some(second, 4)
    removing.carry_on()
    assert set(statuses().values()) == {"rejected"}
    first.refresh_from_db()
    press(browser, first, "undo")
    removing.carry_on()
    assert sorted(statuses().values()) == ["published", "published", "rejected", "rejected"]


def test_what_its_signer_changed_while_removed_is_held(browser: Client, art: Campaign) -> None:
    signature = make_signature(art, name="Bot One")
    run = removed(browser, name="bot*")
    signing.correct(manage_token(signature), typed={"credit": "Another"}, revision=1)
    press(browser, run, "undo")
    removing.carry_on()
    signature.refresh_from_db()
    assert (signature.status, signature.hold_reasons) == (Status.HELD, ["renamed"])


# --- Mails -----------------------------------------------------------------------------------


def kinds(signature: Signature) -> list[tuple[str, str]]:
    its = Mail.objects.filter(signature=signature).exclude(kind="confirm")
    return list(its.order_by("pk").values_list("kind", "status"))


def test_the_mails_of_a_run_wait_and_go_at_a_pace(browser: Client, art: Campaign) -> None:
    for number in range(3):
        make_signature(art, name=f"Bot {number}")
    began = timezone.now()
    removed(browser, name="bot*")
    due = Mail.objects.filter(kind="rejected").order_by("pk").values_list("due_at", flat=True)
    assert len(due) == 3
    assert began + timedelta(minutes=30) <= due[0] <= timezone.now() + timedelta(minutes=30)
    assert due[1] - due[0] >= timedelta(seconds=0.1)
    assert due[2] - due[1] >= timedelta(seconds=0.1)
    assert not Mail.objects.filter(kind="rejected", urgent=True).exists()


def test_who_is_brought_back_before_the_mail_went_out_hears_of_neither(
    browser: Client, art: Campaign
) -> None:
    signature = make_signature(art, name="Bot One")
    run = removed(browser, name="bot*")
    press(browser, run, "undo")
    removing.carry_on()
    assert kinds(signature) == [("rejected", "suppressed")]


def test_who_has_had_the_mail_hears_that_they_are_on_the_list_again(
    browser: Client, art: Campaign
) -> None:
    signature = make_signature(art, name="Bot One")
    run = removed(browser, name="bot*")
    Mail.objects.filter(kind="rejected").update(status=MailStatus.SENT)
    press(browser, run, "undo")
    removing.carry_on()
    assert kinds(signature) == [("rejected", "sent"), ("published", "queued")]


# --- With the campaign's reasons and brakes --------------------------------------------------


def test_a_reason_is_one_of_the_campaigns(browser: Client, art: Campaign) -> None:
    names = {"en": "It came from a bot farm.", "fr": "Cela vient d’une ferme à robots."}
    rows = [{"slug": "bot_farm", "names": names, "public": {"names": names}}]
    Campaign.objects.update(rejection_reasons=rows)
    make_signature(art, name="Bot One")
    run = look(browser, name="bot*")
    assert press(browser, run, "start", **START).status_code == 422
    page = press(browser, run, "start", **{**START, "reason": "bot_farm"}).content.decode()
    assert "It came from a bot farm." in page
    removing.carry_on()
    assert Signature.objects.get().rejection_reason == "bot_farm"


def test_what_is_undone_while_the_list_is_frozen_waits_for_its_thaw(
    browser: Client, art: Campaign
) -> None:
    for number in range(2):
        make_signature(art, name=f"Bot {number}")
    run = removed(browser, name="bot*")
    Campaign.objects.update(frozen_at=timezone.now())
    assert "The list is frozen" in press(browser, run, "undo").content.decode()
    removing.carry_on()
    assert set(statuses().values()) == {"rejected"}
    assert matched(run, ItemState.REMOVED) == {"Bot 0", "Bot 1"}
    Campaign.objects.update(frozen_at=None)
    removing.carry_on()
    assert set(statuses().values()) == {"published"}
