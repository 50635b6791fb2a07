"""The verbs of vouching: an organisation confirms a name, its signer has the last word, it is taken back.

Locks are taken in one order: the organisation (where its quota changes), the signature, what vouches
for it.
"""

import time
from collections import Counter
from contextlib import suppress
from datetime import datetime
from typing import Final

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import audit, journal, locks, moves, outbox, proofs, signing, vouchers
from campaign.details import read_address
from campaign.errors import FieldError, InvalidInput, ListFrozen, NotFound, SignatureGone
from campaign.history import SIGNER, Actor
from campaign.links import Purpose
from campaign.models.address import canonical_address
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign
from campaign.models.mail import MailKind
from campaign.models.signature import Evidence, Signature, Status
from campaign.models.voucher import LinkBatch, Voucher
from campaign.models.vouching import MemberLink, Refusal, Vouching

UNDO_FOR = 300.0
"""Seconds after which `undo` leaves the rest to its next run."""
FALLEN: Final[dict[str, bool]] = {"ended_at__isnull": False, "seen_at__isnull": True}
"""Of which a moderator has not looked at what is left."""
UNVOUCH, CONCEAL, REFUSE = "unvouch", "conceal", "refuse"
"""What the journal says of an organisation that vouches no more, whose name no longer stands there, or that
the signer refused."""
LEFT: Final = {Status.WITHDRAWN, Status.ERASED}
"""Whom nobody can vouch for any more, and of whom nothing is kept that says who they are."""
_CLOCK = Actor("clock")

_PROBLEMS: dict[str, str | Promise] = {
    "quota": _("Your quota is used up."),
    "revoked": _("Your organisation does not vouch in this campaign any more."),
    "refused": _("Whoever signed under this name does not want you to vouch for them."),
}


def _invalid(field: str, code: str) -> InvalidInput:
    return InvalidInput([FieldError(field, code, str(_PROBLEMS[code]))])


# --- By hand ---------------------------------------------------------------------------------


def confirm_name(*, voucher: Voucher, public_id: str, by: User) -> Vouching:
    """Vouch for a name on the public list, and tell its signer; a second time is a success.

    One that a link vouches for is taken in like any other, so that nobody learns who used theirs.
    Raises InvalidInput, NotFound.
    """
    listed = Signature.objects.filter(
        campaign=voucher.campaign_id,
        public_id=public_id,
        status=Status.PUBLISHED,
        show_name=True,
    )
    with transaction.atomic():
        voucher = vouchers.locked(voucher.pk)
        if voucher.revoked_at is not None:
            raise _invalid("name", "revoked")
        signature_id = listed.values_list("pk", flat=True).first()
        if signature_id is None:
            raise NotFound
        by_hand = Vouching.objects.filter(
            voucher=voucher, signature=signature_id, user__isnull=False
        )
        if vouching := by_hand.filter(ended_at=None).first():
            return vouching
        if voucher.taken >= voucher.quota:
            raise _invalid("name", "quota")
        told_before = by_hand.exists()
        vouchers.take(voucher, 1)
        try:
            vouching = vouch(voucher, signature_id, Actor("voucher", by.pk), user=by)
        except SignatureGone:
            raise NotFound from None
        if not told_before:
            outbox.owe(MailKind.VOUCHED, [vouching.signature])
        _record(AuditAction.NAME_CONFIRMED, vouching, by)
        return vouching


def by_hand(voucher: Voucher) -> QuerySet[Vouching]:
    """The names that an organisation has confirmed by hand, the newest first."""
    rows = Vouching.objects.filter(voucher=voucher, user__isnull=False, ended_at=None)
    return rows.select_related("signature").defer("signature__search").order_by("-pk")


def take_back(*, vouching: Vouching, by: User) -> bool:
    """Vouch no more for a signature, even by a link of theirs; False if it was taken back already."""
    with transaction.atomic():
        ended = _end(vouching.pk, Actor("voucher", by.pk))
        if ended:
            _record(AuditAction.NAME_TAKEN_BACK, vouching, by)
    return ended


