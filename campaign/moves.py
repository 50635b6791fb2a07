"""The only place where a signature is placed, moved, amended or discarded.

Each of these writes in one transaction: the row, its event, the change of the counts and the mails
owed. Rows of one campaign and canonical address are locked in id order, so that two links of one
address, confirmed at once, wait for each other instead of deadlocking (35 of 40 trials did).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from campaign import announcements, counts, identity, locks, outbox, search, trip
from campaign.errors import ChangedMeanwhile, MoveRefused, SignatureGone
from campaign.models.api_key import ApiKey
from campaign.models.event import Event, EventNote
from campaign.models.mail import WAITING, Mail, MailKind, MailStatus
from campaign.models.signature import Evidence, HoldReason, Signature, Status
from campaign.models.tally import TallyChange
from campaign.trip import Statement

T = TypeVar("T")


class Verb(models.TextChoices):
    """What an event says was done."""

    SIGN = "sign"
    IMPORT = "import"
    CONFIRM = "confirm"
    AMEND = "amend"
    APPROVE = "approve"
    REJECT = "reject"
    HOLD = "hold"
    RESTORE = "restore"
    WITHDRAW = "withdraw"
    ERASE = "erase"


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
    }
)
"""Whose change raises ``revision``: a moderator or a link that showed the old one must look again."""


Moderator = AbstractBaseUser | ApiKey
"""Who may decide."""


@dataclass(frozen=True)
class Actor:
    """Who acts: ``signer``, ``moderator``, ``organiser``, ``clock`` or ``api_key``, and which one."""

    kind: str
    user_id: int | None = None
    api_key_id: int | None = None

    @classmethod
    def moderator(cls, by: Moderator) -> "Actor":
        """A moderator in person, or a program with a key that may moderate."""
        if isinstance(by, ApiKey):
            return cls("api_key", api_key_id=by.pk)
        return cls("moderator", by.pk)


SIGNER = Actor("signer")
ORGANISER = Actor("organiser")
CLOCK = Actor("clock")


@dataclass(frozen=True)
class Decision:
    """Where a move ends, decided on the locked row; ``reason`` is the event's code."""

    to: Status
    hold_reasons: Sequence[str] = ()
    rejection_reason: str = ""
    reason: str = ""
    note: str = ""
    evidence: Evidence | None = None


Review = Callable[[Signature, Sequence[Signature]], list[str]]
"""Given a locked signature and the locked others of its address, why it should be held."""
Decide = Callable[[Signature, Sequence[Signature]], Decision]
"""Given the locked signature and the locked others of its address, the decision; may refuse by raising."""


@dataclass(frozen=True)
class Moved:
    """The signature afterwards, and whether anything was written."""

    signature: Signature
    changed: bool
    before: Status = field(default=Status.PENDING)


# --- Placing ---------------------------------------------------------------------------------


def _now() -> datetime:
    """The time to the millisecond, as the public sees it: or a feed in its order would look out of order."""
    now = timezone.now()
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def derive(signature: Signature) -> None:
    """Fill the columns that follow from the public ones: folds, sort key, search words."""
    fold(signature)
    signature.search = search.vector(*shown_texts(signature))


def fold(signature: Signature) -> None:
    """Fill the two folds of the name, for sameness and for the order."""
    signature.name_fold = identity.search_fold(signature.name)
    signature.sort_key = identity.search_fold(signature.sort_name or signature.name)


def shown_texts(signature: Signature) -> tuple[str, str, str]:
    """What the public can search."""
    return signature.name, signature.credit, signature.organisation


