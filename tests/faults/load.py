"""People who sign and confirm over HTTP while things break, and what they were answered.

An address is noted as signed once its 202 has come, as confirmed once its 200 has: what the product
said to somebody is what it must have kept.
"""

import http.client
import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from tests.e2e.browser import Browser, Page
from tests.e2e.product import Product
from tests.e2e.sink import body, link
from tests.e2e.until import until
from tests.factories import details

SIGN = "/api/v1/campaigns/art/signatures/"
CONFIRM = "/api/v1/signatures/confirm/"
PEOPLE = 2
"""How many sign at once, each one after the other."""
PAUSE = 0.04
"""Seconds between one's answer and the next one's request; the machine has other work to do too."""
SLOW = 0.3
"""The same while nobody waits for more of them: what a supervisor does may take long."""
MOST = 200
"""Signers of a round at most; then the rest of it goes on without new ones."""
SYLLABLES = (
    "ba",
    "da",
    "fe",
    "go",
    "hu",
    "ka",
    "lo",
    "mi",
    "nu",
    "pe",
    "ri",
    "so",
    "ta",
    "vu",
    "we",
)

_numbers = itertools.count()


class Load:
    """Signers on ``PEOPLE`` threads, and one more on which whoever has their mail confirms."""

    def __init__(self, product: Product) -> None:
        self._product = product
        self._stop = threading.Event()
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._sign_on) for _ in range(PEOPLE)]
        self._threads.append(threading.Thread(target=self._confirm_on))
        self._read = len(product.sink.since(0))
        self._wanted = 0
        self.signed: list[str] = []
        self.confirmed: dict[str, str] = {}
        """The status that each was told."""
        self.unanswered: list[str] = []
        """Addresses of those who got no 202: whether their signature is there is open."""
        self._open: dict[str, str] = {}
        """Who has a link that is not confirmed yet."""

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def go_on(self, people: int, *, at_most: float) -> None:
        """Until so many more have signed or tried to, or the time is up."""
        self._wanted = min(self.tried + people, MOST)
        ends = time.monotonic() + at_most
        until(
            lambda: self.tried >= self._wanted or time.monotonic() > ends,
            within=at_most + 5,
            what="more people sign",
        )

    def wait_until(self, look: Callable[[], bool]) -> None:
        """People go on signing until that has happened."""
        until(look, within=20, what="the fault happens")

    @property
    def tried(self) -> int:
        return len(self.signed) + len(self.unanswered)

    def stop_signing(self) -> None:
        """Nobody comes any more; who has a mail still confirms."""
        self._stop.set()
        for thread in self._threads[:PEOPLE]:
            thread.join()

    def end(self) -> None:
        self._stop.set()
        self._done.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def has_settled(self) -> bool:
        """Whether everybody who got a link has confirmed."""
        return not self._open and self._read == len(self._product.sink.since(0))

    def sign_one(self) -> str | None:
        """One person signs; their address once they are acknowledged."""
        n = next(_numbers)
        word = "".join(SYLLABLES[n // 15**place % 15] for place in range(4))
        address = f"{word}@{word}.example.net"
        typed = details(email=address, name=f"Ada {word.capitalize()}", credit=f"Songs of {word}")
        if self._post(SIGN, typed, network=n) == 202:
            self.signed.append(address)
            return address
        self.unanswered.append(address)
        return None

    def _sign_on(self) -> None:
        while self.tried < MOST:
            self.sign_one()
            if self._stop.wait(PAUSE if self.tried < self._wanted else SLOW):
                break

    def _confirm_on(self) -> None:
        while not self._done.wait(PAUSE):
            for address, mail in self._product.sink.since(self._read):
                self._read += 1
                if "/confirm/" in body(mail, "plain") and address not in self.confirmed:
                    self._open[address] = link(mail, "confirm").rstrip("/").rpartition("/")[2]
            for address, token in list(self._open.items()):
                with suppress(OSError, http.client.HTTPException):
                    answer = self._ask(CONFIRM, {"token": token})
                    if answer.status == 200:
                        self.confirmed[address] = answer.json["status"]
                        del self._open[address]

    def _post(self, path: str, body: dict[str, object], *, network: int) -> int:
        try:
            return self._ask(path, body, network=network).status
        except (OSError, http.client.HTTPException):
            return 0  # no answer is no acknowledgement

    def _ask(self, path: str, body: dict[str, object], *, network: int = 0) -> Page:
        # Everybody comes from a network of their own, or a rule would hold them.
        source = f"100.{64 + network // 250 % 64}.{network % 250}.7"
        return Browser(self._product.base).post_json(path, body, {"X-Forwarded-For": source})


@contextmanager
def signing(product: Product) -> Iterator[Load]:
    load = Load(product)
    load.start()
    try:
        yield load
    finally:
        load.end()
