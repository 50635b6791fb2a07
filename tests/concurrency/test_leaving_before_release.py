"""Somebody leaves at the very moment at which the release of their batch comes to their line."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from campaign import leaving, locks, moves, releases, rules
from campaign.models import Campaign, Mail, Signature
from campaign.models.signature import HoldReason, Status
from tests.batches import imported
from tests.concurrency.guards import read_only
from tests.concurrency.threads import Meanwhile
from tests.factories import make_campaign, make_signature, manage_token, release

pytestmark = pytest.mark.django_db(transaction=True)

LINES = ["name,email\n", "A. Moreau,a@example.org\n"]
LEAVE = [leaving.withdraw, leaving.erase]


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def leaves(art: Campaign, leave: Callable[[str], None]) -> Meanwhile:
    """Another spelling of one that is imported: its signer leaves."""
    token = manage_token(make_signature(art, name="Annelise Moreau", email="a@example.org"))
    return Meanwhile(lambda: leave(token))


def published() -> list[str]:
    found = Signature.objects.filter(status=Status.PUBLISHED)
    return list(found.values_list("name", flat=True))


@pytest.mark.parametrize("leave", LEAVE)
def test_who_leaves_once_the_chunk_is_read_is_not_published(
    art: Campaign, monkeypatch: pytest.MonkeyPatch, leave: Callable[[str], None]
) -> None:
    meanwhile = leaves(art, leave).before(monkeypatch, releases, "_publish")
    assert release(imported(art, LINES)) == 0
    assert meanwhile.end() is None
    assert not meanwhile.waited
    assert (published(), Mail.objects.filter(kind="published").count()) == ([], 0)


@pytest.mark.parametrize("leave", LEAVE)
def test_who_leaves_once_their_line_is_looked_at_waits_and_finds_it_published(
    art: Campaign, monkeypatch: pytest.MonkeyPatch, leave: Callable[[str], None]
) -> None:
    meanwhile = leaves(art, leave).before(monkeypatch, moves, "move")
    assert release(imported(art, LINES)) == 1
    assert meanwhile.end() is None
    assert meanwhile.waited
    assert published() == ["A. Moreau"]


def test_control_without_the_look_who_withdraws_is_published(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "left_reasons", lambda _signature: [])
    meanwhile = leaves(art, leaving.withdraw).before(monkeypatch, releases, "_publish")
    assert release(imported(art, LINES)) == 1
    assert meanwhile.end() is None
    assert published() == ["A. Moreau"]


def test_control_a_look_without_the_lock_publishes_after_who_left(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile, looked = leaves(art, leaving.withdraw), rules.left_reasons

    def interrupted(signature: Signature) -> list[HoldReason]:
        left = looked(signature)
        meanwhile.happen()
        return left

    batch = imported(art, LINES)
    unlocked = SimpleNamespace(lock=read_only, hold_brakes=locks.hold_brakes)
    monkeypatch.setattr(releases, "locks", unlocked)
    monkeypatch.setattr(rules, "left_reasons", interrupted)
    assert release(batch) == 1
    assert meanwhile.end() is None
    assert not meanwhile.waited
    assert published() == ["A. Moreau"]
