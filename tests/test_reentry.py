"""What is sensitive asks for the password again, once that is a quarter of an hour old."""

import re
from html import unescape
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from campaign import lockout
from campaign.admin import reentry
from campaign.models import ApiKey, AuditEntry, Campaign, Membership, StaffSession
from campaign.models.membership import Role
from tests.admin_paths import NAMES
from tests.factories import make_campaign, make_member, make_signature, make_user

pytestmark = pytest.mark.django_db

EXPORT, KEYS = "/admin/campaign/printlist/export/", "/admin/campaign/apikey/add/"
ASKS = "please show that it is still you"
HIDDEN = re.compile(r'<input type="hidden"\s+name="([^"]+)"\s+value="([^"]*)">')


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(slug="art")


@pytest.fixture
def owner(campaign: Campaign) -> User:
    return make_member(campaign, Role.OWNER)


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        yield clock


def logged_in(user: User, **typed: str) -> Client:
    client = Client()
    form = {"username": user.username, "password": "secret", **typed}
    assert client.post("/admin/login/", form).status_code == 302
    return client


@pytest.fixture
def late(owner: User, clock: Any) -> Client:
    """The owner's browser, a quarter of an hour after the login."""
    client = logged_in(owner)
    clock.shift(15 * 60)
    return client


def kept(page: Any) -> dict[str, list[str]]:
    """What a page hides, each field with all of its values."""
    found: dict[str, list[str]] = {}
    for name, value in HIDDEN.findall(page.content.decode()):
        found.setdefault(name, []).append(unescape(value))
    return found


def answered(client: Client, page: Any, **typed: str) -> Any:
    """What comes of the form of that page, sent as a browser does: to where it stands, with what it hides."""
    path, query = page.request["PATH_INFO"], page.request["QUERY_STRING"]
    form = kept(page) | {f"again-{name}": value for name, value in typed.items()}
    return client.post(f"{path}?{query}" if query else path, form)


def key_form(campaign: Campaign) -> dict[str, Any]:
    return {
        "campaign": campaign.pk,
        "label": "CRM “mirror” <b>",
        "scopes": ["sign", "moderate"],
        "expires_on": "2026-12-31",
    }


def actions() -> list[str]:
    by_people = AuditEntry.objects.exclude(action="campaign_loaded").order_by("pk")
    return list(by_people.values_list("action", flat=True))


# --- When it asks ----------------------------------------------------------------------------


def test_a_quarter_of_an_hour_after_the_login_nothing_asks(owner: User, clock: Any) -> None:
    client = logged_in(owner)
    clock.shift(15 * 60 - 1)
    assert client.get(EXPORT).status_code == 200


def test_then_it_asks_and_leads_to_the_page_that_was_wanted(
    late: Client, campaign: Campaign, clock: Any
) -> None:
    url = f"/admin/campaign/membership/add/?campaign={campaign.pk}"
    asked = late.get(url)
    assert asked.status_code == 403
    assert ASKS in asked.content.decode()
    assert "no-store" in asked.headers["Cache-Control"]
    answer = answered(late, asked, password="secret")
    assert (answer.status_code, answer.headers["Location"]) == (302, url)
    assert late.get(url).status_code == 200
    assert actions() == ["login", "password_again"]
    clock.shift(15 * 60 - 1)
    assert late.get(EXPORT).status_code == 200
    clock.shift(1)
    assert late.get(EXPORT).status_code == 403


def test_what_is_not_sensitive_never_asks(late: Client) -> None:
    for url in ("/admin/", "/admin/campaign/signature/", "/admin/account/"):
        assert late.get(url).status_code == 200


