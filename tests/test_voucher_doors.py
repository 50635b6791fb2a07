"""Organisations in the admin: admitted by who steers, with pages of their own and nothing else in sight."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db.models.signals import post_init
from django.test import Client

from campaign import leaving, link_batches, tasks, vouchers, vouching
from campaign.models import (
    AuditEntry,
    Campaign,
    LinkBatch,
    Mail,
    MemberLink,
    Refusal,
    Signature,
    Voucher,
    Vouching,
)
from campaign.models.membership import Role
from campaign.web.own_words import NOTICES
from tests.factories import (
    make_campaign,
    make_member,
    make_signature,
    make_user,
    manage_token,
    on_record,
)
from tests.vouchers import link_for, make_voucher, member_form, own_page, own_user

pytestmark = pytest.mark.django_db

BASE = "/admin/campaign/voucher/"
SIGNERS = "/api/v1/campaigns/art/signers/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def voucher(campaign: Campaign) -> Voucher:
    return make_voucher(campaign)


def in_role(role: Role, campaign: Campaign, username: str = "somebody") -> Client:
    user = make_member(campaign, role, username=username)
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(campaign: Campaign) -> Client:
    return in_role(Role.OWNER, campaign, "owner")


@pytest.fixture
def guild(voucher: Voucher) -> Client:
    client = Client()
    client.force_login(own_user(voucher))
    return client


# --- Who may ---------------------------------------------------------------------------------

CAMPAIGNS_SIDE = [
    ("GET", ""),
    ("GET", "add/"),
    ("GET", "{voucher}/change/"),
    ("POST", "{voucher}/quota/"),
    ("POST", "{voucher}/login/"),
    ("POST", "{voucher}/logout/"),
    ("POST", "{voucher}/batch/"),
    ("POST", "{voucher}/revoke/"),
]
OWN_SIDE = [
    ("GET", "own/"),
    ("GET", "own/{voucher}/"),
    ("GET", "own/{voucher}/names/"),
    ("POST", "own/{voucher}/list/"),
    ("POST", "own/{voucher}/confirm/"),
    ("POST", "own/{voucher}/take-back/"),
    ("POST", "own/{voucher}/address/"),
    ("POST", "own/{voucher}/{batch}/fetch/"),
    ("POST", "own/{voucher}/{batch}/forget/"),
    ("POST", "own/{voucher}/{batch}/revoke/"),
]


def test_one_login_fills_no_disk_with_its_lists(
    guild: Client, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (link_batches.AT_ONCE, link_batches.KEPT_MOST) == (3, 20)
    monkeypatch.setattr(link_batches, "KEPT_MOST", 4)

    def send() -> Any:
        return guild.post(f"{own_page(voucher)}list/", {"addresses": "zoe@example.org"})

    assert [send().status_code for _ in range(3)] == [302] * 3
    waits = send()
    assert waits.status_code == 422
    assert "Other lists are still being written." in waits.content.decode()
    link_batches.work()
    assert send().status_code == 302
    link_batches.work()
    full = send()
    assert full.status_code == 422
    assert "Very many of your lists lie here." in full.content.decode()
    assert "zoe@example.org" in full.content.decode()
    assert LinkBatch.objects.count() == 4
    link_batches.forget(LinkBatch.objects.all()[0])
    assert send().status_code == 302


@pytest.mark.parametrize(
    ("role", "side", "allowed"),
    [
        (Role.OWNER, CAMPAIGNS_SIDE, True),
        (Role.OWNER, OWN_SIDE, False),
        (Role.MODERATOR, CAMPAIGNS_SIDE + OWN_SIDE, False),
        (Role.READER, CAMPAIGNS_SIDE + OWN_SIDE, False),
        (Role.ORGANISATION, CAMPAIGNS_SIDE, False),
        (None, CAMPAIGNS_SIDE + OWN_SIDE, None),
    ],
)
def test_each_page_and_button_asks_for_the_role(
    campaign: Campaign,
    voucher: Voucher,
    role: Role | None,
    side: list[tuple[str, str]],
    allowed: bool | None,
) -> None:
    link_for(voucher, "a@example.org")
    names = {"voucher": voucher.pk, "batch": LinkBatch.objects.get().pk}
    client = in_role(role, campaign) if role else Client()
    for method, path in side:
        answer = client.generic(method, BASE + path.format(**names))
        if allowed is None:
            assert answer.status_code == 302, path
            assert answer.headers["Location"].startswith("/admin/login/")
        elif allowed:
            assert answer.status_code in {200, 302, 404, 422}, (path, answer.status_code)
        else:
            assert answer.status_code == 403, (path, answer.status_code)


def test_an_organisation_opens_its_own_pages_and_nothing_of_another_one(
    campaign: Campaign, voucher: Voucher, guild: Client
) -> None:
    other = make_voucher(campaign, "Writers’ Union")
    for each in (voucher, other):
        link_for(each, "a@example.org")
    theirs, own = (LinkBatch.objects.get(voucher=each) for each in (other, voucher))

    for method, path in OWN_SIDE:
        if path == "own/":
            continue
        mine = guild.generic(method, BASE + path.format(voucher=voucher.pk, batch=own.pk))
        assert mine.status_code in {200, 302, 422}, path
        for names in (
            {"voucher": other.pk, "batch": theirs.pk},
            {"voucher": other.pk, "batch": own.pk},
        ):
            answer = guild.generic(method, BASE + path.format(**names))
            assert answer.status_code == 404, path
        if "{batch}" in path:
            crossed = BASE + path.format(voucher=voucher.pk, batch=theirs.pk)
            assert guild.generic(method, crossed).status_code == 404
    theirs.refresh_from_db()
    assert theirs.revoked_at is None


def test_an_organisation_lands_on_its_page_and_sees_nothing_else_of_the_admin(
    campaign: Campaign, guild: Client, voucher: Voucher
) -> None:
    signature = make_signature(campaign, name="Secret Signer", email="secret@example.org")
    landed = guild.get("/admin/", follow=True)
    assert landed.request["PATH_INFO"] == own_page(voucher)
    page = landed.content.decode()
    assert "Links for your members" in page
    for other in ("/admin/campaign/signature/", "/admin/campaign/campaign/", "/admin/auth/"):
        assert other not in page, other
    assert "Secret Signer" not in page
    for path in (
        "/admin/campaign/signature/",
        f"/admin/campaign/signature/{signature.pk}/change/",
        f"/admin/campaign/campaign/{campaign.pk}/change/",
        "/admin/campaign/mail/",
        "/admin/campaign/auditentry/",
        "/admin/campaign/membership/",
        "/admin/auth/user/",
    ):
        answer = guild.get(path)
        assert answer.status_code in {403, 404}, path
        assert "Secret Signer" not in answer.content.decode()


def test_an_owner_of_another_campaign_finds_no_organisation_of_this_one(
    campaign: Campaign, voucher: Voucher
) -> None:
    other = in_role(Role.OWNER, make_campaign(slug="other"))
    assert "Guild" not in other.get(BASE).content.decode()
    for method, path in CAMPAIGNS_SIDE[2:]:
        answer = other.generic(method, BASE + path.format(voucher=voucher.pk))
        assert answer.status_code == 404, path
    form = {"campaign": campaign.pk, "name": "Fake Guild", "quota": "10"}
    assert other.post(f"{BASE}add/", form).status_code == 422
    assert Voucher.objects.get() == voucher


# --- Admitting -------------------------------------------------------------------------------


def admitted(owner: Client, campaign: Campaign, **typed: Any) -> Any:
    form = {"campaign": campaign.pk, "name": "Actors’ Guild", "quota": "160000", **typed}
    return owner.post(f"{BASE}add/", form)


def test_the_whole_way_from_admission_to_the_first_login_and_list(
    client: Client, owner: Client, campaign: Campaign
) -> None:
    assert admitted(owner, campaign).status_code == 302
    voucher = Voucher.objects.get()
    assert (voucher.name, voucher.quota, voucher.admitted_by.username) == (
        *("Actors’ Guild", 160_000),
        "owner",
    )

    page = owner.post(f"{BASE}{voucher.pk}/login/", {"email": "desk@guild.example.org"})
    [link] = set(re.findall(r"http://[^\s<\"]+/admin/welcome/[^\s<\"]+", page.content.decode()))
    path = link.removeprefix(settings.BASE_URL)
    welcome = client.get(path, follow=True)
    assert "Choose a password" in welcome.content.decode()
    assert "desk@guild.example.org" in welcome.content.decode()
    typed = {"new_password1": "a long quarry song", "new_password2": "a long quarry song"}
    chosen = client.post(welcome.request["PATH_INFO"], typed, follow=True)
    assert chosen.request["PATH_INFO"] == "/admin/login/"
    assert "Log in with it as desk@guild.example.org." in chosen.content.decode()
    again = Client().get(path, follow=True)
    assert "used already" in again.content.decode()

    user = User.objects.get(username="desk@guild.example.org")
    assert client.login(username=user.username, password="a long quarry song")
    form = {"addresses": "zoe@example.org"}
    assert client.post(f"{own_page(voucher)}list/", form).status_code == 302
    tasks.write_links()
    assert LinkBatch.objects.get().made == 1
    assert "Actors’ Guild" in client.get("/admin/", follow=True).content.decode()

    owner.post(f"{BASE}{voucher.pk}/logout/", {"row": voucher.memberships.get().pk})
    assert client.get(own_page(voucher)).status_code == 403
    actions = on_record().values_list("action", flat=True)
    assert [each for each in actions if "voucher" in each or "links" in each] == [
        *("voucher_admitted", "voucher_login", "links_made", "voucher_login_gone"),
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": " \u200b "}, "Please give the organisation’s name."),
        ({"name": ""}, "This field is required."),
        ({"quota": "0"}, "greater than or equal to 1"),
        ({"quota": "many"}, "Enter a whole number."),
        ({"quota": "9999999999"}, "less than or equal to 2000000"),
        ({"name": "ACTORS’ guild"}, "vouches in this campaign already"),
    ],
)
def test_a_form_that_is_wrong_says_where(
    owner: Client, campaign: Campaign, voucher: Voucher, typed: dict[str, str], said: str
) -> None:
    answer = admitted(owner, campaign, **{"name": "Other", **typed})
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert Voucher.objects.get() == voucher


@pytest.mark.parametrize(
    "typed", ["160000", "160,000", "160.000", "160 000", "160’000", " 160\u202f000 "]
)
def test_a_quota_is_read_as_people_group_its_digits(
    owner: Client, campaign: Campaign, typed: str
) -> None:
    assert admitted(owner, campaign, quota=typed).status_code == 302
    assert Voucher.objects.get().quota == 160_000


@pytest.mark.parametrize("typed", ["1.5", "1.0", "1,5", "1.0000", "12.34.567", "1e3", "-5", "+5"])
def test_what_only_resembles_a_whole_number_is_no_quota(
    owner: Client, voucher: Voucher, typed: str
) -> None:
    answer = owner.post(f"{BASE}{voucher.pk}/quota/", {"quota": typed})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Please give a number from 1 to 2,000,000." in text
    assert f'value="{typed}"' in text
    voucher.refresh_from_db()
    assert voucher.quota == 1000


def test_a_quota_goes_not_below_what_is_used_and_a_revocation_asks_twice(
    owner: Client, voucher: Voucher
) -> None:
    link_for(voucher, "a@example.org", "b@example.org")
    url = f"{BASE}{voucher.pk}/"
    below = owner.post(f"{url}quota/", {"quota": "1"})
    assert below.status_code == 422
    assert "It has used more than that already" in below.content.decode()
    assert owner.post(f"{url}quota/", {"quota": "2"}).status_code == 302
    assert owner.post(f"{url}quota/", {"quota": "x" * 9999}).status_code == 422

    unsure = owner.post(f"{url}revoke/", {})
    assert unsure.status_code == 422
    voucher.refresh_from_db()
    assert (voucher.quota, voucher.revoked_at) == (2, None)
    assert owner.post(f"{url}revoke/", {"sure": "on"}).status_code == 302
    voucher.refresh_from_db()
    assert voucher.revoked_at is not None
    assert "does not vouch" not in owner.get(f"{url}change/").content.decode()


def test_a_login_of_the_campaigns_own_people_is_no_organisations(
    owner: Client, campaign: Campaign, voucher: Voucher
) -> None:
    in_role(Role.MODERATOR, campaign, "mod@example.org")
    answer = owner.post(f"{BASE}{voucher.pk}/login/", {"email": "MOD@example.org"})
    assert answer.status_code == 422
    assert "in another role" in answer.content.decode()
    wrong = owner.post(f"{BASE}{voucher.pk}/login/", {"email": "nobody"})
    assert "This is not a whole e-mail address." in wrong.content.decode()
    assert 'value="nobody"' in wrong.content.decode()
    lost = owner.post(f"{BASE}{voucher.pk}/login/", {"email": "a@guild.invalid"}).content.decode()
    assert "No mail can be delivered to this address." in lost
    assert 'value="a@guild.invalid"' in lost
    assert not voucher.memberships.exists()


def test_who_has_an_account_of_that_address_acts_for_it_with_that_one(
    owner: Client, voucher: Voucher
) -> None:
    """One that was no staff yet, too: it would be told of a login that lets nobody in."""
    ada = make_user(username="ada", staff=False)
    answer = owner.post(f"{BASE}{voucher.pk}/login/", {"email": "ADA@example.org"}, follow=True)
    assert "Whoever has this login may act for it now." in answer.content.decode()
    assert voucher.memberships.get().user == ada
    assert not User.objects.filter(username__iexact="ada@example.org").exists()
    client = Client()
    client.force_login(ada)
    assert client.get(own_page(voucher)).status_code == 200
    assert list(on_record().values_list("action", flat=True))[1:] == ["voucher_login"]


@pytest.mark.parametrize("name", ["off@example.org", "off"])
def test_an_account_that_is_switched_off_acts_for_no_organisation(
    owner: Client, voucher: Voucher, name: str
) -> None:
    User.objects.create_user(name, "off@example.org", is_active=False)
    answer = owner.post(f"{BASE}{voucher.pk}/login/", {"email": "off@example.org"})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "This account is switched off; a superuser can switch it on." in page
    assert 'value="off@example.org"' in page
    assert not voucher.memberships.exists()
    assert list(on_record().values_list("action", flat=True)) == ["voucher_admitted"]


LONGEST = f"{'desk-' * 11}of@{'guild-' * 10}of.actors.friends-of.example.org"
"""An address of 150 characters: no account is called by a longer one."""


def test_an_address_that_no_account_can_be_called_by_is_said_to_be_too_long(
    owner: Client, voucher: Voucher
) -> None:
    url, long = f"{BASE}{voucher.pk}/login/", f"d{LONGEST}"
    assert len(long) == 151
    answer = owner.post(url, {"email": long})
    assert answer.status_code == 422
    page = answer.content.decode()
    assert "This e-mail address is too long." in page
    assert f'value="{long}"' in page
    assert not User.objects.filter(email=long).exists()
    assert not voucher.memberships.exists()
    assert list(on_record().values_list("action", flat=True)) == ["voucher_admitted"]

    owner.post(url, {"email": LONGEST})
    ada = User.objects.create_user("ada", long)
    owner.post(url, {"email": long})
    logins = voucher.memberships.order_by("pk").values_list("user__username", flat=True)
    assert list(logins) == [LONGEST, ada.username]


def test_an_account_made_for_an_organisation_is_on_record_as_invited(
    owner: Client, campaign: Campaign, voucher: Voucher
) -> None:
    owner.post(f"{BASE}{voucher.pk}/login/", {"email": "desk@guild.example.org"})
    user = User.objects.get(username="desk@guild.example.org")
    [entry] = on_record().filter(action="invited")
    assert (entry.campaign, entry.details) == (campaign, {"user": user.pk})


def test_an_owner_is_told_that_somebody_else_invited_the_login_before(
    owner: Client, voucher: Voucher
) -> None:
    make_member(make_campaign(slug="there"), Role.READER, username="desk@guild.example.org")
    typed = {"email": "desk@guild.example.org"}
    page = owner.post(f"{BASE}{voucher.pk}/login/", typed, follow=True).content.decode()
    assert "Others have invited this account too." in page
    make_user(username="other")
    typed = {"email": "other@example.org"}
    mine = owner.post(f"{BASE}{voucher.pk}/login/", typed, follow=True).content.decode()
    assert "Others have invited" not in mine


def test_a_revoked_organisation_still_reads_that_it_is_and_can_do_nothing(
    guild: Client, voucher: Voucher
) -> None:
    link_for(voucher, "zoe@example.org")
    batch = LinkBatch.objects.get()
    assert "Download the file" in guild.get(own_page(voucher)).content.decode()
    vouchers.revoke(voucher=voucher, by=voucher.admitted_by)
    page = guild.get(own_page(voucher)).content.decode()
    assert "does not vouch in this campaign any more" in page
    assert "Make the links" not in page
    assert "Taken back: its links are dead." in page
    assert "Download the file" not in page
    fetched = guild.post(f"{own_page(voucher)}{batch.pk}/fetch/", follow=True).content.decode()
    assert "This file is deleted already." in fetched
    answer = guild.post(f"{own_page(voucher)}list/", {"addresses": "a@example.org"})
    assert answer.status_code == 422
    assert LinkBatch.objects.get() == batch


# --- Names by hand ---------------------------------------------------------------------------


def test_a_name_is_found_on_the_public_list_confirmed_and_its_signer_told(
    client: Client, campaign: Campaign, voucher: Voucher, guild: Client
) -> None:
    signature = make_signature(campaign, name="Ann Bee", email="ann@example.org")
    make_signature(campaign, name="Ann Hidden", show_name=False)
    Mail.objects.all().delete()

    page = guild.get(f"{own_page(voucher)}names/", {"q": "ann"}).content.decode()
    assert "Ann Bee" in page
    assert "Ann Hidden" not in page
    assert "ann@example.org" not in page
    form = {"signer": signature.public_id, "q": "ann"}
    done = guild.post(f"{own_page(voucher)}confirm/", form, follow=True).content.decode()
    guild.post(f"{own_page(voucher)}confirm/", form)
    assert "confirmed by you" in done
    assert [(m.kind, m.signature) for m in Mail.objects.all()] == [("vouched", signature)]
    voucher.refresh_from_db()
    assert voucher.taken == 1
    assert client.get(f"{SIGNERS}{signature.public_id}/").json()["evidence"]["method"] == "vouched"

    row = Vouching.objects.get().pk
    guild.post(f"{own_page(voucher)}take-back/", {"row": row, "q": "ann"})
    assert client.get(f"{SIGNERS}{signature.public_id}/").json()["evidence"]["method"] == "email"
    gone = guild.post(f"{own_page(voucher)}confirm/", {"signer": "nobody"}, follow=True)
    assert "not on the list any more" in gone.content.decode()


def test_confirming_by_hand_does_not_tell_who_used_a_link(
    client: Client, campaign: Campaign, voucher: Voucher, guild: Client
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form())
    by_link = Signature.objects.get()
    by_form = make_signature(campaign, name="Zoë Other")
    shown = []
    for signature in (by_link, by_form):
        voucher.refresh_from_db()
        before = voucher.taken
        form = {"signer": signature.public_id, "q": "zoe"}
        page = guild.post(f"{own_page(voucher)}confirm/", form, follow=True).content.decode()
        voucher.refresh_from_db()
        shown.append((voucher.taken - before, page.count("confirmed by you")))
    assert shown == [(1, 1), (1, 2)]
    vouchers.revoke_batch(batch=LinkBatch.objects.get(), by=voucher.admitted_by)
    tasks.unvouch()
    by_link.refresh_from_db()
    voucher.refresh_from_db()
    assert (by_link.evidence, voucher.taken) == ("vouched", 2)


# --- The signer's own page -------------------------------------------------------------------


def test_a_signer_lets_the_name_be_shown_hides_it_and_refuses_it_on_their_own_page(
    client: Client, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form())
    signature = Signature.objects.get()
    page, its = f"/manage/{manage_token(signature)}/", {"vouching": Vouching.objects.get().pk}

    assert "Who vouches for you" in client.get(page).content.decode()

    def evidence() -> Any:
        return client.get(f"{SIGNERS}{signature.public_id}/").json()["evidence"]

    client.post(page, {"action": "member", **its})
    assert evidence()["by"] == "Actors’ Guild"
    assert Vouching.objects.get().shown_at is not None
    client.post(page, {"action": "no-member", **its})
    assert "by" not in evidence()
    assert Vouching.objects.get().shown_at is None
    client.post(page, {"action": "member", **its})
    refused = client.post(page, {"action": "not-theirs", **its})
    assert "does not vouch for you any more" in refused.content.decode()
    assert evidence()["method"] == "email"
    assert "by" not in evidence()
    again = client.post(page, {"action": "not-theirs", **its})
    assert again.status_code == 200
    assert "does not vouch for you any more" not in again.content.decode()
    held = client.get(f"{page}data.json").json()
    [its_own] = held["vouchings"]
    assert its_own["organisation"] == "Actors’ Guild"
    assert None is not its_own["refused_at"] <= its_own["ended_at"]
    [refusal] = Refusal.objects.all()
    assert (refusal.signature, refusal.voucher) == (signature, voucher)


def refused(client: Client, signature: Signature, voucher: Voucher) -> None:
    """Its signer presses “They must not vouch for me”."""
    its = Vouching.objects.get(signature=signature, voucher=voucher, ended_at=None)
    form = {"action": "not-theirs", "vouching": its.pk}
    said = client.post(f"/manage/{manage_token(signature)}/", form).content.decode()
    assert "does not vouch for you any more" in said


def vouches(client: Client, signature: Signature) -> bool:
    """Whether anybody does, as its entry on the list says and its signer's mails."""
    shown = client.get(f"{SIGNERS}{signature.public_id}/").json()
    told = Mail.objects.filter(kind="vouched").exists()
    return told or shown["evidence"]["method"] == "vouched"


