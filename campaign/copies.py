"""Copies of public answers: one second old in each process, behind it those of all processes.

What is kept is read anew by one caller at a time; whoever comes meanwhile gets the copy at hand, and
waits only where there is none. An answer that is not to be kept is never shared.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Event, Lock

from campaign import vitals
from campaign.compression import compressed, weak
from campaign.languages import choose
from campaign.shelf import LIFE as AT_HAND
from campaign.shelf import Shelf

LIFE = 1.0
"""Seconds that a copy is given without a question. `AT_HAND` is how old it may be while it is read
anew; that, and what browsers and proxies add (`freshness`), stay below a minute together."""
REST = 0.1
"""Seconds until the next question whether another process has read it anew."""
WAIT = 2.0
"""Seconds that a caller without a copy waits for another's; then it reads for itself."""
STEP = 0.02
"""Seconds between two looks for the copy of another process, where there is none at hand."""
MOST = 500
"""Copies in a process. Beyond, new ones are not kept, so nothing pushes out what is asked often."""

ORIGINS = ("process", "shared", "read")
"""Where an answer came from: a copy of this process, one of another process, or a reading."""
TELL = 5.0
"""Seconds until a process says again how many it gave of each."""

SOURCES = 20
"""Sources whose copies a copy remembers, while it lives."""

Headers = list[tuple[str, str]]
Choices = tuple[tuple[str, ...], ...]
"""The languages out of which the browser's wishes chose, once for each choice."""


@dataclass(frozen=True)
class Copy:
    """One whole answer of status 200; ``began`` is when its reading did, by our monotonic clock."""

    headers: Headers
    body: bytes
    choices: Choices = ()
    began: float = field(default_factory=time.monotonic, compare=False)

    def header(self, name: str) -> str:
        return next((value for each, value in self.headers if each.lower() == name), "")

    @cached_property
    def etag(self) -> str:
        return self.header("etag")

    @cached_property
    def media_type(self) -> str:
        return self.header("content-type").partition(";")[0]

    @cached_property
    def headers_of_304(self) -> Headers:
        """What RFC 9110, 15.4.5, wants, and what a script of another site needs to read it."""
        return [each for each in self.headers if not each[0].lower().startswith("content-")]

    def unchanged_since(self, before: "Copy | None") -> "Copy":
        """This copy, with the time at which what it says was first seen, if ``before`` said the same."""
        if before is None or not self.etag or before.etag != self.etag:
            return self
        first_seen = before.header("last-modified")
        headers = [(n, first_seen if n.lower() == "last-modified" else v) for n, v in self.headers]
        return replace(self, headers=headers)

    @cached_property
    def is_compressible(self) -> bool:
        return "Accept-Encoding" in self.header("vary")

    @cached_property
    def gzipped(self) -> "Copy":
        """The copy for who takes gzip; compressed once."""
        body = compressed(self.body)
        told = {"content-length": str(len(body)), "etag": weak(self.etag)}
        headers = [(n, told.get(n.lower(), v)) for n, v in self.headers]
        return replace(self, headers=[*headers, ("Content-Encoding", "gzip")], body=body)

    @cached_property
    def _told(self) -> dict[str, "Copy"]:
        return {}

    def telling(self, mark: str, source: str) -> "Copy":
        """The copy with a source in the place of the mark; neither needs escaping anywhere.

        The first of them are remembered: most people come from a few sources, and what they get is
        compressed once too.
        """
        told = self._told.get(source) or self._with(mark, source)
        if len(self._told) < SOURCES:
            self._told[source] = told
        return told

    def _with(self, mark: str, source: str) -> "Copy":
        body = self.body.replace(mark.encode(), source.encode())
        told = {"content-length": str(len(body)), "etag": f'{self.etag[:-1]}-{source}"'}
        # A redirect has the address in its Location.
        headers = [(n, told.get(n.lower(), v.replace(mark, source))) for n, v in self.headers]
        return Copy(headers, body, self.choices, self.began)

    def encode(self) -> bytes:
        return json.dumps([self.headers, self.choices]).encode() + b"\n" + self.body

    @classmethod
    def decode(cls, text: bytes, *, age: float) -> "Copy":
        said, _, body = text.partition(b"\n")
        headers, choices = json.loads(said)
        began = time.monotonic() - age
        return cls([(n, v) for n, v in headers], body, tuple(map(tuple, choices)), began)


class _Flight:
    """A reading that is under way, and what came of it once it is ``over``."""

    def __init__(self) -> None:
        self.over = Event()
        self.copy: Copy | None = None


