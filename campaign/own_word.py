"""What a signer says in the place of what a file says of them, while its line waits for the release."""

from collections.abc import Sequence
from typing import Final

from campaign import consequences, journal, moves, proofs, rules
from campaign.errors import SignatureGone
from campaign.history import SIGNER
from campaign.models.approval import Approval
from campaign.models.event import Event, Verb
from campaign.models.signature import HoldReason, Signature, Status
from campaign.moves import Moved

SAID: Final = (
    *("name", "kind", "discipline", "credit", "organisation", "country", "show_name"),
    *("statement_id", "consent_id", "signed_at", "email", "language", "newsletter"),
)
"""What a confirmation says of its signer, in the place of what a file said."""


def line_of(signature: Signature, others: Sequence[Signature]) -> Signature | None:
    """The line of a file that a pending signature says better: of its name, and among the ``others`` of its
    address."""
    if signature.status != Status.PENDING:
        return None
    same = (each for each in others if each.name_fold == signature.name_fold)
    return next((each for each in same if waits(each)), None)


def waits(signature: Signature) -> bool:
    """Whether nobody has published what a file brought, whatever else holds it by now."""
    return signature.status == Status.HELD and HoldReason.IMPORTED in signature.hold_reasons


def is_unsaid(signature: Signature) -> bool:
    """Whether it waits, and its signer has done nothing with it, but be vouched for by a link."""
    acts = Event.objects.filter(signature=signature, actor=SIGNER.kind).exclude(verb=Verb.PROVE)
    # Two that are no event: a site that they named, and an organisation that they refused.
    said = (acts, signature.sites.all(), signature.refusals.all())
    return waits(signature) and not any(each.exists() for each in said)


def take(signature: Signature, line: Signature, others: Sequence[Signature]) -> Moved:
    """Let what a mailbox confirms stand in the place of what the ``line`` of a file said of it; all locked.

    It is one signature, counts once, and answers to the link that confirmed it. As any correction of one
    that is held it is looked at by itself, and no release publishes it; the pending ones of the name are
    closed.
    """
    changes = {name: getattr(signature, name) for name in SAID}
    changes["taken_in"] = signature.public_id
    if signature.name != line.name:
        changes["sort_name"] = ""
    moved = moves.amend(
        signature_id=line.pk,
        actor=SIGNER,
        changes=changes,
        review=rules.hold_reasons,
        verb=Verb.CONFIRM,
    )
    # A restored backup has the file's word alone, and its release would show what they have hidden.
    changed = {name: new for name, new in changes.items() if getattr(line, name) != new}
    journal.note_less(line, changed)
    # Where they say the same as the file, too: one moderator's yes was to that, and not to them.
    Approval.objects.filter(signature=line).delete()
    namesakes = [signature, *(each for each in others if each is not line)]
    consequences.follow(moved.signature, namesakes, Verb.CONFIRM, before=Status.HELD, mails_at=None)
    proofs.match_domain(line.pk, actor=SIGNER)
    return moved


def took_in(public_id: str) -> str:
    """The id of the signature that took in the pending one of this id. Raises SignatureGone."""
    # Without the second condition a prepared statement would not know that the index has them all.
    rows = Signature.objects.filter(taken_in=public_id).exclude(taken_in="")
    found = next(iter(rows.values_list("public_id", flat=True)), None)
    if found is None:
        raise SignatureGone
    return found
