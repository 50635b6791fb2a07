"""The worker's way through removals by rule, and through undoing them.

All of it stands in rows: a worker that is killed is followed by the next, from where it was. Two of them
at once share the rows, since each locks the one that it is at and passes by those of others.
"""

import time
from abc import ABC, abstractmethod
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min
from django.utils import timezone

from campaign import criteria, moderation, moves, queue
from campaign.criteria import Rule
from campaign.errors import ListFrozen, MoveRefused, SignatureGone
from campaign.history import Actor
from campaign.models.audit import AuditAction
from campaign.models.event import Verb
from campaign.models.removal import UNDER_WAY, ItemState, Removal, RemovalItem, RemovalStatus
from campaign.models.signature import Signature, Status
from campaign.moves import Decision
from campaign.removal import TASK, record

WORK_FOR = 10.0
"""Seconds after which the worker lets other tasks pass: counts and webhooks share its two processes."""
UNHEARD = timedelta(minutes=30)
"""How long the mails of a run wait: one that was a mistake and is undone by then reaches nobody."""
MAILS_A_SECOND = 10
"""Of one run: 20,000 mails at once would spend what a mail server takes in a day."""


def carry_on(seconds: float = WORK_FOR) -> None:
    """Go on with every run that is under way; what is left after that time is told of anew."""
    ends = time.monotonic() + seconds
    for removal in Removal.objects.filter(status__in=UNDER_WAY).select_related("campaign"):
        with suppress(ListFrozen):  # the next task asks again
            _go_through(removal, ends)
        if time.monotonic() > ends:
            queue.tell(TASK)
            return


def _go_through(removal: Removal, ends: float) -> None:
    """Each item that waits, in order; then once more from the beginning, until none is left."""
    step = _Step.of(removal)
    while time.monotonic() <= ends:
        last = 0
        while (found := step.next(last)) is not None:
            last = found
            if time.monotonic() > ends:
                return
        if not last:
            step.end()
            return


_TAKE = """
SELECT item.id, item.signature_id FROM campaign_removalitem item
JOIN campaign_removal removal ON removal.id = item.removal_id
WHERE item.removal_id = %s AND removal.status = %s AND item.state = %s AND item.id > %s
ORDER BY item.id LIMIT 1 FOR UPDATE OF item SKIP LOCKED
"""


class _Step(ABC):
    """How a run, or its undoing, deals with one item after the other."""

    runs: RemovalStatus
    """The status of the removal while it does."""
    waits: ItemState
    """The state of an item that waits."""
    otherwise: ItemState
    """What becomes of an item whose signature is not moved."""

    def __init__(self, removal: Removal) -> None:
        self.removal = removal
        self.rule = Rule.of(removal.rule)
        self.actor = Actor("rule", removal.by_id)

    @staticmethod
    def of(removal: Removal) -> "_Step":
        return _Remove(removal) if removal.status == RemovalStatus.RUNNING else _Restore(removal)

    def next(self, after: int) -> int | None:
        """Deal with the next item behind that one, in one transaction; None if none waits.

        Item and signature change together, so a worker that dies leaves nothing half done.
        """
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(_TAKE, [self.removal.pk, self.runs, self.waits, after])
                row = cursor.fetchone()
            if row is None:
                return None
            item_id, signature_id = row
            try:
                with transaction.atomic():
                    state = self.move(item_id, signature_id)
            except ListFrozen:
                raise  # it is no answer to whether it may come back, only to when
            except (MoveRefused, SignatureGone):
                state = self.otherwise
            RemovalItem.objects.filter(pk=item_id).update(state=state)
        return int(item_id)

    @abstractmethod
    def move(self, item_id: int, signature_id: int) -> ItemState:
        """Move its signature, if it still is to be; what becomes of the item."""

    @abstractmethod
    def end(self) -> None:
        """Say that it is over, unless an item waits that another worker has, or it was stopped."""

    def _end(self, to: RemovalStatus, column: str, action: AuditAction, done: ItemState) -> None:
        with transaction.atomic():
            waiting = RemovalItem.objects.filter(removal=self.removal, state=self.waits)
            over = Removal.objects.filter(pk=self.removal.pk, status=self.runs)
            if waiting.exists() or not over.update(status=to, **{column: timezone.now()}):
                return
            number = RemovalItem.objects.filter(removal=self.removal, state=done).count()
            record(action, self.removal, None, number)


class _Remove(_Step):
    runs, waits, otherwise = RemovalStatus.RUNNING, ItemState.MATCHED, ItemState.PASSED

    def __init__(self, removal: Removal) -> None:
        super().__init__(removal)
        its = RemovalItem.objects.filter(removal=removal)
        self.first: int = its.aggregate(first=Min("pk"))["first"] or 0
        self.still = criteria.still(removal.campaign, self.rule) & ~criteria.is_known(self.rule)

    def move(self, item_id: int, signature_id: int) -> ItemState:
        moved = moves.move(
            signature_id=signature_id,
            verb=Verb.REJECT,
            actor=self.actor,
            decide=lambda signature, _others: self._decide(signature, item_id),
        )
        return ItemState.REMOVED if moved.changed else self.otherwise

    def _decide(self, signature: Signature, item_id: int) -> Decision:
        """Rejected if it matches now that nobody else can change it, else left as it is."""
        if not Signature.objects.filter(self.still, pk=signature.pk).exists():
            return Decision(to=Status(signature.status))
        return Decision(
            to=Status.REJECTED,
            rejection_reason=self.removal.reason,
            reason=self.removal.reason,
            removal_id=self.removal.pk,
            mails_at=self._mails_at(item_id),
        )

    def _mails_at(self, item_id: int) -> datetime:
        pace = timedelta(seconds=(item_id - self.first) / MAILS_A_SECOND)
        return max(timezone.now(), self.removal.started_at or timezone.now()) + UNHEARD + pace

    def end(self) -> None:
        self._end(RemovalStatus.DONE, "ended_at", AuditAction.REMOVAL_ENDED, done=ItemState.REMOVED)


class _Restore(_Step):
    runs, waits, otherwise = RemovalStatus.UNDOING, ItemState.REMOVED, ItemState.KEPT

    def move(self, item_id: int, signature_id: int) -> ItemState:
        moved = moves.move(
            signature_id=signature_id, verb=Verb.RESTORE, actor=self.actor, decide=self._decide
        )
        return ItemState.RESTORED if moved.changed else self.otherwise

    def _decide(self, signature: Signature, _others: object) -> Decision:
        """As it was before, if it still stands removed by this very run."""
        if signature.removal_id != self.removal.pk:
            return Decision(to=Status(signature.status))
        return moderation.restored(signature)

    def end(self) -> None:
        self._end(
            RemovalStatus.UNDONE, "undone_at", AuditAction.REMOVAL_UNDONE, done=ItemState.RESTORED
        )
