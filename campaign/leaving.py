"""The verbs of who leaves: withdraw, erase, say that it wasn't them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Model, QuerySet

from campaign import departed, journal, locks, moves, outbox, placing, reports, representations
from campaign.errors import SignatureGone
from campaign.history import ORGANISER, SIGNER, Actor
from campaign.journal import About
from campaign.links import Purpose, read_token
from campaign.models.address import Suppression, SuppressionReason
from campaign.models.event import Verb
from campaign.models.report import Report, ReportStatus
from campaign.models.representation import Representation
from campaign.models.signature import HoldReason, Signature, Status
from campaign.moves import Decision

# --- One's own signature ---------------------------------------------------------------------


def withdraw(token: str) -> None:
    """Take the signature back; a second time is a success.

    A pending one is deleted. It decides from the locked status, so it never loses against an
    approval. Raises TokenInvalid, TokenExpired, SignatureGone.
    """
    _leave(_own(token), Verb.WITHDRAW)


def erase(token: str) -> None:
    """Withdraw and delete every personal datum; a keyed hash stays so that no import brings it back.

    What the address signed for others is emptied as well (`representations`), before: without the
    address nobody would find it any more. What a file has brought under their name, and is not
    released yet, goes with it. A second time is a success. Raises TokenInvalid, TokenExpired,
    SignatureGone.
    """
    _leave(_own(token), Verb.ERASE)


def erase_on_request(public_id: str) -> None:
    """Erase the signature of who has asked the organiser: without an address, or a link that works.

    As `erase`; the organiser is who did it on the record. Raises SignatureGone where there is none.
    """
    _leave(public_id, Verb.ERASE, actor=ORGANISER)


def withdrawn(token: str) -> Signature | None:
    """The signature that was withdrawn from the page of this link, whose rest is theirs; None of others.

    Raises TokenInvalid, and TokenExpired where there is one.
    """
    link = read_token(Purpose.MANAGE, token)
    gone = _rows().filter(public_id=link.subject, status=Status.WITHDRAWN).first()
    if gone is not None:
        # Not before: who has erased everything needs no new link.
        link.require_fresh()
    return gone


def own(token: str) -> Signature:
    """The signature whose page this link opens, whatever became of it, for reading.

    Raises TokenInvalid, TokenExpired, SignatureGone.
    """
    signature = _rows().filter(public_id=_own(token)).first()
    if signature is None:
        raise SignatureGone
    return signature


def leave_again(public_id: str, verb: Verb) -> None:
    """Withdraw or erase once more what a restored backup has brought back (`replay`).

    Raises SignatureGone where there is nothing to take back any more.
    """
    _leave(public_id, verb, again=True)


def _rows() -> QuerySet[Signature]:
    return Signature.objects.select_related("campaign", "statement__version", "consent")


def _own(token: str) -> str:
    """Whose page a link leads to. Raises TokenInvalid, TokenExpired."""
    link = read_token(Purpose.MANAGE, token)
    link.require_fresh()
    return link.subject


def _leave(public_id: str, verb: Verb, *, actor: Actor = SIGNER, again: bool = False) -> None:
    if verb == Verb.ERASE:
        its = Signature.objects.filter(public_id=public_id)
        for campaign_id, address in its.values_list("campaign_id", "canonical_email"):
            representations.forget(campaign_id=campaign_id, canonical_email=address)
    with transaction.atomic():
        signature, others = locks.lock(public_id)
        if verb == Verb.WITHDRAW and signature.status == Status.ERASED:
            raise SignatureGone
        imported = _not_released(signature, others) if verb == Verb.ERASE else []
        for each in (signature, *imported):
            _outlive(each, verb, again=again)
            _go(each, verb, actor)


def _not_released(signature: Signature, others: Sequence[Signature]) -> list[Signature]:
    """What a file has brought of the same person, and nobody has published."""
    held = (each for each in others if each.status == Status.HELD)
    imported = [each for each in held if HoldReason.IMPORTED in each.hold_reasons]
    return departed.namesakes(signature, imported)


def _go(signature: Signature, verb: Verb, actor: Actor) -> None:
    if signature.status == Status.PENDING:
        placing.discard([signature.pk])
        return
    to = Status.ERASED if verb == Verb.ERASE else Status.WITHDRAWN
    moves.move(
        signature_id=signature.pk,
        verb=verb,
        actor=actor,
        decide=lambda _signature, _others: Decision(to=to),
    )


def _outlive(signature: Signature, verb: Verb, *, again: bool) -> None:
    """Keep what outlives the row: that it left, and of an erased address and name keyed hashes."""
    reasons: list[SuppressionReason] = []
    if verb == Verb.ERASE and signature.canonical_email:
        rejected = [SuppressionReason.REJECTED] if signature.rejection_reason else []
        reasons = [SuppressionReason.ERASED, *rejected]
        theirs = Report.objects.filter(campaign_id=signature.campaign_id)
        reports.delete(theirs.filter(canonical_email=signature.canonical_email))
    if verb == Verb.ERASE and signature.status != Status.PENDING:  # a stranger may have typed that
        departed.note_name(signature)
    # That of who only withdraws too: after a restore their row may be missing, and an import find nobody.
    known = signature.canonical_email and signature.status != Status.PENDING
    address = outbox.address_hash(signature.canonical_email) if reasons or known else ""
    for reason in reasons:
        leave_alone(campaign_id=signature.campaign_id, address_hash=address, reason=reason)
    if not again:
        journal.note(
            verb,
            campaign=signature.campaign_id,
            signer=signature.public_id,
            address=address,
            reasons=tuple(reasons),
        )


# --- An address that didn't sign -------------------------------------------------------------

_KINDS: Final[dict[About, type[Model]]] = {
    About.SIGNATURE: Signature,
    About.REPRESENTATION: Representation,
    About.REPORT: Report,
}


def not_me(token: str) -> None:
    """Leave the address of this link's mail alone: its pendings go, strangers cause it no more mails.

    So do the reports that it has not confirmed, or what it seems to have signed for others, if the mail
    was about one of these. It works as well when what that mail was about is gone. Raises TokenInvalid,
    TokenExpired.
    """
    public_id, campaign_id, address_hash = written_to(token)
    reason = SuppressionReason.NOT_ME
    with transaction.atomic():
        leave_alone(campaign_id=campaign_id, address_hash=address_hash, reason=reason)
        about = disown(public_id, campaign_id=campaign_id)
        journal.note(
            reason,
            campaign=campaign_id,
            signer=public_id,
            address=address_hash,
            reasons=(reason,),
            about=about,
        )


def written_to(token: str) -> tuple[str, int, str]:
    """Of the mail that such a link stands in: the id that it was about, its campaign, its address's hash.

    Raises TokenInvalid, TokenExpired.
    """
    link = read_token(Purpose.NOT_ME, token)
    public_id, campaign_id, address_hash = link.subject.split("-")
    link.require_fresh(int(campaign_id))
    return public_id, int(campaign_id), address_hash


@transaction.atomic
def disown(public_id: str, *, campaign_id: int) -> About:
    """Delete what nobody has confirmed of the address that a signature, report or representation has, and
    what is of its kind; which that is."""
    for about, model in _KINDS.items():
        its = model._default_manager.filter(public_id=public_id).exclude(canonical_email="")
        address = its.values_list("canonical_email", flat=True).first()
        if address is not None:
            _disown(about, campaign=campaign_id, canonical_email=address)
            return about
    return About.NOTHING


@transaction.atomic
def disown_older(*, campaign_id: int, canonical_email: str, until: datetime, about: str) -> bool:
    """Delete what `disown` did of this kind, where the address wrote it until then (`replay`); whether there
    was any."""
    theirs = {"campaign": campaign_id, "canonical_email": canonical_email}
    return _disown(about, **theirs, created_at__lte=until)


def _disown(about: str, **theirs: Any) -> bool:
    """Delete of that kind what their signers or reporters have not confirmed; whether there was any.

    A line of before does not say the kind: then all of them, but for what a representative has confirmed.
    """
    signed, asked, reported = (
        Signature.objects.none(),
        Representation.objects.none(),
        Report.objects.none(),
    )
    if about in (About.SIGNATURE, ""):
        signed = Signature.objects.filter(**theirs, status=Status.PENDING)
    if about == About.REPRESENTATION:
        asked = Representation.objects.filter(**theirs)
    elif about == "":
        asked = Representation.objects.filter(**theirs, confirmed_at=None)
    if about in (About.REPORT, ""):
        reported = Report.objects.filter(**theirs, status=ReportStatus.UNCONFIRMED)
    held = reported.exists()
    pendings = [*signed.values_list("pk", flat=True), *asked.values_list("signature", flat=True)]
    gone = placing.discard(pendings)
    reports.delete(reported)
    return held or gone > 0


def unconfirmed() -> dict[tuple[int, str], str]:
    """The addresses of signatures that nobody has confirmed, by campaign and keyed hash."""
    pending = Signature.objects.filter(status=Status.PENDING).exclude(canonical_email="")
    return {
        (campaign_id, outbox.address_hash(canonical_email)): canonical_email
        for campaign_id, canonical_email in pending.order_by()
        .values_list("campaign_id", "canonical_email")
        .distinct()
    }


def leave_alone(*, campaign_id: int, address_hash: str, reason: str) -> None:
    """Keep of an address, by its keyed hash alone, why it is left alone."""
    Suppression.objects.get_or_create(
        campaign_id=campaign_id, address_hash=address_hash, reason=reason
    )
