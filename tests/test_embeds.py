"""Form and counter in frames on other sites: who may show them, what they answer, what they never hold."""

import gzip
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from campaign.models import Campaign, Mail, Signature
from campaign.models.signature import Status
from tests import fronts
from tests.answers import headers_of
from tests.factories import confirm_token, details, make_campaign, make_signature, manage_token

FORM, COUNTER, DEMONSTRATION = "/embed/art/", "/embed/art/counter/", "/embed/art/demo/"
FRAMES = [FORM, COUNTER]
PAGES = [*FRAMES, DEMONSTRATION]
SITES = "https://partner.example"


@pytest.fixture
def art(db: None) -> Campaign:
    return make_campaign(publication="after_verification")


def policy(response: Any) -> dict[str, set[str]]:
    """The directives of a Content-Security-Policy."""
    parts = response["Content-Security-Policy"].split(";")
    return {name: set(values) for name, *values in (part.split() for part in parts)}


def typed(**fields: str) -> dict[str, str]:
    """What the form sends, a whole one unless told otherwise."""
    form = {name: str(value) for name, value in details().items()}
    return {**form, "consent": "yes", "source": "embed", "statement_version": "1", **fields}


# --- Who may show them -----------------------------------------------------------------------


@pytest.mark.parametrize("path", FRAMES)
@pytest.mark.parametrize("method", ["get", "head"])
def test_the_campaigns_sites_may_frame_it_and_nobody_else(
    client: Client, art: Campaign, path: str, method: str
) -> None:
    response = getattr(client, method)(path)
    assert response.status_code == 200
    assert policy(response)["frame-ancestors"] == {"'self'", SITES}
    assert "X-Frame-Options" not in response


@pytest.mark.parametrize("path", FRAMES)
def test_a_campaign_without_sites_is_framed_by_our_own_pages_alone(
    client: Client, art: Campaign, path: str
) -> None:
    Campaign.objects.update(sites=[])
    response = client.get(path)
    assert policy(response)["frame-ancestors"] == {"'self'"}


def test_all_else_of_the_policy_stays_as_strict(client: Client, art: Campaign) -> None:
    strict = policy(client.get("/art/"))
    for path in FRAMES:
        assert policy(client.get(path)) == {**strict, "frame-ancestors": {"'self'", SITES}}
    own = policy(client.get(DEMONSTRATION))
    assert own == {**strict, "frame-src": {"'self'"}}


def test_no_other_page_is_framed_by_anybody(client: Client, art: Campaign) -> None:
    signature = make_signature(art)
    tokens = [f"/confirm/{confirm_token(signature)}/", f"/manage/{manage_token(signature)}/"]
    missing = ["/embed/nobody/", "/embed/nobody/counter/", "/embed/art/else/", "/embed/"]
    for path in ["/", "/art/", "/art/signers/", DEMONSTRATION, *tokens, *missing]:
        response = client.get(path)
        assert policy(response)["frame-ancestors"] == {"'none'"}, path
        assert response["X-Frame-Options"] == "DENY", path


@pytest.mark.parametrize(
    ("form", "origin", "status"),
    [
        (typed(), "http://testserver", 200),
        (typed(email="nobody"), "http://testserver", 422),
        (typed(statement_version="7"), "http://testserver", 409),
        (typed(), "null", 403),
        ({"action": "resend", "email": "zoe@example.org"}, "http://testserver", 200),
        (typed(action="edit"), "http://testserver", 200),
    ],
)
def test_whatever_the_form_answers_is_shown_in_the_frame(
    client: Client, art: Campaign, form: dict[str, str], origin: str, status: int
) -> None:
    response = client.post(f"{FORM}?language=en", form, headers={"Origin": origin})
    assert response.status_code == status
    assert policy(response)["frame-ancestors"] == {"'self'", SITES}
    assert "X-Frame-Options" not in response
    assert response["Cache-Control"] == "no-store"
    page = response.content.decode()
    assert 'class="embed"' in page
    # Nothing in it leads out of the frame but in a page of its own.
    assert set(re.findall(r'<form[^>]*action="([^"?#]*)', page)) <= {FORM}
    assert re.findall(r'href="/art/[^"]*"\s+target="_blank"', page)


