"""A campaign's pages speak its own languages and ours; what isn't translated says so."""

import re

import pytest
from django.core import mail
from django.test import Client

from campaign import delivery
from campaign.campaign_file import parse
from campaign.models import Campaign, Signature
from campaign.organising import load_campaign
from tests.factories import campaign_file, details, make_campaign

ENGLISH_ALONE = re.sub(
    r', fr = "[^"]+"', "", campaign_file().partition("[statement.fr]")[0]
).replace('["en", "fr"]', '["en"]')
FORM = {**details(language="fr"), "consent": "yes", "action": "sign"}

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    load_campaign(parse(ENGLISH_ALONE))
    return Campaign.objects.get()


def switches(page: str) -> list[str]:
    return re.findall(r'hreflang="([\w-]+)"\s+rel="nofollow"', page)


@pytest.mark.parametrize(("query", "accept"), [("?language=fr", "en"), ("", "fr-CH, fr;q=0.9")])
def test_a_page_in_ours_shows_the_statement_in_its_default_language_and_says_so(
    client: Client, campaign: Campaign, query: str, accept: str
) -> None:
    response = client.get(f"/art/{query}", headers={"Accept-Language": accept})
    page = response.content.decode()
    assert response["Content-Language"] == "fr"
    assert '<html lang="fr" dir="ltr">' in page
    assert "Signer le texte" in page
    assert ">Art is not a quarry</h1>" in page
    assert "Ce texte n’est pas encore traduit (Français)" in page


def test_a_page_in_a_language_of_the_statement_says_nothing_of_translations(
    client: Client,
) -> None:
    make_campaign()
    page = client.get("/art/?language=fr").content.decode()
    assert "L’art n’est pas une carrière" in page
    assert "traduction" not in page


@pytest.mark.parametrize("path", ["/art/", "/art/signers/"])
def test_the_campaigns_languages_are_offered_first_and_ours_after_them(
    client: Client, path: str
) -> None:
    load_campaign(parse(campaign_file().replace('["en", "fr"]', '["fr", "en"]')))
    offered = switches(client.get(path).content.decode())
    assert offered[:2] == ["fr", "en"]
    assert len(offered) == len(set(offered))


def test_who_signs_on_such_a_page_is_written_to_in_its_language(
    client: Client, campaign: Campaign
) -> None:
    assert client.post("/art/?language=fr", FORM).status_code == 200
    signature = Signature.objects.get()
    assert (signature.language, signature.statement.language) == ("fr", "en")
    delivery.deliver_due()
    (letter,) = mail.outbox
    assert letter.subject == "Veuillez confirmer votre signature : Art is not a quarry"


def test_the_api_says_the_language_of_the_statement_alone(
    client: Client, campaign: Campaign
) -> None:
    response = client.get("/api/v1/campaigns/art/?language=fr")
    body = response.json()
    assert (body["language"], body["languages"], response["Content-Language"]) == (
        "en",
        ["en"],
        "en",
    )


@pytest.mark.parametrize(
    ("language", "day"),
    [
        ("en", "22 January 2026"),
        ("fr", "22 janvier 2026"),
        ("es", "22 de enero de 2026"),
        ("de", "22. Januar 2026"),
        ("ar", "22 يناير، 2026"),
    ],
)
def test_days_are_written_as_the_language_writes_them(
    client: Client, language: str, day: str
) -> None:
    make_campaign()
    page = client.get(f"/art/?language={language}").content.decode()
    assert day in page


def test_arabic_runs_from_right_to_left(client: Client) -> None:
    make_campaign()
    assert '<html lang="ar" dir="rtl">' in client.get("/art/?language=ar").content.decode()
