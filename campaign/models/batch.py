"""A file of signatures that were gathered elsewhere."""

from django.conf import settings
from django.db import models

from campaign.models.campaign import Campaign


class ImportBatch(models.Model):
    """One run of ``import_signers``; with a note of consent it waits for its release.

    ``covers_print`` says that this consent covers a printed list too.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="batches")
    file_name = models.CharField(max_length=200)
    consent_note = models.TextField(blank=True)
    covers_print = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    released_at = models.DateTimeField(null=True, blank=True)
    released_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)

    class Meta:
        ordering = ("-id",)
        verbose_name_plural = "import batches"

    def __str__(self) -> str:
        return f"{self.file_name} ({self.created_at:%Y-%m-%d %H:%M})"
