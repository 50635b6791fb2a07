"""A print list is frozen while somebody on it erases their data: nothing of them is left on it."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from campaign import leaving, printing, signing, tasks
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


def erased_before_its_line_is_written(zoe: Signature, monkeypatch: pytest.MonkeyPatch) -> None:
    token = manage_token(zoe)
    meanwhile = Meanwhile(lambda: leaving.erase(token)).before(monkeypatch, printing, "_insert")
    tasks.freeze_print_lists()
    assert meanwhile.end() is None
    assert not meanwhile.waited


def test_who_is_erased_after_the_list_was_read_is_a_blank_line(
    zoe: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased_before_its_line_is_written(zoe, monkeypatch)
    assert_blank(zoe)


def test_without_the_second_look_the_list_keeps_their_name(
    zoe: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "named_though_erased", PrintEntry.objects.none)
    erased_before_its_line_is_written(zoe, monkeypatch)
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
        erased_before_its_line_is_written(zoe, patch)
    assert PrintList.objects.get().frozen_at is None  # nobody gets the file
    tasks.freeze_print_lists()
    assert_blank(zoe)


def hiding_while_the_list_waits(zoe: Signature) -> Meanwhile:
    """Ana, who stands further up, hides her name while the list waits for the erasure of Zoë."""
    ana = manage_token(Signature.objects.get(name="Ana Brook"))
    freezing = Meanwhile(printing.freeze_ordered)
    hiding = Meanwhile(lambda: signing.show(ana, show_name=False))
    with erasing(zoe):
        freezing.happen()
        assert freezing.waited
        hiding.happen()
    assert freezing.end() is None
    assert not isinstance(hiding.end(), Exception)
    assert_blank(zoe)
    return hiding


def test_who_is_on_a_list_that_is_being_frozen_waits_for_one_chunk_at_most(
    zoe: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "CHUNK", 1)
    assert not hiding_while_the_list_waits(zoe).waited


def test_in_one_chunk_everybody_waits_for_the_whole_list(zoe: Signature) -> None:
    assert hiding_while_the_list_waits(zoe).waited


def test_a_worker_that_dies_between_two_chunks_leaves_the_list_to_the_next(
    zoe: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "CHUNK", 1)
    real, calls = printing._insert, list[int]()

    def dies(entries: list[PrintEntry]) -> None:
        calls.append(len(entries))
        if len(calls) == 2:
            raise KeyboardInterrupt
        real(entries)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(printing, "_insert", dies)
        tasks.freeze_print_lists()
    assert named() == ["Ana Brook"]
    assert PrintList.objects.get().frozen_at is None
    tasks.freeze_print_lists()
    made = PrintList.objects.get()
    assert (made.number, made.sha256) == (2, hashlib.sha256(FROZEN).hexdigest())
    assert b"".join(printing.lines(made)) == FROZEN


def test_it_is_of_one_moment_however_many_chunks_it_is(
    zoe: Signature, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printing, "CHUNK", 1)
    token = manage_token(zoe)
    hiding = Meanwhile(lambda: signing.show(token, show_name=False))
    hiding.before(monkeypatch, printing, "_insert")
    tasks.freeze_print_lists()
    assert not isinstance(hiding.end(), Exception)
    made = PrintList.objects.get()
    assert b"".join(printing.lines(made)) == FROZEN
    assert [entry.name for entry in printing.left_since(made)] == ["Zoë Moreau"]


def test_two_workers_freeze_a_list_once(zoe: Signature) -> None:
    assert at_once([printing.freeze_ordered] * 4) == [None] * 4
    made = PrintList.objects.get()
    assert (made.number, made.sha256) == (2, hashlib.sha256(FROZEN).hexdigest())
    assert b"".join(printing.lines(made)) == FROZEN
    assert made.frozen_at is not None
