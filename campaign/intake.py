"""The verb that takes in signatures gathered elsewhere: a file, line by line."""

import csv
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_noop as _

from campaign import audit, departed, identity, moves, outbox, placing, rules, sheets
from campaign.campaign_file import FileMistake
from campaign.details import Details, read_imported
from campaign.errors import FieldError, InvalidInput
from campaign.history import ORGANISER
from campaign.models.address import Suppression, canonical_address
from campaign.models.audit import AuditAction
from campaign.models.batch import ImportBatch
from campaign.models.campaign import Campaign
from campaign.models.event import Verb
from campaign.models.signature import Evidence, HoldReason, Signature, Status
from campaign.models.statement import current_consent, current_text

COLUMNS = frozenset(
    [
        "name",
        "email",
        "kind",
        "discipline",
        "credit",
        "organisation",
        "country",
        "language",
        "sort_name",
        "featured",
        "signed_at",
        "evidence_note",
    ]
)
DELIMITERS = (",", ";", "\t")
CLOSED = _("This campaign is closed: it takes no more signatures.")
CHUNK = 500
_YES, _NO = {"1", "true", "yes", "x"}, {"", "0", "false", "no"}


@dataclass(frozen=True)
class LineMistake:
    """A line that was not taken, with its number in the file, its column and the reason."""

    line: int
    column: str
    reason: str


@dataclass
class ImportReport:
    """What an import did, or with ``dry_run`` would do: lines taken, known already, and refused."""

    added: int = 0
    known: int = 0
    left: int = 0
    mistakes: list[LineMistake] = field(default_factory=list)


@dataclass(frozen=True)
class _Line:
    number: int
    details: Details
    sort_name: str
    featured: bool
    signed_at: datetime
    evidence_note: str
    canonical: str
    key: str


def import_signers(
    *,
    campaign: Campaign,
    lines: Iterable[str],
    file_name: str,
    consent_note: str = "",
    covers_print: bool = False,
    dry_run: bool = False,
    into: ImportBatch | None = None,
    progress: Callable[[int], None] = lambda _lines: None,
) -> ImportReport:
    """Import a CSV of signatures gathered elsewhere; a bad line is reported and the rest goes on.

    With ``consent_note`` (who vouches, which document) they are held as `on_file` until their batch
    is released, and an address may be missing. Without, each is pending and its mailbox is asked.
    Who is known by address and name, or was imported before, adds nothing; who left or said that it
    wasn't them is not brought back; a line whose mailbox can't be asked in time is a mistake. Chunks
    of 500 lines are transactions of their own, so an import that was cut off is taken up by running
    it again, ``into`` the batch that it began. A batch that nobody came into is deleted, that one too.
    ``progress`` is told of the lines read after each. Raises FileMistake for a header that won't do, and
    after the close for a file of people who would be asked: what comes meanwhile is a mistake each.
    """
    report = ImportReport()
    lines = iter(lines)
    first = next(lines, "")
    rows = sheets.Rows(itertools.chain([first], lines), _delimiter(first))
    names = _header(rows)
    batch = into
    if batch is None and not dry_run:
        batch = ImportBatch.objects.create(
            campaign=campaign,
            file_name=file_name[:200],
            consent_note=consent_note,
            covers_print=covers_print,
        )
    seen: set[str] = set()
    checked = _read_lines(campaign, names, rows, report, on_file=bool(consent_note))
    try:
        if not consent_note:
            _refuse_after_close(campaign, batch)
        while chunk := list(itertools.islice(checked, CHUNK)):
            # Once more where a signer has confirmed the same at this instant.
            taken = moves.once_more(
                partial(_take, campaign, batch, chunk, seen, on_file=bool(consent_note))
            )
            report.added += taken.added
            report.known += taken.known
            report.left += taken.left
            report.mistakes += taken.mistakes
            seen |= {line.key for line in chunk}
            progress(rows.read)
    finally:
        if batch is not None and not Signature.objects.filter(batch=batch).exists():
            batch.delete()
    return report


def _refuse_after_close(campaign: Campaign, batch: ImportBatch | None) -> None:
    """Raise FileMistake where nobody can be asked any more.

    Not of a file that was cut off: its report says of each line whether it came in before.
    """
    begun = batch is not None and Signature.objects.filter(batch=batch).exists()
    if campaign.state() == "closed" and not begun:
        raise FileMistake("", CLOSED)


def _take(
    campaign: Campaign,
    batch: ImportBatch | None,
    chunk: list[_Line],
    seen: Set[str],
    *,
    on_file: bool,
) -> ImportReport:
    """Take one chunk of good lines in a transaction of its own; what came of it."""
    report = ImportReport()
    with transaction.atomic():
        campaign = _one_at_a_time(campaign)
        fresh = _fresh(campaign, chunk, seen, report, on_file=on_file)
        dates = {} if on_file else _dates(campaign, fresh, report)
        fresh = [line for line in fresh if on_file or line.key in dates]
        if batch is None:
            transaction.set_rollback(True)  # the days that were only looked for
        elif fresh:
            _place(campaign, batch, fresh, dates)
    report.added = len(fresh)
    return report


