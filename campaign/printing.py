"""The verbs of the print list: those whose consent covers print, frozen in the order of their names.

A list that has gone to the printer changes no more, and its hash says which one was set. Who leaves
afterwards is flagged; whom somebody erases is a blank line, and the file is then another one.
"""

import hashlib
import time
from collections.abc import Iterator, Sequence
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from campaign import audit, consequences, going_on, queue
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign
from campaign.models.print_list import PrintEntry, PrintList, named_though_erased
from campaign.models.signature import Status

TASK: Final = "campaign.freeze_print_lists"

CHUNK = 2_000
"""Lines that are one transaction. Its commit locks the signature of each, and whatever moves one waits
until it has ended: 0.3 s at most, and 2.3 s where 100,000 lines were one (docs/performance.md)."""

WRITE_FOR = 240.0
"""Seconds after which a run begins no list more: others wait for the worker too, and a task has 3,500."""

TEXTS: Final = ("name", "credit", "organisation", "discipline")
# One statement, so that it is of one snapshot. Who signed online agreed to a wording, who was imported
# to what the campaign holds of them; both say whether print is covered.
_LISTED = """
SELECT signature.id, name, credit, organisation, COALESCE(discipline.slug, '')
FROM campaign_signature signature
LEFT JOIN campaign_discipline discipline ON discipline.id = discipline_id
WHERE signature.campaign_id = %(campaign)s AND status = 'published' AND show_name
AND (
    EXISTS (SELECT FROM campaign_consent consent WHERE consent.id = consent_id AND covers_print)
    OR EXISTS (SELECT FROM campaign_importbatch batch WHERE batch.id = batch_id AND covers_print)
)
ORDER BY sort_key, public_id
"""
_ALONE: Final = 0x7072696E
"""The advisory locks of lists that are being written; they go with a worker that dies."""


@transaction.atomic
def order(*, campaign: Campaign, by: AbstractBaseUser, reason: str) -> PrintList:
    """Ask for a print list; the worker freezes it. Who asked and why is on record."""
    print_list = PrintList.objects.create(campaign=campaign, by_id=by.pk)
    details = {"print_list": print_list.pk}
    audit.record(AuditAction.PRINT_LIST, by=by, campaign=campaign, details=details, note=reason)
    queue.tell_after_commit(TASK)
    return print_list


def freeze_ordered() -> None:
    """Freeze what was asked for; safe to run twice, at once, and to be killed.

    A list that fails keeps no other, and is tried again by the next run, after the others; the first such
    failure is raised at the end.
    """
    ends = time.monotonic() + WRITE_FOR
    with going_on.after(Exception) as each:
        for pk in list(_waiting().values_list("pk", flat=True)):
            with each:  # the soft time limit too: it was the list's, not the others'
                _freeze(pk)
            if time.monotonic() > ends:
                break


def _waiting() -> QuerySet[PrintList]:
    """Those that nobody has begun first, then those that were cut, the one begun longest ago first: the
    key of its first line says when, even of a worker that was killed by it."""
    first = PrintEntry.objects.filter(print_list=OuterRef("pk"), position=1).values("pk")
    waiting = PrintList.objects.filter(frozen_at=None).annotate(begun=Subquery(first))
    return waiting.order_by(F("begun").asc(nulls_first=True), "pk")


def _freeze(pk: int) -> None:
    """Freeze one list, unless another worker is at it.

    1. Read the list in one statement, copy and hash its lines, in chunks. What was cut begins anew: no
       other run could go on with a list of that moment.
    2. Blank those of who was erased meanwhile, of whom an erasure found no line to blank yet. It has ended
       by then: the lines, which refer to each signature, are not committed before it has.
    3. Only then is the list frozen, and its file there.
    """
    _copy(pk)
    copied = PrintList.objects.filter(pk=pk, frozen_at=None).exclude(sha256="")
    if copied.exists():
        consequences.blank(named_though_erased().filter(print_list=pk))
        copied.update(frozen_at=timezone.now())