def test_each_sensitive_address_asks_and_does_nothing(campaign: Campaign, clock: Any) -> None:
    boss = User.objects.create_superuser("boss", "boss@example.org", "secret")
    client = logged_in(boss)
    clock.shift(15 * 60)
    before = (User.objects.count(), Group.objects.count(), Membership.objects.count())
    for name in reentry.SENSITIVE | reentry.LISTS:
        given = dict.fromkeys(NAMES[name].pattern.converters, "1")
        url = reverse(f"admin:{name}", kwargs=given)
        methods = ("post",) if name in reentry.LISTS else ("get", "post")
        for method in methods:
            answer = getattr(client, method)(url)
            assert (answer.status_code, ASKS in answer.content.decode()) == (403, True), name
    assert before == (User.objects.count(), Group.objects.count(), Membership.objects.count())
    assert client.get("/admin/auth/user/").status_code == 200
    assert actions() == ["login"]


def test_who_has_no_right_is_refused_after_it_as_before(campaign: Campaign, clock: Any) -> None:
    client = logged_in(make_member(campaign, Role.READER))
    assert client.get(EXPORT).status_code == 403
    assert ASKS not in client.get(EXPORT).content.decode()
    clock.shift(15 * 60)
    assert answered(client, client.get(EXPORT), password="secret").status_code == 302
    refused = client.get(EXPORT)
    assert (refused.status_code, ASKS in refused.content.decode()) == (403, False)


def test_who_is_not_logged_in_is_led_to_the_login() -> None:
    answer = Client().post(EXPORT, {"again-method": "POST", "again-password": "secret"})
    assert answer.headers["Location"].startswith("/admin/login/")


# --- What was typed ----------------------------------------------------------------------------


def test_a_form_that_was_sent_too_late_goes_on_with_what_was_typed(
    late: Client, campaign: Campaign
) -> None:
    asked = late.post(KEYS, key_form(campaign))
    assert ASKS in asked.content.decode()
    assert not ApiKey.objects.exists()
    wrong = answered(late, asked, password="wrong")
    assert (wrong.status_code, ApiKey.objects.count()) == (403, 0)
    made = answered(late, wrong, password="secret")
    assert "ptn_" in made.content.decode()
    key = ApiKey.objects.get()
    assert (key.label, key.scopes) == ("CRM “mirror” <b>", ["moderate", "sign"])


def test_a_password_that_was_typed_for_somebody_else_stands_in_no_page(clock: Any) -> None:
    client = logged_in(User.objects.create_superuser("boss", "boss@example.org", "secret"))
    clock.shift(15 * 60)
    typed = {"username": "zoe", "password1": "quarry-Songs-1", "password2": "quarry-Songs-1"}
    asked = client.post("/admin/auth/user/add/", typed)
    assert "quarry-Songs-1" not in asked.content.decode()
    form = answered(client, asked, password="secret")
    assert 'value="zoe"' in form.content.decode()
    assert not User.objects.filter(username="zoe").exists()


def test_a_file_waits_behind_a_button_on_a_page_without_the_password(
    late: Client, campaign: Campaign
) -> None:
    make_signature(campaign, status="published", name="Zoë Moreau")
    typed = {"campaign": campaign.pk, "form": "csv", "reason": "for the archive"}
    asked = late.post(EXPORT, typed)
    assert "Zoë" not in asked.content.decode()
    thanks = answered(late, asked, password="secret")
    page = thanks.content.decode()
    assert (thanks.status_code, "<button" in page, "secret" in page) == (200, True, False)
    assert "export" not in actions()
    file = late.post(EXPORT, kept(thanks))
    assert file.headers["Content-Disposition"] == 'attachment; filename="art-signatures.csv"'
    assert "Zoë Moreau" in file.content.decode()
    assert actions()[-1] == "export"


def test_an_answer_that_comes_twice_deletes_nobody(owner: User, clock: Any) -> None:
    client = logged_in(User.objects.create_superuser("boss", "boss@example.org", "secret"))
    clock.shift(15 * 60)
    url = f"/admin/auth/user/{owner.pk}/delete/"
    asked = client.get(url)
    for _ in range(2):
        assert answered(client, asked, password="secret").headers["Location"] == url
    assert User.objects.filter(pk=owner.pk).exists()


