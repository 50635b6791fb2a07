"""A backup is restored into another database: the same rows, without who has left since."""

import hashlib
import json
from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db.migrations.loader import MigrationLoader

from campaign import pg_tools
from campaign.models import Mail, Signature
from tests.factories import make_signature
from tests.restoring.databases import backup, here, leave_something, refused, restored, rows, url_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("providers")]


def test_what_is_restored_is_row_by_row_what_was_backed_up(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    before = rows(here())
    file = backup(tmp_path)
    make_signature(name="Too Late")
    said = restored(empty, file)
    assert rows(empty) == before
    assert "every number is that of a recount" in said
    assert "left again: 0, of 0 in the journal" in said


# --- What is refused -------------------------------------------------------------------------


def test_a_database_that_is_not_empty_is_left_alone_unless_told(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    file = backup(tmp_path)
    with psycopg.connect(url_of(empty), autocommit=True) as other:
        other.execute("CREATE TABLE mine (x int)")
    assert "the database is not empty" in refused(empty, file)
    assert list(rows(empty)) == ["mine"]
    restored(empty, file, "--replace")
    assert "mine" not in rows(empty)


def test_a_damaged_backup_and_one_without_its_manifest_touch_nothing(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    file = backup(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "is damaged" in refused(empty, file)
    file.write_bytes(whole)
    manifest = file.with_suffix(".json")
    told = json.loads(manifest.read_text())
    manifest.write_text(
        json.dumps({**told, "migrations": [*told["migrations"], "campaign.9999_x"]})
    )
    assert "is of a newer release: campaign.9999_x" in refused(empty, file)
    manifest.write_text("{}")
    assert "is no manifest" in refused(empty, file)
    manifest.unlink()
    assert "cannot be read" in refused(empty, file)
    assert rows(empty) == {}


def replaced_by(name: str) -> list[str]:
    """The migrations that are one now."""
    migration = MigrationLoader(None).disk_migrations["campaign", name]
    return [f"{app}.{each}" for app, each in migration.replaces]


def test_a_backup_that_has_a_part_of_what_is_one_migration_now_is_refused(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    file = backup(tmp_path)
    restored(empty, file)
    there = rows(empty)
    manifest = file.with_suffix(".json")
    told = json.loads(manifest.read_text())

    def made_of(migrations: set[str]) -> None:
        manifest.write_text(json.dumps({**told, "migrations": sorted(migrations)}))

    for name in ("0001_first_release", "0002_held_by_the_database"):
        whole, parts = f"campaign.{name}", replaced_by(name)
        others = {*told["migrations"]} - {whole}
        for missing in (parts[:1], parts[1:]):
            made_of(others - {*missing})
            said = refused(empty, file, "--replace")
            assert f"is of a release before {whole}, without {missing[0]}" in said
            assert rows(empty) == there
        made_of(others | {*parts})
        restored(empty, file, "--replace")


def test_a_database_is_not_cleared_for_a_backup_that_cannot_be_restored(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    file = backup(tmp_path)
    restored(empty, file)
    there, whole = rows(empty), file.read_bytes()
    assert len(there["campaign_signature"]) == 5
    manifest = file.with_suffix(".json")
    told = json.loads(manifest.read_text())

    file.write_bytes(whole[: len(whole) // 2])
    assert "is damaged" in refused(empty, file, "--replace")
    assert rows(empty) == there

    cut = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest.write_text(json.dumps({**told, "sha256": cut}))
    assert "cannot be read to its end: pg_restore: " in refused(empty, file, "--replace")
    assert rows(empty) == there

    file.write_bytes(whole)
    newer = told["postgresql"] + 1
    manifest.write_text(json.dumps({**told, "postgresql": newer}))
    said = refused(empty, file, "--replace")
    assert f"is of PostgreSQL {newer}, and this server is {newer - 1}" in said
    assert rows(empty) == there

    manifest.write_text(json.dumps(told))
    said = refused(empty, file, "--replace", programs=False)
    assert f"no pg_restore of PostgreSQL {newer - 1} or newer: install" in said
    assert rows(empty) == there

    restored(empty, file, "--replace")


def test_a_restore_wants_the_journal(signer: Signature, tmp_path: Path, empty: str) -> None:
    assert "who has erased their data since the backup" in refused(empty, backup(tmp_path))
    assert rows(empty) == {}


def test_a_restore_that_lacks_rows_says_which(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    file = backup(tmp_path)
    manifest = file.with_suffix(".json")
    told = json.loads(manifest.read_text())
    told["rows"]["campaign_mail"] += 1
    manifest.write_text(json.dumps(told))
    n = Mail.objects.count()
    assert f"campaign_mail {n} rows, not {n + 1}" in refused(empty, file)


def test_a_backup_is_for_its_owner_alone_and_has_no_half(
    signer: Signature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert backup(tmp_path).stat().st_mode & 0o777 == 0o600

    def fail(*_: object) -> None:
        raise pg_tools.ToolFailed("pg_dump: no space left")

    monkeypatch.setattr(pg_tools, "run", fail)
    (half := tmp_path / "half").mkdir()
    with pytest.raises(CommandError, match="no space left"):
        call_command("backup", str(half))
    assert list(half.iterdir()) == []
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command("backup", str(tmp_path / "missing"))


def test_without_the_programs_of_postgresql_it_says_what_to_install(
    signer: Signature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pg_tools, "_candidates", lambda _name: iter(()))
    with pytest.raises(CommandError, match=r"no pg_dump of PostgreSQL \d+ or newer: install"):
        call_command("backup", str(tmp_path))
