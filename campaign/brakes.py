"""What an owner stops at once, and lets go on: signing, publication, the whole list.

- Signing: no request to sign is taken; links in mails go on working.
- Publication: nothing is published by itself. What is confirmed meanwhile, and would have been, is held
  for the brake alone; batches wait. A moderator who has looked may still approve.
- The list: nothing comes onto it, and nothing on it is changed. It loses only what signers take back or
  hide, what is rejected, and what is reported from an address on file for the name.

To let a brake go publishes nothing. What it alone held can then be published as a whole, as the
campaign's policy and the rules would do by then.
"""

import time
from typing import Final

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from campaign import audit, locks, moves, queue, releases, rules
from campaign.errors import ChangedMeanwhile, ListFrozen, SignatureGone
from campaign.history import Actor
from campaign.models.audit import AuditAction
from campaign.models.brake import Brake, BrakeRelease
from campaign.models.campaign import Campaign
from campaign.models.event import Verb
from campaign.models.signature import HoldReason, Signature, Status
from campaign.moves import Decision

COLUMNS: Final = {
    Brake.SIGNING: "paused_at",
    Brake.PUBLICATION: "braked_at",
    Brake.LIST: "frozen_at",
}


@transaction.atomic
def pull(campaign: Campaign, brake: Brake, *, by: AbstractBaseUser | None) -> None:
    """Stop it, on record; one that is stopped already stays as it is.

    Whatever is being published at this instant is published first, and nothing after this returns.
    """
    locks.wait_for_moves()
    column = COLUMNS[brake]
    going_on = Campaign.objects.filter(pk=campaign.pk, **{column: None})
    if going_on.update(**{column: timezone.now()}):
        _put_on_record(AuditAction.BRAKE_PULLED, campaign, brake, by)


@transaction.atomic
def let_go(campaign: Campaign, brake: Brake, *, by: AbstractBaseUser | None) -> None:
    """Let it go on, on record; nothing that was held is published by that."""
    column = COLUMNS[brake]
    stopped = Campaign.objects.filter(pk=campaign.pk).exclude(**{column: None})
    if stopped.update(**{column: None}):
        _put_on_record(AuditAction.BRAKE_LET_GO, campaign, brake, by)
        queue.tell_after_commit(releases.TASK)  # batches may have waited


def _put_on_record(
    action: AuditAction, campaign: Campaign, brake: Brake, by: AbstractBaseUser | None
) -> None:
    audit.record(action, by=by, campaign=campaign, details={"brake": brake.value})


# --- What a brake held -----------------------------------------------------------------------


def waiting(campaign: Campaign) -> QuerySet[Signature]:
    """What nothing but a brake holds."""
    return Signature.objects.filter(
        campaign=campaign, status=Status.HELD, hold_reasons=[HoldReason.BRAKE]
    )


def underway(campaign: Campaign) -> BrakeRelease | None:
    """The publication that the worker is at, if there is one."""
    return BrakeRelease.objects.filter(campaign=campaign, done_at=None).first()


@transaction.atomic
def publish_held(campaign: Campaign, *, waiting_n: int, by: AbstractBaseUser) -> None:
    """Ask for the publication of the ``waiting_n`` that nothing but a brake holds; the worker is told.

    While that goes on, a success that changes nothing. Raises ListFrozen while a brake is on, and
    ChangedMeanwhile when there are more or fewer by now.
    """
    # Two who ask at once wait here for each other. Not FOR UPDATE: foreign keys would wait for that.
    fresh = Campaign.objects.select_for_update(no_key=True).get(pk=campaign.pk)
    if underway(fresh):
        return
    if fresh.braked_at or fresh.frozen_at:
        raise ListFrozen
    if waiting(fresh).count() != waiting_n:
        raise ChangedMeanwhile
    if waiting_n:
        BrakeRelease.objects.create(campaign=fresh, by_id=by.pk, total=waiting_n)
        audit.record(AuditAction.BRAKE_RELEASED, by=by, campaign=fresh, number=waiting_n)
        queue.tell_after_commit(releases.TASK)


def publish_due() -> int:
    """Publish what was asked for, until done or time is up; returns how many. Safe twice, and at once."""
    ends, published = time.monotonic() + releases.WORK.total_seconds(), 0
    while time.monotonic() < ends and (some := _publish_some()) is not None:
        published += some
    return published


@transaction.atomic
def _publish_some() -> int | None:
    """Take the next chunk of a campaign that no other worker is at; None when there is none."""
    locks.hold_brakes()
    due = BrakeRelease.objects.filter(
        done_at=None, campaign__braked_at=None, campaign__frozen_at=None
    ).select_related("campaign", "by")
    due = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
    release = due.order_by("pk").first()
    if release is None:
        return None
    held = waiting(release.campaign).order_by("confirmed_at", "pk")
    chunk = list(held.values_list("pk", flat=True)[: releases.CHUNK])
    if not chunk:
        BrakeRelease.objects.filter(pk=release.pk).update(done_at=timezone.now())
        return 0
    ends, published = time.monotonic() + releases.AT_ONCE, 0
    for signature_id in chunk:
        published += _publish(signature_id, Actor.moderator(release.by))
        if time.monotonic() >= ends:
            break
    BrakeRelease.objects.filter(pk=release.pk).update(published_n=F("published_n") + published)
    return published


def _publish(signature_id: int, actor: Actor) -> bool:
    """Publish one if only the brake held it, and the rules have nothing against it by now."""
    try:
        signature, others = locks.lock(signature_id)
    except SignatureGone:
        return False
    if signature.status != Status.HELD or signature.hold_reasons != [HoldReason.BRAKE]:
        return False
    if reasons := rules.hold_reasons(signature, others):
        for reason in reasons:
            moves.add_hold_reason(signature_id, HoldReason(reason))
        return False
    return moves.move_locked(
        signature,
        others,
        verb=Verb.APPROVE,
        actor=actor,
        decide=lambda _signature, _others: Decision(to=Status.PUBLISHED),
    ).changed
