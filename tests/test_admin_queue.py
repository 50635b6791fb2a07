"""The moderators' queue: its lanes, its rows, and what finds them."""

import re

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from campaign.models import Campaign, ImportBatch, Signature
from campaign.models.signature import HoldReason, Status
from tests import batches
from tests.desk import QUEUE, correct, moderator, names, page, statuses
from tests.factories import first_page_leads_to, make_campaign, make_signature, release

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


@pytest.fixture
def desk() -> Client:
    return moderator()


def imported(campaign: Campaign, *named: str) -> ImportBatch:
    """A batch with consent on file."""
    return batches.imported(campaign, ["name\n", *(f"{name}\n" for name in named)])


def test_the_first_page_leads_to_the_held_ones_the_oldest_first(
    desk: Client, campaign: Campaign
) -> None:
    first = make_signature(status=Status.HELD, name="First Held")
    make_signature(status=Status.PENDING, name="Not Confirmed")
    make_signature(status=Status.HELD, name="Second Held")
    make_signature(status=Status.PUBLISHED, name="Published Already")
    make_signature(status=Status.REJECTED, name="Rejected Already")
    Signature.objects.filter(pk=first.pk).update(confirmed_at=timezone.now())

    assert first_page_leads_to(desk) == f"{QUEUE}?status=rest"
    response = desk.get(f"{QUEUE}?status=rest")

    assert names(response) == ["Second Held", "First Held"]
    assert ">2</span>" in re.sub(r"\s+", "", response.content.decode())


def test_a_row_says_why_it_is_held_and_which_name_it_looks_like(
    desk: Client, campaign: Campaign
) -> None:
    make_signature(status=Status.HELD, name="Scаrlett Johansson", email="x@mail.example.org")

    text = desk.get(QUEUE).content.decode()

    assert "Protected name: Scarlett Johansson" in text
    assert "mail.example.org" in text
    assert "x@mail.example.org" not in text


def test_the_list_can_be_widened_to_every_status(desk: Client, campaign: Campaign) -> None:
    for status in (Status.HELD, Status.PENDING, Status.PUBLISHED, Status.REJECTED):
        make_signature(status=status, name=f"One {status}")

    assert len(names(desk.get(f"{QUEUE}?status=all"))) == 4
    assert names(desk.get(f"{QUEUE}?status=rejected")) == ["One rejected"]
    assert names(desk.get(f"{QUEUE}?status=published")) == ["One published"]
    assert names(desk.get(f"{QUEUE}?why=protected_name")) == []
    assert desk.get(f"{QUEUE}?status=nonsense").status_code == 302


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("zoe", ["Zoë Moreau"]),
        ("MOREAU zo", ["Zoë Moreau"]),
        ("Zoe+tag@gmail.com", ["Zoë Moreau"]),
        ("@gmail.com", ["Zoë Moreau"]),
        ("nobody@example.org", []),
        ("not an@address", []),
        ("!!!", ["!!!"]),
        ("'; DROP TABLE", []),
        ("\\", []),
    ],
)
def test_search_finds_names_addresses_and_domains(
    desk: Client, campaign: Campaign, typed: str, found: list[str]
) -> None:
    make_signature(status=Status.HELD, name="Zoë Moreau", email="z.o.e@gmail.com", credit="")
    make_signature(status=Status.HELD, name="!!!", email="other@example.org", credit="")

    assert names(desk.get(QUEUE, {"q": typed})) == found


def test_search_finds_a_public_id(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(status=Status.HELD, name="Found Me")
    make_signature(status=Status.HELD, name="Not Me")

    assert names(desk.get(QUEUE, {"q": signature.public_id})) == ["Found Me"]


def test_the_number_of_queries_does_not_grow_with_the_rows(
    desk: Client, campaign: Campaign, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    def queries() -> int:
        with django_assert_max_num_queries(20) as captured:
            assert desk.get(QUEUE).status_code == 200
        return len(captured)

    make_signature(status=Status.HELD, name="Scаrlett Johansson")
    make_signature(status=Status.HELD, name="Zoë Moreau")
    desk.get(QUEUE)  # what a process learns once
    few = queries()
    for number in range(12):
        make_signature(status=Status.HELD, name=f"Scаrlett Johansson {'I' * number}")
        make_signature(status=Status.HELD, name="Scаrlett Johansson", credit=f"Film {number}")

    assert queries() == few


def test_what_waits_for_its_batch_is_a_lane_of_its_own(desk: Client, campaign: Campaign) -> None:
    imported(campaign, "Imported One")
    make_signature(status=Status.HELD, name="To Decide")

    response = desk.get(QUEUE)

    assert names(response) == ["To Decide"]
    assert "signers.csv" in response.content.decode()
    assert names(desk.get(f"{QUEUE}?status=release")) == ["Imported One"]


def test_an_import_that_its_signer_renamed_is_work_to_do_and_says_why(
    desk: Client, campaign: Campaign
) -> None:
    batch = imported(campaign, "Imported One", "Imported Two")
    one = Signature.objects.get(name="Imported One")
    correct(one, name="Scarlett Johansson")

    queue = desk.get(QUEUE)
    assert names(queue) == ["Scarlett Johansson"]
    assert names(desk.get(f"{QUEUE}?status=release")) == ["Imported Two"]
    one.refresh_from_db()
    assert set(one.hold_reasons) > {HoldReason.RENAMED, HoldReason.IMPORTED}
    text = desk.get(page(one)).content.decode()
    for why in (
        "Why it is held",
        "The signer changed what is shown",
        "Imported with consent on file, not released yet",
        "Its name is like a protected name",
        "The release of its batch leaves it out: it is decided here.",
    ):
        assert why in text
    other = Signature.objects.get(name="Imported Two")
    assert "The release of its batch publishes it." in desk.get(page(other)).content.decode()

    release(batch)
    assert statuses([one, other]) == [Status.HELD, Status.PUBLISHED]
