"""What docs/security.md rests on beside the rest: headers, cookies, passwords, redirects, slow texts."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings as configured
from django.contrib.auth.password_validation import validate_password
from django.core import mail as sent
from django.core.exceptions import ValidationError
from django.test import Client

from campaign import (
    delivery,
    export,
    identity,
    likeness,
    links,
    logs,
    mail_domains,
    mailboxes,
    paging,
    placeholders,
    sites,
    sources,
    staff_sessions,
)
from campaign.errors import CampaignError
from campaign.likeness_data import GLUED
from campaign.models import Signature
from campaign.models.membership import Role
from tests.factories import make_campaign, make_member, make_signature, make_user, manage_token

PAGES = ["/", "/art/", "/art/signers/", "/api/v1/campaigns/art/", "/no/such/page", "/embed/art/"]
PAGES += ["/admin/login/", "/admin/", "/api/v1/campaigns/art/feed.atom", "/api/docs/", "/healthz"]


# --- Headers and cookies ---------------------------------------------------------------------


@pytest.mark.django_db
@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_what_browsers_must_be_told(client: Client, path: str) -> None:
    make_campaign()
    response = client.get(path)
    assert "server" not in {name.lower() for name in response.headers}
    if path == "/healthz":
        return
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    policy = response["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "base-uri 'none'" in policy
    if not path.startswith("/embed/"):
        assert "frame-ancestors 'none'" in policy
        assert response["X-Frame-Options"] == "DENY"
    if response.content and response["Content-Type"].startswith(("text/", "application/atom")):
        assert "charset=utf-8" in response["Content-Type"]


COOKIES = """
import django
from django.conf import settings as s
from django.contrib.auth.hashers import get_hasher
print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.SESSION_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE)
print(s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_SECURE, s.CSRF_COOKIE_HTTPONLY, s.CSRF_COOKIE_SAMESITE)
print(s.SESSION_COOKIE_PATH, s.SESSION_COOKIE_DOMAIN, s.CSRF_COOKIE_PATH, s.CSRF_COOKIE_DOMAIN)
print(get_hasher().algorithm, get_hasher().iterations)
print(s.SECURE_HSTS_SECONDS, s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_SSL_REDIRECT, s.DEBUG)
"""


def test_in_production_cookies_are_of_this_host_alone_and_passwords_hashed_slowly() -> None:
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "petition.settings",
        "SECRET_KEY": "x" * 50,
        "DATABASE_URL": "postgres://u:p@localhost/x",
        "REDIS_URL": "redis://localhost",
        "EMAIL_URL": "smtp://localhost",
        "BASE_URL": "https://petition.example",
    }
    command = [sys.executable, "-c", COOKIES]
    done = subprocess.run(
        command,
        env=environment,
        cwd=configured.BASE_DIR,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines() == [
        "__Host-session True True Lax",
        "__Host-csrf True True Lax",
        "/ None / None",
        "pbkdf2_sha256 1000000",
        "31536000 True True False",
    ]


# --- Logging in ------------------------------------------------------------------------------


def log_in(client: Client, address: str = "/admin/login/") -> Any:
    return client.post(address, {"username": "moderator", "password": "secret"})


@pytest.mark.django_db
def test_logging_in_begins_a_new_session(client: Client) -> None:
    make_user("view_signature")
    session = client.session
    session["planted"] = "by somebody"
    session.save()
    before = str(session.session_key)
    client.cookies[configured.SESSION_COOKIE_NAME] = before
    assert log_in(client).status_code == 302
    assert client.cookies[configured.SESSION_COOKIE_NAME].value != before


@pytest.mark.django_db
@pytest.mark.parametrize(
    "target",
    [
        *("https://evil.example/", "//evil.example/", "/\\evil.example", "\\\\evil.example"),
        *("javascript:alert(1)", "http:evil.example", "/%09/evil.example", "///evil.example"),
        *(
            "https://testserver@evil.example/",
            "https://testserver.evil.example/",
            " //evil.example",
        ),
    ],
)
def test_no_login_leads_to_another_site(client: Client, target: str) -> None:
    make_user("view_signature")
    response = client.post(
        "/admin/login/", {"username": "moderator", "password": "secret", "next": target}
    )
    assert response.status_code == 302
    assert re.match(r"/(?![/\\])", response["Location"]), response["Location"]


@pytest.mark.django_db
def test_the_admin_takes_no_form_of_another_site() -> None:
    strict = Client(enforce_csrf_checks=True)
    make_user("view_signature")
    assert log_in(strict).status_code == 403
    strict.force_login(make_user(username="other"))
    assert strict.post("/admin/logout/").status_code == 403
    assert strict.get("/admin/").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("elevenchars", "password_too_short"),
        ("a" + " " * 20 + "b", "password_too_short"),
        ("correct horse " * 10, "password_too_long"),
        ("qwerty123456", "password_too_common"),
    ],
)
def test_a_password_that_can_be_guessed_is_refused(password: str, code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        validate_password(password)
    assert code in {error.code for error in refused.value.error_list}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "password",
    [
        *("password1234567", "P@ssw0rd2026!!", "iloveyouforever", "hallohallohallo", "x y" * 40),
        *("qwertyuiop[]", "123456789012", "ab 31.12.1999", "🎻" * 12),
        *("ZoeMoreau1990", "moreau@example.org", "quarry2026art!", "testserver2026"),
    ],
)
def test_a_password_that_is_made_of_what_is_known_is_refused(password: str) -> None:
    user = make_member(make_campaign(slug="art-quarry"), Role.READER, username="moreau")
    user.first_name = "Zoë"
    with pytest.raises(ValidationError) as refused:
        validate_password(password, user)
    assert "password_guessable" in {error.code for error in refused.value.error_list}


def test_a_password_that_is_made_to_be_slow_to_estimate_is_not() -> None:
    slow = "4@8({[</369&#!1/|0$5+7%2/" * 5
    began = time.thread_time()
    validate_password(slow)
    assert time.thread_time() - began < 1


@pytest.mark.parametrize(
    "password",
    [
        "a quarry song",
        "日本語のパスワードは良い",
        "🎻🎷🥁🎺🎸🪕🎹🪗🪘🎤🎧🎼",
        "drum slow hill tea " * 6,
    ],
)
def test_a_long_one_of_any_characters_will_do(password: str) -> None:
    validate_password(password)


# --- Links of mails --------------------------------------------------------------------------


@pytest.mark.django_db
def test_no_host_of_a_request_comes_into_a_link(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    signature = make_signature(make_campaign(publication="after_verification"))
    for host in ("evil.example", "testserver:1@evil.example", "evil.example:80"):
        for path in ("/art/", "/art/signers/", f"/manage/{manage_token(signature)}/"):
            page = client.get(path, headers={"Host": host, "X-Forwarded-Host": host})
            assert b"evil.example" not in page.content


@pytest.mark.django_db
def test_no_host_of_a_request_comes_into_a_mail(settings: Any, client: Client) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    make_campaign()
    headers = {
        "Host": "evil.example",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "host=evil.example",
    }
    body = {"name": "Zoë Moreau", "email": "zoe@example.org", "consent": True}
    for path, typed in (
        ("/api/v1/campaigns/art/signatures/", body),
        ("/api/v1/campaigns/art/signatures/resend/", {"email": "zoe@example.org"}),
    ):
        answer = client.post(path, typed, content_type="application/json", headers=headers)
        assert answer.status_code == 202
    assert delivery.deliver_due() == 2
    for mail in sent.outbox:
        whole = mail.message().as_bytes().decode()
        assert "evil" not in whole + str(mail.body)
        assert {urlsplit(url).netloc for url in re.findall(r"http[^\s>\"']+", str(mail.body))} <= {
            "testserver",
            "example.org",
        }


# --- Fields that no form has --------------------------------------------------------------------


@pytest.mark.django_db
def test_no_field_that_the_form_lacks_is_taken(client: Client) -> None:
    make_campaign()
    typed = {"name": "Zoë Moreau", "email": "zoe@example.org", "consent": "yes", "language": "en"}
    more = {
        "status": "published",
        "evidence": "staff",
        "featured": "on",
        "confirmed_at": "2026-01-23T00:00:00Z",
        "public_id": "x" * 16,
        "sort_name": "A",
        "campaign": "2",
        "represented": "on",
    }
    answer = client.post("/art/", typed | more)
    assert answer.status_code == 200
    kept = Signature.objects.values(*(more.keys() - {"campaign"})).get()
    assert kept.pop("public_id") != more["public_id"]
    assert kept == {
        "status": "pending",
        "evidence": "",
        "featured": False,
        "confirmed_at": None,
        "sort_name": "",
        "represented": False,
    }


@pytest.mark.django_db
def test_no_correction_takes_more_than_what_may_be_corrected(client: Client) -> None:
    make_campaign()
    signature = make_signature(status="published", name="Zoë Moreau")
    before: dict[str, Any] = {**Signature.objects.values().get()}
    more = {"status": "published", "evidence": "staff", "featured": "on", "email": "e@example.org"}
    typed = {"action": "correct", "revision": signature.revision, "name": "Zoë Moreau", **more}
    client.post(f"/manage/{manage_token(signature)}/", typed | {"credit": "The Quarry Songs"})
    after: dict[str, Any] = {**Signature.objects.values().get()}
    assert after["credit"] == "The Quarry Songs"
    same = (
        "status",
        "evidence",
        "featured",
        "email",
        "canonical_email",
        "public_id",
        "campaign_id",
    )
    assert [after[name] for name in same] == [before[name] for name in same]


# --- Text that is made to be slow to read ----------------------------------------------------

LENGTHS = (12, 20, 24, 28, 60, 200)
"""In steps, so that a pattern of exponential cost fails here instead of never ending."""
TIMES = 60
"""So many times the work of an innocent text of the length: 2^24 steps are far more."""
FLOOR = 0.1
"""Seconds: below it the machine’s own noise, and characters that become eighteen others, decide."""
PIECES = [
    *("1", "a@", "a.", "a-", "/", "<", "&a", "{{", "(", '"', "real", "the", "tv1", "www.", "http:"),
    *("$@", "\u0301", "a\u0301", "\u200d", "=", "; ", "\n", "confirm/", "ptn_", "xn--", "A.", "ﷺ"),
]
ENDS = ("", "x", " @")
# What reads a text, and how many times as long as a name it may be.
READERS: dict[str, tuple[Callable[[str], Any], int]] = {
    "clean": (identity.clean, 1),
    "search": (lambda text: identity.search_tokens(identity.search_fold(text)), 1),
    "skeletons": (identity.skeletons, 1),
    "names": (identity.name_problem, 1),
    "likeness": (lambda text: likeness.readings("quarry" + text), 1),
    "glued": (lambda text: GLUED.match("quarry" + text), 1),
    "placeholders": (placeholders.is_placeholder, 1),
    "address": (mailboxes.parse_address, 1),
    "domain": (mail_domains.read_domain, 1),
    "site": (sites.read_site, 1),
    "cell": (export.defused, 20),
    "log": (lambda text: logs.cut("Not Found: /" + text), 20),
    "browser": (staff_sessions.described, 20),
    "token": (lambda text: links.read_token(links.Purpose.CONFIRM, text), 20),
    "cursor": (lambda text: paging.Cursor.decode(text, paging.UPDATED), 20),
    "source": (sources.split, 20),
}


def seconds(read: Callable[[str], Any], text: str) -> float:
    """The shortest of two tries."""
    tries = []
    for _ in range(2):
        began = time.perf_counter()
        with suppress(CampaignError, ValueError):
            read(text)
        tries.append(time.perf_counter() - began)
    return min(tries)


@pytest.mark.parametrize("name", READERS)
def test_no_text_takes_many_times_as_long_as_another(name: str) -> None:
    read, times = READERS[name]
    for length in LENGTHS:
        whole = length * times
        innocent = seconds(read, ("quarry song " * whole)[:whole])
        for piece in PIECES:
            for end in ENDS:
                text = (piece * whole)[: whole - len(end)] + end
                took = seconds(read, text)
                assert took < FLOOR + TIMES * innocent, (piece, end, length, took, innocent)


def test_control_a_pattern_of_exponential_cost_is_found_out() -> None:
    slow = re.compile(r"(?:real|\d+)*\Z")
    innocent = seconds(slow.match, "quarry song " * 2)
    assert seconds(slow.match, "1" * 26 + "x") > FLOOR + TIMES * innocent


def test_control_a_search_of_cubic_cost_is_found_out() -> None:
    slow = re.compile(r"[^\s:]+@[^\s:.]+\.[^\s:]+")
    innocent = seconds(slow.search, "quarry song " * 100)
    assert seconds(slow.search, "a@" * 600) > FLOOR + TIMES * innocent
