"""Whose account changes is told by mail, at the address that it had before."""

from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.test import Client
from django_otp.oath import totp

from campaign import delivery, letters, retention, second_factor
from campaign.models import CodeApp, Mail, Notice
from campaign.models.mail import MailStatus
from campaign.models.notice import AccountAct
from tests.factories import make_user
from tests.smtp import Sink

pytestmark = pytest.mark.django_db

NEW = "a quarry song"


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        yield clock


@pytest.fixture
def user() -> User:
    return make_user("view_signature", username="zoe")


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def boss() -> User:
    return User.objects.create_superuser("boss", "boss@example.org", "secret")


def told() -> list[tuple[str, str]]:
    mails = Mail.objects.exclude(notice=None).order_by("pk")
    return list(mails.values_list("notice__act", "notice__address"))


def change_password(client: Client, old: str = "secret") -> Any:
    form = {"old_password": old, "new_password1": NEW, "new_password2": NEW}
    return client.post("/admin/password_change/", form)


def enrolled(user: User, clock: Any) -> CodeApp:
    app, sealed = second_factor.begin(user, session=1)
    assert second_factor.confirm(user, code(app), session=1, sealed=sealed)
    Notice.objects.all().delete()
    clock.shift(60)
    return app


def code(app: CodeApp) -> str:
    return f"{totp(app.bin_key):06}"


def log_in(token: str, password: str = "secret") -> Any:
    typed = {"username": "zoe", "password": password, "token": token}
    return Client().post("/admin/login/", typed)


def test_a_new_password_is_told_in_a_mail_that_says_which_account_and_when(
    user: User, sink: Sink
) -> None:
    change_password(browser(user))
    assert delivery.deliver_due() == 1
    [mail] = sink.received
    assert mail["To"] == "zoe@example.org"
    assert str(mail["Subject"]) == "Your password was changed"
    assert mail["List-Unsubscribe"] is None
    parts = [part for part in mail.walk() if not part.is_multipart()]
    texts = [bytes(part.get_payload(decode=True)).decode() for part in parts]
    assert len(texts) == 2
    for text in texts:
        for said in ("zoe", "2026-11-22 12:00 UTC", "http://testserver/admin/account/"):
            assert said in text
        assert NEW not in text


def test_a_password_that_is_refused_is_told_to_nobody(user: User) -> None:
    change_password(browser(user), old="wrong")
    assert told() == []


def test_a_password_that_somebody_else_sets_is_told_to_whose_it_is(user: User) -> None:
    form = {"password1": NEW, "password2": NEW, "usable_password": "true"}
    answer = browser(boss()).post(f"/admin/auth/user/{user.pk}/password/", form)
    assert answer.status_code == 302
    assert told() == [("password", "zoe@example.org")]


def test_a_new_address_is_told_to_the_old_one(user: User) -> None:
    client = browser(boss())
    form = {"username": "zoe", "email": "other@example.org", "is_active": "on", "is_staff": "on"}
    form |= {"date_joined_0": "2026-11-22", "date_joined_1": "12:00:00"}
    url = f"/admin/auth/user/{user.pk}/change/"
    assert client.post(url, form | {"email": "zoe@example.org"}).status_code == 302
    assert told() == []
    assert client.post(url, form).status_code == 302
    assert told() == [("address", "zoe@example.org")]


def test_what_becomes_of_the_second_factor_is_told(user: User, clock: Any) -> None:
    app, sealed = second_factor.begin(user, session=1)
    codes = second_factor.confirm(user, code(app), session=1, sealed=sealed)
    assert codes
    assert second_factor.verify(user, codes[0])
    second_factor.renew_codes(user)
    second_factor.reset(user=user, by=boss())
    acts = [act for act, _address in told()]
    assert acts == ["factor", "code_used", "codes", "factor_reset"]


def test_a_code_that_is_tried_again_is_refused_and_told(user: User, clock: Any) -> None:
    app = enrolled(user, clock)
    used = code(app)
    assert log_in(used).status_code == 302
    assert told() == []
    assert "was used already" in log_in(used).content.decode()
    assert told() == [("code_again", "zoe@example.org")]


def test_a_wrong_code_or_a_used_one_without_the_password_is_told_to_nobody(
    user: User, clock: Any
) -> None:
    app = enrolled(user, clock)
    used = code(app)
    assert log_in(used).status_code == 302
    log_in(used, password="wrong")
    log_in("000000")
    assert told() == []


def test_an_account_without_an_address_is_told_nothing_and_changes_all_the_same(user: User) -> None:
    User.objects.update(email="")
    change_password(browser(user))
    user.refresh_from_db()
    assert user.check_password(NEW)
    assert told() == []


@pytest.mark.parametrize("act", AccountAct)
def test_each_act_has_words_of_its_own(user: User, act: AccountAct) -> None:
    notice = Notice(account=user, act=act, address="zoe@example.org")
    letter = letters.render(Mail(pk=1, kind="alert", notice=notice))
    others = [str(letters.ACCOUNTS[each][1]) for each in AccountAct if each != act]
    assert str(letters.ACCOUNTS[act][1]) in str(letter.body)
    assert not any(other in str(letter.body) for other in others)
    assert "None" not in str(letter.body)
    # About no campaign: nobody signs it.
    assert str(letter.body).endswith("/admin/account/\n")


def test_it_goes_with_the_account_and_after_ninety_days(user: User, clock: Any) -> None:
    change_password(browser(user))
    clock.shift(89 * 86400)
    retention.expire()
    assert Mail.objects.get().status == MailStatus.QUEUED
    clock.shift(2 * 86400)
    retention.expire()
    assert not Mail.objects.exists()
    assert not Notice.objects.exists()


def test_a_notice_is_of_an_alert_or_of_an_account(user: User) -> None:
    for columns in ({}, {"account": user}, {"account": user, "act": "password"}):
        with pytest.raises(IntegrityError, match="notice_of"), transaction.atomic():
            Notice.objects.create(**columns)
