"""The whole public list written to a file, as CSV that is safe in a spreadsheet or as JSON Lines.

PostgreSQL's COPY writes the rows as they leave: a million take 3 s as CSV, where building each in
Python took 25 s, and neither side holds more than a row. One statement is one snapshot.
"""

import csv
import io
import re
from datetime import datetime
from typing import IO, Any

from django.db import connection
from django.utils import timezone

from campaign import publication
from campaign.models.campaign import Campaign

FORMS = {"csv": "text/csv", "jsonl": "application/jsonl"}
"""The forms that the list is written in, by what their file's name ends in, and their media types."""

_INSTANT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')"""
_SIGNER = f"""
SELECT public_id AS id, name, NULLIF(sort_name, '') AS sort_name, kind,
    discipline_slug AS discipline, NULLIF(credit, '') AS credit,
    NULLIF(organisation, '') AS organisation, NULLIF(country, '') AS country, featured, {{evidence}},
    version AS statement_version, text_language AS language,
    {_INSTANT.format("signed_at")} AS signed_at, {_INSTANT.format("updated_at")} AS updated_at
FROM ({{rows}}) AS listed
"""
"""The API's `signer`, to the letter, made of the rows that `publication` lets out."""
_EVIDENCE_AT = _INSTANT.format("evidence_at")
_AS_CSV = _SIGNER.replace("featured,", "featured::text AS featured,").replace(
    "{evidence}", f"evidence, {_EVIDENCE_AT} AS evidence_at"
)
_AS_JSON = _SIGNER.replace(
    "{evidence}", f"json_build_object('method', evidence, 'at', {_EVIDENCE_AT}) AS evidence"
)
_COPY_CSV = f"COPY ({_AS_CSV}) TO STDOUT (FORMAT csv, HEADER)"
# As CSV with a quote and a delimiter that no JSON holds unescaped: COPY's own form of text would
# double every backslash.
_COPY_JSON = (
    f"COPY (SELECT row_to_json(signer) FROM ({_AS_JSON}) AS signer) TO STDOUT"
    r" (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')"
)


def write(campaign: Campaign, form: str, file: IO[bytes]) -> datetime:
    """Write the list in that form, the newest first; gives the instant that it is of, or earlier."""
    as_of = timezone.now()
    sql, values = publication.every_row(campaign).query.sql_with_params()
    statement = (_COPY_CSV if form == "csv" else _COPY_JSON).replace("{rows}", sql)
    with connection.cursor() as cursor, cursor.copy(statement, values) as rows:
        if form == "csv":
            _write_csv(rows, file)
        else:
            for row in rows:
                file.write(row)
    return as_of


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


def _write_csv(rows: Any, file: IO[bytes]) -> None:
    """Lines as RFC 4180 ends them. Each is one chunk of the COPY, as libpq promises."""
    for row in rows:
        line = bytes(row)[:-1] + b"\r\n"
        file.write(_defused_line(line) if _MAY_BEGIN_FORMULA.search(line) else line)


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
