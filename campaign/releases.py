"""The release of a batch imported with consent on file: previewed by one, asked for by another, and
carried out by the worker.

Tens of thousands at 6 ms each are no request's work. The worker takes a chunk in a transaction of its
own, with what is noted of it on the batch, so that one that is killed is taken up where it was.
"""

import time
from datetime import timedelta
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign import audit, four_eyes, identity, locks, moves, queue, rules, suspicions
from campaign.errors import CampaignError, ChangedMeanwhile
from campaign.history import Actor
from campaign.matcher import Likeness, Protected
from campaign.models.audit import AuditAction
from campaign.models.batch import ImportBatch
from campaign.models.campaign import ProtectedName
from campaign.models.event import Verb
from campaign.models.signature import Signature, Status
from campaign.moves import Decision
from campaign.waiting import FOR_RELEASE

TASK: Final = "campaign.release"
CHUNK: Final = 50
"""Signatures a transaction: a third of a second, which a signer who withdraws then waits at most."""
AT_ONCE: Final = 1.0
"""Seconds after which a transaction takes no further one: a chunk that exceeded the time limit of its task
would be undone, and come first again in the next one."""
WORK: Final = timedelta(seconds=10)
"""How long a task goes on before the next one: less than its time limit."""


class AnotherNeeded(CampaignError):
    """Two people have to look, and this one is the first of them."""

    code = "another_needed"
    status = 409
    message = _("Two people have to look at this: the second one must be somebody else.")


def waiting(batch: ImportBatch) -> QuerySet[Signature]:
    """What a release publishes: of this batch, what nothing but its import holds."""
    return Signature.objects.filter(FOR_RELEASE, batch=batch)


def lacks_another(batch: ImportBatch, waiting_n: int, by: AbstractBaseUser) -> bool:
    """Whether somebody else must see it first: nobody but this one imported it, or previewed so many.

    Whose yes counts for nothing yet (`four_eyes.new_until`) has seen nothing, and releases nothing.
    """
    if not batch.campaign.four_eyes:
        return False
    seen_by = [batch.imported_by]
    if batch.previewed_n >= waiting_n:
        seen_by.append(batch.previewed_by)
    others = [user for user in seen_by if user is not None and user.pk != by.pk]
    return not (_counts(by, batch) and any(_counts(user, batch) for user in others))


def is_previewed(batch: ImportBatch, waiting_n: int) -> bool:
    """Whether somebody whose look counts has noted that they saw so many of them."""
    user = batch.previewed_by
    return user is not None and batch.previewed_n >= waiting_n and _counts(user, batch)


def _counts(user: AbstractBaseUser, batch: ImportBatch) -> bool:
    return four_eyes.new_until(user, batch.campaign) is None


@transaction.atomic
def preview(*, batch_id: int, waiting_n: int, by: AbstractBaseUser) -> None:
    """Note that this one has looked at the ``waiting_n`` that await release; another may release them.

    Where some wait again after a release, it begins anew. Raises ChangedMeanwhile when there are more
    or fewer by now, AnotherNeeded of one whose look counts for nothing yet.
    """
    batch = _locked(batch_id)
    if batch.is_being_released:
        return
    if not _counts(by, batch):
        # It would take the place of one that counts, and the button from everybody.
        raise AnotherNeeded
    _require_as_shown(batch, waiting_n)
    if (batch.previewed_by_id, batch.previewed_n) == (by.pk, waiting_n):
        return
    batch.previewed_by_id, batch.previewed_n, batch.previewed_at = by.pk, waiting_n, timezone.now()
    batch.released_by = batch.release_asked_at = batch.released_at = None
    batch.save()
    _put_on_record(AuditAction.BATCH_PREVIEWED, batch, by, waiting_n)


@transaction.atomic
def release(*, batch_id: int, waiting_n: int, by: AbstractBaseUser) -> None:
    """Ask for the publication of the ``waiting_n`` that await release; the worker is told.

    The names of its featured ones are protected from now on. While it is being released, a success
    that changes nothing. Raises ChangedMeanwhile when there are more or fewer by now, AnotherNeeded.
    """
    batch = _locked(batch_id)
    if batch.is_being_released:
        return
    _require_as_shown(batch, waiting_n)
    if lacks_another(batch, waiting_n, by):
        raise AnotherNeeded
    if not waiting_n:
        return
    _protect_featured(batch)
    batch.released_by_id, batch.alone = by.pk, not batch.campaign.four_eyes
    batch.release_asked_at, batch.released_at = timezone.now(), None
    batch.release_total, batch.released_n = waiting_n, 0
    batch.save()
    _put_on_record(AuditAction.BATCH_RELEASED, batch, by, waiting_n)
    queue.tell_after_commit(TASK)


