"""An SMTP server that takes everything, and notes when each mail came and for whom.

    python -m benchmarks.sink PORT FILE

One line a mail in FILE: the time (monotonic, seconds, the same clock for all processes of one
machine) and the recipient. It says the same as Postfix of what it can, and does nothing else, so
that it costs little beside who sends; `smtp-sink` of Debian would not tell the times.
"""

import asyncio
import sys
import time
from pathlib import Path
from typing import IO

HELLO = b"250-sink\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-8BITMIME\r\n250 SMTPUTF8\r\n"
FLUSH = 0.05  # seconds


class Conversation(asyncio.Protocol):
    """One connection: commands line by line, also several at once (RFC 2920)."""

    def __init__(self, notes: IO[str]) -> None:
        self._notes = notes
        self._buffer = b""
        self._recipients: list[str] = []
        self._in_data = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 sink ESMTP\r\n")

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        answers = b""
        while (answer := self._step()) is not None:
            answers += answer
        if answers:
            self._transport.write(answers)

    def _step(self) -> bytes | None:
        """The answer to what stands first in the buffer; None until it is whole."""
        mark = b"\r\n.\r\n" if self._in_data else b"\r\n"
        part, found, rest = self._buffer.partition(mark)
        if not found:
            return None
        self._buffer = rest
        return self._taken() if self._in_data else self._obey(part)

    def _taken(self) -> bytes:
        now = time.monotonic()
        for recipient in self._recipients:
            self._notes.write(f"{now:.6f} {recipient}\n")
        self._recipients, self._in_data = [], False
        return b"250 2.0.0 taken\r\n"

    def _obey(self, line: bytes) -> bytes:
        verb = line[:4].upper()
        if verb == b"EHLO":
            return HELLO
        if verb == b"RCPT":
            self._recipients.append(line.partition(b"<")[2].partition(b">")[0].decode())
        elif verb == b"DATA":
            self._in_data = True
            return b"354 go on\r\n"
        elif verb == b"QUIT":
            self._transport.write(b"221 2.0.0 bye\r\n")
            self._transport.close()
            return b""
        elif verb == b"RSET":
            self._recipients = []
        return b"250 2.0.0 ok\r\n"


async def serve(port: int, notes: IO[str]) -> None:
    loop = asyncio.get_running_loop()
    await loop.create_server(lambda: Conversation(notes), "127.0.0.1", port, backlog=64)
    while True:
        await asyncio.sleep(FLUSH)
        notes.flush()


if __name__ == "__main__":
    with Path(sys.argv[2]).open("a") as file:
        asyncio.run(serve(int(sys.argv[1]), file))