@pytest.mark.parametrize("by_link", [True, False])
def test_whom_a_signer_refused_cannot_confirm_their_name_by_hand(
    client: Client, guild: Client, voucher: Voucher, by_link: bool
) -> None:
    signature = make_signature(voucher.campaign, name="Zoë Moreau", email="zoe@example.org")
    confirm = {"signer": signature.public_id, "q": "zoe"}
    if by_link:
        client.post(link_for(voucher, "zoe@example.org"), member_form())
    else:
        guild.post(f"{own_page(voucher)}confirm/", confirm, follow=True)
    refused(client, signature, voucher)
    Mail.objects.all().delete()
    voucher.refresh_from_db()
    taken = voucher.taken

    said = guild.post(f"{own_page(voucher)}confirm/", confirm, follow=True).content.decode()
    assert "does not want you to vouch" in said
    assert "Its signer is told by mail" not in said
    assert not vouches(client, signature)
    voucher.refresh_from_db()
    assert voucher.taken == taken
    confirmed = AuditEntry.objects.filter(action="name_confirmed")
    assert confirmed.count() == int(not by_link)


@pytest.mark.parametrize("action", ["sign", "join"])
def test_whom_a_signer_refused_vouches_for_them_by_no_newer_link_and_its_page_does_not_tell(
    client: Client, guild: Client, voucher: Voucher, action: str
) -> None:
    typed = member_form(action=action, own_email="zoe@example.org", member="yes")
    answers = []
    for refuses in (False, True):
        link = link_for(voucher, "zoe@example.org")
        answers.append(client.post(link, typed).content)
        if action == "join" and not refuses:
            client.post(link, member_form())
        signature = Signature.objects.get()
        if not refuses:
            refused(client, signature, voucher)
            Mail.objects.all().delete()
            guild.post(f"{own_page(voucher)}address/", {"email": "zoe@example.org"})
            assert not MemberLink.objects.exists()
    assert answers[0] == answers[1]
    assert MemberLink.objects.get().signature == signature
    assert not vouches(client, signature)
    signature.refresh_from_db()
    assert signature.member_of is None


