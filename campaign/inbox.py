"""The local inbox of development: a mail backend that writes files, and what the inbox page reads."""

import email
import email.policy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage as Parsed
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone


def _folder() -> Path:
    """Where the mails lie; only ever asked for in development."""
    folder: Path | None = settings.INBOX_DIR
    assert folder is not None
    return folder


class EmailBackend(BaseEmailBackend):
    """Writes each message to a file of its own in INBOX_DIR, whole or not at all."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        _folder().mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            stamp = timezone.now().strftime("%Y%m%dT%H%M%S.%f")
            target = _folder() / f"{stamp}.eml"
            partial = target.with_suffix(".part")
            partial.write_bytes(message.message().as_bytes())
            # The page must never show half a mail.
            partial.rename(target)
        return len(email_messages)


@dataclass(frozen=True)
class Letter:
    """One mail of the inbox: its file's name and its parsed text."""

    name: str
    at: datetime
    message: Parsed

    @property
    def text(self) -> str:
        """The plain text, in which the links stand as they are."""
        return self._body("plain")

    @property
    def html(self) -> str:
        return self._body("html")

    def _body(self, kind: str) -> str:
        part = self.message.get_body((kind,))
        return part.get_content() if part is not None else ""


_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}\Z")


def names() -> list[str]:
    """The names of the inbox's mails, the newest first."""
    return sorted((path.stem for path in _folder().glob("*.eml")), reverse=True)


def letter(name: str) -> Letter | None:
    """One mail by its name; None when there is none, or the name isn't one."""
    path: Path = _folder() / f"{name}.eml"
    if not _NAME.match(name) or not path.is_file():
        return None
    message = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
    assert isinstance(message, Parsed)  # the policy makes it one
    at = datetime.strptime(name, "%Y%m%dT%H%M%S.%f").replace(tzinfo=timezone.get_default_timezone())
    return Letter(name, at, message)