def _locked(batch_id: int) -> ImportBatch:
    batches = ImportBatch.objects.select_related("campaign")
    # Not FOR UPDATE: the foreign key of a signature that is imported would wait for that.
    return batches.select_for_update(no_key=True, of=("self",)).get(pk=batch_id)


def _require_as_shown(batch: ImportBatch, waiting_n: int) -> None:
    if waiting(batch).count() != waiting_n:
        raise ChangedMeanwhile


def _put_on_record(
    action: AuditAction, batch: ImportBatch, by: AbstractBaseUser, number: int
) -> None:
    details = {"batch": batch.pk}
    audit.record(action, by=by, campaign=batch.campaign, number=number, details=details)


def _protect_featured(batch: ImportBatch) -> None:
    """Hold whoever comes later under the name of a featured one."""
    names = _featured_names(batch)
    before = set(batch.protected_names.values_list("pk", flat=True))
    ProtectedName.objects.bulk_create(
        (
            ProtectedName(
                campaign=batch.campaign,
                name=name,
                batch=batch,
                skeletons=sorted(identity.skeletons(name)),
            )
            for name in names
        ),
        ignore_conflicts=True,
    )
    suspicions.look_for(batch.campaign, batch.protected_names.exclude(pk__in=before))


def _featured_names(batch: ImportBatch) -> list[str]:
    # Locked, in the order of `locks`: whoever leaves now has gone, or waits and takes the name along.
    featured = waiting(batch).filter(featured=True).order_by("pk")
    locked = featured.select_for_update(no_key=True, of=("self",))
    return list(dict.fromkeys(locked.values_list("name", flat=True)))


# --- The worker ------------------------------------------------------------------------------


def release_due() -> int:
    """Publish what released batches still hold, until it is done or time is up; how many it were.

    Safe at once and twice: a batch is one worker's, for one chunk at a time.
    """
    ends, published = time.monotonic() + WORK.total_seconds(), 0
    while time.monotonic() < ends and (some := _release_some()) is not None:
        published += some
    return published


@transaction.atomic
def _release_some() -> int | None:
    """Take the next chunk of a batch that no other worker is at; None when there is none."""
    locks.hold_brakes()
    due = ImportBatch.objects.filter(
        release_asked_at__isnull=False,
        released_at=None,
        campaign__braked_at=None,
        campaign__frozen_at=None,
    )
    due = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
    batch = due.order_by("pk").first()
    if batch is None:
        return None
    chunk = list(waiting(batch).defer("search").order_by("pk")[:CHUNK])
    if not chunk:
        ImportBatch.objects.filter(pk=batch.pk).update(released_at=timezone.now())
        return 0
    ends, published = time.monotonic() + AT_ONCE, 0
    for signature, like in zip(chunk, rules.likenesses(chunk), strict=True):
        if not _held_for(batch, signature, like):
            published += _publish(batch, signature.pk)
        if time.monotonic() >= ends:
            break
    ImportBatch.objects.filter(pk=batch.pk).update(released_n=F("released_n") + published)
    return published


def _held_for(batch: ImportBatch, signature: Signature, like: list[Likeness]) -> bool:
    """Whether it must be looked at by itself, for a name that is protected; then it says so.

    Not for one that this batch brought, unless another line bears it as its own name: its featured
    ones do by right, and others name them as their band or union.
    """
    others = [
        each
        for each in like
        if each.protected.batch_id != batch.pk or _takes(signature, each.protected)
    ]
    for reason in sorted({rules.reason(each) for each in others}):
        moves.add_hold_reason(signature.pk, reason)
    return bool(others)


def _takes(signature: Signature, name: Protected) -> bool:
    bears = not identity.skeletons(signature.name).isdisjoint(name.skeletons)
    return bears and not signature.featured


def _publish(batch: ImportBatch, signature_id: int) -> bool:
    """Each is a move of its own, so that a signer who withdraws meanwhile wins.

    Who left between their import and this, under another spelling too, is looked at by themselves.
    """
    assert batch.released_by is not None  # by a constraint
    # Asked with the address locked: whoever leaves at this moment has done it, or waits and finds it.
    signature = locks.lock_one(signature_id)
    left = rules.left_reasons(signature)
    for reason in left:
        moves.add_hold_reason(signature_id, reason)
    if left:
        return False
    return moves.move_locked(
        signature,
        verb=Verb.APPROVE,
        actor=Actor.moderator(batch.released_by),
        decide=_released,
    ).changed


def _released(signature: Signature, _others: object) -> Decision:
    """Published if only the import holds it; a correction meanwhile needs a look of its own."""
    if signature.status == Status.HELD and signature.waits_for_release:
        return Decision(to=Status.PUBLISHED)
    return Decision(to=Status(signature.status))
