"""What attackers try at a page: markup, folders, other people's cookies, plain HTTP."""

import json
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from campaign.campaign_file import parse
from campaign.models import Campaign, Signature
from campaign.models.signature import Status
from campaign.organising import load_campaign
from tests.factories import (
    campaign_file,
    confirm_token,
    make_campaign,
    make_signature,
    manage_token,
)

pytestmark = pytest.mark.django_db

API = "/api/v1/campaigns/art/"
ATTACK = "</title><script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{ 7*7 }}{% now %}"
BY_EDITORS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[x](javascript:alert%281%29)",
    "[x](JaVaScRiPt&#58;alert%281%29)",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "<javascript:alert(1)>",
    "![x](javascript:alert%281%29)",
    "[x]: javascript:alert(1)\n\n[x]",
    '[x](https://a.example "\\" onmouseover=\\"alert(1)")',
]


LINKS = {"href", "src", "action", "formaction", "data", "poster", "srcdoc"}
ACTING = re.compile(r"[\s\0-\x1f]*(?:javascript|vbscript|data:text)", re.IGNORECASE)


class Page(HTMLParser):
    """What of a page acts, as a browser reads it: scripts in it, handlers, links that are code."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.acts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "script" and not given.get("src", "").startswith("/"):
            self.acts.append(tag)
        if given.get("src") == "x":
            self.acts.append(tag)
        self.acts += [name for name in given if name.startswith("on")]
        self.acts += [given[name] for name in LINKS & given.keys() if ACTING.match(given[name])]


def assert_harmless(page: str) -> None:
    assert Page(page).acts == []


# --- Markup ----------------------------------------------------------------------------------


@pytest.mark.parametrize("markdown", BY_EDITORS)
def test_no_markup_of_an_editor_acts_on_a_page(client: Client, markdown: str) -> None:
    text = campaign_file()
    for written, key in (
        ("We made it.\\n\\nAsk us first.", "body"),
        ("Art is not a quarry", "title"),
    ):
        said = json.dumps(markdown if key == "body" else ATTACK)
        assert f'{key} = "{written}"' in text
        text = text.replace(f'{key} = "{written}"', f"{key} = {said}")
    load_campaign(parse(text.replace('"Example Organiser"', json.dumps(ATTACK))))
    answer = client.get(f"{API}?language=en").json()
    assert answer["body_markdown"].strip() == markdown.strip()
    for path in (
        "/",
        "/art/",
        "/art/signers/",
        "/embed/art/",
        "/embed/art/demo/",
        "/art/corrections/",
    ):
        assert_harmless(client.get(path).content.decode())
    assert_harmless(answer["body_html"])


@pytest.mark.parametrize(
    "page",
    [
        *(ATTACK, "<p title='x' onclick=alert(1)>", "<script>1</script>", '<img src="x">'),
        *('<a href="javascript:x">', "<a href=' JAVA&#115;cript:x'>", "<a href=data:text/html,x>"),
    ],
)
def test_control_such_markup_would_be_found(page: str) -> None:
    assert Page(page).acts


def test_what_a_signer_typed_is_text_on_every_page(client: Client) -> None:
    """Past the checks of a name, as a line of an older version may be."""
    campaign = make_campaign(publication="after_verification")
    listed = make_signature(campaign, email="listed@example.org")
    pending = make_signature(campaign, status=Status.PENDING, email="pending@example.org")
    Signature.objects.update(
        name=ATTACK, sort_name=ATTACK, credit=ATTACK, organisation=ATTACK, source=ATTACK[:60]
    )
    paths = [
        *("/art/", "/art/signers/", f"/art/signers/{listed.public_id}/", "/embed/art/"),
        *(f"/art/signers/{listed.public_id}/report/", f"/manage/{manage_token(listed)}/"),
        f"/confirm/{confirm_token(pending)}/",
    ]
    shown = 0
    for path in paths:
        page = client.get(path).content.decode()
        assert_harmless(page)
        shown += "&lt;script&gt;alert(1)&lt;/script&gt;" in page and "{{ 7*7 }}" in page
    assert shown >= 5
    desk = Client()
    desk.force_login(User.objects.create_superuser("root", "r@example.org", "secret"))
    for path in ("", f"{listed.pk}/change/"):
        page = desk.get(f"/admin/campaign/signature/{path}?status=all").content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
        assert "<script>alert" not in page
        assert "<img src=x" not in page


@pytest.mark.parametrize("path", ["/art/", "/art/signers/", "/art/my-signature/", "/embed/art/"])
def test_what_stands_in_an_address_is_text_on_its_page(client: Client, path: str) -> None:
    make_campaign(publication="after_verification")
    asked = dict.fromkeys(("q", "source", "language", "kind", "country", "order", "x"), ATTACK)
    assert_harmless(client.get(path, asked).content.decode())


@pytest.mark.parametrize("https", [False, True])
@pytest.mark.parametrize(
    "path",
    [
        *(
            "//evil.example/art",
            "//evil.example//",
            "///evil.example",
            "/\\evil.example/art",
            "/%5Cevil.example/x",
        ),
        *(
            "//evil.example/%2e%2e",
            "/art",
            "/admin",
            "//evil.example@testserver/art",
            "/%09/evil.example",
        ),
    ],
)
def test_no_address_leads_to_another_site(path: str, https: bool, settings: Settings) -> None:
    """What adds a slash, or leads to https, repeats the path that was asked for."""
    make_campaign()
    settings.SECURE_SSL_REDIRECT = https
    for method in ("GET", "POST"):
        answer = Client().generic(method, "/", PATH_INFO=path)
        location = answer.headers.get("Location", "https://testserver/" if https else "/")
        assert re.match("https://testserver/" if https else r"/(?![/\\])", location), location


def test_logging_out_leads_to_no_other_site() -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root", "r@example.org", "secret"))
    answer = client.post("/admin/logout/?next=https://evil.example/", {"next": "//evil.example/"})
    assert "evil.example" not in answer.headers.get("Location", "")


# --- Files -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        *("/static/", "/static/campaign/", "/static/campaign", "/media/", "/logos/", "/exports/"),
        *("/static/../petition/settings.py", "/static/%2e%2e/petition/settings.py"),
        *("/static/campaign/..%2f..%2fmodels/signature.py", "/.env", "/.git/config", "/.run/"),
        *("/manage.py", "/pyproject.toml", "/inbox/../../../etc/passwd", "/backups/"),
    ],
)
def test_no_folder_is_listed_and_no_file_is_served_but_ours(client: Client, path: str) -> None:
    make_campaign()
    answer = client.get(path)
    assert answer.status_code == 404, answer.content[:200]
    assert b"import" not in answer.content


# --- Cookies ---------------------------------------------------------------------------------


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def test_the_cookie_of_a_login_opens_nothing_outside_of_the_admin(art: Campaign) -> None:
    signature = make_signature(art, email="canary@example.org")
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.create_superuser("root", "r@example.org", "secret"))
    assert strict.get("/admin/").status_code == 200
    for path in ("signatures/", f"signatures/{signature.public_id}/", "signatures.csv"):
        answer = strict.get(f"{API}private/{path}")
        assert (answer.status_code, answer.json()["code"]) == (401, "key_required")
    for verb in ("approve", "reject", "hold", "restore", "feature"):
        posted = strict.post(
            f"{API}private/signatures/{signature.public_id}/{verb}/", {}, "application/json"
        )
        assert posted.status_code == 401
    for path in ("/art/", "/art/signers/", f"/art/signers/{signature.public_id}/"):
        assert strict.get(path).content == Client().get(path).content
    before = Signature.objects.values().get()
    assert before["status"] == "published"


# --- Plain HTTP ------------------------------------------------------------------------------


def test_over_https_browsers_are_told_to_stay_there_and_plain_http_is_led_there(
    art: Campaign, settings: Settings
) -> None:
    """As the settings are with an https BASE_URL (`test_security.py`)."""
    settings.SECURE_SSL_REDIRECT, settings.SECURE_HSTS_SECONDS = True, 31_536_000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = settings.SECURE_HSTS_PRELOAD = True
    for path in ("/art/", "/admin/login/", API, "/no/such/page"):
        secure: Any = Client().get(path, secure=True)
        told = secure["Strict-Transport-Security"]
        assert told == "max-age=31536000; includeSubDomains; preload", path
        plain = Client().get(path)
        assert (plain.status_code, plain["Location"]) == (301, f"https://testserver{path}")
    # A token that was typed in the clear is not repeated by a page, and nothing is done.
    pending = make_signature(art, status=Status.PENDING)
    assert Client().post(f"/confirm/{confirm_token(pending)}/").status_code == 301
    pending.refresh_from_db()
    assert pending.status == Status.PENDING
