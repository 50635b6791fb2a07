"""Secrets that must be read again, sealed: whoever has a copy of the database alone reads none.

AES-256-SIV (RFC 5297), made for wrapping keys: it needs no nonce that could come twice. Its key follows from
HASH_KEY by HKDF (RFC 5869), the one that stays, so nothing ever has to be sealed anew.
"""

from functools import cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.views.decorators.debug import sensitive_variables

LONGER = 16
"""Bytes that a sealed secret has more than a plain one."""


@sensitive_variables()
def seal(secret: bytes, *, about: str) -> bytes:
    """The secret, to be read again with the same ``about`` alone: what it is of, such as "totp 17"."""
    return _box(settings.HASH_KEY).encrypt(secret, [about.encode()])


@sensitive_variables()
def unseal(sealed: bytes, *, about: str) -> bytes | None:
    """The secret; None of what was sealed under another HASH_KEY, about something else, or changed."""
    try:
        return _box(settings.HASH_KEY).decrypt(sealed, [about.encode()])
    except InvalidTag:
        return None


@cache
@sensitive_variables()
def _box(key: str) -> AESSIV:
    return AESSIV(HKDF(SHA256(), 64, salt=None, info=b"campaign.vault").derive(key.encode()))
