"""Whoever signs while a campaign is edited does not wait: names are folded anew for as long as that takes.

And what they sign meanwhile stays readable, also where the campaign opens while it is edited.
"""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db.models import QuerySet
from django.test import Client

from campaign import organising
from campaign.campaign_file import digest, parse
from campaign.campaign_parts import note_published, values
from campaign.models import Campaign, Signature, StatementVersion
from tests.concurrency.threads import Meanwhile
from tests.factories import OPENED, campaign_file, details, make_campaign, make_user

pytestmark = pytest.mark.django_db(transaction=True)

EDITED = parse(campaign_file(extra='bot_check = "off"').replace("goal = 1000", "goal = 2000"))


def load(_campaign: Campaign) -> None:
    organising.load_campaign(EDITED)


def edit(campaign: Campaign) -> None:
    shown = digest(values(campaign))
    organising.edit_campaign(campaign, EDITED, shown=shown, by=make_user())


def sign() -> int:
    path = "/api/v1/campaigns/art/signatures/"
    return Client().post(path, json.dumps(details()), content_type="application/json").status_code


def signed_during(act: Callable[[Campaign], None], monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Somebody signs when the campaign's row is locked and changed, and its parts are not yet."""
    campaign = make_campaign(extra='bot_check = "off"')
    signing = Meanwhile(sign).before(monkeypatch, organising, "_keep_parts")
    act(campaign)
    assert signing.end() == 202
    assert Campaign.objects.get().goal == 2000
    assert Signature.objects.count() == 1
    return signing


@pytest.mark.parametrize("act", [load, edit])
def test_whoever_signs_while_a_campaign_is_edited_does_not_wait(
    act: Callable[[Campaign], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not signed_during(act, monkeypatch).waited


@pytest.mark.parametrize("act", [load, edit])
def test_control_with_a_lock_of_the_whole_row_who_signs_waits_for_the_edit(
    act: Callable[[Campaign], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = QuerySet.select_for_update

    def whole(rows: QuerySet[Any], **options: Any) -> QuerySet[Any]:
        return lock(rows, **options | {"no_key": False})

    monkeypatch.setattr(QuerySet, "select_for_update", whole)
    assert signed_during(act, monkeypatch).waited


# --- While it opens --------------------------------------------------------------------------

FIRST = campaign_file(extra='bot_check = "off"')
SECOND = parse(FIRST.replace("Ask us first", "Ask us before"))
THE_TEXT = "/api/v1/campaigns/art/statements/1/en.txt"


def replace(_campaign: Campaign) -> None:
    organising.load_campaign(SECOND)


def correct(campaign: Campaign) -> None:
    organising.edit_campaign(campaign, SECOND, shown=digest(values(campaign)), by=make_user())


def signed_while_it_opens(
    act: Callable[[Campaign], None], monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller
) -> None:
    """An edit of the text begins a minute before the opening, and somebody signs the old one just after."""
    clock.move_to(OPENED - timedelta(minutes=1))
    campaign = make_campaign(extra='bot_check = "off"')

    def open_and_sign() -> int:
        clock.move_to(OPENED + timedelta(seconds=1))
        return sign()

    signing = Meanwhile(open_and_sign).before(monkeypatch, organising, "_keep_parts")
    act(campaign)
    assert signing.end() == 202
    assert not signing.waited
    assert list(StatementVersion.objects.values_list("number", flat=True)) == [1, 2]
    assert Signature.objects.get().statement.version.number == 1


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(OPENED, tick=False) as coordinates:
        yield coordinates


@pytest.mark.parametrize("act", [replace, correct])
def test_a_text_that_somebody_signed_while_it_was_replaced_stays(
    act: Callable[[Campaign], None],
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
    client: Client,
) -> None:
    signed_while_it_opens(act, monkeypatch, clock)
    answer = client.get(THE_TEXT)
    assert answer.status_code == 200
    assert "Ask us first" in answer.content.decode()


@pytest.mark.parametrize("act", [replace, correct])
def test_control_asked_by_the_clock_of_its_beginning_nobody_reads_the_text_that_they_signed(
    act: Callable[[Campaign], None],
    monkeypatch: pytest.MonkeyPatch,
    clock: time_machine.Traveller,
    client: Client,
) -> None:
    def at_the_beginning(was: Campaign, version: StatementVersion | None) -> None:
        with time_machine.travel(OPENED - timedelta(minutes=1), tick=False):
            note_published(was, version)

    monkeypatch.setattr(organising, "note_published", at_the_beginning)
    signed_while_it_opens(act, monkeypatch, clock)
    assert client.get(THE_TEXT).status_code == 404
