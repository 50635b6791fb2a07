"""The second factor: enrolled by who has none, asked for at the login, recovered from, reset."""

import re
from base64 import b32decode, b32encode
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from campaign import second_factor
from campaign.models import AuditEntry, CodeApp, StaffSession
from tests.factories import make_user

pytestmark = pytest.mark.django_db

QUEUE = "/admin/campaign/signature/"
APP, CODES, ACCOUNT = "/admin/account/app/", "/admin/account/codes/", "/admin/account/"
NEW = "a quarry song"
SECRET = re.compile(r'<code class="secret">([A-Z2-7 ]+)</code>')
CODE = re.compile(r"<code>([0-9a-z]{5}-[0-9a-z]{5})</code>")


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(settings, "SECOND_FACTOR_REQUIRED", True)
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def user() -> User:
    return make_user("view_signature", username="zoe")


def log_in(token: str = "") -> tuple[Client, Any]:
    client = Client()
    form = {"username": "zoe", "password": "secret", "token": token}
    return client, client.post("/admin/login/", form)


def token_of(user: User) -> str:
    return f"{totp(CodeApp.objects.get(user=user).bin_key):06}"


def shown_to(client: Client) -> bytes:
    """The secret that the page shows to this browser."""
    text = SECRET.search(client.get(APP).content.decode())
    assert text
    secret = text[1].replace(" ", "")
    return b32decode(secret + "=" * (-len(secret) % 8))


def type_code(client: Client, secret: bytes) -> Any:
    return client.post(APP, {"token": f"{totp(secret):06}"})


def enrolled(user: User, clock: Any) -> tuple[Client, list[str]]:
    """A browser that has just enrolled, and the codes that it was shown; the next token is unused."""
    client, _response = log_in()
    codes = type_code(client, shown_to(client))
    clock.shift(60)
    return client, CODE.findall(codes.content.decode())


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


# --- Enrolling -------------------------------------------------------------------------------


def test_who_has_none_sees_nothing_but_the_page_that_enrols_one(user: User) -> None:
    client, response = log_in()
    assert client.get(response.headers["Location"]).headers["Location"] == APP
    for url in (QUEUE, "/admin/", "/admin/password_change/"):
        assert client.get(url).headers["Location"] == APP, url
    page = client.get(APP).content.decode()
    assert "<svg" in page
    assert "http" not in re.sub(r'xmlns(:\w+)?="[^"]*"', "", page[page.index("<svg") :][:20_000])


