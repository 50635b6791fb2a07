"""What the database knows of a name and an address before its signature is confirmed: one statement."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from django.db import connection

from campaign import outbox
from campaign.models.signature import Signature

SHOWN = 5
"""Signatures that are named beside a reason; one is enough to hold."""

_ASK = f"""
SELECT EXISTS (
    SELECT FROM campaign_suppression
    WHERE campaign_id = %(campaign)s AND address_hash = %(hash)s AND reason = 'rejected'
), ARRAY(
    SELECT id FROM campaign_signature
    WHERE campaign_id = %(campaign)s AND name_fold = %(fold)s AND status = 'published' AND show_name
        AND id <> %(id)s AND (canonical_email = '' OR canonical_email <> %(address)s)
        AND (featured OR credit <> '' AND %(credit)s <> '' AND lower(credit) <> lower(%(credit)s))
    LIMIT {SHOWN}
), ARRAY(
    SELECT DISTINCT signature_id FROM campaign_rejectedname
    WHERE campaign_id = %(campaign)s AND key = ANY(%(keys)s) AND signature_id <> %(id)s
    LIMIT {SHOWN}
)
"""


class Background(NamedTuple):
    """Whether the address was rejected before it left; ids of the listed of that name with another
    credit, and of those rejected as impersonations of a name like it."""

    was_rejected: bool
    listed: list[int]
    rejected: list[int]


def of(signature: Signature, keys: Iterable[int]) -> Background:
    """What is known of a signature, stored or not; ``keys`` are those of its name (`blocks.keys`)."""
    address = signature.canonical_email
    with connection.cursor() as cursor:
        parameters: dict[str, Any] = {
            "campaign": signature.campaign_id,
            "id": signature.pk or 0,
            "fold": signature.name_fold,
            "credit": signature.credit,
            "address": address,
            "hash": outbox.address_hash(address) if address else "",
            "keys": list(keys),
        }
        cursor.execute(_ASK, parameters)
        return Background(*cursor.fetchone())
