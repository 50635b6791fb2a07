"""What must not stand in a log: tokens and keys that still work, and what somebody typed."""

import logging
import re

_PATHS = re.compile(
    r"/(confirm|manage|not-me|report|preview|answer|vouch|represent|my-data|welcome)/[^\s\"']+"
)
# Wherever a key may have been put: the part that names it may stay.
_KEYS = re.compile(r"(ptn_[0-9a-z]{8})_[0-9a-z]+")
# PostgreSQL's DETAIL repeats the values of a refused row, the address among them.
_DETAIL = re.compile(r"^DETAIL:.*$", re.MULTILINE)


def cut(text: str) -> str:
    """The text without tokens, keys and the values of refused rows."""
    text = _KEYS.sub(r"\1_(cut)", _PATHS.sub(r"/\1/(cut)", text))
    return _DETAIL.sub("DETAIL: (cut)", text)


class CutFormatter(logging.Formatter):
    """Formats a record, its traceback too, and cuts what must not be kept."""

    def format(self, record: logging.LogRecord) -> str:
        return cut(super().format(record))
