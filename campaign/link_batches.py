"""An organisation's list of members becomes the same file with a link for each of them.

In ``settings.EXPORT_DIR / "links"``, for each batch: ``17.in`` is what was uploaded, locked by the worker
that writes ``17.part``, which becomes ``17.csv``. The upload is deleted once the links are made, the
file an hour after it was first fetched, and both after a day: of an address a keyed hash is all that
stays. Nothing of a file is ever logged.
"""

import csv
import fcntl
import io
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import IO

from django.conf import settings
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import (
    audit,
    files,
    going_on,
    identity,
    links,
    mailboxes,
    member_lists,
    outbox,
    queue,
    vouchers,
)
from campaign.errors import NotFound
from campaign.links import Purpose
from campaign.models.address import canonical_address
from campaign.models.audit import AuditAction
from campaign.models.signature import new_public_id
from campaign.models.voucher import LABEL_MAX, BatchState, LinkBatch, Voucher
from campaign.models.vouching import MemberLink

TASK = "campaign.links"
LARGEST = 64 * 1024 * 1024
"""Bytes of an upload: 160,000 members with 400 bytes each."""
MOST_LINES = 200_000
"""Below the header, as the upload's words say: one list must be written within a run of the worker."""
WRITE_FOR = 240.0
"""Seconds after which a run begins no list more; a task has 540."""
AT_ONCE = 3
"""Lists of one organisation that may wait at a time."""
KEPT_MOST = 20
"""Lists of one organisation that may lie here at a time, ready ones too: or one login could fill the disk."""
CHUNK = 1000
"""Lines that are one transaction: the organisation's quota is locked for about 50 ms."""
KEPT = timedelta(hours=24)
KEPT_AFTER_FETCHED = timedelta(hours=1)
"""For a download that broke off."""
NAMED = 200
"""Lines without a link that are named by their number; the rest is counted."""
PROBLEMS: dict[str, str | Promise] = {
    "blank": _("no address"),
    "malformed": _("not a whole address"),
    "too_long": _("the address is too long"),
    "impossible": _("no mail can be delivered to this address"),
    "duplicate": _("the same mailbox stands further up"),
    "quota": _("the quota is used up"),
    "broken": _("the quotes don’t match here; nothing below was read"),
}
"""Why a line got no link."""


class Stopped(Exception):
    """The batch, or its organisation, was revoked while it was written."""


# --- Ordering --------------------------------------------------------------------------------


def order(*, voucher: Voucher, label: str, chunks: Iterable[bytes], by: User) -> LinkBatch:
    """Take a list in, for the worker to write its links; CSV with a column ``email``.

    Raises InvalidInput for one that is not such a list, too large, too long, or one too many.
    """
    folder = _folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    upload = folder / f"{secrets.token_hex(8)}.new"
    try:
        lines = _keep(upload, chunks)
        member_lists.header(upload)
        with transaction.atomic():
            _require_room(vouchers.locked(voucher.pk))
            batch = LinkBatch.objects.create(
                voucher=voucher, label=identity.clean(label)[:LABEL_MAX], created_by=by, lines=lines
            )
            upload.replace(_path(batch, "in"))
            queue.tell_after_commit(TASK)
    finally:
        upload.unlink(missing_ok=True)
    return batch


def _require_room(voucher: Voucher) -> None:
    if voucher.revoked_at is not None:
        raise member_lists.invalid("revoked")
    unfinished = (BatchState.WAITING, BatchState.WRITING)
    if voucher.batches.filter(state__in=unfinished).count() >= AT_ONCE:
        raise member_lists.invalid("too_many")
    if voucher.batches.exclude(state=BatchState.GONE).count() >= KEPT_MOST:
        raise member_lists.invalid("too_many_kept")


def _keep(upload: Path, chunks: Iterable[bytes]) -> int:
    """Write the upload down, for nobody else to read; about how many lines it has below the header."""
    size = feeds = returns = 0
    last = b"\n"
    with _created(upload) as file:
        for chunk in chunks:
            size += len(chunk)
            if size > LARGEST:
                raise member_lists.invalid("too_large")
            if b"\0" in chunk:  # UTF-16, or a spreadsheet's own format
                raise member_lists.invalid("not_text")
            feeds += chunk.count(b"\n")
            returns += chunk.count(b"\r")  # which alone ends a line too
            last = chunk[-1:] or last
            file.write(chunk)
    lines = max(0, max(feeds, returns) + (last not in b"\r\n") - 1)
    if lines > MOST_LINES:
        raise member_lists.invalid("too_many_lines")
    return lines


