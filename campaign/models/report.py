"""A report: somebody says that a name on the list isn't theirs, or that something else is wrong with it."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign
from campaign.models.signature import Signature, new_public_id

NOTE_MAX = 1000


class ReportReason(models.TextChoices):
    """What the reporter says is wrong, in words that they choose among."""

    NOT_SIGNED = "not_signed", _("This is me, but I did not sign.")
    NOT_ME = "not_me", _("This is somebody else who uses my name.")
    OTHER = "other", _("Something else is wrong with this entry.")


class ReportStatus(models.TextChoices):
    UNCONFIRMED = "unconfirmed", _("not confirmed")
    OPEN = "open", _("open")
    CLOSED = "closed", _("closed")


class ReportOutcome(models.TextChoices):
    KEPT = "kept", _("the entry was kept")
    REMOVED = "removed", _("the entry left the list")


class Report(models.Model):
    """One report about one signature, by a mailbox; private as a whole.

    ``on_file`` says that at its confirmation the campaign had that address on file for the name.
    """

    revision: ClassVar[int] = 1
    """What its links carry: a report never changes."""

    public_id = models.CharField(max_length=16, default=new_public_id)
    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    signature = models.ForeignKey(Signature, models.CASCADE, related_name="reports")
    email = models.CharField(max_length=254)
    canonical_email = models.CharField(max_length=254)
    language = models.CharField(max_length=10)
    reason = models.CharField(max_length=20, choices=ReportReason)
    note = models.CharField(max_length=NOTE_MAX, blank=True)
    status = models.CharField(max_length=12, choices=ReportStatus, default=ReportStatus.UNCONFIRMED)
    outcome = models.CharField(max_length=10, choices=ReportOutcome, blank=True)
    on_file = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("public_id",), name="report_public_id"),
            models.CheckConstraint(
                condition=models.Q(status="unconfirmed") | models.Q(confirmed_at__isnull=False),
                name="report_open_is_confirmed",
            ),
            models.CheckConstraint(
                condition=models.Q(status="closed", outcome__gt="", closed_at__isnull=False)
                | (~models.Q(status="closed") & models.Q(outcome="", closed_at__isnull=True)),
                name="report_closed_has_an_outcome",
            ),
        )
        indexes = (
            # Read by the moderators' first lane: the oldest first.
            models.Index(
                fields=("confirmed_at", "signature"),
                name="report_open",
                condition=models.Q(status="open"),
            ),
            # Read by who wants to be left alone, or erased: everything of one address.
            models.Index(fields=("campaign", "canonical_email"), name="report_address"),
        )

    def __str__(self) -> str:
        return f"{self.reason} {self.public_id} {self.status}"
