"""The verbs of API keys: make one, revoke it, and say whose key a text is.

A key reads ``ptn_PPPPPPPP_SSSS…CCCCCCC``: a fixed beginning that scanners of leaked secrets know, eight
characters that name the key, 160 random bits, and a checksum, so that a mistyped or made-up one costs
no query. Of the secret only a SHA-256 is kept: a slow hash and a salt guard what people make up, and
nobody runs through 2^160.
"""

import hashlib
import re
import secrets
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from campaign import audit, roles
from campaign.errors import FieldError, InvalidInput, KeyExpired, KeyInvalid
from campaign.models.api_key import LONGEST, ApiKey, Scope
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign

DEFAULT_LIFE = timedelta(days=90)
NOTED_EVERY = timedelta(minutes=1)
"""How old ``last_used_at`` may be: one write a minute, however busy the key is."""

MAKE: Final = "campaign.add_apikey"
# Nobody makes a program that may do what they themselves may not.
NEEDED: Final[dict[Scope, tuple[str, ...]]] = {
    Scope.READ_PRIVATE: (roles.LOOK, roles.ADDRESSES),
    Scope.MODERATE: (roles.LOOK, roles.MODERATE),
    Scope.EXPORT: (roles.LOOK, roles.ADDRESSES, roles.EXPORT),
    Scope.SIGN: (),
}
"""What somebody may do themselves whose key has that scope."""

# Crockford's base 32, as in public ids: nothing in it is misread, and a double click takes all of it.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_SHAPE = re.compile(rf"ptn_([{_ALPHABET}]{{8}})_[{_ALPHABET}]{{32}}([{_ALPHABET}]{{7}})")


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


@sensitive_variables()
def _checksum(text: str) -> str:
    number = zlib.crc32(text.encode())
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(30, -1, -5))


@sensitive_variables()
def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@sensitive_variables()
def make_key(
    *,
    campaign: Campaign,
    label: str,
    scopes: Sequence[Scope],
    expires_at: datetime,
    by: AbstractBaseUser,
) -> tuple[ApiKey, str]:
    """Make a key and put that on record; the text that is returned is shown once and kept nowhere.

    Raises InvalidInput for a label that another working key of the campaign has, for no scope, and
    for an end that is past or more than a year away.
    """
    now = timezone.now()
    mistakes = []
    if not scopes:
        mistakes.append(FieldError("scopes", "blank", _("Choose at least one.")))
    if not now < expires_at <= now + LONGEST:
        said = _("A key ends within a year, and not in the past.")
        mistakes.append(FieldError("expires_at", "out_of_range", said))
    if mistakes:
        raise InvalidInput(mistakes)
    prefix = _random(8)
    secret = f"ptn_{prefix}_{_random(32)}"
    text = secret + _checksum(secret)
    try:
        with transaction.atomic():
            key = ApiKey.objects.create(
                campaign=campaign,
                label=label,
                prefix=prefix,
                digest=_digest(text),
                scopes=sorted(set(scopes)),
                created_by_id=by.pk,
                created_at=now,
                expires_at=expires_at,
            )
            audit.record(AuditAction.KEY_MADE, by=by, campaign=campaign, key=key)
    except IntegrityError as error:
        if "api_key_label_once" not in str(error):
            raise
        said = _("A key of this name is there already; revoke it first, or choose another name.")
        raise InvalidInput([FieldError("label", "duplicate", said)]) from None
    return key, text


@transaction.atomic
def revoke(key: ApiKey, *, by: AbstractBaseUser) -> bool:
    """Let a key open nothing from the next request on; False if it was revoked already."""
    working = ApiKey.objects.filter(pk=key.pk, revoked_at=None)
    if not working.update(revoked_at=timezone.now()):
        return False
    audit.record(AuditAction.KEY_REVOKED, by=by, campaign=key.campaign, key=key)
    return True


def covers(user: User, scopes: Iterable[str], campaign: Campaign) -> bool:
    """Whether somebody may have a key with those scopes in that campaign."""
    needed = {right for scope in scopes for right in NEEDED[Scope(scope)]}
    return all(roles.may(user, right, campaign) for right in (MAKE, *sorted(needed)))


def is_backed(key: ApiKey) -> bool:
    """Whether its maker still comes in and may do all that it may: a program never outlives that.

    Nothing is written when a superuser takes rights away, so they are read with the key.
    """
    maker = key.created_by
    return maker.is_active and maker.is_staff and covers(maker, key.scopes, key.campaign)


@sensitive_variables()
def authenticate(text: str) -> ApiKey:
    """The working key that this text is, with its campaign, read afresh: revoking works at once.

    So does taking away from whoever made it what it may: a key is never more than its maker is.
    Raises KeyInvalid, and KeyExpired for who holds the right secret too late.
    """
    shape = _SHAPE.fullmatch(text)
    if shape is None or shape[2] != _checksum(text[: -len(shape[2])]):
        raise KeyInvalid
    key = ApiKey.objects.select_related("campaign", "created_by").filter(prefix=shape[1]).first()
    # Compared in constant time, or the time would tell the digest a character at a time.
    if key is None or not constant_time_compare(key.digest, _digest(text)):
        raise KeyInvalid
    if key.revoked_at is not None or not is_backed(key):
        raise KeyInvalid
    if key.has_expired():
        raise KeyExpired
    _note_use(key)
    return key


def _note_use(key: ApiKey) -> None:
    """Note that the key is used, at most once a minute, and never so that its request waits or fails."""
    now = timezone.now()
    if key.last_used_at is not None and key.last_used_at > now - NOTED_EVERY:
        return
    stale = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
    with suppress(DatabaseError), transaction.atomic():
        # Another request that is just noting it holds the lock: then it is noted.
        free = ApiKey.objects.filter(stale, pk=key.pk).select_for_update(skip_locked=True)
        ApiKey.objects.filter(pk__in=free.values("pk")).update(last_used_at=now)