class Copies:
    """What one process keeps, by address."""

    def __init__(self) -> None:
        self._shelf = Shelf()
        # Each with the time until which it is given without a question.
        self._kept: dict[str, tuple[Copy, float]] = {}
        self._choices: dict[str, Choices] = {}
        self._flights: dict[str, _Flight] = {}
        self._guard = Lock()
        # Two threads at once may lose one: they are for a share of thousands, and without a lock free.
        self._given = dict.fromkeys(ORIGINS, 0)
        self._told_at = time.monotonic()

    def get(self, address: str, wishes: str | None, read: Callable[[], Copy | None]) -> Copy | None:
        """The copy of an address for a browser with those wishes (its Accept-Language).

        ``read`` gives a new one, or None where the answer must not be kept; then, and where another
        caller's must not, the result is None.

        1. A copy that is young enough is given as it is.
        2. Else one caller of this process asks on; the others get the copy at hand, or wait.
        3. The one takes the copy of another process, or claims the key among all of them and reads;
           without the claim it gives the copy at hand, or waits for the one that has it.
        """
        key = self._key(address, wishes)
        if copy := self._young(key):
            self._given["process"] += 1
            return copy
        with self._guard:
            under_way = self._flights.get(key)
            flight = self._flights.setdefault(key, _Flight())
        if under_way is not None:
            self._given["process"] += 1
            return self._at_hand(key) or self._of(under_way, address, wishes, read)
        try:
            # It may have come between our look and our turn.
            flight.copy = self._young(key) or self._renewed(address, wishes, read)
        finally:
            # Whatever happened: nobody may wait for a reading that is over.
            del self._flights[key]
            flight.over.set()
            self._tell()
        return flight.copy

    def _tell(self) -> None:
        """Say how many were given since the last time, for all processes together."""
        if time.monotonic() - self._told_at < TELL:
            return
        self._told_at = time.monotonic()
        given, self._given = self._given, dict.fromkeys(ORIGINS, 0)
        vitals.count({f"copies:{origin}": n for origin, n in given.items()})

    def _young(self, key: str) -> Copy | None:
        kept = self._kept.get(key)
        return kept[0] if kept is not None and time.monotonic() < kept[1] else None

    def _at_hand(self, key: str) -> Copy | None:
        kept = self._kept.get(key)
        return kept[0] if kept is not None and _age(kept[0]) < AT_HAND else None

    def _of(
        self, flight: _Flight, address: str, wishes: str | None, read: Callable[[], Copy | None]
    ) -> Copy | None:
        if not flight.over.wait(WAIT):
            return read()
        if flight.copy is None or not flight.copy.choices:
            return flight.copy
        # It may speak another language: whether there is one to choose was not known before.
        return self.get(address, wishes, read)

    def _renewed(
        self, address: str, wishes: str | None, read: Callable[[], Copy | None]
    ) -> Copy | None:
        key = self._key(address, wishes)
        before, claimed = self._among_processes(key)
        if before is not None and not claimed:
            self._given["shared"] += 1
            self._keep(key, before)
            return before
        self._given["read"] += 1
        copy: Copy | None = None
        try:
            copy = read()
        finally:
            if copy is None:
                self._shelf.release(key)
        if copy is None:
            return None
        copy = copy.unchanged_since(before)
        # Only now it is known whether the browser has a say, and out of which languages.
        self._choices[address] = copy.choices
        asked, key = key, self._key(address, wishes)
        self._keep(key, copy)
        self._shelf.put(key, copy.encode(), age=_age(copy))
        if asked != key:
            # Another process would wait under it for a copy that never comes there.
            self._shelf.release(asked)
        return copy

    def _among_processes(self, key: str) -> tuple[Copy | None, bool]:
        """The youngest copy that there is, and whether the caller is to read it anew.

        Without a copy it waits for the process that has the claim, and at the end reads all the same.
        """
        deadline = time.monotonic() + WAIT
        while True:
            copy = self._youngest(key)
            if copy is not None and _age(copy) < LIFE:
                return copy, False
            claimed = self._shelf.claim(key, seconds=LIFE)
            if claimed or (copy is not None and _age(copy) < AT_HAND):
                return copy, claimed
            if time.monotonic() > deadline:
                return None, True
            time.sleep(STEP)

    def _youngest(self, key: str) -> Copy | None:
        ours = self._kept[key][0] if key in self._kept else None
        found = self._shelf.find(key)
        theirs = Copy.decode(found[0], age=found[1]) if found else None
        return min((copy for copy in (ours, theirs) if copy), key=_age, default=None)

    def _keep(self, key: str, copy: Copy) -> None:
        """Keep it in this process until it is a life old, or, older already, for a short rest."""
        now = time.monotonic()
        with self._guard:
            if len(self._kept) >= MOST and key not in self._kept:
                old = [each for each, (kept, _) in self._kept.items() if _age(kept) >= AT_HAND]
                for each in old:
                    del self._kept[each]
            if len(self._kept) < MOST or key in self._kept:
                self._kept[key] = (copy, max(copy.began + LIFE, now + REST))

    def _key(self, address: str, wishes: str | None) -> str:
        choices = self._choices.get(address)
        if not choices:
            return address
        chosen = (choose(languages, accept=wishes).language for languages in choices)
        return f"{address} {','.join(chosen)}"


def _age(copy: Copy) -> float:
    return time.monotonic() - copy.began