def take_back_address(*, voucher: Voucher, email: str, by: User) -> None:
    """Take back the link of an address, and vouch no more for what it was used for.

    Nothing is returned, so that nobody learns who used theirs. Raises InvalidInput.
    """
    address = read_address(voucher.campaign, email)
    hashed = outbox.address_hash(canonical_address(address))
    with transaction.atomic():
        voucher = vouchers.locked(voucher.pk)
        links = MemberLink.objects.filter(voucher=voucher, address_hash=hashed)
        gone = _delete_unused(links)
        its = Vouching.objects.filter(
            voucher=voucher, signature__in=links.values("signature"), ended_at=None
        ).first()
        if its is not None and its.user_id is None:
            _end(its.pk, Actor("voucher", by.pk))
        elif its is not None:
            _let_go_of_batch(its)
        # Last, and one that was used and vouches for nothing any more as well.
        gone += links.delete()[0]
        if not gone:
            return
        vouchers.take(voucher, -gone)
        audit.record(
            AuditAction.LINKS_REVOKED,
            by=by,
            campaign=voucher.campaign,
            number=1,
            details={"voucher": voucher.pk},
        )


def _delete_unused(links: QuerySet[MemberLink]) -> int:
    """How many that were; one that is being used just now is waited for, and left.

    In one statement, and without a lock on used ones: an erasure locks the signature before its link,
    so each would wait for the other.
    """
    return links.filter(signature=None).delete()[0]


def revoke_proof(*, proof_id: int, actor: Actor, note: str = "") -> None:
    """Take any proof back as a moderator who looks at it; of one that vouches, all that belongs to it.

    Raises as `proofs.revoke`.
    """
    its = Vouching.objects.filter(proof=proof_id, ended_at=None).first()
    if its is None or not _end(its.pk, actor, note=note, seen=True):
        proofs.revoke(proof_id=proof_id, actor=actor, note=note)


# --- The name beside the signer's ------------------------------------------------------------


def let_show(token: str, *, vouching_id: int, shown: bool) -> None:
    """The signer lets an organisation that vouches for them stand beside their name, or no longer.

    Raises TokenInvalid, TokenExpired, SignatureGone, NotFound, and ListFrozen where more would be shown.
    """
    vouching = _own(token, vouching_id)
    with transaction.atomic():
        _require_standing(vouching)
        if shown:
            show(vouching)
        else:
            _hide(vouching, SIGNER)
            _note(CONCEAL, vouching.signature, vouching.voucher_id)


def refuse(token: str, *, vouching_id: int) -> bool:
    """The signer says that an organisation must not vouch for this signature, now or later.

    It holds whether or not that has taken its word back since the page was shown. False if it was said
    before. Raises TokenInvalid, TokenExpired, SignatureGone, NotFound.
    """
    signature = signing.seen(Purpose.MANAGE, token)
    its = Vouching.objects.filter(signature=signature, pk=vouching_id)
    voucher_id = its.values_list("voucher", flat=True).first()
    if voucher_id is None:
        raise NotFound
    with transaction.atomic():
        done = _refuse(signature.pk, voucher_id, SIGNER, at=timezone.now())
        if done:
            _note(REFUSE, signature, voucher_id)
    return done


def _refuse(signature_id: int, voucher_id: int, actor: Actor, *, at: datetime) -> bool:
    """Keep that a signature refuses an organisation, and end what it vouches; False if that was so.

    Raises SignatureGone of one that has left.
    """
    # Both, so that it vouches neither by hand nor by a link between the look for a refusal and this.
    vouchers.locked(voucher_id)
    if locks.lock_one(signature_id).status in LEFT:
        raise SignatureGone
    _refusal, is_new = Refusal.objects.get_or_create(
        signature_id=signature_id, voucher_id=voucher_id, defaults={"at": at}
    )
    its = Vouching.objects.filter(voucher=voucher_id, signature=signature_id, ended_at=None)
    ended = [_end(pk, actor, told=True) for pk in its.values_list("pk", flat=True)]
    return is_new or any(ended)


def of_signature(signature: Signature) -> list[Vouching]:
    """Who vouches for it now, the oldest first."""
    rows = Vouching.objects.select_related("voucher__campaign").filter(
        signature=signature, ended_at=None
    )
    return list(rows.order_by("pk"))


def _own(token: str, vouching_id: int) -> Vouching:
    signature = signing.seen(Purpose.MANAGE, token)
    vouching = next((v for v in of_signature(signature) if v.pk == vouching_id), None)
    if vouching is None:
        raise NotFound
    return vouching


