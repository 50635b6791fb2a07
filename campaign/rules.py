"""Why a confirmed signature waits for a moderator, whatever the campaign's policy says."""

from collections.abc import Sequence

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Value

from campaign import identity
from campaign.models.campaign import ProtectedName, Publication
from campaign.models.signature import STANDING, HoldReason, Signature


def hold_reasons(signature: Signature, others: Sequence[Signature]) -> list[str]:
    """Every reason to hold it, [] for none; ``others`` are the other signatures of its address."""
    reasons: list[str] = []
    if matching_names(signature):
        reasons.append(HoldReason.PROTECTED_NAME)
    if any(o.status in STANDING and o.name_fold != signature.name_fold for o in others):
        reasons.append(HoldReason.SECOND_NAME)
    if signature.campaign.publication == Publication.AFTER_REVIEW:
        reasons.append(HoldReason.REVIEW)
    return reasons


def matching_names(signature: Signature) -> list[ProtectedName]:
    """The protected names that its name, credit or organisation looks like (UTS 39 skeletons)."""
    looks: set[str] = set()
    for text in (signature.name, signature.credit, signature.organisation):
        if text:
            looks |= identity.skeletons(text)
    array = Value(sorted(looks), output_field=ArrayField(models.CharField(max_length=1000)))
    return list(
        ProtectedName.objects.filter(campaign_id=signature.campaign_id, skeletons__overlap=array)
    )
