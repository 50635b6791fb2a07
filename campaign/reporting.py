"""The verbs of whoever finds their name on a list: report the entry, and confirm it by mail."""

from collections.abc import Mapping

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from campaign import locks, moves, outbox, placing, queue, reports
from campaign.details import read_report
from campaign.errors import CampaignError, NotFound, SignatureGone
from campaign.history import REPORTER
from campaign.links import Purpose, read_token
from campaign.models.address import canonical_address
from campaign.models.campaign import Campaign
from campaign.models.event import Verb
from campaign.models.mail import MailKind
from campaign.models.report import Report, ReportOutcome, ReportStatus
from campaign.models.signature import HoldReason, Signature, Status
from campaign.moves import Decision

STANDS = frozenset({Status.HELD, Status.PUBLISHED})
"""Of a signature that is yet to be decided, or to be decided again."""


class ReportGone(CampaignError):
    code = "report_gone"
    status = 410
    message = _(
        "This report is not here any more: it was decided some time ago, or its time is over."
    )


def listed(campaign: Campaign, public_id: str) -> Signature:
    """The entry of the list with that id; raises SignatureGone of one that left it, and NotFound."""
    signature = Signature.objects.filter(campaign_id=campaign.pk, public_id=public_id).first()
    if signature is None or signature.published_at is None:
        raise NotFound
    if not signature.is_listed:
        raise SignatureGone
    return signature


def report(*, campaign: Campaign, public_id: str, typed: Mapping[str, str], language: str) -> None:
    """Take a report about an entry of the list, and owe the reporter's mailbox a link to confirm it.

    ``typed`` as `details.read_report` takes it. Nothing is returned, and the work is done and undone
    where no mail may go, so that nobody learns what is known of an address (as in `signing.sign`).

    1. Take one of the address's slots, which it shares with all that strangers can cause it.
    2. Take one of the signature's, which goes back if no mail may go: one mailbox, typed again and
       again, would use them all up. An address on file needs none: else strangers who use them up
       would keep out the one who must get through.

    Raises NotFound, SignatureGone, InvalidInput.
    """
    signature = listed(campaign, public_id)
    details = read_report(campaign, typed)
    canonical = canonical_address(details.email)
    with transaction.atomic():
        welcome = outbox.welcome(
            campaign_id=campaign.pk, email=details.email, canonical_email=canonical
        )
        point = transaction.savepoint()
        room = outbox.room_for_report(signature)
        # Without a slot nothing of the address is looked up: to find a row takes longer than none.
        known = is_on_file(signature, canonical if welcome else "")
        fresh = Report.objects.create(
            campaign_id=campaign.pk,
            signature=signature,
            canonical_email=canonical,
            language=language,
            **vars(details),
        )
        outbox.owe(MailKind.REPORT_CONFIRM, [fresh])
        if welcome and (room or known):
            transaction.savepoint_commit(point)
        else:
            transaction.savepoint_rollback(point)
        queue.tell_after_commit(outbox.DELIVER)


def is_on_file(signature: Signature, canonical_email: str) -> bool:
    """Whether the campaign has that address on file for the name of this signature.

    Its own address, whose owner could withdraw it anyhow; or one that an imported file gave this very
    name, whatever became of that signature. What the file said counts, not what stands there now: who
    is on file as one name could else take another as theirs, and have its entry hidden.
    """
    keys = placing.import_keys(placing.import_key(canonical_email, signature.name_fold))
    imported = Signature.objects.filter(campaign_id=signature.campaign_id, import_key__in=keys)
    return imported.exists() or canonical_email == signature.canonical_email


def seen(token: str) -> Report:
    """The report that a link shows, for reading. Raises TokenInvalid, TokenExpired, ReportGone."""
    link = read_token(Purpose.REPORT, token)
    found = Report.objects.select_related("campaign", "signature").filter(public_id=link.subject)
    shown = found.first()
    if shown is None or shown.signature.status == Status.ERASED:
        raise ReportGone
    if shown.status == ReportStatus.UNCONFIRMED:
        link.require_fresh(shown.campaign_id)
    return shown


def confirm(token: str) -> None:
    """Bring a report before the moderators; from an address on file for the name, hide the entry too.

    A second time is a success that changes nothing. From any other address nothing of the entry
    changes: a stranger takes no name down. Raises as `seen`.

    1. Lock the signature, then the report: whatever is decided meanwhile comes before or after.
    2. One that is off the list for good by now is closed at once.
    3. On file, a listed entry is held, and of a held one no page that was opened before counts, unless a
       moderator has kept it against that address before.
    """
    shown = seen(token)
    with transaction.atomic():
        try:
            signature, _others = locks.lock(shown.signature_id)
        except SignatureGone:
            raise ReportGone from None
        fresh = Report.objects.select_for_update().filter(pk=shown.pk).first()
        if fresh is None or signature.status == Status.ERASED:
            raise ReportGone
        if fresh.status != ReportStatus.UNCONFIRMED:
            return
        fresh.status, fresh.confirmed_at = ReportStatus.OPEN, timezone.now()
        fresh.on_file = is_on_file(signature, fresh.canonical_email)
        fresh.save(update_fields=("status", "confirmed_at", "on_file"))
        # Whoever put it off did not know of this.
        moves.call_back(signature)
        if signature.status not in STANDS:
            reports.close(signature.pk, ReportOutcome.REMOVED, only=[fresh.pk])
        elif fresh.on_file and not _was_kept(fresh):
            _hide(signature)


def _hide(signature: Signature) -> None:
    """Take a locked one off the list; where it is held, let nobody say yes who has not seen the report.

    That yes would answer it, and from then on no report from that address hid the entry.
    """
    reason = HoldReason.REPORTED
    if signature.status == Status.HELD:
        moves.show_anew(signature, [reason], REPORTER, reason=reason)
    else:
        moves.move(signature_id=signature.pk, verb=Verb.HOLD, actor=REPORTER, decide=_hidden)


def _was_kept(fresh: Report) -> bool:
    """Whether a moderator has decided against this address already: then it is their word that counts."""
    return Report.objects.filter(
        signature_id=fresh.signature_id,
        canonical_email=fresh.canonical_email,
        on_file=True,
        outcome=ReportOutcome.KEPT,
    ).exists()


def _hidden(signature: Signature, _others: object) -> Decision:
    if not signature.is_listed:
        return Decision(to=Status(signature.status))
    reason = HoldReason.REPORTED
    return Decision(to=Status.HELD, hold_reasons=[reason], reason=reason)