@transaction.atomic(savepoint=False)
def place(signatures: Iterable[Signature], *, verb: Verb, actor: Actor) -> list[Signature]:
    """Insert new signatures, pending or held, all of one campaign, with their events and counts."""
    now = _now()
    rows = list(signatures)
    for row in rows:
        row.created_at = row.updated_at = now
        derive(row)
    Signature.objects.bulk_create(rows)
    # A pending one has no history yet: whoever asked for it may be a stranger.
    confirmed = [row for row in rows if row.status != Status.PENDING]
    if confirmed:
        Event.objects.bulk_create(_event(row, verb, actor, before="") for row in confirmed)
    if rows:
        facets = ((counts.facets(row), 1) for row in rows)
        TallyChange.objects.bulk_create(counts.changes(rows[0].campaign_id, facets))
    return rows


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

    Raises SignatureGone when the row is no more, MoveRefused when the state machine forbids it.
    """
    signature, others = locks.lock(signature_id)
    before = Status(signature.status)
    decision = decide(signature, others)
    if decision.to == before:
        return Moved(signature, changed=False, before=before)
    if revision not in {None, signature.revision} or status not in {None, before}:
        raise ChangedMeanwhile
    if decision.to not in ALLOWED[verb].get(before, frozenset()):
        raise MoveRefused
    facets, was_listed = counts.facets(signature), announcements.is_listed(signature)
    _apply(signature, verb, decision)
    columns = {name: getattr(signature, name) for name in _MOVED_COLUMNS}
    if decision.to == Status.ERASED:
        columns |= _empty(signature)
    updated = trip.send(
        trip.update(signature, columns, status=before),
        *_history(
            signature, verb, actor, before=before, reason=decision.reason, note=decision.note
        ),
        *_counted(signature, facets),
    )
    if updated != 1:
        raise MoveRefused
    taken_back = verb in {Verb.WITHDRAW, Verb.ERASE}
    announcements.announce(signature, was_listed=was_listed, taken_back=taken_back)
    _settle_mails(signature, verb, before)
    if verb == Verb.CONFIRM:
        _close_pendings(signature, others)
    return Moved(signature, changed=True, before=before)


_MOVED_COLUMNS: Final = (
    "status",
    "revision",
    "hold_reasons",
    "rejected_from",
    "rejection_reason",
    "evidence",
    "evidence_at",
    "confirmed_at",
    "published_at",
    "listed_at",
    "updated_at",
)


def _apply(signature: Signature, verb: Verb, decision: Decision) -> None:
    """Set on the row in memory what the decision means for its columns."""
    now = _now()
    if decision.to == Status.REJECTED:
        signature.rejected_from = signature.status
    else:
        signature.rejected_from = ""
    signature.status = decision.to
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


def _empty(signature: Signature) -> dict[str, Any]:
    """The columns of an erasure: every personal one empty; its mails and notes go too."""
    Mail.objects.filter(signature=signature).delete()
    EventNote.objects.filter(event__signature=signature).delete()
    texts = (
        *("name", "sort_name", "credit", "organisation", "country", "email", "canonical_email"),
        *("source", "evidence_note", "name_fold", "sort_key", "details_key", "import_key"),
    )
    return {
        **dict.fromkeys(texts, ""),
        "discipline_id": None,
        "featured": False,
        "newsletter": False,
        "search": [],
    }


def _settle_mails(signature: Signature, verb: Verb, before: Status) -> None:
    """Owe the note that this move deserves, and drop waiting mails that are no longer true."""
    if verb in {Verb.WITHDRAW, Verb.ERASE}:
        Mail.objects.filter(signature=signature, status__in=WAITING).update(
            status=MailStatus.SUPPRESSED
        )
    elif verb == Verb.REJECT:
        outbox.owe(MailKind.REJECTED, [signature])
    elif before in {Status.HELD, Status.REJECTED} and signature.status == Status.PUBLISHED:
        outbox.owe(MailKind.PUBLISHED, [signature])


def _close_pendings(signature: Signature, others: Sequence[Signature]) -> None:
    """Delete the address's other pendings with this name: one of them has been confirmed."""
    namesakes = [
        other.pk
        for other in others
        if other.status == Status.PENDING and other.name_fold == signature.name_fold
    ]
    if namesakes:  # to find that there is nothing to delete took Django a fifth of a confirmation
        discard(namesakes)


@transaction.atomic
def add_hold_reason(signature_id: int, reason: HoldReason) -> None:
    """Note one more reason on a held signature. Raises SignatureGone."""
    signature, _others = locks.lock(signature_id)
    if signature.status == Status.HELD and reason not in signature.hold_reasons:
        Signature.objects.filter(pk=signature.pk).update(
            hold_reasons=[*signature.hold_reasons, reason]
        )


