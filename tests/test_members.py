"""Who works in a campaign: owners invite, change and remove, and nobody helps themselves."""

import re
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from campaign import keys, lockout, networks, second_factor, staff_sessions, vouchers
from campaign.errors import KeyInvalid
from campaign.lockout import Try
from campaign.models import ApiKey, AuditEntry, Campaign, CodeApp, Membership, StaffSession
from campaign.models.membership import Role
from tests.factories import make_campaign, make_member, make_user

pytestmark = pytest.mark.django_db

LIST = "/admin/campaign/membership/"


@pytest.fixture
def here() -> Campaign:
    return make_campaign(slug="here")


@pytest.fixture
def owner(here: Campaign) -> User:
    return make_member(here, Role.OWNER)


def browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def of(user: User) -> Membership:
    return Membership.objects.get(user=user)


def press(by: User, user: User, button: str, **typed: str) -> Any:
    return browser(by).post(f"{LIST}{of(user).pk}/{button}/", typed)


def record() -> list[tuple[str, dict[str, Any]]]:
    acts = AuditEntry.objects.exclude(action="campaign_loaded").order_by("pk")
    return list(acts.values_list("action", "details"))


def invited(by: User, campaign: Campaign, name: str, role: str = "moderator") -> Any:
    form = {"campaign": campaign.pk, "name": name, "role": role}
    return browser(by).post(f"{LIST}add/", form)


# --- Inviting --------------------------------------------------------------------------------


def test_who_is_invited_chooses_a_password_by_a_link_that_works_once(
    here: Campaign, owner: User
) -> None:
    page = invited(owner, here, "new@example.org", "reader")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    link = re.search(r"(/admin/welcome/[^<\s]+)", page.content.decode())
    assert link
    user = User.objects.get(username="new@example.org")
    assert (of(user).role, of(user).campaign, user.is_superuser) == (Role.READER, here, False)
    about = {"user": user.pk}
    assert record() == [("invited", about), ("member_added", {**about, "role": "reader"})]

    client = Client()
    form = client.get(link[1], follow=True)
    passwords = {"new_password1": "quarry-Songs-1", "new_password2": "quarry-Songs-1"}
    client.post(form.redirect_chain[-1][0], passwords)
    login = {"username": "new@example.org", "password": "quarry-Songs-1"}
    assert client.post("/admin/login/", login).status_code == 302
    assert client.get("/admin/campaign/signature/").status_code == 200
    again = Client().get(link[1], follow=True)
    assert 'name="new_password1"' not in again.content.decode()


def test_an_invitation_ends_after_three_days(here: Campaign, owner: User) -> None:
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        page = invited(owner, here, "new@example.org", "reader").content.decode()
        link = re.search(r"(/admin/welcome/[^<\s]+)", page)
        assert link
        clock.shift(3 * 86_400)
        assert 'name="new_password1"' in Client().get(link[1], follow=True).content.decode()
        clock.shift(2)
        late = Client().get(link[1], follow=True)
        assert 'name="new_password1"' not in late.content.decode()
        passwords = {"new_password1": "quarry-Songs-1", "new_password2": "quarry-Songs-1"}
        Client().post(link[1], passwords, follow=True)
    assert not User.objects.get(username="new@example.org").has_usable_password()


@pytest.mark.parametrize("then", ["member", "organisation"])
def test_an_older_link_opens_no_account_that_another_campaign_has_let_in_since(
    here: Campaign, owner: User, then: str
) -> None:
    """Or its owner, who has the link, would choose the password of somebody else's moderator."""
    page = invited(owner, here, "new@example.org", "reader").content.decode()
    link = re.search(r"(/admin/welcome/[^<\s]+)", page)
    assert link
    assert 'name="new_password1"' in Client().get(link[1], follow=True).content.decode()
    there = make_campaign(slug="there")
    stranger = make_member(there, Role.OWNER, username="stranger")
    if then == "member":
        assert invited(stranger, there, "NEW@example.org", "owner").status_code == 302
    else:
        voucher = vouchers.admit(campaign=there, name="Guild", quota=9, by=stranger)
        vouchers.give_login(voucher=voucher, email="new@example.org", by=stranger)
    user = User.objects.get(username="new@example.org")
    assert user.memberships.count() == 2
    browser_of_theirs = Client()
    late = browser_of_theirs.get(link[1], follow=True)
    assert 'name="new_password1"' not in late.content.decode()
    passwords = {"new_password1": "quarry-Songs-1", "new_password2": "quarry-Songs-1"}
    browser_of_theirs.post(late.request["PATH_INFO"], passwords)
    user.refresh_from_db()
    assert not user.has_usable_password()
    again = browser(owner).post(f"{LIST}{user.memberships.get(campaign=here).pk}/link/")
    assert again.status_code == 409


