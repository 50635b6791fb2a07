"""Many ask at once: one reads, nobody waits for ever, and no 304 is older than a copy may be."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings

from campaign import copies, line, shelf
from campaign.copies import Copies, Copy
from campaign.models import Campaign
from tests.concurrency.threads import PATIENCE, at_once
from tests.e2e.until import until
from tests.factories import make_campaign
from tests.fronts import BASE, Process

THREADS = 20
ADDRESS = "http://testserver/x?"


class Reader:
    """Readings that begin when they are asked for and end when they are let go."""

    def __init__(self) -> None:
        self.begun = 0
        self.go = threading.Event()
        self._guard = threading.Lock()

    def read(self) -> Copy | None:
        with self._guard:
            self.begun += 1
            number = self.begun
        assert self.go.wait(PATIENCE)
        return Copy([("ETag", f'"{number}"')], str(number).encode())


class Asking:
    """Threads that ask for one address, and how many of them have begun."""

    def __init__(self, asked: list[Copies], read: Callable[[], Copy | None]) -> None:
        self.begun = 0
        self.outcomes: list[Any] = []
        self._read = read
        self._guard = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(each,)) for each in asked]
        for thread in self._threads:
            thread.start()

    def _ask(self, asked: Copies) -> None:
        with self._guard:
            self.begun += 1
        try:
            outcome: Any = asked.get(ADDRESS, None, self._read)
        except Exception as error:
            outcome = error
        with self._guard:
            self.outcomes.append(outcome)

    def ended(self) -> list[Any]:
        for thread in self._threads:
            thread.join(PATIENCE)
        assert not any(thread.is_alive() for thread in self._threads)
        return self.outcomes


class NoFlights(dict[str, Any]):
    """The guard of one process taken away: nobody sees that another is reading."""

    def get(self, _key: str, _default: Any = None) -> None:
        return None

    def __delitem__(self, key: str) -> None:
        self.pop(key, None)


@pytest.fixture
def lasting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits and claims that no slow machine outlasts."""
    monkeypatch.setattr(copies, "LIFE", PATIENCE)
    monkeypatch.setattr(copies, "WAIT", PATIENCE)


# --- One reads -------------------------------------------------------------------------------


@pytest.mark.parametrize("processes", [1, 4])
def test_of_twenty_who_come_at_once_one_reads(lasting: None, processes: int) -> None:
    reader = Reader()
    several = [Copies() for _ in range(processes)]
    asking = Asking([several[n % processes] for n in range(THREADS)], reader.read)
    until(lambda: asking.begun == THREADS and reader.begun)
    reader.go.set()
    assert [copy.body for copy in asking.ended()] == [b"1"] * THREADS
    assert reader.begun == 1


