"""The verbs of the moderator: approve, reject, hold, keep, restore, feature."""

from collections.abc import Collection

from django.contrib.auth.models import User
from django.db import transaction

from campaign import (
    consequences,
    four_eyes,
    history,
    locks,
    moves,
    rejections,
    reports,
    rules,
    suspicions,
)
from campaign.details import PROBLEMS
from campaign.errors import (
    ChangedMeanwhile,
    FieldError,
    InPersonOnly,
    InvalidInput,
    ListFrozen,
    MoveRefused,
)
from campaign.history import Actor, Moderator
from campaign.models.approval import Approval
from campaign.models.event import EventNote, Verb
from campaign.models.report import ReportOutcome
from campaign.models.signature import HoldReason, Signature, Status
from campaign.moves import Decision, Moved


def approve(*, signature_id: int, revision: int, by: Moderator, note: str = "") -> Moved:
    """Publish a held signature as it was shown at ``revision``.

    One with a protected name needs a ``note`` on how it was checked, and stays held, its approval on
    record, until a second moderator approves that revision too (`four_eyes`); a program's approval
    is none. What is approved already, by whomever or by this one, is a success that changes nothing.
    Raises ChangedMeanwhile, MoveRefused, SignatureGone, InvalidInput (``note``), InPersonOnly.
    """
    moved = _approve(signature_id, revision, by, note)
    if moved is None:
        # Only now that the new revision is committed: who looks again would else be refused for ever.
        raise ChangedMeanwhile
    return moved


@transaction.atomic
def _approve(signature_id: int, revision: int, by: Moderator, note: str) -> Moved | None:
    """The same; None when a name that is new has just made it another revision."""
    signature, _others = locks.lock(signature_id)
    if signature.status == Status.HELD and four_eyes.guarded(signature):
        if signature.revision != revision:
            raise ChangedMeanwhile
        suspicions.catch_up(signature)
        if signature.revision != revision:
            return None
        if first := _first_yes(signature, by, note):
            return first
    return moves.move(
        signature_id=signature_id,
        verb=Verb.APPROVE,
        actor=Actor.moderator(by),
        decide=lambda _signature, _others: Decision(to=Status.PUBLISHED, note=note),
        revision=revision,
        status=Status.HELD,
    )


def _first_yes(signature: Signature, by: Moderator, note: str) -> Moved | None:
    """Put the yes of the first of two on record, once however often they press.

    None where this one is enough: the second, or anybody where the campaign does without four eyes.
    Raises InPersonOnly, InvalidInput (``note``).
    """
    if not isinstance(by, User):
        raise InPersonOnly
    if signature.campaign.four_eyes:
        four_eyes.require_settled(by, signature.campaign)
    four_eyes.require_note(note)
    if not signature.campaign.four_eyes or four_eyes.seconds(signature, by):
        return None
    before = Status(signature.status)
    if four_eyes.has_approved(signature, by):
        return Moved(signature, changed=False, before=before, halfway=True)
    event = history.event(signature, Verb.SECOND, Actor.moderator(by), before=signature.status)
    event.save()
    EventNote.objects.create(event=event, text=note)
    Approval.objects.create(
        signature_id=signature.pk, revision=signature.revision, user=by, event=event
    )
    return Moved(signature, changed=True, before=before, halfway=True)


def reject(
    *,
    signature_id: int,
    revision: int,
    reason: str,
    by: Moderator,
    note: str = "",
    status: Status | None = None,
) -> Moved:
    """Refuse a held or published signature; its signer is told the reason, the note stays inside.

    ``status`` is the one that was shown, so that what a colleague has just approved isn't rejected
    unseen. Raises InvalidInput for a ``reason`` that the campaign doesn't offer, ChangedMeanwhile,
    MoveRefused, SignatureGone.
    """

    def decide(signature: Signature, _others: object) -> Decision:
        if reason not in {each.slug for each in rejections.offered(signature.campaign)}:
            said = str(PROBLEMS["unknown_choice"])
            raise InvalidInput([FieldError("reason", "unknown_choice", said)])
        return Decision(to=Status.REJECTED, rejection_reason=reason, reason=reason, note=note)

    return moves.move(
        signature_id=signature_id,
        verb=Verb.REJECT,
        actor=Actor.moderator(by),
        decide=decide,
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
        decide=lambda signature, _others: Decision(
            to=_off_the_list(signature),
            hold_reasons=[HoldReason.MODERATOR],
            reason=HoldReason.MODERATOR,
            note=note,
        ),
        revision=revision,
        status=Status.PUBLISHED,
    )


