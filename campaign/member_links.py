"""The verbs of members who use the links that an organisation sent them: sign, or be vouched for.

Who holds a link is its member or the organisation that made it, so no verb here tells whether it was used
or what its address has signed: that goes to the mailbox alone.

Locks are taken in one order: the link that is used, the signature, what vouches for it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import (
    identity,
    limits,
    locks,
    moves,
    outbox,
    own_word,
    placing,
    reception,
    signing,
    vouching,
)
from campaign.details import Details, read_address, read_details
from campaign.errors import CampaignError, FieldError, InvalidInput
from campaign.history import SIGNER
from campaign.links import Purpose, read_token
from campaign.models.address import canonical_address
from campaign.models.campaign import Campaign
from campaign.models.mail import MailKind
from campaign.models.signature import STANDING, Status
from campaign.models.statement import StatementText
from campaign.models.vouching import MemberLink
from campaign.networks import Hashes

TRIES, TRIES_WIDE = 20, 60
"""Other addresses than its own that a network types on a link's page in an hour, and the wide one around it.

Then the link takes none from there: whoever holds a link that was passed on must not find out whose it is.
Not from elsewhere, or they could keep its member from signing.
"""
CEILING = 1_000
"""The same from everywhere: at least seventeen wide networks have to type for one link."""
_HOUR = 3600

_PROBLEMS: dict[str, str | Promise] = {
    "other_address": _(
        "This link was sent to another address. Please type the one that it came to."
    ),
    "too_many_tries": _("That was tried too often. Please come back in an hour."),
}


class LinkGone(CampaignError):
    code = "link_gone"
    status = 410
    message = _(
        "This link does not work any more: a newer one took its place, it was taken back, or its time is "
        "over. Whoever sent it can tell you more, and you can sign on the campaign’s own page."
    )


class NotOpenYet(CampaignError):
    """Of a campaign that is to come, at ``opens_at`` if that is known already."""

    code = "not_open_yet"
    status = 409
    message = _("Please keep this link: you can sign by it once the statement is open.")

    def __init__(self, opens_at: datetime | None) -> None:
        super().__init__()
        self.opens_at = opens_at


def _invalid(field: str, code: str) -> InvalidInput:
    return InvalidInput([FieldError(field, code, str(_PROBLEMS[code]))])


def seen(token: str) -> MemberLink:
    """The link that a page is about, used or not; raises TokenInvalid, LinkGone."""
    found = read_token(Purpose.VOUCH, token)
    link = _links().filter(public_id=found.subject).first()
    if found.expired or link is None:
        raise LinkGone
    return link


def _links() -> QuerySet[MemberLink]:
    """Those that work: neither they nor their batch or organisation are taken back."""
    return MemberLink.objects.select_related("voucher__campaign").filter(
        voucher__revoked_at=None, batch__revoked_at=None
    )


def require_open(campaign: Campaign) -> None:
    """Raise NotOpenYet, CampaignClosed or CampaignPaused unless the campaign takes signatures now.

    Who holds a link was told of the campaign by its organisation, so it is not as if there were none.
    """
    _require_visible(campaign)
    signing.require_open(campaign)


def _require_visible(campaign: Campaign) -> None:
    """Raise NotOpenYet before the opening, when nothing of the campaign is anybody's to see."""
    if not campaign.is_visible():
        raise NotOpenYet(campaign.opens_at)


def sign(
    token: str,
    *,
    typed: Mapping[str, Any],
    shown: bool,
    statement_version: int | None = None,
    consent_version: int | None = None,
    network: Hashes | None = None,
) -> None:
    """Sign by a member's link: placed, confirmed and vouched for at once, under the rules of all others.

    ``typed`` and the versions are as for `signing.sign`; the address must be the one that the link was
    made for, so that nobody signs with another's. ``shown`` says that the organisation's name may
    stand beside that of who signs now. Whoever has signed already, with that name, is vouched for; in the
    place of what a file said of them stands what is typed (`own_word`). A link that was used changes
    nothing. Nothing is returned, so that no door can tell these apart.

    Raises TokenInvalid, LinkGone, NotOpenYet, CampaignClosed, CampaignPaused, InvalidInput,
    StatementChanged, ConsentChanged: whether the link was used or not, whoever has signed.
    """
    link = seen(token)
    campaign = link.voucher.campaign
    require_open(campaign)
    details = read_details(campaign, typed)
    _require_own(link, details.email, network, field="email")
    text = signing.agreed_text(campaign, details.language, statement_version, consent_version)
    # Once more where the form of the campaign's page has just placed the same.
    moves.once_more(lambda: _sign(link, details, text, network, shown=shown))


