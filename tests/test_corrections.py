"""What the campaign took off its list: how many, when and why, and nobody of them."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaign import closing, leaving, moderation, moves
from campaign.history import ORGANISER
from campaign.models import Campaign, Signature
from campaign.models.membership import Role
from campaign.models.signature import RejectionReason, Status
from campaign.rejections import PUBLIC
from tests.counted import assert_exact
from tests.factories import (
    bring_to,
    make_campaign,
    make_member,
    make_signature,
    make_user,
    manage_token,
)
from tests.removals import WORDS
from tests.removals import removed as remove_by_rule

pytestmark = pytest.mark.django_db

URL = "/api/v1/campaigns/art/corrections/"
FAKE = "We could not confirm that they came from those whose names they gave."
TWICE = "The same signer was on the list already."
DAY = datetime(2026, 6, 1, tzinfo=UTC)
CLOSES = "closes_at = 2027-01-31T12:00:00Z\nretention_months = 1\n"
OVER = datetime(2027, 2, 28, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(DAY + timedelta(hours=12), tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def art(clock: time_machine.Traveller) -> Campaign:
    return make_campaign(publication="after_verification")


def read(client: Client, query: str = "", **headers: str) -> list[dict[str, Any]]:
    response = client.get(URL + query, headers=headers)
    assert response.status_code == 200
    results: list[dict[str, Any]] = response.json()["results"]
    return results


def remove(signature: Signature, reason: RejectionReason = RejectionReason.IMPERSONATION) -> None:
    by = make_user(username=f"by{signature.pk}")
    signature.refresh_from_db()
    moderation.reject(signature_id=signature.pk, by=by, revision=signature.revision, reason=reason)


def restore(signature: Signature) -> None:
    signature.refresh_from_db()
    moderation.restore(
        signature_id=signature.pk,
        by=make_user(username="restorer"),
        revision=signature.revision,
    )


def removed(client: Client) -> int:
    number: int = client.get("/api/v1/campaigns/art/counts/").json()["removed"]
    return number


def test_nothing_was_removed_yet(client: Client, art: Campaign) -> None:
    make_signature(art)
    assert read(client) == []


def test_they_are_counted_by_day_and_reason_the_newest_first(
    client: Client, art: Campaign, clock: time_machine.Traveller
) -> None:
    five = [make_signature(art, name=f"Signer {n}") for n in range(5)]
    remove(five[0])
    remove(five[1], RejectionReason.DUPLICATE)
    clock.move_to(DAY + timedelta(hours=23, minutes=59, seconds=59))
    remove(five[2])
    clock.shift(timedelta(seconds=1))
    remove(five[3])
    assert read(client) == [
        {"at": "2026-06-02T00:00:00.000Z", "number": 1, "reason": FAKE},
        {"at": "2026-06-01T00:00:00.000Z", "number": 1, "reason": TWICE},
        {"at": "2026-06-01T00:00:00.000Z", "number": 2, "reason": FAKE},
    ]
    assert removed(client) == 4


def test_who_was_never_published_is_removed_and_no_correction(
    client: Client, art: Campaign
) -> None:
    Campaign.objects.update(publication="after_review")
    art.refresh_from_db()
    remove(make_signature(art, status=Status.HELD))
    assert (read(client), removed(client)) == ([], 1)


def test_who_was_held_in_between_had_been_published_all_the_same(
    client: Client, art: Campaign
) -> None:
    signature = make_signature(art)
    bring_to(signature, Status.HELD)
    remove(signature)
    assert [each["number"] for each in read(client)] == [1]


def test_the_anonymous_were_counted_and_so_are_corrected(client: Client, art: Campaign) -> None:
    remove(make_signature(art, show_name=False))
    assert [each["number"] for each in read(client)] == [1]


def test_who_is_restored_is_no_longer_a_correction(client: Client, art: Campaign) -> None:
    signature = make_signature(art)
    remove(signature)
    restore(signature)
    assert (read(client), removed(client)) == ([], 0)


def test_who_is_removed_again_counts_once_at_the_last_time(
    client: Client, art: Campaign, clock: time_machine.Traveller
) -> None:
    signature = make_signature(art)
    remove(signature)
    restore(signature)
    clock.shift(timedelta(days=1))
    signature.refresh_from_db()
    moderation.reject(
        signature_id=signature.pk,
        by=make_user(username="again"),
        revision=signature.revision,
        reason=RejectionReason.DUPLICATE,
    )
    assert read(client) == [{"at": "2026-06-02T00:00:00.000Z", "number": 1, "reason": TWICE}]


@pytest.mark.parametrize("leave", [leaving.withdraw, leaving.erase])
def test_who_leaves_afterwards_is_counted_as_withdrawn_alone(
    client: Client, art: Campaign, leave: Any
) -> None:
    signature = make_signature(art)
    remove(signature)
    signature.refresh_from_db()
    leave(manage_token(signature))
    assert (read(client), removed(client)) == ([], 0)


def test_they_are_the_same_long_after_the_close_when_the_clock_has_erased_everybody(
    client: Client, clock: time_machine.Traveller
) -> None:
    art = make_campaign(publication="after_verification", extra=CLOSES)
    signatures = [make_signature(art, name=f"Signer {n}") for n in range(6)]
    for signature in signatures[:2]:
        remove(signature)
    remove(signatures[2], RejectionReason.DUPLICATE)
    remove(signatures[3])
    signatures[3].refresh_from_db()
    leaving.erase(manage_token(signatures[3]))
    leaving.withdraw(manage_token(signatures[4]))
    make_signature(art, name="Bot One")
    make_signature(art, name="Bot Two", show_name=False)
    clock.shift(timedelta(days=1))
    owner = Client()
    owner.force_login(make_member(art, Role.OWNER))
    remove_by_rule(owner, name="bot*")

    before = read(client)
    assert before == [
        {"at": "2026-06-02T00:00:00.000Z", "number": 2, "reason": WORDS["words_en"]},
        {"at": "2026-06-01T00:00:00.000Z", "number": 1, "reason": TWICE},
        {"at": "2026-06-01T00:00:00.000Z", "number": 2, "reason": FAKE},
    ]
    in_french = read(client, "?language=fr")
    page = rows(client.get(PAGE).content.decode())
    clock.move_to(OVER)
    assert closing.empty() == 7
    assert set(Signature.objects.values_list("status", "name")) == {("erased", "")}
    assert read(client) == before
    assert read(client, "?language=fr") == in_french
    assert removed(client) == sum(each["number"] for each in before) == 5
    html = client.get(PAGE).content.decode()
    assert "5 signatures were removed" in html
    assert rows(html) == page
    assert_exact(art)


def test_who_was_never_published_is_no_correction_after_the_clock_either(
    client: Client, clock: time_machine.Traveller
) -> None:
    art = make_campaign(publication="after_review", extra=CLOSES)
    remove(make_signature(art, status=Status.HELD))
    clock.move_to(OVER)
    assert closing.empty() == 1
    assert (read(client), removed(client)) == ([], 1)


def test_a_later_edit_does_not_move_the_day(
    client: Client, art: Campaign, clock: time_machine.Traveller
) -> None:
    signature = make_signature(art)
    remove(signature)
    clock.shift(timedelta(days=3))
    moves.amend(signature_id=signature.pk, actor=ORGANISER, changes={"credit": "Another"})
    assert read(client)[0]["at"] == "2026-06-01T00:00:00.000Z"


def test_nothing_in_it_points_to_anybody(client: Client, art: Campaign) -> None:
    signature = make_signature(art, name="Gone Entirely", email="gone@example.org")
    moderation.reject(
        signature_id=signature.pk,
        by=make_user(),
        revision=signature.revision,
        reason=RejectionReason.IMPERSONATION,
        note="a word to colleagues",
    )
    told = client.get(URL).content.decode()
    tombstone = client.get(f"/api/v1/campaigns/art/signers/{signature.public_id}/").json()
    for secret in ("Gone", "gone@", signature.public_id, "colleagues", tombstone["updated_at"]):
        assert secret not in told
    assert [set(each) for each in read(client)] == [{"at", "number", "reason"}]


def test_every_reason_has_words_for_the_public() -> None:
    assert set(PUBLIC) == set(RejectionReason)


def test_the_reason_is_in_the_language_that_is_asked_for(client: Client, art: Campaign) -> None:
    remove(make_signature(art))
    answer = client.get(f"{URL}?language=fr")
    assert answer["Content-Language"] == "fr"
    assert client.get(URL, headers={"Accept-Language": "fr"})["Content-Language"] == "fr"
    assert client.get(f"{URL}?lang=fr").status_code == 400


def test_the_queries_are_as_many_whatever_was_removed(client: Client, art: Campaign) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(URL)
        return len(captured)

    client.get(URL)  # the process knows the campaign from now on
    none = queries()
    for _ in range(3):
        remove(make_signature(art))
    assert queries() == none == 2


# --- The page --------------------------------------------------------------------------------

PAGE = "/art/corrections/"


def rows(html: str) -> list[list[str]]:
    """The cells of the table, row by row, as text."""
    found = re.findall(r"<tr>(.*?)</tr>", html, re.DOTALL)[1:]
    cells = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.DOTALL) for row in found]
    return [[unescape(re.sub(r"<.*?>", "", cell)).strip() for cell in row] for row in cells]


def test_the_page_of_a_campaign_without_corrections_says_so(client: Client, art: Campaign) -> None:
    html = client.get(PAGE).content.decode()
    assert "No signature was removed after it had been published." in html
    assert "<table" not in html


def test_the_page_tells_how_many_when_and_why(
    client: Client, art: Campaign, clock: time_machine.Traveller
) -> None:
    four = [make_signature(art, name=f"Signer {n}", email=f"s{n}@example.org") for n in range(4)]
    remove(four[0])
    remove(four[1], RejectionReason.DUPLICATE)
    clock.shift(timedelta(days=1))
    remove(four[2])
    html = client.get(PAGE).content.decode()
    assert "3 signatures were removed" in html
    assert rows(html) == [
        ["2 June 2026"],
        ["1", FAKE],
        ["1 June 2026"],
        ["1", TWICE],
        ["1", FAKE],
    ]
    for secret in ("Signer 0", "example.org/", "s0@", four[0].public_id):
        assert secret not in html.replace("https://example.org/privacy", "")


def test_the_page_speaks_the_language_that_is_asked_for(client: Client, art: Campaign) -> None:
    remove(make_signature(art))
    html = client.get(f"{PAGE}?language=fr").content.decode()
    [[day], [number, why]] = rows(html)
    assert (day, number) == ("1 juin 2026", "1")
    assert why != FAKE
