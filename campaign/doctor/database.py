"""PostgreSQL: what it promises, whether it has room, and what its log keeps."""

from collections.abc import Iterator

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from campaign.doctor.findings import Finding, fail, ok, wanted, warn

OLDEST = 150_000
PROCESSES = 8
"""Two of the web, the workers' own and their children, the scheduler, and a command."""


def version() -> Iterator[Finding]:
    number = int(_setting("server_version_num"))
    said = f"PostgreSQL {_setting('server_version')}"
    yield wanted(number >= OLDEST, said, fail(f"{said} is too old", "15 or newer is needed"))
    encoding = _setting("server_encoding")
    wrong = fail(f"the database is in {encoding}", "make it with ENCODING 'UTF8'")
    yield wanted(encoding == "UTF8", "it is in UTF8", wrong)


def durability() -> Iterator[Finding]:
    """Whether what was acknowledged survives a crash."""
    for name in ("fsync", "full_page_writes"):
        lost = fail(f"{name} is off: a crash can destroy the database", f"set {name} = on")
        yield wanted(_setting(name) == "on", f"{name} is on", lost)
    commit = _setting("synchronous_commit")
    lost = fail(
        "synchronous_commit is off: a crash loses signatures", "set synchronous_commit = on"
    )
    yield wanted(commit != "off", f"synchronous_commit is {commit}", lost)
    unseen = warn(
        "data checksums are off: a failing disk goes unseen",
        "stop the server and run pg_checksums --enable",
    )
    yield wanted(_setting("data_checksums") == "on", "data checksums are on", unseen)
    bloated = fail("autovacuum is off: tables grow without end", "set autovacuum = on")
    yield wanted(_setting("autovacuum") == "on", "autovacuum is on", bloated)


def room() -> Iterator[Finding]:
    """Connections for every process; how large the data are."""
    pool = int(settings.DATABASES["default"]["OPTIONS"]["pool"]["max_size"])
    most = int(_setting("max_connections")) - int(_setting("superuser_reserved_connections"))
    said = f"{most} connections are enough for {most // pool} processes with {pool} each"
    # Cursors and advisory locks that outlive a transaction: PgBouncer may pool by session alone.
    few = warn(said, f"set max_connections to {PROCESSES * pool + 10} or more")
    yield wanted(most >= PROCESSES * pool, said, few)
    [size] = _row("SELECT pg_size_pretty(pg_database_size(current_database()))")
    yield ok(f"the database has {size}; its disk should have twice that free")


def timeouts() -> Iterator[Finding]:
    if _setting("idle_in_transaction_session_timeout") == "0":
        yield warn(
            "a process that hangs in a transaction holds its locks for ever",
            "set idle_in_transaction_session_timeout = 15min",
        )
    [text] = _row("SELECT setting FROM pg_settings WHERE name = 'statement_timeout'")
    limit = int(str(text))
    if 0 < limit < 600_000:
        yield warn(
            f"statements end after {limit // 1000} s: exports and folds take longer on large lists",
            "set statement_timeout to 0 or to ten minutes and more for this user",
        )


def log() -> Iterator[Finding]:
    """What of a statement PostgreSQL would write into its own log: addresses are in it."""
    rows = {
        "log_min_error_statement": (("panic", "fatal"), "panic"),
        "log_error_verbosity": (("terse",), "terse"),
        "log_statement": (("none", "ddl"), "none"),
        "log_min_duration_statement": (("-1",), "-1"),
        "log_parameter_max_length_on_error": (("0",), "0"),
    }
    for name, (good, best) in rows.items():
        value = _setting(name)
        kept = warn(f"{name} is {value}: personal data get into its log", f"set {name} = {best}")
        yield wanted(value in good, f"{name} is {value}", kept)


def rights() -> Iterator[Finding]:
    [is_super] = _row("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    much = warn(
        "we speak to the database as a superuser",
        "make a user that owns this database, and no more",
    )
    yield wanted(not is_super, "we are no superuser of the database", much)


def migrations() -> Iterator[Finding]:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    said = f"{len(missing)} migrations are missing"
    yield wanted(not missing, "every migration is there", fail(said, "run manage.py migrate"))


def _setting(name: str) -> str:
    return str(_row("SELECT current_setting(%s)", name)[0])


def _row(sql: str, *given: str) -> tuple[object, ...]:
    with connection.cursor() as cursor:
        cursor.execute(sql, given)
        row: tuple[object, ...] = cursor.fetchone()
    return row
