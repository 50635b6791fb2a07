"""What must not stand in a log: tokens that still work, and what somebody typed."""

import logging
import re

_PATHS = re.compile(r"/(confirm|manage|not-me|preview)/[^\s\"']+")
# PostgreSQL's DETAIL repeats the values of a refused row, the address among them.
_DETAIL = re.compile(r"^DETAIL:.*$", re.MULTILINE)


def cut(text: str) -> str:
    """The text without tokens and without the values of refused rows."""
    return _DETAIL.sub("DETAIL: (cut)", _PATHS.sub(r"/\1/(cut)", text))


class CutFormatter(logging.Formatter):
    """Formats a record, its traceback too, and cuts what must not be kept."""

    def format(self, record: logging.LogRecord) -> str:
        return cut(super().format(record))
