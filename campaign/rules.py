"""Why a confirmed signature waits for a moderator, whatever the campaign's policy says."""

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Value

from campaign import identity, outbox
from campaign.models.address import SuppressionReason
from campaign.models.campaign import ProtectedName, Publication
from campaign.models.signature import STANDING, HoldReason, Signature


def hold_reasons(signature: Signature, others: Sequence[Signature]) -> list[str]:
    """Every reason to hold it, [] for none; ``others`` are the other signatures of its address."""
    reasons: list[str] = []
    if matching_names([signature])[0]:
        reasons.append(HoldReason.PROTECTED_NAME)
    if any(o.status in STANDING and o.name_fold != signature.name_fold for o in others):
        reasons.append(HoldReason.SECOND_NAME)
    if any(other.rejection_reason for other in others) or outbox.is_known(
        signature.campaign_id, signature.canonical_email, SuppressionReason.REJECTED
    ):
        reasons.append(HoldReason.REJECTED_BEFORE)
    if signature.campaign.publication == Publication.AFTER_REVIEW:
        reasons.append(HoldReason.REVIEW)
    return reasons


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
