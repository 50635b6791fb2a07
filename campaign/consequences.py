"""What else a move means: for its mails, its reports, its namesakes; and what it empties of who leaves.

In the transaction of the move, and with its row locked.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet

from campaign import blocks, departed, outbox, placing, reports
from campaign.models.approval import Approval
from campaign.models.campaign import Campaign, ProtectedName
from campaign.models.event import EventNote, Verb
from campaign.models.evidence import Proof, Site
from campaign.models.mail import WAITING, Mail, MailKind, MailStatus
from campaign.models.name_numbers import WithdrawnName
from campaign.models.network import SignatureNetwork
from campaign.models.print_list import PrintEntry
from campaign.models.question import Question
from campaign.models.report import Report, ReportOutcome
from campaign.models.representation import Representation
from campaign.models.signature import RejectionReason, Signature, Status
from campaign.models.suspicion import Suspicion
from campaign.models.vouching import MemberLink, Refusal

ANSWERS: Final = {
    Verb.APPROVE: ReportOutcome.KEPT,
    Verb.REJECT: ReportOutcome.REMOVED,
    Verb.WITHDRAW: ReportOutcome.REMOVED,
}
"""What a move answers to those who reported the signature; a hold doesn't decide anything yet."""
DECIDED: Final = (MailKind.PUBLISHED, MailKind.REJECTED)
"""What a signer is told of a decision."""
_NAMELESS: Final[dict[str, Any]] = {
    **dict.fromkeys(
        ("name", "sort_name", "credit", "organisation", "country", "evidence_note"), ""
    ),
    **dict.fromkeys(("name_fold", "sort_key", "details_key", "taken_in"), ""),
    **dict.fromkeys(("discipline_id", "member_of_id")),
    "featured": False,
    "newsletter": False,
    "search": [],
}


def follow(
    signature: Signature,
    others: Sequence[Signature],
    verb: Verb,
    *,
    before: Status,
    mails_at: datetime | None,
) -> None:
    """Do what follows a move of ``signature`` that is written; ``others`` are those of its address.

    ``mails_at`` is when the mail about it is due, if not at once.
    """
    if verb == Verb.CONFIRM:
        _close_pendings(signature, others)
        return
    # One moderator's yes is to how it stood there, to nothing after it.
    Approval.objects.filter(signature=signature).delete()
    _settle_mails(signature, verb, before, mails_at)
    if verb in ANSWERS:
        reports.close(signature.pk, ANSWERS[verb])
    end_question(signature)
    _block(signature, verb)
    close_suspicions(signature.pk)


def _settle_mails(signature: Signature, verb: Verb, before: Status, at: datetime | None) -> None:
    """Owe the note that this move deserves, and drop waiting mails that are no longer true.

    Who is restored before the mail about their rejection went out has heard of neither.
    """
    if verb in {Verb.WITHDRAW, Verb.ERASE}:
        waiting = Mail.objects.filter(signature=signature, status__in=WAITING)
        # The signer's alone: who reported the entry is still told that it is gone, and whoever else
        # asked for the link to their own data still wants it. `delivery` drops what is untrue by then.
        its = waiting.filter(report=None, representation=None)
        its.update(status=MailStatus.SUPPRESSED)
        return
    unsaid = _take_back(signature) if verb in {Verb.HOLD, Verb.RESTORE} else set()
    if verb == Verb.REJECT:
        outbox.owe(MailKind.REJECTED, [signature], at=at)
    elif (
        before in {Status.HELD, Status.REJECTED}
        and signature.status == Status.PUBLISHED
        and unsaid != {MailKind.REJECTED}
    ):
        outbox.owe(MailKind.PUBLISHED, [signature])


def _take_back(signature: Signature) -> set[str]:
    """The kinds of the mails about decisions that still waited; they are not sent any more."""
    waiting = Mail.objects.filter(signature=signature, kind__in=DECIDED, status__in=WAITING)
    # Locked, or the worker could send one between the look and the update.
    kinds = set(waiting.select_for_update().values_list("kind", flat=True))
    waiting.update(status=MailStatus.SUPPRESSED)
    return kinds


def _close_pendings(signature: Signature, others: Sequence[Signature]) -> None:
    """Delete the address's other pendings with this name: one of them has been confirmed."""
    namesakes = [
        other.pk
        for other in others
        if other.status == Status.PENDING and other.name_fold == signature.name_fold
    ]
    if namesakes:  # to find that there is nothing to delete took Django a fifth of a confirmation
        placing.discard(namesakes)


