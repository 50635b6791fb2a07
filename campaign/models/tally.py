"""Counts: change rows that every move appends, and the totals that a task folds them into."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone

from campaign.models.campaign import Campaign


class TallyChange(models.Model):
    """One counted signature more (+1) or less (-1), not folded yet.

    ``state`` is ``received`` or the public name of a confirmed status; the other columns are what
    the public counts are broken down by, '' where the signer gave none.
    """

    # No constraint: every signing would lock the campaign's row to check it, and all signers share it.
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, db_constraint=False
    )  # read by every count
    delta = models.SmallIntegerField()
    state = models.CharField(max_length=10)
    shown = models.BooleanField(default=True)
    discipline = models.CharField(max_length=60, blank=True, default="")
    country = models.CharField(max_length=2, blank=True, default="")
    kind = models.CharField(max_length=12, blank=True, default="")
    evidence = models.CharField(max_length=10, blank=True, default="")
    # Of the organisation whose name stands beside theirs; db_default for rows that know of none.
    voucher = models.CharField(max_length=20, blank=True, default="", db_default="")
    day = models.DateField(null=True)
    # When it came to be, and of one just confirmed the seconds since it was signed.
    at = models.DateTimeField(default=timezone.now, db_default=Now())
    waited = models.PositiveIntegerField(null=True)

    def __str__(self) -> str:
        return f"{self.delta:+d} {self.state}"


class Tally(models.Model):
    """How many of a campaign are in a state, in all or under one key of one dimension."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    state = models.CharField(max_length=10)
    dimension = models.CharField(max_length=12)
    key = models.CharField(max_length=60, blank=True)
    n = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "state", "dimension", "key"), name="tally_once_a_key"
            ),
        )

    def __str__(self) -> str:
        return f"{self.state} {self.dimension} {self.key}: {self.n}"


class HourTally(models.Model):
    """How many more of a campaign came to be in a state in one hour, those that left it taken off.

    Each change counts in the hour of its own, so the sum of all hours is the total. Those who confirmed
    are counted a second time, by the UTC day (as ``hour``) and by how long it took them: ``waited``
    is then a class of seconds (`counts.WAITED`), else -1.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    hour = models.DateTimeField()
    state = models.CharField(max_length=10)
    waited = models.SmallIntegerField(default=-1)
    n = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "hour", "state", "waited"), name="hour_tally_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H} {self.state}: {self.n:+d}"
