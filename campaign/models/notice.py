"""What one member of staff is told by mail: an alert of their campaign, or what became of their account."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.models.alert import Alert
from campaign.models.campaign import Campaign
from campaign.models.membership import Membership


class AccountAct(models.TextChoices):
    """What somebody must hear of who has not done it themselves (OWASP ASVS 4.0.3, 2.2.3, 2.5.5, 2.8.5)."""

    PASSWORD = "password", _("password changed")
    ADDRESS = "address", _("mail address changed")
    FACTOR = "factor", _("second factor enrolled")
    FACTOR_RESET = "factor_reset", _("second factor reset")
    CODES = "codes", _("recovery codes renewed")
    CODE_USED = "code_used", _("logged in by a recovery code")
    CODE_AGAIN = "code_again", _("used code tried again")


class Notice(models.Model):
    """That an alert is told to a member, or an act to whose account it changed; what their mail is about.

    The one goes with the membership, the other with the account. ``address`` is that of the account before
    the act: whoever took it over would else have the mail sent to themselves.
    """

    # Found by the constraint's index.
    alert = models.ForeignKey(
        Alert, models.CASCADE, null=True, related_name="notices", db_index=False
    )
    membership = models.ForeignKey(Membership, models.CASCADE, null=True, related_name="notices")
    # No index: it is read with the mail alone.
    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+", db_index=False
    )
    act = models.CharField(max_length=12, choices=AccountAct, blank=True, default="", db_default="")
    address = models.CharField(max_length=254, blank=True, default="", db_default="")
    at = models.DateTimeField(default=timezone.now, db_default=Now())

    class Meta:
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(fields=("alert", "membership"), name="notice_once"),
            models.CheckConstraint(
                condition=models.Q(
                    alert__isnull=False,
                    membership__isnull=False,
                    account__isnull=True,
                    act="",
                    address="",
                )
                | models.Q(
                    alert__isnull=True,
                    membership__isnull=True,
                    account__isnull=False,
                    act__gt="",
                    address__gt="",
                ),
                name="notice_of_an_alert_or_an_account",
            ),
        )

    def __str__(self) -> str:
        return f"{self.act} to {self.account_id}" if self.act else f"{self.alert_id} to a member"

    @property
    def campaign(self) -> Campaign | None:
        """That of the alert."""
        return self.alert.campaign if self.alert else None

    @property
    def language(self) -> str:
        """Their own isn't known: the one that the campaign begins in."""
        return self.campaign.default_language if self.campaign else settings.LANGUAGE_CODE

    @property
    def email(self) -> str:
        return self.membership.user.email if self.membership else self.address

    @property
    def person(self) -> str:
        """The user name of who is told."""
        told = self.membership.user if self.membership else self.account
        return told.get_username() if told else ""