def _dates(campaign: Campaign, lines: list[_Line], report: ImportReport) -> dict[str, datetime]:
    """When the mailbox of each line is asked, by its key; one that no day has room for is a mistake."""
    days = outbox.take_days(campaign, [line.canonical for line in lines])
    column, reason = (
        "email",
        _(
            "is the mailbox of so many lines that this one can’t be asked in time;"
            " import it again in some days, or with the signer’s consent on file"
        ),
    )
    if campaign.state() == "closed":  # since this import has begun
        column, reason = "", CLOSED
    report.mistakes += [
        LineMistake(line.number, column, reason)
        for line, day in zip(lines, days, strict=True)
        if day is None
    ]
    return {line.key: day for line, day in zip(lines, days, strict=True) if day is not None}


def _delimiter(first: str) -> str:
    """What stands between the columns: a spreadsheet of much of Europe writes semicolons."""
    for each in DELIMITERS:
        with suppress(csv.Error):
            if "name" in map(_column, next(csv.reader([first], strict=True, delimiter=each))):
                return each
    return DELIMITERS[0]


def _column(name: str) -> str:
    name = name.strip().lower()
    return "email" if name == "e-mail" else name


def _header(rows: sheets.Rows) -> list[str]:
    """The names of the columns, checked; raises FileMistake."""
    try:
        names = [_column(name) for name in next(rows, [])]
    except sheets.RowMistake as mistake:
        raise FileMistake("", f"the first line {mistake}") from None
    if not _is_utf_8("".join(names)):
        raise FileMistake("", _("is not UTF-8"))
    if "name" not in names:
        raise FileMistake("", _("the first line must name the columns; name is needed"))
    for number, name in enumerate(names, start=1):
        if name not in COLUMNS:
            raise FileMistake(name or f"column {number}", _("is not a column of a signer file"))
    if len(set(names)) < len(names):
        raise FileMistake("", _("the first line names a column twice"))
    return names


