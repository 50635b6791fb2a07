"""The verbs of members who use the links that an organisation sent them: sign, or be vouched for.

Locks are taken in one order: the link that is used, the signature, what vouches for it.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import identity, limits, locks, moves, outbox, placing, reception, signing, vouching
from campaign.details import Details, read_address, read_details
from campaign.errors import CampaignError, FieldError, InvalidInput, SignatureGone
from campaign.history import SIGNER
from campaign.links import Purpose, read_token
from campaign.models.address import canonical_address
from campaign.models.event import Verb
from campaign.models.mail import MailKind
from campaign.models.signature import STANDING, Signature, Status
from campaign.models.statement import StatementText
from campaign.models.vouching import MemberLink
from campaign.moves import Moved
from campaign.networks import Hashes

TRIES = 20
"""Other addresses than its own that may be typed on a link's page in an hour."""

_PROBLEMS: dict[str, str | Promise] = {
    "other_address": _(
        "This link was sent to another address. Please type the one that it came to."
    ),
    "too_many_tries": _("That was tried too often. Please come back in an hour."),
    "not_signed": _("Nobody has signed with this address yet. Please use the form above."),
}


class LinkGone(CampaignError):
    code = "link_gone"
    status = 410
    message = _(
        "This link does not work any more: a newer one took its place, it was taken back, or its time is "
        "over. Whoever sent it can tell you more, and you can sign on the campaign’s own page."
    )


class LinkUsed(CampaignError):
    code = "link_used"
    status = 409
    message = _("This link was used already, and works once.")


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


def sign(
    token: str,
    *,
    typed: Mapping[str, Any],
    shown: bool,
    statement_version: int | None = None,
    consent_version: int | None = None,
    network: Hashes | None = None,
) -> Moved:
    """Sign by a member's link: placed, confirmed and vouched for at once, under the rules of all others.

    ``typed`` and the versions are as for `signing.sign`; the address must be the one that the link was
    made for, so that nobody signs with another's. ``shown`` says that the organisation's name may
    stand beside theirs. Whoever has signed already, with that name, is vouched for. The same form sent
    twice is a success that changes nothing.

    Raises TokenInvalid, LinkGone, LinkUsed, CampaignClosed, CampaignPaused, NotFound, InvalidInput,
    StatementChanged, ConsentChanged, and ListFrozen as `vouching.let_show`.
    """
    link = seen(token)
    campaign = link.voucher.campaign
    details = read_details(campaign, typed)
    fold = identity.search_fold(details.name)
    if link.signature_id is not None:
        return _sent_twice(link, canonical_address(details.email), fold)
    signing.require_open(campaign)
    _require_own(link, details.email)
    text = signing.agreed_text(campaign, details.language, statement_version, consent_version)
    again: Callable[[], Moved] = partial(_sign, link, details, text, fold, network, shown=shown)
    # Once more where the form of the campaign's page has just placed the same.
    return moves.once_more(again)


@transaction.atomic
def _sign(
    link: MemberLink,
    details: Details,
    text: StatementText,
    fold: str,
    network: Hashes | None,
    *,
    shown: bool,
) -> Moved:
    link = _locked(link)
    campaign, canonical = link.voucher.campaign, canonical_address(details.email)
    if link.signature_id is not None:
        return _sent_twice(link, canonical, fold)
    known = locks.lock_address(campaign.pk, canonical)
    standing = next((k.pk for k in known if k.status in STANDING and k.name_fold == fold), None)
    if standing is None:
        key = details.key()
        # One with these details that waits for its mail was perhaps given to another text.
        placing.discard(k.pk for k in known if k.status == Status.PENDING and k.details_key == key)
        fresh = signing.draft(campaign, details, text, canonical)
        standing = reception.place_without_mail(fresh, network=network)
        moves.move(signature_id=standing, verb=Verb.CONFIRM, actor=SIGNER, decide=signing.confirmed)
    return _use(link, standing, shown=shown)


def _sent_twice(link: MemberLink, canonical: str, fold: str) -> Moved:
    """The signature that a link was used for, for who types the same once more; raises LinkUsed."""
    signature = link.signature
    if (
        signature is None
        or signature.status not in STANDING
        or (signature.canonical_email, signature.name_fold) != (canonical, fold)
    ):
        raise LinkUsed
    return Moved(signature, changed=False, before=Status(signature.status))


def join(token: str, *, email: str, shown: bool) -> Moved:
    """Have the newest signature that stands of one's own address vouched for, by a member's link.

    Raises TokenInvalid, LinkGone, LinkUsed, InvalidInput, and ListFrozen as `vouching.let_show`.
    """
    link = seen(token)
    address = read_address(link.voucher.campaign, email)
    _require_own(link, address)
    with transaction.atomic():
        link = _locked(link)
        if link.signature_id is not None:
            raise LinkUsed
        known = locks.lock_address(link.voucher.campaign_id, canonical_address(address))
        standing = [each.pk for each in known if each.status in STANDING]
        if not standing:
            raise _invalid("own_email", "not_signed")
        return _use(link, standing[-1], shown=shown)


def ask_for_page(token: str) -> Signature:
    """Owe the mailbox of a used link the link to its own page, as `signing.resend` does.

    Raises TokenInvalid, LinkGone, SignatureGone.
    """
    link = seen(token)
    if link.signature is None:
        raise SignatureGone
    signature = link.signature
    with transaction.atomic():
        welcome = outbox.welcome(
            campaign_id=signature.campaign_id, canonical_email=signature.canonical_email
        )
        locked, _others = locks.lock(signature.pk)
        if locked.status not in STANDING:
            raise SignatureGone
        if welcome:
            outbox.owe_caused(MailKind.SIGNED_ALREADY, locked)
    return locked


def _locked(link: MemberLink) -> MemberLink:
    """The link as it is now, for us alone; raises LinkGone of one that was taken back meanwhile."""
    found = _links().select_for_update(of=("self",)).filter(public_id=link.public_id).first()
    if found is None:
        raise LinkGone
    return found


def _require_own(link: MemberLink, address: str) -> None:
    if outbox.address_hash(canonical_address(address)) == link.address_hash:
        return
    tries = limits.take(f"vouch:{link.public_id}", limit=TRIES, seconds=3600)
    raise _invalid("email", "other_address" if tries.allowed else "too_many_tries")


def _use(link: MemberLink, signature_id: int, *, shown: bool) -> Moved:
    """Let a locked link vouch for a signature of its address, which is locked too."""
    link.used_at, link.signature_id = timezone.now(), signature_id
    link.save(update_fields=["used_at", "signature"])
    its = vouching.vouch(link.voucher, signature_id, SIGNER, batch=link.batch)
    if shown:
        vouching.show(its)
    signature = Signature.objects.get(pk=signature_id)
    return Moved(signature, changed=True, before=Status(signature.status))
