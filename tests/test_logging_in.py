"""Logging in to the admin: password, lockout, and what is on record of both."""

import re
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from campaign import invitations, lockout, roles
from campaign.models import AuditEntry, LoginTry, StaffSession
from campaign.models.signature import Status
from tests.factories import MODERATOR, make_signature, make_user

pytestmark = pytest.mark.django_db

LOGIN = "/admin/login/"
HOME, CAFE = "198.51.100.7", "203.0.113.9"


@pytest.fixture
def user() -> User:
    return make_user("view_signature", username="zoe")


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        yield clock


def log_in(name: str = "zoe", password: str = "secret", *, at: str = HOME, **typed: str) -> Any:
    form = {"username": name, "password": password, **typed}
    return Client(REMOTE_ADDR=at).post(LOGIN, form)


def said(response: Any) -> str:
    return " ".join(response.content.decode().split())


def record() -> list[tuple[str, str | None, dict[str, Any]]]:
    entries = AuditEntry.objects.order_by("pk").select_related("user")
    return [
        (each.action, each.user.username if each.user else None, each.details) for each in entries
    ]


def test_a_login_leads_in_and_is_on_record(user: User) -> None:
    response = log_in()
    assert (response.status_code, response.headers["Location"]) == (302, "/admin/")
    assert record() == [("login", "zoe", {})]
    session = StaffSession.objects.get()
    assert (session.user, session.place) == (user, "198.51.…")
    assert not LoginTry.objects.exclude(n=0).exists()


def test_a_button_pressed_after_the_session_ended_leads_to_its_page_by_the_login() -> None:
    user = make_user(*MODERATOR)
    signature = make_signature(status=Status.HELD)
    page = f"/admin/campaign/signature/{signature.pk}/"
    client = Client()
    late = client.post(f"{page}approve/", {"revision": signature.revision})
    assert (late.status_code, late["Location"]) == (302, f"{LOGIN}?next={page}approve/")
    sent = {"username": user.username, "password": "secret", "next": f"{page}approve/"}
    answer = client.post(LOGIN, sent, follow=True)
    assert answer.redirect_chain[-1] == (f"{page}change/", 302)
    assert answer.status_code == 200
    signature.refresh_from_db()
    assert signature.status == Status.HELD


def test_a_login_that_fails_is_on_record_without_what_was_typed(user: User) -> None:
    assert log_in(password="wrong").status_code == 200
    assert log_in("my-password-in-the-wrong-field").status_code == 200
    assert record() == [
        ("login_failed", None, {"why": "invalid_login", "user": user.pk}),
        ("login_failed", None, {"why": "invalid_login"}),
    ]
    assert not StaffSession.objects.exists()


def test_the_same_is_said_of_a_wrong_name_and_a_wrong_password(user: User) -> None:
    wrong_name, wrong_password = said(log_in("nobody")), said(log_in(password="wrong"))
    assert "Please enter the correct username and password" in wrong_name
    assert "Please enter the correct username and password" in wrong_password


def test_after_five_tries_from_one_network_even_the_right_password_waits(
    user: User, today: Any
) -> None:
    for _ in range(5):
        assert "Too many tries" not in said(log_in(password="wrong"))
    refused = said(log_in())
    assert "Too many tries. From here this account opens again at 12:15 UTC" in refused
    assert not StaffSession.objects.exists()
    log_in()
    assert [action for action, _who, _what in record()] == [*["login_failed"] * 5, "locked_out"]

    today.move_to("2026-11-22T12:14:59Z")
    assert "12:15 UTC" in said(log_in())
    today.move_to("2026-11-22T12:15:01Z")
    assert log_in().status_code == 302


def test_a_stranger_locks_nobody_out_elsewhere(user: User) -> None:
    for _ in range(6):
        log_in(password="wrong", at=CAFE)
    assert log_in(at=HOME).status_code == 302
    assert log_in(at=CAFE).status_code == 200


