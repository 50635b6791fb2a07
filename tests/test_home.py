"""The first page: the campaigns that are open, with one of them that one; else those that were."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaign.models import Campaign
from tests.factories import make_campaign

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


def make(slug: str, state: str) -> None:
    campaign = make_campaign(slug=slug)
    now, day = timezone.now(), timedelta(days=1)
    Campaign.objects.filter(slug=slug).update(
        opens_at=now + day if state == "to come" else campaign.opens_at,
        closes_at=now - day if state == "closed" else now + 2 * day,
        paused_at=now if state == "paused" else None,
    )


def listed(client: Client) -> list[str]:
    """The slugs of the list, in order; or the one campaign whose own page this is."""
    response = client.get("/")
    assert response.status_code == 200
    page = response.content.decode()
    if own := re.search(r'<link rel="canonical" href="[^"]*/([a-z]+)/', page):
        return [f"the page of {own[1]}"]
    return re.findall(r'<h2>\s*<a href="/([a-z]+)/', page)


@pytest.mark.parametrize(
    ("states", "shown"),
    [
        ({"art": "open", "film": "closed"}, ["the page of art"]),
        ({"art": "paused", "film": "closed"}, ["the page of art"]),
        ({"art": "open", "film": "paused", "song": "closed"}, ["art", "film"]),
        ({"art": "open", "film": "open", "song": "to come"}, ["art", "film"]),
        ({"art": "closed", "film": "closed"}, ["art", "film"]),
        ({"art": "closed"}, ["the page of art"]),
        ({"art": "closed", "film": "to come"}, ["the page of art"]),
        ({"art": "to come"}, []),
        ({}, []),
    ],
)
def test_open_campaigns_hide_closed_ones_and_one_alone_is_shown_itself(
    client: Client, states: dict[str, str], shown: list[str]
) -> None:
    for slug, state in states.items():
        make(slug, state)
    assert listed(client) == shown


def test_a_closed_campaign_is_found_by_the_api_and_where_a_link_is_asked_for_again(
    client: Client,
) -> None:
    make("art", "open")
    make("film", "closed")
    found = client.get("/api/v1/campaigns/").json()["results"]
    assert sorted(each["slug"] for each in found) == ["art", "film"]
    broken = client.get("/confirm/broken/").content.decode()
    assert "/film/my-signature/" in broken
    assert client.get("/film/signers/").status_code == 200
