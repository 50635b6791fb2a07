"""Whoever withdrew can have the rest deleted, or see it, for as long as it is kept: by an old link too."""

import re
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail as sent
from django.test import Client
from django.utils import timezone

from campaign import delivery, leaving
from campaign.links import Purpose
from campaign.models import Campaign, Mail, Signature
from campaign.models.signature import Status
from campaign.outbox import link_to
from tests.factories import details, make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db

MARKUP = re.compile(r"<[^>]+>")
PAGE = re.compile(r"http://testserver(/manage/[\w.-]+/)")
RENEW = {"action": "renew"}
ERASE = {"action": "erase", "sure": "yes"}


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def withdrawn(campaign: Campaign) -> Signature:
    signature = make_signature(campaign, **details(language="fr"))
    leaving.withdraw(manage_token(signature))
    Mail.objects.all().delete()
    return signature


def later(days: int = 31) -> Any:
    return time_machine.travel(timezone.now() + timedelta(days=days))


def page_of(signature: Signature) -> str:
    return link_to(Purpose.MANAGE, signature)


def words(response: Any) -> str:
    """What somebody reads on a page."""
    return " ".join(MARKUP.sub(" ", response.content.decode()).split())


def the_mail() -> Any:
    """The one mail that has been sent."""
    sent.outbox.clear()
    assert delivery.deliver_due() == 1
    [letter] = sent.outbox
    return letter


# --- By an old link --------------------------------------------------------------------------


def test_an_expired_link_of_who_withdrew_mails_a_new_one_that_leads_to_the_erasure(
    client: Client, withdrawn: Signature
) -> None:
    old = page_of(withdrawn)
    with later():
        page = client.get(old)
        assert page.status_code == 410
        assert 'name="action" value="renew"' in page.content.decode()
        assert not Mail.objects.exists()  # a look mails nothing
        assert client.post(old, RENEW).status_code == 200
        letter = the_mail()
        assert letter.to == ["zoe@example.org"]
        [new] = PAGE.findall(str(letter.body))
        assert client.get(f"{new}data.json").json()["signature"]["email"] == "zoe@example.org"
        assert 'name="action" value="erase"' in client.get(new).content.decode()
        assert client.post(new, ERASE).status_code == 200
    withdrawn.refresh_from_db()
    assert (withdrawn.status, withdrawn.email) == (Status.ERASED, "")


def test_the_mail_says_what_is_still_kept_and_not_that_they_have_signed(
    client: Client, withdrawn: Signature
) -> None:
    Signature.objects.update(language="en")
    old = page_of(withdrawn)
    with later():
        client.post(old, RENEW)
        letter = the_mail()
    html = " ".join(str(letter.alternatives[0][0]).split())
    for said in (str(letter.body), html):
        assert "We still keep your address, so that nobody adds you again" in said
        assert "We have your signature" not in said
        assert "correct" not in said


@pytest.mark.parametrize("form", [ERASE, {"action": "withdraw", "sure": "yes"}, {"action": "hide"}])
def test_an_expired_link_does_nothing_itself_and_offers_the_new_one(
    client: Client, withdrawn: Signature, form: dict[str, str]
) -> None:
    old, before = page_of(withdrawn), Signature.objects.values().get()
    with later():
        page = client.post(old, form)
    assert page.status_code == 410
    assert 'name="action" value="renew"' in page.content.decode()
    assert Signature.objects.values().get() == before
    assert not Mail.objects.exists()


@pytest.mark.parametrize(
    "status", [Status.PENDING, Status.PUBLISHED, Status.REJECTED, Status.WITHDRAWN]
)
def test_the_file_of_an_expired_link_leads_to_the_page_that_mails_a_new_one(
    client: Client, campaign: Campaign, status: Status
) -> None:
    signature = make_signature(campaign, status=status)
    Mail.objects.all().delete()
    path = page_of(signature)
    with later():
        page = client.get(f"{path}data.json")
        assert page.status_code == 410
        found = re.search(r'<form[^>]*action="([^"]*)"', page.content.decode())
        assert found is not None
        assert found[1] == path
        assert client.post(found[1], RENEW).status_code == 200
    assert Mail.objects.get().signature == signature


def test_new_links_take_the_slots_of_the_day(client: Client, withdrawn: Signature) -> None:
    old = page_of(withdrawn)
    with later():
        for _ in range(5):
            assert client.post(old, RENEW).status_code == 200
    assert Mail.objects.count() == 3


def test_who_has_erased_everything_is_told_so_by_an_old_link_and_offered_no_new_one(
    client: Client, withdrawn: Signature
) -> None:
    old = page_of(withdrawn)
    leaving.erase(manage_token(withdrawn))
    with later():
        for path in (old, f"{old}data.json"):
            page = client.get(path)
            assert page.status_code == 410
            assert "This signature is gone" in words(page)
            assert 'value="renew"' not in page.content.decode()
        assert client.post(old, RENEW).status_code == 410
    assert not Mail.objects.exists()


# --- In whose words --------------------------------------------------------------------------


@pytest.mark.parametrize("first", [{"action": "withdraw", "sure": "yes"}, ERASE])
def test_who_left_is_answered_in_the_language_that_they_signed_in_by_whom_they_signed_with(
    client: Client, campaign: Campaign, first: dict[str, str]
) -> None:
    path = page_of(make_signature(campaign, **details(language="fr")))
    german = {"Accept-Language": "de"}
    for form in (first, ERASE, ERASE):  # the last one is a reload
        page = client.post(path, form, headers=german)
        assert (page.status_code, page["Content-Language"]) == (200, "fr")
        assert 'href="/art/?language=fr"' in page.content.decode()
        assert "Example Organiser" in words(page)


def test_the_language_that_the_address_asks_for_comes_first(
    client: Client, withdrawn: Signature
) -> None:
    page = client.post(f"{page_of(withdrawn)}?language=en", ERASE)
    assert (page.status_code, page["Content-Language"]) == (200, "en")
