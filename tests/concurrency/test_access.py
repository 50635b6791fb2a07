"""Two who come at once: tries to log in, one code twice, two owners who remove each other."""

import threading
from datetime import datetime
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone
from django_otp.oath import totp

from campaign import lockout, members, networks, second_factor
from campaign.errors import InvalidInput
from campaign.lockout import Limit, Try
from campaign.models import AuditEntry, CodeApp, LoginTry, Membership
from campaign.models.membership import Role
from tests.concurrency.threads import PATIENCE, Meanwhile, at_once
from tests.factories import make_campaign, make_member, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("providers")]

AT_ONCE = 7
"""One less than the pool has connections: this thread keeps one."""


def let_through() -> int:
    """How many of AT_ONCE tries may look at the password."""
    tried = Try("zoe", networks.hashes(networks.read("203.0.113.9")), None)
    outcomes = at_once([partial(lockout.take, tried)] * AT_ONCE)
    assert all(outcome is None or isinstance(outcome, datetime) for outcome in outcomes)
    return outcomes.count(None)


def test_of_seven_tries_at_once_five_are_made(db: None) -> None:
    assert let_through() == lockout.PAIR.n
    assert AuditEntry.objects.filter(action="locked_out").count() == 1


def test_counting_by_reading_and_writing_lets_more_through(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    together = threading.Barrier(AT_ONCE)

    def read_then_write(key: str, limit: Limit, user: User | None) -> tuple[int, datetime]:
        row = LoginTry.objects.filter(key=key).first()
        n = row.n + 1 if row else 1
        together.wait(PATIENCE)
        LoginTry.objects.update_or_create(key=key, defaults={"n": n, "since": timezone.now()})
        return n, timezone.now()

    monkeypatch.setattr(lockout, "_one_more", read_then_write)
    assert let_through() == AT_ONCE


def enrolled() -> tuple[User, str]:
    user = make_user(username="zoe")
    device = CodeApp.objects.create(user=user, name="app")
    return user, f"{totp(device.bin_key):06}"


def test_a_code_that_comes_twice_at_once_opens_once(db: None) -> None:
    user, token = enrolled()
    outcomes = at_once([partial(second_factor.verify, user, token)] * 2)
    assert [type(outcome) for outcome in outcomes if outcome] == [CodeApp]


def test_without_the_lock_it_would_open_twice(db: None) -> None:
    user, token = enrolled()
    first, second = (CodeApp.objects.get(user=user) for _ in range(2))
    assert [first.verify_token(token), second.verify_token(token)] == [True, True]


def confirm_in_two_sessions(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What came of two who confirm their app, the second one while the first one's code is looked at."""
    user = make_user(username="zoe")
    begun = [second_factor.begin(user, session=number) for number in (1, 2)]
    first, second = (
        partial(
            second_factor.confirm,
            user,
            f"{totp(each.app.bin_key):06}",
            session=number,
            sealed=each.sealed,
        )
        for number, each in enumerate(begun, 1)
    )
    meanwhile = Meanwhile(second).before(monkeypatch, second_factor, "_makes")
    codes = first()
    assert CodeApp.objects.get().bin_key == begun[0].app.bin_key
    return [codes is not None, meanwhile.end() is not None]


def test_of_two_sessions_that_confirm_their_app_at_once_one_does(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert confirm_in_two_sessions(monkeypatch) == [True, False]


def test_without_the_lock_both_would_be_told_that_theirs_counts(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(second_factor, "_locked", lambda user: User.objects.get(pk=user.pk))
    assert confirm_in_two_sessions(monkeypatch) == [True, True]


def remove_each_other(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What came of two owners, the second of whom comes while the first one's verb is deciding."""
    campaign = make_campaign()
    one, two = (make_member(campaign, Role.OWNER, username=name) for name in ("one", "two"))
    of = {user: Membership.objects.get(user=user).pk for user in (one, two)}
    meanwhile = Meanwhile(partial(members.remove, membership_id=of[one], by=two))
    original = Membership.delete

    def interrupted(self: Membership, *args: Any, **kwargs: Any) -> Any:
        meanwhile.happen()
        return original(self, *args, **kwargs)

    monkeypatch.setattr(Membership, "delete", interrupted)
    members.remove(membership_id=of[two], by=one)
    return [meanwhile.end(), meanwhile.waited]


def test_two_owners_who_remove_each_other_leave_one(monkeypatch: pytest.MonkeyPatch) -> None:
    outcome, waited = remove_each_other(monkeypatch)
    assert waited
    assert isinstance(outcome, InvalidInput)
    assert Membership.objects.filter(role=Role.OWNER).count() == 1


def test_without_their_lock_they_would_leave_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(members, "_locked", lambda pk: Membership.objects.get(pk=pk))
    _outcome, waited = remove_each_other(monkeypatch)
    assert not waited
    assert not Membership.objects.filter(role=Role.OWNER).exists()
