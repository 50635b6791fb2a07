"""Who has no script waits a little instead of working: the page between the form and its answer."""

import re
from html import unescape
from typing import Any

import pytest
import time_machine
from django.test import Client

from campaign import patience
from campaign.line import Line
from campaign.models import Campaign, Mail, Report, Signature
from campaign.networks import Hashes
from tests.concurrency.threads import at_once
from tests.factories import make_campaign, make_signature

pytestmark = pytest.mark.django_db

NOON = "2026-06-01T12:00:00Z"
TYPED = {
    "name": "Zoë Moreau",
    "email": "zoe@example.org",
    "credit": "Les Carrières",
    "consent": "yes",
    "source": "poster",
    "language": "en",
}
HERE, THERE = Hashes(narrow=1, wide=0), Hashes(narrow=(1 << 24) + 1, wide=1 << 24)
WAIT, BUTTON = "Please wait 20 seconds, then press the button.", "Go on"


@pytest.fixture
def always() -> Campaign:
    return make_campaign(extra='bot_check = "always"')


def hidden(answer: Any) -> dict[str, str]:
    """What the page sends when its button is pressed."""
    page = answer.content.decode()
    found = re.findall(r'<input type="hidden"\s+name="([^"]*)"\s+value="([^"]*)"', page)
    return {name: unescape(value) for name, value in found}


def moment(answer: Any) -> dict[str, str]:
    assert answer.status_code == 403
    assert answer["Cache-Control"] == "no-store"
    assert BUTTON in answer.content.decode()
    return hidden(answer)


def test_a_form_without_a_script_waits_twenty_seconds_and_loses_nothing(
    client: Client, always: Campaign
) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        asked = client.post("/art/", TYPED)
        kept = moment(asked)
        assert WAIT in asked.content.decode()
        assert {name: kept[name] for name in TYPED} == TYPED
        assert not Signature.objects.exists()

        clock.shift(12)
        early = client.post("/art/", kept)
        assert moment(early)["ticket"] == kept["ticket"]
        assert "It is 8 more seconds." in early.content.decode()
        clock.shift(8)
        done = client.post("/art/", kept)
    assert done.status_code == 200
    signature = Signature.objects.get()
    assert (signature.name, signature.credit, signature.source) == (
        "Zoë Moreau",
        "Les Carrières",
        "poster",
    )
    assert Mail.objects.count() == 1


@pytest.mark.parametrize(("path", "fits"), [("/art/", False), ("/embed/art/", True)])
def test_in_a_frame_it_tells_the_site_its_height(
    client: Client, always: Campaign, path: str, *, fits: bool
) -> None:
    page = client.post(path, TYPED).content.decode()
    assert page.count('src="/static/campaign/moment.js"') == 1
    assert page.count('src="/static/campaign/embedded.js"') == fits


def test_a_ticket_lets_one_in(client: Client, always: Campaign) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        kept = moment(client.post("/art/", TYPED))
        clock.shift(20)
        assert client.post("/art/", kept).status_code == 200
        again = client.post("/art/", {**kept, "email": "other@example.org"})
    assert moment(again)["ticket"] != kept["ticket"]
    assert Signature.objects.count() == 1


def test_of_two_at_once_with_one_ticket_one_passes(always: Campaign) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        ticket = patience.ticket(always, HERE)
        clock.shift(20)
        outcomes = at_once([lambda: patience.left(always, ticket, HERE)] * 4)
    assert sorted(outcomes, key=str) == [0, None, None, None]


