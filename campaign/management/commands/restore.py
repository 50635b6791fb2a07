from argparse import ArgumentParser
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, connection

from campaign import backups, journal
from campaign.backups import BadBackup
from campaign.journal import Departure
from campaign.pg_tools import ToolFailed, ToolMissing
from campaign.replay import replay, unknown


class Command(BaseCommand):
    help = (
        "Put a backup into an empty database, let everybody leave again who has left since, and check"
        " the counts. Stop web, workers and scheduler first."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--journal", type=Path, default=settings.JOURNAL_FILE, help="who has left since"
        )
        parser.add_argument(
            "--without-journal", action="store_true", help="it is lost: nobody leaves again"
        )
        parser.add_argument(
            "--replace", action="store_true", help="throw away what is in the database"
        )

    def handle(self, *args: Any, file: Path, replace: bool, **options: Any) -> None:
        try:
            # All that can be wrong is looked at before anything is touched.
            manifest = backups.read(file)
            left = [] if options["without_journal"] else _journal(options["journal"])
            if not backups.is_empty() and not replace:
                raise CommandError("the database is not empty; --replace throws away what is in it")
            backups.look_through(file, manifest)
            if not backups.is_empty():
                backups.clear()
            connection.close()
            backups.load(file)
        except (BadBackup, ToolMissing, ToolFailed) as error:
            raise CommandError(str(error)) from error
        except DatabaseError as error:
            raise CommandError(f"the database refuses: {str(error).splitlines()[0]}") from error
        if differing := backups.differing(manifest):
            told = (
                f"{table} {found} rows, not {said}" for table, (said, found) in differing.items()
            )
            raise CommandError(f"not what was backed up: {', '.join(told)}")
        rows = sum(manifest.rows.values())
        self.stdout.write(f"restored: {rows} rows of {manifest.made_at}, as many as were backed up")
        call_command("migrate", interactive=False, verbosity=0)
        again = replay(left, made_at=datetime.fromisoformat(manifest.made_at))
        self.stdout.write(f"left again: {again}, of {len(left)} in the journal")
        self._name(unknown(left))
        call_command("check_counts", stdout=self.stdout)

    def _name(self, unknown: Counter[str]) -> None:
        """Say what nobody has done: the others are not kept from leaving by it."""
        if unknown:
            told = ", ".join(f"{did} ({n})" for did, n in sorted(unknown.items()))
            self.stderr.write(
                f"not done: {unknown.total()} lines of the journal that this release does not know: {told}."
                " Restore with the release that wrote them"
            )


def _journal(path: Path) -> list[Departure]:
    try:
        return list(journal.read(path))
    except OSError as error:
        raise CommandError(
            f"{path}: {error.strerror}. It says who has erased their data since the backup; if nobody"
            " has ever left, or it is lost, say so by --without-journal"
        ) from error
    except ValueError as error:
        raise CommandError(f"{path}: {error}") from error