def test_many_strangers_lock_a_name_where_it_is_strange_and_not_at_home(
    user: User, today: Any
) -> None:
    assert log_in(at=HOME).status_code == 302
    for n in range(lockout.NAME.n):
        log_in(password="wrong", at=f"203.0.{n}.1")
    assert "Too many tries" in said(log_in(at="192.0.2.1"))
    assert log_in(at=HOME).status_code == 302

    today.move_to("2026-11-22T13:00:01Z")
    assert log_in(at="192.0.2.1").status_code == 302


def test_one_network_tries_few_names(user: User) -> None:
    for n in range(lockout.NETWORK.n):
        log_in(f"name{n}", "wrong", at=CAFE)
    assert "Too many tries" in said(log_in(at=CAFE))
    assert log_in(at=HOME).status_code == 302


def test_an_office_that_logs_in_all_day_is_not_locked_out(user: User) -> None:
    for _ in range(lockout.NETWORK.n + 5):
        assert log_in(at=CAFE).status_code == 302


def test_a_success_forgets_the_tries_before_it(user: User) -> None:
    for _ in range(3):
        for _ in range(4):
            log_in(password="wrong")
        assert log_in().status_code == 302


def test_guessing_the_old_password_in_an_open_session_waits_like_a_login(
    user: User, today: Any
) -> None:
    client = Client(REMOTE_ADDR=HOME)
    client.post(LOGIN, {"username": "zoe", "password": "secret"})
    form = {"new_password1": "a quarry song", "new_password2": "a quarry song"}
    for _ in range(lockout.PAIR.n):
        wrong = client.post("/admin/password_change/", form | {"old_password": "wrong"})
        assert "Your old password was entered incorrectly" in said(wrong)
    assert (
        record()[1:] == [("login_failed", None, {"why": "password_incorrect", "user": user.pk})] * 5
    )
    right = form | {"old_password": "secret"}
    assert "Too many tries" in said(client.post("/admin/password_change/", right))
    assert "Too many tries" in said(log_in())
    today.move_to("2026-11-22T12:15:01Z")
    assert client.post("/admin/password_change/", right).status_code == 302
    assert log_in(password="a quarry song").status_code == 302


@pytest.mark.parametrize(
    "typed",
    [
        {"username": "", "password": ""},
        {"username": "zoe", "password": ""},
        {"username": "\0", "password": "x"},
        {"username": "x" * 10_000, "password": "x" * 10_000},
        {"username": "zoe", "password": "secret", "token": "x" * 10_000},
    ],
)
def test_what_cannot_be_a_login_is_asked_for_again(user: User, typed: dict[str, str]) -> None:
    assert Client().post(LOGIN, typed).status_code == 200
    assert not StaffSession.objects.exists()


def test_logging_out_ends_the_session_and_is_on_record(user: User) -> None:
    client = Client()
    client.post(LOGIN, {"username": "zoe", "password": "secret"})
    client.post("/admin/logout/")
    assert client.get("/admin/campaign/signature/").status_code == 302
    assert StaffSession.objects.get().ended_at is not None
    assert [action for action, _who, _what in record()] == ["login", "logout"]


def test_each_password_has_a_button_that_shows_it(user: User) -> None:
    eye = re.compile(r'<button type="button"\s+class="password-eye"\s+hidden')
    client = Client()
    assert len(eye.findall(client.get("/admin/login/").content.decode())) == 1
    client.force_login(User.objects.create_superuser("boss", "", "secret"))
    mine = client.get("/admin/password_change/").content.decode()
    theirs = client.get(f"/admin/auth/user/{user.pk}/password/").content.decode()
    assert (len(eye.findall(mine)), len(eye.findall(theirs))) == (3, 2)
    user.set_unusable_password()
    user.save()
    path = invitations.welcome_path(
        user, by=User.objects.get(username="boss"), permission=roles.STEER
    )
    welcome = Client().get(path, follow=True).content.decode()
    assert len(eye.findall(welcome)) == 2
    for page in (mine, theirs, welcome):
        assert len(re.findall(r'<input type="password"', page)) == len(eye.findall(page))


def test_who_is_no_staff_does_not_come_in(db: None) -> None:
    make_user(staff=False, username="guest")
    assert log_in("guest").status_code == 200
    assert not StaffSession.objects.exists()
