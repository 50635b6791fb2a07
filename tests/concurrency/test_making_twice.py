"""One form sent twice at the same moment: one of it is made, and the other is told so."""

import socket
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError
from django.db.models import QuerySet
from django.test import Client

from campaign import invitations, members, organising, outbound, webhooks
from campaign.campaign_file import FileMistake, parse
from campaign.errors import InvalidInput
from campaign.models import AuditEntry, Campaign, Membership, Webhook
from campaign.models.membership import Role
from tests.concurrency.guards import outcome_of
from tests.concurrency.threads import Meanwhile
from tests.factories import campaign_file, make_campaign, make_member, make_user

pytestmark = pytest.mark.django_db(transaction=True)


class Never(Exception):
    """What no database raises."""


# --- A campaign ------------------------------------------------------------------------------


def made_twice(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    by = make_user("add_campaign")
    make = partial(organising.make_campaign, parse(campaign_file()), by=by)
    second = Meanwhile(make).before(monkeypatch, organising, "_make")
    first = outcome_of(make)
    return first, second.end()


def test_of_two_campaigns_of_one_name_the_later_is_a_mistake_at_its_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = made_twice(monkeypatch)
    assert isinstance(first, FileMistake)
    assert first.key == "slug"
    assert second == Campaign.objects.get()
    assert Membership.objects.get().campaign == second
    assert AuditEntry.objects.filter(action="campaign_made").count() == 1


def test_unguarded_the_later_campaign_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(organising, "IntegrityError", Never)
    first, _second = made_twice(monkeypatch)
    assert isinstance(first, IntegrityError)


# --- An account ------------------------------------------------------------------------------


def invited_twice(monkeypatch: pytest.MonkeyPatch) -> tuple[Any, Any]:
    campaign = make_campaign()
    owner = make_member(campaign, Role.OWNER)
    invite = partial(
        members.invite, campaign=campaign, name="zoe@example.org", role=Role.READER, by=owner
    )
    second = Meanwhile(invite).before(monkeypatch, User, "set_unusable_password")
    first = outcome_of(invite)
    return first, second.end()


def test_who_is_invited_twice_at_once_is_one_account_with_one_membership(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = invited_twice(monkeypatch)
    assert isinstance(first, InvalidInput)
    assert [(error.field, error.code) for error in first.errors] == [("name", "member")]
    assert second.user == User.objects.get(username="zoe@example.org")
    assert Membership.objects.get(user=second.user) == second
    assert AuditEntry.objects.filter(action="invited").count() == 1


def test_unguarded_who_is_invited_twice_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "IntegrityError", Never)
    first, _second = invited_twice(monkeypatch)
    assert isinstance(first, IntegrityError)


# --- A webhook -------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def public(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every name leads to a public address."""
    address = [(socket.AF_INET, ("93.184.215.14", 443))]
    monkeypatch.setattr(outbound, "look_up", lambda *_args, **_options: address)


def hooked_twice(monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    campaign = make_campaign()
    owner = make_member(campaign, Role.OWNER)
    clients = [Client(), Client()]
    for client in clients:
        client.force_login(owner)
        client.get("/admin/")
    form = {"campaign": campaign.pk, "url": "https://crm.example/", "events": ["milestone"]}

    def send(client: Client) -> int:
        return client.post("/admin/campaign/webhook/add/", form).status_code

    second = Meanwhile(partial(send, clients[1])).before(monkeypatch, webhooks, "make")
    return send(clients[0]), second.end()


def test_of_two_webhooks_to_one_address_one_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    hooked_twice(monkeypatch)
    assert Webhook.objects.get().url == "https://crm.example/"


def test_unguarded_there_are_two_and_all_is_sent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self.all())
    hooked_twice(monkeypatch)
    assert Webhook.objects.count() == 2
