"""How staff get in: tries to log in that are counted, and sessions."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

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
