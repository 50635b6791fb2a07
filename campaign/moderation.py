"""The verbs of the moderator: approve, reject, hold, restore, release a batch."""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from campaign import moves
from campaign.models.batch import ImportBatch
from campaign.models.signature import HoldReason, RejectionReason, Signature, Status
from campaign.moves import Actor, Decision, Moved, Verb


def approve(*, signature_id: int, revision: int, by: AbstractBaseUser) -> Moved:
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
    by: AbstractBaseUser,
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


def hold(*, signature_id: int, by: AbstractBaseUser, note: str = "") -> Moved:
    """Take a published signature off the list until it has been looked at again.

    Raises ChangedMeanwhile, SignatureGone.
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
        status=Status.PUBLISHED,
    )


def restore(*, signature_id: int, by: AbstractBaseUser) -> Moved:
    """Bring a rejected signature back to the status before its rejection.

    Raises MoveRefused, SignatureGone.
    """

    def decide(signature: Signature, _others: object) -> Decision:
        if signature.status != Status.REJECTED:
            return Decision(to=Status(signature.status))
        to = Status(signature.rejected_from)
        reasons = [HoldReason.MODERATOR] if to == Status.HELD else []
        return Decision(to=to, hold_reasons=reasons)

    return moves.move(
        signature_id=signature_id, verb=Verb.RESTORE, actor=Actor.moderator(by), decide=decide
    )


def release(*, batch: ImportBatch, by: AbstractBaseUser) -> int:
    """Publish what a batch with consent on file still holds; returns how many became published.

    Each signature is a move of its own, so a signer who withdraws meanwhile wins. A second release
    changes nothing.
    """
    with transaction.atomic():
        locked = ImportBatch.objects.select_for_update().get(pk=batch.pk)
        if locked.released_at is None:
            locked.released_at, locked.released_by_id = timezone.now(), by.pk
            locked.save(update_fields=["released_at", "released_by"])
    released = 0
    waiting = Signature.objects.filter(batch=batch, status=Status.HELD).order_by("pk")
    for signature_id in waiting.values_list("pk", flat=True):
        released += moves.move(
            signature_id=signature_id,
            verb=Verb.APPROVE,
            actor=Actor.moderator(by),
            decide=_released,
        ).changed
    return released


def _released(signature: Signature, _others: object) -> Decision:
    """Published if only the import holds it; whatever holds it beside that still needs a look."""
    only_imported = signature.status == Status.HELD and signature.hold_reasons == [
        HoldReason.IMPORTED
    ]
    return Decision(to=Status.PUBLISHED if only_imported else Status(signature.status))
