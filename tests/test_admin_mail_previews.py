"""What each mail looks like, shown in the admin before anybody gets one."""

import html
import re
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from campaign.models import Campaign, Mail, Signature
from campaign.models.mail import MailKind
from tests.factories import make_campaign, make_signature, make_user

pytestmark = pytest.mark.django_db

FRAME = re.compile(r'<iframe[^>]*?\ssandbox\s+srcdoc="([^"]*)">\s*</iframe>', re.DOTALL)
LANGUAGES = [code for code, _name in settings.LANGUAGES]


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(make_user("view_campaign", username="operator"))
    return client


def path(campaign: Campaign) -> str:
    return f"/admin/campaign/campaign/{campaign.pk}/mails/"


def mail(client: Client, campaign: Campaign, **query: str) -> tuple[str, str]:
    """The page, and the mail in its frame."""
    response = client.get(path(campaign), query)
    assert response.status_code == 200
    page = response.content.decode()
    framed = FRAME.search(page)
    assert framed is not None
    return page, html.unescape(framed[1])


@pytest.mark.parametrize("kind", MailKind.values)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mail_is_shown_in_every_language(operator: Client, kind: str, language: str) -> None:
    page, framed = mail(operator, make_campaign(), kind=kind, language=language)
    assert f'<html lang="{language}"' in framed
    title = "L’art n’est pas une carrière" if language == "fr" else "Art is not a quarry"
    assert title in framed
    assert re.search(rf'<dd id="subject">\s*<bdi>[^<]*{title}</bdi>', page)
    assert re.search(r'<pre class="mail-plain"[^>]*>' + title, page)
    for other in MailKind.values:
        for code in LANGUAGES:
            assert f'href="?kind={other}&amp;language={code}"' in page


def test_a_campaign_to_come_is_shown_as_its_mails_are_then(operator: Client) -> None:
    campaign = make_campaign(opens_at=timezone.now() + timedelta(days=1))
    _page, framed = mail(operator, campaign, kind="published")
    assert "It will be on the list when the statement opens" in framed


def test_what_there_is_not_shows_the_first(operator: Client) -> None:
    page, framed = mail(operator, make_campaign(), kind="\0", language="xx")
    assert 'aria-label="Please confirm, English"' in " ".join(page.split())
    assert '<html lang="en"' in framed


def test_it_shows_no_signer_and_stores_nothing(operator: Client) -> None:
    campaign = make_campaign()
    make_signature(campaign, name="Canary Signer", email="canary@example.org")
    before = Mail.objects.count(), Signature.objects.count()
    for kind in MailKind.values:
        page, _framed = mail(operator, campaign, kind=kind)
        assert "canary" not in page.lower()
    assert (Mail.objects.count(), Signature.objects.count()) == before


def test_a_campaigns_page_leads_there_and_only_reading_is_possible(operator: Client) -> None:
    campaign = make_campaign()
    page = operator.get(f"/admin/campaign/campaign/{campaign.pk}/change/").content.decode()
    assert f'href="{path(campaign)}"' in page
    assert operator.post(path(campaign)).status_code == 405
    assert operator.get("/admin/campaign/campaign/999999/mails/").status_code == 404


def test_a_mail_is_shown_and_never_becomes_part_of_the_page(operator: Client) -> None:
    campaign = make_campaign()
    Campaign.objects.update(organiser_name="<script>1</script>")
    page, framed = mail(operator, campaign)
    assert "&lt;script&gt;1&lt;/script&gt;" in framed
    assert "<script>1" not in page