def test_whom_a_signer_refused_may_vouch_for_others_and_others_for_them(
    client: Client, guild: Client, voucher: Voucher
) -> None:
    zoe, ann = (make_signature(voucher.campaign, name=name) for name in ("Zoë", "Ann"))
    page = f"{own_page(voucher)}confirm/"
    guild.post(page, {"signer": zoe.public_id})
    refused(client, zoe, voucher)
    guild.post(page, {"signer": ann.public_id})
    other = make_voucher(voucher.campaign, name="Other Guild")
    vouching.confirm_name(voucher=other, public_id=zoe.public_id, by=own_user(other, "other"))
    standing = Vouching.objects.filter(ended_at=None).order_by("signature")
    assert [(each.signature, each.voucher) for each in standing] == [(zoe, other), (ann, voucher)]


def test_who_took_their_word_back_may_give_it_again(guild: Client, voucher: Voucher) -> None:
    """Nobody has refused them."""
    zoe = make_signature(voucher.campaign, name="Zoë")
    guild.post(f"{own_page(voucher)}confirm/", {"signer": zoe.public_id})
    guild.post(f"{own_page(voucher)}take-back/", {"row": Vouching.objects.get().pk})
    guild.post(f"{own_page(voucher)}confirm/", {"signer": zoe.public_id})
    assert Vouching.objects.get(ended_at=None).signature == zoe


