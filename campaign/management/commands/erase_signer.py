from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaign import leaving
from campaign.errors import SignatureGone


class Command(BaseCommand):
    help = "Erase what is held about a signer who has asked the organiser for it, for ever."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("signer", help="the id of the signature, as the admin shows it")

    def handle(self, *args: Any, signer: str, **options: Any) -> None:
        try:
            leaving.erase_on_request(signer)
        except SignatureGone as error:
            raise CommandError(f"there is no signature {signer}") from error
        self.stdout.write(f"{signer} is erased")
