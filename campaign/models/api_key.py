"""Keys of organisers: what a server of theirs may do with one campaign, until when."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign

LONGEST = timedelta(days=366)
"""How long a key lives at most: who forgets one has not lost it for ever."""


class Scope(models.TextChoices):
    READ_PRIVATE = "read_private", _("read signatures with their e-mail addresses")
    MODERATE = "moderate", _("approve, reject, hold, restore and feature signatures")
    EXPORT = "export", _("download all signatures with their e-mail addresses")
    SIGN = "sign", _("send signatures of a form of one’s own, without our bot check")


class ApiKey(models.Model):
    """One key of one campaign. ``digest`` is all that is kept of the secret, ``prefix`` names it.

    A key is revoked, never deleted: events and audit rows point at it.
    """

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="api_keys", verbose_name=_("campaign")
    )
    label = models.CharField(_("label"), max_length=60)
    prefix = models.CharField(max_length=8)
    digest = models.CharField(max_length=64)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="api_keys_made"
    )
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(_("expires at"))
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(_("last used at"), null=True, blank=True)

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        default_permissions = ("view", "add", "change")
        ordering = ("-pk",)
        constraints = (
            # Read by every request with a key.
            models.UniqueConstraint(fields=("prefix",), name="api_key_prefix"),
            # A form that is sent twice makes one key; and two of one name couldn't be told apart.
            models.UniqueConstraint(
                fields=("campaign", "label"),
                name="api_key_label_once",
                condition=Q(revoked_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at"))
                & Q(expires_at__lte=F("created_at") + LONGEST),
                name="api_key_expires_within_a_year",
            ),
            models.CheckConstraint(
                condition=Q(scopes__len__gt=0) & Q(scopes__contained_by=Scope.values),
                name="api_key_has_real_scopes",
            ),
        )

    def __str__(self) -> str:
        return f"{self.label} (ptn_{self.prefix}…)"

    def has_expired(self, now: datetime | None = None) -> bool:
        return self.expires_at <= (now or timezone.now())

    def works(self) -> bool:
        return self.revoked_at is None and not self.has_expired()
