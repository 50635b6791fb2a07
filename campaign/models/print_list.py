"""The list as it goes to print: frozen, so that what was set can be compared with what stands now."""

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign
from campaign.models.signature import NAME_MAX, Signature, Status


class PrintList(models.Model):
    """One freezing of the list. ``sha256`` is of the file as it was frozen (`printing.lines`)."""

    campaign = models.ForeignKey(
        Campaign, models.PROTECT, related_name="print_lists", verbose_name=_("campaign")
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name=_("made by"))
    created_at = models.DateTimeField(_("made at"), default=timezone.now)
    frozen_at = models.DateTimeField(null=True, blank=True)
    number = models.PositiveIntegerField(_("signers"), default=0)
    sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name = _("print list")
        verbose_name_plural = _("print lists")
        default_permissions = ()
        ordering = ("-pk",)

    def __str__(self) -> str:
        return f"{self.campaign} {self.created_at:%Y-%m-%d %H:%M}"


class PrintEntry(models.Model):
    """One line of it, with the texts as they stood then; an erasure empties them."""

    print_list = models.ForeignKey(
        PrintList, models.CASCADE, related_name="entries", db_index=False
    )
    position = models.PositiveIntegerField()
    signature = models.ForeignKey(Signature, models.PROTECT, related_name="+")
    name = models.CharField(max_length=NAME_MAX, blank=True)
    credit = models.CharField(max_length=NAME_MAX, blank=True)
    organisation = models.CharField(max_length=NAME_MAX, blank=True)
    discipline = models.CharField(max_length=60, blank=True)

    class Meta:
        default_permissions = ()
        ordering = ("print_list", "position")
        constraints = (
            models.UniqueConstraint(fields=("print_list", "position"), name="print_position_once"),
        )

    def __str__(self) -> str:
        return f"{self.position}"


def named_though_erased() -> models.QuerySet[PrintEntry]:
    """The lines that still say who somebody was who is erased."""
    return PrintEntry.objects.filter(signature__status=Status.ERASED).exclude(name="")