def test_an_owner_is_told_that_somebody_else_invited_an_account_before(
    here: Campaign, owner: User
) -> None:
    """An account is called like a mailbox, and whoever made it may have chosen its password."""
    there = make_campaign(slug="there")
    make_member(there, Role.READER, username="new@example.org")
    form = {"campaign": here.pk, "name": "new@example.org", "role": "moderator"}
    page = browser(owner).post(f"{LIST}add/", form, follow=True).content.decode()
    assert "Others have invited this account too." in page
    make_user(username="other")
    form["name"] = "other"
    mine = browser(owner).post(f"{LIST}add/", form, follow=True).content.decode()
    assert "Others have invited" not in mine


@pytest.mark.parametrize(
    "typed", ["other@example.com", "OTHER@example.com", "other@example.com\u200b"]
)
def test_who_has_an_account_is_a_member_at_once(here: Campaign, owner: User, typed: str) -> None:
    other = make_user(username="Other@example.com")
    assert invited(owner, here, typed).status_code == 302
    assert of(other).role == Role.MODERATOR
    assert User.objects.count() == 2


def test_who_is_invited_by_the_address_of_their_account_gets_no_second_one(
    here: Campaign, owner: User
) -> None:
    ada = User.objects.create_user("ada", "ada@example.org", "secret", is_staff=True)
    assert invited(owner, here, "Ada@example.org").status_code == 302
    assert of(ada).role == Role.MODERATOR
    assert User.objects.count() == 2
    assert record() == [("member_added", {"user": ada.pk, "role": "moderator"})]


def test_who_shares_a_mailbox_is_not_guessed_at(here: Campaign, owner: User) -> None:
    for name in ("ada", "bob"):
        User.objects.create_user(name, "desk@example.org", "secret", is_staff=True)
    assert invited(owner, here, "desk@example.org").status_code == 200
    made = Membership.objects.exclude(user=owner).get().user
    assert (made.username, made.has_usable_password()) == ("desk@example.org", False)


@pytest.mark.parametrize("typed_before", ["name", "address"])
def test_no_account_of_an_address_that_only_looks_alike_is_let_in(
    here: Campaign, owner: User, typed_before: str
) -> None:
    """A dotless i, whose upper case is that of i in most of PostgreSQL's locales."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT collname FROM pg_collation WHERE collname IN ('und-x-icu', 'pg_c_utf8')"
        )
        [folds, *_others] = cursor.fetchone()
        for column in ("username", "email"):
            change = 'ALTER TABLE auth_user ALTER {0} TYPE varchar(254) COLLATE "{1}"'
            cursor.execute(change.format(column, folds))
    alike = "ada@b\u0131g.example.org"
    name = alike if typed_before == "name" else "mallory"
    mallory = User.objects.create_user(name, alike, "secret", is_staff=True)
    assert invited(owner, here, "ada@big.example.org").status_code == 200
    assert not mallory.memberships.exists()
    assert Membership.objects.exclude(user=owner).get().user.email == "ada@big.example.org"


@pytest.mark.parametrize(
    ("name", "role"),
    [
        *(("", "reader"), ("not an address", "reader"), ("\0", "reader"), ("x" * 151, "reader")),
        *(("owner", "reader"), ("new@example.org", "organisation"), ("new@example.org", "god")),
        *(("off", "reader"), ("off@example.org", "reader")),
    ],
)
def test_what_cannot_be_an_invitation_is_asked_for_again(
    here: Campaign, owner: User, name: str, role: str
) -> None:
    User.objects.create_user("off", "off@example.org", is_active=False)
    assert invited(owner, here, name, role).status_code == 422
    assert Membership.objects.count() == 1
    assert User.objects.count() == 2
    assert record() == []


def test_an_address_that_grows_too_long_for_a_user_name_is_said_to_be(
    here: Campaign, owner: User
) -> None:
    """Its ligatures are two letters each where the mail goes."""
    domain = ".".join(["\ufb01" * 20] * 3)
    answer = invited(owner, here, f"{'a' * 50}@{domain}.example.org", "reader")
    assert answer.status_code == 422
    assert "This e-mail address is too long." in answer.content.decode()
    assert Membership.objects.count() == User.objects.count() == 1
    assert record() == []


def test_an_owner_invites_into_their_campaign_alone(here: Campaign, owner: User) -> None:
    there = make_campaign(slug="there")
    assert invited(owner, there, "new@example.org").status_code == 422
    assert not User.objects.filter(username="new@example.org").exists()


def of_elsewhere(kind: str) -> User:
    """An account without a password yet, that may do something outside of the owner's campaigns."""
    name = "root@example.org"
    if kind == "superuser":
        user = User.objects.create_superuser(name)
    elif kind == "operator":
        user = make_user("view_signature", username=name)
    else:
        user = make_member(make_campaign(slug="there"), Role(kind), username=name)
    user.set_unusable_password()
    user.save()
    return user


