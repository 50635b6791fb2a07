"""A request to sign, as the database takes it: three trips, the same whatever is known of the address.

1. `take`: counted as received, one of the address's slots, and whether it wants to be left alone.
2. `moves.lock_address`: what the address has signed.
3. `place`: the fresh signature and its mail, kept or undone.

Written in SQL, since this is what the busiest day is made of; and so that one trip can place a row,
undo it and owe the mail to another.
"""

from django.db import connection

from campaign import counts, identity, moves, outbox
from campaign.models.mail import MailKind
from campaign.models.signature import Signature

_COLUMNS = [field for field in Signature._meta.local_concrete_fields if not field.primary_key]
_SIGNATURE = "INSERT INTO campaign_signature ({}) VALUES ({})".format(
    ", ".join(str(field.column) for field in _COLUMNS),
    ", ".join(
        "array_to_tsvector(%(search)s)" if field.attname == "search" else f"%({field.attname})s"
        for field in _COLUMNS
    ),
)
# Kept or undone: the same statements, in one trip.
_FRESH = outbox.OWE.format(signature="currval('campaign_signature_id_seq')")
_INSTEAD = outbox.OWE.format(signature="%(instead)s")
_SAVE, _UNDO = "SAVEPOINT fresh", "ROLLBACK TO SAVEPOINT fresh"
_KEPT = "; ".join((_SAVE, _SIGNATURE, "RELEASE SAVEPOINT fresh", _FRESH))
_REPLACED = "; ".join((_SAVE, _SIGNATURE, _UNDO, _INSTEAD))
_UNWELCOME = "; ".join((_SAVE, _SIGNATURE, _FRESH, _UNDO))


def take(*, campaign_id: int, canonical_email: str) -> bool:
    """Count one more request as received; whether a mail may go to that address (`outbox.welcome`)."""
    with connection.cursor() as cursor:
        parameters = outbox.welcome_parameters(campaign_id, canonical_email)
        cursor.execute(f"{outbox.WELCOME}; {counts.RECEIVE}", parameters)
        return bool(cursor.fetchone()[0])


def place(
    fresh: Signature, *, mail: MailKind, instead: int | None = None, welcome: bool = True
) -> None:
    """Insert a fresh pending signature and owe it a mail; or do so and undo it.

    With ``instead``, the id of a signature that is there, the mail is owed to that one; where no mail
    is ``welcome``, to none. Raises IntegrityError where the same request has just been placed.
    """
    if instead is not None or not welcome:
        fresh.details_key = "undone"  # one with the same details may be there
    trip = _UNWELCOME if not welcome else _KEPT if instead is None else _REPLACED
    owed = outbox.owed_parameters(mail, fresh.campaign_id)
    fresh.created_at = fresh.updated_at = owed["now"]
    moves.fold(fresh)
    columns = {field.attname: getattr(fresh, field.attname) for field in _COLUMNS}
    columns["search"] = identity.search_tokens(*moves.shown_texts(fresh))
    with connection.cursor() as cursor:
        cursor.execute(trip, {**columns, **owed, "instead": instead})