def _created(path: Path) -> IO[bytes]:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _folder() -> Path:
    return Path(settings.EXPORT_DIR) / "links"


def _path(batch: LinkBatch, ending: str) -> Path:
    return _folder() / f"{batch.pk}.{ending}"


# --- The worker ------------------------------------------------------------------------------


def work() -> None:
    """Delete what must not stay, then write the lists that wait. Safe to run twice, and at once.

    What fails keeps no other list, and is tried again by the next run, after the others; the first such
    failure is raised at the end.
    """
    with going_on.after(Exception) as each:
        waiting = []
        for batch in LinkBatch.objects.exclude(state=BatchState.GONE).select_related("voucher"):
            if _is_over(batch):
                with each:
                    forget(batch)
            elif batch.state != BatchState.READY:
                waiting.append(batch)
        _delete_leftovers()
        ends = time.monotonic() + WRITE_FOR
        for batch in sorted(waiting, key=_tried_at):
            with each:
                _write(batch)
            if time.monotonic() > ends:
                break


def _tried_at(batch: LinkBatch) -> float:
    """When somebody last began to write it, else when it was sent: the time of the upload says so, even
    of a worker that was killed by it."""
    try:
        return _path(batch, "in").stat().st_mtime
    except OSError:
        return 0.0


def _is_over(batch: LinkBatch) -> bool:
    now = timezone.now()
    if batch.is_dead:
        return True
    if batch.fetched_at is not None and batch.fetched_at < now - KEPT_AFTER_FETCHED:
        return True
    return batch.created_at < now - KEPT


def forget(batch: LinkBatch) -> None:
    """Delete the files of a batch; its links go on working, or are dead where it is revoked."""
    for ending in ("in", "part", "csv"):
        _path(batch, ending).unlink(missing_ok=True)
    LinkBatch.objects.filter(pk=batch.pk).update(state=BatchState.GONE)


def _delete_leftovers() -> None:
    """Uploads of processes that were killed before their batch was there."""
    oldest = time.time() - KEPT.total_seconds()
    for path in _folder().glob("*"):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()


@dataclass
class _Progress:
    """What came of the lines so far."""

    seen: set[str] = field(default_factory=set)
    done: int = 0
    made: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    problems: list[tuple[int, str]] = field(default_factory=list)

    def refuse(self, line: int, code: str) -> None:
        self.refused[code] = self.refused.get(code, 0) + 1
        if len(self.problems) < NAMED:
            self.problems.append((line, code))

    def columns(self) -> dict[str, object]:
        return {
            "done": self.done,
            "made": self.made,
            "refused": self.refused,
            # A quota is found used up after the chunk was read.
            "problems": sorted(self.problems),
        }


