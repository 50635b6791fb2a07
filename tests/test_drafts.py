"""Texts of before the opening: whom nobody asked to sign them, nobody reads them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client

from campaign import intake, signing
from campaign.campaign_file import parse
from campaign.models import Campaign, Signature, StatementVersion
from campaign.organising import load_campaign
from tests.factories import OPENED, campaign_file, confirm_token, make_signature

pytestmark = pytest.mark.django_db

OPENS = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
BASE = "/api/v1/campaigns/art/"
BODY = "Ask us first"


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """It begins three days before the opening."""
    with time_machine.travel(OPENS - timedelta(days=3), tick=False) as coordinates:
        yield coordinates


def load(
    body: str, *, opens_at: datetime = OPENS, languages: tuple[str, ...] = ("en", "fr")
) -> None:
    text = campaign_file(opens_at=opens_at, publication="after_verification").replace(BODY, body)
    if languages == ("en",):
        text = text[: text.index("[statement.fr]")].replace('["en", "fr"]', '["en"]')
        text = text.replace(', fr = "Musicien, musicienne"', "").replace(
            ', fr = "Auteur, autrice"', ""
        )
    load_campaign(parse(text))


def text(client: Client, version: int, language: str = "en") -> str | None:
    """The exact text, None where it is not found."""
    response = client.get(f"{BASE}statements/{version}/{language}.txt")
    if response.status_code == 404:
        assert (response["Content-Type"], response.json()["code"]) == (
            "application/problem+json",
            "not_found",
        )
        assert response["Cache-Control"] == "no-store"
        return None
    assert response.status_code == 200
    return response.content.decode()


def said(body: str) -> str:
    return f"Art is not a quarry\n\nWe made it.\n\n{body}.\n"


def imported(name: str = "Early Signer") -> Signature:
    lines = ["name,email\r\n", f"{name},early@example.org\r\n"]
    report = intake.import_signers(campaign=Campaign.objects.get(), lines=lines, file_name="a.csv")
    assert report.added == 1
    return Signature.objects.latest("pk")


# --- Drafts ----------------------------------------------------------------------------------


def test_drafts_of_before_the_opening_are_not_found_after_it(
    client: Client, clock: time_machine.Traveller
) -> None:
    for body in ("Name the minister", "Name nobody", "Ask us"):
        load(body)
    assert [text(client, number) for number in (1, 2, 3)] == [None, None, None]
    clock.move_to(OPENS)
    assert [text(client, number) for number in (1, 2, 3)] == [None, None, said("Ask us")]
    assert [text(client, number, "fr") is None for number in (1, 2, 3)] == [True, True, False]
    assert client.get(BASE).json()["statement"]["version"] == 3
    page = client.get("/art/").content.decode()
    assert "Name nobody" not in page
    assert "Every version stays" not in page


def test_a_text_that_was_replaced_after_the_opening_stays(
    client: Client, clock: time_machine.Traveller
) -> None:
    load("Draft")
    load("First")
    clock.move_to(OPENS)
    load("Second")
    load("Third")
    assert [text(client, number) for number in (1, 2, 3, 4)] == [
        None,
        said("First"),
        said("Second"),
        said("Third"),
    ]
    assert text(client, 2, "fr") is not None


def test_a_paused_campaign_goes_on_publishing_its_texts(
    client: Client, clock: time_machine.Traveller
) -> None:
    load("First")
    clock.move_to(OPENS)
    Campaign.objects.update(paused_at=OPENS)
    load("Second")
    assert text(client, 1) == said("First")


def test_a_draft_that_was_replaced_just_before_the_opening_stays_readable(
    client: Client, clock: time_machine.Traveller
) -> None:
    # Whoever saves then may be done after it, and somebody has signed meanwhile.
    load("First")
    clock.move_to(OPENS - timedelta(seconds=3))
    load("Second")
    clock.move_to(OPENS)
    assert text(client, 1) == said("First")


# --- An opening that is moved ----------------------------------------------------------------


def test_drafts_stay_hidden_where_the_opening_is_moved_before_them(
    client: Client, clock: time_machine.Traveller
) -> None:
    load("Draft")
    clock.shift(timedelta(days=1))
    load("First")
    # As of a date alone: "today", which began hours ago.
    load("First", opens_at=OPENS - timedelta(days=4))
    assert text(client, 1) is None
    assert text(client, 2) == said("First")


def test_a_draft_that_goes_in_the_edit_that_opens_was_never_published(
    client: Client, clock: time_machine.Traveller
) -> None:
    load("Draft")
    load("First", opens_at=OPENS - timedelta(days=4))
    assert text(client, 1) is None
    assert text(client, 2) == said("First")


def test_what_was_published_stays_where_the_opening_is_moved_to_later(
    client: Client, clock: time_machine.Traveller
) -> None:
    load("First")
    clock.move_to(OPENS)
    later = OPENS + timedelta(days=5)
    load("First", opens_at=later)
    assert text(client, 1) is None  # as the whole campaign
    load("Draft", opens_at=later)
    load("Second", opens_at=later)
    clock.move_to(later)
    assert [text(client, number) for number in (1, 2, 3)] == [
        said("First"),
        None,
        said("Second"),
    ]


# --- Signed before the opening ---------------------------------------------------------------


def test_a_text_that_somebody_was_imported_under_stays(
    client: Client, clock: time_machine.Traveller
) -> None:
    load("Draft")
    load("First")
    early = imported()
    load("Second")
    signing.confirm(confirm_token(early))
    clock.move_to(OPENS)
    signer = client.get(f"{BASE}signers/{early.public_id}/").json()
    assert signer["statement_version"] == 2
    assert [text(client, number) for number in (1, 2, 3)] == [
        None,
        said("First"),
        said("Second"),
    ]


def test_an_import_that_goes_on_during_an_edit_takes_the_text_of_now(
    clock: time_machine.Traveller,
) -> None:
    load("Draft")
    campaign = Campaign.objects.prefetch_related("versions__texts").get()
    list(campaign.versions.all())
    load("First")
    intake.import_signers(
        campaign=campaign, lines=["name,email\r\n", "Ann Lee,ann@example.org\r\n"], file_name="a"
    )
    assert Signature.objects.get().statement.version.number == 2


# --- Languages -------------------------------------------------------------------------------


def test_a_translation_that_was_dropped_before_the_opening_is_not_found(
    client: Client, clock: time_machine.Traveller
) -> None:
    load("First")
    load("First", languages=("en",))
    clock.move_to(OPENS)
    assert text(client, 1) == said("First")
    assert text(client, 1, "fr") is None
    load("First")
    assert text(client, 1, "fr") is not None


def test_a_translation_that_was_dropped_after_the_opening_stays(
    client: Client, clock: time_machine.Traveller
) -> None:
    load("First")
    clock.move_to(OPENS)
    load("First", languages=("en",))
    load("Second", languages=("en",))
    assert text(client, 1, "fr") is not None


# --- What was there before -------------------------------------------------------------------


def published_by_the_migration() -> list[list[str]]:
    StatementVersion.objects.update(published=[])
    migration: Any = import_module("campaign.migrations.0066_texts_published_before")
    with connection.cursor() as cursor:
        cursor.execute(migration.PUBLISHED)
    found = StatementVersion.objects.order_by("number").values_list("published", flat=True)
    return list(found)


def test_the_migration_takes_what_was_seen_or_signed_for_published(
    client: Client, clock: time_machine.Traveller
) -> None:
    load("Draft")
    load("Signed")
    imported()
    clock.shift(timedelta(days=1))
    load("First")
    clock.move_to(OPENS + timedelta(days=1))
    load("Second")
    StatementVersion.objects.update(created_at=OPENS - timedelta(days=1))
    StatementVersion.objects.filter(number=4).update(created_at=OPENS + timedelta(days=1))
    assert published_by_the_migration() == [[], ["en", "fr"], ["en", "fr"], ["en", "fr"]]


def test_the_migration_publishes_no_translation_that_was_dropped_before_the_opening(
    client: Client, clock: time_machine.Traveller
) -> None:
    load("First")
    load("First", languages=("en",))
    StatementVersion.objects.update(created_at=OPENS - timedelta(days=1))
    clock.move_to(OPENS)
    assert text(client, 1, "fr") is None
    Campaign.objects.update(opens_at=OPENED)  # as of the clock of the database
    assert published_by_the_migration() == [["en"]]
    assert text(client, 1) == said("First")
    assert text(client, 1, "fr") is None


def test_the_migration_publishes_a_translation_that_was_signed_and_dropped(
    client: Client, clock: time_machine.Traveller
) -> None:
    load("First", opens_at=OPENED)
    signature = make_signature(language="fr")
    load("First", opens_at=OPENED, languages=("en",))
    assert signature.statement.language == "fr"
    assert published_by_the_migration() == [["en", "fr"]]
    assert text(client, 1, "fr") is not None


def test_loading_a_file_twice_writes_nothing(clock: time_machine.Traveller) -> None:
    clock.move_to(OPENS)
    load("First")
    make_signature()
    before = Campaign.objects.get().stamp
    load("First")
    assert Campaign.objects.get().stamp == before
