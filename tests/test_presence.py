"""Two moderators see of each other who looks at what, and are given different ones to decide."""

import pytest
import time_machine
from django.conf import settings
from django.test import Client

from campaign import presence
from campaign.models import Campaign, Membership
from campaign.models.signature import Status
from tests.desk import QUEUE, carried, moderator, page, press, said, words
from tests.factories import make_campaign, make_signature, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def ada() -> Client:
    return moderator("ada")


@pytest.fixture
def ben() -> Client:
    return moderator("ben")


def test_each_of_two_is_told_that_the_other_looks_at_the_same_one(
    ada: Client, ben: Client, campaign: Campaign
) -> None:
    held = make_signature(status=Status.HELD, name="Looked At")
    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        alone = words(ada.get(page(held)))
        clock.shift(20)
        second = words(ben.get(page(held)))
        first = ada.post(f"{QUEUE}{held.pk}/looking/").json()["html"]

    assert "has been looking" not in alone
    assert "ada has been looking at this for 20 seconds." in second
    assert "ben has been looking at this for 0 seconds." in " ".join(first.split())


def test_a_look_goes_on_for_as_long_as_it_is_renewed_and_ends_with_the_page(
    ada: Client, ben: Client, campaign: Campaign
) -> None:
    held = make_signature(status=Status.HELD, name="Looked At")

    def seen() -> str:
        return words(ben.get(page(held)))

    with time_machine.travel("2026-11-22T12:00:00Z", tick=False) as clock:
        ada.get(page(held))
        for _renewal in range(5):
            clock.shift(presence.RENEW)
            ada.post(f"{QUEUE}{held.pk}/looking/")
        assert "ada has been looking at this for 100 seconds." in seen()
        clock.shift(presence.LIVES + 1)
        assert "has been looking" not in seen()
        ada.get(page(held))
        assert "ada has been looking at this for 0 seconds." in seen()
        ada.post(f"{QUEUE}{held.pk}/looking/", {"leave": "1"})
        assert "has been looking" not in seen()


def test_the_next_one_is_one_that_no_colleague_has_open(
    ada: Client, ben: Client, campaign: Campaign
) -> None:
    rows = [make_signature(status=Status.HELD, name=f"Held {n}") for n in "abcd"]
    ben.get(page(rows[1], "status=rest"))

    response = press(ada, rows[0], "approve", "status%3Drest")
    assert response.redirect_chain[0][0].startswith(page(rows[2]))
    text = words(ada.get(page(rows[2], "status%3Drest")))
    assert 'rel="next"' in text

    # Ben goes on from his own, past the one that Ada has open.
    response = press(ben, rows[1], "approve", "status%3Drest")
    assert response.redirect_chain[0][0].startswith(page(rows[3]))


def test_who_has_only_what_colleagues_read_goes_back_to_the_list(
    ada: Client, ben: Client, campaign: Campaign
) -> None:
    rows = [make_signature(status=Status.HELD, name=f"Held {n}") for n in "ab"]
    ben.get(page(rows[1]))

    assert press(ada, rows[0], "approve").redirect_chain == [(QUEUE, 302)]


def test_a_page_that_is_fetched_ahead_and_a_readers_are_no_looks(
    ada: Client, campaign: Campaign
) -> None:
    held = make_signature(status=Status.HELD, name="Looked At")
    reader = make_user(username="reads")
    Membership.objects.create(user=reader, campaign=campaign, role="reader")
    client = Client()
    client.force_login(reader)
    client.get(page(held))
    moderator("ahead").get(page(held), headers={"X-Desk": "prefetch"})

    assert "has been looking" not in words(ada.get(page(held)))
    assert client.post(f"{QUEUE}{held.pk}/looking/").status_code == 404


def test_both_may_decide_and_the_slower_is_told(
    ada: Client, ben: Client, campaign: Campaign
) -> None:
    held = make_signature(status=Status.HELD, name="Looked At")
    approval, rejection = carried(ada, held, "approve"), carried(ben, held, "reject")
    ada.post(f"{QUEUE}{held.pk}/approve/", approval)

    told = ben.post(f"{QUEUE}{held.pk}/reject/", {**rejection, "reason": "content"}, follow=True)

    held.refresh_from_db()
    assert held.status == Status.PUBLISHED
    assert "has changed since it was shown" in said(told)


def test_without_redis_everybody_decides_alone(
    ada: Client, ben: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [make_signature(status=Status.HELD, name=f"Held {n}") for n in "ab"]
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    ben.get(page(rows[1]))

    assert "has been looking" not in words(ada.get(page(rows[1])))
    assert press(ada, rows[0], "approve").redirect_chain == [(page(rows[1]), 302)]
