"""What a service that shows a link reads of our pages: exact tags, in the language of the address."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from campaign.models import Campaign
from campaign.web.sharing import DESCRIPTION, opening
from tests.factories import confirm_token, make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db

META = re.compile(r'<meta (?:property|name)="([^"]+)" content="([^"]*)">')


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def tags(client: Client, address: str, status: int = 200) -> dict[str, str]:
    response = client.get(address)
    assert response.status_code == status
    return {name: unescape(text) for name, text in META.findall(response.content.decode())}


def card(client: Client, address: str, status: int = 200) -> dict[str, str]:
    found = tags(client, address, status)
    return {name: text for name, text in found.items() if name.startswith(("og:", "twitter:"))}


def test_a_campaigns_page_says_what_to_show_of_it(client: Client, art: Campaign) -> None:
    base = settings.BASE_URL
    assert card(client, "/art/?language=fr") == {
        "og:type": "website",
        "og:site_name": "Example Organiser",
        "og:title": "L’art n’est pas une carrière",
        "og:description": "Nous l’avons fait.",
        "og:url": f"{base}/art/?language=fr",
        "og:image": f"{base}/art/share.png?language=fr",
        "og:image:type": "image/png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": "L’art n’est pas une carrière",
        "og:locale": "fr_FR",
        "twitter:card": "summary_large_image",
    }
    assert tags(client, "/art/?language=fr")["description"] == "Nous l’avons fait."


def test_the_picture_that_it_names_is_there(client: Client, art: Campaign) -> None:
    image = card(client, "/art/?language=fr")["og:image"]
    response = client.get(image.removeprefix(settings.BASE_URL))
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")


def test_the_first_page_and_the_list_say_it_too(client: Client, art: Campaign) -> None:
    base = settings.BASE_URL
    assert card(client, "/")["og:url"] == f"{base}/art/?language=en"
    listed = card(client, "/art/signers/?language=en&q=zoe")
    assert listed["og:title"] == "Signers – Art is not a quarry"
    assert listed["og:url"] == f"{base}/art/signers/?language=en"
    assert listed["og:image"] == f"{base}/art/share.png?language=en"


def test_pages_of_a_person_and_of_no_campaign_say_nothing(client: Client, art: Campaign) -> None:
    signature = make_signature(art)
    for address in (
        f"/confirm/{confirm_token(signature)}/",
        f"/manage/{manage_token(signature)}/",
        f"/preview/{art.preview_key}/",
    ):
        assert card(client, address) == {}
    assert card(client, "/nobody/", 404) == {}


def test_nothing_is_said_before_the_opening(client: Client) -> None:
    make_campaign(opens_at=timezone.now() + timedelta(days=1))
    assert card(client, "/art/", 404) == {}


@pytest.mark.parametrize(
    ("markdown", "expected"),
    [
        ("# Heading\n\nWe *made* [it](https://x.example). Ask us!", "We made it."),
        ("One line\nand the next.", "One line and the next."),
        ("Version 2.0 is here! Yes.", "Version 2.0 is here!"),
        ("نحن من صنعناه؟ اسألونا.", "نحن من صنعناه؟"),
        ("私たちが作りました。聞いてください。", "私たちが作りました。"),
        ("", ""),
        ('<script>alert("x")</script>', '<script>alert("x")</script>'),
    ],
)
def test_a_description_is_the_first_sentence_without_markup(markdown: str, expected: str) -> None:
    assert opening(markdown) == expected


def test_a_long_sentence_ends_after_a_word() -> None:
    shortened = opening("word " * 100)
    assert len(shortened) <= DESCRIPTION + 1
    assert shortened.endswith("word…")
