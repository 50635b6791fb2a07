"""Tables as people keep them, CSV and XLSX, read as lines of CSV and written as a workbook."""

import csv
import io
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import IO, Any, Final

from django.utils.translation import gettext_noop as _
from openpyxl import Workbook, load_workbook

UNPACKED_LIMIT: Final = 100_000_000
"""Bytes that a workbook may hold unpacked; 200,000 lines of signers are about half of that."""
LINES_LIMIT: Final = 1_048_576
"""Lines of a file; no workbook can have more rows."""
ROWS_LIMIT: Final = 50_000
"""Rows of a workbook that is written: 8 s of a web server's thread at 25 columns, measured."""
LINES_OF_A_ROW: Final = 100
"""Lines that one row may have; more hold a quote that was never closed, not a note."""

_TOO_MUCH: Final = _("holds too much; save it as CSV, or in parts")
_UNCLOSED: Final = _("is not CSV: a quote is not closed")


class SheetMistake(Exception):
    """A file that is no table; its text says why, as a part of a sentence."""


class RowMistake(Exception):
    """A row that cannot be read; its text says why, as a part of a sentence."""


class _Lines:
    """Lines, of which those that a row has taken can be given back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self.read = 0
        self.taken: list[str] = []
        self._lines = iter(lines)
        self._again: deque[str] = deque()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        # Else each line whose quote is open could read a whole long file, and each after it again.
        if len(self.taken) >= LINES_OF_A_ROW:
            raise csv.Error
        line = self._again.popleft() if self._again else next(self._lines)
        self.read += 1
        self.taken.append(line)
        return line

    def give_back(self) -> None:
        """All that were taken but the first."""
        self._again.extendleft(reversed(self.taken[1:]))
        self.read -= len(self.taken) - 1


class Rows:
    """The rows of a CSV as lists of cells; ``number`` is that of the line on which the last one begins.

    Without the empty cells at its end: a row without any text has none.

    Raises RowMistake for one that cannot be read, and goes on with the line after that one: a quote
    that is never closed costs the line that it stands on, not those that it would swallow.
    """

    def __init__(self, lines: Iterable[str], delimiter: str) -> None:
        self.number = 0
        self._lines = _Lines(lines)
        self._reader = csv.reader(self._lines, strict=True, delimiter=delimiter)

    @property
    def read(self) -> int:
        """How many lines have been read."""
        return self._lines.read

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        self.number = self._lines.read + 1
        self._lines.taken.clear()
        try:
            return _filled(next(self._reader))
        except csv.Error as error:
            runs_on = len(self._lines.taken) > 1
            self._lines.give_back()
            raise RowMistake(_UNCLOSED if runs_on else f"is not CSV: {error}") from None


def lines(content: bytes, file_name: str) -> Iterator[str]:
    """The lines of a CSV or of a workbook's first sheet, as CSV, one for each row.

    Bytes that are not UTF-8 come through as lone surrogates, so that whoever reads can refuse their
    lines alone. Raises SheetMistake, while it is read too.
    """
    if file_name.lower().endswith(".xlsx"):
        return _limited(_lines_of_workbook(content))
    if content.startswith(b"PK\x03\x04"):
        raise SheetMistake(_("is a workbook, but its name does not end in .xlsx"))
    text = io.TextIOWrapper(io.BytesIO(content), "utf-8-sig", "surrogateescape", newline="")
    return _limited(iter(text))


def _limited(lines: Iterator[str]) -> Iterator[str]:
    """Twenty megabytes are ten million lines of two bytes, each with its mistake; a row may say that it is
    the billionth, and all before it are empty."""
    for number, line in enumerate(lines, start=1):
        if number > LINES_LIMIT:
            raise SheetMistake(_TOO_MUCH)
        yield line


def _lines_of_workbook(content: bytes) -> Iterator[str]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            # What a part says of its size is held against it when it is read.
            if sum(part.file_size for part in packed.infolist()) > UNPACKED_LIMIT:
                raise SheetMistake(_TOO_MUCH)
        workbook = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        sheet, left = workbook.worksheets[0], UNPACKED_LIMIT
        # As wide as its cells: what a sheet says of its size may be all that a sheet can have.
        sheet.reset_dimensions()
        for row in sheet.iter_rows(values_only=True):
            # A text that stands in the pack once may stand in a million cells, and a row say how far it goes.
            left -= len(row) + sum(len(value) for value in row if isinstance(value, str))
            if left < 0:
                raise SheetMistake(_TOO_MUCH)
            yield _line([_text(value) for value in row])
    except SheetMistake:
        raise
    # A workbook is a pack of XML that anybody may have written, and openpyxl raises what it stumbles on.
    except Exception as error:
        raise SheetMistake(_("is not a workbook that can be read; save it as CSV")) from error


def _text(value: Any) -> str:
    """A cell as a CSV would have it, of one line: a row is then a line, and its number is right."""
    match value:
        case None | False:
            return ""
        case True:
            return "true"
        case datetime() | date():
            return value.isoformat()
        case float() if value.is_integer():
            return str(int(value))
    return " ".join(str(value).split())


def _filled(cells: list[str]) -> list[str]:
    """The cells up to the last that holds something: a sheet is often wider than its table."""
    while cells and not cells[-1].strip():
        cells.pop()
    return cells


def _line(cells: list[str]) -> str:
    cells = _filled(cells)
    written = io.StringIO()
    csv.writer(written).writerow(cells)
    return written.getvalue() if cells else "\r\n"


def write_workbook(rows: Iterable[list[str]], file: IO[bytes]) -> None:
    """Write rows of texts as a workbook; what begins like a formula must be defused by now."""
    workbook = Workbook(write_only=True)
    sheet = workbook.create_sheet()
    for row in rows:
        sheet.append(row)
    workbook.save(file)
