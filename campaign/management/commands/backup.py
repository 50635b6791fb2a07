from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaign import backups
from campaign.pg_tools import ToolFailed, ToolMissing


class Command(BaseCommand):
    help = "Write a backup of the database into a directory: a file of pg_dump and its manifest."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("directory", type=Path)

    def handle(self, *args: Any, directory: Path, **options: Any) -> None:
        try:
            file = backups.make(directory)
        except (ToolMissing, ToolFailed) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{directory}: {error.strerror}") from error
        rows = sum(backups.read(file).rows.values())
        self.stdout.write(f"{file}: {rows} rows, {file.stat().st_size >> 10} KB")
