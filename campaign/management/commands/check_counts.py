from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from campaign import counts
from campaign.models import Campaign


class Command(BaseCommand):
    help = "Recount every campaign from its signatures and say where the kept numbers differ."

    def handle(self, *args: Any, **options: Any) -> None:
        wrong = 0
        for campaign in Campaign.objects.order_by("slug"):
            wrong += self._check(campaign)
        if wrong:
            # Never repaired here: a wrong number is a defect to be found, not to be painted over.
            raise CommandError(f"{wrong} numbers differ from a recount")
        self.stdout.write("every number is that of a recount")

    def _check(self, campaign: Campaign) -> int:
        with transaction.atomic(), connection.cursor() as cursor:
            # Both sides in one snapshot, or a signer in between would look like a mistake.
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            kept = {
                key: n
                for key, n in counts.snapshot(campaign.pk).items()
                if key[0] != counts.RECEIVED
            }
            counted = counts.recount(campaign.pk)
        differing = [
            key for key in kept.keys() | counted.keys() if kept.get(key) != counted.get(key)
        ]
        for key in sorted(differing):
            name = " ".join(part for part in key if part)
            self.stderr.write(
                f"{campaign.slug}: {name}: {kept.get(key, 0)} kept, {counted.get(key, 0)} counted"
            )
        return len(differing)
