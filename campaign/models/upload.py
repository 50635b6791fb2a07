"""A file of signers that somebody has sent to the admin: checked first, imported when they say so."""

from datetime import timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.models.batch import ImportBatch
from campaign.models.campaign import Campaign


class UploadState(models.TextChoices):
    CHECKING = "checking", _("being checked")
    CHECKED = "checked", _("checked")
    IMPORTING = "importing", _("being imported")
    DONE = "done", _("imported")
    REFUSED = "refused", _("refused")


WORK = (UploadState.CHECKING, UploadState.IMPORTING)
"""States in which the worker has something to do."""
UPLOAD_KEPT = timedelta(days=1)
"""How long a file is here, since it holds addresses; twice as long at most while it is being imported."""


class Upload(models.Model):
    """One file on its way in: emptied once it is imported or refused, and gone a day later.

    ``lines`` were read so far in this state. ``report`` is what `uploads.Summary` says.
    """

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="uploads", verbose_name=_("campaign")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("sent by"))
    file_name = models.CharField(_("file"), max_length=200)
    content = models.BinaryField()
    consent_note = models.TextField(blank=True)
    covers_print = models.BooleanField(default=False)
    state = models.CharField(
        _("state"), max_length=10, choices=UploadState, default=UploadState.CHECKING
    )
    lines = models.PositiveIntegerField(default=0)
    report = models.JSONField(default=dict, blank=True)
    batch = models.ForeignKey(ImportBatch, models.SET_NULL, null=True, blank=True)
    created_at = models.DateTimeField(_("sent at"), default=timezone.now)
    lease_until = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("file of signers")
        verbose_name_plural = _("files of signers")
        default_permissions = ()
        ordering = ("-pk",)
        indexes = (
            # Read by the worker: what there is to do.
            models.Index(
                fields=("id",),
                name="upload_work",
                condition=models.Q(state__in=("checking", "importing")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.file_name} ({self.created_at:%Y-%m-%d %H:%M})"
