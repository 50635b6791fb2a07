import json
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from campaign.doctor.examination import examine


class Command(BaseCommand):
    help = (
        "Look at a production set-up: one line a finding, and what to do; exit code 1 if any fails."
    )
    # It says itself what Django's checks find, and a missing migration is a finding.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", help="a list of objects")
        parser.add_argument("--dkim", default="", help="the selector that the mail server signs by")

    def handle(self, *args: Any, json: bool, dkim: str, **options: Any) -> None:
        lines = []
        for line in examine(dkim):
            lines.append(line)
            if not json:
                self.stdout.write(str(line))
        if json:
            self.stdout.write(_json([line.json() for line in lines]))
        if any(line.failed for line in lines):
            sys.exit(1)


def _json(lines: list[dict[str, str]]) -> str:
    return json.dumps(lines, indent=1)