def once_more(act: Callable[[], T]) -> T:
    """Run a verb, and once more if it lost a race for a unique key: the second look sees who won."""
    try:
        return act()
    except IntegrityError:
        return act()


# --- Amending and discarding -----------------------------------------------------------------


@transaction.atomic
def amend(
    *,
    signature_id: int | str,
    actor: Actor,
    changes: dict[str, Any],
    revision: int | None = None,
    review: Review | None = None,
) -> Moved:
    """Change fields of a signature that is neither withdrawn nor erased; what stays the same is no change.

    A public field raises ``revision``. With ``review``, one that is held or rejected keeps why it
    must be looked at again, so that no release or restoring publishes what nobody has seen. Raises
    ChangedMeanwhile, SignatureGone.
    """
    signature, others = locks.lock(signature_id)
    if signature.status in {Status.WITHDRAWN, Status.ERASED}:
        raise SignatureGone
    changes = {name: new for name, new in changes.items() if getattr(signature, name) != new}
    if not changes:
        return Moved(signature, changed=False, before=Status(signature.status))
    if revision is not None and signature.revision != revision:
        raise ChangedMeanwhile
    facets, was_listed = counts.facets(signature), announcements.is_listed(signature)
    for name, new in changes.items():
        setattr(signature, name, new)
    now = _now()
    if PUBLIC_FIELDS & changes.keys():
        signature.revision += 1
        signature.updated_at = now
    if signature.status == Status.PUBLISHED and signature.show_name:
        signature.listed_at = signature.listed_at or now
    if review is not None and signature.status in {Status.HELD, Status.REJECTED}:
        reasons = [HoldReason.RENAMED, *signature.hold_reasons, *review(signature, others)]
        signature.hold_reasons = list(dict.fromkeys(reasons))
    derive(signature)
    derived = ("name_fold", "sort_key", "search", "revision", "updated_at", "listed_at")
    signature.save(update_fields=[*changes, *derived, "hold_reasons"])
    reason = ",".join(sorted(changes))[:60]
    trip.send(
        *_history(signature, Verb.AMEND, actor, before=Status(signature.status), reason=reason),
        *_counted(signature, facets),
    )
    if PUBLIC_FIELDS & changes.keys():
        announcements.announce(signature, was_listed=was_listed, taken_back=True)
    return Moved(signature, changed=True, before=Status(signature.status))


@transaction.atomic(savepoint=False)
def discard(signature_ids: Iterable[int]) -> int:
    """Delete pending signatures, with their mails and events; returns how many there were."""
    pending = Signature.objects.filter(pk__in=list(signature_ids), status=Status.PENDING)
    # Locked first: Django deletes by id, whatever has been confirmed since it read the ids.
    locked = list(pending.order_by("pk").select_for_update().values_list("pk", flat=True))
    _total, by_model = Signature.objects.filter(pk__in=locked).delete()
    return by_model.get(Signature._meta.label, 0)


def _event(
    signature: Signature, verb: Verb, actor: Actor, *, before: str, reason: str = ""
) -> Event:
    return Event(
        signature=signature,
        verb=verb,
        from_status=before,
        to_status=signature.status,
        actor=actor.kind,
        user_id=actor.user_id,
        api_key_id=actor.api_key_id,
        reason=reason,
        revision=signature.revision,
    )


def _history(
    signature: Signature, verb: Verb, actor: Actor, *, before: str, reason: str, note: str = ""
) -> list[Statement]:
    """What a move or an edit leaves of itself: an event, and its personal text beside it."""
    event = trip.insert(_event(signature, verb, actor, before=before, reason=reason))
    if not note:
        return [event]
    its = "currval('campaign_event_id_seq')"
    return [event, trip.insert(EventNote(text=note), event_id=its)]


def _counted(signature: Signature, before: counts.Facets | None) -> list[Statement]:
    rows = counts.changed(signature.campaign_id, before, counts.facets(signature))
    return [trip.insert(row) for row in rows]
