"""Keys in the admin: made, shown once, listed without their secret, revoked, on record."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client

from campaign.models import ApiKey, AuditEntry, Campaign
from campaign.models.api_key import Scope
from tests.factories import bearer, make_campaign, make_key, make_signature, make_user, on_record

pytestmark = pytest.mark.django_db

LIST = "/admin/campaign/apikey/"
RIGHTS = ("view_apikey", "add_apikey", "change_apikey", "view_auditentry")
LOOK = ("view_signature", "view_address", "export_signature")
KEY = re.compile(r"ptn_[0-9a-z]{8}_[0-9a-z]{39}")


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def keeper(client: Client, campaign: Campaign) -> Client:
    """Somebody who may make keys and look at signatures and addresses, but decide nothing."""
    client.force_login(make_user(*RIGHTS, *LOOK, username="keeper"))
    return client


def form(of: Campaign, **typed: Any) -> dict[str, Any]:
    return {
        "campaign": of.pk,
        "label": "CRM mirror",
        "scopes": ["read_private", "sign"],
        "expires_on": "2027-02-20",
        **typed,
    }


@pytest.fixture(autouse=True)
def today() -> Any:
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False):
        yield


def test_a_key_is_shown_once_works_and_is_kept_nowhere(keeper: Client, campaign: Campaign) -> None:
    made = keeper.post(f"{LIST}add/", form(campaign))

    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    shown = KEY.findall(made.content.decode())
    assert len(shown) == 1
    key = ApiKey.objects.get()
    assert (key.label, key.scopes, key.campaign) == (
        "CRM mirror",
        ["read_private", "sign"],
        campaign,
    )
    assert key.created_by.username == "keeper"
    assert key.expires_at.isoformat() == "2027-02-21T00:00:00+00:00"
    signature = make_signature(campaign)
    path = f"/api/v1/campaigns/art/private/signatures/{signature.public_id}/"
    assert keeper.get(path, headers=bearer(shown[0])).status_code == 200

    pages = (
        LIST,
        f"{LIST}{key.pk}/change/",
        "/admin/campaign/auditentry/",
        "/admin/",
        f"{LIST}add/",
    )
    for page in pages:
        text = keeper.get(page, follow=True).content.decode()
        assert shown[0][13:] not in text, page
        assert KEY.search(text) is None, page
    kept = [str(session.get_decoded()) for session in Session.objects.all()]
    kept += [f"{entry} {entry.change_message}" for entry in LogEntry.objects.all()]
    kept += [str(cookie) for cookie in made.cookies.values()]
    assert shown[0][13:] not in "\n".join(kept)


def test_the_list_and_the_page_tell_it_apart_and_when_it_was_used(
    keeper: Client, campaign: Campaign
) -> None:
    text = make_key(campaign, Scope.READ_PRIVATE, Scope.EXPORT)
    keeper.get("/api/v1/campaigns/art/", headers=bearer(text))
    key = ApiKey.objects.get()
    for page in (LIST, f"{LIST}{key.pk}/change/"):
        shown = keeper.get(page).content.decode()
        assert key.label in shown, page
        assert f"ptn_{key.prefix}…" in shown, page
        assert text[13:] not in shown, page
        assert key.digest not in shown, page
    assert "read_private, export" in keeper.get(LIST).content.decode()
    assert "2026-11-22 12:00 UTC" in keeper.get(f"{LIST}{key.pk}/change/").content.decode()


def test_making_and_revoking_are_on_record(keeper: Client, campaign: Campaign) -> None:
    keeper.post(f"{LIST}add/", form(campaign))
    key = ApiKey.objects.get()
    for _twice in range(2):
        assert keeper.post(f"{LIST}{key.pk}/revoke/").status_code == 302
    entries = on_record().values_list("action", "user__username", "api_key")
    assert list(entries) == [("key_made", "keeper", key.pk), ("key_revoked", "keeper", key.pk)]
    page = keeper.get(f"{LIST}{key.pk}/change/").content.decode()
    assert "API key made" in page
    assert "API key revoked" in page
    assert f"{LIST}{key.pk}/revoke/" not in page
    listed = keeper.get("/admin/campaign/auditentry/").content.decode()
    assert "API key revoked" in listed


def test_many_are_revoked_at_once(keeper: Client, campaign: Campaign) -> None:
    texts = [make_key(campaign, Scope.SIGN) for _ in range(3)]
    chosen = list(ApiKey.objects.order_by("pk").values_list("pk", flat=True)[:2])
    sent = {"action": "revoke_selected", "_selected_action": chosen}
    answer = keeper.post(LIST, sent, follow=True)
    assert "2 keys are revoked." in answer.content.decode()
    statuses = [
        keeper.get("/api/v1/campaigns/art/", headers=bearer(text)).status_code for text in texts
    ]
    assert statuses == [401, 401, 200]


def test_nobody_makes_a_program_that_may_do_what_they_may_not(
    keeper: Client, campaign: Campaign
) -> None:
    page = keeper.get(f"{LIST}add/").content.decode()
    assert "read_private" in page
    assert 'value="moderate"' not in page
    refused = keeper.post(f"{LIST}add/", form(campaign, scopes=["moderate"]))
    assert refused.status_code == 422
    assert not ApiKey.objects.exists()

    client = Client()
    client.force_login(make_user(*RIGHTS, username="clerk"))
    assert client.post(f"{LIST}add/", form(campaign)).status_code == 422
    assert client.post(f"{LIST}add/", form(campaign, scopes=["export"])).status_code == 422
    assert client.post(f"{LIST}add/", form(campaign, scopes=["sign"])).status_code == 200
    assert ApiKey.objects.get().scopes == ["sign"]


@pytest.mark.parametrize(
    "typed",
    [
        {"label": ""},
        {"label": "x" * 61},
        {"label": "\0"},
        {"scopes": []},
        {"scopes": ["everything"]},
        {"campaign": 0},
        {"campaign": "x"},
        {"expires_on": ""},
        {"expires_on": "2026-11-21"},
        {"expires_on": "2027-11-23"},
        {"expires_on": "9999-12-31"},
    ],
)
def test_what_cannot_be_a_key_is_asked_for_again(
    keeper: Client, campaign: Campaign, typed: dict[str, Any]
) -> None:
    answer = keeper.post(f"{LIST}add/", form(campaign, **typed))
    assert answer.status_code == 422
    assert not ApiKey.objects.exists()
    assert not AuditEntry.objects.filter(action="key_made").exists()


@pytest.mark.parametrize("day", ["2026-11-22", "2027-11-22"])
def test_a_key_lives_from_a_day_to_a_year(keeper: Client, campaign: Campaign, day: str) -> None:
    assert keeper.post(f"{LIST}add/", form(campaign, expires_on=day)).status_code == 200


def test_a_form_sent_twice_makes_one_key(keeper: Client, campaign: Campaign) -> None:
    assert keeper.post(f"{LIST}add/", form(campaign)).status_code == 200
    again = keeper.post(f"{LIST}add/", form(campaign))
    assert again.status_code == 422
    assert "A key of this name is there already" in again.content.decode()
    key = ApiKey.objects.get()
    keeper.post(f"{LIST}{key.pk}/revoke/")
    assert keeper.post(f"{LIST}add/", form(campaign)).status_code == 200


def test_an_expired_key_says_so(keeper: Client, campaign: Campaign) -> None:
    make_key(campaign, Scope.SIGN, life=timedelta(days=1))
    assert "Works" in keeper.get(LIST).content.decode()
    with time_machine.travel("2026-11-23T12:00:00Z", tick=False):
        client = Client()
        client.force_login(make_user(*RIGHTS, username="late"))
        assert "Expired" in client.get(LIST).content.decode()
