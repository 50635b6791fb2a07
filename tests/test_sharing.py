"""Passing the link on: plain links, each with its source, and nobody's name but a listed one."""

import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, quote, unquote, urlsplit

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from campaign.models import Campaign, Signature
from campaign.models.signature import Status
from campaign.signing import show
from tests.factories import confirm_token, make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db

BASE = settings.BASE_URL
WAYS = {"whatsapp", "telegram", "facebook", "bluesky", "mastodon", "x", "linkedin", "mail"}


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def block(page: str) -> str:
    """The part of a page that shares it, '' if there is none."""
    found = re.search(r'<section class="share".*?</section>', page, re.DOTALL)
    return found[0] if found else ""


def shared(page: str) -> dict[str, str]:
    """Each link that may be passed on, by its source."""
    links = re.findall(r'(?:value|data-url|href)="([^"]+)"', block(page))
    # As it is in the field and for the phone's sheet, quoted in the services' links.
    ours = re.compile(f"{re.escape(quote(BASE, safe=''))}[^&]*|{re.escape(BASE)}.*")
    found = {}
    for link in links:
        if told := ours.search(unescape(link)):
            address = unquote(told[0])
            [source] = parse_qs(urlsplit(address).query)["source"]
            found[source] = address
    return found


def own_page(client: Client, signature: Signature) -> str:
    return client.get(f"/manage/{manage_token(signature)}/").content.decode()


def confirmed(client: Client) -> tuple[Signature, str]:
    """Somebody's signature, and the page after they have confirmed it."""
    signature = make_signature(status=Status.PENDING)
    page = client.post(f"/confirm/{confirm_token(signature)}/").content.decode()
    signature.refresh_from_db()
    return signature, page


def test_a_campaigns_page_is_passed_on_with_its_source(client: Client, art: Campaign) -> None:
    page = client.get("/art/?language=fr").content.decode()
    assert shared(page) == {
        source: f"{BASE}/art/?language=fr&source={source}" for source in {*WAYS, "link", "share"}
    }


def test_the_links_are_the_services_own(client: Client, art: Campaign) -> None:
    page = unescape(block(client.get("/art/").content.decode()))
    link = f"{BASE}/art/?language=en&source=".replace(":", "%3A").replace("/", "%2F")
    link = link.replace("?", "%3F").replace("=", "%3D").replace("&", "%26")
    title = "Art%20is%20not%20a%20quarry"
    for expected in (
        f"https://wa.me/?text={title}%20{link}whatsapp",
        f"https://t.me/share/url?url={link}telegram&text={title}",
        f"https://www.facebook.com/sharer/sharer.php?u={link}facebook",
        f"https://bsky.app/intent/compose?text={title}%20{link}bluesky",
        f"https://share.joinmastodon.org/#text={title}%20{link}mastodon",
        f"https://x.com/intent/tweet?text={title}&url={link}x",
        f"https://www.linkedin.com/sharing/share-offsite/?url={link}linkedin",
        f"mailto:?subject={title}&body={link}mail",
    ):
        assert f'href="{expected}"' in page
    assert page.count('rel="noopener noreferrer"') == len(WAYS)


def test_nothing_is_asked_of_another_site_before_a_click(client: Client, art: Campaign) -> None:
    _, page = confirmed(client)
    for loaded in re.findall(
        r'(?:src|srcset|action)="([^"]+)"', client.get("/art/").content.decode() + page
    ):
        assert urlsplit(loaded).netloc == ""


def test_who_is_listed_passes_on_their_own_page_and_picture(client: Client, art: Campaign) -> None:
    signature, page = confirmed(client)
    for shown in (page, own_page(client, signature)):
        assert set(shared(shown)) == {*WAYS, "link", "share"}
        one = f"{BASE}/art/signers/{signature.public_id}/?language=en&source=mail"
        assert shared(shown)["mail"] == one
        picture = f"/art/signers/{signature.public_id}/share.png?language=en"
        assert f'src="{picture}"' in block(shown)
        assert f'href="{picture}" download="art.png"' in block(shown)
        assert client.get(picture)["Content-Type"] == "image/png"
    there = client.get(one.removeprefix(BASE)).content.decode()
    assert f'<meta property="og:image" content="{BASE}{picture}">' in there
    assert 'href="/art/?language=en&amp;source=mail"' in there


def test_who_is_counted_without_a_name_passes_on_the_campaign(
    client: Client, art: Campaign
) -> None:
    signature, _page = confirmed(client)
    show(manage_token(signature), show_name=False)
    hidden = own_page(client, signature)
    assert shared(hidden)["mail"] == f"{BASE}/art/?language=en&source=mail"
    assert 'src="/art/signed.png?language=en"' in block(hidden)
    assert signature.public_id not in block(hidden)


def test_who_waits_for_a_moderator_passes_on_the_campaign(client: Client) -> None:
    make_campaign()
    signature, page = confirmed(client)
    assert signature.status == Status.HELD
    assert shared(page)["link"] == f"{BASE}/art/?language=en&source=link"
    assert signature.public_id not in block(page)


def test_who_left_or_is_early_has_nothing_to_pass_on(client: Client, art: Campaign) -> None:
    pending = make_signature(name="Somebody", status=Status.PENDING)
    rejected = make_signature(name="Nobody", status=Status.REJECTED)
    for signature in (pending, rejected):
        assert block(own_page(client, signature)) == ""
    published = make_signature(name="Early")
    Campaign.objects.update(opens_at=timezone.now() + timedelta(days=1))
    assert block(own_page(client, published)) == ""
    assert block(client.get(f"/preview/{art.preview_key}/").content.decode()) == ""


def test_the_list_and_its_links_keep_the_source(client: Client, art: Campaign) -> None:
    page = client.get("/art/signers/?language=en&source=mail").content.decode()
    assert 'href="/art/?language=en&amp;source=mail"' in page