def test_the_secret_that_can_be_typed_is_the_one_in_the_picture(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, _response = log_in()
    secret = shown_to(client)
    monkeypatch.setattr(second_factor, "picture", lambda app: app.config_url)
    assert f"secret={b32encode(secret).decode()}" in client.get(APP).content.decode()
    assert shown_to(client) == secret


def test_scanning_and_typing_the_code_enrols_and_shows_ten_codes_once(
    user: User, clock: Any
) -> None:
    client, codes = enrolled(user, clock)
    assert len(set(codes)) == 10
    assert client.get(QUEUE).status_code == 200
    assert actions() == ["login", "factor_added"]
    for page in (ACCOUNT, APP):
        assert not CODE.findall(client.get(page).content.decode())
    kept = set(StaticToken.objects.values_list("token", flat=True))
    assert len(kept) == 10
    assert not {code.replace("-", "") for code in codes} & {text.lower() for text in kept}


@pytest.mark.parametrize("typed", ["", "000000", "x", "\0", "1" * 10_000, "１２３４５６"])
def test_a_wrong_code_enrols_nothing_and_keeps_the_secret(user: User, typed: str) -> None:
    client, _response = log_in()
    secret = shown_to(client)
    answer = client.post(APP, {"token": typed})
    assert answer.status_code == 422
    assert not CodeApp.objects.exists()
    assert not StaticToken.objects.exists()
    assert client.get(QUEUE).status_code == 302
    assert shown_to(client) == secret
    assert "recovery codes" in type_code(client, secret).content.decode()


def test_enrolling_ends_the_sessions_that_were_opened_without(user: User, clock: Any) -> None:
    other, _response = log_in()
    other.get(APP)
    _client, _codes = enrolled(user, clock)
    assert other.get(QUEUE).headers["Location"].startswith("/admin/login/")
    assert StaffSession.objects.filter(ended_at=None).count() == 1


# --- A secret that nobody has confirmed -------------------------------------------------------


def test_each_session_is_shown_a_secret_of_its_own_whose_code_confirms_nothing_elsewhere(
    user: User,
) -> None:
    """Whoever knows the password may have been there first, and noted what they were shown."""
    thief, owner = log_in()[0], log_in()[0]
    noted, theirs = shown_to(thief), shown_to(owner)
    assert noted != theirs
    answer = type_code(owner, noted)
    assert answer.status_code == 422
    assert not CodeApp.objects.exists()
    assert type_code(owner, theirs).status_code == 200
    assert CodeApp.objects.get().bin_key == theirs


def test_what_one_session_confirms_ends_the_secret_and_the_session_of_the_other(
    user: User, clock: Any
) -> None:
    thief, owner = log_in()[0], log_in()[0]
    noted, theirs = shown_to(thief), shown_to(owner)
    type_code(owner, theirs)
    clock.shift(60)
    assert type_code(thief, noted).headers["Location"].startswith("/admin/login/")
    back, response = log_in(f"{totp(noted):06}")
    assert response.status_code == 200
    assert back.get(APP).status_code == 302
    assert CodeApp.objects.get().bin_key == theirs


def test_moving_to_another_app_shows_each_session_a_secret_of_its_own(
    user: User, clock: Any
) -> None:
    first, _codes = enrolled(user, clock)
    second, _response = log_in(token_of(user))
    clock.shift(60)
    noted, theirs = shown_to(first), shown_to(second)
    assert noted != theirs
    assert type_code(second, noted).status_code == 422
    assert type_code(second, theirs).status_code == 200
    assert CodeApp.objects.get().bin_key == theirs
    assert first.get(APP).headers["Location"].startswith("/admin/login/")


def test_a_secret_ends_after_ten_minutes_and_the_page_says_to_scan_the_new_one(
    user: User, clock: Any
) -> None:
    client, _response = log_in()
    secret = shown_to(client)
    clock.shift(9 * 60)
    assert shown_to(client) == secret
    clock.shift(61)
    answer = type_code(client, secret)
    assert answer.status_code == 422
    assert "What you scanned does not count any more." in answer.content.decode()
    assert not CodeApp.objects.exists()
    fresh = shown_to(client)
    assert fresh != secret
    assert type_code(client, fresh).status_code == 200


def test_a_new_login_in_the_same_browser_shows_a_new_secret(user: User) -> None:
    client, _response = log_in()
    secret = shown_to(client)
    client.post("/admin/login/", {"username": "zoe", "password": "secret", "token": ""})
    assert type_code(client, secret).status_code == 422
    assert shown_to(client) != secret
    assert not CodeApp.objects.exists()


def test_a_new_password_ends_the_secret_in_the_session_that_changed_it_too(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SECOND_FACTOR_REQUIRED", False)
    client, _response = log_in()
    secret = shown_to(client)
    typed = {"old_password": "secret", "new_password1": NEW, "new_password2": NEW}
    assert client.post("/admin/password_change/", typed).status_code == 302
    assert type_code(client, secret).status_code == 422
    assert shown_to(client) != secret
    assert not CodeApp.objects.exists()


def test_one_that_a_release_before_kept_for_every_session_confirms_nothing_and_goes(
    user: User,
) -> None:
    kept = CodeApp.objects.create(user=user, confirmed=False, name="app").bin_key
    client, _response = log_in()
    secret = shown_to(client)
    assert secret != kept
    assert type_code(client, kept).status_code == 422
    assert type_code(client, secret).status_code == 200
    assert CodeApp.objects.get().bin_key == secret


def test_a_session_keeps_its_secret_sealed(user: User) -> None:
    client, _response = log_in()
    secret = shown_to(client)
    kept = str(dict(client.session))
    assert secret.hex() not in kept
    assert b32encode(secret).decode() not in kept
    assert not CodeApp.objects.exists()


# --- Its secret -------------------------------------------------------------------------------


def test_the_database_alone_makes_no_code(user: User, clock: Any) -> None:
    enrolled(user, clock)
    secret = CodeApp.objects.get().bin_key
    kept = bytes.fromhex(TOTPDevice.objects.get().key)
    assert (len(secret), len(kept)) == (20, 36)
    assert secret not in kept


def test_a_secret_that_is_copied_to_another_account_opens_nothing_there(
    user: User, clock: Any
) -> None:
    enrolled(user, clock)
    CodeApp.objects.create(user=make_user(username="boss"), name="app")
    theirs = TOTPDevice.objects.get(user__username="boss")
    TOTPDevice.objects.filter(pk=theirs.pk).update(key=TOTPDevice.objects.get(user=user).key)
    assert second_factor.verify(theirs.user, token_of(user)) is None


def test_under_another_hash_key_each_code_is_wrong_and_nothing_breaks(
    user: User, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrolled(user, clock)
    token = token_of(user)
    monkeypatch.setattr(settings, "HASH_KEY", "another")
    assert "type your password again" in log_in(token)[1].content.decode()


def test_a_plain_secret_of_the_release_before_goes_on_and_is_sealed_at_its_next_code(
    user: User, clock: Any
) -> None:
    plain = TOTPDevice.objects.create(user=user, name="app")
    assert log_in(f"{totp(plain.bin_key):06}")[1].status_code == 302
    assert TOTPDevice.objects.get().key != plain.key
    assert CodeApp.objects.get().bin_key == plain.bin_key


def test_the_migration_seals_what_is_there_and_unseals_it_all_the_way_back(user: User) -> None:
    migration = import_module("campaign.migrations.0057_sealed_apps")
    plain = TOTPDevice.objects.create(user=user, name="app")
    for _ in range(2):
        migration.seal(apps, None)
        assert len(TOTPDevice.objects.get().key) == 72
        assert CodeApp.objects.get().bin_key == plain.bin_key
    for _ in range(2):
        migration.unseal(apps, None)
        assert TOTPDevice.objects.get().key == plain.key


# --- Logging in ------------------------------------------------------------------------------


def test_the_password_alone_opens_nothing(user: User, clock: Any) -> None:
    enrolled(user, clock)
    for token in ("", "000000", "12345", "abcde-fghjk"):
        client, response = log_in(token)
        assert response.status_code == 200, token
        assert client.get(QUEUE).headers["Location"].startswith("/admin/login/"), token
        clock.shift(120)
    assert "type your password again, and the code" in log_in()[1].content.decode()


def test_password_and_code_open_it(user: User, clock: Any) -> None:
    enrolled(user, clock)
    client, response = log_in(token_of(user))
    assert response.status_code == 302
    assert client.get(QUEUE).status_code == 200


def test_a_code_works_once(user: User, clock: Any) -> None:
    enrolled(user, clock)
    token = token_of(user)
    assert log_in(token)[1].status_code == 302
    again, response = log_in(token)
    assert "was used already" in response.content.decode()
    assert again.get(QUEUE).status_code == 302
    clock.shift(60)
    assert log_in(token_of(user))[1].status_code == 302


def test_a_code_ends_half_a_minute_after_the_app_shows_another(user: User, clock: Any) -> None:
    enrolled(user, clock)
    token = token_of(user)
    clock.shift(61)
    assert log_in(token)[1].status_code == 200
    clock.shift(60)
    token = token_of(user)
    clock.shift(30)
    assert log_in(token)[1].status_code == 302


def test_after_a_wrong_code_the_right_one_waits_longer_each_time(user: User, clock: Any) -> None:
    enrolled(user, clock)
    for wait in (1, 2, 4):
        assert log_in("000000")[1].status_code == 200
        clock.shift(wait - 0.5)
        assert second_factor.verify(user, token_of(user)) is None
        clock.shift(0.6)
    assert second_factor.verify(user, token_of(user)) is not None


def test_five_wrong_codes_lock_out_like_wrong_passwords(user: User, clock: Any) -> None:
    enrolled(user, clock)
    for _ in range(5):
        log_in("000000")
    clock.shift(120)
    assert "Too many tries" in log_in(token_of(user))[1].content.decode()


def test_a_session_from_before_another_browser_enrolled_is_asked_for_the_code(
    user: User, clock: Any
) -> None:
    enrolled(user, clock)
    stale = Client()
    stale.force_login(user)
    assert stale.get(QUEUE).headers["Location"].startswith("/admin/login/")
    assert stale.get(APP).headers["Location"].startswith("/admin/login/")
    assert stale.get(ACCOUNT).headers["Location"].startswith("/admin/login/")
    assert "the code of your second factor" in stale.get("/admin/login/").content.decode()


def test_in_development_the_password_alone_lets_in_who_has_none(
    user: User, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "SECOND_FACTOR_REQUIRED", False)
    client, _response = log_in()
    assert client.get(QUEUE).status_code == 200
    enrolled(user, clock)
    assert log_in()[1].status_code == 200
    assert log_in(token_of(user))[1].status_code == 302


# --- Recovery --------------------------------------------------------------------------------


def test_a_recovery_code_logs_in_once(user: User, clock: Any) -> None:
    _client, codes = enrolled(user, clock)
    client, response = log_in(codes[3].upper().replace("-", " "))
    assert response.status_code == 302
    assert client.get(QUEUE).status_code == 200
    assert "9 are left" in client.get(ACCOUNT).content.decode()
    assert actions()[-2:] == ["code_used", "login"]
    assert log_in(codes[3])[1].status_code == 200
    clock.shift(60)
    assert log_in(codes[4])[1].status_code == 302


def test_new_codes_take_the_place_of_the_old_and_need_the_factor_once_more(
    user: User, clock: Any
) -> None:
    client, old = enrolled(user, clock)
    assert client.post(CODES, {"token": ""}).status_code == 422
    assert client.post(CODES, {"token": "000000"}).status_code == 422
    clock.shift(60)
    shown = client.post(CODES, {"token": token_of(user)})
    new = CODE.findall(shown.content.decode())
    assert len(set(new) - set(old)) == 10
    clock.shift(60)
    assert log_in(old[0])[1].status_code == 200
    clock.shift(60)
    assert log_in(new[0])[1].status_code == 302
    assert actions().count("codes_renewed") == 1


def test_moving_to_another_app_ends_the_old_one(user: User, clock: Any) -> None:
    client, old_codes = enrolled(user, clock)
    old = CodeApp.objects.get()
    secret = shown_to(client)
    assert CodeApp.objects.get() == old
    type_code(client, secret)
    assert client.get(QUEUE).status_code == 200
    assert CodeApp.objects.get().key != old.key
    clock.shift(60)
    assert log_in(f"{totp(old.bin_key):06}")[1].status_code == 200
    clock.shift(60)
    assert log_in(old_codes[0])[1].status_code == 200
    clock.shift(60)
    assert log_in(token_of(user))[1].status_code == 302


def test_a_factor_that_is_reset_opens_nothing_any_more(user: User, clock: Any) -> None:
    client, codes = enrolled(user, clock)
    second_factor.reset(user=user, by=make_user(username="owner"))
    assert client.get(QUEUE).headers["Location"].startswith("/admin/login/")
    fresh, response = log_in()
    assert response.status_code == 302
    assert fresh.get(QUEUE).headers["Location"] == APP
    assert not StaticToken.objects.exists()
    assert actions().count("factor_reset") == 1
    assert codes
