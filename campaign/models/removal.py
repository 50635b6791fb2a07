"""Removals by rule: what was chosen, what matched when somebody looked, and what became of each."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign.models.campaign import Campaign
from campaign.models.signature import Signature


class RemovalStatus(models.TextChoices):
    PREVIEWED = "previewed", pgettext_lazy("a removal", "looked at, not started")
    RUNNING = "running", pgettext_lazy("a removal", "running")
    STOPPED = "stopped", pgettext_lazy("a removal", "stopped")
    DONE = "done", pgettext_lazy("a removal", "done")
    UNDOING = "undoing", pgettext_lazy("a removal", "being undone")
    UNDONE = "undone", pgettext_lazy("a removal", "undone")


PREVIEW_KEPT = timedelta(days=1)
"""How long a look can still be started."""
UNDER_WAY = (RemovalStatus.RUNNING, RemovalStatus.UNDOING)


class Removal(models.Model):
    """One rule over one campaign, from its preview on; `criteria.Rule` says what ``rule`` holds.

    ``words`` are what the corrections say of it, by language. What a rule took is found by
    ``Signature.removal``, so a run is never deleted; one that nobody started goes after a day.
    """

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="removals", verbose_name=_("campaign")
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        related_name="removals",
        verbose_name=_("started by"),
    )
    rule = models.JSONField()
    status = models.CharField(
        _("status"), max_length=10, choices=RemovalStatus, default=RemovalStatus.PREVIEWED
    )
    # One of the campaign's, or of ours: see `rejections`.
    reason = models.CharField(max_length=40, blank=True)
    words = models.JSONField(default=dict, blank=True)
    previewed_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("removal by rule")
        verbose_name_plural = _("removals by rule")
        default_permissions = ("view",)
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(status="previewed")
                | (models.Q(started_at__isnull=False, reason__gt="") & ~models.Q(words={})),
                name="removal_run_has_reason_and_words",
            ),
        )
        indexes = (
            # Read by the worker: what is under way.
            models.Index(
                fields=("id",), name="removal_under_way", condition=models.Q(status__in=UNDER_WAY)
            ),
        )

    def __str__(self) -> str:
        return f"{self.campaign}, {self.previewed_at:%Y-%m-%d %H:%M}"


class ItemState(models.TextChoices):
    MATCHED = "matched", _("matched")
    SPARED = "spared", _("left out: featured or vouched for")
    REMOVED = "removed", _("removed")
    PASSED = "passed", _("no longer matched")
    RESTORED = "restored", _("restored")
    KEPT = "kept", _("decided otherwise since")


class RemovalItem(models.Model):
    """One signature that a rule matched when it was looked at, and what the run did with it."""

    removal = models.ForeignKey(
        Removal, models.CASCADE, related_name="items", db_index=False, db_constraint=False
    )
    # Whoever matched is confirmed, and so its row stays: nothing has to look from there to here.
    signature = models.ForeignKey(
        Signature, models.DO_NOTHING, related_name="+", db_index=False, db_constraint=False
    )
    state = models.CharField(max_length=10, choices=ItemState)

    class Meta:
        indexes = (
            # Read by the worker: which is next; and by the page: how many are how far.
            models.Index(fields=("removal", "state", "id"), name="removal_item_next"),
        )

    def __str__(self) -> str:
        return f"{self.removal_id} {self.signature_id} {self.state}"