def _off_the_list(signature: Signature) -> Status:
    """Held; raises ListFrozen of an entry that its campaign lets nobody but its signer hide."""
    if signature.is_listed and signature.campaign.frozen_at:
        raise ListFrozen
    return Status.HELD


def take_back(*, signature_id: int, revision: int, by: Moderator) -> Moved:
    """Hold a published signature again for what held it before its approval, as it was shown.

    An approval doesn't keep its reasons, so the rules are asked once more. A note to the signer that has
    not gone out yet stays here. Raises ChangedMeanwhile, SignatureGone.
    """
    return moves.move(
        signature_id=signature_id,
        verb=Verb.HOLD,
        actor=Actor.moderator(by),
        decide=lambda signature, others: Decision(
            to=_off_the_list(signature),
            hold_reasons=rules.hold_reasons(signature, others) or [HoldReason.MODERATOR],
            reason=HoldReason.MODERATOR,
        ),
        revision=revision,
        status=Status.PUBLISHED,
    )


def keep(
    *,
    signature_id: int,
    revision: int,
    report_ids: Collection[int],
    suspicion_ids: Collection[int],
    by: Moderator,
    note: str = "",
) -> Moved:
    """Leave a published signature on the list, as it was shown, against these reports about it and
    against its being like names protected since, by these suspicions.

    Against a likeness it takes what the approval of a protected name takes: a ``note`` on how it was
    checked and, until a second moderator keeps it too, all stays open. The reports that were shown are
    closed, and their reporters told; one that came meanwhile is not. When a colleague has closed them
    already, it is a success that changes nothing. Raises ChangedMeanwhile, also where it is like a name
    that was not shown, SignatureGone, InvalidInput (``note``), InPersonOnly.
    """
    with transaction.atomic():
        signature, _others = locks.lock(signature_id)
        if signature.status != Status.PUBLISHED or signature.revision != revision:
            raise ChangedMeanwhile
        suspicions.catch_up(signature)
        if suspicions.ids_of(signature) <= set(suspicion_ids):
            return _kept(signature, report_ids, by, note)
    # Only now that the new suspicion is committed: who looks again would else not be shown it.
    raise ChangedMeanwhile


def _kept(signature: Signature, report_ids: Collection[int], by: Moderator, note: str) -> Moved:
    """Close what a page has shown of a locked signature, or put the first of two on record."""
    if four_eyes.doubted(signature) and (first := _first_yes(signature, by, note)):
        return first
    closed = reports.close(signature.pk, ReportOutcome.KEPT, only=report_ids)
    if not consequences.close_suspicions(signature.pk) and not closed:
        return Moved(signature, changed=False, before=Status.PUBLISHED)
    Approval.objects.filter(signature=signature).delete()
    actor = Actor.moderator(by)
    event = history.event(signature, Verb.KEEP, actor, before=signature.status)
    event.save()
    if note:
        EventNote.objects.create(event=event, text=note)
    return Moved(signature, changed=True, before=Status.PUBLISHED)


def restore(*, signature_id: int, revision: int, by: Moderator) -> Moved:
    """Bring a rejected signature back to the status before its rejection, as it was shown.

    One that its signer has changed meanwhile is held, with every reason to; so is one that bears a
    protected name, which two must approve again. Raises ChangedMeanwhile, MoveRefused, SignatureGone.
    """
    return moves.move(
        signature_id=signature_id,
        verb=Verb.RESTORE,
        actor=Actor.moderator(by),
        decide=lambda signature, _others: restored(signature),
        revision=revision,
        status=Status.REJECTED,
    )


def restored(signature: Signature) -> Decision:
    """Where a locked signature that is rejected goes back to; another one stays where it is."""
    if signature.status != Status.REJECTED:
        return Decision(to=Status(signature.status))
    if signature.rejected_from == Status.PUBLISHED and not signature.hold_reasons:
        if not four_eyes.guarded(signature):
            return Decision(to=Status.PUBLISHED)
        return Decision(to=Status.HELD, hold_reasons=[HoldReason.PROTECTED_NAME])
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
    if signature.is_listed and signature.campaign.frozen_at and signature.featured != featured:
        raise ListFrozen
    return moves.amend(
        signature_id=signature_id,
        actor=Actor.moderator(by),
        changes={"featured": featured},
        revision=revision,
    )
