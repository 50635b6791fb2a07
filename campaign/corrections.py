"""How many signatures were removed after they had been published, when and why."""

from datetime import UTC, datetime, time
from typing import Any, TypedDict

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import TruncDate
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign
from campaign.models.event import Event, Verb
from campaign.models.signature import RejectionReason, Signature, Status
from campaign.publication import instant

REASONS: dict[str, str | Promise] = {
    RejectionReason.IMPERSONATION: _(
        "We could not confirm that they came from those whose names they gave."
    ),
    RejectionReason.NOT_A_NAME: _("What was given is not a name that we can publish."),
    RejectionReason.NOT_ELIGIBLE: _("They came from others than creators and who stands for them."),
    RejectionReason.DUPLICATE: _("The same signer was on the list already."),
    RejectionReason.CONTENT: _("The text that was given cannot be published."),
}
"""What the public reads; the signer of one reads `RejectionReason`."""


class Correction(TypedDict):
    """The API's correction, to the letter."""

    at: str
    number: int
    reason: str


def corrections(campaign: Campaign) -> list[Correction]:
    """Those that stand removed now and were published before, the newest day first.

    One for each UTC day and reason, ``at`` being the day's beginning: a removal's own instant would
    be that of a tombstone, and say of whom the reason speaks. The reason is in the active language.
    Who was restored, withdrew or was erased since is not among them.

    ``counts.removed`` is the sum of all ``number`` and those who were rejected before they were ever
    published, who are no correction of anything that the public saw.
    """
    return [
        {
            "at": instant(datetime.combine(each["day"], time.min, UTC)),
            "number": each["number"],
            "reason": str(REASONS[each["rejection_reason"]]),
        }
        for each in _removed(campaign)
    ]


def _removed(campaign: Campaign) -> QuerySet[Signature, Any]:
    """Numbers by the day of the last rejection and its reason, read by an index of the removed."""
    rejections = Event.objects.filter(signature=OuterRef("pk"), verb=Verb.REJECT)
    rejected_at = Subquery(rejections.order_by("-pk").values("at")[:1])
    rows = Signature.objects.filter(
        campaign_id=campaign.pk, status=Status.REJECTED, published_at__isnull=False
    )
    return (
        rows.annotate(day=TruncDate(rejected_at, tzinfo=UTC))
        .values("day", "rejection_reason")
        .annotate(number=Count("pk"))
        .order_by("-day", "rejection_reason")
    )
