"""Published signatures that a name protected since makes worth a look, and the search that finds them."""

from django.db import models
from django.utils import timezone

from campaign.models.campaign import Campaign, ProtectedName
from campaign.models.signature import Signature


class NameSearch(models.Model):
    """Names that were protected together, and how far their campaign has been searched for them.

    ``after`` is the id of the last signature that was looked at, ``looked`` how many these were.
    ``passed_at`` is when the last one was reached; those that were confirmed, decided or corrected since
    the names were there are looked at once more before the search is done, ``again_after`` being the last
    of these. At ``tried_at`` a worker last began to go on with it.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="name_searches")
    names = models.ManyToManyField(ProtectedName, related_name="searches")
    created_at = models.DateTimeField(default=timezone.now)
    after = models.BigIntegerField(default=0)
    looked = models.PositiveIntegerField(default=0)
    passed_at = models.DateTimeField(null=True, blank=True)
    again_after = models.BigIntegerField(default=0, db_default=0)
    tried_at = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.campaign} {self.created_at:%Y-%m-%d %H:%M}"


class Suspicion(models.Model):
    """A published signature that is like a name protected since, until somebody has decided."""

    signature = models.ForeignKey(Signature, models.CASCADE, related_name="suspicions")
    name = models.ForeignKey(ProtectedName, models.CASCADE, related_name="suspicions")
    way = models.CharField(max_length=10)
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            # What was looked at once is not brought up again for the same name.
            models.UniqueConstraint(fields=("signature", "name"), name="suspicion_once"),
        )
        indexes = (
            # Read by the moderators' lanes.
            models.Index(
                fields=("signature",),
                name="suspicion_open",
                condition=models.Q(closed_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.signature} ~ {self.name}"
