"""How many signatures were removed after they had been published, when and why."""

from collections import Counter
from datetime import UTC, date, datetime, time
from typing import Any, TypedDict

from django.db.models import Count, F, OuterRef, QuerySet, Subquery
from django.db.models.functions import TruncDate

from campaign import rejections
from campaign.models.campaign import Campaign
from campaign.models.event import Event, Verb
from campaign.models.removal import Removal
from campaign.models.signature import REMOVED, Signature
from campaign.publication import instant


class Correction(TypedDict):
    """The API's correction, to the letter."""

    at: str
    number: int
    reason: str


def corrections(campaign: Campaign, language: str) -> list[Correction]:
    """Those that stand removed now and were published before, the newest day first.

    One for each UTC day and reason, ``at`` being the day's beginning: a removal's own instant would
    be that of a tombstone, and say of whom the reason speaks. What the campaign wrote, of a reason or of
    a removal by rule, is in that ``language`` of it, and a reason of ours in the active one. Who was
    restored, withdrew or erased their data since is not among them; whom the clock erased long after the
    close is, as in the counts.

    ``counts.removed`` is the sum of all ``number`` and those who were rejected before they were ever
    published, who are no correction of anything that the public saw.
    """
    rows = list(_removed(campaign))
    words = _words(rows, campaign, language)
    found: Counter[tuple[date, str]] = Counter()
    for each in rows:
        ours = rejections.find(campaign, each["rejection_reason"]).for_public(language)
        reason = words.get(each["removal"]) or str(ours)
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
    rows = Signature.objects.filter(REMOVED, campaign_id=campaign.pk, published_at__isnull=False)
    return (
        rows.annotate(day=TruncDate(rejected_at, tzinfo=UTC))
        .values("day", "rejection_reason", "removal")
        .annotate(number=Count("pk"))
        .order_by("-day", F("removal").desc(nulls_last=True), "rejection_reason")
    )
