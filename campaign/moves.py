"""The only place where the row of a signature changes: moved to another status, or amended.

Both write in one transaction the row, its event, the change of the counts, and the mails and
announcements that are owed. Both lock first, in the order of `locks`.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final, TypeVar

from django.db import IntegrityError, transaction

from campaign import announcements, consequences, counts, history, locks, placing, trip
from campaign.errors import ChangedMeanwhile, ListFrozen, MoveRefused, SignatureGone
from campaign.history import Actor
from campaign.models.event import Verb
from campaign.models.evidence import Proof
from campaign.models.signature import Evidence, HoldReason, Signature, Status
from campaign.trip import Statement

T = TypeVar("T")

_CONFIRMED = frozenset({Status.HELD, Status.PUBLISHED, Status.REJECTED, Status.WITHDRAWN})

ALLOWED: Final[dict[Verb, dict[Status, frozenset[Status]]]] = {
    Verb.CONFIRM: {Status.PENDING: frozenset({Status.HELD, Status.PUBLISHED})},
    Verb.APPROVE: {Status.HELD: frozenset({Status.PUBLISHED})},
    Verb.REJECT: {
        Status.HELD: frozenset({Status.REJECTED}),
        Status.PUBLISHED: frozenset({Status.REJECTED}),
    },
    Verb.HOLD: {Status.PUBLISHED: frozenset({Status.HELD})},
    Verb.RESTORE: {Status.REJECTED: frozenset({Status.HELD, Status.PUBLISHED})},
    Verb.WITHDRAW: {
        Status.HELD: frozenset({Status.WITHDRAWN}),
        Status.PUBLISHED: frozenset({Status.WITHDRAWN}),
        Status.REJECTED: frozenset({Status.WITHDRAWN}),
    },
    Verb.ERASE: {status: frozenset({Status.ERASED}) for status in _CONFIRMED},
}
"""The state machine of the design: verb, status before, statuses after."""

PUBLIC_FIELDS: Final = frozenset(
    {
        "name",
        "sort_name",
        "kind",
        "discipline",
        "credit",
        "organisation",
        "country",
        "show_name",
        "featured",
        "evidence",
        "evidence_at",
        "member_of_id",
    }
)
"""Whose change raises ``revision``: a moderator or a link that showed the old one must look again."""


@dataclass(frozen=True)
class Decision:
    """Where a move ends, decided on the locked row; ``reason`` is the event's code.

    ``domain`` is what the evidence rests on, where a domain is the evidence.
    ``removal_id`` is the rule that rejects, or did so until the clock erases, ``mails_at`` when the mail
    about it is due, if not at once.
    ``counted_as`` is the status that an erasure leaves in the counts, if not that of who left.
    """

    to: Status
    hold_reasons: Sequence[str] = ()
    rejection_reason: str = ""
    reason: str = ""
    note: str = ""
    evidence: Evidence | None = None
    domain: str = ""
    removal_id: int | None = None
    mails_at: datetime | None = None
    counted_as: str = ""


Review = Callable[[Signature, Sequence[Signature]], list[str]]
"""Given a locked signature and the locked others of its address, why it should be held."""
Decide = Callable[[Signature, Sequence[Signature]], Decision]
"""Given the locked signature and the locked others of its address, the decision; may refuse by raising."""


@dataclass(frozen=True)
class Moved:
    """The signature afterwards, and whether anything was written.

    ``halfway``: one of the two that it takes has said yes to it, and that alone is on record.
    """

    signature: Signature
    changed: bool
    before: Status = field(default=Status.PENDING)
    halfway: bool = False


# --- Moving ----------------------------------------------------------------------------------


@transaction.atomic
def move(
    *,
    signature_id: int | str,
    verb: Verb,
    actor: Actor,
    decide: Decide,
    revision: int | None = None,
    status: Status | None = None,
) -> Moved:
    """Move one signature, by key or public id: lock, decide, UPDATE, event, counts and mails, together.

    1. Lock every row of its address, in id order, and read the status now.
    2. ``decide`` says where to; a signature that is there already is a success that writes nothing.
    3. Another ``revision`` or ``status`` by now than the door showed is refused (ChangedMeanwhile).
    4. UPDATE filtered by id and status, then event, counts and mails.

    What would be published while a brake is on is held or refused (`brakes`). Raises SignatureGone when
    the row is no more, MoveRefused when the state machine forbids it.
    """
    signature, others = locks.lock(signature_id)
    return move_locked(
        signature,
        others,
        verb=verb,
        actor=actor,
        decide=decide,
        revision=revision,
        status=status,
    )


def move_locked(
    signature: Signature,
    others: Sequence[Signature] = (),
    *,
    verb: Verb,
    actor: Actor,
    decide: Decide,
    revision: int | None = None,
    status: Status | None = None,
) -> Moved:
    """The same of one that this transaction has locked with ``others``, and read since.

    Only a confirmation needs these, or who decides by them.
    """
    before = Status(signature.status)
    decision = _braked(signature, verb, decide(signature, others))
    if decision.to == before:
        return Moved(signature, changed=False, before=before)
    if revision not in {None, signature.revision} or status not in {None, before}:
        raise ChangedMeanwhile
    if decision.to not in ALLOWED[verb].get(before, frozenset()):
        raise MoveRefused
    facets, was_listed = counts.facets(signature), signature.is_listed
    _apply(signature, verb, decision)
    columns = {name: getattr(signature, name) for name in _MOVED_COLUMNS}
    if decision.to == Status.WITHDRAWN:
        columns |= consequences.empty_of_name(signature)
    if decision.to == Status.ERASED:
        columns |= consequences.empty(signature)
    updated = trip.send(
        trip.update(signature, columns, status=before),
        *history.traces(
            signature,
            verb,
            actor,
            before=before,
            facets=facets,
            reason=decision.reason,
            note=decision.note,
        ),
        *_proof(signature, decision.domain),
    )
    if updated != 1:
        raise MoveRefused
    taken_back = verb in {Verb.WITHDRAW, Verb.ERASE} and actor.kind != "clock"
    announcements.announce(signature, was_listed=was_listed, taken_back=taken_back)
    consequences.follow(signature, others, verb, before=before, mails_at=decision.mails_at)
    return Moved(signature, changed=True, before=before)


def _braked(signature: Signature, verb: Verb, decision: Decision) -> Decision:
    """What the brakes of its campaign leave of a decision to publish; may raise ListFrozen."""
    campaign = signature.campaign
    if decision.to != Status.PUBLISHED or signature.status == Status.PUBLISHED:
        return decision
    if verb == Verb.CONFIRM and (campaign.braked_at or campaign.frozen_at):
        return replace(decision, to=Status.HELD, hold_reasons=[HoldReason.BRAKE])
    if campaign.frozen_at:
        raise ListFrozen
    return decision


def _proof(signature: Signature, domain: str) -> list[Statement]:
    if not domain:
        return []
    at = signature.evidence_at
    assert at is not None  # whoever gives the domain gives the evidence
    return [trip.insert(Proof(signature=signature, method=Evidence.DOMAIN, at=at, domain=domain))]


_MOVED_COLUMNS: Final = (
    "status",
    "revision",
    "hold_reasons",
    "deferred_until",
    "rejected_from",
    "rejection_reason",
    "removal_id",
    "counted_as",
    "evidence",
    "evidence_at",
    "confirmed_at",
    "published_at",
    "listed_at",
    "updated_at",
)


def _apply(signature: Signature, verb: Verb, decision: Decision) -> None:
    """Set on the row in memory what the decision means for its columns."""
    now = placing.now()
    if decision.to == Status.REJECTED:
        signature.rejected_from = signature.status
    else:
        signature.rejected_from = ""
    signature.status = decision.to
    signature.deferred_until = None
    signature.removal_id = decision.removal_id
    signature.counted_as = decision.counted_as
    if decision.to in {Status.REJECTED, Status.PUBLISHED, Status.HELD}:
        signature.rejection_reason = decision.rejection_reason  # who leaves afterwards keeps it
    if verb in {Verb.HOLD, Verb.RESTORE}:
        signature.revision += 1  # a page from before it must not approve what a colleague held
    if decision.to != Status.REJECTED:  # what spoke against it still does when it is restored
        signature.hold_reasons = list(decision.hold_reasons)
    signature.updated_at = now
    if verb == Verb.CONFIRM:
        signature.confirmed_at = now
    if decision.evidence is not None:
        signature.evidence, signature.evidence_at = decision.evidence, now
    if decision.to == Status.PUBLISHED:
        signature.published_at = signature.published_at or now
        if signature.show_name:
            signature.listed_at = signature.listed_at or now


@transaction.atomic
def empty_of_name(signature_id: int) -> bool:
    """Empty the name of one that withdrew by a release that kept it; whether there was one.

    No move, and nothing that anybody sees of it changes. Raises SignatureGone.
    """
    signature, _others = locks.lock(signature_id)
    if signature.status != Status.WITHDRAWN or not signature.name:
        return False
    columns = consequences.empty_of_name(signature)
    trip.send(trip.update(signature, columns, status=Status.WITHDRAWN))
    return True


def call_back(signature: Signature) -> None:
    """Bring a deferred one before the moderators now; the row is locked."""
    if signature.deferred_until is not None:
        signature.deferred_until = None
        signature.save(update_fields=["deferred_until"])


@transaction.atomic
def add_hold_reason(signature_id: int, reason: HoldReason) -> None:
    """Note one more reason on a held signature. Raises SignatureGone."""
    signature = locks.lock_one(signature_id)
    if signature.status == Status.HELD and reason not in signature.hold_reasons:
        # With a new time, since whoever mirrors the private list sees why it is held.
        Signature.objects.filter(pk=signature.pk).update(
            hold_reasons=[*signature.hold_reasons, reason], updated_at=placing.now()
        )


def show_anew(
    signature: Signature, reasons: Iterable[HoldReason], actor: Actor, *, reason: str
) -> None:
    """Note why else a locked held signature is held, and that what pages show of it is not all by now.

    The event says ``reason``, and when its new revision began.
    """
    signature.hold_reasons = list(dict.fromkeys([*signature.hold_reasons, *reasons]))
    signature.revision += 1
    signature.updated_at = placing.now()
    signature.save(update_fields=["hold_reasons", "revision", "updated_at"])
    history.event(signature, Verb.AMEND, actor, before=signature.status, reason=reason).save()


def once_more(act: Callable[[], T]) -> T:
    """Run a verb, and once more if it lost a race for a unique key: the second look sees who won."""
    try:
        return act()
    except IntegrityError:
        return act()


# --- Amending --------------------------------------------------------------------------------


@transaction.atomic
def amend(
    *,
    signature_id: int | str,
    actor: Actor,
    changes: dict[str, Any],
    revision: int | None = None,
    review: Review | None = None,
    verb: Verb = Verb.AMEND,
    reason: str = "",
    note: str = "",
) -> Moved:
    """Change fields of a signature that is neither withdrawn nor erased; what stays the same is no change.

    A public field raises ``revision``. With ``review``, one that is held or rejected keeps why it
    must be looked at again, so that no release or restoring publishes what nobody has seen. The event
    says ``verb`` and ``reason``; without one, which fields changed. One that is pending has no history,
    and is no longer the request for what was typed. Raises ChangedMeanwhile, SignatureGone.
    """
    signature, others = locks.lock(signature_id)
    if signature.status in {Status.WITHDRAWN, Status.ERASED}:
        raise SignatureGone
    changes = {name: new for name, new in changes.items() if getattr(signature, name) != new}
    if not changes:
        return Moved(signature, changed=False, before=Status(signature.status))
    if revision is not None and signature.revision != revision:
        raise ChangedMeanwhile
    facets, was_listed = counts.facets(signature), signature.is_listed
    consequences.unprotect_renamed(signature, changes)
    for name, new in changes.items():
        setattr(signature, name, new)
    if PUBLIC_FIELDS & changes.keys():
        signature.revision += 1
        signature.deferred_until = None  # what was put off is not what stands there now
        consequences.end_question(signature)
    if (PUBLIC_FIELDS | {"newsletter"}) & changes.keys():
        # Who mirrors the private list must learn that somebody wants no more news. The public feed
        # then comes by that signer once more, and says the same of them as before.
        signature.updated_at = placing.now()
    if review is not None and signature.status in {Status.HELD, Status.REJECTED}:
        reasons = [HoldReason.RENAMED, *signature.hold_reasons, *review(signature, others)]
        signature.hold_reasons = list(dict.fromkeys(reasons))
    _save(signature, changes)
    status = Status(signature.status)
    if status != Status.PENDING:
        trip.send(
            *history.traces(
                signature,
                verb,
                actor,
                before=status,
                facets=facets,
                reason=reason or ",".join(sorted(changes))[:60],
                note=note,
            )
        )
    if PUBLIC_FIELDS & changes.keys():
        announcements.announce(signature, was_listed=was_listed, taken_back=True)
    return Moved(signature, changed=True, before=status)


def _save(signature: Signature, changes: Iterable[str]) -> None:
    """Write these fields, and what follows from them."""
    if signature.status == Status.PUBLISHED and signature.show_name:
        signature.listed_at = signature.listed_at or placing.now()
    if signature.status == Status.PENDING:
        placing.set_apart(signature)
    placing.derive(signature)
    derived = ("name_fold", "sort_key", "search", "details_key", "revision", "updated_at")
    kept = ("listed_at", "hold_reasons", "deferred_until")
    signature.save(update_fields=[*changes, *derived, *kept])
