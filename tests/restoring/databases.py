"""A backup, another database that it is restored into, and what both have."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from campaign import correspondents
from campaign.links import Purpose, make_token
from campaign.models import Report
from petition.household import ROOT

Rows = dict[str, list[tuple[Any, ...]]]


def url_of(database: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


@contextmanager
def another_database() -> Iterator[str]:
    """An empty one; its name."""
    name = f"restored_{os.urandom(6).hex()}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield name
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


WITHOUT_PROGRAMS = """
import sys
from django.core.management import execute_from_command_line
from campaign import pg_tools
pg_tools._candidates = lambda name: iter(())
execute_from_command_line(sys.argv)
"""


def manage(database: str, *command: str, programs: bool = True) -> subprocess.CompletedProcess[str]:
    """A command of manage.py on that database, as an operator gives it; PostgreSQL's programs are there
    or not."""
    script = ("manage.py",) if programs else ("-c", WITHOUT_PROGRAMS)
    return subprocess.run(
        [sys.executable, *script, *command],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url_of(database), "HASH_KEY": settings.HASH_KEY},
        capture_output=True,
        text=True,
        check=False,
    )


def restored(database: str, file: Path, *options: str) -> str:
    told = manage(database, "restore", str(file), f"--journal={settings.JOURNAL_FILE}", *options)
    assert told.returncode == 0, told.stderr
    return told.stdout


def refused(database: str, file: Path, *options: str, programs: bool = True) -> str:
    told = manage(
        *(database, "restore", str(file), f"--journal={settings.JOURNAL_FILE}", *options),
        programs=programs,
    )
    assert told.returncode == 1, told.stdout
    [line] = told.stderr.strip().splitlines()
    return line


def rows(database: str) -> Rows:
    """Every row of every table."""
    with psycopg.connect(url_of(database)) as other:
        tables = other.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        return {
            table: sorted(
                other.execute(
                    sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(table))
                ).fetchall()
            )
            for (table,) in tables
        }


def backup(folder: Path) -> Path:
    call_command("backup", str(folder))
    [file] = folder.glob("*.dump")
    return file


def here() -> str:
    return str(connection.settings_dict["NAME"])


def leave_something() -> None:
    """So that there is a journal."""
    Path(settings.JOURNAL_FILE).touch()


def statuses(database: str) -> dict[str, str]:
    with psycopg.connect(url_of(database)) as other:
        return dict(other.execute("SELECT public_id, status FROM campaign_signature").fetchall())


def hashes(database: str) -> set[tuple[str, str]]:
    with psycopg.connect(url_of(database)) as other:
        found = other.execute("SELECT address_hash, reason FROM campaign_suppression").fetchall()
        return {(address, reason) for address, reason in found}


def forget(about: Report) -> None:
    """Whoever wrote it has all of it deleted, by the link in a mail to them."""
    subject, revision = about.public_id, about.revision
    correspondents.erase(make_token(Purpose.MY_DATA, subject=subject, revision=revision))
