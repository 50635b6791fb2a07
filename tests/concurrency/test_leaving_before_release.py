"""Somebody leaves at the very moment at which the release of their batch comes to their line."""

from collections.abc import Callable

import pytest
from django.db.models import QuerySet

from campaign import identity, leaving, locks, moves, releases, rules, trip
from campaign.models import Campaign, Mail, ProtectedName, Signature
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
    meanwhile = leaves(art, leave).before(monkeypatch, moves, "move_locked")
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
    monkeypatch.setattr(locks, "lock_one", lambda signature_id: read_only(signature_id)[0])
    monkeypatch.setattr(rules, "left_reasons", interrupted)
    assert release(batch) == 1
    assert meanwhile.end() is None
    assert not meanwhile.waited
    assert published() == ["A. Moreau"]


# --- The names that a release protects -------------------------------------------------------

FEATURED = "name,email,featured\n"


def without_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_options: rows)


def protected_by_release() -> list[str]:
    return list(ProtectedName.objects.exclude(batch=None).values_list("name", flat=True))


def released_while_its_featured_one_leaves(
    art: Campaign, monkeypatch: pytest.MonkeyPatch, leave: Callable[[str], None]
) -> Meanwhile:
    """Once the names are read, and before they are protected."""
    batch = imported(art, [FEATURED, "Ana Prado,a@example.org,yes\n"])
    token = manage_token(Signature.objects.get())
    meanwhile = Meanwhile(lambda: leave(token)).before(monkeypatch, identity, "skeletons")
    release(batch)
    return meanwhile


@pytest.mark.parametrize("leave", LEAVE)
def test_who_leaves_while_their_name_is_protected_waits_and_takes_it_along(
    art: Campaign, monkeypatch: pytest.MonkeyPatch, leave: Callable[[str], None]
) -> None:
    meanwhile = released_while_its_featured_one_leaves(art, monkeypatch, leave)
    assert meanwhile.end() is None
    assert meanwhile.waited
    assert protected_by_release() == []


def test_control_without_the_lock_the_name_of_who_left_is_protected(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(monkeypatch)
    meanwhile = released_while_its_featured_one_leaves(art, monkeypatch, leaving.withdraw)
    assert meanwhile.end() is None
    assert not meanwhile.waited
    assert protected_by_release() == ["Ana Prado"]


def two_namesakes_leave(art: Campaign, monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """The second once the first has found that the name is the second's too."""
    lines = [f"Ana Prado,{letter}@example.org,yes\n" for letter in "abc"]
    release(imported(art, [FEATURED, *lines]))
    first, second, third = Signature.objects.order_by("pk")
    # What is kept of the name is there before: to write it makes the second wait as well.
    leaving.withdraw(manage_token(third))
    token = manage_token(second)
    meanwhile = Meanwhile(lambda: leaving.withdraw(token)).before(monkeypatch, trip, "update")
    leaving.withdraw(manage_token(first))
    return meanwhile


def test_of_two_namesakes_who_leave_at_once_the_second_takes_the_name_along(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    meanwhile = two_namesakes_leave(art, monkeypatch)
    assert meanwhile.end() is None
    assert meanwhile.waited
    assert protected_by_release() == []


def test_control_without_the_lock_each_leaves_the_name_to_the_other(
    art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_locks(monkeypatch)
    meanwhile = two_namesakes_leave(art, monkeypatch)
    assert meanwhile.end() is None
    assert not meanwhile.waited
    assert protected_by_release() == ["Ana Prado"]