def test_to_look_whether_an_organisation_still_vouches_reads_no_other_of_the_address(
    client: Client, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form())
    signature, its = Signature.objects.get(), Vouching.objects.get()
    for name in ("Second Name", "Third Name"):
        make_signature(voucher.campaign, name=name, email="zoe@example.org")
    read: list[int] = []

    def count(instance: Signature, **_told: object) -> None:
        read.append(instance.pk)

    post_init.connect(count, sender=Signature)
    vouching.let_show(manage_token(signature), vouching_id=its.pk, shown=False)
    post_init.disconnect(count, sender=Signature)
    assert set(read) == {signature.pk}


def test_a_frozen_list_takes_no_name_more_and_lets_one_go(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form(member="yes"))
    signature, its = Signature.objects.get(), {"vouching": Vouching.objects.get().pk}
    page = f"/manage/{manage_token(signature)}/"
    Campaign.objects.filter(pk=campaign.pk).update(frozen_at=voucher.admitted_at)
    client.post(page, {"action": "no-member", **its})
    signature.refresh_from_db()
    assert signature.member_of is None
    assert client.post(page, {"action": "member", **its}).status_code == 409
    signature.refresh_from_db()
    assert signature.member_of is None


@pytest.mark.parametrize("action", ["sign", "join"])
def test_no_link_shows_a_name_more_on_a_frozen_list(
    client: Client, campaign: Campaign, voucher: Voucher, action: str
) -> None:
    signature = make_signature(campaign, name="Zoë Moreau", email="zoe@example.org")
    link = link_for(voucher, "zoe@example.org")
    Campaign.objects.filter(pk=campaign.pk).update(frozen_at=voucher.admitted_at)
    typed = member_form(action=action, member="yes", own_email="zoe@example.org")
    assert client.post(link, typed).status_code == 200
    signature.refresh_from_db()
    assert signature.member_of is None
    assert Vouching.objects.get().shown_at is None


