"""The milestones of a campaign: each announced once, when the exact count has reached it."""

from collections.abc import Iterator
from itertools import takewhile

from django.db import transaction
from django.utils import timezone

from campaign import announcements, counts, publication
from campaign.models.campaign import Campaign
from campaign.models.webhook import Announced, Milestone

STEPS = (100, 250, 500)
"""And ten times each, and so on."""


def reach() -> int:
    """Note and announce what the visible campaigns have reached since; returns how many milestones.

    A milestone stays reached: when removals bring the count below it and up again, nobody hears of
    it twice. Before the opening nothing is counted here; at the opening all that was gathered is.
    """
    return sum(_reach(campaign) for campaign in publication.visible_campaigns())


def _reach(campaign: Campaign) -> int:
    published = counts.snapshot(campaign.pk).get(("published", "all", ""), 0)
    numbers = set(takewhile(lambda step: step <= published, _steps()))
    if 0 < campaign.goal <= published:
        numbers.add(campaign.goal)
    known = Milestone.objects.filter(campaign=campaign, number__in=numbers)
    fresh = numbers.difference(known.values_list("number", flat=True))
    return sum(_note(campaign, number) for number in sorted(fresh))


def _steps() -> Iterator[int]:
    scale = 1
    while True:
        yield from (step * scale for step in STEPS)
        scale *= 10


@transaction.atomic
def _note(campaign: Campaign, number: int) -> bool:
    """Write the milestone's row, and announce it if it was this call that wrote it."""
    _milestone, fresh = Milestone.objects.get_or_create(
        campaign=campaign, number=number, defaults={"reached_at": timezone.now()}
    )
    if fresh:
        announcements.owe(campaign.pk, Announced.MILESTONE, number=number)
    return fresh
