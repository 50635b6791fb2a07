"""What moderators are told of at once, and the numbers that say whether a rate is out of the ordinary."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign


class AlertKind(models.TextChoices):
    """The values are the webhooks' events, without their "alert."."""

    PROTECTED = "protected_held", _("a protected name is held")
    REPORTED = "featured_reported", _("a featured signer is reported")
    QUEUE = "queue_old", _("the queue is old")
    RATE = "rate_high", _("many more come than usual")


class Alert(models.Model):
    """One ringing of the bell: how many gave cause for it since the one before. It names nobody."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="alerts", db_index=False)
    kind = models.CharField(max_length=20, choices=AlertKind)
    n = models.PositiveIntegerField()
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        # Read by the bell: when it has rung last; and by the campaign's page.
        indexes = (models.Index(fields=("campaign", "kind", "-at"), name="alert_last"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.at:%Y-%m-%d %H:%M}"


class Pulse(models.Model):
    """How many there were at a minute, which ``at`` is the beginning of; kept for a day."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="+", db_index=False)
    at = models.DateTimeField()
    received = models.PositiveIntegerField()
    confirmed = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        constraints = (
            # Two schedulers, one pulse. Read by the bell: how many there were ten minutes and a day ago.
            models.UniqueConstraint(fields=("campaign", "at"), name="pulse_once_a_minute"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.received}"
