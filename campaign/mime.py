"""A mail's bytes: headers, and one text as plain text and as HTML.

Python's email package makes the same of it (a test compares), and takes longer over that than over
rendering the templates; here everything that it has to find out is known.
"""

import secrets
from collections.abc import Mapping
from email.base64mime import body_encode
from email.header import Header
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from django.core.mail import BadHeaderError, EmailMultiAlternatives

LINE = 998
"""Bytes that a line may have (RFC 5322, 2.1.1)."""


class Written:
    """A mail as it goes over the wire; what a backend asks of a message."""

    def __init__(self, lines: list[bytes]) -> None:
        self._lines = lines

    def as_bytes(self, linesep: str = "\n") -> bytes:
        return linesep.encode().join(self._lines)


class Letter(EmailMultiAlternatives):
    """A mail with one alternative, in HTML, and with no attachments; its headers are complete.

    Addresses are ASCII, and the sender's name is encoded. ``message`` raises BadHeaderError for a
    header with a line break, so that nothing typed can add one.
    """

    def message(self, **_policy: Any) -> Any:
        """A `Written`; it has no policy that a caller could choose."""
        ((html, _type),) = self.alternatives
        boundary = secrets.token_hex(16)
        headers = {
            "MIME-Version": "1.0",
            "Subject": self.subject,
            "From": self.from_email,
            "To": ", ".join(self.to),
            "Date": formatdate(),
            **self.extra_headers,
        }
        return Written(
            [
                *_header_lines(headers),
                f'Content-Type: multipart/alternative; boundary="{boundary}"'.encode(),
                b"",
                *_part(boundary, "plain", str(self.body)),
                *_part(boundary, "html", str(html)),
                f"--{boundary}--".encode(),
                b"",
            ]
        )


def _header_lines(headers: Mapping[str, object]) -> list[bytes]:
    lines = []
    for name, value in headers.items():
        text = str(value)
        if "\n" in text or "\r" in text:
            raise BadHeaderError(f"a line break in {name}")
        # What looks like an encoded word would be read as one, line breaks and all.
        lookalike = name == "Subject" and "=?" in text
        # A long address has no place to fold at.
        if lookalike or not text.isascii() or (len(name) + len(text) > 76 and " " in text):
            text = _folded(name, text, encoded=lookalike)
        lines += f"{name}: {text}".encode("ascii").split(b"\n")
    return lines


@lru_cache(maxsize=1000)
def _folded(name: str, text: str, *, encoded: bool) -> str:
    """A long header on several lines, encoded (RFC 2047) where it must be; many mails share a subject."""
    charset = "utf-8" if encoded or not text.isascii() else None
    return Header(text, charset, header_name=name).encode()


def _part(boundary: str, subtype: str, text: str) -> list[bytes]:
    lines = text.encode().splitlines()
    encoding = "7bit" if text.isascii() else "8bit"
    if max(map(len, lines), default=0) > LINE:
        encoding = "base64"
        lines = body_encode(b"\r\n".join([*lines, b""])).encode().splitlines()
    return [
        f"--{boundary}".encode(),
        f'Content-Type: text/{subtype}; charset="utf-8"'.encode(),
        f"Content-Transfer-Encoding: {encoding}".encode(),
        b"",
        *lines,
        b"",
    ]
