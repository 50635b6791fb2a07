"""Why a confirmed signature waits for a moderator, whatever the campaign's policy says."""

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.db import connection, models
from django.db.models import Value

from campaign import identity, outbox
from campaign.models.campaign import ProtectedName, Publication
from campaign.models.signature import STANDING, HoldReason, Signature

_LOOK = """
SELECT EXISTS (
    SELECT FROM campaign_protectedname WHERE campaign_id = %s AND skeletons && %s::varchar[]
), EXISTS (
    SELECT FROM campaign_suppression
    WHERE campaign_id = %s AND address_hash = %s AND reason = 'rejected'
)
"""


def hold_reasons(signature: Signature, others: Sequence[Signature]) -> list[str]:
    """Every reason to hold it, [] for none; ``others`` are the other signatures of its address."""
    protected, rejected = _look(signature)
    reasons: list[str] = []
    if protected:
        reasons.append(HoldReason.PROTECTED_NAME)
    if any(o.status in STANDING and o.name_fold != signature.name_fold for o in others):
        reasons.append(HoldReason.SECOND_NAME)
    if rejected or any(other.rejection_reason for other in others):
        reasons.append(HoldReason.REJECTED_BEFORE)
    if signature.represented:
        reasons.append(HoldReason.REPRESENTED)
    if signature.campaign.publication == Publication.AFTER_REVIEW:
        reasons.append(HoldReason.REVIEW)
    return reasons


def _look(signature: Signature) -> tuple[bool, bool]:
    """Whether it looks like a protected name, and whether its address was rejected before it left."""
    its = signature.canonical_email
    address = outbox.address_hash(its) if its else ""
    with connection.cursor() as cursor:
        campaign_id = signature.campaign_id
        cursor.execute(_LOOK, [campaign_id, sorted(_looks(signature)), campaign_id, address])
        protected, rejected = cursor.fetchone()
    return protected, rejected


def matching_names(signatures: Sequence[Signature]) -> list[list[ProtectedName]]:
    """For each of these signatures the protected names that it looks like (UTS 39); one query.

    Name, credit and organisation are looked at.
    """
    looks = [_looks(signature) for signature in signatures]
    if not any(looks):
        return [[] for _look in looks]
    names = ProtectedName.objects.filter(
        campaign__in={signature.campaign_id for signature in signatures},
        skeletons__overlap=Value(
            sorted(set[str]().union(*looks)),
            output_field=ArrayField(models.CharField(max_length=1000)),
        ),
    )
    return [
        [
            name
            for name in names
            if name.campaign_id == signature.campaign_id and not look.isdisjoint(name.skeletons)
        ]
        for signature, look in zip(signatures, looks, strict=True)
    ]


def _looks(signature: Signature) -> set[str]:
    texts = (signature.name, signature.credit, signature.organisation)
    return {skeleton for text in texts if text for skeleton in identity.skeletons(text)}