def _require_standing(vouching: Vouching) -> None:
    """Raise NotFound of one that was taken back meanwhile; whoever takes it back from now on waits."""
    locks.lock_one(vouching.signature_id)
    if not Vouching.objects.filter(pk=vouching.pk, ended_at=None).exists():
        raise NotFound


def show(vouching: Vouching) -> None:
    """One name stands there: the newest that the signer ticked.

    Raises ListFrozen of an entry of a list that may show no more than it does.
    """
    signature = locks.lock_one(vouching.signature_id)
    is_new = signature.member_of_id != vouching.voucher_id
    if is_new and signature.is_listed and signature.campaign.frozen_at:
        raise ListFrozen
    moves.amend(
        signature_id=vouching.signature_id,
        actor=SIGNER,
        changes={"member_of_id": vouching.voucher_id},
    )
    Vouching.objects.filter(signature=vouching.signature_id).update(shown_at=None)
    Vouching.objects.filter(pk=vouching.pk).update(shown_at=timezone.now())


def _hide(vouching: Vouching, actor: Actor) -> None:
    signature = locks.lock_one(vouching.signature_id)
    if signature.member_of_id == vouching.voucher_id:
        moves.amend(signature_id=signature.pk, actor=actor, changes={"member_of_id": None})
    Vouching.objects.filter(pk=vouching.pk).update(shown_at=None)


# --- Vouching, and its end -------------------------------------------------------------------


def vouch(
    voucher: Voucher,
    signature_id: int,
    actor: Actor,
    *,
    batch: LinkBatch | None = None,
    user: User | None = None,
) -> Vouching:
    """Add the proof, unless the organisation vouches for it already.

    Raises SignatureGone, and InvalidInput where its signer has refused the organisation.
    """
    there = Vouching.objects.filter(voucher=voucher, signature=signature_id, ended_at=None)
    if vouching := there.first():
        vouching.batch, vouching.user = batch or vouching.batch, user or vouching.user
        vouching.save(update_fields=["batch", "user"])
        return vouching
    if _has_refused(voucher, signature_id):
        raise _invalid("name", "refused")
    proof = proofs.grant(signature_id=signature_id, method=Evidence.VOUCHED, actor=actor)
    return Vouching.objects.create(
        voucher=voucher, signature_id=signature_id, proof=proof, batch=batch, user=user
    )


def _has_refused(voucher: Voucher, signature_id: int) -> bool:
    return Refusal.objects.filter(voucher=voucher, signature=signature_id).exists()


def vouch_and_tell(voucher: Voucher, signature_id: int, *, batch: LinkBatch) -> Vouching | None:
    """Vouch by a link for a signature that stood before, and tell its signer, once for an organisation.

    By mail: the organisation made the link, and may be who used it. So one that the signer has refused
    is told nothing here, and nothing is done: None.
    """
    if _has_refused(voucher, signature_id):
        return None
    before = Vouching.objects.filter(voucher=voucher, signature=signature_id).exists()
    vouching = vouch(voucher, signature_id, SIGNER, batch=batch)
    if not before:
        outbox.owe(MailKind.VOUCHED, [vouching.signature])
    return vouching


@transaction.atomic
def refuse_again(public_id: str, voucher_id: int, *, at: datetime) -> bool:
    """Keep once more what a restored backup does not know (`replay`); False if it did.

    Even where the organisation vouched only after the backup: it may vouch again. Raises SignatureGone.
    """
    signature = Signature.objects.filter(public_id=public_id).values_list("pk", "campaign").first()
    if signature is None:
        raise SignatureGone
    pk, campaign_id = signature
    if not Voucher.objects.filter(pk=voucher_id, campaign=campaign_id).exists():
        return False  # admitted after the backup, and lost with it
    return _refuse(pk, voucher_id, _CLOCK, at=at)


def end_again(public_id: str, voucher_id: int, did: str) -> int:
    """Take back once more what a restored backup shows again (`replay`); how many that were."""
    its = Vouching.objects.filter(signature__public_id=public_id, voucher=voucher_id, ended_at=None)
    if did == UNVOUCH:
        return sum(_end(pk, _CLOCK, told=True) for pk in its.values_list("pk", flat=True))
    shown = list(its.filter(shown_at__isnull=False))
    for vouching in shown:
        with transaction.atomic():
            _hide(vouching, SIGNER)
    return len(shown)


