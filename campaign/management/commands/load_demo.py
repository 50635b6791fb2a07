import json
import secrets
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import AbstractBaseUser, User
from django.core.management import call_command
from django.core.management.base import BaseCommand

from campaign import releases
from campaign.campaign_file import parse
from campaign.intake import import_signers
from campaign.models import Campaign, ImportBatch, Membership
from campaign.models.membership import Role
from campaign.organising import load_campaign

DEMO = Path(__file__).resolve().parents[2] / "demo"
CONSENT = "Demonstration: consent forms 0001 to 0700, vouched for by the Example Agency."


class Command(BaseCommand):
    help = "Development: make the demo campaign with its 700 signers, and an admin to log in with."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--migrate", action="store_true", help="migrate first")

    def handle(self, *args: Any, migrate: bool, **options: Any) -> None:
        if migrate:
            call_command("migrate", interactive=False, verbosity=0)
        kept = settings.RUN_DIR / "admin.json"
        admin = self._admin(kept)
        if kept.exists():
            login = json.loads(kept.read_text(encoding="utf-8"))
            self.stdout.write(f"login: {login['username']} / {login['password']}")
        source = (DEMO / "campaign.toml").read_text(encoding="utf-8")
        load_campaign(parse(source, folder=DEMO))
        campaign = Campaign.objects.get(slug="stealing-isnt-innovation")
        if ImportBatch.objects.filter(campaign=campaign).exists():
            return
        # As the real campaign went: imported with consent on file, looked at by one moderator and
        # released by another.
        with (DEMO / "signers.csv").open(encoding="utf-8", newline="") as lines:
            import_signers(
                campaign=campaign,
                lines=lines,
                file_name="signers.csv",
                consent_note=CONSENT,
            )
        batch = ImportBatch.objects.get(campaign=campaign)
        shown = {"batch_id": batch.pk, "waiting_n": releases.waiting(batch).count()}
        releases.preview(**shown, by=self._colleague(campaign))
        releases.release(**shown, by=admin)
        releases.release_due()

    def _colleague(self, campaign: Campaign) -> AbstractBaseUser:
        """A second moderator, whom nobody can log in as until the admin gives them a password."""
        colleague, _made = User.objects.get_or_create(
            username="colleague",
            defaults={"is_staff": True, "password": make_password(None)},
        )
        Membership.objects.get_or_create(
            user=colleague, campaign=campaign, defaults={"role": Role.MODERATOR}
        )
        return colleague

    def _admin(self, kept: Path) -> AbstractBaseUser:
        """The development admin; its password is random unless given, and kept in RUN_DIR."""
        users = get_user_model().objects
        name = settings.DEMO_ADMIN["username"] or "admin"
        if (admin := users.filter(username=name).first()) is not None:
            return admin
        password = settings.DEMO_ADMIN["password"] or secrets.token_urlsafe(9)
        address = settings.DEMO_ADMIN["email"] or "admin@example.org"
        kept.touch(mode=0o600)
        kept.write_text(json.dumps({"username": name, "password": password}), encoding="utf-8")
        return users.create_superuser(name, address, password)
