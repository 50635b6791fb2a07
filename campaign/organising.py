"""The verbs of the organiser: load a campaign from its file, pause and resume it, renew its preview link."""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from campaign import audit
from campaign.campaign_file import CampaignFile
from campaign.campaign_parts import PARTS
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign, new_key


@transaction.atomic
def load_campaign(file: CampaignFile, *, by: AbstractBaseUser | None = None) -> list[str]:
    """Create or update a campaign as its file says; returns a line for each thing that changed.

    A changed title or body of a language that the current version has makes a new version; a
    language more is added to the current one. ``by`` is None at the command line. Nothing is written
    when a FileMistake is raised.
    """
    slug = file.columns["slug"]
    campaign = Campaign.objects.select_for_update().filter(slug=slug).first()
    changes = [] if campaign else [f"campaign {slug}: created"]
    if campaign is None:
        campaign = Campaign.objects.create(**file.columns)
    else:
        had_four_eyes = campaign.four_eyes
        changes += _update_columns(campaign, file.columns)
        if campaign.four_eyes != had_four_eyes:
            _record_four_eyes(campaign, by)
    for name, part in PARTS.items():
        changes += part.keep(campaign, file.values[name])
    return changes


def _update_columns(campaign: Campaign, wanted: Mapping[str, Any]) -> list[str]:
    changed = [name for name, value in wanted.items() if getattr(campaign, name) != value]
    lines = [f"{name}: {getattr(campaign, name)} -> {wanted[name]}" for name in changed]
    for name in changed:
        setattr(campaign, name, wanted[name])
    if changed:
        campaign.save(update_fields=changed)
    return lines


# --- While it runs ---------------------------------------------------------------------------


def pause(campaign: Campaign) -> None:
    """Take no more signatures until further notice; a campaign paused already stays as it is."""
    Campaign.objects.filter(pk=campaign.pk, paused_at=None).update(paused_at=timezone.now())


def resume(campaign: Campaign) -> None:
    """Take signatures again."""
    Campaign.objects.filter(pk=campaign.pk).update(paused_at=None)


@transaction.atomic
def switch_four_eyes(campaign: Campaign, *, on: bool, by: AbstractBaseUser) -> None:
    """Ask for two people where a name is protected or a batch is released, or no longer; on record."""
    if Campaign.objects.filter(pk=campaign.pk, four_eyes=not on).update(four_eyes=on):
        campaign.four_eyes = on
        _record_four_eyes(campaign, by)


def _record_four_eyes(campaign: Campaign, by: AbstractBaseUser | None) -> None:
    details = {"on": campaign.four_eyes}
    audit.record(AuditAction.FOUR_EYES, by=by, campaign=campaign, details=details)


def renew_preview(campaign: Campaign) -> None:
    """Make a new preview link; whoever holds the old one sees nothing any more."""
    Campaign.objects.filter(pk=campaign.pk).update(preview_key=new_key())