@pytest.mark.parametrize("kind", ["superuser", "operator", "owner", "reader"])
def test_no_owner_opens_an_account_that_opens_more_than_their_campaigns(
    here: Campaign, owner: User, kind: str
) -> None:
    user = of_elsewhere(kind)
    pages = [invited(owner, here, user.username)]
    membership = Membership.objects.get(user=user, campaign=here)
    for button in ("link", "factor", "unlock", "sessions"):
        pages.append(browser(owner).post(f"{LIST}{membership.pk}/{button}/"))
    assert [page.status_code for page in pages] == [302, 409, 409, 409, 409]
    assert not any("/admin/welcome/" in page.content.decode() for page in pages)
    assert [action for action, _details in record()] == ["member_added"]


def test_who_owns_both_campaigns_passes_the_link_on(here: Campaign, owner: User) -> None:
    there = make_campaign(slug="there")
    Membership.objects.create(user=owner, campaign=there, role=Role.OWNER)
    for campaign in (here, there):
        page = invited(owner, campaign, "new@example.org")
        assert "/admin/welcome/" in page.content.decode()
    assert User.objects.filter(username="new@example.org").count() == 1


# --- Changing and removing -------------------------------------------------------------------


def test_a_role_is_changed_on_record(here: Campaign, owner: User) -> None:
    reader = make_member(here, Role.READER)
    press(owner, reader, "role", role="moderator")
    assert of(reader).role == Role.MODERATOR
    details = {"user": reader.pk, "from": "reader", "to": "moderator"}
    assert record() == [("member_changed", details)]


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.READER, Role.OWNER])
def test_nobody_changes_their_own_role(here: Campaign, owner: User, role: Role) -> None:
    make_member(here, Role.OWNER, username="second")
    response = press(owner, owner, "role", role=role.value)
    assert response.status_code == (302 if role == Role.OWNER else 409)
    assert of(owner).role == Role.OWNER
    assert record() == []


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.READER])
def test_who_is_no_owner_raises_nobody_and_not_themselves(here: Campaign, role: Role) -> None:
    somebody, other = make_member(here, role), make_member(here, Role.READER, username="other")
    for whom in (somebody, other):
        for button in ("role", "remove", "factor", "sessions", "unlock", "link"):
            assert press(somebody, whom, button, role="owner").status_code == 403, button
    assert invited(somebody, here, "new@example.org").status_code == 403
    assert browser(somebody).get(LIST).status_code == 403
    assert {each.role for each in Membership.objects.all()} <= {role, Role.READER}


def test_the_last_owner_stays(here: Campaign, owner: User) -> None:
    root = User.objects.create_superuser("root", "r@example.org", "secret")
    for by in (owner, root):
        assert press(by, owner, "remove").status_code == 409
    assert press(root, owner, "role", role="reader").status_code == 409
    assert of(owner).role == Role.OWNER

    second = make_member(here, Role.OWNER, username="second")
    assert press(owner, owner, "remove").status_code == 302
    assert not Membership.objects.filter(user=owner).exists()
    assert of(second).role == Role.OWNER


def test_who_is_removed_sees_nothing_from_the_next_page_on(here: Campaign, owner: User) -> None:
    moderator = make_member(here, Role.MODERATOR)
    client = browser(moderator)
    assert client.get("/admin/campaign/signature/").status_code == 200
    press(owner, moderator, "remove")
    assert client.get("/admin/campaign/signature/").status_code == 403
    assert record() == [("member_removed", {"user": moderator.pk, "role": "moderator"})]


