"""Who did what with private data, beside the events of single signatures."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign.models.api_key import ApiKey
from campaign.models.campaign import Campaign


class AuditAction(models.TextChoices):
    KEY_MADE = "key_made", _("API key made")
    KEY_REVOKED = "key_revoked", _("API key revoked")
    EXPORT = "export", _("signatures exported")


class AuditEntry(models.Model):
    """One act: codes, ids and a number, never personal text.

    ``user`` or ``api_key`` acted; a key that was made or revoked is ``api_key`` beside its user.
    ``number`` counts the rows that were handed out.
    """

    campaign = models.ForeignKey(Campaign, models.PROTECT, related_name="audit")
    at = models.DateTimeField(auto_now_add=True)
    action = models.CharField(max_length=20, choices=AuditAction)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    api_key = models.ForeignKey(ApiKey, models.PROTECT, null=True, blank=True, related_name="audit")
    number = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        default_permissions = ("view",)
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(
                condition=models.Q(user__isnull=False) | models.Q(api_key__isnull=False),
                name="audit_entry_says_who",
            ),
        )

    def __str__(self) -> str:
        return f"{self.action} {self.at:%Y-%m-%d %H:%M}"
