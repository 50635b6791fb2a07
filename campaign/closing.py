"""What becomes of a campaign's personal data N months after its close: erased, and the numbers stay.

N is the campaign's ``retention_months``. Who had signed goes on counting as what they were, published ones
without a name: nobody withdrew, and the campaign may go on saying how many signed.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from campaign import audit, going_on, moves, placing
from campaign.errors import MoveRefused, SignatureGone
from campaign.history import Actor
from campaign.models.address import Suppression
from campaign.models.audit import AuditAction, AuditNote
from campaign.models.batch import ImportBatch
from campaign.models.campaign import Campaign, ProtectedName
from campaign.models.event import Verb
from campaign.models.name_numbers import LeftName, RejectedName
from campaign.models.removal import Removal
from campaign.models.signature import Signature, Status
from campaign.models.vouching import MemberLink
from campaign.moves import Decision

CLOCK: Final = Actor("clock")
EMPTY_FOR: Final = 60.0
"""Seconds after which `empty` leaves the rest to its next run; a task has 100."""
AT_ONCE: Final = 2_000
"""Signatures that are looked up together; each is erased in a transaction of its own."""


def over(now: datetime) -> list[Campaign]:
    """The campaigns whose personal data have had their time."""
    closed = Campaign.objects.filter(closes_at__lte=now).order_by("pk")
    return [campaign for campaign in closed if _is_over(campaign, now)]


def due() -> int:
    """How many signatures `empty` would erase."""
    return sum(_left(campaign).count() for campaign in over(timezone.now()))


def foreseen(campaign: Campaign) -> tuple[datetime | None, int]:
    """When a campaign's personal data are erased, None while no close is set, and of how many signatures."""
    return campaign.data_erased_at, _left(campaign).count()


def empty() -> int:
    """Erase what is over; how many signatures. What it leaves for want of time, the next run finds.

    Safe to run twice, at once, and to be killed: each signature is a move of its own, with its event and
    counts, and is off lists, files, caches and webhooks like any that is erased. What can't be erased keeps
    nothing else; the first such failure is raised at the end.
    """
    ends, total = time.monotonic() + EMPTY_FOR, 0
    with going_on.after(Exception) as each:
        for campaign in over(timezone.now()):
            n = 0
            for pk in _until(ends, campaign):
                with each:
                    n += _erase(pk)
            if n:
                audit.record(AuditAction.EMPTIED, by=None, campaign=campaign, number=n)
            with each:
                _empty_the_rest(campaign.pk)
            total += n
    return total


def _left(campaign: Campaign) -> QuerySet[Signature]:
    return Signature.objects.filter(campaign=campaign).exclude(status=Status.ERASED)


def _until(ends: float, campaign: Campaign) -> Iterator[int]:
    """The keys of its signatures that are not erased, while there is time."""
    left, last = _left(campaign).order_by("pk").values_list("pk", flat=True), 0
    while ids := list(left.filter(pk__gt=last)[:AT_ONCE]):
        for last in ids:
            if time.monotonic() > ends:
                return
            yield last


def _erase(signature_id: int) -> bool:
    with suppress(SignatureGone, MoveRefused):
        moved = moves.move(signature_id=signature_id, verb=Verb.ERASE, actor=CLOCK, decide=_decided)
        return moved.changed
    return bool(placing.discard([signature_id]))  # one that nobody has confirmed


def _decided(signature: Signature, _others: object) -> Decision:
    """Erased, unless somebody has put off the close since it was looked up."""
    status = Status(signature.status)
    if not _is_over(signature.campaign, timezone.now()):
        return Decision(to=status)
    counted = "" if status == Status.ERASED else status
    return Decision(
        to=Status.ERASED,
        counted_as=counted,
        reason="retention",
        removal_id=signature.removal_id,  # the corrections go on saying what the campaign wrote of it
    )


def _is_over(campaign: Campaign, now: datetime) -> bool:
    at = campaign.data_erased_at
    return at is not None and at <= now


@transaction.atomic
def _empty_the_rest(campaign_id: int) -> None:
    """Delete what is kept beside signatures too, unless somebody has put off the close since."""
    # Whoever puts it off meanwhile waits, or is seen here. Not FOR UPDATE: foreign keys would wait for that.
    campaign = Campaign.objects.select_for_update(no_key=True).get(pk=campaign_id)
    if _is_over(campaign, timezone.now()):
        _clear(campaign)


def _clear(campaign: Campaign) -> None:
    """Hashes of addresses and names, names of signers that a release protected, and what staff typed."""
    Suppression.objects.filter(campaign=campaign).delete()
    RejectedName.objects.filter(campaign=campaign).delete()
    ProtectedName.objects.filter(campaign=campaign).exclude(batch=None).delete()
    LeftName.objects.filter(campaign=campaign).delete()
    MemberLink.objects.filter(voucher__campaign=campaign).delete()
    AuditNote.objects.filter(entry__campaign=campaign).delete()
    batches = ImportBatch.objects.filter(campaign=campaign)
    batches.exclude(file_name="", consent_note="").update(file_name="", consent_note="")
    named = Removal.objects.filter(campaign=campaign).exclude(rule__name="")
    for removal in named:
        removal.rule["name"] = ""
        removal.save(update_fields=["rule"])
