"""The moderators who approve, or keep, a signature with a protected name."""

from django.conf import settings
from django.db import models

from campaign.models.event import Event
from campaign.models.signature import Signature


class Approval(models.Model):
    """One moderator's yes to a signature, as it was at ``revision``; gone with its next move.

    To its being published of a held one; of a published one to its staying, and gone with the second
    yes. Of both it is gone with another name that the signature is like.

    How it was checked is the note of its ``event``, which stays, and which an erasure empties.
    """

    signature = models.ForeignKey(
        Signature, models.CASCADE, related_name="approvals", db_index=False
    )
    revision = models.PositiveIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    event = models.OneToOneField(Event, models.PROTECT)

    class Meta:
        ordering = ("pk",)
        constraints = (
            # However often one moderator presses, theirs is one pair of eyes.
            models.UniqueConstraint(
                fields=("signature", "revision", "user"), name="approval_once_a_moderator"
            ),
        )

    def __str__(self) -> str:
        return f"{self.signature_id}.{self.revision} {self.user}"
