"""How staff get in: tries to log in that are counted, sessions, and the app that makes codes."""

import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from django_otp.plugins.otp_totp.models import TOTPDevice

from campaign import vault

SESSION_KEPT = timedelta(days=30)
"""How long a session is remembered after its end: from its network its user is no stranger."""


class LoginTry(models.Model):
    """How often something was tried since then: a user name from one network, a network, a user name.

    ``key`` is a keyed hash of which (see `lockout`): what strangers type is kept nowhere. ``user`` is
    whose name it was, where it is anybody's, so that they can be let in again.
    """

    key = models.CharField(max_length=64, primary_key=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True)
    n = models.PositiveIntegerField()
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.key[:8]} {self.n}"


class StaffSession(models.Model):
    """One browser that somebody logged in with, until they log out, or somebody ends it.

    ``browser`` is a word or two made of what it says of itself, ``place`` the beginning of its address,
    ``network`` the number of its network (see `networks`): the address itself is never kept. At
    ``password_at`` they last typed their password again, after the login.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="staff_sessions"
    )
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    password_at = models.DateTimeField(null=True, blank=True)
    browser = models.CharField(max_length=40, blank=True)
    place = models.CharField(max_length=20, blank=True)
    network = models.BigIntegerField(null=True, blank=True)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        ordering = ("-seen_at", "-pk")

    def __str__(self) -> str:
        return f"{self.user} {self.started_at:%Y-%m-%d %H:%M}"

    @property
    def expires_at(self) -> datetime:
        return self.started_at + timedelta(seconds=settings.SESSION_COOKIE_AGE)

    def is_open(self, now: datetime | None = None) -> bool:
        return self.ended_at is None and self.expires_at > (now or timezone.now())


SECRET_BYTES = 20
"""Of an app, as RFC 4226 advises; django-otp makes so many."""


class CodeApp(TOTPDevice):  # type: ignore[misc]
    """An app of staff that makes codes, its secret sealed for its user (see `vault`).

    ``key`` is in hex, as django-otp has it. One that a release before made is plain, and sealed the next
    time that it is saved: at its next code.
    """

    key: str

    class Meta:
        proxy = True
        default_permissions = ()

    @classmethod
    def model_label(cls) -> str:
        """Sessions name a device by it, those too that were there before."""
        return str(TOTPDevice.model_label())

    @property
    @sensitive_variables()
    def bin_key(self) -> bytes:
        """The secret; of one that cannot be read any more a random one, of which no code is right."""
        kept = bytes.fromhex(self.key)
        if len(kept) != SECRET_BYTES + vault.LONGER:
            return kept
        return vault.unseal(kept, about=self._about) or secrets.token_bytes(SECRET_BYTES)

    def save(self, *args: Any, **options: Any) -> None:
        if len(kept := bytes.fromhex(self.key)) == SECRET_BYTES:
            self.key = vault.seal(kept, about=self._about).hex()
        super().save(*args, **options)

    @property
    def _about(self) -> str:
        return f"totp {self.user_id}"