def end_question(signature: Signature) -> int:
    """Wait no longer for its signer's answer; returns how many questions were open, 1 or 0."""
    open_ones = Question.objects.filter(signature=signature, ended_at=None)
    ended = open_ones.update(ended_at=placing.now())
    if ended:
        mails = Mail.objects.filter(signature=signature, kind=MailKind.QUESTION)
        mails.filter(status__in=WAITING).update(status=MailStatus.SUPPRESSED)
    return ended


def close_suspicions(signature_id: int) -> int:
    """Note that somebody has decided about a signature like a protected name; how many were open."""
    suspicions = Suspicion.objects.filter(signature=signature_id, closed_at=None)
    return suspicions.update(closed_at=placing.now())


def _block(signature: Signature, verb: Verb) -> None:
    """Have whoever comes later under a name that was rejected as false looked at."""
    if verb == Verb.REJECT and signature.rejection_reason == RejectionReason.IMPERSONATION:
        blocks.note(signature)
    elif verb == Verb.RESTORE:
        blocks.lift(signature)


def empty_of_name(signature: Signature) -> dict[str, Any]:
    """The columns of a withdrawal: the name and all that says who it is empty, but for the address.

    Its proofs, sites, answers and likenesses go too, and the name as one that its release protected.
    What is known of the name afterwards: `departed`.
    """
    departed.note(signature)
    _forget_who_it_is(signature)
    key = signature.import_key
    return {**_NAMELESS, "import_key": placing.sealed_key(key) if key else ""}


def empty(signature: Signature) -> dict[str, Any]:
    """The columns of an erasure: every personal one empty; its mails, network, notes and reports go too."""
    _forget_who_it_is(signature)
    WithdrawnName.objects.filter(signature=signature).delete()
    reports.delete(Report.objects.filter(signature=signature))
    Mail.objects.filter(signature=signature).delete()
    SignatureNetwork.objects.filter(pk=signature.pk).delete()
    EventNote.objects.filter(event__signature=signature).delete()
    blank(PrintEntry.objects.filter(signature=signature))
    Representation.objects.filter(signature=signature).delete()
    texts = ("email", "canonical_email", "source", "import_key")
    return {**_NAMELESS, **dict.fromkeys(texts, ""), "represented": False}


def blank(entries: QuerySet[PrintEntry]) -> int:
    """Leave of lines of print lists their place alone; how many."""
    return entries.update(name="", credit="", organisation="", discipline="")


def _forget_who_it_is(signature: Signature) -> None:
    _unprotect(signature)
    # As if nobody had used it: one that is gone would tell the organisation that its member left.
    MemberLink.objects.filter(signature=signature).update(used_at=None, signature=None)
    Proof.objects.filter(signature=signature).delete()
    Refusal.objects.filter(signature=signature).delete()
    Site.objects.filter(signature=signature).delete()
    Question.objects.filter(signature=signature).delete()
    Suspicion.objects.filter(signature=signature).delete()  # it names whom the signer is like


def unprotect_renamed(signature: Signature, changes: Mapping[str, Any]) -> None:
    """Protect no longer the name that a signature has until these changes of it, if they give it another."""
    if "name" in changes:
        _unprotect(signature)


def _unprotect(signature: Signature) -> None:
    """Protect a name no longer that a release protected for this signature, which gives it up.

    It stays while another line of a file bears it on the list, and where the campaign file has it.
    """
    if signature.batch_id is None:
        return
    protected = ProtectedName.objects.filter(campaign=signature.campaign_id, name=signature.name)
    protected = protected.exclude(batch=None)
    if not protected.exists():
        return
    # Of two namesakes who leave at once the second waits, or each would leave the name to the other.
    # Not FOR UPDATE: foreign keys would wait for that.
    Campaign.objects.select_for_update(no_key=True).get(pk=signature.campaign_id)
    if not _is_borne_by_another(signature):
        protected.delete()


def _is_borne_by_another(signature: Signature) -> bool:
    """Whether another line of a file stands on the list under this very name."""
    listed = Signature.objects.filter(
        campaign=signature.campaign_id,
        name_fold=signature.name_fold,  # by which they are found (`signature_listed_name`)
        name=signature.name,
        status=Status.PUBLISHED,
        show_name=True,
    )
    return listed.exclude(batch=None).exclude(pk=signature.pk).exists()
