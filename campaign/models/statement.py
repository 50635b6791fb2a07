"""The text that is signed: versions that never change, and the consent beside the tick."""

import hashlib
import unicodedata
from functools import lru_cache

from django.contrib.postgres.fields import ArrayField
from django.db import models

from campaign.models.campaign import Campaign


def exact_text(title: str, body: str) -> str:
    """The text that ``sha256`` is of: NFC, LF, title, blank line, body, one final newline."""
    text = f"{title.strip()}\n\n{body.strip()}\n".replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", text)


class StatementVersion(models.Model):
    """One immutable version of a campaign's statement, in one or more languages."""

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    # By language, what is said to signers of the change; unlike the texts it can be mended.
    notes = models.JSONField(default=dict, blank=True)
    # The languages in which everybody has seen it, or somebody has signed it, while it was the current
    # one: what the public goes on reading of it. Noted when it may end (`campaign_parts.note_published`).
    published = ArrayField(models.CharField(max_length=10), default=list, db_default=[], blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("number",)
        constraints = (
            models.UniqueConstraint(fields=("campaign", "number"), name="version_number_once"),
        )

    def __str__(self) -> str:
        return f"{self.campaign} {self.number}"


class StatementText(models.Model):
    """A version in one language; a trigger refuses UPDATE and DELETE (migration 0002)."""

    version = models.ForeignKey(StatementVersion, models.PROTECT, related_name="texts")
    language = models.CharField(max_length=10)
    title = models.CharField(max_length=300)
    body = models.TextField()
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("version", "language")
        constraints = (
            models.UniqueConstraint(fields=("version", "language"), name="text_once_a_language"),
        )

    def __str__(self) -> str:
        return f"{self.version} {self.language}"

    @property
    def note(self) -> str:
        """What is said of its change to signers, in its language."""
        return str(self.version.notes.get(self.language, ""))

    @property
    def exact(self) -> bytes:
        """The bytes that ``sha256`` is of."""
        return exact_text(self.title, self.body).encode()

    @staticmethod
    def digest(title: str, body: str) -> str:
        """The sha256 of the exact bytes, in hexadecimal."""
        return hashlib.sha256(exact_text(title, body).encode()).hexdigest()


def current_text(campaign: Campaign, language: str) -> StatementText:
    """The newest version of the statement in that language, or in the default where that is missing."""
    newest = max(campaign.versions.all(), key=lambda version: version.number)
    texts = {text.language: text for text in newest.texts.all()}
    return texts.get(language) or texts[campaign.default_language]


def published_text(campaign: Campaign, number: int, language: str) -> StatementText | None:
    """The text of a version in a language of a visible campaign; None of a draft that never was public."""
    versions = {version.number: version for version in campaign.versions.all()}
    version = versions.get(number)
    if version is None:
        return None
    is_current = number == max(versions) and language in campaign.languages
    if not is_current and language not in version.published:
        return None
    return next((text for text in version.texts.all() if text.language == language), None)


@lru_cache(maxsize=1024)
def edition(text_id: int) -> tuple[int, str]:
    """Version number and language of a text; kept, since a trigger refuses to change it."""
    text = StatementText.objects.select_related("version").get(pk=text_id)
    return text.version.number, text.language


class Consent(models.Model):
    """One wording of the consent beside the tick; the newest of a language is the current one.

    ``covers_print`` says that it covers a printed list too.
    """

    campaign = models.ForeignKey(Campaign, models.CASCADE, related_name="consents")
    language = models.CharField(max_length=10)
    text = models.TextField()
    covers_print = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.campaign} {self.language} {self.pk}"

    @property
    def number(self) -> int:
        """Which wording of its language it is: 1 for the first."""
        wordings = Consent.objects.filter(campaign=self.campaign_id, language=self.language)
        return wordings.filter(pk__lte=self.pk).count()


def current_consent(campaign: Campaign, language: str) -> Consent | None:
    """The newest wording of the consent in that language."""
    wordings = (each for each in campaign.consents.all() if each.language == language)
    return max(wordings, key=lambda consent: consent.pk, default=None)


def consent_version(campaign: Campaign, language: str) -> int:
    """The number of the current wording in that language, from 1; 0 where there is none."""
    return sum(1 for each in campaign.consents.all() if each.language == language)
