"""The verbs of the signer: sign, resend, confirm, correct, hide. Those of who leaves are in `leaving`."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from campaign import (
    identity,
    journal,
    locks,
    mailboxes,
    moves,
    outbox,
    own_word,
    proofs,
    queue,
    reception,
    rules,
    trip,
)
from campaign.details import PROBLEMS, Details, read_address, read_correction, read_details
from campaign.errors import (
    CampaignClosed,
    CampaignPaused,
    ChangedMeanwhile,
    ConsentChanged,
    FieldError,
    InvalidInput,
    ListFrozen,
    NotFound,
    SignatureGone,
    StatementChanged,
)
from campaign.history import SIGNER
from campaign.idempotency import Once
from campaign.links import Link, Purpose, read_token
from campaign.locks import Known
from campaign.models.address import canonical_address
from campaign.models.campaign import Campaign
from campaign.models.event import Verb
from campaign.models.mail import MailKind
from campaign.models.signature import STANDING, Evidence, HoldReason, Signature, Status
from campaign.models.statement import StatementText, current_consent, current_text
from campaign.models.statement import consent_version as newest_consent
from campaign.moves import Decision, Moved
from campaign.networks import Hashes

# --- Signing ---------------------------------------------------------------------------------


def sign(
    *,
    campaign: Campaign,
    typed: Mapping[str, Any],
    statement_version: int | None = None,
    consent_version: int | None = None,
    once: Once | None = None,
    network: Hashes | None = None,
) -> None:
    """Take one request to sign and owe its mailbox a mail, whatever is known of the address.

    ``typed`` are the texts and flags of the form (see `details.read_details`), the versions those that
    it showed, where it says so; what comes ``once`` more is a success that does nothing. ``network`` is
    what is kept of where the request came from (`networks.hashes`), for 30 days. Nothing is returned, so
    that no door can tell a new address from a known one; and where no row is made, the work of one is done
    and undone, so that the time of the answer doesn't tell either.

    1. Count the request as received and take one of the address's slots.
    2. Without a slot, or when the address asked to be left alone, that is all.
    3. A standing signature of that name and address gets the link to its own page.
    4. The same details typed again, for the same text and consent, are the same pending row; others are
       another row.

    Raises CampaignClosed, CampaignPaused, InvalidInput, StatementChanged, ConsentChanged,
    IdempotencyKeyReused.
    """
    require_open(campaign)
    details = read_details(campaign, typed)
    text = agreed_text(campaign, details.language, statement_version, consent_version)
    # Once more where the same request at the other side of midnight has just placed it.
    moves.once_more(lambda: _receive(campaign, details, text, once, network))


def agreed_text(
    campaign: Campaign, language: str, statement_version: int | None, consent_version: int | None
) -> StatementText:
    """The text that is signed now; raises StatementChanged or ConsentChanged if the form showed another."""
    text = current_text(campaign, language)
    if statement_version is not None and text.version.number != statement_version:
        raise StatementChanged
    if consent_version not in (None, newest_consent(campaign, text.language)):
        raise ConsentChanged
    return text


def _receive(
    campaign: Campaign,
    details: Details,
    text: StatementText,
    once: Once | None,
    network: Hashes | None,
) -> None:
    """Place a fresh signature, and keep it or undo it: as many statements whatever is known."""
    canonical = canonical_address(details.email)
    with transaction.atomic():
        if once is not None and not once.claim(campaign.pk):
            return
        welcome, known = reception.take(
            campaign_id=campaign.pk, email=details.email, canonical_email=canonical
        )
        fresh = draft(campaign, details, text, canonical)
        kind, instead = _addressee(known, fresh)
        reception.place(fresh, mail=kind, network=network, instead=instead, welcome=welcome)
        queue.tell_after_commit(outbox.DELIVER)


def _addressee(known: Sequence[Known], fresh: Signature) -> tuple[MailKind, int | None]:
    """What the mail is, and whose: the signature that stands, the same pending one, else the fresh."""
    fold = identity.search_fold(fresh.name)
    for each in known:
        if each.status in STANDING and each.name_fold == fold:
            return MailKind.SIGNED_ALREADY, each.pk
    for each in known:
        if each.status == Status.PENDING and each.details_key == fresh.details_key:
            return MailKind.CONFIRM, each.pk
    return MailKind.CONFIRM, None


def require_open(campaign: Campaign) -> None:
    """Raise NotFound, CampaignClosed or CampaignPaused unless the campaign takes signatures now."""
    if not campaign.is_visible():
        raise NotFound
    match campaign.state():
        case "closed":
            raise CampaignClosed
        case "paused":
            raise CampaignPaused


def _standing(known: Sequence[Signature], name_fold: str) -> Signature | None:
    return next((s for s in known if s.status in STANDING and s.name_fold == name_fold), None)


def draft(campaign: Campaign, details: Details, text: StatementText, canonical: str) -> Signature:
    """A fresh pending signature that is not placed yet."""
    return Signature(
        campaign=campaign,
        signed_at=timezone.now(),
        canonical_email=canonical,
        **details.columns(text, current_consent(campaign, text.language)),
    )


# --- Resending -------------------------------------------------------------------------------


def resend(*, campaign: Campaign, email: str) -> None:
    """Send again what an address waits for: the confirmation if pending, the link to its page if not.

    Says nothing, like `sign`, and does as much for an unknown address. Of several signatures the
    newest pending one of that spelling, else of any, and `newest_standing` are written to, a slot each; a
    pending one that somebody else signed for them only once that one has confirmed it, and none that
    nobody can confirm any more.
    Raises InvalidInput.
    """
    address = read_address(campaign, email)
    canonical, mailed = canonical_address(address), mailboxes.mailed_address(address)
    ask = partial(outbox.welcome, campaign_id=campaign.pk, email=address, canonical_email=canonical)
    with transaction.atomic():
        welcome = ask()
        known = locks.lock_address(campaign.pk, canonical if welcome else locks.NOBODY)[::-1]
        in_time = campaign.takes_confirmations()
        waiting = [each for each in known if each.status == Status.PENDING and each.may_be_written]
        # A stranger's newer one, at a spelling that does not exist, would else keep them from theirs.
        waiting.sort(key=lambda each: mailboxes.mailed_address(each.email) != mailed)
        pending = waiting[0] if waiting and in_time else None
        standing = newest_standing(known)
        first, second = (pending, standing) if pending is not None else (standing, None)
        _write_or_undo(campaign.pk, first, welcome=welcome)
        point = transaction.savepoint()
        granted = ask()
        _write_or_undo(campaign.pk, second, welcome=welcome and granted)
        if second is None:  # the slot goes back
            transaction.savepoint_rollback(point)
        else:
            transaction.savepoint_commit(point)
        queue.tell_after_commit(outbox.DELIVER)


def newest_standing(known: Sequence[Known]) -> Known | None:
    """Of what an address has signed, the newest that is held or published; the newest rejected one
    where there is none. What is pending does not stand: anybody may have typed it."""
    standing = (each for each in known if each.status in STANDING)
    # A rejected one that came later would else hide what stands on the list from its own signer.
    return max(standing, key=lambda each: (each.status != Status.REJECTED, each.pk), default=None)


def _write_or_undo(campaign_id: int, known: Known | None, *, welcome: bool) -> None:
    """Owe a signature its link again; where there is none, or no mail may go, do it and undo it."""
    kind = _kind_of_link(known) if known else MailKind.CONFIRM
    point = transaction.savepoint()
    to = known.pk if known else 0
    trip.send(outbox.caused(outbox.mail(kind, campaign_id=campaign_id, signature_id=to)))
    if known is None or not welcome:
        transaction.savepoint_rollback(point)
    else:
        transaction.savepoint_commit(point)


def _kind_of_link(signature: Signature | Known) -> MailKind:
    """The mail that brings the link of a signature that is pending, stands, or was withdrawn."""
    if signature.status != Status.PENDING:
        return MailKind.SIGNED_ALREADY
    return MailKind.REPRESENTED if signature.represented else MailKind.CONFIRM


def renew(purpose: Purpose, token: str) -> Signature:
    """Send a new link for an outdated or expired one, to the mailbox of its own signature.

    Takes a slot of its address like `resend`, but none of its signature's life (`outbox.caused`). Who
    withdrew gets one too, as long as the address is kept: it leads to the erasure.
    Raises TokenInvalid, SignatureGone.
    """
    link = read_token(purpose, token)
    signature = _about(purpose, link)
    with transaction.atomic():
        welcome = outbox.welcome_again(signature)
        locked, _others = locks.lock(signature.pk)
        if locked.status == Status.ERASED:
            raise SignatureGone
        if locked.status == Status.PENDING:
            _require_in_time(locked)
        if welcome:
            outbox.owe(_kind_of_link(locked), [locked])
    return signature


# --- Confirming ------------------------------------------------------------------------------


def confirm(token: str) -> Moved:
    """Confirm exactly what the link's page shows: publish or hold, as policy and rules say.

    A second time is a success that changes nothing, an expired link of a confirmed one too. Where a file
    said the same of the mailbox meanwhile, and its release has not come, the one of the file is the
    signature from now on, as this one says it. Raises TokenInvalid, TokenExpired, ChangedMeanwhile, and
    SignatureGone of one that was withdrawn, removed or replaced, or whose time was over 24 hours after
    the close.
    """
    link = read_token(Purpose.CONFIRM, token)
    return moves.once_more(lambda: _confirm(link))


def _confirm(link: Link) -> Moved:
    def decide(signature: Signature, others: Sequence[Signature]) -> Decision:
        if signature.status in {Status.HELD, Status.PUBLISHED}:
            return Decision(to=Status(signature.status))
        if signature.status != Status.PENDING:
            raise SignatureGone
        _require_in_time(signature)
        link.require_fresh()
        return confirmed(signature, others)

    with transaction.atomic():
        try:
            signature, others = locks.lock(link.subject)
        except SignatureGone:
            # Not before: a press that waited for the first one finds only now that it was taken in.
            signature, others = locks.lock(own_word.took_in(link.subject))
        line = own_word.line_of(signature, others)
        if line is not None:
            _require_in_time(signature)
            link.require_fresh()
            if signature.revision != link.revision:
                raise ChangedMeanwhile
            return own_word.take(signature, line, others)
        return moves.move_locked(
            signature,
            others,
            verb=Verb.CONFIRM,
            actor=SIGNER,
            decide=decide,
            revision=link.revision,
        )


def confirm_placed(signature_id: int) -> int:
    """Confirm what a link that its mailbox got elsewhere has just placed; the id of what stands by it.

    As `confirm`: where a file says the same and waits, that is the one of the file. Raises SignatureGone.
    """
    with transaction.atomic():
        signature, others = locks.lock(signature_id)
        line = own_word.line_of(signature, others)
        if line is not None:
            return own_word.take(signature, line, others).signature.pk
        verb = Verb.CONFIRM
        moves.move_locked(signature, others, verb=verb, actor=SIGNER, decide=confirmed)
        return signature.pk


def confirmed(signature: Signature, others: Sequence[Signature]) -> Decision:
    """Where a pending signature goes that its mailbox has confirmed; raises SignatureGone."""
    _require_in_time(signature)
    if _standing(others, signature.name_fold) is not None:
        raise SignatureGone  # placed, or renamed to, while that one was being confirmed
    reasons = rules.hold_reasons(signature, others)
    to = Status.HELD if reasons else Status.PUBLISHED
    domain = proofs.listed_domain(signature)
    evidence = Evidence.DOMAIN if domain else Evidence.EMAIL
    return Decision(to=to, hold_reasons=reasons, evidence=evidence, domain=domain)


def _require_in_time(signature: Signature) -> None:
    """Raise SignatureGone of a pending one whose time is over: the same before and after it is deleted."""
    if not signature.campaign.takes_confirmations():
        raise SignatureGone


def seen(purpose: Purpose, token: str) -> Signature:
    """The signature that a link's page shows, for reading. Raises as the verbs of that link do."""
    link = read_token(purpose, token)
    signature = _about(purpose, link)
    if signature.status in {Status.WITHDRAWN, Status.ERASED}:
        raise SignatureGone
    if purpose is Purpose.CONFIRM:
        if signature.status == Status.REJECTED:
            raise SignatureGone
        if signature.status == Status.PENDING:
            _require_in_time(signature)
            link.require_fresh()
            if signature.revision != link.revision:
                raise ChangedMeanwhile
    else:
        link.require_fresh()
    return signature


