"""Whom two moderators must look at before they are published, or kept: who bears a protected name.

A confirmed mailbox proves no identity, and one moderator can be deceived, or be the deceiver.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from django.contrib.auth.models import AbstractBaseUser, User
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign import roles, rules
from campaign.errors import FieldError, InvalidInput
from campaign.models.approval import Approval
from campaign.models.audit import AuditAction, AuditEntry
from campaign.models.campaign import Campaign
from campaign.models.membership import Membership
from campaign.models.signature import GUARDED, Signature, Status
from campaign.models.suspicion import Suspicion

SETTLING: Final = timedelta(hours=24)
"""How long a new moderator's yes counts for nothing: long enough that the others see who has come."""
NOTE_WORDS: Final = 3
"""Words that a note on how a name was checked has at least: "ok" says nothing to the second one."""


def guarded(signature: Signature) -> bool:
    """Whether it bears a protected name: it is held for one, or would be by now.

    Asked of the rules too, since a hold by a moderator or a report leaves its own reason alone.
    """
    return bool(held_for_a_name(signature) or rules.matching_names([signature])[0])


def held_for_a_name(signature: Signature) -> bool:
    """Whether a protected name is among the reasons that stand on its row."""
    return not set(GUARDED).isdisjoint(signature.hold_reasons)


def doubted(signature: Signature) -> bool:
    """Whether it is published, and like a name protected since, and nobody has decided about that."""
    if signature.status != Status.PUBLISHED:
        return False
    return Suspicion.objects.filter(signature=signature, closed_at=None).exists()


def approvals(signatures: Sequence[Signature]) -> dict[int, list[Approval]]:
    """Who has approved each of these as it is now, by its id; one query."""
    found: dict[int, list[Approval]] = {signature.pk: [] for signature in signatures}
    revisions = {signature.pk: signature.revision for signature in signatures}
    given = Approval.objects.filter(signature__in=found).select_related("user", "event__note")
    for approval in given:
        if approval.revision == revisions[approval.signature_id]:
            found[approval.signature_id].append(approval)
    return found


def firsts(signature: Signature) -> list[Approval]:
    """Whose approval of it, as it is now, counts: not theirs who may moderate no more."""
    campaign = signature.campaign
    return [
        approval
        for approval in approvals([signature])[signature.pk]
        if roles.may(approval.user, roles.MODERATE, campaign)
    ]


def moderators(campaign: Campaign) -> int:
    """How many people there are who could look."""
    return roles.holders(roles.MODERATE, campaign).count()


def new_until(user: AbstractBaseUser, campaign: Campaign) -> datetime | None:
    """Until when a yes of this moderator counts for nothing yet; None for one whose yes counts.

    Whom an owner invited, or promoted, a moment ago may be that owner by another name. Who is there
    within the first day of a campaign is of those that it begins with; whom the right was given for all
    campaigns, no owner has invited.
    """
    if roles.everywhere(user, roles.MODERATE):
        return None
    mine = Membership.objects.filter(user_id=user.pk, campaign=campaign)
    promotions = AuditEntry.objects.filter(
        campaign=campaign,
        action=AuditAction.MEMBER_CHANGED,
        details__user=user.pk,
        details__from__in=[
            role for role, rights in roles.RIGHTS.items() if roles.MODERATE not in rights
        ],
    )
    since = [
        *mine.values_list("created_at", flat=True),
        *promotions.order_by("-pk").values_list("at", flat=True)[:1],
    ]
    if not since or max(since) < campaign.created_at + SETTLING:
        return None
    until = max(since) + SETTLING
    return until if until > timezone.now() else None


def require_settled(user: AbstractBaseUser, campaign: Campaign) -> None:
    """Raise InvalidInput while a yes of this one counts for nothing yet."""
    if until := new_until(user, campaign):
        said = _("You are new here: your yes to a protected name counts from %(until)s UTC on.")
        told = said % {"until": f"{until.astimezone(UTC):%Y-%m-%d %H:%M}"}
        raise InvalidInput([FieldError("note", "too_new", told)])


def require_note(note: str) -> None:
    """Raise InvalidInput unless the note says how the name was checked."""
    if len(note.split()) < NOTE_WORDS:
        said = _("Say in a few words how you checked that it is them: it is a protected name.")
        raise InvalidInput([FieldError("note", "too_short", str(said))])


def has_approved(signature: Signature, by: User) -> bool:
    """Whether this one has approved it already, as it is now."""
    mine = Approval.objects.filter(signature=signature, revision=signature.revision, user=by)
    return mine.exists()


def left_to(user: AbstractBaseUser, rows: QuerySet[Signature]) -> QuerySet[Signature]:
    """Those of the rows that this one has not said yes to, as they are now: theirs wait for somebody else."""
    mine = Approval.objects.filter(
        signature=OuterRef("pk"), revision=OuterRef("revision"), user=user.pk
    )
    return rows.exclude(Exists(mine))


def seconds(signature: Signature, by: User) -> bool:
    """Whether a yes of this one is the second of two: somebody else's counts already."""
    return any(approval.user_id != by.pk for approval in firsts(signature))
