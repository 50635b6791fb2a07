"""Files that staff take out: small ones are handed over at once, so that slow readers hold no thread."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from campaign import files, printing, tasks
from campaign.models import Campaign, PrintList
from campaign.models.membership import Role
from tests.factories import make_campaign, make_member, make_signature

pytestmark = pytest.mark.django_db

Take = Callable[[Client, Campaign], Any]
REASON = "Mailing of 22 November"


@pytest.fixture(autouse=True)
def seats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_seats", threading.BoundedSemaphore(files.SEATS))
    monkeypatch.setattr(files, "SEAT_WITHIN", 0.01)


@pytest.fixture
def art() -> Campaign:
    campaign = make_campaign()
    make_signature(campaign)
    return campaign


@pytest.fixture
def owner(client: Client, art: Campaign) -> Client:
    user = make_member(art, Role.OWNER)
    client.force_login(user)
    printing.order(campaign=art, by=user, reason=REASON)
    tasks.freeze_print_lists()
    return client


def signatures(client: Client, campaign: Campaign) -> Any:
    typed = {"campaign": campaign.pk, "form": "csv", "reason": REASON}
    return client.post("/admin/campaign/printlist/export/", typed)


def trail(client: Client, campaign: Campaign) -> Any:
    typed = {"campaign": campaign.pk, "reason": REASON}
    return client.post("/admin/campaign/auditentry/export/", typed)


def print_page() -> str:
    return f"/admin/campaign/printlist/{PrintList.objects.get().pk}/"


def print_list(client: Client, _campaign: Campaign) -> Any:
    return client.get(f"{print_page()}file/")


def print_changes(client: Client, _campaign: Campaign) -> Any:
    return client.get(f"{print_page()}changes/")


EACH = pytest.mark.parametrize("take", [signatures, trail, print_list, print_changes])


@EACH
def test_a_small_file_is_handed_over_at_once_and_holds_no_seat(
    owner: Client, art: Campaign, take: Take
) -> None:
    # More than there are seats, and not one is read to its end.
    for _ in range(files.SEATS + 1):
        answer = take(owner, art)
        assert (answer.status_code, answer.streaming) == (200, False)
        assert answer["Content-Length"] == str(len(answer.content))
        assert answer["Content-Disposition"].startswith('attachment; filename="art-')
        assert "no-store" in answer["Cache-Control"]


@EACH
def test_a_larger_one_is_read_as_it_leaves_and_who_finds_no_seat_is_told(
    owner: Client, art: Campaign, take: Take, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SMALL", -1)
    slow = [take(owner, art) for _ in range(files.SEATS)]
    assert [(each.status_code, each.streaming) for each in slow] == [(200, True)] * files.SEATS
    refused = take(owner, art)
    if refused.status_code == 302:
        assert refused["Location"] == f"{print_page()}change/"
        refused = owner.get(refused["Location"])
    assert "This takes a moment to prepare." in refused.content.decode()
    for each in slow:
        assert len(each.getvalue()) == int(each["Content-Length"])
    assert take(owner, art).status_code == 200