def _about(purpose: Purpose, link: Link) -> Signature:
    """The signature of a link; of one to confirm that which took it in, if one did. Raises SignatureGone."""
    try:
        return read(link.subject)
    except SignatureGone:
        if purpose is not Purpose.CONFIRM:
            raise
        return read(own_word.took_in(link.subject))


def read(public_id: str) -> Signature:
    """The signature of that id, with what its pages show. Raises SignatureGone."""
    rows = Signature.objects.select_related(
        "campaign", "discipline", "statement__version", "consent"
    )
    signature = rows.filter(public_id=public_id).first()
    if signature is None:
        raise SignatureGone
    return signature


# --- One's own page --------------------------------------------------------------------------


def correct(token: str, *, typed: Mapping[str, Any], revision: int) -> Moved:
    """Change what is ``typed`` of `details.CORRECTABLE`; what is listed goes through the same checks again.

    ``revision`` is the one that the form showed. Raises TokenInvalid, TokenExpired, SignatureGone,
    InvalidInput, ChangedMeanwhile.
    """
    signature = seen(Purpose.MANAGE, token)
    changes = read_correction(signature.campaign, typed)
    fold = identity.search_fold(changes.get("name", signature.name))
    if fold != signature.name_fold:
        # What sorted the old name says nothing of the new one.
        changes["sort_name"] = ""
    return moves.once_more(lambda: _correct(signature, changes, fold, revision))


