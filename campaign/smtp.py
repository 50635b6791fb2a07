"""SMTP in two round trips a mail instead of four, where the server offers PIPELINING (RFC 2920).

A relay is a few milliseconds away, so that waiting for its answers is most of what a mail costs.
"""

import re
import smtplib
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend as DjangoBackend

OK = 250
FORWARDED = 251
GO_AHEAD = 354
CLOSING = 421
"""The server's word that it closes the connection (RFC 5321, 3.8)."""
TOO_LARGE = 552
"""The answer to MAIL about the size that was said with it (RFC 1870, 6.1)."""

QUIET = 0.05
"""Seconds without a word after which a server is asked whether it is still there."""

_LEADING_DOT = re.compile(rb"(?m)^\.")


class _Pipelined(smtplib.SMTP):
    """Says MAIL, RCPT and DATA at once; each answer raises what smtplib raises for it."""

    def sendmail(
        self,
        from_addr: str,
        to_addrs: str | Sequence[str],
        msg: Any,
        mail_options: Sequence[str] = (),
        rcpt_options: Sequence[str] = (),
    ) -> Any:
        self.ehlo_or_helo_if_needed()
        several = isinstance(to_addrs, str) or len(to_addrs) != 1
        if several or not self.has_extn("pipelining") or mail_options or rcpt_options:
            return super().sendmail(from_addr, to_addrs, msg, mail_options, rcpt_options)
        self._converse(from_addr, to_addrs[0], msg)
        return {}

    def _converse(self, sender: str, recipient: str, text: bytes) -> None:
        size = f" size={len(text)}" if self.has_extn("size") else ""
        mail_from = f"mail FROM:{smtplib.quoteaddr(sender)}{size}"
        rcpt_to = f"rcpt TO:{smtplib.quoteaddr(recipient)}"
        if "\r" in mail_from + rcpt_to or "\n" in mail_from + rcpt_to:
            raise ValueError("a line break in an address")  # as smtplib's putcmd
        self.send(f"{mail_from}\r\n{rcpt_to}\r\ndata\r\n".encode("ascii"))
        code, said = self.getreply()
        if code != OK:
            self._undo(code, unanswered=2)
            raise smtplib.SMTPSenderRefused(code, said, sender)
        code, said = self.getreply()
        if code not in {OK, FORWARDED}:
            self._undo(code, unanswered=1)
            raise smtplib.SMTPRecipientsRefused({recipient: (code, said)})
        code, said = self.getreply()
        # Of a server that says OK in its place the text would be taken for sent.
        if goes_ahead := code == GO_AHEAD:
            dotted = _LEADING_DOT.sub(b"..", text)
            self.send(dotted + (b"" if dotted.endswith(b"\r\n") else b"\r\n") + b".\r\n")
            code, said = self.getreply()
        if not goes_ahead or code != OK:
            self._undo(code, unanswered=0)
            raise smtplib.SMTPDataError(code, said)

    def _undo(self, code: int, *, unanswered: int) -> None:
        """Bring the conversation to where the next mail begins, after an answer other than OK.

        What was said with the refused command is answered too, the last of it DATA: a server that
        goes ahead with that though it has no recipient gets no text (RFC 2920, 3.1).
        """
        # It may hang up after its refusal, which stays the answer all the same.
        with suppress(smtplib.SMTPServerDisconnected):
            if code == CLOSING:
                self.close()
                return
            answers = [self.getreply()[0] for _ in range(unanswered)]
            if answers[-1:] == [GO_AHEAD]:
                self.send(b".\r\n")
                self.getreply()
            self.rset()


class _PipelinedSSL(_Pipelined, smtplib.SMTP_SSL):
    """The same within TLS from the first byte."""


class EmailBackend(DjangoBackend):
    """Django's, over a connection that pipelines; `open` makes sure that it is still there."""

    _spoken = 0.0

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        return _PipelinedSSL if self.use_ssl else _Pipelined

    def open(self) -> bool | None:
        if self.connection is not None and not self._is_there(self.connection):
            # It hung up while nobody spoke, or after a refusal; the next mail would be blamed for that.
            self.connection.close()
            self.connection = None
        opened = super().open()
        if opened and self.connection is not None:
            self._introduce(self.connection)
        self._spoken = time.monotonic()
        return opened

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        try:
            return super().send_messages(email_messages)
        finally:
            self._spoken = time.monotonic()

    def _introduce(self, connection: smtplib.SMTP) -> None:
        """Say EHLO now: left to the first mail, a server that refuses it is held against that mail."""
        try:
            connection.ehlo_or_helo_if_needed()
        except (OSError, smtplib.SMTPException):
            connection.close()
            self.connection = None
            raise

    def _is_there(self, connection: smtplib.SMTP) -> bool:
        quiet = time.monotonic() - self._spoken > QUIET
        return connection.sock is not None and (not quiet or self._answers(connection))

    def _answers(self, connection: smtplib.SMTP) -> bool:
        try:
            return connection.noop()[0] == OK
        except (OSError, smtplib.SMTPException):
            return False
