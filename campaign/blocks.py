"""Names that were signed with falsely: noted with the rejection, lifted when that is taken back.

Only keyed numbers are kept, so that a note may outlive the signature's erasure and tells nobody the name.
"""

import hashlib
from collections.abc import Iterable

from django.conf import settings

from campaign import likeness
from campaign.models.name_numbers import RejectedName
from campaign.models.signature import Signature


def keys(name: str, skeletons: Iterable[str] | None = None) -> list[int]:
    """The numbers of a name, one of each of its forms: two that are alike have one in common."""
    return [_number(form) for form in likeness.forms(name, skeletons)]


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
