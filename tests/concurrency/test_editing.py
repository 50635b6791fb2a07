"""Whoever signs while a campaign is edited does not wait: names are folded anew for as long as that takes."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db.models import QuerySet
from django.test import Client

from campaign import organising
from campaign.campaign_file import digest, parse
from campaign.campaign_parts import values
from campaign.models import Campaign, Signature
from tests.concurrency.threads import Meanwhile
from tests.factories import campaign_file, details, make_campaign, make_user

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
