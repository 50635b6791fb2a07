"""Taking back what one decided last, and what the keyboard's script is told."""

import re
from typing import Any

import pytest
from django.test import Client

from campaign import moves
from campaign.history import SIGNER
from campaign.models import Campaign, Event, Mail, Signature
from campaign.models.mail import MailKind, MailStatus
from campaign.models.signature import HoldReason, Status
from tests.desk import QUEUE, carried, lane, moderator, page, press, said, words
from tests.factories import make_campaign, make_signature

pytestmark = pytest.mark.django_db

UNDO = re.compile(rf'action="{QUEUE}(\d+)/undo/">(.*?)</form>', re.DOTALL)


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def desk() -> Client:
    return moderator()


@pytest.fixture
def held(campaign: Campaign) -> Signature:
    return make_signature(status=Status.HELD, name="Ann Person")


def undo(desk: Client, response: Any) -> Any:
    """Press the button that the page shows."""
    found = UNDO.search(response.content.decode())
    assert found, "nothing to undo"
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', found[2]))
    return desk.post(f"{QUEUE}{found[1]}/undo/", fields, follow=True)


def test_an_approval_is_taken_back_with_the_reasons_that_held_it_and_nobody_is_told(
    desk: Client, campaign: Campaign
) -> None:
    other = make_signature(status=Status.HELD, name="Bob Person", email="shared@example.org")
    held = make_signature(status=Status.HELD, name="Ann Person", email="shared@example.org")
    reasons = set(held.hold_reasons)
    assert HoldReason.SECOND_NAME in reasons

    back = undo(desk, press(desk, held, "approve"))

    held.refresh_from_db()
    assert (held.status, set(held.hold_reasons)) == (Status.HELD, reasons)
    assert "Undone: Ann Person" in said(back)
    assert back.redirect_chain == [(page(held), 302)]
    assert set(lane(desk, "rest")) == {held.name, other.name}
    assert Mail.objects.get(kind=MailKind.PUBLISHED).status == MailStatus.SUPPRESSED
    verbs = Event.objects.filter(signature=held).values_list("verb", flat=True)
    assert list(verbs)[-2:] == ["approve", "hold"]


def test_a_rejection_is_taken_back_and_its_mail_not_sent(desk: Client, held: Signature) -> None:
    undo(desk, press(desk, held, "reject", reason="content"))

    held.refresh_from_db()
    assert (held.status, held.rejection_reason) == (Status.HELD, "")
    assert Mail.objects.get(kind=MailKind.REJECTED).status == MailStatus.SUPPRESSED


@pytest.mark.parametrize(
    ("verb", "typed"), [("ask", {"question": "You?"}), ("defer", {"wait": "day"})]
)
def test_what_was_put_to_wait_is_taken_up_again(
    desk: Client, held: Signature, verb: str, typed: dict[str, str]
) -> None:
    answer = press(desk, held, verb, **typed)
    assert lane(desk, "rest") == []

    undo(desk, answer)

    assert lane(desk, "rest") == ["Ann Person"]
    assert not Mail.objects.filter(kind=MailKind.QUESTION, status=MailStatus.QUEUED).exists()


def test_it_is_undone_once_and_only_by_who_decided_in_this_session(
    desk: Client, held: Signature
) -> None:
    done = press(desk, held, "approve")
    assert not UNDO.search(moderator("colleague").get(QUEUE).content.decode())
    back = undo(desk, done)

    assert not UNDO.search(back.content.decode())


def test_what_a_colleague_has_changed_since_is_not_undone(desk: Client, held: Signature) -> None:
    done = press(desk, held, "reject", reason="content")
    colleague = moderator("colleague")
    press(colleague, held, "restore")

    assert "has changed since it was shown" in said(undo(desk, done))
    held.refresh_from_db()
    assert held.status == Status.HELD
    assert not UNDO.search(desk.get(QUEUE).content.decode())


def test_what_answered_reporters_and_what_nobody_decided_is_not_undone(
    desk: Client, held: Signature
) -> None:
    for verb in ("keep", "erase", "nonsense", ""):
        form = {"verb": verb, "revision": "1"}
        response = desk.post(f"{QUEUE}{held.pk}/undo/", form, follow=True)
        assert response.status_code == 200
    held.refresh_from_db()
    assert held.status == Status.HELD


# --- What the script is told -----------------------------------------------------------------


def test_a_script_is_told_where_to_go_what_to_say_and_what_can_be_undone(
    desk: Client, held: Signature
) -> None:
    after = make_signature(status=Status.HELD, name="<b>Next</b>".replace("<", "‹"))
    form = carried(desk, held, "approve")

    told = desk.post(f"{QUEUE}{held.pk}/approve/", form, headers={"X-Desk": "keys"})

    answer = told.json()
    assert answer["to"] == page(after)
    [line] = answer["said"]
    assert line["level"] == "success"
    assert "Approved" in line["html"]
    assert f"{QUEUE}{held.pk}/undo/" in answer["last"]
    # Said once: the next page doesn't say it again.
    assert "Approved:" not in said(desk.get(page(after)))


def test_what_a_script_is_told_is_our_markup_and_the_text_of_the_signer(
    desk: Client, held: Signature
) -> None:
    changes = {"name": "<b>x</b>"}
    moves.amend(signature_id=held.pk, actor=SIGNER, changes=changes)
    held.refresh_from_db()
    form = carried(desk, held, "approve")

    told = desk.post(f"{QUEUE}{held.pk}/approve/", form, headers={"X-Desk": "keys"}).json()

    [line] = told["said"]
    link = f'<a class="decided" href="{page(held)}">&lt;b&gt;x&lt;/b&gt;</a>'
    assert line["html"] == f"Approved: {link}"


def test_a_script_is_told_when_somebody_else_was_faster(desk: Client, held: Signature) -> None:
    form = carried(desk, held, "approve")
    press(moderator("colleague"), held, "reject", reason="content")

    told = desk.post(f"{QUEUE}{held.pk}/approve/", form, headers={"X-Desk": "keys"}).json()

    assert told["to"] == page(held)
    assert "has changed since it was shown" in told["said"][0]["html"]
    assert told["said"][0]["level"] == "warning"


def test_a_script_gets_a_form_with_mistakes_as_the_page_that_it_is(
    desk: Client, held: Signature
) -> None:
    form = carried(desk, held, "reject")

    told = desk.post(f"{QUEUE}{held.pk}/reject/", form, headers={"X-Desk": "keys"})

    assert told.status_code == 422
    assert "This field is required" in words(told)
