"""Who left or shows less, in a file beside the database: a backup that is restored doesn't know it.

A line for each who withdrew, erased their data, had deleted what they had reported or signed for others,
said that it wasn't them, hid their name, wants no more news, is vouched for no more, lets an organisation's
name stand beside theirs no longer or refuses one, written before they are answered. It holds ids and keyed
hashes, and nothing that somebody typed. `replay` does it again.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from campaign.models.signature import Signature

LONGEST = 4096
"""Bytes of a line; one has about 300."""
LESS: dict[str, dict[str, Any]] = {
    "hide": {"show_name": False},
    "unsubscribe": {"newsletter": False},
}
"""What signers agree to and take back without leaving, by the words of a line for it."""


class About(StrEnum):
    """What the mail was about that somebody answered who said that it wasn't them; in a line of before it
    is ""."""

    SIGNATURE = "signature"
    REPRESENTATION = "representation"
    REPORT = "report"
    NOTHING = "nothing"
    """Of what is there, or has an address."""


@dataclass(frozen=True)
class Departure:
    """``did`` is ``withdraw``, ``erase``, ``not_me``, ``forget``, ``hide``, ``unsubscribe``, ``unvouch``,
    ``conceal`` or ``refuse``, the last three about a ``voucher``; ``signer`` is the id of a signature,
    report or representation; ``reasons`` are why ``address``, a keyed hash, is left alone since;
    ``about`` is one of `About` for ``not_me``."""

    at: str
    did: str
    campaign: int
    signer: str = ""
    address: str = ""
    reasons: tuple[str, ...] = ()
    voucher: int = 0
    about: str = ""


def note(
    did: str,
    *,
    campaign: int,
    signer: str,
    address: str = "",
    reasons: tuple[str, ...] = (),
    voucher: int = 0,
    about: str = "",
) -> None:
    """Write it down once this transaction is committed; a disk that is full keeps nobody from leaving."""
    at = timezone.now().isoformat()
    line = Departure(at, did, campaign, signer, address, reasons, voucher, about)
    transaction.on_commit(lambda: _append(Path(settings.JOURNAL_FILE), line), robust=True)


def note_less(signature: Signature, changed: Mapping[str, Any]) -> None:
    """Write down which of these changes of a signature show less, or ask for less."""
    for did, less in LESS.items():
        if less.items() <= changed.items():
            note(did, campaign=signature.campaign_id, signer=signature.public_id)


def _append(path: Path, line: Departure) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "ab+") as file:
        # Web servers of several machines may share it, and not every file system appends whole lines.
        fcntl.flock(file, fcntl.LOCK_EX)
        _cut_torn(file)
        file.write(json.dumps(asdict(line)).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _cut_torn(file: IO[bytes]) -> None:
    """Take off a last line that was never ended: its writer died, or its disk was full.

    What is written behind it would be one line with it, and nobody could read either.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - LONGEST))
    torn = file.read().rpartition(b"\n")[2]
    if torn.startswith(b"{"):  # and nothing of a file that is no journal
        file.truncate(size - len(torn))


def read(path: Path) -> Iterator[Departure]:
    """What was written, the oldest first. Raises OSError, ValueError (a line that is none)."""
    with path.open(encoding="utf-8") as file:
        for number, text in enumerate(file, 1):
            try:
                told = json.loads(text)
                yield Departure(**{**told, "reasons": tuple(told["reasons"])})
            except (ValueError, TypeError, KeyError) as error:
                if not text.endswith("\n"):
                    return  # the machine died while it was written, and so before it was answered
                raise ValueError(f"line {number} is no departure") from error
