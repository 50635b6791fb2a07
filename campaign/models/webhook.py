"""Webhooks: where a campaign's events are sent, and every sending as a row."""

import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign, new_key


class Announced(models.TextChoices):
    """What is announced; the values are the contract's event types."""

    PUBLISHED = "signature.published", _("it came onto the list")
    UPDATED = "signature.updated", _("it shows something else")
    WITHDRAWN = "signature.withdrawn", _("its signer took it back")
    REMOVED = "signature.removed", _("the campaign took it off")
    MILESTONE = "milestone", _("a number is reached")
    PROTECTED = "alert.protected_held", _("a protected name is held")
    REPORTED = "alert.featured_reported", _("a featured signer is reported")
    QUEUE = "alert.queue_old", _("the queue is old")
    RATE = "alert.rate_high", _("many more come than usual")
    TEST = "test", _("when you ask for one")


# A test is sent when it is asked for, to whatever webhook.
CHOSEN = [each for each in Announced if each != Announced.TEST]


class Webhook(models.Model):
    """An address that hears of a campaign's events; served by ``dispatch``.

    The secret is not stored: it follows from ``key`` and SECRET_KEY (see ``seal``), so that a stolen
    database signs nothing. ``previous_key`` goes on signing for a day after a rotation.
    ``lease_until`` is when a worker's turn ends, or when the last one ended; ``rests_until`` is the
    pause after a failure. ``note`` says why it was switched off without anybody doing so.
    """

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="webhooks", verbose_name=_("campaign")
    )
    url = models.CharField(_("URL"), max_length=500)
    events = ArrayField(models.CharField(max_length=30, choices=Announced))
    active = models.BooleanField(_("active"), default=True)
    key = models.CharField(max_length=40, default=new_key)
    previous_key = models.CharField(max_length=40, blank=True)
    rotated_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)
    failures = models.PositiveIntegerField(default=0)
    failing_since = models.DateTimeField(null=True, blank=True)
    rests_until = models.DateTimeField(null=True, blank=True)
    lease_owner = models.CharField(max_length=40, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True)
    created_at = models.DateTimeField(_("made at"), auto_now_add=True)

    class Meta:
        verbose_name = _("webhook")
        verbose_name_plural = _("webhooks")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(events__len__gt=0), name="webhook_wants_an_event"
            ),
        )

    def __str__(self) -> str:
        # Without the path: some services keep a secret in it.
        return f"{self.campaign} → {self.host}"

    @property
    def host(self) -> str:
        """The name, and the port where one is given, that the URL leads to."""
        return self.url.partition("://")[2].partition("/")[0]


class DeliveryStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    DEFERRED = "deferred", _("deferred")
    DELIVERED = "delivered", _("delivered")
    FAILED = "failed", _("failed")


STILL_OWED = (DeliveryStatus.QUEUED, DeliveryStatus.DEFERRED)


class WebhookDelivery(models.Model):
    """One event owed to one webhook, written in the transaction that causes it; the log afterwards.

    It names the signer by the public id alone. What is sent is read when it is sent, so an erased
    name is neither sent nor kept here.
    """

    webhook = models.ForeignKey(
        Webhook,
        models.CASCADE,
        related_name="deliveries",
        db_index=False,
        verbose_name=_("webhook"),
    )
    message = models.UUIDField(_("message"), default=uuid.uuid4)
    event = models.CharField(_("event"), max_length=30, choices=Announced)
    signer = models.CharField(max_length=16, blank=True)
    number = models.PositiveIntegerField(null=True, blank=True)
    status = models.CharField(
        _("status"), max_length=10, choices=DeliveryStatus, default=DeliveryStatus.QUEUED
    )
    due_at = models.DateTimeField(_("due at"), default=timezone.now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    code = models.PositiveSmallIntegerField(_("HTTP status"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("made at"), default=timezone.now)
    delivered_at = models.DateTimeField(_("delivered at"), null=True, blank=True)

    class Meta:
        verbose_name = _("webhook message")
        verbose_name_plural = _("webhook messages")
        indexes = (
            # Read by dispatch: what a webhook is owed next.
            models.Index(
                fields=("webhook", "due_at", "id"),
                name="delivery_due",
                condition=models.Q(status__in=("queued", "deferred")),
            ),
            # Read by dispatch: tests go out before the opening and from a webhook that is off, past
            # everything else that waits there.
            models.Index(
                fields=("webhook",),
                name="delivery_test",
                condition=models.Q(status__in=("queued", "deferred"), event="test"),
            ),
            # Read by the admin: a webhook's log, the newest first.
            models.Index(fields=("webhook", "-id"), name="delivery_log"),
        )
        constraints = (
            models.CheckConstraint(
                condition=~models.Q(event__startswith="signature.") | models.Q(signer__gt=""),
                name="delivery_names_its_signer",
            ),
            models.CheckConstraint(
                condition=~models.Q(event="milestone") | models.Q(number__isnull=False),
                name="delivery_has_its_milestone",
            ),
        )

    def __str__(self) -> str:
        return f"{self.event} {self.pk} {self.status}"


class Milestone(models.Model):
    """A number of published signatures that a campaign has reached: once, for ever."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, db_index=False)
    number = models.PositiveIntegerField()
    reached_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("campaign", "number"), name="milestone_once"),
        )

    def __str__(self) -> str:
        return f"{self.campaign} {self.number}"
