"""What staff may send at once, and that nobody else may."""

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from campaign.models import Campaign, LinkBatch, Membership, ProtectedName
from campaign.models.membership import Role
from tests.campaign_form import inputs
from tests.factories import make_campaign, make_member, make_user

pytestmark = pytest.mark.django_db

LANGUAGES = ("en", "fr", "es", "de", "ar")
LOGIN = "/admin/login/"


@pytest.fixture
def art() -> Campaign:
    return make_campaign()


@pytest.fixture
def owner(art: Campaign) -> Client:
    client = Client()
    client.force_login(make_member(art, Role.OWNER))
    return client


def edit(campaign: Campaign) -> str:
    return f"/admin/campaign/campaign/{campaign.pk}/edit/"


def opened(client: Client, campaign: Campaign) -> dict[str, str]:
    return inputs(client.get(edit(campaign)).content.decode())


def disciplines(n: int) -> dict[str, str]:
    rows: dict[str, str] = {}
    for number in range(1, n + 1):
        row = f"disciplines[{number}]"
        rows[f"{row}.slug"] = f"craft-{number}"
        rows |= {f"{row}.{language}": f"Craft {number} {language}" for language in LANGUAGES}
        rows[f"{row}.place"] = str(number)
    return rows


def save(client: Client, campaign: Campaign, typed: dict[str, str]) -> Any:
    return client.post(edit(campaign), {**opened(client, campaign), **typed, "_save": "on"})


def test_five_hundred_rows_in_five_languages_are_saved(owner: Client, art: Campaign) -> None:
    typed = {"languages": "\r\n".join(LANGUAGES), **disciplines(500)}
    parts = {"title": "T", "body": "B", "consent": "C"}
    for language in LANGUAGES[2:]:
        typed |= {f"statement.{language}.{part}": text for part, text in parts.items()}
    assert len(typed) > 3000
    assert save(owner, art, typed).status_code == 302
    assert art.disciplines.count() == 500
    assert art.disciplines.get(slug="craft-500").names["ar"] == "Craft 500 ar"


def test_seven_thousand_protected_names_are_saved(owner: Client, art: Campaign) -> None:
    names = "\r\n".join(f"Somebody Whom Everybody Knows Number {n}" for n in range(7000))
    assert len(names) > settings.PUBLIC_BODY_MAX
    assert save(owner, art, {"protected_names": names}).status_code == 302
    assert ProtectedName.objects.filter(campaign=art).count() == 7000


def test_an_organisation_pastes_twenty_thousand_addresses(art: Campaign) -> None:
    user = make_member(art, Role.ORGANISATION)
    client = Client()
    client.force_login(user)
    voucher = Membership.objects.get(user=user).voucher
    assert voucher is not None
    pasted = "\r\n".join(f"member.{n}@guild.example" for n in range(20_000))
    path = f"/admin/campaign/voucher/own/{voucher.pk}/list/"
    assert client.post(path, {"addresses": pasted}).status_code == 302
    assert LinkBatch.objects.get().voucher == voucher


# --- Beyond that -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "typed",
    [
        {"protected_names": "x" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE},
        {f"extra[{n}]": "" for n in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS)},
    ],
    ids=("bytes", "fields"),
)
def test_what_is_still_too_large_is_said_to_be(
    owner: Client, art: Campaign, typed: dict[str, str]
) -> None:
    answer = save(owner, art, typed)
    assert answer.status_code == 413
    assert answer["Cache-Control"] == "no-store"
    assert "larger than any of our forms" in answer.content.decode()
    assert not ProtectedName.objects.filter(campaign=art, name__startswith="xx").exists()


# --- Everybody else --------------------------------------------------------------------------

LARGE = {"username": "x" * settings.PUBLIC_BODY_MAX, "password": "secret"}


@pytest.mark.parametrize("kind", ["multipart/form-data", "application/x-www-form-urlencoded"])
def test_who_is_not_logged_in_sends_no_more_than_anybody(kind: str) -> None:
    sent: dict[str, Any] = {"data": LARGE}
    if kind != "multipart/form-data":
        sent = {"data": "username=" + LARGE["username"], "content_type": kind}
    answer = Client().post(LOGIN, **sent)
    assert answer.status_code == 413
    assert "larger than any of our forms" in answer.content.decode()


def test_nor_does_an_account_that_is_none_of_staff() -> None:
    client = Client()
    client.force_login(make_user("change_campaign", staff=False))
    assert client.post(LOGIN, LARGE).status_code == 413


def test_who_was_logged_out_meanwhile_is_asked_to_log_in(art: Campaign) -> None:
    answer = Client().post(edit(art), LARGE)
    assert (answer.status_code, answer["Location"]) == (302, f"{LOGIN}?next={edit(art)}")


def test_staff_send_no_more_than_anybody_to_what_is_not_the_admin(
    owner: Client, art: Campaign
) -> None:
    body = '{"name": "' + "x" * settings.PUBLIC_BODY_MAX + '"}'
    api = owner.post("/api/v1/campaigns/art/signatures/", body, content_type="application/json")
    assert (api.status_code, api.json()["code"]) == (413, "too_large")
    page = owner.post("/art/", {"name": "x" * settings.PUBLIC_BODY_MAX})
    assert page.status_code == 413
    assert "larger than any of our forms" in page.content.decode()
