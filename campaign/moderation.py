"""The verbs of the moderator: approve, reject, hold, keep, restore, feature, release a batch."""

from collections.abc import Collection

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from campaign import history, locks, moves, reports, rules
from campaign.errors import ChangedMeanwhile, MoveRefused
from campaign.history import Actor, Moderator
from campaign.models.batch import ImportBatch
from campaign.models.event import EventNote, Verb
from campaign.models.report import ReportOutcome
from campaign.models.signature import HoldReason, RejectionReason, Signature, Status
from campaign.moves import Decision, Moved


def approve(*, signature_id: int, revision: int, by: Moderator) -> Moved:
    """Publish a held signature as it was shown at ``revision``.

    A published one is a success that changes nothing. Raises ChangedMeanwhile, MoveRefused,
    SignatureGone.
    """
    return moves.move(
        signature_id=signature_id,
        verb=Verb.APPROVE,
        actor=Actor.moderator(by),
        decide=lambda _signature, _others: Decision(to=Status.PUBLISHED),
        revision=revision,
        status=Status.HELD,
    )


def reject(
    *,
    signature_id: int,
    revision: int,
    reason: RejectionReason,
    by: Moderator,
    note: str = "",
    status: Status | None = None,
) -> Moved:
    """Refuse a held or published signature; its signer is told the reason, the note stays inside.

    ``status`` is the one that was shown, so that what a colleague has just approved isn't rejected
    unseen. Raises ChangedMeanwhile, MoveRefused, SignatureGone.
    """
    return moves.move(
        signature_id=signature_id,
        verb=Verb.REJECT,
        actor=Actor.moderator(by),
        decide=lambda _signature, _others: Decision(
            to=Status.REJECTED, rejection_reason=reason, reason=reason, note=note
        ),
        revision=revision,
        status=status,
    )


def hold(*, signature_id: int, by: Moderator, note: str = "", revision: int | None = None) -> Moved:
    """Take a published signature off the list until it has been looked at again.

    With ``revision`` only as it was shown then. Raises ChangedMeanwhile, SignatureGone.
    """
    return moves.move(
        signature_id=signature_id,
        verb=Verb.HOLD,
        actor=Actor.moderator(by),
        decide=lambda _signature, _others: Decision(
            to=Status.HELD,
            hold_reasons=[HoldReason.MODERATOR],
            reason=HoldReason.MODERATOR,
            note=note,
        ),
        revision=revision,
        status=Status.PUBLISHED,
    )


@transaction.atomic
def keep(
    *, signature_id: int, revision: int, report_ids: Collection[int], by: Moderator, note: str = ""
) -> Moved:
    """Leave a published signature on the list, as it was shown, against these reports about it.

    The reports that were shown are closed, and their reporters told; one that came meanwhile is not.
    When a colleague has closed them already, it is a success that changes nothing. Raises
    ChangedMeanwhile, SignatureGone.
    """
    signature, _others = locks.lock(signature_id)
    if signature.status != Status.PUBLISHED or signature.revision != revision:
        raise ChangedMeanwhile
    if not reports.close(signature.pk, ReportOutcome.KEPT, only=report_ids):
        return Moved(signature, changed=False, before=Status.PUBLISHED)
    actor = Actor.moderator(by)
    event = history.event(signature, Verb.KEEP, actor, before=signature.status)
    event.save()
    if note:
        EventNote.objects.create(event=event, text=note)
    return Moved(signature, changed=True, before=Status.PUBLISHED)


def restore(*, signature_id: int, revision: int, by: Moderator) -> Moved:
    """Bring a rejected signature back to the status before its rejection, as it was shown.

    One that its signer has changed meanwhile is held, with every reason to. Raises
    ChangedMeanwhile, MoveRefused, SignatureGone.
    """
    return moves.move(
        signature_id=signature_id,
        verb=Verb.RESTORE,
        actor=Actor.moderator(by),
        decide=_restored,
        revision=revision,
        status=Status.REJECTED,
    )


def _restored(signature: Signature, _others: object) -> Decision:
    if signature.status != Status.REJECTED:
        return Decision(to=Status(signature.status))
    if signature.rejected_from == Status.PUBLISHED and not signature.hold_reasons:
        return Decision(to=Status.PUBLISHED)
    reasons = signature.hold_reasons or [HoldReason.MODERATOR]
    return Decision(to=Status.HELD, hold_reasons=reasons)


@transaction.atomic
def feature(*, signature_id: int, revision: int, featured: bool, by: Moderator) -> Moved:
    """Put a standing signature among the featured ones, or back into the row, as it was shown.

    Raises ChangedMeanwhile, MoveRefused, SignatureGone.
    """
    signature, _others = locks.lock(signature_id)
    if signature.status == Status.PENDING:
        raise MoveRefused  # nobody has confirmed it: it has no history yet
    return moves.amend(
        signature_id=signature_id,
        actor=Actor.moderator(by),
        changes={"featured": featured},
        revision=revision,
    )


def release(*, batch: ImportBatch, by: AbstractBaseUser) -> int:
    """Publish what a batch with consent on file still holds; returns how many became published.

    Each signature is a move of its own, so a signer who withdraws meanwhile wins. The batch counts
    as released when all is done: one that was cut off is taken up by releasing it again.
    """
    waiting = Signature.objects.filter(batch=batch, status=Status.HELD).order_by("pk")
    _protect(waiting)
    released = sum(
        moves.move(
            signature_id=signature_id,
            verb=Verb.APPROVE,
            actor=Actor.moderator(by),
            decide=_released,
        ).changed
        for signature_id in waiting.values_list("pk", flat=True)
    )
    ImportBatch.objects.filter(pk=batch.pk, released_at=None).update(
        released_at=timezone.now(), released_by=by
    )
    return released


def _protect(waiting: QuerySet[Signature]) -> None:
    """Hold for a look of its own who looks like a name that has been protected since the import."""
    rows = list(waiting)
    for signature, names in zip(rows, rules.matching_names(rows), strict=True):
        if names:
            moves.add_hold_reason(signature.pk, HoldReason.PROTECTED_NAME)


def _released(signature: Signature, _others: object) -> Decision:
    """Published if only the import holds it; a protected name or a correction still needs a look."""
    if signature.status == Status.HELD and signature.waits_for_release:
        return Decision(to=Status.PUBLISHED)
    return Decision(to=Status(signature.status))
