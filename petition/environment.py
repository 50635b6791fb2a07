"""The environment: each variable as its text, or in the file that NAME_FILE points at.

Standard library only: the supervisor reads it before there is a Django, settings.py with it.
"""

import os
from collections.abc import Mapping
from pathlib import Path


class CannotStart(Exception):
    """Why nothing starts: one line for the person at the terminal."""


def text(name: str) -> str | None:
    """The text of NAME, or of the file that NAME_FILE points at; None where neither is set.

    Raises CannotStart where both are set, or the file cannot be read.
    """
    if path := os.environ.get(f"{name}_FILE"):
        if name in os.environ:
            raise CannotStart(f"{name} and {name}_FILE are both set; keep one")
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            kind = error.__class__.__name__
            raise CannotStart(f"{name}_FILE: {path} cannot be read ({kind})") from None
    return os.environ.get(name) or None


def with_these(values: Mapping[str, str]) -> dict[str, str]:
    """Our environment for a child, with these values in the place of what NAME and NAME_FILE say."""
    files = {f"{name}_FILE" for name in values}
    return {name: said for name, said in os.environ.items() if name not in files} | dict(values)
