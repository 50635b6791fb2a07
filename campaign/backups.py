"""A backup: one file of pg_dump, and beside it a manifest that says what must be in it."""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from campaign import pg_tools

FORMAT = 1
_TABLES = """
SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY tablename
"""


class BadBackup(Exception):
    """What was given is no backup of ours, or not a whole one; the text says why."""


@dataclass(frozen=True)
class Manifest:
    """``rows`` by table, and ``migrations`` as "app.name", both as of the snapshot that was dumped."""

    format: int
    made_at: str
    file: str
    sha256: str
    postgresql: int
    migrations: list[str]
    rows: dict[str, int]


def make(folder: Path) -> Path:
    """Write a backup into the folder; its file. Raises ToolMissing, ToolFailed, OSError.

    1. Open a snapshot, and count all rows in it.
    2. Let pg_dump dump the same snapshot, while everybody goes on writing.
    3. Give both files their names last: what has a manifest is whole.
    """
    now = timezone.now()
    name = f"petition-{now:%Y%m%dT%H%M%SZ}.dump"
    part = folder / f"{name}.part"
    # Personal data of everybody: nobody else on this machine may read it, not even for an instant.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SELECT pg_export_snapshot()")
            [snapshot] = cursor.fetchone()
            rows, applied = count_rows(), migrations()
            pg_tools.run(
                "pg_dump",
                *("--format=custom", "--no-owner", "--no-privileges"),
                *(f"--snapshot={snapshot}", f"--file={part}"),
            )
        manifest = Manifest(
            format=FORMAT,
            made_at=now.isoformat(timespec="seconds"),
            file=name,
            sha256=_sha256(part),
            postgresql=pg_tools.server_major(),
            migrations=applied,
            rows=rows,
        )
        part.rename(folder / name)
    finally:
        part.unlink(missing_ok=True)
    beside(folder / name).write_text(json.dumps(asdict(manifest), indent=1) + "\n")
    return folder / name


def beside(file: Path) -> Path:
    """Where the manifest of a backup is."""
    return file.with_suffix(".json")


def read(file: Path) -> Manifest:
    """The manifest of a backup that is whole. Raises BadBackup."""
    try:
        manifest = Manifest(**json.loads(beside(file).read_text(encoding="utf-8")))
        found = _sha256(file)
    except OSError as error:
        raise BadBackup(f"{error.filename} cannot be read ({type(error).__name__})") from error
    except (ValueError, TypeError) as error:
        raise BadBackup(f"{beside(file)} is no manifest of a backup") from error
    if manifest.format != FORMAT:
        raise BadBackup(f"{file} has form {manifest.format}, and this release reads {FORMAT}")
    if found != manifest.sha256:
        raise BadBackup(f"{file} is damaged: its sha256 is not that of the manifest")
    _require_known(file, {*manifest.migrations})
    return manifest


def look_through(file: Path, manifest: Manifest) -> None:
    """Have pg_restore read a backup to its end, as it will when it restores it; nothing is touched.

    Raises BadBackup, ToolMissing.
    """
    server = pg_tools.server_major()
    if manifest.postgresql > server:
        raise BadBackup(
            f"{file} is of PostgreSQL {manifest.postgresql}, and this server is {server}: restore it"
            " into one of its own version, or a newer one"
        )
    try:
        # Not --list: the contents stand at the beginning, whatever was cut off behind them.
        pg_tools.run("pg_restore", f"--file={os.devnull}", str(file))
    except pg_tools.ToolFailed as error:
        raise BadBackup(f"{file} cannot be read to its end: {error}") from error


def load(file: Path) -> None:
    """Put a backup into an empty database, whole or not at all. Raises ToolMissing, ToolFailed."""
    pg_tools.run(
        "pg_restore",
        *("--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"),
        *(f"--dbname={connection.settings_dict['NAME']}", str(file)),
    )
    # A dump has no statistics: without them PostgreSQL reads whole tables for what an index finds.
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def differing(manifest: Manifest) -> dict[str, tuple[int, int]]:
    """The tables that have not as many rows as the manifest says: those that it says, and those found."""
    found = count_rows()
    return {
        table: (manifest.rows.get(table, 0), found.get(table, 0))
        for table in sorted(manifest.rows.keys() | found.keys())
        if manifest.rows.get(table) != found.get(table)
    }


def is_empty() -> bool:
    """Whether the database has no table of anybody's."""
    return not connection.introspection.table_names()


def clear() -> None:
    """Throw away everything that is in the database."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT quote_ident(current_schema())")
        [schema] = cursor.fetchone()
        cursor.execute(f"DROP SCHEMA {schema} CASCADE; CREATE SCHEMA {schema}")


def count_rows() -> dict[str, int]:
    """The rows of every table."""
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(_TABLES)
        tables = [name for (name,) in cursor.fetchall()]
        rows = {}
        for table in tables:
            cursor.execute(f"SELECT COUNT(*) FROM {quote(table)}")
            rows[table] = int(cursor.fetchone()[0])
    return rows


def migrations() -> list[str]:
    """What has been applied to the database."""
    return sorted(f"{app}.{name}" for app, name in MigrationLoader(connection).applied_migrations)


def _require_known(file: Path, applied: set[str]) -> None:
    """Refuse a backup that `migrate` could not bring to this release. Raises BadBackup."""
    on_disk = MigrationLoader(None).disk_migrations
    known = {f"{app}.{name}" for app, name in on_disk}
    replaced = {
        f"{app}.{name}": [f"{its_app}.{its_name}" for its_app, its_name in migration.replaces]
        for (app, name), migration in on_disk.items()
    }
    unknown = sorted(applied.difference(known, *replaced.values()))
    if unknown:
        raise BadBackup(f"{file} is of a newer release: {', '.join(unknown[:3])} is unknown here")
    for one, parts in replaced.items():
        # Whatever else is applied: Django takes it for applied where all of its parts are.
        missing = [part for part in parts if part not in applied and part not in known]
        if missing and not applied.isdisjoint(parts):
            raise BadBackup(
                f"{file} is of a release before {one}, without {missing[0]}: restore and migrate it with"
                " the last release that has that, and make a backup there"
            )


def _sha256(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
