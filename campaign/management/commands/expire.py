from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand

from campaign import closing, retention

AFTER_THE_CLOSE: Final = "signatures long after the close"


class Command(BaseCommand):
    help = "Delete now what the schedule deletes by itself when its time is over, and say how much."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would be deleted, and delete nothing"
        )

    def handle(self, *args: Any, dry_run: bool, **options: Any) -> None:
        if dry_run:
            numbers = {**retention.due(), AFTER_THE_CLOSE: closing.due()}
        else:
            numbers = dict.fromkeys([*retention.KINDS, AFTER_THE_CLOSE], 0)
            while any((deleted := retention.expire()).values()):
                for name, n in deleted.items():
                    numbers[name] += n
            while n := closing.empty():
                numbers[AFTER_THE_CLOSE] += n
        for name, n in numbers.items():
            self.stdout.write(f"{n:>9}  {name}")
        self.stdout.write("nothing was deleted" if dry_run else "all of this was deleted")
