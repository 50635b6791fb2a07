"""What is published already when a name becomes protected: found by a search, brought before moderators.

It stays on the list until somebody decides: most of them are honest. Every published signature of the
campaign is compared, by the worker, a chunk at a time; no index knows near misses.
"""

import time
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from campaign import going_on, identity, likeness, locks, moves, protected, queue, rules
from campaign.history import Actor
from campaign.matcher import Likeness, Matcher
from campaign.models.approval import Approval
from campaign.models.campaign import Campaign, ProtectedName
from campaign.models.event import Verb
from campaign.models.signature import Signature, Status
from campaign.models.suspicion import NameSearch, Suspicion

TASK: Final = "campaign.search_names"
CHUNK: Final = 2000
AT_ONCE: Final = 1.0
"""Seconds after which a transaction compares no further one: with 5,000 names a line of 200 characters takes
0.16, and a chunk that exceeded the time limit of its task would be undone, and begin again in each one."""
LOCKED: Final = 50
"""Found ones after which it compares no further one either: who withdraws waits for these."""
WORK: Final = timedelta(seconds=10)
"""One task's time; the next one goes on."""
_CLOCK: Final = Actor("clock")
_DECIDED: Final = (Verb.APPROVE, Verb.SECOND, Verb.KEEP, Verb.HOLD, Verb.REJECT, Verb.RESTORE)
SETTLED: Final = timedelta(seconds=60)
"""What began before the names were there has been committed, or has failed, by then."""


@transaction.atomic
def look_for(
    campaign: Campaign, names: Collection[ProtectedName] | QuerySet[ProtectedName]
) -> None:
    """Have what is confirmed already compared with these names, soon; nothing if nobody has signed."""
    if names and Signature.objects.filter(campaign=campaign).exists():
        search = NameSearch.objects.create(campaign=campaign)
        search.names.set(names)
        queue.tell_after_commit(TASK)


def search_due() -> None:
    """Go on with the searches that are due until they are done or time is up; safe at once and twice.

    The one that was tried longest ago comes first. One that fails keeps no other; the first such failure is
    raised at the end.
    """
    ends = time.monotonic() + WORK.total_seconds()
    with going_on.after(Exception) as each:
        in_turn = _due().order_by(Coalesce("tried_at", "created_at"), "pk")
        for pk in list(in_turn.values_list("pk", flat=True)):
            with each:  # the soft time limit too: it was this search's, not the others'
                _go_on(pk, ends)
            if time.monotonic() >= ends:
                queue.tell(TASK)
                break


def _due() -> QuerySet[NameSearch]:
    settled = timezone.now() - SETTLED
    due = NameSearch.objects.filter(done_at=None)
    return due.filter(Q(passed_at=None) | Q(created_at__lt=settled))


def _go_on(pk: int, ends: float) -> None:
    """Compare with the names of one search until it is done or time is up: one chunk at least."""
    if _take_turn(pk):
        while _search_some(pk) and time.monotonic() < ends:
            pass


@transaction.atomic
def _take_turn(pk: int) -> bool:
    """Note that it was tried, whatever becomes of that; False while another worker is at it."""
    search = _locked(pk)
    if search is None:
        return False
    search.tried_at = timezone.now()
    search.save(update_fields=["tried_at"])
    return True


def _locked(pk: int) -> NameSearch | None:
    return _due().select_for_update(skip_locked=True).filter(pk=pk).first()


@transaction.atomic
def _search_some(pk: int) -> bool:
    """Compare a chunk of a search that no other worker is at; False when there is nothing to do for now."""
    search = _locked(pk)
    if search is None:
        return False
    chunk = list(_to_compare(search).order_by("pk")[:CHUNK])
    if chunk:
        compared = _compare(search, chunk)
        if search.passed_at is None:
            search.after, search.looked = chunk[compared - 1].pk, search.looked + compared
        else:
            search.again_after = chunk[compared - 1].pk
    elif search.passed_at is None:
        search.passed_at = timezone.now()
    else:
        search.done_at = timezone.now()
    search.save()
    return True


def _to_compare(search: NameSearch) -> QuerySet[Signature]:
    """What is behind the last one compared: of all, and then of those touched since the names came.

    By id, which stays: one that changes behind it is not missed. Before the last look it is touched, and
    looked at again; during that its change knew the names, and asked the rules itself.
    """
    rows = Signature.objects.filter(
        campaign=search.campaign_id, status__in=(Status.HELD, Status.PUBLISHED)
    ).defer("search")
    if search.passed_at is None:
        return rows.filter(pk__gt=search.after)
    # Whoever confirmed, approved or corrected one of these may not have known the names yet.
    touched = rows.filter(updated_at__gte=search.created_at - SETTLED)
    return touched.filter(pk__gt=search.again_after)


def catch_up(signature: Signature) -> None:
    """Let the searches that have not come to a locked signature yet look at it now.

    Else a second yes, given before they come, would be counted beside a first one to fewer names. Its
    ``revision`` is another one afterwards if it is held and like a name that its page did not show.
    """
    to_come = NameSearch.objects.filter(
        campaign=signature.campaign_id, passed_at=None, after__lt=signature.pk
    )
    for search in to_come.select_related("campaign").order_by("pk"):
        _compare(search, [signature])
        signature.refresh_from_db(fields=["revision"])


def _compare(search: NameSearch, rows: Iterable[Signature]) -> int:
    """Note of these rows, as far as time allows, which are like a name; how many it were.

    A moment of locks, after the long comparing.
    """
    compared, found = _find(search, rows)
    for pk in found:
        signature, _others = locks.lock(pk)
        # Asked again: since it was read, somebody may have renamed, approved, withdrawn or erased it.
        like = _still_there(search, _found(search, signature))
        if signature.status == Status.PUBLISHED:
            _suspect(signature, like)
        elif like and signature.status == Status.HELD:
            _hold_for(search, signature, like)
    return compared


