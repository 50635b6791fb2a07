"""The same request twice: an Idempotency-Key makes the second the answer to the first.

As in the IETF's draft of that header field (draft-ietf-httpapi-idempotency-key-header): a key is the
caller's, its first request is carried out, later ones with the same body are answered alike and do
nothing, another body under it is refused. A request that was refused leaves no key.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from django.conf import settings
from django.db import connection
from django.utils import timezone

from campaign.errors import IdempotencyKeyInvalid, IdempotencyKeyReused
from campaign.models.idempotency import IdempotencyKey

KEY_MAX = 255
"""Characters of a key; a UUID has 36."""

# The conflict waits for the first request of this key to commit, and changes nothing.
_CLAIM = """
INSERT INTO campaign_idempotencykey AS kept (campaign_id, key_hash, body_hash, created_at)
VALUES (%s, %s, %s, %s)
ON CONFLICT (campaign_id, key_hash) DO UPDATE SET body_hash = kept.body_hash
RETURNING body_hash, xmax = 0
"""


@dataclass(frozen=True)
class Once:
    """One request that may come twice: the keyed hashes of its key and of its body."""

    key_hash: str
    body_hash: str

    @classmethod
    def of(cls, key: str, body: Mapping[str, Any]) -> Self:
        """Read a key, visible ASCII, and the body that it came with; raises IdempotencyKeyInvalid."""
        if not 0 < len(key) <= KEY_MAX or not all("!" <= each <= "~" for each in key):
            raise IdempotencyKeyInvalid
        return cls(_hash(key), _hash(json.dumps(body, sort_keys=True)))

    def is_replay(self, campaign_id: int) -> bool:
        """Whether this very request was carried out already; raises IdempotencyKeyReused."""
        keys = IdempotencyKey.objects.filter(campaign_id=campaign_id, key_hash=self.key_hash)
        return self._matches(keys.values_list("body_hash", flat=True).first())

    def claim(self, campaign_id: int) -> bool:
        """Take the key in the transaction that carries the request out; False for a replay.

        The same request at once waits here for the first. Raises IdempotencyKeyReused.
        """
        now = timezone.now()
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, [campaign_id, self.key_hash, self.body_hash, now])
            body_hash, is_first = cursor.fetchone()
        return is_first or not self._matches(body_hash)

    def _matches(self, body_hash: str | None) -> bool:
        if body_hash not in {None, self.body_hash}:
            raise IdempotencyKeyReused
        return body_hash is not None


def _hash(text: str) -> str:
    """Keyed, since the body holds an address."""
    # A lone surrogate can be written in JSON, but not in UTF-8.
    encoded = text.encode(errors="backslashreplace")
    return hmac.new(settings.HASH_KEY.encode(), encoded, hashlib.sha256).hexdigest()
