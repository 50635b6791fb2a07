"""Putting on record who did what: every act of staff that isn't the move of one signature."""

from collections.abc import Mapping
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from campaign.models.api_key import ApiKey
from campaign.models.audit import AuditAction, AuditEntry, AuditNote
from campaign.models.campaign import Campaign

REASONED: Final = frozenset(
    {
        AuditAction.EXPORT,
        AuditAction.IMPORT,
        AuditAction.PRINT_LIST,
        AuditAction.TRAIL_EXPORTED,
    }
)
"""Acts that somebody types something for, a reason or who holds a consent: each is about a list, and says of
none of its signers that it is about them.

So no erasure could find their notes. What is typed about one signer stands beside the event (`EventNote`).
"""

Code = str | int | bool | list[str] | None


@transaction.atomic(savepoint=False)
def record(
    action: AuditAction,
    *,
    by: AbstractBaseUser | ApiKey | None,
    campaign: Campaign | None = None,
    key: ApiKey | None = None,
    number: int | None = None,
    details: Mapping[str, Code] | None = None,
    note: str = "",
) -> AuditEntry:
    """Write one entry, in the transaction of the act that it tells of.

    ``by`` is None for a task or a stranger, ``key`` one that is acted on. ``details`` are codes, ids and
    names of fields; what somebody typed is the ``note``, of the `REASONED` alone: else a ValueError.
    """
    if note and action not in REASONED:
        raise ValueError(action)
    entry = AuditEntry.objects.create(
        action=action,
        campaign=campaign,
        user_id=by.pk if isinstance(by, AbstractBaseUser) else None,
        api_key=by if isinstance(by, ApiKey) else key,
        number=number,
        details=dict(details or {}),
    )
    if note:
        AuditNote.objects.create(entry=entry, text=note)
    return entry
