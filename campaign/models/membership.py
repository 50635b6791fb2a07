"""Who works in a campaign, and as what."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign.models.alert import AlertKind
from campaign.models.campaign import Campaign
from campaign.models.voucher import Voucher


class Role(models.TextChoices):
    OWNER = "owner", _("owner")
    MODERATOR = "moderator", _("moderator")
    READER = "reader", _("reader")
    ORGANISATION = "organisation", _("organisation")


class Membership(models.Model):
    """A user's role in one campaign; what a role may do is said in `roles`.

    That of an organisation is to vouch as that ``voucher``, and to see nothing else.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="memberships", verbose_name=_("campaign")
    )
    role = models.CharField(_("role"), max_length=12, choices=Role)
    voucher = models.ForeignKey(
        Voucher, models.PROTECT, null=True, blank=True, related_name="memberships"
    )
    silenced = ArrayField(
        models.CharField(max_length=20, choices=AlertKind), default=list, blank=True
    )
    """Of which alerts they want no mail; their own choice alone (`alerts`)."""
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        ordering = ("campaign", "role", "pk")
        constraints = (
            models.UniqueConstraint(fields=("user", "campaign"), name="membership_once"),
            models.CheckConstraint(
                condition=models.Q(role="organisation", voucher__isnull=False)
                | (~models.Q(role="organisation") & models.Q(voucher__isnull=True)),
                name="membership_vouches_as_an_organisation",
            ),
        )

    def __str__(self) -> str:
        return f"{self.user}: {self.get_role_display()} ({self.campaign})"
