"""What an owner can stop at once, and what is published of what a brake held."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign


class Brake(models.TextChoices):
    """What is stopped."""

    SIGNING = "signing", _("signing")
    PUBLICATION = "publication", _("publication")
    LIST = "list", _("the list")


class BrakeRelease(models.Model):
    """One publication of what nothing but a brake held: ``published_n`` of ``total`` so far.

    Asked for by somebody, carried out by the worker, done at ``done_at``.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="brake_releases")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT)
    asked_at = models.DateTimeField(auto_now_add=True)
    total = models.PositiveIntegerField()
    published_n = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        constraints = (
            # However often it is asked for, it is carried out once. Read by the worker too.
            models.UniqueConstraint(
                fields=("campaign",),
                name="brake_release_one_at_a_time",
                condition=models.Q(done_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"{self.campaign} {self.asked_at:%Y-%m-%d %H:%M}"
