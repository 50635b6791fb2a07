"""The private list as a file, with e-mail addresses: for one who may have it, and on record.

No worker keeps such a file ready: addresses lie on no disk longer than one download takes.
"""

import csv
import io
import tempfile
from typing import IO, Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from campaign import audit, export, files, private_reads, sheets
from campaign.errors import FieldError, InvalidInput
from campaign.models.api_key import ApiKey
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign
from campaign.models.signature import Status

_LEFT = ", ".join(f"'{status}'" for status in sorted(private_reads.LEFT))
_CELL = 30_000
"""Characters of a note that a spreadsheet still takes in one cell; the longest of theirs is 32,767."""


def _personal(value: str, name: str) -> str:
    """A column that says nothing of who left."""
    return f"CASE WHEN status NOT IN ({_LEFT}) THEN {value} END AS {name}"


def _time(column: str) -> str:
    return f"{export.INSTANT.format(column)} AS {column}"


_TEXTS_BEFORE = ("name", "sort_name", "kind")
_TEXTS_AFTER = ("credit", "organisation", "country")
_EVIDENCE_AT = export.INSTANT.format("evidence_at")


def _select(*, flag: str, reasons: str, evidence: tuple[str, ...]) -> str:
    columns = (
        *("public_id AS id", "status", "revision"),
        *(_personal(f"NULLIF({each}, '')", each) for each in _TEXTS_BEFORE),
        _personal("discipline_slug", "discipline"),
        *(_personal(f"NULLIF({each}, '')", each) for each in _TEXTS_AFTER),
        *(_personal(f"{each}{flag}", each) for each in ("show_name", "featured")),
        _personal("NULLIF(email, '')", "email"),
        _personal(f"newsletter{flag}", "newsletter"),
        *(_personal(f"NULLIF({each}, '')", each) for each in ("language", "source")),
        reasons,
        "NULLIF(rejection_reason, '') AS rejection_reason",
        *evidence,
        *("version AS statement_version", "text_language AS statement_language"),
        *map(_time, ("signed_at", "confirmed_at", "published_at", "updated_at")),
    )
    return f"SELECT {', '.join(columns)} FROM ({{rows}}) AS chosen"


_SELECTS = {
    "csv": _select(
        flag="::text",
        reasons=_personal("array_to_string(hold_reasons, ' ')", "hold_reasons"),
        evidence=(
            _personal("NULLIF(evidence, '')", "evidence"),
            _personal(_EVIDENCE_AT, "evidence_at"),
            _personal(f"NULLIF(left(evidence_note, {_CELL}), '')", "evidence_note"),
        ),
    ),
    # To the letter what `private_reads` gives of each.
    "jsonl": _select(
        flag="",
        reasons=f"CASE WHEN status IN ({_LEFT}) THEN '{{}}' ELSE hold_reasons END AS hold_reasons",
        evidence=(
            _personal(
                "CASE WHEN evidence <> '' THEN json_build_object('method', evidence,"
                f" 'at', {_EVIDENCE_AT}, 'note', NULLIF(evidence_note, '')) END",
                "evidence",
            ),
        ),
    ),
}


def download(
    campaign: Campaign,
    form: str,
    *,
    by: AbstractBaseUser | ApiKey,
    reason: str = "",
    status: Status | None = None,
    newsletter: bool | None = None,
) -> files.Download:
    """All confirmed signatures of a campaign, of one snapshot, as ``csv``, ``jsonl`` or ``xlsx``.

    How many they are, who took them, why and when is on record before the first of them leaves. Raises
    NotReady, and InvalidInput where a workbook would have more than `sheets.ROWS_LIMIT` rows.
    """
    rows = private_reads.every_row(campaign, status=status, newsletter=newsletter)
    number = 0

    def write(file: IO[bytes]) -> None:
        nonlocal number
        if form == "xlsx":
            number = _write_workbook(rows, file)
        else:
            number = export.copy(_SELECTS[form], rows, form, file)

    found = files.written_for_one(write)
    try:
        audit.record(
            AuditAction.EXPORT,
            by=by,
            campaign=campaign,
            number=number,
            details={"form": form},
            note=reason,
        )
    except BaseException:
        found.close()
        raise
    return found


def _write_workbook(rows: QuerySet[Any, Any], file: IO[bytes]) -> int:
    """Made of the CSV, so that the two never say different things."""
    with tempfile.TemporaryFile() as lines:
        number = export.copy(_SELECTS["csv"], rows, "csv", lines)
        if number > sheets.ROWS_LIMIT:
            said = _("A workbook takes %(n)s signatures at most. Please take CSV.")
            mistake = FieldError("form", "too_many", said % {"n": sheets.ROWS_LIMIT})
            raise InvalidInput([mistake])
        lines.seek(0)
        with io.TextIOWrapper(lines, "utf-8", newline="") as text:
            sheets.write_workbook(csv.reader(text), file)
    return number
