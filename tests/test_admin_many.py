"""Many signatures at once: listed exactly before one button decides them."""

import re
from typing import Any

import pytest
from django.test import Client

from campaign import leaving, moves
from campaign.history import SIGNER
from campaign.models import Campaign, Mail, Signature
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from tests.desk import QUEUE, carried, moderator, press, said, statuses
from tests.factories import bring_to, make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def desk() -> Client:
    return moderator()


def preview(client: Client, rows: list[Signature], verb: str = "approve") -> Any:
    chosen = {"action": f"{verb}_selected", "_selected_action": [row.pk for row in rows]}
    return client.post(QUEUE, chosen)


def items(response: Any) -> list[str]:
    return re.findall(r'name="item"\s+value="([^"]+)"', response.content.decode())


def test_many_are_listed_exactly_before_one_button_approves_them(
    desk: Client, campaign: Campaign
) -> None:
    rows = [make_signature(status=Status.HELD, name=f"Held {n}", credit=f"Song {n}") for n in "abc"]

    shown = preview(desk, rows[:2])

    text = shown.content.decode()
    assert all(part in text for part in ("Held a", "Song a", "Held b", "Song b"))
    assert "Held c" not in text
    assert set(Signature.objects.values_list("status", flat=True)) == {Status.HELD}
    assert items(shown) == [f"{row.pk}:{row.revision}:held" for row in rows[:2]]

    done = desk.post(f"{QUEUE}many/approve/", {"item": items(shown)}, follow=True)

    assert "Approved: 2." in said(done)
    assert statuses(rows) == [Status.PUBLISHED, Status.PUBLISHED, Status.HELD]


def test_of_many_the_one_that_changed_meanwhile_stays_held(
    desk: Client, campaign: Campaign
) -> None:
    rows = [make_signature(status=Status.HELD, name=f"Held {n}") for n in "abcd"]
    shown = items(preview(desk, rows))
    moves.amend(signature_id=rows[1].pk, actor=SIGNER, changes={"name": "Another Name"})
    leaving.withdraw(manage_token(rows[2]))

    done = desk.post(f"{QUEUE}many/approve/", {"item": shown}, follow=True)

    assert statuses(rows) == ["published", "held", "withdrawn", "published"]
    assert "Approved: 2." in said(done)
    assert "2 have changed since they were shown" in said(done)


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_many_that_have_all_left_the_list_meanwhile_are_said_to_have(
    desk: Client, campaign: Campaign, verb: str
) -> None:
    row = make_signature(campaign, status=Status.HELD)
    bring_to(row, Status.WITHDRAWN)
    chosen = {"action": f"{verb}_selected", "_selected_action": [row.pk]}
    answer = desk.post(f"{QUEUE}?status=rest", chosen, follow=True)
    assert "Those are not in this list any more." in answer.content.decode()
    row.refresh_from_db()
    assert row.status == Status.WITHDRAWN


def test_many_are_rejected_with_one_reason(desk: Client, campaign: Campaign) -> None:
    rows = [make_signature(status=Status.HELD, name=f"Held {n}") for n in "ab"]
    shown = items(preview(desk, rows, "reject"))

    refused = desk.post(f"{QUEUE}many/reject/", {"item": shown})
    assert refused.status_code == 422
    assert items(refused) == shown
    assert statuses(rows) == ["held", "held"]

    desk.post(f"{QUEUE}many/reject/", {"item": shown, "reason": "not_a_name"})
    assert statuses(rows) == ["rejected", "rejected"]
    assert Mail.objects.filter(kind=MailKind.REJECTED).count() == 2


def test_many_are_not_rejected_that_a_colleague_approved_meanwhile(
    desk: Client, campaign: Campaign
) -> None:
    rows = [make_signature(status=Status.HELD, name=f"Held {n}") for n in "ab"]
    shown = items(preview(desk, rows, "reject"))
    press(desk, rows[0], "approve")

    done = desk.post(f"{QUEUE}many/reject/", {"item": shown, "reason": "content"}, follow=True)

    assert statuses(rows) == ["published", "rejected"]
    assert "1 has changed since it was shown" in said(done)


def test_a_form_with_an_error_shows_again_what_it_showed_and_not_what_changed(
    desk: Client, campaign: Campaign
) -> None:
    row = make_signature(status=Status.HELD, name="Harmless Name")
    shown = items(preview(desk, [row], "reject"))
    form = carried(desk, row, "reject")
    moves.amend(signature_id=row.pk, actor=SIGNER, changes={"name": "Another Name"})

    refused = desk.post(f"{QUEUE}{row.pk}/reject/", form)
    assert refused.status_code == 422
    assert "Another Name" in refused.content.decode()
    assert 'name="revision" value="2"' in refused.content.decode()

    refused = desk.post(f"{QUEUE}many/reject/", {"item": shown})
    assert "Another Name" in refused.content.decode()
    assert items(refused) == [f"{row.pk}:2:held"]


@pytest.mark.parametrize(
    "broken", [[], ["x"], ["1:"], ["1:-2"], ["999999999999999999999:1:held"], ["1:1:nonsense"]]
)
def test_an_incomplete_list_decides_nothing(
    desk: Client, campaign: Campaign, broken: list[str]
) -> None:
    row = make_signature(status=Status.HELD)

    items_sent = [*broken, f"{row.pk}:1:held"] if broken else []
    desk.post(f"{QUEUE}many/approve/", {"item": items_sent})

    assert statuses([row]) == ["held"]


def test_more_than_anyone_reads_is_not_previewed(
    desk: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.admin.many.AT_ONCE", 2)
    rows = [make_signature(status=Status.HELD, name=f"Held {n}") for n in "abc"]

    response = desk.post(
        QUEUE,
        {
            "action": "approve_selected",
            "_selected_action": [rows[0].pk],
            "select_across": "1",
        },
        follow=True,
    )

    assert "At most 2 at once" in said(response)
    many = {"item": [f"{row.pk}:1:held" for row in rows]}
    desk.post(f"{QUEUE}many/approve/", many)
    assert statuses(rows) == ["held"] * 3
