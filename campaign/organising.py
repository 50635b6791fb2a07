"""The verbs of the organiser: load a campaign from its file, make and edit one, renew its preview link."""

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import UTC
from typing import Any, Final

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from campaign import audit, four_eyes, rules, suspicions
from campaign.campaign_file import CampaignFile, FileMistake, changed_keys, digest
from campaign.campaign_parts import PARTS, current_version, note_published, values
from campaign.errors import CampaignEdited
from campaign.file_values import refuse
from campaign.models.approval import Approval
from campaign.models.audit import AuditAction, AuditEntry
from campaign.models.campaign import Campaign, new_key
from campaign.models.membership import Membership, Role
from campaign.models.signature import RejectionReason, Signature, Status
from campaign.models.tally import Tally, TallyChange

ENOUGH: Final = 2
"""So many moderators are four eyes."""
_OF_WHAT_IS_PUBLIC: Final = ("opens_at", "languages", "statement")
"""The keys by which a text becomes public, or is so no longer."""


@transaction.atomic
def load_campaign(file: CampaignFile, *, by: AbstractBaseUser | None = None) -> list[str]:
    """Create or update a campaign as its file says; returns a line for each thing that changed.

    A changed title or body of a language that the current version has makes a new version; a
    language more is added to the current one. What was edited in the admin since the last file is
    replaced too, and said so. ``by`` is None at the command line. Nothing is written when a FileMistake
    is raised.
    """
    slug = file.columns["slug"]
    campaign = _locked().filter(slug=slug).first()
    if campaign is None:
        return [f"campaign {slug}: created", *_make(file, AuditAction.CAMPAIGN_LOADED, by=by)[1]]
    changes, keys = _bring_to(campaign, file, by=by)
    if keys:
        changes += _replaced(campaign, keys)
        audit.record(AuditAction.CAMPAIGN_LOADED, by=by, campaign=campaign, details={"keys": keys})
    return changes


@transaction.atomic
def make_campaign(file: CampaignFile, *, by: User) -> Campaign:
    """A new campaign, whose owner is who made it; raises FileMistake."""
    its_name = Campaign.objects.filter(slug=file.columns["slug"])
    taken = FileMistake("slug", _("is the short name of another campaign"))
    if its_name.exists():
        raise taken
    try:
        with transaction.atomic():
            campaign, _lines = _make(file, AuditAction.CAMPAIGN_MADE, by=by)
    except IntegrityError:
        if its_name.exists():  # a form that was sent twice: the other was being made just then
            raise taken from None
        raise
    Membership.objects.create(user=by, campaign=campaign, role=Role.OWNER)
    return campaign


@transaction.atomic
def edit_campaign(campaign: Campaign, file: CampaignFile, *, shown: str, by: User) -> list[str]:
    """Bring a campaign to what a form says; returns the keys that changed.

    ``shown`` is the `digest` of the campaign's file when the form was opened; raises
    CampaignEdited if it is another one now. A text that somebody was asked to sign changes only with a
    note of its own to them, else this raises FileMistake, as it does for any other mistake.
    """
    campaign = _locked().get(pk=campaign.pk)
    before = values(campaign)
    if digest(before) != shown:
        raise CampaignEdited
    check_edit(campaign, file)
    _changes, keys = _bring_to(campaign, file, by=by)
    if keys:
        audit.record(AuditAction.CAMPAIGN_EDITED, by=by, campaign=campaign, details={"keys": keys})
    return keys


def _locked() -> QuerySet[Campaign]:
    # Not FOR UPDATE: every signer's foreign key would wait until all names are folded anew.
    return Campaign.objects.select_for_update(no_key=True)


def check_edit(campaign: Campaign, file: CampaignFile) -> None:
    """Raise a FileMistake for what saving this edit would refuse."""
    if file.columns["slug"] != campaign.slug:
        raise FileMistake("slug", _("cannot be changed"))
    if TallyChange.objects.filter(campaign=campaign).exists() or (
        Tally.objects.filter(campaign=campaign).exists()
    ):
        _need_notes(values(campaign)["statement"], file.values["statement"])
    check(campaign, file)