def _is_utf_8(text: str) -> bool:
    """False of a text with bytes that could not be decoded, which stand in it as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _read_lines(
    campaign: Campaign, names: list[str], rows: sheets.Rows, report: ImportReport, *, on_file: bool
) -> Iterator[_Line]:
    """The good lines of a file; the bad ones go into the report, with the line that they begin on."""
    while True:
        try:
            cells = next(rows)
            if cells:
                yield _read_line(campaign, _row(names, cells), rows.number, on_file=on_file)
        except StopIteration:
            return
        except sheets.RowMistake as mistake:
            report.mistakes.append(LineMistake(rows.number, "", str(mistake)))
        except InvalidInput as mistake:
            report.mistakes += [
                LineMistake(rows.number, each.field, each.message) for each in mistake.errors
            ]


def _row(names: list[str], cells: list[str]) -> dict[str, str]:
    if len(cells) > len(names):
        raise InvalidInput([FieldError("", "too_many", _("has more columns than the first line"))])
    typed = dict(zip(names, (cell.strip() for cell in cells), strict=False))
    broken = [name for name, cell in typed.items() if not _is_utf_8(cell)]
    if broken:
        raise InvalidInput([FieldError(name, "not_utf_8", _("is not UTF-8")) for name in broken])
    return typed


def _read_line(
    campaign: Campaign, typed: Mapping[str, str], number: int, *, on_file: bool
) -> _Line:
    if not on_file and not typed.get("email"):
        reason = _("is needed, unless the campaign has the signer’s consent on file")
        raise InvalidInput([FieldError("email", "blank", reason)])
    details = read_imported(campaign, typed)
    canonical = canonical_address(details.email) if details.email else ""
    # Without an address, who it is shows in name and credit alone.
    same = [canonical, identity.search_fold(details.name)]
    same += [] if canonical else [identity.search_fold(details.credit), details.kind]
    return _Line(
        number=number,
        details=details,
        sort_name=_sort_name(typed.get("sort_name", "")),
        featured=_flag(typed.get("featured", "")),
        signed_at=_time(typed.get("signed_at", "")),
        evidence_note=identity.clean(typed.get("evidence_note", "")),
        canonical=canonical,
        key=placing.import_key(*same),
    )


def _sort_name(text: str) -> str:
    cleaned = identity.clean(text)
    if cleaned and (identity.name_problem(cleaned) is not None):
        raise InvalidInput([FieldError("sort_name", "no_name", _("is not a name"))])
    return cleaned


def _flag(text: str) -> bool:
    if text.lower() not in _YES | _NO:
        raise InvalidInput([FieldError("featured", "not_a_flag", _("must be true or empty"))])
    return text.lower() in _YES


def _time(text: str) -> datetime:
    if not text:
        return timezone.now()
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.year < 1900:
        reason = _("must be a time such as 2026-01-22T14:00:00Z")
        raise InvalidInput([FieldError("signed_at", "not_a_time", reason)])
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    if at > timezone.now():
        raise InvalidInput([FieldError("signed_at", "in_future", _("is in the future"))])
    return at


def _one_at_a_time(campaign: Campaign) -> Campaign:
    """Let another import of this campaign end its chunk first, so that none adds what it adds.

    And an edit of it: what is returned has the text of now, which no edit replaces until the chunk ends.
    """
    # Not FOR UPDATE: every signer's foreign key would wait for that.
    locked = Campaign.objects.select_for_update(no_key=True)
    return locked.prefetch_related("versions__texts", "consents").get(pk=campaign.pk)


def _fresh(
    campaign: Campaign, chunk: list[_Line], seen: Set[str], report: ImportReport, *, on_file: bool
) -> list[_Line]:
    """The lines of a chunk that are nobody known: not here, not in this file before, not left."""
    keys = {key: line.key for line in chunk for key in placing.import_keys(line.key)}
    imported = Signature.objects.filter(campaign=campaign, import_key__in=keys)
    known: set[str] = set()
    sealed: set[str] = set()
    for key, status in imported.values_list("import_key", "status"):
        (sealed if status == Status.WITHDRAWN else known).add(keys[key])
    addresses = [line.canonical for line in chunk if line.canonical]
    theirs = Signature.objects.filter(campaign=campaign, canonical_email__in=addresses)
    # A pending one is no signature: a stranger may have typed it to keep somebody off the list. Only
    # the very same details are asked for already, under the text and the consent of now.
    stays = theirs.exclude(status__in=(Status.PENDING, Status.WITHDRAWN))
    signed = set(stays.values_list("canonical_email", "name_fold"))
    asked = set(theirs.filter(status=Status.PENDING).values_list("canonical_email", "details_key"))
    persons = [(line.canonical, line.details.name) for line in chunk]
    withdrew = departed.withdrew(campaign.pk, persons)
    hashes = {outbox.address_hash(canonical) for canonical in addresses}
    gone = set(
        Suppression.objects.filter(
            campaign=campaign,
            address_hash__in=hashes,
            reason__in=departed.NO_IMPORT,
        ).values_list("address_hash", flat=True)
    )
    fresh: list[_Line] = []
    here = set(seen)
    for line in chunk:
        person = (line.canonical, identity.search_fold(line.details.name))
        if line.canonical and outbox.address_hash(line.canonical) in gone:
            report.left += 1
        elif (
            line.key in known
            or person in signed
            or (not on_file and (line.canonical, _key(campaign, line.details)) in asked)
        ):
            report.known += 1
        elif line.key in sealed or (line.canonical, line.details.name) in withdrew:
            report.left += 1
        elif line.key in here:
            report.known += 1
        else:
            fresh.append(line)
        here.add(line.key)
    return fresh


def _key(campaign: Campaign, details: Details) -> str:
    """The key of a request that says the same on the form now."""
    text = current_text(campaign, details.language)
    return details.key(text, current_consent(campaign, text.language))


def _place(
    campaign: Campaign, batch: ImportBatch, lines: list[_Line], dates: Mapping[str, datetime]
) -> None:
    spoken = {line.details.language for line in lines}
    texts = {language: current_text(campaign, language) for language in spoken}
    drafts = [
        Signature(
            campaign=campaign,
            batch=batch,
            canonical_email=line.canonical,
            import_key=line.key,
            sort_name=line.sort_name,
            featured=line.featured,
            signed_at=line.signed_at,
            evidence_note=line.evidence_note,
            # Nobody has ticked ours.
            **line.details.columns(texts[line.details.language], None),
        )
        for line in lines
    ]
    if batch.consent_note:
        _hold_for_release(campaign, drafts)
    _put_on_record(batch)
    placing.place(drafts, verb=Verb.IMPORT, actor=ORGANISER)
    if not batch.consent_note:
        outbox.owe_imported(zip(drafts, (dates[line.key] for line in lines), strict=True))


def _put_on_record(batch: ImportBatch) -> None:
    """One entry for a batch, with the first who come into it: an import that adds nobody leaves none.

    Of one that somebody started in the admin that act is on record (`uploads.start`).
    """
    if batch.imported_by_id is None and not Signature.objects.filter(batch=batch).exists():
        details = {"batch": batch.pk, "consent_on_file": bool(batch.consent_note)}
        audit.record(
            AuditAction.IMPORT,
            by=None,
            campaign=batch.campaign,
            details=details,
            note=batch.consent_note,
        )


def _hold_for_release(campaign: Campaign, drafts: list[Signature]) -> None:
    """Held as on file; who looks like a protected name, or like who left, is not released with the batch."""
    now = timezone.now()
    left = departed.names_that_left(campaign.pk, [draft.name for draft in drafts])
    for draft, reasons in zip(drafts, rules.name_reasons(drafts), strict=True):
        draft.status = Status.HELD
        draft.hold_reasons = [HoldReason.IMPORTED, *reasons]
        if draft.name in left:  # from another address, or none: nobody can say whether it is them
            draft.hold_reasons.append(HoldReason.NAME_LEFT)
        draft.evidence, draft.evidence_at = Evidence.ON_FILE, now
        draft.confirmed_at = now
