"""Doing again, after a backup was restored, what people did to leave, or to show less, since it was made."""

from collections import Counter
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from campaign import correspondents, journal, leaving, signing, vouching
from campaign.correspondents import FORGET
from campaign.errors import SignatureGone
from campaign.journal import Departure
from campaign.models.address import SuppressionReason
from campaign.models.campaign import Campaign
from campaign.models.event import Verb
from campaign.models.signature import Signature, Status

Addresses = dict[tuple[int, str], str]
"""Who has reported something, signed for somebody or not confirmed yet, by campaign and keyed hash, as the
backup has it."""
DONE = {
    Verb.WITHDRAW: (Status.WITHDRAWN, Status.ERASED),
    Verb.ERASE: (Status.ERASED,),
}
"""The statuses in which a departure has nothing left to do."""
VOUCHING: Final = {vouching.UNVOUCH, vouching.CONCEAL}
NOT_ME: Final = SuppressionReason.NOT_ME
KNOWN: Final = {*DONE, *journal.LESS, *VOUCHING, vouching.REFUSE, FORGET, NOT_ME}
"""All that a line may say of what was done."""
REVERSIBLE: Final = {*journal.LESS, *VOUCHING}
"""What people can take back again; the backup knows of what was done before it."""
UNDERWAY = timedelta(minutes=10)
"""How long before a backup something may have begun that it doesn't have: open transactions, other clocks."""


def replay(departures: Iterable[Departure], *, made_at: datetime) -> int:
    """Let everybody leave again; how many lines took something back. Safe to run twice.

    ``made_at`` is when the backup was made. What the journal names and the database doesn't know was
    signed after it, and is no mistake; its address is left alone again all the same. What shows more is
    never done again: who hid their name since and then showed it stays hidden, until they say so once more.
    What a line says that nobody here knows (`unknown`) is not guessed.
    """
    campaigns = set(Campaign.objects.values_list("pk", flat=True))
    addresses = {**correspondents.addresses(), **leaving.unconfirmed()}
    since = made_at - UNDERWAY
    return sum(
        _again(each, addresses)
        for each in departures
        if each.did in KNOWN
        and each.campaign in campaigns
        and (each.did not in REVERSIBLE or datetime.fromisoformat(each.at) >= since)
    )


def unknown(departures: Iterable[Departure]) -> Counter[str]:
    """What `replay` leaves undone, since this release does not know it: how many lines say each."""
    return Counter(each.did for each in departures if each.did not in KNOWN)


def _again(each: Departure, addresses: Addresses) -> int:
    for reason in each.reasons:
        leaving.leave_alone(campaign_id=each.campaign, address_hash=each.address, reason=reason)
    with suppress(SignatureGone):
        if each.did in DONE:
            return _leave(each, addresses)
        if each.did in journal.LESS:
            return int(signing.less_again(each.signer, each.did))
        if each.did in VOUCHING:
            return int(vouching.end_again(each.signer, each.voucher, each.did) > 0)
        if each.did == vouching.REFUSE:
            at = datetime.fromisoformat(each.at)
            return int(vouching.refuse_again(each.signer, each.voucher, at=at))
        if each.did == FORGET:
            found = correspondents.erase_again(each.signer)
            return int(_forget(each, addresses) or found)
        if each.did == NOT_ME:
            return int(_disown(each, addresses))
    return 0


def _leave(each: Departure, addresses: Addresses) -> int:
    forgotten = each.did == Verb.ERASE and _forget(each, addresses)
    its = Signature.objects.filter(public_id=each.signer)
    status = its.values_list("status", flat=True).first()
    if status is None and each.address:
        # No row says to an import that they withdrew, so their address must.
        reason = SuppressionReason.ERASED
        leaving.leave_alone(campaign_id=each.campaign, address_hash=each.address, reason=reason)
    if status is None or status in DONE[Verb(each.did)]:
        return int(forgotten)
    leaving.leave_again(each.signer, Verb(each.did))
    return 1


def _forget(each: Departure, addresses: Addresses) -> bool:
    """Delete what their address had reported, or signed for others, by then; whether there was any.

    By its hash: what they left by was perhaps made after the backup. A line of before has none.
    """
    address = addresses.get((each.campaign, each.address))
    return address is not None and correspondents.erase_older(
        campaign_id=each.campaign,
        canonical_email=address,
        until=datetime.fromisoformat(each.at),
    )


def _disown(each: Departure, addresses: Addresses) -> bool:
    """Delete what their answer to a mail deleted, and was there by then; whether there was any.

    By its hash: the mail was perhaps about something younger than the backup. And no later: they may have
    signed themselves since.
    """
    address = addresses.get((each.campaign, each.address))
    return address is not None and leaving.disown_older(
        campaign_id=each.campaign,
        canonical_email=address,
        until=datetime.fromisoformat(each.at),
        about=each.about,
    )
