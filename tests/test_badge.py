"""The count as a picture: right, readable for everybody, and stopped by no policy."""

import random
import re
from xml.etree import ElementTree as ET

import pytest
from django.test import Client

from campaign import badge
from campaign.contrast import contrast, on, parse
from campaign.models import Campaign
from campaign.models.signature import Status
from campaign.models.tally import Tally
from tests.factories import make_campaign, make_signature

pytestmark = pytest.mark.django_db

URL = "/api/v1/campaigns/art/badge.svg"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def picture(client: Client, query: str = "", **headers: str) -> ET.Element:
    response = client.get(URL + query, headers=headers)
    assert response.status_code == 200
    return ET.fromstring(response.content)


def words(root: ET.Element) -> list[str | None]:
    return [each.text for each in root.iter(f"{SVG}text")]


def published(campaign: Campaign, n: int) -> None:
    Tally.objects.create(campaign=campaign, state="published", dimension="all", n=n)


def test_it_shows_the_published_the_anonymous_too(client: Client, art: Campaign) -> None:
    make_signature(art)
    make_signature(art, show_name=False)
    make_signature(art, status=Status.HELD)
    root = picture(client)
    assert words(root) == ["2", "signatures"]
    assert root.findtext(f"{SVG}title") == "2 signatures"
    assert root.findtext(f"{SVG}desc") == "Art is not a quarry"
    assert root.get("role") == "img"
    assert root.get("aria-labelledby") == "t d"


@pytest.mark.parametrize(
    ("n", "language", "expected"),
    [
        (0, "en", ["0", "signatures"]),
        (1, "en", ["1", "signature"]),
        (999, "en", ["999", "signatures"]),
        (12345, "en", ["12,345", "signatures"]),
        (1234567, "en", ["1,234,567", "signatures"]),
        (1234567, "fr", ["1\u202f234\u202f567", "signatures"]),
    ],
)
def test_numbers_are_written_as_their_readers_write_them(
    client: Client, art: Campaign, n: int, language: str, expected: list[str]
) -> None:
    published(art, n)
    assert [
        (word or "").replace("\xa0", "\u202f")
        for word in words(picture(client, f"?language={language}"))
    ] == expected


def test_the_browser_chooses_the_language_where_the_address_does_not(
    client: Client, art: Campaign
) -> None:
    response = client.get(URL, headers={"Accept-Language": "fr"})
    assert response["Content-Language"] == "fr"
    assert "Accept-Language" in response["Vary"]
    assert "quarry" not in response.content.decode()
    asked = client.get(f"{URL}?language=en", headers={"Accept-Language": "fr"})
    assert asked["Content-Language"] == "en"
    assert "Accept-Language" not in asked.get("Vary", "")
    assert client.get(f"{URL}?colour=red").status_code == 400


def test_it_is_a_picture_that_nothing_needs_to_be_allowed_for(
    client: Client, art: Campaign
) -> None:
    response = client.get(URL)
    assert response["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert response["Cache-Control"].startswith("public")
    drawn = response.content.decode()
    assert not re.search(r"<(script|style|image|use|a|foreignObject)\b| style=| on\w+=|href", drawn)
    assert re.findall(r"https?://[^\"]*", drawn) == ["http://www.w3.org/2000/svg"]


def test_words_stay_words(client: Client, art: Campaign) -> None:
    drawn = badge.draw(
        number="<7>",
        label='"&',
        description="]]></desc><script>\x00\ufffe",
        accent="",
        language='"x',
    )
    root = ET.fromstring(drawn)
    assert words(root) == ["<7>", '"&']
    assert root.findtext(f"{SVG}desc") == "]]></desc><script>"
    assert not root.findall(f".//{SVG}script")


def test_the_accent_is_the_campaigns(client: Client) -> None:
    make_campaign(extra='colours = {accent = "#00675b"}')
    root = picture(client)
    assert [each.get("fill") for each in root.iter(f"{SVG}path")] == ["#00675b"]
    assert [each.get("fill") for each in root.iter(f"{SVG}text")] == ["#ffffff", f"#{badge.INK}"]


def test_the_number_reads_on_every_accent() -> None:
    chance = random.Random(7)
    grounds = [f"{chance.randrange(1 << 24):06x}" for _ in range(2000)]
    grounds += [f"{grey:02x}" * 3 for grey in range(256)]
    worst = min(contrast(parse(on(parse(each))), parse(each)) for each in grounds)
    assert worst >= 4.5
    assert contrast(parse(badge.INK), parse(badge.PAPER)) >= 7


@pytest.mark.parametrize("number", ["0", "7", "999", "12,345", "1,234,567", "1 234 567"])
@pytest.mark.parametrize("label", ["signatures", "Unterschriften", "署名", "підписів"])
def test_both_texts_stay_within_their_places(number: str, label: str) -> None:
    drawn = badge.draw(number=number, label=label, description="", accent="", language="en")
    root = ET.fromstring(drawn)
    width = float(root.get("width", ""))
    ends = []
    for each in root.iter(f"{SVG}text"):
        middle, length = float(each.get("x", "")), float(each.get("textLength", ""))
        ends += [middle - length / 2, middle + length / 2]
    assert ends == sorted(ends)
    assert ends[0] >= 9
    assert ends[2] - ends[1] >= 18
    assert width - ends[3] >= 9
