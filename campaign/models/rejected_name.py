"""Names that were signed with falsely, so that every later try is held with its history."""

from django.db import models

from campaign.models.campaign import Campaign
from campaign.models.signature import Signature


class RejectedName(models.Model):
    """One form of the name of a signature that was rejected as an impersonation, as a keyed number.

    It outlives the erasure of that signature, of which nothing else remains: whoever comes back under
    the name is looked at. See `blocks`.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    signature = models.ForeignKey(Signature, models.CASCADE, related_name="rejected_names")
    key = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                # Read by `rules`, at each confirmation.
                fields=("campaign", "key", "signature"),
                name="rejected_name_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.key:016x}"
