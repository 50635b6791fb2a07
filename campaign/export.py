"""The whole public list written to a file, as CSV that is safe in a spreadsheet or as JSON Lines.

PostgreSQL's COPY writes the rows as they leave: a million take 3 s as CSV, where building each in
Python took 25 s, and neither side holds more than a row. One statement is one snapshot.
"""

import csv
import io
import re
from datetime import datetime
from typing import IO, Any

from django.db import connection, transaction
from django.db.models import QuerySet

from campaign import publication, settling
from campaign.models.campaign import Campaign

FORMS = {"csv": "text/csv", "jsonl": "application/jsonl"}
"""The forms that the list is written in, by what their file's name ends in, and their media types."""

INSTANT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
_SIGNER = f"""
SELECT public_id AS id, name, NULLIF(sort_name, '') AS sort_name, kind,
    discipline_slug AS discipline, NULLIF(credit, '') AS credit,
    NULLIF(organisation, '') AS organisation, NULLIF(country, '') AS country, featured, {{evidence}},
    version AS statement_version, text_language AS language,
    {INSTANT.format("signed_at")} AS signed_at, {INSTANT.format("updated_at")} AS updated_at
FROM ({{rows}}) AS listed
"""
"""The API's `signer`, to the letter, made of the rows that `publication` lets out."""
_EVIDENCE_AT = INSTANT.format("evidence_at")
_NAMED = "evidence = 'vouched' AND vouched_by IS NOT NULL"
_AS_CSV = _SIGNER.replace("featured,", "featured::text AS featured,").replace(
    "{evidence}",
    f"evidence, {_EVIDENCE_AT} AS evidence_at",
)
# Last, since programs go by the place of a column too.
_AS_CSV = _AS_CSV.replace(
    " AS updated_at\n",
    f" AS updated_at,\n    CASE WHEN {_NAMED} THEN vouched_by END AS evidence_by\n",
)
_AS_JSON = _SIGNER.replace(
    "{evidence}",
    f"CASE WHEN {_NAMED}"
    f" THEN json_build_object('method', evidence, 'at', {_EVIDENCE_AT}, 'by', vouched_by)"
    f" ELSE json_build_object('method', evidence, 'at', {_EVIDENCE_AT}) END AS evidence",
)
_SELECTS = {"csv": _AS_CSV, "jsonl": _AS_JSON}

_COPY = {
    "csv": "COPY ({select}) TO STDOUT (FORMAT csv, HEADER)",
    # As CSV with a quote and a delimiter that no JSON holds unescaped: COPY's own form of text would
    # double every backslash.
    "jsonl": "COPY (SELECT row_to_json(signer) FROM ({select}) AS signer) TO STDOUT"
    r" (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')",
}


def write(campaign: Campaign, form: str, file: IO[bytes]) -> datetime:
    """Write the list in that form, the newest first; gives an instant up to which it has everything.

    Earlier than now where somebody is writing: what they stamped before now may be missing.
    """
    as_of = settling.written_until()
    copy(_SELECTS[form], publication.every_row(campaign), form, file)
    return as_of


def copy(select: str, rows: QuerySet[Any, Any], form: str, file: IO[bytes]) -> int:
    """Write what ``select`` makes of these rows, which it names {rows}; how many they are."""
    sql, values = rows.query.sql_with_params()
    statement = _COPY[form].replace("{select}", select).replace("{rows}", sql)
    with transaction.atomic(), connection.cursor() as cursor:
        # By the index, from the first row on: a sort of all of them in parallel would be no sooner
        # at its end, and keep others from every core meanwhile.
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        # The driver's own cursor: Django's that counts queries takes no values here.
        with cursor.cursor.copy(statement, values) as lines:
            if form == "csv":
                return _write_csv(lines, file) - 1  # without the header
            n = 0
            for line in lines:
                file.write(line)
                n += 1
            return n


# --- CSV -------------------------------------------------------------------------------------

# What makes a spreadsheet read a cell as a formula (OWASP, "CSV injection"), also behind spaces and
# quotes: a spreadsheet that splits at semicolons, as in French, takes the quotes off.
_BEGINS_FORMULA = re.compile(r"(^|;)(?=[ \"']*[=+\-@\t\r\n＝＋－＠−])")
_MAY_BEGIN_FORMULA = re.compile(
    rb"[,;][ \"']*(?:[=+\-@\t\r\n]|%b)" % b"|".join(each.encode() for each in "＝＋－＠−")
)
"""Finds every line that has such a cell, and some more: as bytes, since there may be millions.

The first cell is an id, which never begins so.
"""


def _write_csv(rows: Any, file: IO[bytes]) -> int:
    """Lines as RFC 4180 ends them, and their number. Each is one chunk of the COPY, as libpq promises."""
    n = 0
    for row in rows:
        line = bytes(row)[:-1] + b"\r\n"
        file.write(_defused_line(line) if _MAY_BEGIN_FORMULA.search(line) else line)
        n += 1
    return n


def _defused_line(line: bytes) -> bytes:
    written = io.StringIO()
    cells = next(csv.reader([line.decode()]))
    csv.writer(written).writerow([defused(cell) for cell in cells])
    return written.getvalue().encode()


def defused(cell: str) -> str:
    """A cell that begins like a formula, with an apostrophe before it: shown, never calculated.

    A spreadsheet that splits at semicolons begins a cell behind each of them too.
    """
    return _BEGINS_FORMULA.sub(r"\1'", cell)
