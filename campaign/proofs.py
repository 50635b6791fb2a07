"""Evidence: proofs granted and revoked, of which a signature shows the strongest with its date."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from campaign import history, identity, locks, mailboxes, moves, placing
from campaign.errors import (
    ChangedMeanwhile,
    FieldError,
    InvalidInput,
    MoveRefused,
    NotFound,
    SignatureGone,
)
from campaign.history import Actor
from campaign.models.batch import ImportBatch
from campaign.models.event import EventNote, Verb
from campaign.models.evidence import Proof
from campaign.models.signature import STANDING, Evidence, Kind, Signature, Status

STRENGTH = {method: place for place, method in enumerate(Evidence)}
"""The weakest first, in the order of the contract: a mailbox shows the least, a look by people the most."""


@transaction.atomic
def grant(
    *,
    signature_id: int | str,
    method: Evidence,
    actor: Actor,
    domain: str = "",
    note: str = "",
    revision: int | None = None,
) -> Proof:
    """Add a proof to a signature that is confirmed, and show the strongest of all that stand.

    ``domain`` is which one it rests on, ``note`` what a moderator says of it: both are private. The
    same domain once more is a success that changes nothing. With ``revision`` only as the signature
    was shown then. ``staff`` needs a note. Raises ChangedMeanwhile, MoveRefused (not confirmed
    yet), SignatureGone, InvalidInput.
    """
    if method == Evidence.STAFF and not note.strip():
        raise InvalidInput([FieldError("note", "blank", str(_("Please say how it was checked.")))])
    signature = _lock(signature_id, revision)
    if domain:
        standing = signature.proofs.filter(method=method, domain=domain, revoked_at=None).first()
        if standing is not None:
            return standing
    proof = Proof.objects.create(
        signature=signature, method=method, at=placing.now(), domain=domain, note=note
    )
    _show_strongest(signature, Verb.PROVE, actor, reason=method)
    return proof


def listed_domain(signature: Signature) -> str:
    """The domain of its address, if the campaign lists it for the organisation that it names; else ''.

    A person or a group names one, an organisation is one. The very domain: what stands below one may
    be everybody's (students, customers), and is listed by itself where it isn't.
    """
    organisations = signature.campaign.organisations
    if not organisations or not signature.email:
        return ""
    domain = mailboxes.domain_of(signature.email)
    owners = {each["name"] for each in organisations if domain in each["domains"]}
    is_one = signature.kind == Kind.ORGANISATION
    named = identity.search_fold(signature.name if is_one else signature.organisation)
    is_theirs = named and named in {identity.search_fold(owner) for owner in owners}
    return domain if is_theirs else ""


@transaction.atomic
def match_domain(signature_id: int, *, actor: Actor) -> None:
    """Let the domain of its address prove what a corrected signature names now, and nothing else.

    Nothing of one that isn't confirmed, or has left. Raises SignatureGone.
    """
    signature, _others = locks.lock(signature_id)
    if signature.status not in STANDING:
        return
    domain = listed_domain(signature)
    standing = signature.proofs.filter(method=Evidence.DOMAIN, revoked_at=None, site=None)
    for proof in standing.exclude(domain=domain):
        revoke(proof_id=proof.pk, actor=actor)
    if domain:
        grant(signature_id=signature_id, method=Evidence.DOMAIN, actor=actor, domain=domain)


@transaction.atomic
def revoke(*, proof_id: int, actor: Actor, note: str = "", revision: int | None = None) -> Proof:
    """Take a proof back: the signature falls back to the strongest that is left.

    A second time is a success that changes nothing. Raises ChangedMeanwhile, SignatureGone, NotFound.
    """
    signature_id = Proof.objects.filter(pk=proof_id).values_list("signature_id", flat=True).first()
    if signature_id is None:
        raise NotFound
    signature = _lock(signature_id, revision)
    proof = Proof.objects.filter(pk=proof_id).first()  # once more: only now it cannot change
    if proof is None:
        raise SignatureGone
    if proof.revoked_at is not None:
        return proof
    proof.revoked_at = placing.now()
    proof.save(update_fields=["revoked_at"])
    _show_strongest(signature, Verb.REVOKE, actor, reason=proof.method, note=note)
    return proof


def _lock(signature_id: int | str, revision: int | None) -> Signature:
    signature, _others = locks.lock(signature_id)
    if signature.status == Status.PENDING:
        raise MoveRefused
    if signature.status not in STANDING:
        raise SignatureGone
    if revision not in {None, signature.revision}:
        raise ChangedMeanwhile
    return signature


def _show_strongest(
    signature: Signature, verb: Verb, actor: Actor, *, reason: str, note: str = ""
) -> None:
    """Amend the locked signature; where another proof is as strong, note the event alone."""
    method, at = _strongest(signature)
    shown = moves.amend(
        signature_id=signature.pk,
        actor=actor,
        changes={"evidence": method, "evidence_at": at},
        verb=verb,
        reason=reason,
        note=note,
    )
    if not shown.changed:
        event = history.event(signature, verb, actor, before=signature.status, reason=reason)
        event.save()
        if note:
            EventNote.objects.create(event=event, text=note)


def _strongest(signature: Signature) -> tuple[Evidence, datetime]:
    """The strongest method that stands, and since when; a mailbox or consent on file always does."""
    standing = signature.proofs.filter(revoked_at=None).order_by("at", "pk")
    found = [(Evidence(method), at) for method, at in standing.values_list("method", "at")]
    batches = ImportBatch.objects.exclude(consent_note="").filter(signature=signature)
    on_file = signature.batch_id is not None and batches.exists()
    assert signature.confirmed_at is not None  # a CHECK constraint says so
    first = Evidence.ON_FILE if on_file else Evidence.EMAIL
    # Of several as strong the oldest: max keeps the first.
    return max([(first, signature.confirmed_at), *found], key=lambda each: STRENGTH[each[0]])