@pytest.mark.parametrize("given_again", [False, True])
def test_a_refusal_holds_where_the_organisation_took_its_word_back_before_it(
    client: Client, guild: Client, voucher: Voucher, given_again: bool
) -> None:
    """On a page that still shows it, and where it has vouched once more since."""
    zoe = make_signature(voucher.campaign, name="Zoë")
    confirm = {"signer": zoe.public_id}
    guild.post(f"{own_page(voucher)}confirm/", confirm)
    its = Vouching.objects.get()
    guild.post(f"{own_page(voucher)}take-back/", {"row": its.pk})
    if given_again:
        guild.post(f"{own_page(voucher)}confirm/", confirm)

    form = {"action": "not-theirs", "vouching": its.pk}
    page = f"/manage/{manage_token(zoe)}/"
    said = client.post(page, form).content.decode()

    assert str(NOTICES["not-theirs"]) in said
    assert str(NOTICES["not-theirs"]) not in client.post(page, form).content.decode()
    assert not Vouching.objects.filter(ended_at=None).exists()
    again = guild.post(f"{own_page(voucher)}confirm/", confirm, follow=True).content.decode()
    assert "does not want you to vouch" in again
    assert not Vouching.objects.filter(ended_at=None).exists()
    voucher.refresh_from_db()
    assert voucher.taken == 0
    held = client.get(f"{page}data.json").json()["vouchings"]
    assert len(held) == 1 + given_again
    assert all(each["refused_at"] for each in held)


