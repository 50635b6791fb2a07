"""Names that were signed with falsely: noted with the rejection, lifted when that is taken back.

Only keyed numbers are kept, so that a note may outlive the signature's erasure and tells nobody the name.
"""

import hashlib
from collections.abc import Iterable

from django.conf import settings

from campaign import identity, likeness
from campaign.models.name_numbers import RejectedName
from campaign.models.signature import Signature


def keys(name: str, skeletons: Iterable[str] | None = None) -> list[int]:
    """The numbers of a name: of each of its skeletons, and of how its words sound in any order.

    Two names that look the same, or differ in order, titles, claims and spelling, have one in common.
    """
    looks = identity.skeletons(name) if skeletons is None else skeletons
    heard = {" ".join(sorted(reading.sounds)) for reading in likeness.readings(name)}
    return [_number(f"look {look}") for look in looks] + [
        _number(f"sound {each}") for each in heard
    ]


def _number(text: str) -> int:
    """63 bits; "name" keeps it apart from whatever else is hashed with this key."""
    key = hashlib.sha256(settings.HASH_KEY.encode()).digest()
    digest = hashlib.blake2b(text.encode(), digest_size=8, key=key, person=b"name").digest()
    return int.from_bytes(digest) >> 1


def note(signature: Signature) -> None:
    """Remember the name of a signature that is rejected as an impersonation; a second time is none."""
    RejectedName.objects.bulk_create(
        (
            RejectedName(campaign_id=signature.campaign_id, signature=signature, key=key)
            for key in keys(signature.name)
        ),
        ignore_conflicts=True,
    )


def lift(signature: Signature) -> None:
    """Forget it: the rejection is taken back."""
    RejectedName.objects.filter(signature=signature).delete()
