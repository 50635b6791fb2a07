"""What is known of addresses beside the signatures: how providers fold them, and whom to leave alone."""

import time
from collections.abc import Mapping

from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign import mailboxes
from campaign.mailboxes import Provider
from campaign.models.campaign import Campaign


class MailProvider(models.Model):
    """How one mail domain folds its addresses; the operator's table, which `mailboxes` folds by."""

    domain = models.CharField(_("domain"), max_length=253, unique=True)
    canonical_domain = models.CharField(_("counts as"), max_length=253)
    dots = models.BooleanField(
        _("dots ignored"), default=False, help_text=_("dots in the local part are ignored")
    )
    tag = models.CharField(
        _("tag begins with"),
        max_length=1,
        blank=True,
        help_text=_("the character that begins a tag"),
    )

    class Meta:
        verbose_name = _("mail provider")
        verbose_name_plural = _("mail providers")
        ordering = ("domain",)

    def __str__(self) -> str:
        return self.domain


PROVIDERS_LIVE = 60.0
"""Seconds that a process keeps its copy of the table: every signing reads it, hardly anyone edits it."""

_copy: tuple[float, Mapping[str, Provider]] = (float("-inf"), {})


def provider_table() -> Mapping[str, Provider]:
    """The operator's table by domain, a minute old at most."""
    global _copy
    taken_at, table = _copy
    if time.monotonic() - taken_at > PROVIDERS_LIVE:
        table = {
            row.domain: Provider(domain=row.canonical_domain, dots=row.dots, tag=row.tag)
            for row in MailProvider.objects.all()
        }
        _copy = (time.monotonic(), table)
    return table


def canonical_address(email: str) -> str:
    """The form under which an address is the same mailbox, by the operator's table."""
    return mailboxes.canonical_address(email, provider_table())


class SuppressionReason(models.TextChoices):
    NOT_ME = "not_me", _("said that it wasn't them")
    ERASED = "erased", _("erased their data")
    REJECTED = "rejected", _("was rejected, then erased their data")
    REMINDED = "reminded", _("got the one reminder")


class Suppression(models.Model):
    """An address to leave alone, kept as a keyed hash only, so that it survives the erasure.

    ``not_me`` stops the mails that strangers can cause and every import; ``erased`` stops imports;
    ``rejected`` holds whatever the address signs afterwards; ``reminded`` stops a second reminder.
    """

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="suppressions", verbose_name=_("campaign")
    )
    address_hash = models.CharField(_("hash of the address"), max_length=64)
    reason = models.CharField(_("reason"), max_length=20, choices=SuppressionReason)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)

    class Meta:
        verbose_name = _("address left alone")
        verbose_name_plural = _("addresses left alone")
        constraints = (
            models.UniqueConstraint(
                fields=("campaign", "address_hash", "reason"), name="suppression_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.reason} {self.address_hash[:8]}"


class UnreachableReason(models.TextChoices):
    BOUNCED = "bounced", _("there is no such mailbox")
    COMPLAINED = "complained", _("its owner called a mail unwanted")


class Unreachable(models.Model):
    """A mailbox to which no campaign sends anything; kept as a keyed hash only.

    Of one that is not there until a time, since it may be opened or mended; of one whose owner complained
    for ever.
    """

    address_hash = models.CharField(_("hash of the address"), max_length=64, unique=True)
    reason = models.CharField(_("reason"), max_length=20, choices=UnreachableReason)
    created_at = models.DateTimeField(_("since"), auto_now_add=True)
    until = models.DateTimeField(_("until"), null=True, blank=True)

    class Meta:
        verbose_name = _("mailbox that is not reached")
        verbose_name_plural = _("mailboxes that are not reached")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(reason="complained", until__isnull=True)
                | models.Q(reason="bounced", until__isnull=False),
                name="unreachable_for_a_while_or_for_ever",
            ),
        )

    def __str__(self) -> str:
        return f"{self.reason} {self.address_hash[:8]}"
