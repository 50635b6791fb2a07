from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaign.campaign_file import FileMistake, parse
from campaign.organising import load_campaign


class Command(BaseCommand):
    help = "Create or update a campaign from one TOML file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            changes = load_campaign(parse(file.read_text(encoding="utf-8-sig"), folder=file.parent))
        except FileMistake as mistake:
            # All of them: the first may be a key that is missing since the second misspells it.
            lines = [f"{file}: {each}" for each in mistake.all]
            raise CommandError("\n".join(lines)) from None
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{file}: cannot be read: {error}") from None
        for line in changes or ["nothing changed"]:
            self.stdout.write(line)
