from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from campaign import campaign_file, campaign_parts
from campaign.models.campaign import Campaign


class Command(BaseCommand):
    help = "Print a campaign as its file; loaded again, it changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("slug")

    def handle(self, *args: Any, slug: str, **options: Any) -> None:
        campaign = Campaign.objects.filter(slug=slug).first()
        if campaign is None:
            raise CommandError(f"there is no campaign {slug!r}")
        self.stdout.write(campaign_file.write(campaign_parts.values(campaign)), ending="")