def _copy(pk: int) -> None:
    """Write the lines of a list, unless they are written, or another worker is at it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_ALONE, pk])
        if not cursor.fetchone()[0]:
            return
        try:
            print_list = PrintList.objects.filter(pk=pk, sha256="").first()
            if print_list is not None:
                print_list.entries.all().delete()  # of a worker that died
                _write(print_list)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_ALONE, pk])


def _write(print_list: PrintList) -> None:
    """Copy the lines, and say of the list how many they are and what their hash is."""
    digest = hashlib.sha256()
    # The server keeps what it read past the end of each transaction.
    with connection.chunked_cursor() as listed:
        listed.execute(_LISTED, {"campaign": print_list.campaign_id})
        while rows := listed.fetchmany(CHUNK):
            entries = []
            for signature_id, *texts in rows:
                print_list.number += 1
                digest.update(_line(*texts))
                entries.append(_entry(print_list, signature_id, texts))
            _insert(entries)
    print_list.sha256 = digest.hexdigest()
    print_list.save(update_fields=["number", "sha256"])


def _entry(print_list: PrintList, signature_id: int, texts: Sequence[str]) -> PrintEntry:
    """The line at the end of what has been read."""
    return PrintEntry(
        print_list=print_list,
        position=print_list.number,
        signature_id=signature_id,
        **dict(zip(TEXTS, texts, strict=True)),
    )


def _insert(entries: list[PrintEntry]) -> None:
    # By their ids, as moves lock signatures: else two of one address could wait for each other.
    PrintEntry.objects.bulk_create(sorted(entries, key=lambda entry: entry.signature_id))


def lines(print_list: PrintList) -> Iterator[bytes]:
    """The file, line by line: name, credit, organisation and discipline, with a tab between them.

    UTF-8 without a mark at its beginning, LF, no header; a line for each signer, blank once erased. No
    text holds a tab or a line break (`identity.clean`), so typesetters need no quotes.
    """
    for entry in print_list.entries.order_by("position").values_list(*TEXTS).iterator(5000):
        yield _line(*entry)


def _line(*texts: str) -> bytes:
    return "\t".join(texts).rstrip("\t").encode() + b"\n"


def is_whole(print_list: PrintList) -> bool:
    """Whether it is still the file that ``sha256`` is of: nobody on it has been erased."""
    return not print_list.entries.filter(name="").exists()


def left_since(print_list: PrintList) -> QuerySet[PrintEntry]:
    """The entries that should not be set as they stand, in their order: left the list, or changed."""
    theirs = F("signature__name"), F("signature__credit"), F("signature__organisation")
    changed = ~Q(name=theirs[0]) | ~Q(credit=theirs[1]) | ~Q(organisation=theirs[2])
    changed |= ~Q(discipline=Coalesce("signature__discipline__slug", Value("")))
    gone = ~Q(signature__status=Status.PUBLISHED) | Q(signature__show_name=False)
    return (
        print_list.entries.filter(gone | changed)
        .select_related("signature__discipline")
        .defer("signature__search")
        .order_by("position")
    )


def changes(print_list: PrintList) -> Iterator[bytes]:
    """What a typesetter has to do to a list that is set already, as a file like `lines`, with a header.

    For each of `left_since` the number of its line, ``remove`` or ``replace``, the name as it was frozen
    (blank once erased: the number says which line), and the line to set instead.
    """
    yield b"line\tdo\tfrozen\tname\tcredit\torganisation\tdiscipline\n"
    for entry in left_since(print_list).iterator(2000):
        now = entry.signature
        told = [str(entry.position), "remove", entry.name]
        if now.is_listed:
            discipline = now.discipline.slug if now.discipline else ""
            instead = now.name, now.credit, now.organisation, discipline
            told = [str(entry.position), "replace", entry.name, *instead]
        yield "\t".join(told).rstrip("\t").encode() + b"\n"