# --- Signing in it ---------------------------------------------------------------------------


def test_whoever_signs_in_it_gets_the_mail_that_everybody_gets(
    client: Client, art: Campaign
) -> None:
    response = client.post(FORM, typed(), headers={"Origin": "http://testserver"})
    assert "zoe@example.org" in response.content.decode()
    signature = Signature.objects.get()
    assert (signature.status, signature.source) == (Status.PENDING, "embed")
    assert Mail.objects.get().kind == "confirm"
    confirmed = client.post(f"/confirm/{confirm_token(signature)}/")
    assert confirmed.status_code == 200
    assert b'class="embed"' not in confirmed.content
    assert Signature.objects.get().status == Status.PUBLISHED


def test_what_was_typed_is_still_there_beside_what_is_wrong(client: Client, art: Campaign) -> None:
    response = client.post(FORM, typed(email="nobody"), headers={"Origin": "http://testserver"})
    page = response.content.decode()
    assert 'value="Zoë Moreau"' in page
    assert 'href="#email"' in page
    assert not Signature.objects.exists()


@pytest.mark.parametrize("origin", ["null", SITES, "https://elsewhere.example"])
def test_only_our_own_frame_posts_to_it(client: Client, art: Campaign, origin: str) -> None:
    response = client.post(FORM, typed(), headers={"Origin": origin})
    assert response.status_code == 403
    assert not Signature.objects.exists()
    assert not Mail.objects.exists()


def test_the_site_that_it_stands_on_goes_with_it(client: Client, art: Campaign) -> None:
    form = client.get(f"{FORM}?language=en&source=partner.example").content.decode()
    assert 'name="source" value="partner.example"' in form
    assert 'name="source" value="embed"' in client.get(FORM).content.decode()
    assert 'name="source" value="embed"' in client.get(f"{FORM}?source=<x>").content.decode()
    counter = client.get(f"{COUNTER}?language=en&source=partner.example").content.decode()
    assert 'href="/art/?language=en&amp;source=partner.example"' in counter


def test_an_error_speaks_the_language_of_the_frame(client: Client, art: Campaign) -> None:
    response = client.post(f"{FORM}?language=fr", {"x": "y"}, headers={"Origin": "null"})
    assert response["Content-Language"] == "fr"
    assert 'lang="fr"' in response.content.decode()


@pytest.mark.parametrize("path", [COUNTER, DEMONSTRATION, "/embed.js"])
def test_only_the_form_takes_a_post(client: Client, art: Campaign, path: str) -> None:
    assert client.post(path, typed()).status_code == 405
    assert not Signature.objects.exists()


# --- What they show --------------------------------------------------------------------------


@pytest.mark.parametrize("path", PAGES)
def test_they_are_there_by_the_clock(client: Client, art: Campaign, path: str) -> None:
    Campaign.objects.update(opens_at=timezone.now() + timedelta(minutes=1))
    for method in ("get", "head", "post"):
        early = getattr(client, method)(path)
        nobody = getattr(client, method)(path.replace("/art/", "/xyz/"))
        assert early.content == nobody.content
        assert headers_of(early) == headers_of(nobody)
        assert early.status_code == (405 if method == "post" and path != FORM else 404)
    Campaign.objects.update(opens_at=timezone.now() - timedelta(minutes=1))
    assert client.get(path).status_code == 200


@pytest.mark.parametrize("path", PAGES)
def test_they_speak_the_language_of_their_address_or_the_browsers(
    client: Client, art: Campaign, path: str
) -> None:
    for response in (
        client.get(f"{path}?language=fr"),
        client.get(path, headers={"Accept-Language": "fr"}),
    ):
        assert response["Content-Language"] == "fr"
        assert "L’art n’est pas une carrière" in response.content.decode()
    assert client.get(f"{path}?language=xx")["Content-Language"] == "en"


