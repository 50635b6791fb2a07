from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from campaign.campaign_file import FileMistake
from campaign.intake import import_signers
from campaign.models import Campaign


class Command(BaseCommand):
    help = "Import signatures gathered elsewhere from a CSV file."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="check the file, write nothing")
        parser.add_argument(
            "--consent-on-file",
            metavar="NOTE",
            help="the campaign holds their consent: who vouches, which document; naming no signer, "
            "since it stays in the audit trail",
        )
        parser.add_argument(
            "--covers-print",
            action="store_true",
            help="the consent on file covers a printed list too",
        )

    def handle(self, *args: Any, slug: str, file: Path, **options: Any) -> None:
        note = options["consent_on_file"]
        if note is not None and not note.strip():
            # Taken for none, it would send a mail to everybody in the file.
            raise CommandError("--consent-on-file needs a note: who vouches, which document")
        if options["covers_print"] and note is None:
            raise CommandError(
                "--covers-print says something of --consent-on-file, which is missing"
            )
        campaign = Campaign.objects.filter(slug=slug).prefetch_related("disciplines").first()
        if campaign is None:
            raise CommandError(f"there is no campaign {slug!r}")
        try:
            # utf-8-sig: spreadsheets begin their CSV with a byte-order mark. Bytes that are not
            # UTF-8 come through as surrogates, so that only their own lines are refused.
            with file.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as stream:
                # A bar only where somebody looks at it (disable=None), drawn by lines read.
                lines = tqdm(stream, unit=" lines", disable=None, leave=False)
                report = import_signers(
                    campaign=campaign,
                    lines=lines,
                    file_name=file.name,
                    consent_note=(note or "").strip(),
                    covers_print=options["covers_print"],
                    dry_run=options["dry_run"],
                )
        except FileMistake as mistake:
            raise CommandError(f"{file}: {mistake}") from None
        except OSError as error:
            raise CommandError(f"{file}: cannot be read: {error}") from None
        for each in report.mistakes:
            self.stderr.write(f"line {each.line}: {each.column}: {each.reason}".replace(": :", ":"))
        would = "would be " if options["dry_run"] else ""
        refused = len({each.line for each in report.mistakes})
        self.stdout.write(
            f"{report.added} {would}added, {report.known} known already, {report.left} left before, "
            f"{refused} refused"
        )
