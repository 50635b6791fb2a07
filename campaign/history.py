"""What an act on a signature leaves of itself: an event that says who did what, and the counts.

Both are written in the transaction of the act.
"""

from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser

from campaign import counts, trip
from campaign.counts import Facets
from campaign.models.api_key import ApiKey
from campaign.models.event import Event, EventNote, Verb
from campaign.models.signature import Signature, Status
from campaign.trip import Statement

Moderator = AbstractBaseUser | ApiKey
"""Who may decide."""


@dataclass(frozen=True)
class Actor:
    """Who acts: ``signer``, ``reporter``, ``moderator``, ``organiser``, ``api_key``, ``voucher``, ``rule`` or
    ``clock``, and which one; of a voucher its user, of a rule who started it."""

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
REPORTER = Actor("reporter")

_THIS_EVENT = "currval('campaign_event_id_seq')"


def event(
    signature: Signature, verb: Verb, actor: Actor, *, before: str, reason: str = ""
) -> Event:
    """What was done to the signature as it is now; ``before`` is the status that it had."""
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


def traces(
    signature: Signature,
    verb: Verb,
    actor: Actor,
    *,
    before: Status,
    facets: Facets | None,
    reason: str,
    note: str = "",
) -> list[Statement]:
    """The writes that belong to a change of the row: its event, a note's text, and the counts.

    ``before`` and ``facets`` are the status and the counted fields that it had.
    """
    writes = [trip.insert(event(signature, verb, actor, before=before, reason=reason))]
    if note:
        writes.append(trip.insert(EventNote(text=note), event_id=_THIS_EVENT))
    changes = counts.changed(signature.campaign_id, facets, counts.facets(signature))
    if facets is None and changes:
        changes[0].waited = counts.waited(signature)
    return writes + [trip.insert(change) for change in changes]
