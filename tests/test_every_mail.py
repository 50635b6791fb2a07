"""Every kind of mail in every language: whole, safe, and the same as HTML and as plain text."""

import re
from html.parser import HTMLParser

import pytest
from django.conf import settings
from django.test import Client

from campaign import letters
from campaign.contrast import contrast, parse
from campaign.languages import direction
from campaign.mime import Letter
from campaign.models import Campaign, Mail, Signature
from campaign.models.mail import BY_STRANGERS, MailKind
from tests.factories import make_campaign

pytestmark = pytest.mark.django_db

LANGUAGES = [code for code, _name in settings.LANGUAGES]
# Gmail cuts off what is longer than 102 kB.
LONGEST = 100_000
LINK = re.compile(r"(?:https?://|mailto:)[^\s\"'<>]+")
ELSEWHERE = {"https://example.org/privacy"}
REMOTE = re.compile(
    r"<img|<link|<script|url\(|@import|@font-face|\bsrc=|\bbackground=", re.IGNORECASE
)


class Reader(HTMLParser):
    """What a mail program makes of it: elements with their attributes, and words."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.said = ""
        self._silent = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attributes}))
        self._silent += tag in {"style", "title"}

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"style", "title"}

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.said += data

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(extra='colours = {accent = "#003087"}')


@pytest.fixture(params=[(kind, code) for kind in MailKind.values for code in LANGUAGES], ids=str)
def letter(request: pytest.FixtureRequest, campaign: Campaign) -> Letter:
    kind, language = request.param
    return letters.example(campaign, kind, language)


def html_of(letter: Letter) -> str:
    return str(letter.alternatives[0][0])


def links(text: str) -> set[str]:
    return {found.rstrip(".,;)") for found in LINK.findall(text)}


def test_it_is_one_subject_short_enough_and_whole(letter: Letter) -> None:
    html = html_of(letter)
    assert letter.subject.strip() == letter.subject != ""
    assert "\n" not in letter.subject
    assert "Zoë" not in letter.subject
    assert len(letter.message().as_bytes()) < LONGEST
    for text in (letter.subject, str(letter.body), html):
        for broken in ("{{", "{%", "{#", "%(", "None", "blocktranslate"):
            assert broken not in text


def test_both_parts_lead_to_the_same_places_and_these_are_ours(letter: Letter) -> None:
    html = Reader(html_of(letter))
    led_to = {link["href"] for link in html.all("a")}
    assert {each for each in led_to if not each.startswith("mailto:")} == {
        each for each in links(str(letter.body)) if not each.startswith("mailto:")
    }
    contacts = {each.removeprefix("mailto:") for each in led_to if each.startswith("mailto:")}
    assert all(contact in letter.body for contact in contacts)
    for link in led_to - ELSEWHERE:
        assert link.startswith((f"{settings.BASE_URL}/", "mailto:privacy@example.org")), link


def test_nothing_is_fetched_so_that_nobody_sees_it_opened(letter: Letter) -> None:
    assert not REMOTE.search(html_of(letter))


def test_it_says_its_language_and_direction_inside_too(letter: Letter) -> None:
    language = letter.extra_headers["Content-Language"]
    side = {"rtl": "right", "ltr": "left"}[direction(language)]
    html = Reader(html_of(letter))
    wanted = {"lang": language, "dir": direction(language)}
    assert {key: html.all("html")[0][key] for key in wanted} == wanted
    assert {key: html.all("div")[0][key] for key in wanted} == wanted
    inside = [cell for cell in html.all("td") if cell.get("class") in {"inside", "foot"}]
    assert [cell["align"] for cell in inside] == [side, side]
    assert all(f"text-align: {side}" in cell["style"] for cell in inside)
    [title] = html.all("h1")
    shown = {"lang": title["lang"], "dir": title["dir"]}
    assert shown == {"lang": "fr" if language == "fr" else "en", "dir": "ltr"}


def test_who_hears_it_read_hears_words_and_no_tables(letter: Letter) -> None:
    html = Reader(html_of(letter))
    assert {table["role"] for table in html.all("table")} == {"presentation"}
    # What a list of mails shows beside the subject says more than the subject.
    glance = html.said[: html.said.index("\u200c")].split()
    assert len(glance) > 3


def test_the_words_are_the_same_in_both_parts(letter: Letter) -> None:
    # Without addresses: a token may hold any letters, two hyphens too.
    parts = Reader(html_of(letter)).said, str(letter.body)
    html, text = (re.sub(r"https?://\S+", "", part) for part in parts)
    words = set(text.split())
    assert {word for word in words if word not in html} == {"--"}


def test_the_button_can_be_read_by_day_and_by_night(letter: Letter) -> None:
    html = html_of(letter)
    night = html[html.index("prefers-color-scheme: dark") :]
    accent = re.search(r"\.cell, \.button { background-color: (#\w{6}) !important; }", night)
    assert accent is not None
    assert contrast(parse("#003087"), parse("#ffffff")) > 4.5
    assert contrast(parse(accent[1]), parse("#151311")) > 4.5
    assert contrast(parse(accent[1]), parse("#1e1b18")) > 4.5


def test_what_a_stranger_can_cause_can_be_stopped(campaign: Campaign) -> None:
    for kind in MailKind.values:
        letter = letters.example(campaign, kind, "en")
        assert ("List-Unsubscribe" in letter.extra_headers) == (kind in BY_STRANGERS), kind
        assert ("/not-me/" in letter.body) == (kind in BY_STRANGERS), kind


def test_an_example_is_stored_nowhere_and_leads_to_nobody(
    campaign: Campaign, client: Client
) -> None:
    for kind in MailKind.values:
        letter = letters.example(campaign, kind, "en")
        for link in links(str(letter.body)):
            if "/confirm/" in link or "/manage/" in link:
                assert client.get(link).status_code == 410
    assert not Mail.objects.exists()
    assert not Signature.objects.exists()
