"""Tries at a password, wherever it is asked for: counted, on record when they fail, refused when too many."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from campaign import audit, lockout, networks
from campaign.lockout import Try
from campaign.models.audit import AuditAction

LOCKED = _(
    "Too many tries. From here this account opens again at %(time)s UTC; somebody who manages its campaign"
    " can open it at once."
)


@contextmanager
def counted(request: HttpRequest, name: str, owner: User | None) -> Iterator[None]:
    """One try at the password of that name, which is the owner's; a ValidationError within is a failure.

    Raises ValidationError "locked" before the try, if there were too many.
    """
    tried = Try(name, networks.hashes(networks.of(request)), owner)
    if (until := lockout.take(tried)) is not None:
        raise ValidationError(LOCKED, code="locked", params={"time": until.strftime("%H:%M")})
    try:
        yield
    except ValidationError as error:
        about = {"why": str(error.code)} | ({"user": owner.pk} if owner else {})
        audit.record(AuditAction.LOGIN_FAILED, by=None, details=about)
        raise
    lockout.succeeded(tried)
