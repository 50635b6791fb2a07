"""A real SMTP server on a loopback port that keeps what it takes and answers as it is told."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from pytest_django import Settings

from petition.local import free_port


class Sink:
    """Takes every mail, unless ``sender`` or ``rcpt`` has another answer for who sends or gets it, or
    ``data`` one for the text. ``hello`` is what the next EHLOs and HELOs get; ``senders`` are all MAILs so far.
    """

    def __init__(self, thinks: float = 0, *, pipelining: bool = False) -> None:
        self.received: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.envelopes: list[list[str]] = []
        self.hello: list[str] = []
        self.sender: dict[str, str] = {}
        self.senders: list[str] = []
        self.rcpt: dict[str, str] = {}
        self.data: list[str] = []
        self.thinks = thinks
        self.pipelining = pipelining
        self.sessions = 0
        self.asked = threading.Event()
        self.answered = threading.Event()

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, answers: list[str]
    ) -> list[str]:
        self.sessions += 1
        if self.hello:
            return [self.hello.pop(0)]
        session.host_name = hostname
        return [answers[0], "250-PIPELINING", *answers[1:]] if self.pipelining else answers

    async def handle_HELO(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str
    ) -> str:
        session.host_name = hostname
        return self.hello.pop(0) if self.hello else "250 here"

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.senders.append(address)
        answer = self.sender.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.rcpt.get(address, "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        answer = self.data.pop(0) if self.data else "250 OK"
        if answer.startswith("250"):
            assert isinstance(envelope.content, bytes)
            parsed = message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(parsed, EmailMessage)
            self.received.append(parsed)
            self.raw.append(envelope.content)
            self.envelopes.append([str(to) for to in envelope.rcpt_tos])
        self.asked.set()
        await asyncio.sleep(self.thinks)
        self.answered.set()
        return answer


@contextmanager
def served(thinks: float = 0, *, pipelining: bool = False) -> Iterator[tuple[Sink, int]]:
    """A running server, which thinks so many seconds over each mail: its sink and its port."""
    sink, port = Sink(thinks, pipelining=pipelining), free_port()
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield sink, port
    finally:
        controller.stop()


@contextmanager
def sent_to(settings: Settings, thinks: float = 0, *, pipelining: bool = False) -> Iterator[Sink]:
    """A server like that, to which this process sends."""
    with served(thinks, pipelining=pipelining) as (sink, port):
        settings.EMAIL_BACKEND = "campaign.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        yield sink
