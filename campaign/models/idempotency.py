"""Requests that may come twice: what an Idempotency-Key was first sent with."""

from django.db import models

from campaign.models.campaign import Campaign


class IdempotencyKey(models.Model):
    """One key of one campaign and the body that it came with, as keyed hashes; kept for 24 hours."""

    # No constraint: a check locks the row that all signers share.
    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False, db_constraint=False)
    key_hash = models.CharField(max_length=64)
    body_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("campaign", "key_hash"), name="idempotency_key_once"),
        )
        indexes = (
            # Read by retention: those past their time.
            models.Index(fields=("created_at",), name="idempotency_key_old"),
        )

    def __str__(self) -> str:
        return self.key_hash[:8]
