"""What tests of batches do: import one, and press the buttons of its page."""

from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from campaign.intake import import_signers
from campaign.models import Campaign, ImportBatch
from tests.factories import make_user

FILE = [
    "name,email,featured\n",
    "Ana One,ana@example.org,\n",
    "Bruno Two,,\n",
    "Cleo Three,,true\n",
]


def imported(campaign: Campaign, lines: list[str] = FILE, by: User | None = None) -> ImportBatch:
    import_signers(
        campaign=campaign, lines=lines, file_name="signers.csv", consent_note="folder 12"
    )
    batch = ImportBatch.objects.latest("pk")
    ImportBatch.objects.filter(pk=batch.pk).update(imported_by=by)
    return batch


def desk_of(username: str) -> Client:
    there = User.objects.filter(username=username).first()
    rights = ("view_signature", "moderate_signature", "view_importbatch")
    client = Client()
    client.force_login(there or make_user(*rights, username=username))
    return client


def act(client: Client, batch: ImportBatch, name: str, waiting: int = 3) -> Any:
    url = f"/admin/campaign/importbatch/{batch.pk}/{name}/"
    return client.post(url, {"waiting": waiting}, follow=True)
