"""Removal by rule in the admin: what a rule chooses, what its form refuses, who may, what is on record."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, connection
from django.test import Client

from campaign import moderation, moves, removal, removing, signing
from campaign.criteria import Rule
from campaign.history import ORGANISER
from campaign.models import (
    AuditEntry,
    Campaign,
    Membership,
    Removal,
    RemovalItem,
    Signature,
)
from campaign.models.membership import Role
from campaign.models.removal import ItemState, RemovalStatus
from campaign.models.signature import Evidence, Status
from tests.factories import (
    confirm_token,
    details,
    make_campaign,
    make_member,
    make_signature,
    make_user,
)
from tests.removals import (
    ADD,
    START,
    look,
    matched,
    page_of,
    press,
    removed,
    rule,
    statuses,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def owner(art: Campaign) -> User:
    return make_member(art, Role.OWNER)


@pytest.fixture
def browser(owner: User) -> Client:
    client = Client()
    client.force_login(owner)
    return client


# --- What a rule chooses ---------------------------------------------------------------------


def sign_from(address: str, **typed: Any) -> None:
    body = json.dumps(details(**typed))
    Client().post(
        "/api/v1/campaigns/art/signatures/",
        body,
        content_type="application/json",
        REMOTE_ADDR=address,
    )
    signing.confirm(confirm_token(Signature.objects.latest("pk")))


def test_a_rule_takes_who_fits_in_everything(browser: Client, art: Campaign) -> None:
    make_signature(art, name="Bot One", email="one@bots.example.org")
    make_signature(art, name="Bot Two", email="two@BOTS.example.org", discipline="author")
    make_signature(art, name="Sub Domain", email="sub@x.bots.example.org")
    make_signature(art, name="Bot Elsewhere", email="bots.example.org@example.com")
    make_signature(art, name="Bot Group", email="three@bots.example.org", kind="group")
    other = make_campaign(slug="other", publication="after_verification")
    make_signature(other, name="Bot Other", email="four@bots.example.org")
    assert matched(look(browser, domain="@Bots.Example.org ")) == {
        "Bot One",
        "Bot Two",
        "Bot Group",
    }
    assert matched(look(browser, domain="bots.example.org", discipline="author")) == {"Bot Two"}
    assert matched(look(browser, domain="bots.example.org", kind="group")) == {"Bot Group"}
    assert matched(look(browser, name="bot *", kind="person")) == {
        "Bot One",
        "Bot Two",
        "Bot Elsewhere",
    }


def test_the_list_says_what_each_rule_chose_by(browser: Client, art: Campaign) -> None:
    make_signature(art, name="Bot One", email="one@bots.example.org")
    look(browser, name="bot*", discipline="musician", since="2026-01-22T14:00")
    text = " ".join(browser.get("/admin/campaign/removal/").content.decode().split())
    for said in (
        "Name: <bdi>bot*</bdi>",
        "Discipline: <bdi>Musician</bdi>",
        "Confirmed from: <bdi>2026-01-22 14:00 UTC</bdi>",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("zoë moreau", {"Zoë Moreau"}),
        ("ZOE MOREAU", {"Zoë Moreau"}),
        ("Zoe", set()),
        ("zoe*", {"Zoë Moreau"}),
        ("*moreau", {"Zoë Moreau"}),
        ("*mor*au*", {"Zoë Moreau"}),
        ("50%_off*", {"50%_off now"}),
        ("50*now", {"50%_off now", "50 and now"}),
        ("__* *__", set()),
        ("*" + "a" * 150, set()),
        (".*moreau", set()),
        ("山田*", {"山田太郎"}),
    ],
)
def test_a_name_is_the_whole_name_with_stars_for_anything(
    browser: Client, art: Campaign, pattern: str, expected: set[str]
) -> None:
    for name in ("Zoë Moreau", "50%_off now", "50 and now", "山田太郎"):
        make_signature(art, name=name)
    assert matched(look(browser, name=pattern)) == expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("Ann *", {"Ann Lee", "Ann Mary Lee"}),
        ("Ann*", {"Ann Lee", "Ann Mary Lee", "Anna Lee", "Annika Ashlee", "Ann"}),
        ("* Lee", {"Ann Lee", "Ann Mary Lee", "Anna Lee"}),
        ("*lee", {"Ann Lee", "Ann Mary Lee", "Anna Lee", "Annika Ashlee"}),
        ("J* Smith", {"Jo Smith", "Jo Ann Smith"}),
        ("Ann * Lee", {"Ann Mary Lee"}),
        ("Ann* *Lee", {"Ann Lee", "Ann Mary Lee", "Anna Lee", "Annika Ashlee"}),
        ("  ann\u00a0\u2003*  lee  ", {"Ann Mary Lee"}),
        ("ann\u200b \u200b*", {"Ann Lee", "Ann Mary Lee"}),
        ("* Ann *", {"Jo Ann Smith"}),
    ],
)
def test_a_space_beside_a_star_is_a_space_of_the_name(
    browser: Client, art: Campaign, pattern: str, expected: set[str]
) -> None:
    for name in ("Ann Lee", "Ann Mary Lee", "Anna Lee", "Annika Ashlee", "Ann"):
        make_signature(art, name=name)
    for name in ("Jo Smith", "Jo Ann Smith", "Jo Wordsmith"):
        make_signature(art, name=name)
    assert matched(look(browser, name=pattern)) == expected


def test_a_window_is_of_the_confirmation_its_beginning_included(
    browser: Client, art: Campaign
) -> None:
    noon = datetime(2026, 6, 1, 12, tzinfo=UTC)
    for minutes in (-1, 0, 59, 60):
        with time_machine.travel(noon + timedelta(minutes=minutes), tick=False):
            make_signature(art, name=f"At {minutes}")
    with time_machine.travel(noon + timedelta(hours=2), tick=False):
        make_signature(art, name="Long after")
        old = Signature.objects.get(name="At 0")
        moves.amend(signature_id=old.pk, actor=ORGANISER, changes={"credit": "Touched later"})
        hidden = Signature.objects.get(name="At 59")
        moves.amend(signature_id=hidden.pk, actor=ORGANISER, changes={"show_name": False})
    run = look(browser, since="2026-06-01T12:00", until="2026-06-01T13:00")
    assert matched(run) == {"At 0", "At 59"}
    assert matched(look(browser, since="2026-06-01T13:00")) == {"At 60", "Long after"}
    assert matched(look(browser, until="2026-06-01T12:00")) == {"At -1"}


def test_a_network_is_that_of_a_signature_narrow_or_wide(browser: Client, art: Campaign) -> None:
    sign_from("203.0.113.9", name="Anchor", email="a@example.org")
    sign_from("203.0.113.9", name="Same", email="b@example.org")
    sign_from("203.0.113.10", name="Near", email="c@example.org")
    sign_from("198.51.100.1", name="Far", email="d@example.org")
    anchor = Signature.objects.get(name="Anchor").public_id
    assert matched(look(browser, network_of=anchor)) == {"Anchor", "Same"}
    assert matched(look(browser, network_of=anchor, reach="wide")) == {"Anchor", "Same", "Near"}


def test_held_ones_and_the_anonymous_are_taken_too_and_nobody_who_is_not_on_the_list(
    browser: Client, art: Campaign
) -> None:
    for status in Status.values:
        if status != Status.ERASED:
            make_signature(art, name=f"Bot {status}", status=status)
    make_signature(art, name="Bot anonymous", show_name=False)
    everybody = {"Bot published", "Bot held", "Bot anonymous"}
    assert matched(look(browser, name="bot*")) == everybody
    assert matched(look(browser, name="bot*", statuses=["held"])) == {"Bot held"}


def make_known(campaign: Campaign) -> None:
    """One of each whom the campaign has vouched for, and one other."""
    make_signature(campaign, name="Bot plain")
    star = make_signature(campaign, name="Bot featured")
    moderation.feature(signature_id=star.pk, revision=1, featured=True, by=make_user())
    vouched = make_signature(campaign, name="Bot vouched")
    moves.amend(signature_id=vouched.pk, actor=ORGANISER, changes={"evidence": Evidence.VOUCHED})


def test_whom_the_campaign_knows_is_left_out_and_said(browser: Client, art: Campaign) -> None:
    make_known(art)
    run = look(browser, name="bot*")
    assert matched(run) == {"Bot plain"}
    assert matched(run, ItemState.SPARED) == {"Bot featured", "Bot vouched"}
    html = browser.get(page_of(run)).content.decode()
    assert "1 signature would be removed" in html
    assert "2 more match and are left out" in html
    assert "Bot featured" in html
    press(browser, run, "start", **START)
    removing.carry_on()
    assert statuses() == {
        "Bot plain": "rejected",
        "Bot featured": "published",
        "Bot vouched": "published",
    }


def test_whom_the_campaign_knows_is_taken_when_it_says_so(browser: Client, art: Campaign) -> None:
    make_known(art)
    assert len(matched(look(browser, name="bot*", known="on"))) == 3
    assert matched(look(browser, evidence="vouched")) == {"Bot vouched"}


# --- What the form refuses -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("chosen", "field"),
    [
        ({}, "__all__"),
        ({"known": "on"}, "__all__"),
        ({"name": "*"}, "name"),
        ({"name": "a*"}, "name"),
        ({"name": "a * *"}, "name"),
        ({"name": "\u200b\u200b*"}, "name"),
        ({"name": "a*b*c*d*e*f*g"}, "name"),
        ({"name": "a" * 201}, "name"),
        ({"name": "a\0b"}, "name"),
        ({"domain": "not a domain"}, "domain"),
        ({"domain": "@"}, "domain"),
        ({"domain": "%.example.org"}, "domain"),
        ({"domain": "a@b.example.org"}, "domain"),
        ({"domain": "x" * 5000}, "domain"),
        ({"network_of": "nobody0000000000"}, "network_of"),
        ({"network_of": "' OR 1=1 --"}, "network_of"),
        ({"since": "2026-06-01T12:00", "until": "2026-06-01T12:00"}, "until"),
        ({"since": "yesterday"}, "since"),
        ({"since": "99999-06-01T12:00"}, "since"),
        ({"discipline": "juggler"}, "discipline"),
        ({"kind": "robot"}, "kind"),
        ({"name": "bot*", "statuses": []}, "statuses"),
        ({"name": "bot*", "statuses": ["rejected"]}, "statuses"),
        ({"name": "bot*", "reach": "galaxy"}, "reach"),
    ],
)
def test_what_cannot_be_a_rule_is_said_beside_its_field_and_nothing_is_written(
    browser: Client, art: Campaign, chosen: dict[str, Any], field: str
) -> None:
    make_signature(art, name="Bot One")
    answer = browser.post(ADD, rule(**chosen))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert not Removal.objects.exists()
    assert not RemovalItem.objects.exists()


def test_a_network_that_is_forgotten_is_said_to_be(browser: Client, art: Campaign) -> None:
    imported = make_signature(art, name="No network")
    answer = browser.post(ADD, rule(network_of=imported.public_id))
    assert "kept for 30 days" in answer.content.decode()


def test_a_rule_that_takes_too_long_is_refused_with_what_to_do(
    browser: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature(art, name="Bot One")
    slow = removal._WRITE_DOWN.replace("found.state", "pg_sleep(5)::text")
    monkeypatch.setattr(removal, "_WRITE_DOWN", slow)
    monkeypatch.setattr(removal, "LOOK_FOR", 100)
    answer = browser.post(ADD, rule(name="bot*"))
    assert answer.status_code == 422
    assert "takes too long" in answer.content.decode()
    assert not Removal.objects.exists()


def test_what_a_link_says_stands_in_the_form(browser: Client, art: Campaign) -> None:
    run = look(
        browser,
        name='b"ot*',
        domain="bots.example.org",
        since="2026-06-01T12:00",
        reach="wide",
        known="on",
    )
    again = browser.get(page_of(run)).context["again"]
    form = browser.get(again).context["form"]
    shown = {name: form[name].value() for name in form.fields if form[name].value()}
    assert shown == {
        "name": 'b"ot*',
        "domain": "bots.example.org",
        "since": "2026-06-01T12:00",
        "reach": "wide",
        "known": "True",
        "statuses": ["published", "held"],
    }


# --- Who may, and what is on record ----------------------------------------------------------


def test_what_is_on_record_names_nobody(browser: Client, art: Campaign) -> None:
    make_signature(art, name="Bot Secret", email="x@secret.example.org")
    run = removed(browser, name="bot secret", domain="secret.example.org")
    started, ended = AuditEntry.objects.filter(action__startswith="removal").order_by("pk")
    assert (started.user, ended.user) == (run.by, None)
    assert (started.number, ended.number) == (1, 1)
    assert started.details == {
        "removal": run.pk,
        "reason": "impersonation",
        "by": ["domain", "name"],
    }
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM campaign_auditentry a WHERE a::text ILIKE '%secret%'")
        assert cursor.fetchone() == (0,)


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.READER, None])
def test_only_owners_of_the_campaign_remove_by_rule(
    art: Campaign, browser: Client, role: Role | None
) -> None:
    make_signature(art, name="Bot One")
    run = look(browser, name="bot*")
    other = make_campaign(slug="other")
    user = (
        make_member(art, role, username="else")
        if role
        else make_member(other, Role.OWNER, username="else")
    )
    client = Client()
    client.force_login(user)
    refused = 404 if role is None else 403
    base = f"/admin/campaign/removal/{run.pk}/"
    answers: list[Callable[[], Any]] = [
        lambda: client.get(f"{ADD}?campaign=art"),
        lambda: client.post(ADD, rule(name="bot*")),
        lambda: client.get(page_of(run)),
        lambda: client.post(base + "start/", START),
        lambda: client.post(base + "stop/"),
        lambda: client.post(base + "undo/"),
    ]
    assert [answer().status_code for answer in answers] == [refused] * 6
    listed = client.get("/admin/campaign/removal/")
    assert listed.status_code == (200 if role is None else 403)
    if role is None:
        assert "art" not in [str(row.campaign) for row in listed.context["cl"].result_list]
    assert Removal.objects.count() == 1


def test_owners_of_several_campaigns_choose_one_first(
    browser: Client, owner: User, art: Campaign
) -> None:
    assert browser.get(ADD).context["campaign"] == art
    other = make_campaign(slug="other")
    Membership.objects.create(user=owner, campaign=other, role=Role.OWNER)
    client = Client()
    client.force_login(User.objects.get(pk=owner.pk))
    html = client.get(ADD).content.decode()
    assert f"{ADD}?campaign=other" in html
    assert client.get(f"{ADD}?campaign=%00").status_code == 404


def test_a_run_without_reason_and_words_cannot_be_stored(art: Campaign, owner: User) -> None:
    with pytest.raises(IntegrityError, match="removal_run_has_reason_and_words"):
        Removal.objects.create(
            campaign=art, by=owner, rule=Rule(name="x").stored(), status=RemovalStatus.RUNNING
        )
