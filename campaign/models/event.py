"""What happened to a signature: codes and ids here, personal text in a side row that erasure deletes."""

from typing import Final

from django.conf import settings
from django.db import models

from campaign.models.api_key import ApiKey
from campaign.models.signature import Signature


class Verb(models.TextChoices):
    """What an event says was done."""

    SIGN = "sign"
    IMPORT = "import"
    CONFIRM = "confirm"
    AMEND = "amend"
    APPROVE = "approve"
    REJECT = "reject"
    HOLD = "hold"
    KEEP = "keep"
    RESTORE = "restore"
    SECOND = "second"
    ASK = "ask"
    ANSWER = "answer"
    DEFER = "defer"
    TAKE_UP = "take_up"
    PROVE = "prove"
    REVOKE = "revoke"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    ERASE = "erase"


ACTORS: Final = (
    *("signer", "reporter", "moderator", "organiser"),
    *("api_key", "voucher", "rule", "clock"),
)
"""Who or what acts: see `history.Actor`."""


class Event(models.Model):
    """One move or edit of one signature."""

    # Never deleted, and the database says so too, but with a pending row: it has no history, and what a
    # release of before has written of one must not keep it.
    signature = models.ForeignKey(Signature, models.DO_NOTHING, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    verb = models.CharField(max_length=20)
    from_status = models.CharField(max_length=10, blank=True)
    to_status = models.CharField(max_length=10, blank=True)
    actor = models.CharField(max_length=10)
    # Without indexes of their own: nearly all are null, each would cost every confirmation a write.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, db_index=False
    )
    api_key = models.ForeignKey(ApiKey, models.PROTECT, null=True, blank=True, db_index=False)
    reason = models.CharField(max_length=60, blank=True)
    revision = models.PositiveIntegerField()

    class Meta:
        ordering = ("id",)
        constraints = (
            # The trail sorts people from programs by it; a new kind must be told there too.
            models.CheckConstraint(
                condition=models.Q(actor__in=ACTORS), name="event_actor_is_known"
            ),
        )
        # No confirmation is in any of them, so none pays for them.
        indexes = (
            # Read by the audit trail: what anybody but signers did, the newest first.
            models.Index(
                fields=("-id",),
                name="event_by_others",
                condition=~models.Q(actor__in=("signer", "reporter")),
            ),
            # Read by the audit trail: what one user did.
            models.Index(
                fields=("user", "-id"),
                name="event_by_user",
                condition=models.Q(user__isnull=False),
            ),
        )

    def __str__(self) -> str:
        return f"{self.verb} {self.from_status}→{self.to_status}"


class EventNote(models.Model):
    """Personal text of an event."""

    event = models.OneToOneField(Event, models.PROTECT, related_name="note")
    text = models.TextField()

    def __str__(self) -> str:
        return self.text
