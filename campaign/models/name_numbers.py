"""Names as keyed numbers: nobody can read one, and each is known again. See `blocks`."""

from django.db import models

from campaign.models.campaign import Campaign
from campaign.models.signature import Signature


class RejectedName(models.Model):
    """One form of the name of a signature that was rejected as an impersonation.

    It outlives the erasure of that signature, of which nothing else remains: whoever comes back under
    the name is looked at.
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


class LeftName(models.Model):
    """One form of a name that withdrew or was erased, keyed for its campaign; nothing says whose it was.

    It outlives both: a line with consent on file that has no address, or another one, is looked at.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    key = models.BigIntegerField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                # Read by imports with consent on file, and by their release.
                fields=("campaign", "key"),
                name="left_name_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.key:016x}"


class WithdrawnName(models.Model):
    """The name that a withdrawn signature had, as numbers that `departed` knows other spellings by."""

    signature = models.OneToOneField(
        Signature, models.CASCADE, primary_key=True, related_name="withdrawn_name"
    )
    spelling = models.JSONField()

    def __str__(self) -> str:
        return str(self.pk)