@transaction.atomic
def _sign(
    link: MemberLink,
    details: Details,
    text: StatementText,
    network: Hashes | None,
    *,
    shown: bool,
) -> None:
    link = _locked(link)
    if link.signature_id is not None:
        return
    campaign, canonical = link.voucher.campaign, canonical_address(details.email)
    fold = identity.search_fold(details.name)
    known = locks.lock_address(campaign.pk, canonical)
    standing = next((k.pk for k in known if k.status in STANDING and k.name_fold == fold), None)
    # What its signer said since it came in must not become what the organisation types.
    if standing is not None and not own_word.is_unsaid(locks.lock_one(standing)):
        _use(link, standing)
        vouching.vouch_and_tell(link.voucher, standing, batch=link.batch)
        return
    fresh = signing.draft(campaign, details, text, canonical)
    # The same request that waits for its mail would be in the way; the confirmation closes the others.
    key = fresh.details_key
    placing.discard(k.pk for k in known if k.status == Status.PENDING and k.details_key == key)
    placed = reception.place_without_mail(fresh, network=network)
    signed = signing.confirm_placed(placed)
    _use(link, signed)
    if signed != placed:
        vouching.vouch_and_tell(link.voucher, signed, batch=link.batch)
        return
    its = vouching.vouch(link.voucher, signed, SIGNER, batch=link.batch)
    if shown:
        vouching.show(its)


def join(token: str, *, email: str, network: Hashes | None = None) -> None:
    """Have `signing.newest_standing` of one's own address vouched for, by a member's link.

    The organisation's name comes beside it on the signer's own page alone: it was perhaps the organisation
    that came here. A link that was used changes nothing; nor does one of an address that has signed
    nothing, and it stays unused. Raises TokenInvalid, LinkGone, NotOpenYet, CampaignClosed, CampaignPaused,
    InvalidInput.
    """
    link = seen(token)
    require_open(link.voucher.campaign)
    address = read_address(link.voucher.campaign, email, field="own_email")
    _require_own(link, address, network, field="own_email")
    with transaction.atomic():
        link = _locked(link)
        if link.signature_id is not None:
            return
        known = locks.lock_address(link.voucher.campaign_id, canonical_address(address))
        standing = signing.newest_standing(known)
        if standing is not None:
            _use(link, standing.pk)
            vouching.vouch_and_tell(link.voucher, standing.pk, batch=link.batch)


def ask_for_page(token: str) -> None:
    """Owe the mailbox of a used link the link to its own page, as `signing.resend` does.

    While signing is paused or over as well: who has signed can leave at any time. Says nothing where the
    link is unused, or its signature does not stand. Raises TokenInvalid, LinkGone, NotOpenYet.
    """
    link = seen(token)
    _require_visible(link.voucher.campaign)
    signature = link.signature
    if signature is None:
        return
    with transaction.atomic():
        welcome = outbox.welcome_again(signature)
        locked, _others = locks.lock(signature.pk)
        if welcome and locked.status in STANDING:
            outbox.owe_caused(MailKind.SIGNED_ALREADY, locked)


def _locked(link: MemberLink) -> MemberLink:
    """The link as it is now, for us alone; raises LinkGone of one that was taken back meanwhile."""
    found = _links().select_for_update(of=("self",)).filter(public_id=link.public_id).first()
    if found is None:
        raise LinkGone
    return found


def _require_own(link: MemberLink, address: str, network: Hashes | None, *, field: str) -> None:
    """Raise InvalidInput for ``field`` unless it is the link's own address.

    Each try is counted before it is looked at, and the right one given back: else the right one of very
    many guesses would be taken all the same. What a network has too many of counts nowhere else, or one
    alone could use up those of all.
    """
    buckets = _buckets(link, network)
    if not all(limits.take(name, limit=n, seconds=_HOUR).allowed for name, n in buckets.items()):
        raise _invalid(field, "too_many_tries")
    if outbox.address_hash(canonical_address(address)) != link.address_hash:
        raise _invalid(field, "other_address")
    for name in buckets:
        limits.give_back(name, seconds=_HOUR)


def _buckets(link: MemberLink, network: Hashes | None) -> dict[str, int]:
    """What counts the tries on a link's page, from the narrowest on, and how many each takes."""
    its = f"vouch:{link.public_id}"
    here = {}
    if network is not None:
        here = {
            f"{its}:narrow:{network.narrow:x}": TRIES,
            f"{its}:wide:{network.wide:x}": TRIES_WIDE,
        }
    return {**here, its: CEILING}


def _use(link: MemberLink, signature_id: int) -> None:
    """Note of a locked link what it is used for: a signature of its address, which is locked too."""
    link.used_at, link.signature_id = timezone.now(), signature_id
    link.save(update_fields=["used_at", "signature"])
