"""Trying a name in the admin: the rules' answer, and nothing written."""

from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from campaign.models import Campaign, Membership, Signature
from campaign.models.campaign import Publication
from campaign.models.membership import Role
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature, make_user

pytestmark = pytest.mark.django_db

PAGE = "/admin/campaign/signature/try/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication=Publication.AFTER_VERIFICATION)


def client_of(campaign: Campaign, role: Role) -> Client:
    user = make_user(username=role.value)
    Membership.objects.create(user=user, campaign=campaign, role=role)
    client = Client()
    client.force_login(user)
    return client


def ask(client: Client, campaign: Campaign, name: str, **typed: Any) -> Any:
    return client.post(PAGE, {"campaign": campaign.pk, "name": name, "kind": "person", **typed})


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("Scarlett Johansson", "It is the protected name “Scarlett Johansson”."),
        ("Sc\u0430rlett Johansson", "written with other characters"),
        ("S. Johansson", "It is the protected name “Scarlett Johansson” with initials."),
        ("Scarlet Johanson", "It sounds like the protected name “Scarlett Johansson”."),
        ("The real Scarlett Johansson", "It has the protected name “Scarlett Johansson” in it."),
        ("asdf asdf", "It may be a placeholder, or a row of the keyboard."),
    ],
)
def test_it_says_what_would_hold_a_name_and_why(campaign: Campaign, name: str, says: str) -> None:
    text = ask(client_of(campaign, Role.READER), campaign, name).content.decode()
    assert "It would be held" in text
    assert says in text


def test_it_says_that_an_honest_name_would_be_published_or_reviewed(campaign: Campaign) -> None:
    client = client_of(campaign, Role.READER)
    assert "It would be published" in ask(client, campaign, "Zoë Moreau").content.decode()
    Campaign.objects.update(publication=Publication.AFTER_REVIEW)
    text = ask(client, campaign, "Zoë Moreau").content.decode()
    assert "It would be held, as every signature of this campaign" in text


def test_it_shows_the_listed_signer_of_the_same_name(campaign: Campaign) -> None:
    listed = make_signature(campaign, status=Status.PUBLISHED, name="Ana Prado", credit="Sea Songs")
    answer = ask(client_of(campaign, Role.READER), campaign, "ana prado", credit="A Novel")
    assert f"/admin/campaign/signature/{listed.pk}/change/" in answer.content.decode()
    assert "Sea Songs" in answer.content.decode()


def test_nothing_is_written_nothing_is_mailed_and_nothing_waits_for_the_worker(
    campaign: Campaign, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    client = client_of(campaign, Role.MODERATOR)
    make_signature(campaign, status=Status.PUBLISHED, name="Ana Prado", email="ana@example.org")
    client.get(PAGE)

    def rows() -> dict[str, int]:
        return {model._meta.label: model._default_manager.count() for model in apps.get_models()}

    before, stands = rows(), Signature.objects.values().get()
    with django_capture_on_commit_callbacks() as callbacks:
        typed = {"email": "ana@example.org", "kind": "organisation", "organisation": "Paper Union"}
        assert ask(client, campaign, "Scarlett Johansson", **typed).status_code == 200
    assert (rows(), Signature.objects.values().get(), callbacks) == (before, stands, [])


def test_an_address_is_asked_about_only_by_who_may_see_addresses(campaign: Campaign) -> None:
    make_signature(campaign, status=Status.PUBLISHED, name="Ana Prado", email="ana@example.org")
    says = "This address has also signed as: Ana Prado."
    moderator, reader = (client_of(campaign, role) for role in (Role.MODERATOR, Role.READER))
    assert says in ask(moderator, campaign, "Lev Marsh", email="ana@example.org").content.decode()
    assert says not in ask(reader, campaign, "Lev Marsh", email="ana@example.org").content.decode()
    assert 'name="email"' not in reader.get(PAGE).content.decode()


def test_another_campaign_can_be_neither_chosen_nor_asked_about(campaign: Campaign) -> None:
    other = make_campaign(slug="other")
    client = client_of(campaign, Role.MODERATOR)
    assert ">other<" not in client.get(PAGE).content.decode()
    assert ask(client, other, "Scarlett Johansson").status_code == 422


def test_who_moderates_one_campaign_and_reads_another_asks_no_addresses_there(
    campaign: Campaign,
) -> None:
    other = make_campaign(slug="other", publication=Publication.AFTER_VERIFICATION)
    make_signature(other, status=Status.PUBLISHED, name="Ana Prado", email="ana@example.org")
    client = client_of(campaign, Role.MODERATOR)
    user = Membership.objects.get(campaign=campaign).user
    Membership.objects.create(user=user, campaign=other, role=Role.READER)
    answer = ask(client, other, "Lev Marsh", email="ana@example.org")
    assert answer.status_code == 422
    assert "You may not ask about addresses of this campaign." in answer.content.decode()
    assert "Ana Prado" not in answer.content.decode()


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "=SUM(A1)"}, "This begins like a spreadsheet formula"),
        ({"name": "x" * 900}, "Please use at most 200 characters."),
        ({"name": "<script>alert(1)</script>"}, "Please leave out markup"),
        ({"name": "Zoë", "email": "zoe@"}, "This is not a whole e-mail address."),
        ({"name": "Zoë", "kind": "robot"}, "robot is not one of the available choices."),
        ({"name": "\0"}, "Null characters are not allowed."),
    ],
)
def test_what_is_no_name_is_said_at_its_field(
    campaign: Campaign, typed: dict[str, str], says: str
) -> None:
    client = client_of(campaign, Role.MODERATOR)
    answer = client.post(PAGE, {"campaign": campaign.pk, "kind": "person", **typed})
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert "<script>alert(1)" not in answer.content.decode()
