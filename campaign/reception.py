"""A request to sign, as the database takes it: two trips, the same whatever is known of the address.

1. `take`: counted as received, one of the address's slots, whether it wants to be left alone, and what it
   has signed.
2. `place`: the fresh signature and its mail, kept or undone.

Written in SQL, since this is what the busiest day is made of; and so that one trip can place a row,
undo it and owe the mail to another.
"""

from django.db import connection

from campaign import counts, identity, locks, outbox, placing, trip
from campaign.locks import Known
from campaign.models.mail import MailKind
from campaign.models.signature import Signature
from campaign.networks import Hashes
from campaign.trip import Statement

_SAVE, _KEEP = Statement("SAVEPOINT fresh"), Statement("RELEASE SAVEPOINT fresh")
_UNDO = Statement("ROLLBACK TO SAVEPOINT fresh")
_FRESH = "currval('campaign_signature_id_seq')"
_SEEN_FROM = """
INSERT INTO campaign_signaturenetwork (signature_id, campaign_id, number, at)
VALUES (currval('campaign_signature_id_seq'), %s, %s, %s)
"""
# Statements of their own, since the last one has to see what was committed while the first one waited.
_LOOK_UP = locks.LOCK_ADDRESS.format(
    address=f"CASE current_setting('petition.welcome') WHEN 'true' THEN %(address)s ELSE '{locks.NOBODY}' END"
)


def take(*, campaign_id: int, email: str, canonical_email: str) -> tuple[bool, list[Known]]:
    """Count one more request as received; whether a mail may go to that address (`outbox.welcome`), and if
    so, what it has signed, locked (`locks.lock_address`)."""
    parameters = outbox.welcome_parameters(campaign_id, email, canonical_email)
    welcome = f"SELECT set_config('petition.welcome', ({outbox.WELCOME})::text, true)"
    with connection.cursor() as cursor:
        cursor.execute(
            f"{welcome}; {counts.RECEIVE}; {_LOOK_UP}", {**parameters, "address": canonical_email}
        )
        (said,) = cursor.fetchone()
        cursor.nextset()
        cursor.nextset()
        return said == "true", [Known(*row) for row in cursor.fetchall()]


def count(*, campaign_id: int, email: str, canonical_email: str) -> bool:
    """The same without looking up what the address has signed."""
    with connection.cursor() as cursor:
        parameters = outbox.welcome_parameters(campaign_id, email, canonical_email)
        cursor.execute(f"{outbox.WELCOME}; {counts.RECEIVE}", parameters)
        return bool(cursor.fetchone()[0])


def place(
    fresh: Signature,
    *,
    mail: MailKind,
    network: Hashes | None = None,
    instead: int | None = None,
    welcome: bool = True,
) -> None:
    """Insert a fresh pending signature and owe it a mail; or do so and undo it, in as many statements.

    With ``instead``, the id of a signature that is there, the mail is owed to that one, unless strangers
    have caused it all that they can; where no mail is ``welcome``, to none. Raises IntegrityError where the
    same request has just been placed.
    """
    if instead is not None or not welcome:
        fresh.details_key = "undone"  # one with the same details may be there
    owed = outbox.mail(mail, campaign_id=fresh.campaign_id, signature_id=instead)
    fresh.created_at = fresh.updated_at = owed.due_at
    placing.fold(fresh)
    fresh.search = identity.search_tokens(*placing.shown_texts(fresh))
    placed = [trip.insert(fresh), *_seen_from(network, fresh)]
    # Of a fresh one nothing was caused yet; asked all the same, since to plan the question takes time, and
    # who is known would be answered later (4.1 standard deviations of 2,000 pairs).
    mailed = outbox.caused(owed, of=_FRESH if instead is None else "")
    if not welcome:
        trip.send(_SAVE, *placed, mailed, _UNDO)
    elif instead is not None:
        trip.send(_SAVE, *placed, _UNDO, mailed)
    else:
        trip.send(_SAVE, *placed, _KEEP, mailed)


def place_without_mail(fresh: Signature, *, network: Hashes | None = None) -> int:
    """The same of one whose mailbox is confirmed already, by a link that it got elsewhere; its id.

    Counted as received. Raises IntegrityError where the same details are pending.
    """
    placing.fold(fresh)
    fresh.search = identity.search_tokens(*placing.shown_texts(fresh))
    fresh.created_at = fresh.updated_at = placing.now()
    trip.send(trip.insert(fresh), *_seen_from(network, fresh))
    with connection.cursor() as cursor:
        cursor.execute(f"{counts.RECEIVE}; SELECT {_FRESH}", {"campaign_id": fresh.campaign_id})
        cursor.nextset()
        return int(cursor.fetchone()[0])


def _seen_from(network: Hashes | None, fresh: Signature) -> list[Statement]:
    if network is None:
        return []
    return [Statement(_SEEN_FROM, (fresh.campaign_id, network.narrow, fresh.created_at))]
