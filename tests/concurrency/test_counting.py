"""Folding while signatures move: no count is ever wrong, not even for a moment."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F

from campaign import counts, leaving, moderation, public_numbers, signing
from campaign.models import Campaign, Signature, Tally, TallyChange
from campaign.models.campaign import Publication
from tests.concurrency.threads import PATIENCE, at_once
from tests.factories import make_campaign, make_signature, make_user, manage_token

pytestmark = pytest.mark.django_db(transaction=True)

HELD = counts.Facets("held")


@contextmanager
def one_snapshot() -> Iterator[None]:
    """Every statement sees the database as of the first one."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def counted(campaign: Campaign) -> dict[counts.Key, int]:
    """What the counts say of signatures; requests leave no rows to compare with."""
    numbers = counts.snapshot(campaign.pk)
    numbers.pop(("received", "all", ""), None)
    return numbers


def totals() -> dict[counts.Key, int]:
    return {(row.state, row.dimension, row.key): row.n for row in Tally.objects.exclude(n=0)}


def move_about(signatures: list[Signature], by: User) -> None:
    """Hide, show, hold, publish and withdraw them, one after the other."""
    for signature in signatures:
        token = manage_token(signature)
        signing.show(token, show_name=False)
        signing.show(token, show_name=True)
        moderation.hold(signature_id=signature.pk, by=by)
        revision = Signature.objects.get(pk=signature.pk).revision
        moderation.approve(signature_id=signature.pk, revision=revision, by=by)
        if signature.pk % 2:
            leaving.withdraw(token)


def test_counts_are_exact_at_every_instant_while_two_workers_fold_and_two_people_move() -> None:
    campaign = make_campaign(publication=Publication.AFTER_VERIFICATION)
    by = make_user()
    signatures = [make_signature(campaign, country="FR") for _ in range(24)]
    movers_left = threading.Semaphore(0)
    done = threading.Event()

    def moving(part: list[Signature]) -> None:
        try:
            move_about(part, by)
        finally:
            movers_left.release()

    def folding() -> None:
        while not done.is_set():
            counts.fold(limit=7)

    def reading() -> int:
        looked = 0
        while not done.is_set():
            with one_snapshot():
                numbers = public_numbers.counts(campaign)
                assert counted(campaign) == counts.recount(campaign.pk)
            assert numbers["published"] == sum(d["published"] for d in numbers["by_day"])
            listed = sum(k["published"] for k in numbers["by_kind"])
            assert numbers["published"] == listed + numbers["anonymous"]
            looked += 1
        return looked

    def waiting() -> None:
        try:
            assert movers_left.acquire(timeout=PATIENCE)
            assert movers_left.acquire(timeout=PATIENCE)
        finally:
            done.set()

    calls = [partial(moving, signatures[::2]), partial(moving, signatures[1::2])]
    *outcomes, looked = at_once([*calls, waiting, folding, folding, reading])
    assert outcomes == [None] * 5
    assert looked > 5
    before = counts.snapshot(campaign.pk)
    while counts.fold():
        pass
    assert not TallyChange.objects.exists()
    assert counts.snapshot(campaign.pk) == totals() == before
    assert counted(campaign) == counts.recount(campaign.pk)
    withdrawn = sum(signature.pk % 2 for signature in signatures)
    assert counted(campaign)["withdrawn", "all", ""] == withdrawn
    assert counted(campaign)["published", "all", ""] == 24 - withdrawn


def elsewhere(call: Callable[[], Any]) -> Any:
    """What it returns on a connection of its own, while this one's transaction is open."""
    return at_once([call])[0]


def append_one(campaign: Campaign) -> None:
    TallyChange.objects.bulk_create(counts.changed(campaign.pk, None, HELD))


def read_up_to_the_newest() -> tuple[int, int]:
    """The first half of a fold as somebody would write it first: the newest id, and the sum."""
    rows = TallyChange.objects.values_list("pk", "delta").order_by("pk")
    return rows[len(rows) - 1][0], sum(delta for _pk, delta in rows)


def add_and_delete(campaign: Campaign, newest: int, n: int) -> None:
    """Its second half."""
    key = {"state": "held", "dimension": "all", "key": ""}
    total, _created = Tally.objects.get_or_create(campaign=campaign, **key, defaults={"n": 0})
    Tally.objects.filter(pk=total.pk).update(n=F("n") + n)
    TallyChange.objects.filter(pk__lte=newest).delete()


def held(campaign: Campaign) -> int:
    return counts.snapshot(campaign.pk)["held", "all", ""]


def test_a_row_that_commits_behind_a_higher_id_is_folded_the_next_time() -> None:
    campaign = make_campaign()
    with transaction.atomic():
        append_one(campaign)  # the lower id, committed last
        elsewhere(partial(append_one, campaign))
        assert elsewhere(counts.fold) == 1
    assert held(campaign) == 2
    assert counts.fold() == 1
    assert held(campaign) == 2


def test_control_a_fold_up_to_the_newest_id_loses_what_commits_behind_it() -> None:
    campaign = make_campaign()
    with transaction.atomic():
        append_one(campaign)
        elsewhere(partial(append_one, campaign))
        newest, n = elsewhere(read_up_to_the_newest)
    add_and_delete(campaign, newest, n)
    assert held(campaign) == 1


def test_control_two_folds_that_read_before_they_delete_count_double() -> None:
    campaign = make_campaign()
    append_one(campaign)
    first, second = read_up_to_the_newest(), elsewhere(read_up_to_the_newest)
    add_and_delete(campaign, *first)
    elsewhere(partial(add_and_delete, campaign, *second))
    assert held(campaign) == 2


def test_a_second_fold_leaves_alone_what_the_first_is_folding() -> None:
    campaign = make_campaign()
    append_one(campaign)
    with transaction.atomic():
        assert counts.fold() == 1
        assert elsewhere(counts.fold) == 0
        assert elsewhere(partial(held, campaign)) == 1
    assert held(campaign) == 1
    assert not TallyChange.objects.exists()