def _note(did: str, signature: Signature, voucher_id: int) -> None:
    journal.note(
        did, campaign=signature.campaign_id, signer=signature.public_id, voucher=voucher_id
    )


@transaction.atomic
def _end(
    vouching_id: int,
    actor: Actor,
    *,
    note: str = "",
    seen: bool = False,
    told: bool = False,
) -> bool:
    """Take one back: name and proof go, and what a name confirmed by hand took of the quota comes back.

    ``told`` if the journal says so already.
    The link that it came by stays, used: one that is dead, or that gives its quota back, would tell the
    organisation that somebody had signed by it. So would the quota of a name whose signer erased their data.
    """
    vouching = Vouching.objects.filter(pk=vouching_id).first()
    if vouching is None:
        return False
    voucher = vouchers.locked(vouching.voucher_id)
    # Before its own row, as an erasure does, or each would wait for the other.
    locks.lock_one(vouching.signature_id)
    now = timezone.now()
    ended = {"ended_at": now, "seen_at": now if seen else None}
    if not Vouching.objects.filter(pk=vouching_id, ended_at=None).update(**ended):
        return False
    if not told:
        _note(UNVOUCH, vouching.signature, vouching.voucher_id)
    # Of who left the list nothing shows any more.
    with suppress(SignatureGone):
        _hide(vouching, actor)
        proofs.revoke(proof_id=vouching.proof_id, actor=actor, note=note)
    vouchers.take(voucher, -int(vouching.user_id is not None))
    return True


def _let_go_of_batch(vouching: Vouching) -> None:
    """Leave what was confirmed by hand as well standing on that alone."""
    Vouching.objects.filter(pk=vouching.pk).update(batch=None)


def _free_link(vouching: Vouching) -> None:
    """Let a link that another list has renewed meanwhile be used once more."""
    links = MemberLink.objects.filter(voucher=vouching.voucher_id, signature=vouching.signature_id)
    links.update(used_at=None, signature=None)


def undo() -> int:
    """Take back what revoked organisations and batches vouched for, and delete their links; how many.

    One that vouched at the moment of its revocation is found by the next run. Safe to run twice, and
    at once.
    """
    ends, n = time.monotonic() + UNDO_FOR, 0
    revoked = Q(voucher__revoked_at__isnull=False) | Q(batch__revoked_at__isnull=False)
    its = Vouching.objects.filter(revoked, ended_at=None).select_related("voucher")
    for vouching in list(its.order_by("pk")):
        if vouching.voucher.revoked_at is None and vouching.user_id is not None:
            _let_go_of_batch(vouching)
        else:
            n += _end(vouching.pk, _CLOCK)
        _free_link(vouching)
        if time.monotonic() > ends:
            return n
    links = MemberLink.objects.filter(batch=OuterRef("pk"))
    over = Q(revoked_at__isnull=False) | Q(voucher__revoked_at__isnull=False)
    for batch in LinkBatch.objects.filter(over, Exists(links)):
        with transaction.atomic():
            voucher = vouchers.locked(batch.voucher_id)
            gone, _each = MemberLink.objects.filter(batch=batch).delete()
            vouchers.take(voucher, -gone)
    return n


def looked_at(signatures: QuerySet[Signature], *, by: User) -> int:
    """Note that a moderator has looked at these since nobody vouches for them any more; how many rows."""
    rows = Vouching.objects.filter(signature__in=signatures.values("pk"), **FALLEN)
    with transaction.atomic():
        seen = list(rows.values_list("pk", "voucher__campaign"))
        Vouching.objects.filter(pk__in=[pk for pk, _campaign in seen]).update(
            seen_at=timezone.now()
        )
        for campaign, n in Counter(campaign for _pk, campaign in seen).items():
            audit.record(
                AuditAction.LOOKED_AT,
                by=by,
                campaign=Campaign.objects.get(pk=campaign),
                number=n,
            )
    return len(seen)


def _record(action: AuditAction, vouching: Vouching, by: User) -> None:
    campaign: Campaign = vouching.voucher.campaign
    signer = Signature.objects.values_list("public_id", flat=True).get(pk=vouching.signature_id)
    audit.record(
        action,
        by=by,
        campaign=campaign,
        details={"voucher": vouching.voucher_id, "signer": signer},
    )
