"""What the admin's statistics say of the links by which signers came."""

import re

import pytest
from django.conf import settings
from django.test import Client

from campaign import statistics
from campaign.leaving import erase
from campaign.models import Campaign
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature, make_user, manage_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(make_user("view_campaign", username="operator"))
    return client


def page(operator: Client, campaign: Campaign) -> str:
    return operator.get(f"/admin/campaign/campaign/{campaign.pk}/statistics/").content.decode()


def table(shown: str) -> list[list[str]]:
    sources = shown.partition('aria-labelledby="sources"')[2]
    rows = re.findall(r"<tr>(.*?)</tr>", sources, re.DOTALL)
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in rows]
    return [[re.sub(r"<[^>]*>", "", cell).strip() for cell in row] for row in cells]


def test_each_source_has_its_numbers_the_most_first(operator: Client, art: Campaign) -> None:
    for status in (Status.PUBLISHED, Status.HELD, Status.PENDING):
        make_signature(art, source="whatsapp", status=status)
    make_signature(art, source="mail")
    make_signature(art, source="mail", status=Status.WITHDRAWN)
    make_signature(art)
    assert table(page(operator, art)) == [
        ["Source", "Signed", "Confirmed", "Published"],
        ["whatsapp", "3", "2", "1"],
        ["mail", "2", "2", "1"],
    ]


def test_other_campaigns_and_who_erased_their_data_are_not_among_them(
    operator: Client, art: Campaign
) -> None:
    make_signature(make_campaign(slug="other", publication="after_verification"), source="mail")
    erase(manage_token(make_signature(art, source="link")))
    shown = page(operator, art)
    assert table(shown) == []
    assert "Nobody has come by a link with a source yet." in shown


def test_made_up_sources_are_summed_up(art: Campaign, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statistics, "MOST", 2)
    for source in ("a", "a", "b", "b", "c", "d"):
        make_signature(art, source=source)
    make_signature(art, source="e", status=Status.PENDING)
    found = statistics.by_source(art)
    assert [each.source for each in found.first] == ["a", "b"]
    assert found.others == statistics.Came("", 3, 2, 2)


def test_the_campaigns_page_leads_there_and_says_how_to_make_a_link(
    operator: Client, art: Campaign
) -> None:
    make_signature(art, source="<b>x")
    at = f"/admin/campaign/campaign/{art.pk}/statistics/"
    assert at in operator.get(f"/admin/campaign/campaign/{art.pk}/change/").content.decode()
    shown = page(operator, art)
    assert f"{settings.BASE_URL}/art/?source=newsletter-1" in shown
    assert "&lt;b&gt;x" in shown
    assert "<b>x" not in shown
