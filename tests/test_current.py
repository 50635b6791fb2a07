"""The copy of a campaign that a process keeps is never older than the database."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from campaign import brakes, current, organising
from campaign.campaign_file import parse
from campaign.models import Campaign, Consent, Discipline, StatementText, StatementVersion
from campaign.models.brake import Brake
from campaign.models.statement import current_consent, current_text
from tests.factories import campaign_file, make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def found() -> Campaign:
    copy = current.find("art")
    assert copy is not None
    return copy


def test_a_second_look_asks_one_small_query(
    campaign: Campaign, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = found()
    with django_assert_num_queries(1):
        again = found()
        current_text(again, "fr")
        current_consent(again, "fr")
        list(again.disciplines.all())
    assert again is first


CHANGES: dict[str, Callable[[Campaign], object]] = {
    "paused": lambda campaign: brakes.pull(campaign, Brake.SIGNING, by=None),
    "updated behind every verb": lambda campaign: Campaign.objects.update(goal=7),
    "a discipline": lambda campaign: Discipline.objects.create(campaign=campaign, slug="poet"),
    "a discipline gone": lambda campaign: Discipline.objects.filter(slug="author").delete(),
    "a version": lambda campaign: StatementVersion.objects.create(campaign=campaign, number=2),
    "a text": lambda campaign: StatementText.objects.create(
        version=campaign.versions.get(), language="de", title="T", body="B", sha256="0"
    ),
    "a consent": lambda campaign: Consent.objects.create(
        campaign=campaign, language="en", text="I agree."
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_whatever_changes_is_seen_at_the_next_look(campaign: Campaign, what: str) -> None:
    before = found()
    CHANGES[what](campaign)
    after = found()
    assert after is not before
    assert after.stamp != before.stamp
    assert found() is after


def test_a_change_that_is_rolled_back_never_comes_back_under_its_stamp(campaign: Campaign) -> None:
    class Undo(Exception):
        pass

    with pytest.raises(Undo), transaction.atomic():
        Campaign.objects.update(goal=7)
        assert found().goal == 7
        raise Undo
    Campaign.objects.update(goal=8)
    assert found().goal == 8


def test_the_page_shows_a_new_statement_at_once(campaign: Campaign, client: Client) -> None:
    path = "/api/v1/campaigns/art/?language=en"
    assert client.get(path).json()["statement"]["version"] == 1
    changed = campaign_file().replace("Ask us first.", "Ask us, and pay.")
    organising.load_campaign(parse(changed))
    answer = client.get(path).json()
    assert answer["statement"]["version"] == 2
    assert "Ask us, and pay." in answer["body_markdown"]


def test_a_slug_that_is_none_is_not_found_and_not_kept() -> None:
    assert current.find("nothing") is None
