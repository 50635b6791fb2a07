"""From which network somebody signed: a keyed number, kept for a month."""

from datetime import timedelta

from django.db import models

from campaign.models.campaign import Campaign
from campaign.models.signature import Signature

NETWORK_KEPT = timedelta(days=30)
"""A rush from one network is over, and looked at, by then."""


class SignatureNetwork(models.Model):
    """The network that one request to sign came from, as `networks.hashes` numbers it.

    A row of its own and not a column: it goes by itself after `NETWORK_KEPT`, and deleting is a tenth of
    rewriting a signature with all of its indexes. It goes with its signature, and when that is erased.
    """

    # No constraints: a check costs every signing a look, and of the campaign a lock that all share.
    signature = models.OneToOneField(
        Signature, models.CASCADE, primary_key=True, related_name="network", db_constraint=False
    )
    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False, db_constraint=False)
    number = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta:
        indexes = (
            # Read by `networks`: who else came from there. The rows of a wide network lie together.
            models.Index(fields=("campaign", "number"), name="network_of_campaign"),
        )

    def __str__(self) -> str:
        return f"{self.number:016x}"
