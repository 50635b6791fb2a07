"""The sessions of staff: begun with the first page after a login, seen, and ended, by whom is on record."""

import re
from datetime import datetime, timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from campaign import audit, networks
from campaign.models.access import SESSION_KEPT, StaffSession
from campaign.models.audit import AuditAction

NOTED_EVERY = timedelta(minutes=1)
"""How old ``seen_at`` may be: one write a minute, however busy somebody is."""

PASSWORD_HOLDS = timedelta(minutes=15)
"""How long after a password was typed, at the login or again, it opens what is sensitive."""

_BROWSERS = (
    *(("Edge", r"Edg"), ("Opera", r"OPR/"), ("Samsung Internet", r"SamsungBrowser")),
    *(("Firefox", r"Firefox/|FxiOS"), ("Chrome", r"Chrome/|CriOS"), ("Safari", r"Safari/")),
)
_SYSTEMS = (
    *(("iPhone", r"iPhone"), ("iPad", r"iPad"), ("Android", r"Android"), ("Windows", r"Windows")),
    *(("macOS", r"Mac OS X"), ("ChromeOS", r"CrOS"), ("Linux", r"Linux")),
)


def begin(
    user: AbstractBaseUser, *, user_agent: str, address: networks.Address | None
) -> StaffSession:
    """A session that begins now, in a browser that says that of itself."""
    now = timezone.now()
    numbers = networks.hashes(address)
    return StaffSession.objects.create(
        user_id=user.pk,
        started_at=now,
        seen_at=now,
        browser=described(user_agent),
        place=_place(address),
        network=numbers.narrow if numbers else None,
    )


def described(user_agent: str) -> str:
    """A browser in words, such as "Firefox, Linux": the order is that of who pretends to be whom."""
    found = (
        next((name for name, pattern in names if re.search(pattern, user_agent)), "")
        for names in (_BROWSERS, _SYSTEMS)
    )
    return ", ".join(name for name in found if name)


def _place(address: networks.Address | None) -> str:
    """The first half of an IPv4 address, the first quarter of an IPv6 one: a provider, no household."""
    if address is None:
        return ""
    if address.version == 4:
        return ".".join(str(address).split(".")[:2]) + ".…"
    return ":".join(address.exploded.split(":")[:2]) + ":…"


def still_open(session_id: int, user: AbstractBaseUser) -> bool:
    """Whether that session of this user goes on; notes that it was seen."""
    session = StaffSession.objects.filter(pk=session_id, user_id=user.pk).first()
    now = timezone.now()
    if session is None or not session.is_open(now):
        return False
    if session.seen_at < now - NOTED_EVERY:
        StaffSession.objects.filter(pk=session.pk).update(seen_at=now)
    return True


def typed_lately(session_id: int) -> bool:
    """Whether the password was typed in that session so lately that what is sensitive opens."""
    since = timezone.now() - PASSWORD_HOLDS
    lately = Q(started_at__gt=since) | Q(password_at__gt=since)
    return StaffSession.objects.filter(lately, pk=session_id).exists()


def typed_again(session_id: int) -> None:
    """Note that it was just now."""
    StaffSession.objects.filter(pk=session_id).update(password_at=timezone.now())


def open_ones(user: AbstractBaseUser) -> list[StaffSession]:
    """Somebody's open sessions, the one seen last first."""
    return [each for each in _open(user) if each.is_open()]


def _open(user: AbstractBaseUser) -> QuerySet[StaffSession]:
    return StaffSession.objects.filter(user_id=user.pk, ended_at=None)


@transaction.atomic
def end(
    user: AbstractBaseUser,
    *,
    by: AbstractBaseUser,
    only: int | None = None,
    but: int | None = None,
) -> int:
    """End sessions of somebody: all, ``only`` this one, or all ``but`` this one; how many were open.

    They open no page from the next request on.
    """
    rows = _open(user)
    if only is not None:
        rows = rows.filter(pk=only)
    if but is not None:
        rows = rows.exclude(pk=but)
    ended = rows.update(ended_at=timezone.now())
    if ended:
        audit.record(AuditAction.SESSION_ENDED, by=by, number=ended, details={"user": user.pk})
    return ended


def log_out(session_id: int, user: AbstractBaseUser) -> None:
    """Their own, from the browser that it is in."""
    _open(user).filter(pk=session_id).update(ended_at=timezone.now())
    audit.record(AuditAction.LOGOUT, by=user)


def over(now: datetime) -> QuerySet[StaffSession]:
    """The sessions that ended too long ago to tell anything."""
    before = now - SESSION_KEPT
    ended = Q(ended_at__lt=before) | Q(started_at__lt=before - timedelta(days=1))
    return StaffSession.objects.filter(ended)
