"""A real SMTP server that keeps what it takes, and refuses, stalls or is away when told to."""

import asyncio
import email
import email.policy
import html
import logging
import re
from collections import defaultdict
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from petition.local import free_port
from tests.e2e.until import PATIENCE, until

logging.getLogger("mail.log").setLevel(logging.WARNING)


HALF = 1_000
"""Bytes of a text after which it is cut; each of ours has several times as many."""


class _Controller(Controller):
    def factory(self) -> SMTP:
        return _Server(self.handler, **self.SMTP_kwargs)


class _Server(SMTP):
    """Hangs up in the middle of a text, where its sink is told to."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        sink, envelope = self.event_handler, self.envelope
        assert isinstance(sink, Sink)
        assert envelope is not None
        if not (sink.cuts and envelope.rcpt_tos):
            await super().smtp_DATA(arg)
            return
        sink.cuts -= 1
        await self.push("354 Go ahead")
        assert self._reader is not None
        heard = await self._reader.readexactly(HALF)
        size = next(option for option in envelope.mail_options if option.startswith("SIZE="))
        sink.halves.append((heard, int(size.removeprefix("SIZE="))))
        assert isinstance(self.transport, asyncio.WriteTransport)
        self.transport.abort()


class Sink:
    """``answers`` are what the next RCPTs of an address get, the first first; after them 250.

    ``refusal`` is what every sender gets meanwhile. Greylisting, the first RCPT of an address is put
    off. Muted, it never answers again on a connection that says anything meanwhile. The next ``deaths``
    texts are taken, and then the connection is cut instead of answered. In the middle of the next ``cuts``
    texts it is cut too, with nothing kept; ``halves`` are what was heard of each, and how long it was to be.
    """

    def __init__(self) -> None:
        self.port = free_port()
        self.answers: defaultdict[str, list[str]] = defaultdict(list)
        self.stalled = False
        self.refusal = ""
        self.greylisting = False
        self.muted = False
        self.deaths = 0
        self.cuts = 0
        self.halves: list[tuple[bytes, int]] = []
        self._seen: set[str] = set()
        self._mails: list[tuple[str, EmailMessage]] = []
        self._controller: Controller | None = None

    def start(self) -> None:
        self._controller = _Controller(self, hostname="127.0.0.1", port=self.port)
        self._controller.start()

    def stop(self) -> None:
        """Be away: connections are refused."""
        self.stalled = False
        if self._controller is not None:
            self._controller.stop()
            self._controller = None

    def mend(self) -> None:
        """Be there and take everything, whatever it was told before."""
        self.stalled, self.refusal, self.greylisting, self.muted = False, "", False, False
        self.deaths = self.cuts = 0
        if self._controller is None:
            self.start()

    def to(self, address: str) -> list[EmailMessage]:
        """The mails to an address so far, copies too."""
        return [message for recipient, message in self._mails.copy() if recipient == address]

    def wait_for(
        self, address: str, subject: str = "", *, within: float = PATIENCE
    ) -> EmailMessage:
        """The first mail to an address whose subject holds these words, once it is there."""

        def look() -> EmailMessage | None:
            found = (mail for mail in self.to(address) if subject in str(mail["Subject"]))
            return next(found, None)

        mail = until(look, within=within, what=f"mail to {address} {subject}")
        assert mail is not None
        return mail

    def since(self, n: int) -> list[tuple[str, EmailMessage]]:
        """All mails but the first ``n``, each with whom it was for, in the order of their coming."""
        return self._mails[n:]

    # --- aiosmtpd's handler

    async def handle_EHLO(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, hostname: str, answers: list[str]
    ) -> list[str]:
        await self._unless_muted()
        session.host_name = hostname
        return answers

    async def handle_MAIL(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, mail_options: list[str]
    ) -> str:
        await self._unless_muted()
        if self.refusal:
            return self.refusal
        envelope.mail_from = address
        envelope.mail_options.extend(mail_options)
        return "250 OK"

    async def _unless_muted(self) -> None:
        if self.muted:
            await asyncio.Event().wait()

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Any, envelope: Any, address: str, rcpt_options: list[str]
    ) -> str:
        if self.answers[address]:
            return self.answers[address].pop(0)
        if self.greylisting and address not in self._seen:
            self._seen.add(address)
            return "450 4.7.1 Greylisted, come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Any) -> str:  # noqa: N802
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        # Kept before it stalls: a server may have taken a mail whose sender never hears of it.
        self._mails += [(address, message) for address in envelope.rcpt_tos]
        if self.deaths:
            self.deaths -= 1
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        await self._unless_muted()
        while self.stalled:
            await asyncio.sleep(0.02)
        return "250 OK"


def body(mail: EmailMessage, kind: str) -> str:
    """The text of its "plain" or "html" part."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def link(mail: EmailMessage, purpose: str) -> str:
    """The one address of that purpose in the mail, the same in its text and in its HTML."""
    pattern = rf"https?://[^\s\"'<>]+/{purpose}/[^\s\"'<>]+"
    in_text = set(re.findall(pattern, body(mail, "plain")))
    in_html = set(re.findall(pattern, html.unescape(body(mail, "html"))))
    assert len(in_text) == 1, in_text
    assert in_text == in_html
    return str(in_text.pop())
