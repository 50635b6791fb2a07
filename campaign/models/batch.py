"""A file of signatures that were gathered elsewhere."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from campaign.models.campaign import Campaign


def _somebody() -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )


def _another(who: str) -> models.Q:
    """That person is known, and not the one who released it."""
    return models.Q(**{f"{who}__isnull": False}) & ~models.Q(**{who: models.F("released_by")})


class ImportBatch(models.Model):
    """One run of ``import_signers``; with a note of consent it waits for its release.

    ``covers_print`` says that this consent covers a printed list too. Two people have to see it, unless
    its campaign does without four eyes, which makes it ``alone``: one imported it or previewed all
    ``previewed_n`` that waited, another asks for its release. The worker then publishes them,
    ``released_n`` of ``release_total`` so far; ``released_at`` is its end.
    """

    campaign = models.ForeignKey(
        Campaign, models.CASCADE, related_name="batches", verbose_name=_("campaign")
    )
    file_name = models.CharField(_("file"), max_length=200)
    consent_note = models.TextField(blank=True)
    covers_print = models.BooleanField(default=False)
    created_at = models.DateTimeField(_("imported at"), auto_now_add=True)
    imported_by = _somebody()
    previewed_by = _somebody()
    previewed_at = models.DateTimeField(null=True, blank=True)
    previewed_n = models.PositiveIntegerField(default=0)
    released_by = _somebody()
    alone = models.BooleanField(default=False)
    release_asked_at = models.DateTimeField(null=True, blank=True)
    release_total = models.PositiveIntegerField(default=0)
    released_n = models.PositiveIntegerField(default=0)
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("import batch")
        verbose_name_plural = _("import batches")
        ordering = ("-id",)
        indexes = (
            # Read by the worker: what is to be released.
            models.Index(
                fields=("id",),
                name="batch_to_release",
                condition=models.Q(release_asked_at__isnull=False, released_at__isnull=True),
            ),
        )
        constraints = (
            models.CheckConstraint(
                condition=models.Q(released_by__isnull=True)
                | models.Q(alone=True)
                | _another("imported_by")
                | _another("previewed_by"),
                name="batch_released_by_another",
            ),
            models.CheckConstraint(
                condition=models.Q(release_asked_at__isnull=True)
                | models.Q(released_by__isnull=False),
                name="batch_release_says_who",
            ),
        )

    def __str__(self) -> str:
        return f"{self.file_name} ({self.created_at:%Y-%m-%d %H:%M})"

    @property
    def is_being_released(self) -> bool:
        return self.release_asked_at is not None and self.released_at is None