def _write(batch: LinkBatch) -> None:
    """Write one list, unless another worker is at it. One that was cut off is written anew: the links
    of its first half are replaced, and take no quota twice."""
    try:
        source = _path(batch, "in").open("rb")
    except FileNotFoundError:  # the web server has a directory of its own, or it is done
        return
    with source:
        try:
            fcntl.flock(source, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        os.utime(source.fileno())  # the others come first next time (`_tried_at`)
        batch.refresh_from_db()
        if batch.state in {BatchState.WAITING, BatchState.WRITING}:
            with suppress(Stopped):
                _write_links(batch, source)


def _write_links(batch: LinkBatch, source: IO[bytes]) -> None:
    header, progress = member_lists.header(_path(batch, "in")), _Progress()
    encoding = "utf-8-sig" if header.bom else "utf-8"
    # What is no UTF-8 leaves as the bytes that it came as.
    lines = io.TextIOWrapper(source, encoding=encoding, errors="surrogateescape", newline="")
    part = _path(batch, "part")
    with io.TextIOWrapper(
        _created(part), encoding=encoding, errors="surrogateescape", newline=""
    ) as written:
        writer = csv.writer(written, delimiter=header.delimiter)
        names = _records(csv.reader(lines, delimiter=header.delimiter, strict=True), progress)
        next(names)
        writer.writerow(header.with_link(header.names, member_lists.LINK))
        while chunk := list(islice(names, CHUNK)):
            made = _make(batch, header, chunk, progress)
            writer.writerows(
                header.with_link(cells, url) for (_, cells), url in zip(chunk, made, strict=True)
            )
        written.flush()
        os.fsync(written.fileno())
    lines.detach()
    part.replace(_path(batch, "csv"))
    with transaction.atomic():
        LinkBatch.objects.filter(pk=batch.pk).update(
            state=BatchState.READY, ready_at=timezone.now(), lines=progress.done
        )
        audit.record(
            AuditAction.LINKS_MADE,
            by=batch.created_by,
            campaign=batch.voucher.campaign,
            number=progress.made,
            details={"voucher": batch.voucher_id, "batch": batch.pk},
        )
    _path(batch, "in").unlink(missing_ok=True)


def _records(reader: "csv._reader", progress: _Progress) -> Iterator[tuple[int, list[str]]]:  # type: ignore[name-defined]
    """Each line that has anything, with its number in the file; ends where the quotes break."""
    while True:
        number = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            progress.refuse(number, "broken")
            return
        if cells:
            yield number, cells


@transaction.atomic
def _make(
    batch: LinkBatch,
    header: member_lists.Header,
    chunk: list[tuple[int, list[str]]],
    progress: _Progress,
) -> list[str]:
    """The links of these lines, '' where one gets none, in a transaction of their own.

    Whoever has a link of this organisation gets another one in its place, which takes no quota;
    one who has used it too: the file must not tell the organisation who signed. Raises Stopped.
    """
    voucher = vouchers.locked(batch.voucher_id)
    if voucher.revoked_at or LinkBatch.objects.get(pk=batch.pk).revoked_at:
        raise Stopped
    wanted = {number: _mailbox(number, cells, header, progress) for number, cells in chunk}
    hashes = [each for each in wanted.values() if each]
    there = MemberLink.objects.filter(voucher=voucher, address_hash__in=hashes)
    known = set(there.values_list("address_hash", flat=True))
    fresh = [each for each in hashes if each not in known]
    beyond = set(fresh[voucher.quota - voucher.taken :])
    for number, its in wanted.items():
        if its in beyond:
            progress.refuse(number, "quota")
    ids = {each: new_public_id() for each in hashes if each not in beyond}
    MemberLink.objects.bulk_create(
        [
            MemberLink(public_id=public_id, voucher=voucher, batch=batch, address_hash=each)
            for each, public_id in ids.items()
        ],
        update_conflicts=True,
        unique_fields=("voucher", "address_hash"),
        update_fields=("public_id", "batch"),
    )
    vouchers.take(voucher, len(fresh) - len(beyond))
    progress.done += len(chunk)
    progress.made += len(ids)
    LinkBatch.objects.filter(pk=batch.pk).update(state=BatchState.WRITING, **progress.columns())
    return [_url(ids.get(wanted[number])) for number, _cells in chunk]


def _mailbox(
    number: int, cells: list[str], header: member_lists.Header, progress: _Progress
) -> str:
    """The keyed hash of a line's address, '' where it is none or stands further up."""
    typed = cells[header.email] if header.email < len(cells) else ""
    try:
        address = canonical_address(mailboxes.parse_address(typed))
    except mailboxes.AddressError as error:
        progress.refuse(number, error.code)
        return ""
    hashed = outbox.address_hash(address)
    if hashed in progress.seen:
        progress.refuse(number, "duplicate")
        return ""
    progress.seen.add(hashed)
    return hashed


def _url(public_id: str | None) -> str:
    if public_id is None:
        return ""
    return settings.BASE_URL + links.link_path(Purpose.VOUCH, subject=public_id, revision=1)


# --- Fetching --------------------------------------------------------------------------------


def fetch(*, batch: LinkBatch, by: User) -> files.Download:
    """The file with the links; who took it is on record. Raises NotFound, NotReady."""
    found = files.opened(_path(batch, "csv"))
    if found is None or batch.is_dead:
        if found is not None:
            found.close()
        raise NotFound
    try:
        with transaction.atomic():
            LinkBatch.objects.filter(pk=batch.pk, fetched_at=None).update(fetched_at=timezone.now())
            audit.record(
                AuditAction.LINKS_FETCHED,
                by=by,
                campaign=batch.voucher.campaign,
                number=batch.made,
                details={"voucher": batch.voucher_id, "batch": batch.pk},
            )
    except BaseException:
        found.close()
        raise
    return found