def test_the_counter_is_the_count_and_the_way_to_the_form(client: Client, art: Campaign) -> None:
    make_signature(art)
    make_signature(art, show_name=False)
    page = client.get(f"{COUNTER}?language=en").content.decode()
    assert re.search(r"<strong>2</strong> signatures", page)
    assert re.search(r'href="/art/\?language=en"\s+target="_blank"\s+rel="noopener"', page)
    assert "<form" not in page
    assert "Zoë Moreau" not in page


def test_the_form_shows_the_text_that_is_signed(client: Client, art: Campaign) -> None:
    page = client.get(FORM).content.decode()
    for words in ("Ask us first.", "I agree that my name is published.", "Example Organiser"):
        assert words in page
    assert 'href="https://example.org/privacy"' in page


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"paused_at": timezone.now()}, "Signing is paused"),
        ({"closes_at": timezone.now()}, "Signing has ended"),
    ],
)
def test_a_campaign_that_takes_no_signatures_says_so_in_the_frame(
    client: Client, art: Campaign, change: dict[str, Any], words: str
) -> None:
    Campaign.objects.update(**change)
    page = client.get(FORM).content.decode()
    assert words in page
    assert "<form" not in page
    answer = client.post(FORM, typed(), headers={"Origin": "http://testserver"})
    assert answer.status_code == 409
    assert policy(answer)["frame-ancestors"] == {"'self'", SITES}
    assert not Signature.objects.exists()


@pytest.mark.parametrize("path", PAGES)
def test_search_engines_find_the_campaigns_own_page_instead(
    client: Client, art: Campaign, path: str
) -> None:
    assert '<meta name="robots" content="noindex">' in client.get(path).content.decode()


def test_the_demonstration_shows_each_line_and_what_it_makes(client: Client, art: Campaign) -> None:
    page = client.get(f"{DEMONSTRATION}?language=fr").content.decode()
    for show in ("counter", "form"):
        assert (
            f'/embed.js" data-campaign="art" data-show="{show}" data-language="fr" async&gt;'
        ) in page
        assert re.search(rf'src="/embed.js"\s+data-campaign="art"\s+data-show="{show}"', page)
    assert "/api/v1/campaigns/art/badge.svg?language=fr" in page
    assert SITES in page


# --- The script ------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_script_is_small_and_asked_for_again_within_a_minute(client: Client) -> None:
    response = client.get("/embed.js")
    assert response.status_code == 200
    assert response["Content-Type"] == "text/javascript; charset=utf-8"
    assert response["Cache-Control"] == "public, max-age=5, stale-while-revalidate=25"
    assert "Last-Modified" in response
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Accept-Language" not in response.get("Vary", "")
    assert len(gzip.compress(response.content)) < 2048
    again = client.get("/embed.js", headers={"If-None-Match": response["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.django_db
def test_the_script_speaks_every_language_whatever_the_browser_wishes(client: Client) -> None:
    scripts = {
        client.get("/embed.js", headers={"Accept-Language": language}).content
        for language in ("en", "fr", "xx")
    }
    assert len(scripts) == 1
    for words in (b"Sign the statement", b"Signer le texte"):
        assert all(words in script for script in scripts)


# --- Copies ----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)  # the web server's end of a request closes the connection
@pytest.mark.parametrize("path", [*PAGES, "/embed.js"])
def test_they_are_given_from_a_copy_with_all_that_was_said_of_them(path: str) -> None:
    make_campaign()
    process = fronts.Process()
    query = "" if path == "/embed.js" else "?language=en"
    first, second = process.get(path + query), process.get(path + query, Cookie="a=b")
    assert process.readings == 1
    assert first == second
    assert "set-cookie" not in first.headers
    assert ("x-frame-options" in first.headers) == (path not in FRAMES)
    who = {"'self'", SITES} if path in FRAMES else {"'none'"}
    assert policy(first)["frame-ancestors"] == who
    etag = {"If_None_Match": first["etag"]}
    assert process.get(path + query, **etag).status == 304


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", FRAMES)
def test_all_sites_share_one_copy(path: str) -> None:
    make_campaign()
    process = fronts.Process()
    for site in (b"one.example", b"two.example"):
        assert site in process.get(f"{path}?language=en&source={site.decode()}").body
    assert process.readings == 1
