"""Requests at a fixed rate, whether the answers keep up or not; wrk only knows as fast as it goes.

    python -m benchmarks.open_loop PORT SECONDS SIGN_RATE COUNTS_RATE TAG FILE

A time is counted from the moment at which a request was due, so that a server that stands still
can't hide how many it kept waiting. FILE gets a line for each signer that was accepted: when (as in
sink.py) and the address. Prints one line of JSON at the end.
"""

import asyncio
import json
import sys
import time
from collections import deque
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from benchmarks.campaign import COUNTS, SIGN

GRACE = 10.0  # seconds after the end until what isn't answered counts as an error
CONNECTIONS = 32


class Connection(asyncio.Protocol):
    """One kept connection with one request at a time."""

    def __init__(self, load: "Load") -> None:
        self._load = load
        self._buffer = b""
        self.number = -1
        self.due = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._load.free(self)

    def send(self, number: int, due: float) -> None:
        self.number, self.due = number, due
        self._transport.write(self._load.request(number))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        if len(body) >= length:
            self._buffer = b""
            self._load.answered(self, status=int(head[9:12]))

    def connection_lost(self, _error: Exception | None) -> None:
        self._load.lost(self)


class Load:
    """Requests of one kind, ``rate`` a second for so many seconds."""

    def __init__(
        self, *, port: int, rate: float, seconds: float, expected: int, body: Callable[[int], bytes]
    ) -> None:
        self._port, self._rate = port, rate
        self.request, self._expected = body, expected
        self._total = int(rate * seconds)
        self._next = 0
        self._waiting: deque[tuple[int, float]] = deque()
        self._idle: list[Connection] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._ended = False
        self.times: list[float] = []
        self.accepted: list[tuple[float, int]] = []
        self.statuses: dict[int, int] = {}
        self.done = asyncio.Event()

    async def run(self) -> None:
        for _ in range(CONNECTIONS):
            await self._connect()
        self._begin = asyncio.get_running_loop().time()
        self._tick()
        limit = self._total / self._rate + GRACE
        try:
            await asyncio.wait_for(self.done.wait(), limit)
        except TimeoutError:
            self.statuses[0] = self._total - sum(self.statuses.values())
        self._ended = True

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: Connection(self), "127.0.0.1", self._port)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        while self._next < self._total and (due := self._due()) <= now:
            self._waiting.append((self._next, due))
            self._next += 1
        self._pump()
        if self._next < self._total and not self._ended:
            loop.call_at(self._due(), self._tick)

    def _due(self) -> float:
        return self._begin + self._next / self._rate

    def _pump(self) -> None:
        while self._waiting and self._idle:
            self._idle.pop().send(*self._waiting.popleft())

    def free(self, connection: Connection) -> None:
        connection.number = -1
        self._idle.append(connection)
        self._pump()

    def answered(self, connection: Connection, *, status: int) -> None:
        now = time.monotonic()
        self._count(status)
        if status == self._expected:
            self.times.append(now - connection.due)
            self.accepted.append((now, connection.number))
        self.free(connection)

    def lost(self, connection: Connection) -> None:
        """An error if a request was under way; the next one has a new connection."""
        if self._ended:
            return
        if connection.number >= 0:
            self._count(-1)
        elif connection in self._idle:
            self._idle.remove(connection)
        task = asyncio.create_task(self._connect())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _count(self, status: int) -> None:
        self.statuses[status] = self.statuses.get(status, 0) + 1
        if sum(self.statuses.values()) == self._total:
            self.done.set()

    def report(self) -> dict[str, Any]:
        """How many there were of each status (0: not in time, -1: broke off), and times in ms."""
        times = sorted(self.times)
        part = {f"p{p}": 1000 * times[len(times) * p // 100] for p in (50, 99) if times}
        errors = sum(n for status, n in self.statuses.items() if status != self._expected)
        return {"total": self._total, "errors": errors, "statuses": self.statuses, **part}


FIRST = int(ip_address("10.0.0.0"))


def signing(port: int, tag: str) -> Callable[[int], bytes]:
    """Requests to sign, each with an address and a name of its own."""

    def request(number: int) -> bytes:
        body = json.dumps(
            {
                "name": f"Signer {tag}-{number}",
                "email": address(tag, number),
                "kind": "person",
                "discipline": "musician",
                "credit": "The Quarry Songs",
                "country": "FR",
                "language": "en",
                "consent": True,
            }
        ).encode()
        head = f"POST {SIGN} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        # As a proxy passes them on: from as many networks as there are people.
        head += f"X-Forwarded-For: {ip_address(FIRST + number)}\r\n"
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        return head.encode() + body

    return request


def address(tag: str, number: int) -> str:
    return f"signer-{tag}-{number}@example.org"


def reading(port: int) -> Callable[[int], bytes]:
    request = f"GET {COUNTS} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode()
    return lambda _number: request


async def main(
    *, port: int, seconds: float, sign_rate: float, counts_rate: float, tag: str, file: Path
) -> dict[str, Any]:
    loads = {
        "sign": Load(
            port=port, rate=sign_rate, seconds=seconds, expected=202, body=signing(port, tag)
        )
    }
    if counts_rate:
        loads["counts"] = Load(
            port=port, rate=counts_rate, seconds=seconds, expected=200, body=reading(port)
        )
    await asyncio.gather(*(load.run() for load in loads.values()))
    lines = (f"{at:.6f} {address(tag, number)}\n" for at, number in loads["sign"].accepted)
    file.write_text("".join(lines))
    return {name: load.report() for name, load in loads.items()}


if __name__ == "__main__":
    port, seconds, sign_rate, counts_rate, tag, file = sys.argv[1:]
    found = asyncio.run(
        main(
            port=int(port),
            seconds=float(seconds),
            sign_rate=float(sign_rate),
            counts_rate=float(counts_rate),
            tag=tag,
            file=Path(file),
        )
    )
    sys.stdout.write(json.dumps(found) + "\n")
