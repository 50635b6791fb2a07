"""Many names, long lines: a search for what is published under a protected name gets on, and keeps no other."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from billiard.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from campaign import moves, suspicions
from campaign.history import SIGNER
from campaign.matcher import Matcher
from campaign.models import Campaign, NameSearch, Signature, Suspicion
from campaign.tasks import search_names
from tests.factories import make_campaign, make_signature

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """One comparison takes all the time of a transaction."""
    monkeypatch.setattr(suspicions, "AT_ONCE", 0.0)


def protect(campaign: Campaign, name: str = "Ana Prado", skeleton: str = "anaprado") -> None:
    protected = campaign.protected_names.create(name=name, skeletons=[skeleton])
    suspicions.look_for(campaign, [protected])


def signed(campaign: Campaign, *names: str) -> list[Signature]:
    """Signatures of these names, confirmed two days ago."""
    with time_machine.travel(timezone.now() - timedelta(days=2)):
        return [make_signature(campaign, name=name) for name in names]


def later() -> time_machine.travel:
    """When what began before the names were there has ended."""
    return time_machine.travel(timezone.now() + suspicions.SETTLED + timedelta(seconds=1))


def rename(signature: Signature, name: str) -> None:
    """As a change would leave it that asked the rules before the name was there."""
    moves.amend(signature_id=signature.pk, actor=SIGNER, changes={"name": name})


def suspected() -> list[str]:
    rows = Suspicion.objects.filter(closed_at=None).order_by("signature")
    return list(rows.values_list("signature__name", flat=True))


def fail(
    monkeypatch: pytest.MonkeyPatch, when: Callable[[Matcher], bool], error: Exception
) -> None:
    near = Matcher.near

    def failing(self: Matcher, *typed: str) -> Any:
        if when(self):
            raise error
        return near(self, *typed)

    monkeypatch.setattr(Matcher, "near", failing)


def cut_off_after(monkeypatch: pytest.MonkeyPatch, comparisons: int) -> None:
    """Let the time limit of the task end it after so many."""
    left = iter(range(comparisons))
    fail(monkeypatch, lambda _matcher: next(left, None) is None, SoftTimeLimitExceeded())


def test_a_task_that_the_time_limit_ends_has_got_on_by_what_it_compared(
    campaign: Campaign, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(campaign, "Lev Marsh", "Ana Prado", "Ida Marsh", "Anna Prado")
    protect(campaign)
    # What is found is compared once more under its lock.
    for comparisons, looked, found in ((1, 1, []), (2, 2, ["Ana Prado"]), (2, 3, ["Ana Prado"])):
        with monkeypatch.context() as patch:
            cut_off_after(patch, comparisons)
            with pytest.raises(SoftTimeLimitExceeded):
                search_names()
        assert (NameSearch.objects.get().looked, suspected()) == (looked, found)
    search_names()
    search = NameSearch.objects.get()
    assert (search.looked, search.passed_at is None) == (4, False)
    assert suspected() == ["Ana Prado", "Anna Prado"]


def test_the_last_look_gets_on_too_and_misses_nobody_who_changed_behind_the_first(
    campaign: Campaign, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = signed(campaign, "Lev Marsh", "Ida Marsh", "Eva Marsh", "Ben Marsh")
    protect(campaign)
    with monkeypatch.context() as patch:
        cut_off_after(patch, 2)
        with pytest.raises(SoftTimeLimitExceeded):
            search_names()
    rename(rows[0], "Ana Prado")
    search_names()
    rename(rows[3], "Anna Prado")
    assert suspected() == []
    with later():
        with monkeypatch.context() as patch:
            cut_off_after(patch, 2)
            with pytest.raises(SoftTimeLimitExceeded):
                search_names()
        assert (suspected(), NameSearch.objects.get().done_at) == (["Ana Prado"], None)
        search_names()
    assert suspected() == ["Ana Prado", "Anna Prado"]
    assert NameSearch.objects.get().done_at is not None


def test_a_last_look_that_the_release_before_has_begun_looks_at_all_of_them(
    campaign: Campaign,
) -> None:
    [early] = signed(campaign, "Lev Marsh")
    protect(campaign)
    rename(early, "Ana Prado")
    NameSearch.objects.update(after=early.pk, looked=1, passed_at=timezone.now())
    with later():
        search_names()
    assert suspected() == ["Ana Prado"]


def test_a_search_that_fails_keeps_no_other_and_comes_after_them_the_next_time(
    campaign: Campaign, slow: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed(campaign, "Ana Prado", "Kate Moreau")
    protect(campaign)
    protect(campaign, "Kate Moreau", "katemoreau")
    asked: list[str] = []

    def is_broken(matcher: Matcher) -> bool:
        asked.append(matcher.names[0].name)
        return asked[-1] == "Ana Prado"

    with monkeypatch.context() as patch:
        fail(patch, is_broken, RuntimeError("broken"))
        patch.setattr(suspicions, "WORK", timedelta())
        for _ in range(3):
            with pytest.raises(RuntimeError, match="broken"):
                search_names()
            search_names()
    assert asked == [
        "Ana Prado",
        "Kate Moreau",
        "Ana Prado",
        "Kate Moreau",
        "Kate Moreau",
        "Ana Prado",
    ]
    assert suspected() == ["Kate Moreau"]
    search_names()
    assert suspected() == ["Ana Prado", "Kate Moreau"]


def test_a_transaction_locks_a_few_of_those_found_however_quick_it_is(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspicions, "AT_ONCE", 60.0)
    monkeypatch.setattr(suspicions, "LOCKED", 2)
    monkeypatch.setattr(suspicions, "WORK", timedelta())
    signed(campaign, "Ana Prado", "Lev Marsh", "Anna Prado", "Prado Ana")
    protect(campaign)
    search_names()
    assert (NameSearch.objects.get().looked, suspected()) == (3, ["Ana Prado", "Anna Prado"])
    search_names()
    assert (NameSearch.objects.get().looked, len(suspected())) == (4, 3)