def _hold_for(search: NameSearch, signature: Signature, like: Collection[Likeness]) -> None:
    """Note of a locked signature that these names hold it too; a yes before that was to less."""
    reasons = sorted({rules.reason(each) for each in like})
    if signature.waits_for_release:  # its release asks for itself
        reasons = []
    if search.passed_at is None:  # who said yes since that look knew the names
        # And who did so later than this, or no two could while the worker is busy elsewhere.
        settled = search.created_at + SETTLED
        Approval.objects.filter(signature=signature, event__at__lt=settled).delete()
        why = f"names:{search.pk}"
        asked = signature.events.filter(reason=why).exists()
        if not asked and _was_shown_before(settled, signature):
            # A page from before the names must not say yes to them. Once: after it they are shown.
            moves.show_anew(signature, reasons, _CLOCK, reason=why)
            return
    for reason in reasons:
        moves.add_hold_reason(signature.pk, reason)


def _was_shown_before(settled: datetime, signature: Signature) -> bool:
    """Whether a page from before the names may show a signature as its revision is now.

    ``settled`` is when everybody saw the names: they are there from their commit, not their saving.
    By more than the time at which it was last touched: a choice of its signer's that leaves the revision,
    as news by mail does, or a release that holds it, would make such a page count again.
    """
    began = signature.created_at if signature.revision == 1 else signature.updated_at
    if began < settled:
        return True
    return signature.events.filter(revision=signature.revision, at__lt=settled).exists()


def _find(search: NameSearch, rows: Iterable[Signature]) -> tuple[int, list[int]]:
    """How many of these rows it compared, one at least, and which of them are like a name."""
    _matcher(search.pk)  # before the clock runs, or a chunk of many names were one row
    compared, found, ends = 0, list[int](), time.monotonic() + AT_ONCE
    for row in rows:
        compared += 1
        if _found(search, row):
            found.append(row.pk)
        if len(found) == LOCKED or time.monotonic() >= ends:
            break
    return compared, found


def _suspect(signature: Signature, like: Collection[Likeness]) -> None:
    """Bring a locked signature before the moderators for these names; a yes before that was to less."""
    known = set(signature.suspicions.values_list("name_id", flat=True))
    found = [each for each in like if each.protected.pk not in known]
    if found:
        Approval.objects.filter(signature=signature).delete()
    Suspicion.objects.bulk_create(
        Suspicion(signature=signature, name_id=each.protected.pk, way=each.way) for each in found
    )


def _still_there(search: NameSearch, like: Iterable[Likeness]) -> list[Likeness]:
    """Without the names that were taken off the list since this process read them."""
    there = set(search.names.values_list("pk", flat=True))
    return [each for each in like if each.protected.pk in there]


def _found(search: NameSearch, row: Signature) -> list[Likeness]:
    """The names of the search that a row is like, and doesn't bear by right."""
    near = rules.rule_is_on("near_name", search.campaign)
    like = _like(row, _matcher(search.pk), near=near)
    return [each for each in like if not _bears_it_by_right(row, each)]


def _like(row: Signature, matcher: Matcher, *, near: bool) -> list[Likeness]:
    skeletons = [
        identity.skeletons(text) for text in (row.name, row.credit, row.organisation) if text
    ]
    looks = matcher.looks(frozenset[str]().union(*skeletons))
    found = {each.pk: Likeness(each, likeness.Way.LOOKS) for each in looks}
    for each in matcher.near(row.name, row.credit, row.organisation) if near else ():
        found.setdefault(each.protected.pk, each)
    return list(found.values())


def _bears_it_by_right(row: Signature, like: Likeness) -> bool:
    """Whether its batch brought the name with it, or two let it through under this very name.

    Nothing less: a member's link, a listed domain and one moderator's proof say of whom nobody yet
    thought of as famous that it is somebody, and may be revoked.
    """
    if row.batch_id is not None and row.batch_id == like.protected.batch_id:
        return True
    return identity.search_fold(like.protected.name) == row.name_fold and _two_let_it_through(row)


def _two_let_it_through(row: Signature) -> bool:
    """Whether what was last decided about it, as it is now, was the second yes of two."""
    decided = row.events.filter(verb__in=_DECIDED).order_by("-pk")
    last = decided.values_list("verb", "revision")[:2]
    yes = (Verb.APPROVE, row.revision), (Verb.KEEP, row.revision)
    return len(last) == 2 and last[0] in yes and last[1] == (Verb.SECOND, row.revision)


@lru_cache(maxsize=4)
def _matcher(search_id: int) -> Matcher:
    names = ProtectedName.objects.filter(searches=search_id)
    return Matcher(protected.read(names))


def open_ones() -> QuerySet[Suspicion]:
    """Those that nobody has decided."""
    return Suspicion.objects.filter(closed_at=None)


def ids_of(signature: Signature) -> set[int]:
    """The open ones of a signature, by which a page tells what it has shown."""
    return set(open_ones().filter(signature=signature).values_list("pk", flat=True))


def open_of(signature: Signature) -> dict[int, Likeness]:
    """The open ones of a signature by their ids, with the name that each is about."""
    rows = open_ones().filter(signature=signature).order_by("pk")
    found = {pk: (name_id, way) for pk, name_id, way in rows.values_list("pk", "name_id", "way")}
    if not found:
        return {}
    about = ProtectedName.objects.filter(pk__in=[name_id for name_id, _way in found.values()])
    names = {each.pk: each for each in protected.read(about)}
    return {
        pk: Likeness(names[name_id], likeness.Way(way))
        for pk, (name_id, way) in found.items()
        if name_id in names  # taken off the list between the two looks
    }
