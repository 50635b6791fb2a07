"""A representation: somebody signed for somebody else, who confirms it by their own mail or doesn't."""

from typing import ClassVar

from django.db import models
from django.utils import timezone

from campaign.models.campaign import Campaign
from campaign.models.signature import NAME_MAX, Signature, new_public_id


class Representation(models.Model):
    """Who signed for the signer of a signature: on record for moderators and that signer, never public.

    ``name``, ``email`` and ``role`` are the representative's, ``confirmed_at`` when they confirmed their
    mailbox. The row goes with the personal data of its signature; of a representative who has their own
    erased before, it stays with these texts empty.
    """

    revision: ClassVar[int] = 1
    """What its links carry: it never changes but for being confirmed."""

    public_id = models.CharField(max_length=16, default=new_public_id)
    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    signature = models.OneToOneField(Signature, models.CASCADE, related_name="representation")
    name = models.CharField(max_length=NAME_MAX)
    role = models.CharField(max_length=NAME_MAX, blank=True)
    email = models.CharField(max_length=254)
    canonical_email = models.CharField(max_length=254)
    language = models.CharField(max_length=10)
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("public_id",), name="representation_public_id"),
            # Whoever has it erased is gone from it as a whole.
            models.CheckConstraint(
                condition=models.Q(name="", role="", email="", canonical_email="")
                | models.Q(name__gt="", email__gt="", canonical_email__gt=""),
                name="representation_whole_or_empty",
            ),
        )
        indexes = (
            # Read by moderators, and by who wants to be left alone: everything of one address.
            models.Index(fields=("campaign", "canonical_email"), name="representation_address"),
        )

    def __str__(self) -> str:
        return f"{self.public_id} for {self.signature_id}"
