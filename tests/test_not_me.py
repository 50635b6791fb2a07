"""Somebody says that it wasn't them."""

import pytest
from django.test import Client

from campaign import leaving, signing
from campaign.models import Mail, Signature, Suppression
from campaign.models.signature import Status
from tests.factories import confirm_token, details, make_campaign, make_signature, not_me_token

pytestmark = pytest.mark.django_db


def test_the_pendings_go_and_no_stranger_causes_another_mail() -> None:
    campaign = make_campaign()
    first = make_signature(campaign, status=Status.PENDING, **details())
    make_signature(campaign, status=Status.PENDING, **details(name="Somebody Else"))
    leaving.not_me(not_me_token(first))
    assert not Signature.objects.exists()
    assert not Mail.objects.exists()
    signing.sign(campaign=campaign, typed=details())
    signing.resend(campaign=campaign, email="ZOE@example.org")
    assert not Mail.objects.exists()
    assert not Signature.objects.exists()


def test_only_a_keyed_hash_of_the_address_is_kept() -> None:
    signature = make_signature(make_campaign(), status=Status.PENDING, email="canary@example.org")
    leaving.not_me(not_me_token(signature))
    assert "canary" not in str(Suppression.objects.values().get())


def test_a_standing_signature_of_the_address_stays() -> None:
    campaign = make_campaign()
    mine = make_signature(campaign, **details())
    forged = make_signature(campaign, status=Status.PENDING, **details(name="Somebody Else"))
    leaving.not_me(not_me_token(forged))
    assert list(Signature.objects.values_list("pk", "status")) == [(mine.pk, "published")]


def test_a_second_time_is_a_success() -> None:
    signature = make_signature(make_campaign(), status=Status.PENDING)
    token = not_me_token(signature)
    leaving.not_me(token)
    leaving.not_me(token)
    assert Suppression.objects.count() == 1


def test_opening_the_page_changes_nothing_and_the_button_does(client: Client) -> None:
    signature = make_signature(make_campaign(), status=Status.PENDING)
    path = f"/not-me/{not_me_token(signature)}/"
    assert client.get(path).status_code == 200
    assert client.head(path).status_code == 200
    assert Signature.objects.count() == 1
    assert client.post(path).status_code == 200
    assert not Signature.objects.exists()


def test_the_one_click_of_a_mail_program_does_too(client: Client) -> None:
    signature = make_signature(make_campaign(), status=Status.PENDING)
    path = f"/not-me/{not_me_token(signature)}/"
    assert client.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200
    assert Suppression.objects.count() == 1


def test_an_address_with_a_tag_does_not_silence_the_address_without() -> None:
    campaign = make_campaign()
    tagged = make_signature(campaign, status=Status.PENDING, email="bob+x@unlisted.example.org")
    leaving.not_me(not_me_token(tagged))
    signing.sign(campaign=campaign, typed=details(email="bob@unlisted.example.org"))
    assert Mail.objects.get().about.email == "bob@unlisted.example.org"


def test_an_address_without_a_tag_silences_its_tags() -> None:
    campaign = make_campaign()
    plain = make_signature(campaign, status=Status.PENDING, email="bob@unlisted.example.org")
    leaving.not_me(not_me_token(plain))
    signing.sign(campaign=campaign, typed=details(email="bob+x@unlisted.example.org"))
    assert not Mail.objects.exists()


def test_it_works_when_the_signature_of_that_mail_is_gone() -> None:
    campaign = make_campaign(publication="after_verification")
    first = make_signature(campaign, status=Status.PENDING, **details())
    second = make_signature(campaign, status=Status.PENDING, **details(credit="Other"))
    token = not_me_token(first)
    signing.confirm(confirm_token(second))  # which closes the first
    leaving.not_me(token)
    Mail.objects.all().delete()
    signing.sign(campaign=campaign, typed=details(name="Somebody Else"))
    assert not Mail.objects.exists()
