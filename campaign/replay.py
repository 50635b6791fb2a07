"""Doing again, after a backup was restored, what people did to leave since it was made."""

from collections.abc import Iterable
from contextlib import suppress

from campaign import correspondents, signing
from campaign.correspondents import FORGET
from campaign.errors import SignatureGone
from campaign.journal import Departure
from campaign.models.campaign import Campaign
from campaign.models.event import Verb
from campaign.models.signature import Signature, Status

DONE = {
    Verb.WITHDRAW: (Status.WITHDRAWN, Status.ERASED),
    Verb.ERASE: (Status.ERASED,),
}
"""The statuses in which a departure has nothing left to do."""


def replay(departures: Iterable[Departure]) -> int:
    """Let everybody leave again; how many signatures that took back. Safe to run twice.

    What the journal names and the database doesn't know was signed after the backup, and is no mistake;
    its address is left alone again all the same.
    """
    campaigns = set(Campaign.objects.values_list("pk", flat=True))
    return sum(_again(each) for each in departures if each.campaign in campaigns)


def _again(each: Departure) -> int:
    for reason in each.reasons:
        signing.leave_alone(campaign_id=each.campaign, address_hash=each.address, reason=reason)
    if each.did == FORGET:
        return int(correspondents.erase_again(each.signer))
    its = Signature.objects.filter(public_id=each.signer)
    if each.did not in DONE:
        before = its.count()
        signing.disown(each.signer, campaign_id=each.campaign)
        return before - its.count()
    if its.exclude(status__in=DONE[Verb(each.did)]).exists():
        with suppress(SignatureGone):
            signing.leave_again(each.signer, Verb(each.did))
            return 1
    return 0
