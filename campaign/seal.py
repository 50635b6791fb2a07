"""The secrets and signatures of webhooks, as the Standard Webhooks specification has them.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, version
1.0.0, "Signature scheme" and "Webhook headers". A secret is not stored but follows from the
webhook's random key and SECRET_KEY, so nobody signs anything with a copy of the database alone.
"""

import base64
import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime

from django.conf import settings
from django.utils.crypto import salted_hmac


def shown_secret(key: str) -> str:
    """The secret of a key as its owner is shown it: ``whsec_`` and 32 bytes in base64."""
    return "whsec_" + base64.b64encode(_secret(key, settings.SECRET_KEY)).decode()


def _secret(key: str, secret_key: str) -> bytes:
    mac = salted_hmac("campaign.webhook", key, secret=secret_key, algorithm="sha256")
    return mac.digest()


def headers(keys: Iterable[str], *, message: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers of an attempt at ``at``, signed with each of these keys.

    Where SECRET_KEY has been changed, the older ones sign too, as long as they are among the
    fallbacks: receivers go on with the secret that they have.
    """
    timestamp = int(at.timestamp())
    signed = f"{message}.{timestamp}.".encode() + body
    secrets = [
        _secret(key, secret_key)
        for key in keys
        for secret_key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    ]
    return {
        "webhook-id": message,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{_signature(secret, signed)}" for secret in secrets),
    }


def _signature(secret: bytes, signed: bytes) -> str:
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
