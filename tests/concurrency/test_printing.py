"""A print list is frozen while somebody on it erases their data: nothing of them is left on it."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from campaign import leaving, printing, tasks
from campaign.campaign_file import parse
from campaign.models import PrintEntry, PrintList, Signature
from campaign.models.signature import Status
from campaign.organising import load_campaign
from tests.concurrency.threads import PATIENCE, Meanwhile, at_once
from tests.factories import campaign_file, make_signature, manage_token, somebody

pytestmark = pytest.mark.django_db(transaction=True)

FROZEN = "Ana Brook\t\t\tmusician\nZoë Moreau\tThe Quarry Songs\t\tmusician\n".encode()


@pytest.fixture
def zoe() -> Signature:
    """The second of two on a list that is ordered, and not frozen yet."""
    agreed = 'consent = "I agree that my name is published."'
    text = campaign_file(publication="after_verification")
    load_campaign(parse(text.replace(agreed, f"{agreed}\nconsent_covers_print = true")))
    make_signature(name="Ana Brook", credit="")
    signature = make_signature(name="Zoë Moreau")
    campaign = signature.campaign
    printing.order(campaign=campaign, by=somebody("owner"), reason="Full page in the Gazette")
    return signature


def assert_blank(zoe: Signature) -> None:
    zoe.refresh_from_db()
    assert zoe.status == Status.ERASED
    made = PrintList.objects.get()
    # As after any erasure: what was hashed had the name, and the file is no longer that one.
    assert (made.number, made.sha256) == (2, hashlib.sha256(FROZEN).hexdigest())
    assert made.frozen_at is not None
    assert b"".join(printing.lines(made)) == b"Ana Brook\t\t\tmusician\n\n"
    assert not printing.is_whole(made)
    assert named() == ["Ana Brook"]


def named() -> list[str]:
    return list(PrintEntry.objects.exclude(name="").values_list("name", flat=True))


def erased_while_its_lines_are_hashed(zoe: Signature, monkeypatch: pytest.MonkeyPatch) -> None:
    token = manage_token(zoe)
    meanwhile = Meanwhile(lambda: leaving.erase(token)).before(monkeypatch, printing, "lines")
    tasks.freeze_print_lists()
    assert meanwhile.end() is None
    assert not meanwhile.waited


def test_who_is_erased_while_the_lines_are_hashed_is_a_blank_line(
    zoe: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased_while_its_lines_are_hashed(zoe, monkeypatch)
    assert_blank(zoe)


def test_without_the_second_look_the_list_keeps_their_name(
    zoe: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "named_though_erased", PrintEntry.objects.none)
    erased_while_its_lines_are_hashed(zoe, monkeypatch)
    assert named() == ["Ana Brook", "Zoë Moreau"]


@contextmanager
def erasing(signature: Signature) -> Iterator[None]:
    """Somebody erases their data, and the commit comes as late as this block takes."""
    erased, finish = threading.Event(), threading.Event()

    def erase() -> None:
        with transaction.atomic():
            leaving.erase(manage_token(signature))
            erased.set()
            assert finish.wait(PATIENCE)

    outcome: list[Any] = []
    other = threading.Thread(target=lambda: outcome.extend(at_once([erase])))
    other.start()
    assert erased.wait(PATIENCE)
    yield
    finish.set()
    other.join(PATIENCE)
    assert outcome == [None]


def test_a_list_waits_for_who_is_being_erased_before_it_is_frozen(zoe: Signature) -> None:
    freezing = Meanwhile(printing.freeze_ordered)
    with erasing(zoe):
        freezing.happen()
        assert freezing.waited
        assert not PrintEntry.objects.exists()
    assert freezing.end() is None
    assert_blank(zoe)


def test_a_worker_that_dies_before_the_second_look_leaves_it_to_the_next(
    zoe: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die() -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(printing, "named_though_erased", die)
        erased_while_its_lines_are_hashed(zoe, patch)
    assert PrintList.objects.get().frozen_at is None  # nobody gets the file
    tasks.freeze_print_lists()
    assert_blank(zoe)


def test_two_workers_freeze_a_list_once(zoe: Signature) -> None:
    assert at_once([printing.freeze_ordered] * 4) == [None] * 4
    made = PrintList.objects.get()
    assert (made.number, made.sha256) == (2, hashlib.sha256(FROZEN).hexdigest())
    assert b"".join(printing.lines(made)) == FROZEN
    assert made.frozen_at is not None