def test_without_the_atomic_look_all_of_them_would(
    always: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(Line, "is_first", lambda *_asked, **_named: True)
    with time_machine.travel(NOON, tick=False) as clock:
        ticket = patience.ticket(always, HERE)
        clock.shift(20)
        assert at_once([lambda: patience.left(always, ticket, HERE)] * 4) == [0] * 4


def test_six_a_minute_of_one_network_and_the_others_wait_for_the_next(always: Campaign) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        tickets = [patience.ticket(always, HERE) for _ in range(8)]
        elsewhere = patience.ticket(always, THERE)
        clock.shift(30)
        assert [patience.left(always, each, HERE) for each in tickets] == [0] * 6 + [30, 30]
        assert patience.left(always, elsewhere, THERE) == 0
        clock.shift(30)
        assert patience.left(always, tickets[7], HERE) == 0


def test_thirty_a_minute_of_a_wide_one_and_sixty_of_all(
    always: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def waits(wide: int, number: int) -> list[int | None]:
        near = [Hashes(narrow=wide + n, wide=wide) for n in range(number)]
        tickets = [patience.ticket(always, each) for each in near]
        clock.shift(20)
        found = [patience.left(always, *each) for each in zip(tickets, near, strict=True)]
        clock.shift(-20)
        return found

    with time_machine.travel(NOON, tick=False) as clock:
        assert waits(0, 31) == [0] * 30 + [40]
        # The one that waits took no slot of all.
        assert waits(1 << 24, 30) == [0] * 30
        assert waits(2 << 24, 1) == [40]


def test_a_ticket_is_good_for_the_network_that_asked_for_it(always: Campaign) -> None:
    """Or one machine would fetch them for all the networks that it can send from."""
    with time_machine.travel(NOON, tick=False) as clock:
        ticket = patience.ticket(always, HERE)
        clock.shift(20)
        assert patience.left(always, ticket, THERE) is None
        assert patience.left(always, ticket, HERE._replace(narrow=2)) == 0


def test_whoever_sends_a_used_ticket_again_and_again_takes_nobodys_slot(always: Campaign) -> None:
    with time_machine.travel(NOON, tick=False) as clock:
        used, fresh = (patience.ticket(always, HERE) for _ in range(2))
        clock.shift(20)
        assert patience.left(always, used, HERE) == 0
        assert {patience.left(always, used, HERE) for _ in range(40)} == {None}
        assert patience.left(always, fresh, HERE) == 0


@pytest.mark.parametrize("made", ["", "x", "a:b:c", "W10:x:y", "\x00", "é" * 5000])
def test_what_is_no_ticket_gets_a_fresh_one(client: Client, always: Campaign, made: str) -> None:
    kept = moment(client.post("/art/", {**TYPED, "ticket": made}))
    assert moment(client.post("/art/", kept))["ticket"] == kept["ticket"] != made


def test_a_ticket_is_good_for_its_own_campaign_and_a_quarter_of_an_hour(always: Campaign) -> None:
    other = make_campaign(slug="other")
    with time_machine.travel(NOON, tick=False) as clock:
        ticket = patience.ticket(always, None)
        clock.shift(20)
        assert patience.left(other, ticket, None) is None
        clock.shift(patience.LIFE)
        assert patience.left(always, ticket, None) is None


def test_whoever_mistyped_hears_of_it_before_they_wait(client: Client, always: Campaign) -> None:
    answer = client.post("/art/", {**TYPED, "email": "zoe"})
    assert answer.status_code == 422
    assert "This is not a whole e-mail address." in answer.content.decode()


def test_signing_for_somebody_else_waits_too(client: Client, always: Campaign) -> None:
    theirs = {"representative_name": "Ann Agent", "representative_email": "ann@example.org"}
    with time_machine.travel(NOON, tick=False) as clock:
        kept = moment(client.post("/art/", {**TYPED, **theirs}))
        assert {name: kept[name] for name in theirs} == theirs
        assert not Mail.objects.exists()
        clock.shift(20)
        assert client.post("/art/", kept).status_code == 200
    assert Mail.objects.count() == 1


def test_so_does_the_embedded_form(client: Client, always: Campaign) -> None:
    answer = client.post("/embed/art/", TYPED)
    assert moment(answer)["email"] == "zoe@example.org"
    assert 'action="/embed/art/' in answer.content.decode()


def test_a_report_waits_too_and_loses_nothing(client: Client, always: Campaign) -> None:
    listed = make_signature(always, status="published")
    url = f"/art/signers/{listed.public_id}/report/"
    report = {"reason": "not_me", "note": "That is <me>.", "email": "me@example.org"}
    with time_machine.travel(NOON, tick=False) as clock:
        kept = moment(client.post(url, report))
        assert {name: kept[name] for name in report} == report
        assert not Report.objects.exists()
        clock.shift(20)
        assert client.post(url, kept).status_code == 200
    assert Report.objects.get().note == "That is <me>."


def test_a_closed_campaign_asks_nobody_to_wait_for_its_refusal(
    client: Client, always: Campaign
) -> None:
    Campaign.objects.update(paused_at=always.opens_at)
    answer = client.post("/art/", TYPED)
    assert answer.status_code == 409
    assert BUTTON not in answer.content.decode()
