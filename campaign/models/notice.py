"""What one member of a campaign is told of one alert, by mail."""

from django.db import models

from campaign.models.alert import Alert
from campaign.models.campaign import Campaign
from campaign.models.membership import Membership


class Notice(models.Model):
    """That an alert is told to a member; the row that their mail is about. It goes with the membership."""

    # Found by the constraint's index.
    alert = models.ForeignKey(Alert, models.CASCADE, related_name="notices", db_index=False)
    membership = models.ForeignKey(Membership, models.CASCADE, related_name="notices")

    class Meta:
        default_permissions = ()
        constraints = (models.UniqueConstraint(fields=("alert", "membership"), name="notice_once"),)

    def __str__(self) -> str:
        return f"{self.alert_id} to {self.membership_id}"

    @property
    def campaign(self) -> Campaign:
        return self.alert.campaign

    @property
    def language(self) -> str:
        """Their own isn't known: the one that the campaign begins in."""
        return self.campaign.default_language

    @property
    def email(self) -> str:
        return self.membership.user.email