def test_without_the_guards_all_of_them_read(
    lasting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(shelf.Shelf, "claim", lambda *_args, **_seconds: True)
    reader = Reader()
    unguarded = Copies()
    unguarded._flights = NoFlights()
    asking = Asking([unguarded] * THREADS, reader.read)
    until(lambda: reader.begun == THREADS)
    reader.go.set()
    asking.ended()


def test_without_the_claim_each_process_reads(
    lasting: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control of what holds between processes."""
    monkeypatch.setattr(shelf.Shelf, "claim", lambda *_args, **_seconds: True)
    reader = Reader()
    asking = Asking([Copies() for _ in range(4)], reader.read)
    until(lambda: reader.begun == 4)
    reader.go.set()
    asking.ended()


@pytest.mark.parametrize("same_process", [True, False])
def test_while_one_reads_the_others_get_the_copy_at_hand(
    monkeypatch: pytest.MonkeyPatch, same_process: bool
) -> None:
    monkeypatch.setattr(copies, "LIFE", 0.0)
    monkeypatch.setattr(copies, "REST", 0.0)
    kept, reader = Copies(), Reader()
    other = kept if same_process else Copies()
    reader.go.set()
    kept.get(ADDRESS, None, reader.read)
    reader.go.clear()
    claim = shelf.Shelf.claim

    def for_long(self: shelf.Shelf, key: str, *, seconds: float) -> bool:
        return claim(self, key, seconds=PATIENCE)

    until(lambda: for_long(shelf.Shelf(), ADDRESS, seconds=0))
    shelf.Shelf().release(ADDRESS)
    monkeypatch.setattr(shelf.Shelf, "claim", for_long)
    first = Asking([kept], reader.read)
    until(lambda: reader.begun == 2)
    for _ in range(10):
        copy = other.get(ADDRESS, None, reader.read)
        assert copy is not None
        assert copy.body == b"1"
    assert reader.begun == 2
    reader.go.set()
    assert [copy.body for copy in first.ended()] == [b"2"]


def test_who_waits_for_another_language_gets_their_own(lasting: None) -> None:
    kept, go, begun = Copies(), threading.Event(), threading.Event()

    def read(language: str) -> Callable[[], Copy]:
        def reading() -> Copy:
            begun.set()
            assert go.wait(PATIENCE)
            return Copy([], language.encode(), (("en", "fr"),))

        return reading

    given: dict[str, Any] = {}

    def ask(wish: str) -> None:
        given[wish] = kept.get(ADDRESS, wish, read(wish))

    threads = [threading.Thread(target=ask, args=(wish,)) for wish in ("en", "fr")]
    threads[0].start()
    assert begun.wait(PATIENCE)
    threads[1].start()
    go.set()
    for thread in threads:
        thread.join(PATIENCE)
    assert {wish: copy.body for wish, copy in given.items()} == {"en": b"en", "fr": b"fr"}


# --- Nobody waits for ever -------------------------------------------------------------------


def test_a_reading_that_breaks_or_gives_nothing_holds_nobody(lasting: None) -> None:
    kept = Copies()

    def broken() -> Copy | None:
        raise RuntimeError("secret")

    with pytest.raises(RuntimeError):
        kept.get(ADDRESS, None, broken)
    assert kept.get(ADDRESS, None, lambda: None) is None
    assert Copies().get(ADDRESS, None, lambda: None) is None
    copy = kept.get(ADDRESS, None, lambda: Copy([], b"well"))
    assert copy is not None
    assert copy.body == b"well"


def test_who_waited_for_a_reading_that_broke_goes_on(lasting: None) -> None:
    go = threading.Event()

    def broken() -> Copy | None:
        assert go.wait(PATIENCE)
        raise RuntimeError("secret")

    asking = Asking([Copies()] * THREADS, broken)
    until(lambda: asking.begun == THREADS)
    go.set()
    outcomes = asking.ended()
    assert {type(outcome) for outcome in outcomes} <= {RuntimeError, type(None)}
    assert any(isinstance(outcome, RuntimeError) for outcome in outcomes)


def test_a_claim_whose_process_died_ends_by_itself() -> None:
    assert shelf.Shelf().claim(ADDRESS, seconds=0.3)
    assert not shelf.Shelf().claim(ADDRESS, seconds=0.3)
    began = time.monotonic()
    copy = Copies().get(ADDRESS, None, lambda: Copy([], b"well"))
    assert copy is not None
    assert copy.body == b"well"
    assert time.monotonic() - began < copies.WAIT


def test_who_waits_longer_than_long_reads_for_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "WAIT", 0.1)
    assert shelf.Shelf().claim(ADDRESS, seconds=PATIENCE)
    kept, reader = Copies(), Reader()
    asking = Asking([kept], reader.read)
    until(lambda: reader.begun == 1)
    copy = kept.get(ADDRESS, None, lambda: Copy([], b"mine"))
    assert copy is not None
    assert copy.body == b"mine"
    reader.go.set()
    asking.ended()


# --- Redis lost ------------------------------------------------------------------------------


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[socket.socket]]:
    """A Redis that takes connections and never answers; the connections that it took."""
    taken: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def take() -> None:
            try:
                while True:
                    taken.append(server.accept()[0])
            except OSError:
                return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        monkeypatch.setattr(settings, "REDIS_URL", f"redis://127.0.0.1:{port}/0")
        yield taken
        server.shutdown(socket.SHUT_RDWR)
        thread.join(PATIENCE)
    for each in taken:
        each.close()


def test_a_hanging_redis_costs_one_short_time_out(
    silent: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copies, "LIFE", 0.0)
    monkeypatch.setattr(copies, "REST", 0.0)
    kept, reader = Copies(), Reader()
    reader.go.set()
    began = time.monotonic()
    for number in range(1, 51):
        copy = kept.get(ADDRESS, None, reader.read)
        assert copy is not None
        assert copy.body == str(number).encode()
    assert time.monotonic() - began < line.PAUSE
    assert len(silent) == 1


def test_after_the_pause_redis_is_tried_again(
    silent: list[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = shelf.Shelf()
    assert shared.find("x") is None
    assert shared.claim("x", seconds=1)
    assert len(silent) == 1
    monkeypatch.setattr(line, "PAUSE", 0.0)
    shared._line._quiet_until = time.monotonic()
    assert shared.find("x") is None
    assert len(silent) == 2


def test_without_redis_each_process_keeps_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "LIFE", PATIENCE)
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    kept, reader = Copies(), Reader()
    reader.go.set()
    given = [each.get(ADDRESS, None, reader.read) for each in (kept, kept, Copies())]
    assert [copy.body for copy in given if copy] == [b"1", b"1", b"2"]


# --- Never a stale 304 -----------------------------------------------------------------------


def stale_304s(process: Process, seconds: float, oldest: float) -> list[int]:
    """Poll a goal that grows; the 304s that said of a goal that it was still the current one,
    though another had been committed for longer than ``oldest`` when they were asked for."""
    committed: list[float] = []
    etags: dict[str, int] = {}
    end = time.monotonic() + seconds
    stale: list[int] = []

    def write() -> None:
        while time.monotonic() < end:
            Campaign.objects.update(goal=len(committed) + 1)
            committed.append(time.monotonic())
            time.sleep(0.02)  # its pace, not a wait: nothing is expected after it

    def poll() -> None:
        known = '"none"'
        while time.monotonic() < end:
            asked = time.monotonic()
            given = process.get(BASE, if_none_match=known)
            if given.status == 200:
                known = given["ETag"]
                etags[known] = int(given.body.split(b'"goal":')[1].split(b",")[0])
                continue
            goal = etags[known]
            # The next goal was committed at committed[goal].
            if goal < len(committed) and committed[goal] < asked - oldest:
                stale.append(goal)

    outcomes = at_once([write, poll, poll, poll])
    assert outcomes == [None] * 4
    assert len(committed) > 5
    assert len(etags) > 1
    return stale


@pytest.mark.django_db(transaction=True)
def test_no_304_is_older_than_a_copy_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    make_campaign()
    Campaign.objects.update(goal=1_000_000)
    monkeypatch.setattr(copies, "LIFE", 0.02)
    monkeypatch.setattr(copies, "REST", 0.01)
    monkeypatch.setattr(copies, "AT_HAND", 0.1)
    # What came by way of Redis may have been on its way as long as a question may take.
    assert stale_304s(Process(), seconds=2, oldest=0.1 + line.TIMEOUT) == []


@pytest.mark.django_db(transaction=True)
def test_without_that_bound_304s_are_stale(monkeypatch: pytest.MonkeyPatch) -> None:
    """The control."""
    make_campaign()
    Campaign.objects.update(goal=1_000_000)
    monkeypatch.setattr(copies, "LIFE", 0.6)
    assert stale_304s(Process(), seconds=2, oldest=0.1 + line.TIMEOUT) != []
