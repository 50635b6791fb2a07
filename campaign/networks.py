"""Where a request comes from: the client's address, and what is kept of it.

The address itself is never kept, nor written to a log: only a number that HASH_KEY makes of its network,
so that two signatures of one network are known as such, and nobody reads the network back. It has
63 bits. The upper 39 are of the wide network, the lower 24 of the narrow one within it (HMAC-SHA256, cut
off): so one index serves both, and of a million networks two share a number by chance in one case of a
million.
"""

import hashlib
import hmac
from datetime import datetime
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import NamedTuple

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest

from campaign.models.network import SignatureNetwork
from campaign.models.signature import Signature

Address = IPv4Address | IPv6Address

PREFIXES = {4: (4, 3), 6: (8, 6)}
"""Bytes of an address that are its narrow and its wide network: /32 and /24 of IPv4, /64 and /48 of IPv6,
of which one link has a /64 and a site a /48 at most (RFC 6177). All four lengths differ."""
NARROW_BITS = 24
WIDE_BITS = 39
HOPS = 32
"""Proxies that are walked through at most; a longer chain is nobody's."""


class Reach(StrEnum):
    """How near another address must be to count as the same network."""

    NARROW = "narrow"
    WIDE = "wide"


class Hashes(NamedTuple):
    """The numbers of an address's networks; ``narrow`` is kept, ``wide`` where those of its sites begin."""

    narrow: int
    wide: int


# --- Whose request it is ---------------------------------------------------------------------


def of(request: HttpRequest) -> Address | None:
    """The client's address, None where nobody knows it.

    1. Who speaks to us is the client, unless it is one of TRUSTED_PROXIES.
    2. Each proxy writes at the right end of X-Forwarded-For who spoke to it: so from there to the left,
       the first that isn't a proxy of ours is the client. What stands further left, anybody may have
       written.
    3. Where all are proxies of ours, the request began at the last one.
    4. What one of ours wrote and is no address ("unknown") means that nobody knows.
    """
    address = read(request.META.get("REMOTE_ADDR", ""))
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "")
    hops = [hop for hop in forwarded.rsplit(",", HOPS)[-HOPS:] if hop.strip()]
    while hops and address is not None and _is_ours(address):
        address = read(hops.pop())
    return address


def read(text: str) -> Address | None:
    """An address as proxies write it, None if it is none.

    Taken off are a port, brackets and the zone of a link; an IPv4 address in the dress of IPv6 is IPv4.
    """
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_through_proxy(request: HttpRequest) -> bool:
    """Whether one of TRUSTED_PROXIES speaks to us, so that its headers are its own."""
    address = read(request.META.get("REMOTE_ADDR", ""))
    return address is not None and _is_ours(address)


def _is_ours(address: Address) -> bool:
    return any(address in network for network in settings.TRUSTED_PROXIES)


# --- What is kept of it ----------------------------------------------------------------------


def hashes(address: Address | None) -> Hashes | None:
    """The keyed numbers of an address's networks: /32 and /24 of IPv4, /64 and /48 of IPv6."""
    if address is None:
        return None
    narrow, wide = (_digest(address.packed[:length]) for length in PREFIXES[address.version])
    above = wide >> (64 - WIDE_BITS) << NARROW_BITS
    return Hashes(narrow=above | narrow >> (64 - NARROW_BITS), wide=above)


def _digest(network: bytes) -> int:
    """64 bits; "network" keeps it apart from whatever else is hashed with this key."""
    digest = hmac.digest(settings.HASH_KEY.encode(), b"network " + network, hashlib.sha256)
    return int.from_bytes(digest[:8])


# --- Who else came from there ----------------------------------------------------------------


def of_signature(signature_id: int) -> Hashes | None:
    """The numbers of the network that somebody signed from; None once they are deleted, or of imports."""
    rows = SignatureNetwork.objects.filter(pk=signature_id)
    number = rows.values_list("number", flat=True).first()
    if number is None:
        return None
    return Hashes(narrow=number, wide=number >> NARROW_BITS << NARROW_BITS)


def rows(campaign_id: int, network: Hashes, reach: Reach) -> QuerySet[SignatureNetwork]:
    """What is kept of those who signed this campaign from that network, in no order."""
    its = SignatureNetwork.objects.filter(campaign=campaign_id)
    if reach is Reach.NARROW:
        return its.filter(number=network.narrow)
    return its.filter(number__gte=network.wide, number__lt=network.wide + (1 << NARROW_BITS))


def others(signature: Signature) -> QuerySet[Signature]:
    """The other signatures of its campaign from the same network, of any status, the newest first."""
    network = of_signature(signature.pk)
    if network is None:
        return Signature.objects.none()
    same = rows(signature.campaign_id, network, Reach.NARROW).exclude(pk=signature.pk)
    return Signature.objects.filter(pk__in=same.values("pk")).order_by("-pk")


def number_since(signature: Signature, since: datetime, *, reach: Reach, at_most: int) -> int:
    """How many others from its network confirmed since then, counted up to ``at_most``.

    Those who have not confirmed don't count: anybody can ask for their mails.
    """
    network = of_signature(signature.pk)
    if network is None:
        return 0
    same = rows(signature.campaign_id, network, reach).exclude(pk=signature.pk)
    return same.filter(signature__confirmed_at__gte=since)[:at_most].count()
