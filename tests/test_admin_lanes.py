"""The lanes of the queue: each signature that waits for a decision is in one, the oldest first."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from campaign.models import Campaign, Membership, Signature
from campaign.models.signature import HoldReason, Status
from tests.desk import QUEUE, counts, lane, moderator, words
from tests.factories import first_page_leads_to, make_campaign, make_signature, make_user
from tests.reports import confirmed

pytestmark = pytest.mark.django_db

WORK = ("reported", "protected", "groups", "rest")


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def desk() -> Client:
    return moderator()


def test_each_is_in_the_most_urgent_lane_that_it_belongs_to_and_in_no_other(
    desk: Client, campaign: Campaign, client: Client
) -> None:
    make_signature(status=Status.HELD, name="Ann Person")
    make_signature(status=Status.HELD, name="The Guild", kind="organisation")
    make_signature(status=Status.HELD, name="R.E.M.", kind="group")
    make_signature(status=Status.HELD, name="Scаrlett Johansson")
    confirmed(client, make_signature(name="Listed And Reported"))
    Signature.objects.filter(name="The Guild").update(confirmed_at=timezone.now())
    make_signature(status=Status.HELD, name="A Band", kind="group")
    make_signature(status=Status.PUBLISHED, name="Nobody's Work")

    assert {value: lane(desk, value) for value in WORK} == {
        "reported": ["Listed And Reported"],
        "protected": ["R.E.M.", "Scаrlett Johansson"],
        "groups": ["The Guild", "A Band"],
        "rest": ["Ann Person"],
    }
    assert sorted(lane(desk, "")) == [
        *("A Band", "Ann Person", "R.E.M.", "Scаrlett Johansson", "The Guild"),
    ]
    told = counts(desk)
    assert {value: told[value] for value in WORK} == {
        "reported": "1",
        "protected": "2",
        "groups": "2",
        "rest": "1",
    }


def test_a_name_nearly_protected_is_among_the_protected(desk: Client, campaign: Campaign) -> None:
    near = make_signature(status=Status.HELD, name="Nearly Her")
    Signature.objects.filter(pk=near.pk).update(hold_reasons=[HoldReason.NEAR_NAME])

    assert lane(desk, "protected") == ["Nearly Her"]
    assert lane(desk, "rest") == []


def test_what_has_waited_longest_stands_first_in_each_lane(
    desk: Client, campaign: Campaign
) -> None:
    now = timezone.now()
    for days, name in ((1, "Yesterday"), (9, "Long Ago"), (4, "Days Ago")):
        row = make_signature(status=Status.HELD, name=name)
        Signature.objects.filter(pk=row.pk).update(confirmed_at=now - timedelta(days=days))

    assert lane(desk, "rest") == ["Long Ago", "Days Ago", "Yesterday"]


def test_counts_stop_and_say_that_there_are_more(
    desk: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.admin.desk.COUNTED", 2)
    for n in range(4):
        make_signature(status=Status.HELD, name=f"Held {'I' * (n + 1)}")

    assert counts(desk)["rest"] == "2+"
    assert counts(desk)["protected"] == "0"


def test_the_first_page_leads_to_the_most_urgent_lane_that_has_work(
    desk: Client, campaign: Campaign
) -> None:
    def landed() -> str:
        return first_page_leads_to(desk)

    assert landed() == QUEUE
    make_signature(status=Status.HELD, name="Ann Person")
    assert landed() == f"{QUEUE}?status=rest"
    make_signature(status=Status.HELD, name="Scаrlett Johansson")
    assert landed() == f"{QUEUE}?status=protected"


def test_the_lane_that_is_open_is_said_so(desk: Client, campaign: Campaign) -> None:
    text = words(desk.get(f"{QUEUE}?status=groups"))

    assert text.count('aria-current="page"') == 1
    assert '<a href="?status=groups" class="lane lane-empty" aria-current="page">' in text


def test_who_moderates_one_campaign_sees_and_counts_that_one_alone(campaign: Campaign) -> None:
    other = make_campaign(slug="other")
    make_signature(campaign, status=Status.HELD, name="Mine")
    theirs = make_signature(other, status=Status.HELD, name="Theirs")
    user = make_user(username="of-one")
    Membership.objects.create(user=user, campaign=campaign, role="moderator")
    client = Client()
    client.force_login(user)

    assert lane(client, "rest") == ["Mine"]
    assert counts(client)["rest"] == "1"
    assert client.get(f"{QUEUE}{theirs.pk}/change/").status_code == 404
    form = {"revision": theirs.revision, "status": "held"}
    assert client.post(f"{QUEUE}{theirs.pk}/approve/", form).status_code == 404
    many = {"item": f"{theirs.pk}:{theirs.revision}:held"}
    client.post(f"{QUEUE}many/approve/", many)
    theirs.refresh_from_db()
    assert theirs.status == Status.HELD


def test_who_is_member_of_nothing_sees_no_lane(campaign: Campaign) -> None:
    make_signature(status=Status.HELD, name="Held")
    client = Client()
    client.force_login(make_user())

    assert client.get(QUEUE).status_code == 403
