"""How the row of a signature begins, and ends while nobody has confirmed it; and what follows from it.

A row that is confirmed is never deleted, and changes in `moves` alone.
"""

import hashlib
import hmac
import json
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from campaign import counts, history, identity, search
from campaign.history import Actor
from campaign.models.event import Event, EventNote, Verb
from campaign.models.signature import Signature, Status
from campaign.models.tally import TallyChange


def now() -> datetime:
    """The time to the millisecond, as the public sees it: or a feed in its order would look out of order."""
    at = timezone.now()
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


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


def import_key(*same: str) -> str:
    """A digest of who a line of a file is about: canonical address and fold of the name, or more of
    it where it has no address. It stays as it was when the signer changes their name."""
    return hashlib.sha256(json.dumps(same).encode()).hexdigest()


def sealed_key(key: str) -> str:
    """The import key of who withdrew: keyed, since who guesses name and address could check the bare one."""
    return hmac.new(
        settings.HASH_KEY.encode(), f"import {key}".encode(), hashlib.sha256
    ).hexdigest()


def import_keys(key: str) -> tuple[str, str]:
    """An import key as a row has it: of who is here, and of who withdrew."""
    return key, sealed_key(key)


@transaction.atomic(savepoint=False)
def place(signatures: Iterable[Signature], *, verb: Verb, actor: Actor) -> list[Signature]:
    """Insert new signatures, pending or held, all of one campaign, with their events and counts."""
    at = now()
    rows = list(signatures)
    for row in rows:
        row.created_at = row.updated_at = at
        derive(row)
    Signature.objects.bulk_create(rows)
    # A pending one has no history yet: whoever asked for it may be a stranger.
    confirmed = [row for row in rows if row.status != Status.PENDING]
    if confirmed:
        Event.objects.bulk_create(history.event(row, verb, actor, before="") for row in confirmed)
    if rows:
        facets = ((counts.facets(row), 1) for row in rows)
        TallyChange.objects.bulk_create(counts.changes(rows[0].campaign_id, facets))
    return rows


def give_address(signature: Signature, *, email: str, canonical_email: str) -> None:
    """Let a locked pending signature that has no address be the one of this address."""
    signature.email, signature.canonical_email = email, canonical_email
    signature.save(update_fields=("email", "canonical_email"))


def set_apart(signature: Signature) -> None:
    """Let a pending signature that is changed be the one of no details that somebody types again.

    Those of before would else be confirmed as it is by now, and two that come to say the same would clash.
    """
    signature.details_key = f"changed {signature.public_id}"


@transaction.atomic(savepoint=False)
def discard(signature_ids: Iterable[int]) -> int:
    """Delete pending signatures, with all that is about them; returns how many there were."""
    pending = Signature.objects.filter(pk__in=list(signature_ids), status=Status.PENDING)
    # Locked first: Django deletes by id, whatever has been confirmed since it read the ids.
    locked = list(pending.order_by("pk").select_for_update().values_list("pk", flat=True))
    # None has any, but for those that releases of before wrote: each would keep its row for ever.
    EventNote.objects.filter(event__signature__in=locked).delete()
    Event.objects.filter(signature__in=locked).delete()
    _total, by_model = Signature.objects.filter(pk__in=locked).delete()
    return by_model.get(Signature._meta.label, 0)
