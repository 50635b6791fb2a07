"""What a check finds."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True)
class Finding:
    """One line: what is so, and unless it is well, what to do."""

    level: Level
    said: str
    todo: str = ""


Check = Callable[[], Iterable[Finding]]


def ok(said: str) -> Finding:
    return Finding(Level.OK, said)


def warn(said: str, todo: str) -> Finding:
    return Finding(Level.WARN, said, todo)


def fail(said: str, todo: str) -> Finding:
    return Finding(Level.FAIL, said, todo)


def wanted(well: bool, said: str, otherwise: Finding) -> Finding:
    """``said`` where it is well."""
    return ok(said) if well else otherwise


def plain(error: BaseException) -> str:
    """An error by its type and code: its words may hold a password."""
    codes = (getattr(error, name, None) for name in ("sqlstate", "smtp_code", "errno"))
    told = [type(error).__name__, *(str(code) for code in codes if code)]
    return " ".join(told)
