"""How many signatures were removed after they had been published, when and why."""

from collections import Counter
from datetime import UTC, date, datetime, time
from typing import Any, TypedDict

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import TruncDate
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign
from campaign.models.event import Event, Verb
from campaign.models.removal import Removal
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


def corrections(campaign: Campaign, language: str) -> list[Correction]:
    """Those that stand removed now and were published before, the newest day first.

    One for each UTC day and reason, ``at`` being the day's beginning: a removal's own instant would
    be that of a tombstone, and say of whom the reason speaks. The reason is in the active language; of
    a removal by rule it is what the campaign wrote of it, in that ``language`` of the campaign. Who was
    restored, withdrew or was erased since is not among them.

    ``counts.removed`` is the sum of all ``number`` and those who were rejected before they were ever
    published, who are no correction of anything that the public saw.
    """
    rows = list(_removed(campaign))
    words = _words(rows, campaign, language)
    found: Counter[tuple[date, str]] = Counter()
    for each in rows:
        reason = words.get(each["removal"]) or str(REASONS[each["rejection_reason"]])
        found[each["day"], reason] += each["number"]
    return [
        {"at": instant(datetime.combine(day, time.min, UTC)), "number": number, "reason": reason}
        for (day, reason), number in found.items()
    ]


def _words(rows: list[dict[str, Any]], campaign: Campaign, language: str) -> dict[int, str]:
    """What the campaign wrote of the removals among these rows; without a query where there is none."""
    if not (ids := {each["removal"] for each in rows} - {None}):
        return {}
    texts = Removal.objects.filter(pk__in=ids).values_list("pk", "words")
    return {pk: said.get(language) or said.get(campaign.default_language, "") for pk, said in texts}


def _removed(campaign: Campaign) -> QuerySet[Signature, Any]:
    """Numbers by the day of the last rejection and its reason, read by an index of the removed."""
    rejections = Event.objects.filter(signature=OuterRef("pk"), verb=Verb.REJECT)
    rejected_at = Subquery(rejections.order_by("-pk").values("at")[:1])
    rows = Signature.objects.filter(
        campaign_id=campaign.pk, status=Status.REJECTED, published_at__isnull=False
    )
    return (
        rows.annotate(day=TruncDate(rejected_at, tzinfo=UTC))
        .values("day", "rejection_reason", "removal")
        .annotate(number=Count("pk"))
        .order_by("-day", F("removal").desc(nulls_last=True), "rejection_reason")
    )
