"""The sessions of staff: listed without an address, and ended from elsewhere."""

from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from campaign import retention
from campaign.models import AuditEntry, StaffSession
from campaign.staff_sessions import described
from tests.factories import make_user

pytestmark = pytest.mark.django_db

ACCOUNT, SESSIONS = "/admin/account/", "/admin/account/sessions/"
QUEUE = "/admin/campaign/signature/"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Version/18.5 Mobile/15E148 Safari/604.1"
)


@pytest.fixture
def user() -> User:
    return make_user("view_signature", username="zoe")


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        yield clock


def browser(agent: str = FIREFOX, at: str = "198.51.100.7", password: str = "secret") -> Client:
    client = Client(HTTP_USER_AGENT=agent, REMOTE_ADDR=at)
    client.post("/admin/login/", {"username": "zoe", "password": password})
    return client


def is_in(client: Client) -> bool:
    return client.get(QUEUE).status_code == 200


def test_ones_sessions_are_listed_without_an_address(user: User) -> None:
    here = browser()
    browser(PHONE, "2001:db8:1:2::3")
    page = here.get(ACCOUNT).content.decode()
    for shown in ("Firefox, Linux", "Safari, iPhone", "198.51.…", "2001:0db8:…", "this one"):
        assert shown in page
    assert "198.51.100" not in page
    values = [str(row) for row in StaffSession.objects.values()]
    assert not any("100.7" in value or "1:2::3" in value for value in values)


def test_one_of_ones_sessions_is_ended_from_another(user: User) -> None:
    here, phone = browser(), browser(PHONE)
    theirs = StaffSession.objects.get(browser="Safari, iPhone").pk
    here.post(SESSIONS, {"session": theirs})
    assert is_in(here)
    assert not is_in(phone)
    assert "Safari" not in here.get(ACCOUNT).content.decode()
    entry = AuditEntry.objects.get(action="session_ended")
    assert (entry.user, entry.number, entry.details) == (user, 1, {"user": user.pk})


def test_all_the_others_are_ended_at_once(user: User) -> None:
    here, *others = (browser() for _ in range(3))
    here.post(SESSIONS)
    assert is_in(here)
    assert [is_in(other) for other in others] == [False, False]


@pytest.mark.parametrize("typed", ["0", "x", "\0", "9" * 5000, "-1"])
def test_a_session_that_is_none_ends_nothing(user: User, typed: str) -> None:
    here, other = browser(), browser()
    assert here.post(SESSIONS, {"session": typed}).status_code == 302
    assert is_in(here)
    assert is_in(other)


def test_nobody_ends_the_session_of_somebody_else_here(user: User) -> None:
    make_user("view_signature", username="other")
    mine = browser()
    other = Client()
    other.post("/admin/login/", {"username": "other", "password": "secret"})
    session = StaffSession.objects.get(user=user)
    other.post(SESSIONS, {"session": session.pk})
    assert is_in(mine)
    assert not AuditEntry.objects.filter(action="session_ended").exists()


def test_a_new_password_ends_the_other_sessions(user: User) -> None:
    here, other = browser(), browser()
    form = {
        "old_password": "secret",
        "new_password1": "quarry-Songs-1",
        "new_password2": "quarry-Songs-1",
    }
    here.post("/admin/password_change/", form)
    assert is_in(here)
    assert not is_in(other)
    assert StaffSession.objects.filter(ended_at=None).count() == 1
    actions = list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))
    assert actions == ["login", "login", "password_changed", "session_ended"]


def test_a_password_that_is_refused_ends_nothing(user: User) -> None:
    here, other = browser(), browser()
    form = {"old_password": "wrong", "new_password1": "a", "new_password2": "b"}
    here.post("/admin/password_change/", form)
    assert is_in(other)
    assert StaffSession.objects.filter(ended_at=None).count() == 2


def test_a_session_ends_after_twelve_hours_however_busy(user: User, clock: Any) -> None:
    here = browser()
    for _ in range(11):
        clock.shift(3600)
        assert is_in(here)
    assert StaffSession.objects.get().seen_at.hour == 23
    clock.shift(3601)
    assert not is_in(here)


def test_a_session_is_forgotten_a_month_after_its_end(user: User, clock: Any) -> None:
    here = browser()
    here.post("/admin/logout/")
    clock.shift(29 * 86400)
    retention.expire()
    assert StaffSession.objects.count() == 1
    clock.shift(2 * 86400)
    retention.expire()
    assert StaffSession.objects.count() == 0


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        (FIREFOX, "Firefox, Linux"),
        (PHONE, "Safari, iPhone"),
        (
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
            ),
            "Edge, Windows",
        ),
        (
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko)"
                " Chrome/142.0.0.0 Mobile Safari/537.36"
            ),
            "Chrome, Android",
        ),
        ("", ""),
        ("x" * 10_000, ""),
    ],
)
def test_a_browser_is_told_in_two_words(agent: str, told: str) -> None:
    assert described(agent) == told
