"""What lets a signature wait, and brings it back: a question to its signer, a time, a moderator.

None of it changes the status: a held one stays held, a published one that was reported stays listed.
Whether something waits is decided when it is read, by the clock and by an open question.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign import consequences, history, locks, outbox
from campaign.details import read_answer, read_question
from campaign.errors import (
    CampaignError,
    ChangedMeanwhile,
    FieldError,
    InvalidInput,
    MoveRefused,
    SignatureGone,
)
from campaign.history import SIGNER, Actor, Moderator
from campaign.links import Purpose, read_token
from campaign.models.event import EventNote, Verb
from campaign.models.mail import MailKind
from campaign.models.question import Question
from campaign.models.signature import HoldReason, Signature, Status
from campaign.moves import Moved

UNDECIDED = frozenset({Status.HELD, Status.PUBLISHED})
"""Of what a moderator may yet decide: a published one may have been reported."""
FARTHEST = timedelta(days=366)
"""Nothing is put off for longer: it would be a decision that nobody answers for."""

ASKED = Q(pk__in=Question.objects.filter(ended_at=None).values("signature"))
"""Of signatures: waits for its signer's answer."""
DEFERRED = Q(deferred_until__gt=Now())
"""Of signatures: a moderator has put it off to a time that has not come."""
FOR_RELEASE = Q(status=Status.HELD) & Q(hold_reasons=[HoldReason.IMPORTED])
"""Of signatures: nothing but the release of its batch holds it."""
TO_DECIDE = Q(status=Status.HELD) & ~Q(hold_reasons=[HoldReason.IMPORTED]) & ~(ASKED | DEFERRED)
"""Of signatures: held, and waits for a moderator alone."""


class QuestionGone(CampaignError):
    code = "question_gone"
    status = 410
    message = _(
        "This question needs no answer any more: it is decided, or somebody took the signature back."
    )


# --- Of the moderator ------------------------------------------------------------------------


@transaction.atomic
def ask(*, signature_id: int, revision: int, question: str, by: Moderator) -> Moved:
    """Ask the signer by mail, about a signature as it was shown; it waits until the answer comes.

    A question that was open before ends. Raises InvalidInput, ChangedMeanwhile, SignatureGone, and
    MoveRefused where there is nobody to ask.
    """
    signature = _lock(signature_id, revision)
    if not signature.email:
        raise MoveRefused
    text = read_question(signature.campaign, {"question": question})
    consequences.end_question(signature)
    Question.objects.create(signature=signature, text=text)
    outbox.owe(MailKind.QUESTION, [signature])
    return _note(signature, Verb.ASK, Actor.moderator(by))


@transaction.atomic
def defer(
    *, signature_id: int, revision: int, until: datetime, by: Moderator, note: str = ""
) -> Moved:
    """Put a signature off as it was shown; at that time it is back in its lane by itself.

    Raises InvalidInput for a time that is past or farther than FARTHEST, ChangedMeanwhile,
    MoveRefused, SignatureGone.
    """
    now = timezone.now()
    if not now < until <= now + FARTHEST:
        raise InvalidInput([FieldError("until", "out_of_range", str(_WHEN))])
    signature = _lock(signature_id, revision)
    _put_off(signature, until)
    reason = until.strftime("%Y-%m-%dT%H:%MZ")
    return _note(signature, Verb.DEFER, Actor.moderator(by), reason=reason, note=note)


_WHEN = _("Choose a time between now and a year from now.")


@transaction.atomic
def take_up(*, signature_id: int, by: Moderator) -> Moved:
    """Bring back what waits, before its time or its answer; what doesn't is a success without change.

    Raises SignatureGone.
    """
    signature, _others = locks.lock(signature_id)
    deferred = signature.deferred_until is not None and signature.deferred_until > timezone.now()
    if not (consequences.end_question(signature) or deferred):
        return Moved(signature, changed=False, before=Status(signature.status))
    _put_off(signature, None)
    return _note(signature, Verb.TAKE_UP, Actor.moderator(by))


def _lock(signature_id: int, revision: int) -> Signature:
    """The locked signature, undecided and as it was shown."""
    signature, _others = locks.lock(signature_id)
    if signature.status not in UNDECIDED:
        raise MoveRefused
    if signature.revision != revision:
        raise ChangedMeanwhile
    return signature


def _put_off(signature: Signature, until: datetime | None) -> None:
    signature.deferred_until = until
    signature.save(update_fields=["deferred_until"])


def _note(
    signature: Signature, verb: Verb, actor: Actor, *, reason: str = "", note: str = ""
) -> Moved:
    event = history.event(signature, verb, actor, before=signature.status, reason=reason)
    event.save()
    if note:
        EventNote.objects.create(event=event, text=note)
    return Moved(signature, changed=True, before=Status(signature.status))


# --- Of the signer ---------------------------------------------------------------------------


def seen(token: str) -> Question:
    """The question that a link shows, for reading; an answered one still shows its answer.

    Raises TokenInvalid, TokenExpired, SignatureGone, QuestionGone.
    """
    link = read_token(Purpose.ANSWER, token)
    found = Question.objects.select_related(
        "signature__campaign", "signature__discipline", "signature__statement__version"
    )
    question = found.filter(public_id=link.subject).first()
    if question is None or question.signature.status in {Status.WITHDRAWN, Status.ERASED}:
        raise SignatureGone
    if not question.answer:
        link.require_fresh(question.signature.campaign_id)
        if question.signature.status not in UNDECIDED:
            raise QuestionGone
    return question


def answer(token: str, *, typed: Mapping[str, Any]) -> Question:
    """Take the signer's ``answer`` and bring the signature back before the moderators.

    A second time is a success that changes nothing. Raises InvalidInput, and as `seen`.
    """
    question = seen(token)
    if question.answer:
        return question
    text = read_answer(question.signature.campaign, typed)
    with transaction.atomic():
        signature, _others = locks.lock(question.signature_id)
        fresh = Question.objects.select_for_update().filter(pk=question.pk).first()
        if fresh is None:
            raise SignatureGone
        if fresh.answer:
            return question
        if signature.status not in UNDECIDED:
            raise QuestionGone
        fresh.answer, fresh.answered_at = text, timezone.now()
        fresh.ended_at = fresh.ended_at or fresh.answered_at
        fresh.save(update_fields=["answer", "answered_at", "ended_at"])
        _put_off(signature, None)
        _note(signature, Verb.ANSWER, SIGNER)
    question.answer, question.answered_at = fresh.answer, fresh.answered_at
    return question