def _correct(signature: Signature, changes: dict[str, Any], fold: str, revision: int) -> Moved:
    with transaction.atomic():
        locked, others = locks.lock(signature.pk)
        _require_thawed(locked, changes)
        if _standing(others, fold) is not None:
            raise InvalidInput([FieldError("name", "duplicate", str(PROBLEMS["duplicate"]))])
        moved = moves.amend(
            signature_id=signature.pk,
            actor=SIGNER,
            changes=changes,
            revision=revision,
            review=rules.hold_reasons,
        )
        held = _hold_again(moved) if moved.changed else moved
        if moved.changed:  # after the hold, which looks at what the campaign vouched for until now
            proofs.match_domain(signature.pk, actor=SIGNER)
        return held if held.changed else moved


def _require_thawed(signature: Signature, changes: Mapping[str, Any]) -> None:
    """Raise ListFrozen where the list is frozen and would show something else by these changes."""
    shows = signature.status == Status.PUBLISHED and changes.get("show_name", signature.show_name)
    changed = any(getattr(signature, name) != new for name, new in changes.items())
    if signature.campaign.frozen_at and shows and changed:
        raise ListFrozen


def _hold_again(amended: Moved) -> Moved:
    """Hold a published signature whose new text policy or a rule wants looked at first.

    So is one that is featured, or whose evidence is more than a mailbox: the campaign vouched for
    what it said before.
    """

    def decide(signature: Signature, others: Sequence[Signature]) -> Decision:
        reasons = rules.hold_reasons(signature, others)
        vouched = signature.featured or signature.evidence != Evidence.EMAIL
        if signature.status != Status.PUBLISHED or not (reasons or vouched):
            return Decision(to=Status(signature.status))
        return Decision(to=Status.HELD, hold_reasons=[HoldReason.RENAMED, *reasons])

    return moves.move(
        signature_id=amended.signature.pk, verb=Verb.HOLD, actor=SIGNER, decide=decide
    )


def show(token: str, *, show_name: bool) -> Moved:
    """List the name, or count it without listing it. Raises TokenInvalid, TokenExpired, SignatureGone,
    ListFrozen."""
    signature = seen(Purpose.MANAGE, token)
    changes = {"show_name": show_name}
    with transaction.atomic():
        _require_thawed(locks.lock(signature.pk)[0], changes)
        return _change(signature, changes)


def subscribe(token: str, *, newsletter: bool) -> Moved:
    """Take the campaign's news, or no longer. Raises TokenInvalid, TokenExpired, SignatureGone."""
    return _change(seen(Purpose.MANAGE, token), {"newsletter": newsletter})


@transaction.atomic
def _change(signature: Signature, changes: dict[str, Any]) -> Moved:
    moved = moves.amend(signature_id=signature.pk, actor=SIGNER, changes=changes)
    if moved.changed:
        journal.note_less(signature, changes)
    return moved


def less_again(public_id: str, did: str) -> bool:
    """Take back once more what a restored backup shows again (`replay`); whether it did.

    Raises SignatureGone.
    """
    return moves.amend(signature_id=public_id, actor=SIGNER, changes=journal.LESS[did]).changed