def _need_notes(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Each text that changes says anew what has changed."""
    refuse(
        [
            FileMistake(f"statement.{language}.note", _("is needed, since this text has changed"))
            for language in before.keys() & after.keys()
            if any(before[language][part] != after[language][part] for part in ("title", "body"))
            and after[language]["note"] in ("", before[language]["note"])
        ]
    )


def _make(
    file: CampaignFile, action: AuditAction, *, by: AbstractBaseUser | None
) -> tuple[Campaign, list[str]]:
    campaign = Campaign.objects.create(**file.columns)
    if not campaign.four_eyes:
        _require_alone(campaign)
    changes = _keep_parts(campaign, file)
    audit.record(action, by=by, campaign=campaign)
    return campaign, changes


def _bring_to(
    campaign: Campaign, file: CampaignFile, *, by: AbstractBaseUser | None
) -> tuple[list[str], list[str]]:
    """Lines of what changed, and the keys."""
    check(campaign, file)
    before, had_four_eyes = values(campaign), campaign.four_eyes
    was, version = copy(campaign), current_version(campaign)
    found_near = rules.rule_is_on("near_name", campaign)
    _keep_reasons(campaign, file.columns["rejection_reasons"])
    changes = _update_columns(campaign, file.columns)
    if campaign.four_eyes != had_four_eyes:
        _switched(campaign, by)
    changes += _keep_parts(campaign, file)
    if rules.rule_is_on("near_name", campaign) and not found_near:
        suspicions.look_for(campaign, campaign.protected_names.all())
    keys = changed_keys(before, values(campaign))
    if any(before[key] != file.values[key] for key in _OF_WHAT_IS_PUBLIC):
        note_published(was, version)
    return changes, keys


def check(campaign: Campaign, file: CampaignFile) -> None:
    """Raise a FileMistake for what the campaign, as it goes, doesn't allow."""
    if campaign.four_eyes and not file.columns["four_eyes"]:
        _require_alone(campaign)
    _check_retention(campaign, file)


def _check_retention(campaign: Campaign, file: CampaignFile) -> None:
    """Refuse a slip that erases everybody: a FileMistake where the time of their data would be over."""
    wanted = {name: file.columns[name] for name in ("closes_at", "retention_months")}
    changed = [name for name, value in wanted.items() if getattr(campaign, name) != value]
    until = Campaign(**wanted).data_kept_until
    if not changed or until is None or until > timezone.now():
        return
    left = Signature.objects.filter(campaign=campaign).exclude(status=Status.ERASED).count()
    if left:
        reason = ngettext(
            "would erase the personal data of %(n)d signature, kept until %(until)s UTC then:"
            " choose a later close, or more months",
            "would erase the personal data of %(n)d signatures, kept until %(until)s UTC then:"
            " choose a later close, or more months",
            left,
        )
        told = {"n": left, "until": f"{until.astimezone(UTC):%Y-%m-%d %H:%M}"}
        raise FileMistake(changed[0], reason % told)


def _keep_reasons(campaign: Campaign, wanted: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to lose the words of a reason that signers have been told."""
    kept = {row["slug"] for row in wanted} | set(RejectionReason.values)
    gone = {row["slug"] for row in campaign.rejection_reasons} - kept
    refused = Signature.objects.filter(~Q(rejection_reason=""), campaign=campaign)
    told = refused.filter(rejection_reason__in=gone).values_list("rejection_reason", flat=True)
    if slug := gone and told.first():
        reason = _("%(slug)s is missing, and there are signatures rejected for it")
        raise FileMistake("rejection_reasons", reason % {"slug": repr(slug)})


def _keep_parts(campaign: Campaign, file: CampaignFile) -> list[str]:
    return [line for name, part in PARTS.items() for line in part.keep(campaign, file.values[name])]


def _replaced(campaign: Campaign, keys: list[str]) -> list[str]:
    """Which of these keys were edited in the admin since a file was last loaded."""
    entries = AuditEntry.objects.filter(campaign=campaign).order_by("-pk")
    last = entries.filter(action=AuditAction.CAMPAIGN_LOADED).values_list("pk", flat=True).first()
    edits = entries.filter(action=AuditAction.CAMPAIGN_EDITED, pk__gt=last or 0)
    lines = {}
    for edit in edits.order_by("pk"):
        for key in edit.details["keys"]:
            lines[key] = (
                f"{key}: replaces an edit made in the admin on {edit.at:%Y-%m-%d %H:%M} UTC"
            )
    return [lines[key] for key in keys if key in lines]


def _update_columns(campaign: Campaign, wanted: Mapping[str, Any]) -> list[str]:
    changed = [name for name, value in wanted.items() if getattr(campaign, name) != value]
    lines = [f"{name}: {getattr(campaign, name)} -> {wanted[name]}" for name in changed]
    for name in changed:
        setattr(campaign, name, wanted[name])
    if changed:
        campaign.save(update_fields=changed)
    return lines


# --- While it runs ---------------------------------------------------------------------------


@transaction.atomic
def switch_four_eyes(campaign: Campaign, *, on: bool, by: AbstractBaseUser) -> None:
    """Ask for two people where a name is protected or a batch is released, or no longer; on record.

    Raises FileMistake where it would be switched off and two people could look.
    """
    if Campaign.objects.filter(pk=campaign.pk, four_eyes=not on).update(four_eyes=on):
        if not on:
            _require_alone(campaign)
        campaign.four_eyes = on
        _switched(campaign, by)


def _switched(campaign: Campaign, by: AbstractBaseUser | None) -> None:
    if not campaign.four_eyes:
        # Who goes on alone says it anew; and no yes of before is the first of two when it is on again.
        # Those that are locked go with the move that holds them, which may wait for us.
        void = Approval.objects.filter(signature__campaign=campaign).select_for_update(
            skip_locked=True, of=("self",)
        )
        Approval.objects.filter(pk__in=[each.pk for each in void]).delete()
    details = {"on": campaign.four_eyes}
    audit.record(AuditAction.FOUR_EYES, by=by, campaign=campaign, details=details)


def _require_alone(campaign: Campaign) -> None:
    """To do without is for who is alone: else one of two would undo both pairs of eyes by a switch."""
    n = four_eyes.moderators(campaign)
    if n >= ENOUGH:
        reason = _("cannot be switched off: %(n)d people can moderate this campaign")
        raise FileMistake("four_eyes", reason % {"n": n})


def renew_preview(campaign: Campaign) -> None:
    """Make a new preview link; whoever holds the old one sees nothing any more."""
    Campaign.objects.filter(pk=campaign.pk).update(preview_key=new_key())
