"""The verbs of a file of signers that comes by the admin: received, checked, imported when told so.

The worker reads it: first as a dry run, whose report somebody looks at, then for good. Both may be cut
off at any line and are taken up again, since an import that runs twice adds nothing twice.
"""

from dataclasses import asdict, dataclass, field
from datetime import timedelta
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from campaign import audit, intake, queue, sheets
from campaign.campaign_file import FileMistake
from campaign.errors import FieldError, InvalidInput
from campaign.models.audit import AuditAction
from campaign.models.batch import ImportBatch
from campaign.models.campaign import Campaign
from campaign.models.signature import Signature
from campaign.models.upload import WORK, Upload, UploadState

TASK: Final = "campaign.take_uploads"
LARGEST: Final = 20_000_000
"""Bytes of a file; 160,000 members with name, address and credit are about 16 MB."""
MOST: Final = 10
"""Files of one person that may lie here at a time: or one login could fill the disk of the database."""
LEASE: Final = timedelta(seconds=60)
"""After which a file whose worker has died is taken up, by the database's clock; renewed with each chunk."""
MISTAKES_SHOWN: Final = 200


@dataclass
class Summary:
    """What a run did, or would do: ``refused`` lines, of whose mistakes the first are named.

    ``unreadable`` says why the file as a whole won't do.
    """

    added: int = 0
    known: int = 0
    left: int = 0
    refused: int = 0
    mistakes: list[dict[str, Any]] = field(default_factory=list)
    unreadable: str = ""


def receive(
    *,
    campaign: Campaign,
    file_name: str,
    content: bytes,
    consent_note: str,
    covers_print: bool,
    by: AbstractBaseUser,
) -> Upload:
    """Take a file and let the worker check it; nothing is imported yet. Raises InvalidInput."""
    if not content:
        raise InvalidInput([FieldError("file", "blank", _("The file is empty."))])
    if len(content) > LARGEST:
        said = _("The file is larger than 20 MB. Please send it in parts.")
        raise InvalidInput([FieldError("file", "too_long", said)])
    with transaction.atomic():
        # Of two at once the second counts the first.
        User.objects.select_for_update(no_key=True).get(pk=by.pk)
        if Upload.objects.filter(by=by.pk).exclude(content=b"").count() >= MOST:
            said = _("Ten of your files lie here. Please import or delete some of them first.")
            raise InvalidInput([FieldError("file", "too_many", said)])
        upload = Upload.objects.create(
            campaign=campaign,
            by_id=by.pk,
            file_name=file_name[:200],
            content=content,
            consent_note=consent_note,
            covers_print=covers_print and bool(consent_note),
        )
        queue.tell_after_commit(TASK)
    return upload


@transaction.atomic
def start(upload: Upload, *, by: AbstractBaseUser) -> bool:
    """Let the worker import a file that has been checked; False if that was said before."""
    checked = Upload.objects.filter(pk=upload.pk, state=UploadState.CHECKED)
    if not checked.update(state=UploadState.IMPORTING, lines=0, lease_until=None):
        return False
    details = {"upload": upload.pk, "consent_on_file": bool(upload.consent_note)}
    audit.record(
        AuditAction.IMPORT,
        by=by,
        campaign=upload.campaign,
        details=details,
        note=upload.consent_note,
    )
    queue.tell_after_commit(TASK)
    return True


def discard(upload: Upload) -> bool:
    """Delete a file that is not being imported; False of one that is."""
    idle = Upload.objects.filter(pk=upload.pk).exclude(state=UploadState.IMPORTING)
    return bool(idle.delete()[0])


# --- The worker ------------------------------------------------------------------------------


def work() -> None:
    """Check and import what waits, one file after the other; safe to run twice, and at once."""
    while (upload := _claim()) is not None:
        _read(upload)


def _claim() -> Upload | None:
    """One file that nobody is at, for LEASE."""
    free = Q(lease_until=None) | Q(lease_until__lt=Now())
    with transaction.atomic():
        waiting = Upload.objects.filter(free, state__in=WORK).order_by("pk")
        upload = waiting.select_for_update(skip_locked=True, of=("self",)).first()
        if upload is not None:
            Upload.objects.filter(pk=upload.pk).update(lease_until=Now() + LEASE)
    return upload


def _read(upload: Upload) -> None:
    """One run over a file. What it found is its report, and its next state follows from that."""
    checking = upload.state == UploadState.CHECKING
    try:
        summary = _run(upload, dry_run=checking)
    except (FileMistake, sheets.SheetMistake) as mistake:
        summary = Summary(unreadable=str(mistake))
    state = UploadState.CHECKED if checking else UploadState.DONE
    if summary.unreadable:
        state = UploadState.REFUSED
    changes: dict[str, Any] = {"state": state, "report": asdict(summary), "lease_until": None}
    if state != UploadState.CHECKED:
        changes["content"] = b""
    Upload.objects.filter(pk=upload.pk, state=upload.state).update(**changes)


def _run(upload: Upload, *, dry_run: bool) -> Summary:
    batch = None if dry_run else _batch(upload)
    # A batch that nobody came into is deleted, and has no id afterwards.
    batch_id = batch and batch.pk

    def progress(lines: int) -> None:
        Upload.objects.filter(pk=upload.pk).update(lines=lines, lease_until=Now() + LEASE)

    report = intake.import_signers(
        campaign=upload.campaign,
        lines=sheets.lines(bytes(upload.content), upload.file_name),
        file_name=upload.file_name,
        consent_note=upload.consent_note,
        dry_run=dry_run,
        into=batch,
        progress=progress,
    )
    summary = Summary(
        # Those of a run that was cut off are known to the one that took it up.
        added=report.added if dry_run else Signature.objects.filter(batch=batch_id).count(),
        known=report.known,
        left=report.left,
        refused=len({mistake.line for mistake in report.mistakes}),
        mistakes=[asdict(mistake) for mistake in report.mistakes[:MISTAKES_SHOWN]],
    )
    if not dry_run:
        summary.known -= summary.added - report.added
    return summary


def _batch(upload: Upload) -> ImportBatch:
    """The batch of a file: the one that it began, where its import was cut off."""
    if upload.batch is None:
        upload.batch = ImportBatch.objects.create(
            campaign=upload.campaign,
            file_name=upload.file_name,
            consent_note=upload.consent_note,
            covers_print=upload.covers_print,
            imported_by=upload.by,
        )
        Upload.objects.filter(pk=upload.pk).update(batch=upload.batch)
    return upload.batch