def test_the_keys_of_who_is_no_owner_any_more_are_revoked(here: Campaign, owner: User) -> None:
    second = make_member(here, Role.OWNER, username="second")
    form = {"campaign": here.pk, "label": "x", "scopes": ["sign"], "expires_on": "2026-12-24"}
    made = browser(second).post("/admin/campaign/apikey/add/", form).content.decode()
    text = re.search(r"ptn_[0-9a-z]{8}_[0-9a-z]{39}", made)
    assert text
    keys.authenticate(text[0])
    press(owner, second, "role", role="moderator")
    with pytest.raises(KeyInvalid):
        keys.authenticate(text[0])
    assert ApiKey.objects.get().revoked_at is not None


def test_the_login_of_an_organisation_is_not_changed_here(here: Campaign, owner: User) -> None:
    guild = make_member(here, Role.ORGANISATION)
    for button in ("role", "remove"):
        assert press(owner, guild, button, role="owner").status_code == 409
    assert of(guild).role == Role.ORGANISATION


def test_members_of_another_campaign_are_not_there(here: Campaign, owner: User) -> None:
    stranger = make_member(make_campaign(slug="there"), Role.MODERATOR)
    for button in ("role", "remove", "factor", "sessions", "unlock", "link"):
        assert press(owner, stranger, button, role="owner").status_code == 404, button
    assert browser(owner).get(f"{LIST}{of(stranger).pk}/change/").status_code == 404
    assert list(browser(owner).get(LIST).context["cl"].result_list) == [of(owner)]
    assert of(stranger).role == Role.MODERATOR


# --- Helping back in -------------------------------------------------------------------------


def test_an_owner_resets_a_lost_factor_and_the_sessions_with_it(
    here: Campaign, owner: User
) -> None:
    moderator = make_member(here, Role.MODERATOR)
    CodeApp.objects.create(user=moderator, name="app")
    assert second_factor.device_of(moderator) is not None
    staff_sessions.begin(moderator, user_agent="", address=None)
    press(owner, moderator, "factor")
    assert second_factor.device_of(moderator) is None
    assert not StaffSession.objects.filter(user=moderator, ended_at=None).exists()
    assert [action for action, _details in record()] == ["session_ended", "factor_reset"]


def test_an_owner_ends_the_sessions_of_a_member(here: Campaign, owner: User) -> None:
    moderator = make_member(here, Role.MODERATOR)
    client = browser(moderator)
    assert client.get("/admin/campaign/signature/").status_code == 200
    press(owner, moderator, "sessions")
    assert client.get("/admin/campaign/signature/").status_code == 302
    assert record() == [("session_ended", {"user": moderator.pk})]


def test_an_owner_lets_a_member_in_who_has_tried_too_often(here: Campaign, owner: User) -> None:
    moderator = make_member(here, Role.MODERATOR)
    tried = Try(moderator.username, networks.hashes(networks.read("203.0.113.9")), moderator)
    waits = [lockout.take(tried) for _ in range(lockout.PAIR.n + 1)]
    assert waits[-1] is not None
    page = browser(owner).get(f"{LIST}{of(moderator).pk}/change/").content.decode()
    assert "Let them try again at once" in page
    press(owner, moderator, "unlock")
    assert lockout.take(tried) is None
    assert record()[-1] == ("unlocked", {"user": moderator.pk})


def test_an_owner_does_not_open_the_account_of_a_superuser(here: Campaign, owner: User) -> None:
    root = User.objects.create_superuser("root", "r@example.org", "secret")
    Membership.objects.create(user=root, campaign=here, role=Role.MODERATOR)
    CodeApp.objects.create(user=root, name="app")
    for button in ("factor", "unlock", "sessions"):
        assert press(owner, root, button).status_code == 409, button
    assert record() == []


def test_a_password_that_a_superuser_sets_ends_the_sessions_of_its_user(here: Campaign) -> None:
    moderator = make_member(here, Role.MODERATOR)
    client = browser(moderator)
    assert client.get("/admin/campaign/signature/").status_code == 200
    root = User.objects.create_superuser("root", "r@example.org", "secret")
    typed = {
        "password1": "quarry-Songs-1",
        "password2": "quarry-Songs-1",
        "usable_password": "true",
    }
    browser(root).post(f"/admin/auth/user/{moderator.pk}/password/", typed)
    moderator.refresh_from_db()
    assert moderator.check_password("quarry-Songs-1")
    assert client.get("/admin/campaign/signature/").status_code == 302
    assert not StaffSession.objects.filter(user=moderator, ended_at=None).exists()
    assert ("password_changed", {"user": moderator.pk}) in record()
