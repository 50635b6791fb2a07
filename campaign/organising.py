"""The verbs of the organiser: load a campaign from its file, pause and resume it, renew its preview link."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaign import identity
from campaign.campaign_file import CampaignFile, FileMistake
from campaign.logos import LogoFile
from campaign.models.campaign import Campaign, Discipline, ProtectedName, new_key
from campaign.models.logo import Logo
from campaign.models.signature import Signature
from campaign.models.statement import Consent, StatementText, StatementVersion


@transaction.atomic
def load_campaign(file: CampaignFile) -> list[str]:
    """Create or update a campaign as its file says; returns a line for each thing that changed.

    A changed title or body of a language that the current version has makes a new version; a
    language more is added to the current one. Nothing is written when a FileMistake is raised.
    """
    slug = file.columns["slug"]
    campaign = Campaign.objects.select_for_update().filter(slug=slug).first()
    changes = [] if campaign else [f"campaign {slug}: created"]
    if campaign is None:
        campaign = Campaign.objects.create(**file.columns)
    else:
        changes += _update_columns(campaign, file.columns)
    _keep_logo(campaign, file.logo)
    changes += _load_disciplines(campaign, file.disciplines)
    changes += _load_protected_names(campaign, file.protected_names)
    changes += _load_statement(campaign, file)
    changes += _load_consents(campaign, file)
    return changes


def _update_columns(campaign: Campaign, wanted: Mapping[str, Any]) -> list[str]:
    changed = [name for name, value in wanted.items() if getattr(campaign, name) != value]
    lines = [f"{name}: {getattr(campaign, name)} -> {wanted[name]}" for name in changed]
    for name in changed:
        setattr(campaign, name, wanted[name])
    if changed:
        campaign.save(update_fields=changed)
    return lines


def _keep_logo(campaign: Campaign, logo: LogoFile | None) -> None:
    """The bytes beside the facts that the columns have."""
    kept = Logo.objects.filter(campaign=campaign)
    if logo is None:
        kept.delete()
    elif not kept.filter(digest=campaign.logo["digest"]).exists():
        values = {"digest": campaign.logo["digest"], "content": logo.content}
        Logo.objects.update_or_create(campaign=campaign, defaults=values)


def _load_disciplines(campaign: Campaign, wanted: list[tuple[str, dict[str, str]]]) -> list[str]:
    there = {discipline.slug: discipline for discipline in campaign.disciplines.all()}
    lines = []
    for slug in there.keys() - {slug for slug, _names in wanted}:
        if Signature.objects.filter(discipline=there[slug]).exists():
            raise FileMistake(
                "disciplines", f"{slug!r} is missing, and there are signatures with it"
            )
        there[slug].delete()
        lines.append(f"discipline {slug}: removed")
    for position, (slug, names) in enumerate(wanted):
        values = {"names": names, "position": position}
        old = there.get(slug)
        if old is None or old.names != names or old.position != position:
            Discipline.objects.update_or_create(campaign=campaign, slug=slug, defaults=values)
            lines.append(f"discipline {slug}: {'changed' if old else 'added'}")
    return lines


def _load_protected_names(campaign: Campaign, wanted: list[tuple[str, list[str]]]) -> list[str]:
    """Bring the rows to what the file says, each by its name, so that history keeps pointing at them."""
    rows = {
        each: name if each != name else "" for name, aliases in wanted for each in (name, *aliases)
    }
    there = {row.name: row for row in campaign.protected_names.all()}
    gone = there.keys() - rows.keys()
    campaign.protected_names.filter(name__in=gone).delete()
    lines = [f"protected name {name}: removed" for name in sorted(gone)]
    for name, alias_of in rows.items():
        values = {"alias_of": alias_of, "skeletons": sorted(identity.skeletons(name))}
        old = there.get(name)
        if old is None or any(getattr(old, key) != value for key, value in values.items()):
            ProtectedName.objects.update_or_create(campaign=campaign, name=name, defaults=values)
            lines.append(f"protected name {name}: {'changed' if old else 'added'}")
    return lines


def _load_statement(campaign: Campaign, file: CampaignFile) -> list[str]:
    digests = {
        language: StatementText.digest(text.title, text.body)
        for language, text in file.statement.items()
    }
    version = StatementVersion.objects.filter(campaign=campaign).last()
    there = {text.language: text.sha256 for text in version.texts.all()} if version else {}
    changed = any(
        there[language] != digests[language] for language in there.keys() & digests.keys()
    )
    added = set(digests) - set(there)
    if version is None or changed:
        version = StatementVersion.objects.create(
            campaign=campaign, number=version.number + 1 if version else 1
        )
        added = set(digests)
    for language in sorted(added):
        text = file.statement[language]
        StatementText.objects.create(
            version=version,
            language=language,
            title=text.title,
            body=text.body,
            sha256=digests[language],
        )
    return [f"statement version {version.number} {lang}: {digests[lang]}" for lang in sorted(added)]


def _load_consents(campaign: Campaign, file: CampaignFile) -> list[str]:
    lines = []
    for language, text in file.statement.items():
        newest = Consent.objects.filter(campaign=campaign, language=language).last()
        if newest is None or newest.text != text.consent:
            Consent.objects.create(campaign=campaign, language=language, text=text.consent)
            lines.append(f"consent {language}: {'changed' if newest else 'added'}")
    return lines


# --- While it runs ---------------------------------------------------------------------------


def pause(campaign: Campaign) -> None:
    """Take no more signatures until further notice; a campaign paused already stays as it is."""
    Campaign.objects.filter(pk=campaign.pk, paused_at=None).update(paused_at=timezone.now())


def resume(campaign: Campaign) -> None:
    """Take signatures again."""
    Campaign.objects.filter(pk=campaign.pk).update(paused_at=None)


def renew_preview(campaign: Campaign) -> None:
    """Make a new preview link; whoever holds the old one sees nothing any more."""
    Campaign.objects.filter(pk=campaign.pk).update(preview_key=new_key())
