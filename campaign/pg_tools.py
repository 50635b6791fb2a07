"""PostgreSQL's own pg_dump and pg_restore: found, and run against our database.

They belong to PostgreSQL (Debian: postgresql-client-17), and pg_dump must be as new as the server.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.db import connection


class ToolMissing(Exception):
    """No program of that name is here that is new enough; the text says what to install."""


class ToolFailed(Exception):
    """It ended in an error; the text is what it said last."""


def server_major() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
        return int(cursor.fetchone()[0])


def find(name: str) -> Path:
    """The program of the server's version, else of a newer one. Raises ToolMissing."""
    needed = server_major()
    found = {_major(path): path for path in _candidates(name)}
    for major in sorted(major for major in found if major >= needed):
        return found[major]
    raise ToolMissing(
        f"no {name} of PostgreSQL {needed} or newer: install its client programs"
        f" (Debian: postgresql-client-{needed}), or put them on the PATH"
    )


def run(name: str, *arguments: str) -> None:
    """Run it against our database. Raises ToolMissing, ToolFailed."""
    ended = subprocess.run(
        [str(find(name)), "--no-password", *arguments],
        env={**os.environ, **_address()},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode:
        # Its last words; those before may repeat rows.
        raise ToolFailed(f"{name}: {(ended.stderr.strip().splitlines() or ['no word'])[-1][:300]}")


def _candidates(name: str) -> Iterator[Path]:
    for folder in (settings.POSTGRES_PROGRAMS or None, None):
        if found := shutil.which(name, path=folder):
            yield Path(found)
    yield from Path("/usr/lib/postgresql").glob(f"*/bin/{name}")


def _major(program: Path) -> int:
    told = subprocess.run(
        [str(program), "--version"], capture_output=True, text=True, check=False
    ).stdout
    number = re.search(r"(\d+)(?:\.\d+)*", told)
    return int(number[1]) if number else 0


def _address() -> dict[str, str]:
    """Where our database is, in the environment: what stands on a command line, every user can read."""
    database = connection.settings_dict
    options = {key: value for key, value in database["OPTIONS"].items() if key.startswith("ssl")}
    told = {
        "PGHOST": database["HOST"],
        "PGPORT": database["PORT"],
        "PGUSER": database["USER"],
        "PGPASSWORD": database["PASSWORD"],
        "PGDATABASE": database["NAME"],
        **{f"PG{key.upper()}": value for key, value in options.items()},
    }
    return {name: str(value) for name, value in told.items() if value}
