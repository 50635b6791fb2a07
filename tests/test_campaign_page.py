"""What the page of a campaign says: how many, of how many, until when, and where everything is."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from campaign.models import Campaign, Signature
from tests.factories import make_campaign, make_signature

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


def words(client: Client, path: str = "/art/") -> str:
    """The page as one line of its words."""
    body = re.sub(r"<script.*?</script>|<[^>]+>", " ", client.get(path).content.decode())
    return " ".join(body.split())


def bar(client: Client) -> tuple[str, str]:
    """How far the goal's bar reaches: value and max."""
    found = re.search(
        r'<progress[^>]*max="(\d+)"\s+value="(\d+)"\s+aria-labelledby="tally-goal"',
        client.get("/art/").content.decode(),
    )
    assert found
    return found[2], found[1]


@pytest.mark.parametrize(
    ("goal", "value", "said"),
    [
        (5, "2", "3 more to reach the goal of 5"),
        (2, "2", "The goal of 2 is reached"),
        (1, "1", "1 more than the goal of 1"),
        (1002, "2", "1,000 more to reach the goal of 1,002"),
    ],
)
def test_the_goal_is_said_before_at_and_beyond_it(
    client: Client, goal: int, value: str, said: str
) -> None:
    campaign = make_campaign(publication="after_verification")
    Campaign.objects.update(goal=goal)
    for name in ("Zoë", "Ada"):
        make_signature(campaign, name=name)
    assert "2 signatures" in words(client)
    assert said in words(client)
    assert bar(client) == (value, str(goal))


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=100), "Closes on "),
        (timedelta(days=15), "Closes on "),
        (timedelta(days=14, hours=23), "Closes in 14 days, on "),
        (timedelta(days=2), "Closes in 2 days, on "),
        (timedelta(hours=47, minutes=59), "Closes in 47 hours."),
        (timedelta(minutes=119), "Closes in 1 hour."),
        (timedelta(minutes=59), "Closes within the hour."),
        (timedelta(0), "Open for signature from "),
        (timedelta(hours=-1), "Open for signature from "),
    ],
)
def test_the_page_counts_the_days_and_hours_until_the_close(
    client: Client, left: timedelta, said: str
) -> None:
    make_campaign(extra=f"closes_at = {(NOW + left).isoformat()}")
    with time_machine.travel(NOW, tick=False):
        page = words(client)
    assert said in page
    assert ("Closes" in page) == (left > timedelta(0))
    assert ("Open for signature since " in page) == (left > timedelta(0))


def test_a_campaign_without_an_end_says_none(client: Client) -> None:
    make_campaign()
    assert "Open for signature since " in words(client)
    assert "Closes" not in words(client)


def test_countries_are_named_in_the_language_of_the_page(client: Client) -> None:
    make_signature(make_campaign(publication="after_verification"), country="KR")
    for language, name in (("fr", "Corée du Sud"), ("en", "South Korea")):
        page = client.get(f"/art/?language={language}", headers={"Accept-Language": "de"})
        newest = page.content.decode().partition('id="newest"')[2]
        assert name in newest, language


def test_the_way_to_the_form_stands_before_the_statement(client: Client) -> None:
    make_campaign()
    page = client.get("/art/").content.decode()
    places = [
        page.index(part)
        for part in (
            "<h1",
            "<progress",
            'href="#sign"',
            "<p>We made it.",
            'id="sign"',
            'id="newest"',
        )
    ]
    assert places == sorted(places)


def test_a_campaign_that_closed_below_its_goal_asks_for_no_more(client: Client) -> None:
    make_campaign()
    Campaign.objects.update(closes_at=NOW)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        page = words(client)
    assert "The goal was 1,000" in page
    assert "more to reach" not in page


@pytest.mark.parametrize("state", ["closed", "paused"])
def test_who_cannot_sign_is_led_to_the_names_instead(client: Client, state: str) -> None:
    make_campaign()
    if state == "closed":
        Campaign.objects.update(closes_at=NOW)
    else:
        Campaign.objects.update(paused_at=NOW)
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        page = client.get("/art/").content.decode()
    assert 'href="#newest"' in page
    assert 'href="#sign"' not in page
    assert "<form" not in page


def test_every_page_of_an_open_campaign_leads_to_its_statement_list_and_data(
    client: Client,
) -> None:
    make_campaign()
    for path in ("/art/", "/art/signers/"):
        page = client.get(path).content.decode()
        for href in (
            *("/art/?language=en", "/art/signers/?language=en", "/api/docs/"),
            *("/api/v1/campaigns/art/feed.atom", "https://example.org/privacy"),
        ):
            assert f'href="{href}"' in page, (path, href)


def test_a_preview_leads_nowhere_that_is_not_there_yet(client: Client) -> None:
    campaign = make_campaign(opens_at=datetime.now(UTC) + timedelta(days=30))
    page = client.get(f"/preview/{campaign.preview_key}/").content.decode()
    assert "Opens on " in page
    for href in ("/art/?language=en", "/art/signers/?language=en", "/api/v1/campaigns/art/"):
        assert f'href="{href}' not in page, href


def test_a_link_to_a_name_leads_to_the_first_place_where_it_stands(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    both, newest = (make_signature(campaign, name=name) for name in ("Zoë", "Ada"))
    Signature.objects.filter(pk=both.pk).update(featured=True)

    page = client.get("/art/").content.decode()

    assert [page.count(f"<bdi>{name}</bdi>") for name in ("Zoë", "Ada")] == [2, 1]
    among, below = page.split('id="newest"')
    assert among.count(f'id="signer-{both.public_id}"') == 1
    assert f'id="signer-{both.public_id}"' not in below
    assert below.count(f'id="signer-{newest.public_id}"') == 1
