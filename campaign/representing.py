"""The verbs of who signs for somebody else: ask, and confirm that it was them who asked.

The signature is the other's: it stays pending until they confirm it by their own mail, as `signing` has
it, and they are written to only once the representative's mailbox is confirmed. So a stranger causes them
no more mails than by typing their address.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign import locks, mailboxes, moves, outbox, placing, reception, signing
from campaign.details import Details, Representative, read_represented
from campaign.errors import CampaignClosed, CampaignError, SignatureGone
from campaign.history import SIGNER
from campaign.links import Purpose, read_token
from campaign.models.address import canonical_address
from campaign.models.campaign import Campaign
from campaign.models.event import Verb
from campaign.models.mail import MailKind
from campaign.models.network import SignatureNetwork
from campaign.models.representation import Representation
from campaign.models.signature import STANDING, Signature, Status, new_public_id
from campaign.models.statement import StatementText
from campaign.networks import Hashes


class RepresentationGone(CampaignError):
    code = "representation_gone"
    status = 410
    message = _("This is not here any more: it was taken back, or its time is over.")


def ask(
    *,
    campaign: Campaign,
    typed: Mapping[str, Any],
    statement_version: int | None = None,
    network: Hashes | None = None,
) -> None:
    """Take a request to sign for somebody else, and owe the representative's mailbox a mail.

    ``typed`` as `details.read_represented` takes it; the rest as in `signing.sign`. It counts as
    received, and takes a slot of the representative's address. Nothing is returned, and where no mail
    may go the work is done and undone. The same request again is the same pending row. Raises
    CampaignClosed, CampaignPaused, InvalidInput, StatementChanged.
    """
    signing.require_open(campaign)
    details, representative = read_represented(campaign, typed)
    text = signing.agreed_text(campaign, details.language, statement_version, None)
    moves.once_more(lambda: _receive(campaign, details, representative, text, network))


def _receive(
    campaign: Campaign,
    details: Details,
    representative: Representative,
    text: StatementText,
    network: Hashes | None,
) -> None:
    canonical = canonical_address(representative.email)
    theirs = canonical_address(details.email) if details.email else ""
    with transaction.atomic():
        welcome = reception.count(
            campaign_id=campaign.pk, email=representative.email, canonical_email=canonical
        )
        point = transaction.savepoint()
        fresh = signing.draft(campaign, details, text, theirs)
        fresh.represented = True
        fresh.details_key = _key(fresh, representative)
        asked = _same(fresh) or _place(fresh, representative, canonical, network)
        outbox.owe_caused(MailKind.REPRESENT_CONFIRM, asked)
        if welcome:
            transaction.savepoint_commit(point)
        else:
            transaction.savepoint_rollback(point)


def _same(fresh: Signature) -> Representation | None:
    """The same request that waits already, locked.

    Its signature first, as everywhere: else this one and who confirms it now would wait for each other.
    """
    waiting = Representation.objects.filter(
        signature__campaign=fresh.campaign,
        signature__canonical_email=fresh.canonical_email,
        signature__details_key=fresh.details_key,
        signature__status=Status.PENDING,
    )
    found = waiting.first()
    if found is None:
        return None
    with suppress(SignatureGone):
        locks.lock(found.signature_id)
    return waiting.select_for_update(of=("self",)).first()


def _key(fresh: Signature, representative: Representative) -> str:
    """What identifies the same request typed again.

    With the representative's address as it is mailed, as `details.key` has the signer's: the mail would go
    to the spelling of an earlier request, which perhaps does not exist. None is the same where the
    signer's is yet to be found: two of them could become one's.
    """
    mailed = mailboxes.mailed_address(representative.email)
    told = [fresh.details_key, representative.name, representative.role, mailed]
    told += [] if fresh.email else [new_public_id()]
    return hashlib.sha256("\0".join(told).encode()).hexdigest()


def _place(
    fresh: Signature, representative: Representative, canonical: str, network: Hashes | None
) -> Representation:
    placing.place([fresh], verb=Verb.SIGN, actor=SIGNER)
    if network is not None:
        SignatureNetwork.objects.create(
            signature=fresh,
            campaign_id=fresh.campaign_id,
            number=network.narrow,
            at=fresh.created_at,
        )
    return Representation.objects.create(
        campaign_id=fresh.campaign_id,
        signature=fresh,
        canonical_email=canonical,
        language=fresh.language,
        **vars(representative),
    )


# --- Confirming ------------------------------------------------------------------------------


def seen(token: str) -> Representation:
    """What a representative's link shows. Raises TokenInvalid, TokenExpired, RepresentationGone."""
    link = read_token(Purpose.REPRESENT, token)
    found = Representation.objects.select_related(
        "campaign",
        "signature__campaign",
        "signature__discipline",
        "signature__statement__version",
        "signature__consent",
    )
    shown = found.filter(public_id=link.subject).first()
    if shown is None:
        raise RepresentationGone
    if shown.confirmed_at is None:
        link.require_fresh(shown.campaign_id)
    return shown


def confirm(token: str) -> None:
    """Say that one asked oneself: whom it is for is written to, once, if a mail may go there.

    A second time is a success that changes nothing. Raises as `seen`, and CampaignClosed.

    1. Take a slot of the other's address: the typed one, else the one that an import gave their name.
    2. Lock the signature, then the representation: of two at once the second finds it confirmed.
    3. Whoever stands under that name already gets the link to their own page instead.
    """
    shown = seen(token)
    if not shown.campaign.takes_confirmations():
        raise CampaignClosed
    email, canonical = _address_of(shown.signature)
    with transaction.atomic():
        point = transaction.savepoint()
        welcome = bool(email) and outbox.welcome(
            campaign_id=shown.campaign_id, email=email, canonical_email=canonical
        )
        try:
            signature, _others = locks.lock(shown.signature_id)
        except SignatureGone:
            raise RepresentationGone from None
        fresh = Representation.objects.select_for_update().filter(pk=shown.pk).first()
        if fresh is None:
            raise RepresentationGone
        if fresh.confirmed_at is not None:
            transaction.savepoint_rollback(point)  # the slot goes back
            return
        fresh.confirmed_at = timezone.now()
        fresh.save(update_fields=("confirmed_at",))
        if email and signature.status == Status.PENDING:
            _write(signature, email, canonical, welcome=welcome)


def _address_of(signature: Signature) -> tuple[str, str]:
    """Where its signer is written to, as typed and canonical; '' where nobody has an address of theirs."""
    if signature.email:
        return signature.email, signature.canonical_email
    imported = Signature.objects.filter(
        campaign_id=signature.campaign_id, name_fold=signature.name_fold
    )
    # Of those whom a file gave this very name, not of who calls themselves so by now.
    for row in imported.exclude(import_key="").exclude(email="").order_by("pk"):
        if row.import_key == placing.import_key(row.canonical_email, row.name_fold):
            return row.email, row.canonical_email
    return "", ""


def _write(signature: Signature, email: str, canonical: str, *, welcome: bool) -> None:
    if not signature.email:
        placing.give_address(signature, email=email, canonical_email=canonical)
    if not welcome:
        return
    known = locks.lock_address(signature.campaign_id, canonical)
    stands = [
        each.pk
        for each in known
        if each.status in STANDING and each.name_fold == signature.name_fold
    ]
    for each in Signature.objects.filter(pk__in=stands):
        outbox.owe_caused(MailKind.SIGNED_ALREADY, each)
    if not stands:
        outbox.owe_caused(MailKind.REPRESENTED, signature)
