"""Lines of the log: which request each belongs to, and nothing that somebody typed.

A message of ours holds ids and codes. What others write into a line is left out rather than searched:
paths, whose route is named instead, and the words of errors, which repeat values ("Key (email)=...",
the server's "550 zoe@... unknown"). Of an error its type and the places that it went through stay.
"""

import json
import logging
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

_PATHS = re.compile(
    r"/(confirm|manage|not-me|report|preview|answer|vouch|represent|welcome|my-data)/[^\s\"']+"
)
# Wherever a key may have been put: the part that names it may stay.
_KEYS = re.compile(r"(ptn_[0-9a-z]{8})_[0-9a-z]+")
# PostgreSQL's DETAIL repeats the values of a refused row, the address among them.
_DETAIL = re.compile(r"^DETAIL:.*$", re.MULTILINE)
# Whole words: looking for the @ with the pattern takes the cube of a path's length, which is a stranger's.
_WORDS = re.compile(r"[^\s\"'<>()\[\],;:=]+")

CODES = ("sqlstate", "smtp_code", "errno", "code", "status_code")
"""What errors of PostgreSQL, mail servers, the machine and our own say of themselves in a word."""
PLACES = 25
"""Of an error, the last places: the first are those of the web server."""

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""The request that this thread works for, '' for none; tasks take over that of who told them."""


@contextmanager
def of_request(name: str) -> Iterator[None]:
    """Let each line written in here name that request."""
    before = request_id.set(name)
    try:
        yield
    finally:
        request_id.reset(before)


def cut(text: str) -> str:
    """The text without tokens, keys, mail addresses and the values of refused rows."""
    text = _KEYS.sub(r"\1_(cut)", _PATHS.sub(r"/\1/(cut)", text))
    text = _DETAIL.sub("DETAIL: (cut)", text)
    return _WORDS.sub(_cut_address, text) if "@" in text else text


def _cut_address(word: re.Match[str]) -> str:
    """With a dot behind: `mail@host` is the name of a worker."""
    box, _at, host = word[0].lstrip("@").partition("@")
    return "(cut)" if box and "." in host.strip(".") else word[0]


class NoTicks(logging.Filter):
    """Leaves out that a task went well which no request told: three a second, and /metrics says it."""

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno > logging.INFO or bool(request_id.get())


class CutFormatter(logging.Formatter):
    """For people, in development: whole errors, without what must not be kept."""

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {}) | (
            {"request": name} if (name := request_id.get()) else {}
        )
        said = "".join(f" {field}={value}" for field, value in fields.items())
        return cut(super().format(record)) + said


class JsonFormatter(logging.Formatter):
    """For machines: one line of JSON, whatever is in a record.

    ``time``, ``level``, ``logger``, ``message``; ``request_id`` where there is a request; ``errors``, the
    last one first, each with what it came from; and ``fields`` of the record.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": cut(_message(record)),
        }
        if name := request_id.get():
            line["request_id"] = name
        line |= getattr(record, "fields", {})
        if record.exc_info and (error := record.exc_info[1]):
            line["errors"] = list(_errors(error))
        return json.dumps(line, ensure_ascii=False, default=lambda value: type(value).__name__)


def _message(record: logging.LogRecord) -> str:
    """The message without what a request or an error put into it."""
    if record.name.startswith("django.security"):
        return "refused"  # the name says why, and the words would repeat a Host or a form
    request, error = getattr(record, "request", None), record.exc_info and record.exc_info[1]
    if isinstance(record.args, dict):
        # Celery's of a task: the words of the error stand in "exc" and "traceback".
        words = {"exc": type(error).__name__, "traceback": "", "args": "", "kwargs": ""}
        return str(record.msg) % ({**record.args, **words} if error else record.args)
    path = getattr(request, "path", None)
    if path is None or not record.args:
        return record.getMessage()
    match = getattr(request, "resolver_match", None)
    route = f"/{match.route}" if match else "(no such page)"
    return str(record.msg) % tuple(route if each == path else each for each in record.args)


def _errors(error: BaseException | None) -> Iterator[dict[str, Any]]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        codes = {name: getattr(error, name, None) for name in CODES}
        yield {
            "type": f"{type(error).__module__}.{type(error).__qualname__}",
            **{name: code for name, code in codes.items() if isinstance(code, int) or _word(code)},
            "places": [
                f"{_short(frame.f_code.co_filename)}:{line} {frame.f_code.co_name}"
                for frame, line in traceback.walk_tb(error.__traceback__)
            ][-PLACES:],
        }
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _word(code: object) -> bool:
    return isinstance(code, str) and re.fullmatch(r"[A-Za-z0-9_]{1,40}", code) is not None


def _short(path: str) -> str:
    """The file within its package, not where that lies on this machine."""
    return "/".join(path.rpartition("/site-packages/")[2].split("/")[-3:])
