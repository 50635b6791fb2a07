import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.core.serializers.json import DjangoJSONEncoder

from campaign import own_data
from campaign.models.signature import Signature


class Command(BaseCommand):
    help = "Print all that is held about a signer who has asked the organiser for it, as JSON."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("signer", help="the id of the signature, as the admin shows it")

    def handle(self, *args: Any, signer: str, **options: Any) -> None:
        signature = Signature.objects.filter(public_id=signer).first()
        if signature is None:
            raise CommandError(f"there is no signature {signer}")
        held = own_data.held(signature)
        self.stdout.write(json.dumps(held, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))
