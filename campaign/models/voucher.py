"""An organisation that vouches for its members, and the batches of links that it has made for them."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign

NAME_MAX = 200
LABEL_MAX = 100


class Voucher(models.Model):
    """A guild, label or agency that a campaign admits; revoked, never deleted.

    ``taken`` counts what was used of ``quota``: addresses with a link, and names confirmed by hand.
    """

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="vouchers", verbose_name=_("campaign")
    )
    name = models.CharField(_("name"), max_length=NAME_MAX)
    quota = models.PositiveIntegerField(_("quota"))
    taken = models.PositiveIntegerField(_("places taken"), default=0)
    admitted_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    admitted_at = models.DateTimeField(_("admitted at"), auto_now_add=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("organisation that vouches")
        verbose_name_plural = _("organisations that vouch")
        default_permissions = ()
        ordering = ("name", "pk")
        constraints = (
            # Two of one name couldn't be told apart; a revoked one may be admitted anew.
            models.UniqueConstraint(
                "campaign",
                Lower("name"),
                name="voucher_once",
                condition=Q(revoked_at__isnull=True),
            ),
            models.CheckConstraint(
                condition=Q(taken__lte=F("quota")), name="voucher_within_its_quota"
            ),
        )

    def __str__(self) -> str:
        return self.name


class BatchState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    WRITING = "writing", _("being written")
    READY = "ready", _("ready")
    GONE = "gone", _("file deleted")


class LinkBatch(models.Model):
    """One list of members that an organisation uploaded, and got back with a link for each.

    The list and the file lie on disk for a day at most, and never here: of a line that got no link
    ``problems`` has its number and a code.
    """

    voucher = models.ForeignKey(Voucher, models.PROTECT, related_name="batches")
    label = models.CharField(max_length=LABEL_MAX)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=10, choices=BatchState, default=BatchState.WAITING)
    lines = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    made = models.PositiveIntegerField(default=0)
    refused = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    ready_at = models.DateTimeField(null=True, blank=True)
    fetched_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("-pk",)
        indexes = (
            # Read by the worker: what is to be written, and whose file must not stay.
            models.Index(
                fields=("id",), name="link_batch_on_disk", condition=~Q(state=BatchState.GONE)
            ),
        )

    def __str__(self) -> str:
        return f"{self.label} ({self.created_at:%Y-%m-%d %H:%M})"

    @property
    def is_dead(self) -> bool:
        """Whether its links work no more: it was taken back, or its whole organisation."""
        return self.revoked_at is not None or self.voucher.revoked_at is not None