@pytest.mark.parametrize("verb", [leaving.withdraw, leaving.erase])
def test_whom_a_signer_refused_is_forgotten_when_they_leave(
    client: Client, guild: Client, voucher: Voucher, verb: Callable[[str], None]
) -> None:
    zoe = make_signature(voucher.campaign, name="Zoë")
    guild.post(f"{own_page(voucher)}confirm/", {"signer": zoe.public_id})
    refused(client, zoe, voucher)
    assert Refusal.objects.get().signature == zoe
    verb(manage_token(zoe))
    assert not Refusal.objects.exists()


@pytest.mark.parametrize("action", ["member", "no-member"])
def test_who_says_something_of_what_was_taken_back_meanwhile_is_told_of_no_change(
    client: Client, voucher: Voucher, action: str
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form())
    page, its = f"/manage/{manage_token(Signature.objects.get())}/", Vouching.objects.get()
    vouching.take_back(vouching=its, by=own_user(voucher))

    answer = client.post(page, {"action": action, "vouching": its.pk})

    assert answer.status_code == 200
    assert str(NOTICES[action]) not in answer.content.decode()
    assert Signature.objects.get().member_of is None


def test_nobody_changes_the_vouching_of_another_signature(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form())
    stranger = make_signature(campaign, name="Stranger")
    page = f"/manage/{manage_token(stranger)}/"
    its = {"vouching": str(Vouching.objects.get().pk)}
    for action in ("member", "not-theirs"):
        client.post(page, {"action": action, **its})
    assert not Refusal.objects.exists()
    assert Vouching.objects.get().ended_at is None
    assert not Signature.objects.filter(member_of__isnull=False).exists()


