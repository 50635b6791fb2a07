import sys
from argparse import ArgumentParser
from ipaddress import ip_address
from typing import Any

from django.core.management.base import BaseCommand

from campaign.doctor import mail, sender
from campaign.doctor.findings import Level


class Command(BaseCommand):
    help = (
        "Look at what DNS says of the sender: one line a finding, and what to do;"
        " exit code 1 if any fails (docs/operations.md)."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--domain", help="what stands behind the @; else every sender's")
        parser.add_argument("--dkim", default="", help="the selector that the mail server signs by")
        parser.add_argument(
            "--address",
            action="append",
            default=[],
            type=_address,
            help="an IP address that mails leave from, as receivers see it; may be given again",
        )

    def handle(
        self, *args: Any, domain: str | None, dkim: str, address: list[str], **options: Any
    ) -> None:
        failed = False
        for each in [domain.lower()] if domain else sorted(mail.domains()):
            for finding in sender.look(each, selector=dkim, addresses=address):
                todo = f" -> {finding.todo}" if finding.todo else ""
                self.stdout.write(f"{finding.level:4} {finding.said}{todo}")
                failed = failed or finding.level == Level.FAIL
        if failed:
            sys.exit(1)


def _address(text: str) -> str:
    """An address in its usual form; argparse says what is wrong of any other."""
    return str(ip_address(text))
