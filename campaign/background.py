"""What the database knows of a name and an address before its signature is confirmed: one statement."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection

from campaign import outbox
from campaign.models.signature import Signature

_ASK = "SELECT * FROM campaign_background(%s, %s, %s, %s, %s, %s, %s)"
"""A function (migration `background`), because PostgreSQL then keeps the plan: to make one anew takes it
longer than the answer, with all the indexes that a signature has."""


class Background(NamedTuple):
    """Whether the address was rejected before it left; ids of the listed of that name with another
    credit, and of those rejected as impersonations of a name like it; five of each at most."""

    was_rejected: bool
    listed: list[int]
    rejected: list[int]


def of(signature: Signature, keys: Iterable[int]) -> Background:
    """What is known of a signature, stored or not; ``keys`` are those of its name (`blocks.keys`)."""
    address = signature.canonical_email
    asked = (
        signature.campaign_id,
        signature.pk or 0,
        signature.name_fold,
        signature.credit,
        address,
        outbox.address_hash(address) if address else "",
        list(keys),
    )
    with connection.cursor() as cursor:
        cursor.execute(_ASK, asked)
        return Background(*cursor.fetchone())