# --- The moderators are told -----------------------------------------------------------------


def test_what_nobody_vouches_for_any_more_is_a_lane_until_somebody_has_looked_at_it(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form())
    moderator = in_role(Role.MODERATOR, campaign, "mod")
    lane = "/admin/campaign/signature/?status=fallen"
    assert "Zoë Moreau" not in moderator.get(lane).content.decode()
    vouchers.revoke(voucher=voucher, by=voucher.admitted_by)
    tasks.unvouch()

    page = moderator.get(lane).content.decode()
    assert "Zoë Moreau" in page
    assert "No longer vouched for" in page
    chosen = {"action": "looked_at_selected", "_selected_action": [Signature.objects.get().pk]}
    reader = in_role(Role.READER, campaign, "reader")
    assert reader.post(lane, chosen).status_code == 403
    assert "Zoë Moreau" in moderator.get(lane).content.decode()
    assert moderator.post(lane, chosen).status_code == 302
    assert "Zoë Moreau" not in moderator.get(lane).content.decode()
    assert AuditEntry.objects.filter(action="looked_at", user__username="mod").count() == 1
    queue = moderator.get("/admin/campaign/signature/").content.decode()
    assert "looked_at_selected" not in queue


def test_a_moderator_reads_who_vouches_and_takes_it_back_with_all_that_belongs_to_it(
    client: Client, campaign: Campaign, voucher: Voucher
) -> None:
    client.post(link_for(voucher, "zoe@example.org"), member_form(member="yes"))
    signature, proof = Signature.objects.get(), Vouching.objects.get().proof
    moderator = in_role(Role.MODERATOR, campaign, "mod")
    page = f"/admin/campaign/signature/{signature.pk}/"
    assert "Actors’ Guild" in moderator.get(f"{page}change/").content.decode()
    reader = in_role(Role.READER, campaign, "reader").get(f"{page}change/").content.decode()
    assert "by a link" not in reader

    done = moderator.post(f"{page}proofs/{proof.pk}/revoke/", {"note": "They denied it."})

    assert done.status_code == 302
    signature.refresh_from_db()
    voucher.refresh_from_db()
    assert (signature.evidence, signature.member_of, voucher.taken) == ("email", None, 1)
    assert MemberLink.objects.get().signature == signature
    lane = moderator.get("/admin/campaign/signature/?status=fallen").content.decode()
    assert "Zoë Moreau" not in lane


def test_a_login_that_is_somebody_elses_gets_no_link(campaign: Campaign, voucher: Voucher) -> None:
    root = User.objects.create_superuser("root@example.org")
    root.set_unusable_password()
    root.save()
    owner = Client()
    owner.force_login(make_member(campaign, Role.OWNER))
    page = owner.post(
        f"/admin/campaign/voucher/{voucher.pk}/login/", {"email": "root@example.org"}, follow=True
    )
    assert page.status_code == 200
    assert "/admin/welcome/" not in page.content.decode()
