"""A campaign: one public statement with its rules."""

import secrets
from calendar import monthrange
from datetime import MAXYEAR, UTC, datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# A mail that was asked for before the close may be opened the next morning.
CONFIRM_GRACE = timedelta(hours=24)
# Whoever mistypes a close has until the next day to see what it would do, and to mend it.
ERASING_GRACE = timedelta(hours=24)


def new_key() -> str:
    """A random key of 120 bits that nobody guesses, safe in a URL."""
    return secrets.token_urlsafe(15)


def _months_later(at: datetime, months: int) -> datetime:
    """The same day and time so many months later, or the last day of a month that has no such day."""
    year, month = divmod(at.year * 12 + at.month - 1 + months, 12)
    if year > MAXYEAR:
        return datetime.max.replace(tzinfo=UTC)
    return at.replace(year=year, month=month + 1, day=min(at.day, monthrange(year, month + 1)[1]))


class Publication(models.TextChoices):
    AFTER_REVIEW = "after_review", _("after review by a moderator")
    AFTER_VERIFICATION = "after_verification", _("as soon as the mailbox is confirmed")


class BotCheck(models.TextChoices):
    OFF = "off", _("off")
    AUTO = "auto", _("when the rate rises")
    ALWAYS = "always", _("always")


class Campaign(models.Model):
    """One public statement with its rules; made and changed by `organising`.

    Whether it is visible or open is decided by the clock at each read, never by a stored state: a
    task that is late would break an embargo.
    """

    slug = models.SlugField(_("name in addresses"), max_length=60, unique=True)
    languages = ArrayField(models.CharField(max_length=10))
    goal = models.PositiveIntegerField()
    opens_at = models.DateTimeField(_("opens at"), null=True, blank=True)
    closes_at = models.DateTimeField(_("closes at"), null=True, blank=True)
    # The brakes (see `brakes`): since when signing, publication and the list are stopped.
    paused_at = models.DateTimeField(null=True, blank=True)
    braked_at = models.DateTimeField(null=True, blank=True)
    frozen_at = models.DateTimeField(null=True, blank=True)
    publication = models.CharField(
        _("publication"), max_length=20, choices=Publication, default=Publication.AFTER_REVIEW
    )
    # Whether protected names and released batches need two people, each of them another one.
    four_eyes = models.BooleanField(default=True)
    # After how long in the queue the bell rings.
    alert_after_minutes = models.PositiveIntegerField(default=120)
    bot_check = models.CharField(max_length=10, choices=BotCheck, default=BotCheck.AUTO)
    sender = models.CharField(max_length=200, blank=True)
    sites = ArrayField(models.CharField(max_length=200), default=list, blank=True)
    colours = models.JSONField(default=dict, blank=True)
    # What `logos.LogoFile.facts` says; {} of none. The bytes are a row of their own.
    logo = models.JSONField(default=dict, blank=True)
    # As the campaign file has them; [] for ours: see `rejections`.
    rejection_reasons = models.JSONField(default=list, blank=True)
    retention_months = models.PositiveSmallIntegerField(default=12)
    # When `closes_at` or `retention_months` was last changed, in whatever way: kept by a trigger alone.
    retention_set_at = models.DateTimeField(db_default=Now(), editable=False)
    # Each {"name": ..., "domains": [...]}: the mail domains that are an organisation's alone, in ASCII.
    organisations = models.JSONField(default=list, blank=True)
    # What its file says under [rules]: the name of a rule, and whether it holds; see `rules.RULES`.
    rules = models.JSONField(default=dict, blank=True)
    organiser_name = models.CharField(_("organiser"), max_length=200, blank=True)
    organiser_address = models.CharField(max_length=400, blank=True)
    organiser_contact = models.CharField(max_length=200, blank=True)
    organiser_privacy_url = models.CharField(max_length=400, blank=True)
    preview_key = models.CharField(max_length=40, unique=True, default=new_key)
    created_at = models.DateTimeField(auto_now_add=True)
    # Another one, by a trigger, whenever anything of the campaign changes: see `current`.
    stamp = models.BigIntegerField(default=0, editable=False)

    class Meta:
        verbose_name = _("campaign")
        verbose_name_plural = _("campaigns")
        constraints = (
            models.CheckConstraint(
                condition=models.Q(closes_at__isnull=True)
                | models.Q(opens_at__isnull=False, closes_at__gt=models.F("opens_at")),
                name="campaign_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=models.Q(languages__len__gt=0), name="campaign_has_a_language"
            ),
        )

    def __str__(self) -> str:
        return self.slug

    @property
    def default_language(self) -> str:
        return self.languages[0]

    @property
    def accent(self) -> str:
        """Its colour as six hexadecimal digits, '' for ours."""
        return str(self.colours.get("accent", "")).lstrip("#")

    @property
    def data_kept_until(self) -> datetime | None:
        """When the time of its signers' personal data is over; None while no close is set."""
        return self.closes_at and _months_later(self.closes_at, self.retention_months)

    @property
    def data_erased_at(self) -> datetime | None:
        """When they are erased: then, and never sooner than a day after somebody moved that time."""
        until = self.data_kept_until
        return until and max(until, self.retention_set_at + ERASING_GRACE)

    def is_visible(self, now: datetime | None = None) -> bool:
        """Whether any public surface may show it: from the moment of opening, for ever."""
        return self.opens_at is not None and self.opens_at <= (now or timezone.now())

    def state(self, now: datetime | None = None) -> str:
        """``open``, ``paused`` or ``closed``, of a campaign that is visible."""
        if self.closes_at is not None and self.closes_at <= (now or timezone.now()):
            return "closed"
        return "paused" if self.paused_at is not None else "open"

    def takes_confirmations(self, now: datetime | None = None) -> bool:
        """Whether a mailbox may still be confirmed: up to 24 hours after the close."""
        return self.closes_at is None or (now or timezone.now()) < self.closes_at + CONFIRM_GRACE


class Discipline(models.Model):
    """One of the campaign's own disciplines, with its name per language."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="disciplines")
    slug = models.SlugField(max_length=60)
    names = models.JSONField(default=dict)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ("position", "slug")
        constraints = (
            models.UniqueConstraint(fields=("campaign", "slug"), name="discipline_once_a_campaign"),
        )

    def __str__(self) -> str:
        return self.name()

    def name(self, language: str = "en") -> str:
        """Its name in that language, else the first that it has, else its slug."""
        return str(self.names.get(language) or next(iter(self.names.values()), self.slug))


class ProtectedName(models.Model):
    """A name that many would like to see on the list: whoever signs with it is held.

    ``skeletons`` are those of ``identity.skeletons``; an alias is a row of its own that says whose.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="protected_names")
    name = models.CharField(max_length=200)
    alias_of = models.CharField(max_length=200, blank=True)
    # Whose featured names are protected since its release; None of a name that the file has.
    batch = models.ForeignKey(
        "ImportBatch", models.CASCADE, null=True, blank=True, related_name="protected_names"
    )
    skeletons = ArrayField(models.CharField(max_length=1000))

    class Meta:
        ordering = ("name",)
        constraints = (
            models.UniqueConstraint(fields=("campaign", "name"), name="protected_name_once"),
        )

    def __str__(self) -> str:
        return f"{self.name} ({self.alias_of})" if self.alias_of else self.name