# --- What does not get through --------------------------------------------------------------------


def test_wrong_passwords_are_on_record_and_wait_as_at_the_login(
    late: Client, owner: User, clock: Any
) -> None:
    asked = late.get(EXPORT)
    for _ in range(lockout.PAIR.n):
        wrong = answered(late, asked, password="wrong")
        assert "This is not your password." in wrong.content.decode()
    assert actions() == ["login", *["login_failed"] * 5]
    about = AuditEntry.objects.order_by("pk").last()
    assert about is not None
    assert about.details == {"why": "invalid_login", "user": owner.pk}
    locked = answered(late, asked, password="secret")
    assert "Too many tries. From here this account opens again at 12:30 UTC" in said(locked)
    assert late.get(EXPORT).status_code == 403
    clock.shift(15 * 60 + 1)
    assert answered(late, asked, password="secret").status_code == 302


def said(response: Any) -> str:
    return " ".join(unescape(response.content.decode()).split())


@pytest.mark.parametrize("typed", ["", "\0", "x" * 10_000, "Secret", " secret"])
def test_what_is_not_the_password_opens_nothing(late: Client, typed: str) -> None:
    assert answered(late, late.get(EXPORT), password=typed).status_code == 403
    assert late.get(EXPORT).status_code == 403


def test_the_password_of_somebody_else_opens_nothing(late: Client) -> None:
    other = make_user(username="other")
    other.set_password("quarry-Songs-1")
    other.save()
    form = {"again-method": "GET", "again-username": "other", "username": "other"}
    answer = late.post(EXPORT, form | {"again-password": "quarry-Songs-1"})
    assert (answer.status_code, late.get(EXPORT).status_code) == (403, 403)


def test_who_has_a_second_factor_shows_it_too(
    owner: User, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SECOND_FACTOR_REQUIRED", True)
    device = TOTPDevice.objects.create(user=owner, name="app")
    client = logged_in(owner, token=f"{totp(device.bin_key):06}")
    used = f"{totp(device.bin_key):06}"
    clock.shift(15 * 60)
    asked = client.get(EXPORT)
    assert 'autocomplete="one-time-code"' in asked.content.decode()
    for token in ("", "000000", used):
        assert answered(client, asked, password="secret", token=token).status_code == 403
        clock.shift(60)
    token = f"{totp(device.bin_key):06}"
    assert answered(client, asked, password="secret", token=token).status_code == 302
    assert client.get(EXPORT).status_code == 200


def test_one_browser_does_not_answer_for_another(late: Client, owner: User, clock: Any) -> None:
    other = logged_in(owner)
    clock.shift(15 * 60)
    assert answered(other, other.get(EXPORT), password="secret").status_code == 302
    assert late.get(EXPORT).status_code == 403


def test_the_session_is_another_one_afterwards(late: Client) -> None:
    cookie = settings.SESSION_COOKIE_NAME
    before = late.cookies[cookie].value
    answered(late, late.get(EXPORT), password="secret")
    assert late.cookies[cookie].value != before
    stolen = Client()
    stolen.cookies[cookie] = before
    assert stolen.get("/admin/").headers["Location"].startswith("/admin/login/")
    assert StaffSession.objects.count() == 1


def test_no_answer_leads_to_another_site(late: Client) -> None:
    url = f"{EXPORT}?next=https://evil.example/"
    form = {"again-method": "GET", "again-password": "secret", "next": "//evil.example/"}
    answer = late.post(url, form)
    assert answer.headers["Location"] == url


def test_a_form_of_another_site_is_refused_before_it_asks(late: Client, owner: User) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = late.cookies
    answer = strict.post(KEYS, {"again-method": "POST", "again-password": "secret"})
    assert (answer.status_code, ASKS in answer.content.decode()) == (403, False)
    assert actions() == ["login"]
