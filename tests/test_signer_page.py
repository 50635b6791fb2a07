"""One signer's page: what it says, in which language, and what is left of it."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaign import moves
from campaign.history import SIGNER
from campaign.models import Campaign, Signature
from campaign.models.signature import Status
from tests.factories import bring_to, make_campaign, make_signature

pytestmark = pytest.mark.django_db

LEFT = [Status.HELD, Status.REJECTED, Status.WITHDRAWN, Status.ERASED]


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def path(signature: Signature) -> str:
    return f"/art/signers/{signature.public_id}/"


def words(response: Any) -> str:
    main = response.content.decode().partition("<main")[2].partition("</main>")[0]
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", main)).split())


def test_it_says_who_signed_what_when_and_what_was_confirmed(client: Client, art: Campaign) -> None:
    signature = make_signature(
        art, name="The Quarry Four", kind="group", country="FR", organisation="Guild", language="fr"
    )
    Signature.objects.update(
        signed_at="2026-02-03T23:59:00Z", evidence_at="2026-02-05T00:00:00Z", evidence_note="secret"
    )
    response = client.get(f"{path(signature)}?language=en")
    assert response.status_code == 200
    told = words(response)
    for text in (
        *("The Quarry Four", "group", "Musician", "The Quarry Songs", "Guild", "France"),
        *("has signed", "Art is not a quarry", "3 February 2026", "Version 1, Français"),
        *("Mailbox confirmed", "5 February 2026", "It says nothing about who they are."),
    ):
        assert text in told
    html = response.content.decode()
    assert 'href="/api/v1/campaigns/art/statements/1/fr.txt"' in html
    assert "noindex" in html
    for secret in (signature.email, "secret"):
        assert secret not in html


def test_it_may_be_kept_for_a_moment_and_speaks_the_readers_language(
    client: Client, art: Campaign
) -> None:
    response = client.get(path(make_signature(art)), headers={"Accept-Language": "fr"})
    assert response["Cache-Control"] == "public, max-age=5, stale-while-revalidate=25"
    assert response["Content-Language"] == "fr"
    assert "Accept-Language" in response["Vary"]
    assert "L’art n’est pas une carrière" in words(response)
    assert not response.cookies


def test_the_list_and_the_feed_lead_to_it(client: Client, art: Campaign) -> None:
    address = path(make_signature(art))
    assert f'href="{address}?language=en"' in client.get("/art/signers/").content.decode()
    feed = client.get("/api/v1/campaigns/art/feed.atom").content.decode()
    assert re.search(rf'<entry>.*<link href="[^"]*{address}"', feed, re.DOTALL)


def test_whoever_passes_it_on_passes_the_signers_picture(client: Client, art: Campaign) -> None:
    address = path(make_signature(art))
    html = client.get(f"{address}?language=fr").content.decode()
    said = dict(re.findall(r'<meta property="(og:\w+)" content="(.*?)"', html))
    assert unescape(said["og:title"]) == "Zoë Moreau – L’art n’est pas une carrière"
    assert said["og:url"].endswith(f"{address}?language=fr")
    assert said["og:image"].endswith(f"{address}share.png?language=fr")


def test_who_signs_from_there_is_known_to_come_from_there(client: Client, art: Campaign) -> None:
    address = path(make_signature(art))
    for query, source in (("", "signer"), ("&source=newsletter-3", "newsletter-3")):
        html = client.get(f"{address}?language=en{query}").content.decode()
        card = html[html.index("<article") : html.index("</article>")]
        assert card.count(f'href="/art/?language=en&amp;source={source}"') == 2


def test_a_campaign_that_is_closed_asks_nobody_to_sign(client: Client, art: Campaign) -> None:
    address = path(make_signature(art))
    assert "sign too" in words(client.get(address))
    Campaign.objects.update(closes_at=timezone.now())
    assert "sign too" not in words(client.get(address))


@pytest.mark.parametrize("status", [*LEFT, "hidden"])
def test_of_who_left_the_list_only_that_is_told(client: Client, art: Campaign, status: str) -> None:
    signature = make_signature(art, name="Gone Canary", credit="Their Credit")
    if status == "hidden":
        changes = {"show_name": False}
        moves.amend(signature_id=signature.pk, actor=SIGNER, changes=changes)
    else:
        bring_to(signature, status)
    response = client.get(path(signature))
    assert response.status_code == 410
    assert response["Cache-Control"] == "no-store"
    html = response.content.decode()
    assert "This signature is gone" in html
    for secret in ("Canary", "Their Credit", signature.public_id):
        assert secret not in html


def test_those_who_left_in_different_ways_cannot_be_told_apart(
    client: Client, art: Campaign
) -> None:
    pages = set()
    for status in LEFT:
        signature = make_signature(art, name=f"Signer {status}")
        bring_to(signature, status)
        pages.add(client.get(path(signature)).content)
    assert len(pages) == 1


@pytest.mark.parametrize("status", [Status.PENDING, *LEFT])
def test_who_was_never_on_the_list_has_no_page(client: Client, status: Status) -> None:
    campaign = make_campaign(publication="after_review")
    assert client.get(path(make_signature(campaign, status=status))).status_code == 404


def test_there_is_none_of_strangers_of_other_campaigns_or_before_the_opening(
    client: Client, art: Campaign
) -> None:
    make_campaign(slug="other", publication="after_verification")
    signature = make_signature(art)
    theirs = path(signature).replace("art", "other")
    assert client.get(theirs).status_code == 404
    for ident in ("nobody", "0" * 16, "x" * 3000, "%00", "%ff", "'"):
        assert client.get(f"/art/signers/{ident}/").status_code == 404
    Campaign.objects.filter(slug="art").update(opens_at=timezone.now() + timedelta(days=1))
    assert client.get(path(signature)).status_code == 404


def test_it_is_only_read(client: Client, art: Campaign) -> None:
    assert client.post(path(make_signature(art))).status_code == 405
