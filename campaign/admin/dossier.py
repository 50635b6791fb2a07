"""What speaks for and against one signature, side by side, for who decides it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from campaign import blocks, bounces, four_eyes, identity, networks, rules, suspicions
from campaign.admin import past
from campaign.admin.desk import SHOWN
from campaign.matcher import Likeness, Protected
from campaign.models.address import Unreachable, UnreachableReason
from campaign.models.event import Event, Verb
from campaign.models.evidence import Proof, Site
from campaign.models.mail import Mail
from campaign.models.name_numbers import RejectedName
from campaign.models.question import Question
from campaign.models.report import Report, ReportStatus
from campaign.models.representation import Representation
from campaign.models.signature import GUARDED, Evidence, Signature, Status
from campaign.reasons import Finding, was_like
from campaign.search import matching

DECISIONS = (Verb.APPROVE, Verb.SECOND, Verb.REJECT, Verb.HOLD, Verb.KEEP, Verb.RESTORE)
"""What a moderator decided of another signature says something of this one."""


@dataclass(frozen=True)
class Point:
    """One thing that speaks for or against, in a sentence; ``more`` are names, or what a rule found.

    ``code`` is the reason to hold, or '' of what is none; an ``alarm`` is drawn as one.
    """

    text: str
    code: str = ""
    more: tuple[str, ...] = ()
    alarm: bool = False


@dataclass(frozen=True)
class Other:
    """Another signature beside the one that is decided: how it is known, and how it was decided."""

    row: Signature
    decision: dict[str, Any] | None = None


@dataclass(frozen=True)
class Dossier:
    """Everything that one decision needs, side by side.

    ``similar`` stand on the list, ``same_name`` and ``same_address`` are of any status with what was
    decided of them, ``network`` came from the same network, for ``represented`` the same one signed.
    """

    signature: Signature
    speaks_for: list[Point]
    speaks_against: list[Point]
    protected_names: list[Protected]
    similar: list[Other]
    same_name: list[Other]
    same_address: list[Other]
    network: list[Other]
    questions: list[Question]
    events: list[Event]
    mails: list[Mail]
    reports: list[Report]
    proofs: list[Proof]
    suspicion_ids: set[int]
    sites: list[Site]
    representation: Representation | None
    represented: list[Other]

    @property
    def open_question(self) -> Question | None:
        return next((each for each in self.questions if each.ended_at is None), None)

    @property
    def open_reports(self) -> list[Report]:
        return [report for report in self.reports if report.status == ReportStatus.OPEN]


def dossier(signature: Signature, *, sees_addresses: bool) -> Dossier:
    """All that is known of a signature and of those like it.

    Without ``sees_addresses`` nothing that comes of an address or of a network.
    """
    others = Signature.objects.filter(campaign=signature.campaign_id).exclude(pk=signature.pk)
    others = others.defer("search").select_related("discipline")
    by_name = [*_rows(_listed(others, signature)), *_rows(_off_the_list(others, signature))]
    by_name += _rows(_refused_as_like(others, signature), without=by_name)
    by_address = _rows(_of_address(others, signature)) if sees_addresses else []
    listed = _rows(_similar(others, signature), without=by_name)
    network = _rows(_of_network(signature)) if sees_addresses else []
    representation = Representation.objects.filter(signature=signature).first()
    if not sees_addresses:
        representation = None
    represented = _rows(_of_representative(others, representation))
    decided = {
        pk: past.told(event, signature.campaign, with_note=sees_addresses)
        for pk, event in _decisions([*by_name, *by_address, *network, *represented]).items()
    }
    suspected = suspicions.open_of(signature)
    findings = _findings(signature, suspected.values())
    reports = _reports(signature)
    questions = list(Question.objects.filter(signature=signature).order_by("-pk"))
    return Dossier(
        signature=signature,
        speaks_for=_for(signature, questions, sees_addresses),
        speaks_against=_against(signature, findings, reports, sees_addresses),
        protected_names=[each.likeness.protected for each in findings if each.likeness],
        similar=[Other(row) for row in listed],
        same_name=[Other(row, decided.get(row.pk)) for row in by_name],
        same_address=[Other(row, decided.get(row.pk)) for row in by_address],
        network=[Other(row, decided.get(row.pk)) for row in network],
        questions=questions,
        events=list(
            Event.objects.filter(signature=signature)
            .select_related("user", "api_key", "note")
            .order_by("-pk")[:SHOWN]
        ),
        mails=list(
            Mail.objects.filter(signature=signature, report=None, representation=None).order_by(
                "-pk"
            )[:SHOWN]
        ),
        reports=reports,
        proofs=list(signature.proofs.select_related("vouching__voucher").order_by("pk")[:SHOWN]),
        suspicion_ids=set(suspected),
        sites=list(signature.sites.order_by("pk")) if sees_addresses else [],
        representation=representation,
        represented=[Other(row, decided.get(row.pk)) for row in represented],
    )


def _findings(signature: Signature, suspected: Iterable[Likeness]) -> list[Finding]:
    """What the rules say, and each name that brought it here: they tell of a few, and of now alone.

    Who keeps it answers all of these, so the page names every one.
    """
    findings = rules.explain(signature)
    named = {finding.likeness.protected.pk for finding in findings if finding.likeness}
    unnamed = [each for each in suspected if each.protected.pk not in named]
    return findings + [was_like(rules.reason(each), each) for each in unnamed]


# --- Others ----------------------------------------------------------------------------------


def _rows(
    rows: QuerySet[Signature], without: "list[Signature] | tuple[()]" = ()
) -> list[Signature]:
    gone = {row.pk for row in without}
    return [row for row in rows[:SHOWN] if row.pk not in gone]


def _listed(others: QuerySet[Signature], signature: Signature) -> QuerySet[Signature]:
    """Those on the list with the very same name."""
    if not signature.sort_key:
        return others.none()
    on_list = others.filter(status=Status.PUBLISHED, show_name=True)
    return on_list.filter(sort_key=signature.sort_key).order_by("public_id")


def _off_the_list(others: QuerySet[Signature], signature: Signature) -> QuerySet[Signature]:
    """Those with the very same name that wait too, or were ever refused, whatever came of them."""
    if not signature.name_fold:
        return others.none()
    # As the index has it.
    waits_or_was_refused = Q(status=Status.HELD) | ~Q(rejection_reason="")
    return others.filter(waits_or_was_refused, name_fold=signature.name_fold).order_by("-pk")


def _refused_as_like(others: QuerySet[Signature], signature: Signature) -> QuerySet[Signature]:
    """Those refused as impersonations whose name is like this one: see `blocks`."""
    noted = RejectedName.objects.filter(
        campaign=signature.campaign_id, key__in=blocks.keys(signature.name)
    )
    return others.filter(pk__in=noted.values("signature")).order_by("-pk")


def _of_address(others: QuerySet[Signature], signature: Signature) -> QuerySet[Signature]:
    if not signature.canonical_email:
        return others.none()
    return others.filter(canonical_email=signature.canonical_email).order_by("-pk")


def _similar(others: QuerySet[Signature], signature: Signature) -> QuerySet[Signature]:
    """Those on the list that have every word of its name, in whatever order, among theirs."""
    condition = matching(signature.name) if identity.query_words(signature.name) else None
    if condition is None:
        return others.none()
    return others.filter(condition, status=Status.PUBLISHED, show_name=True).order_by()


def _of_network(signature: Signature) -> QuerySet[Signature]:
    return networks.others(signature).defer("search")


def _of_representative(
    others: QuerySet[Signature], by: Representation | None
) -> QuerySet[Signature]:
    """Those for whom the same address signed."""
    if by is None or not by.canonical_email:
        return others.none()
    theirs = Representation.objects.filter(
        campaign=by.campaign_id, canonical_email=by.canonical_email
    )
    return others.filter(pk__in=theirs.values("signature")).order_by("-pk")


def _decisions(rows: list[Signature]) -> dict[int, Event]:
    """The last decision of each of these signatures, by its id, with who made it."""
    events = Event.objects.filter(signature__in=rows, verb__in=DECISIONS)
    events = events.select_related("user", "api_key", "note").order_by("signature", "-pk")
    return {event.signature_id: event for event in events.distinct("signature")}


def _reports(signature: Signature) -> list[Report]:
    reports = Report.objects.filter(signature=signature).exclude(status=ReportStatus.UNCONFIRMED)
    order = (F("closed_at").desc(nulls_first=True), "confirmed_at", "pk")
    return list(reports.order_by(*order)[:SHOWN])


# --- For and against -------------------------------------------------------------------------

_PROOFS: dict[str, str | Promise] = {
    Evidence.EMAIL: gettext_lazy("The mailbox was confirmed"),
    Evidence.ON_FILE: gettext_lazy("The campaign holds their consent"),
    Evidence.DOMAIN: gettext_lazy("Confirmed by their own site or domain"),
    Evidence.VOUCHED: gettext_lazy("An organisation vouches for them"),
    Evidence.STAFF: gettext_lazy("The campaign has checked who it is"),
}


def _for(signature: Signature, questions: list[Question], sees_addresses: bool) -> list[Point]:
    points = []
    if signature.evidence:
        since = f"{signature.evidence_at:%Y-%m-%d %H:%M}" if signature.evidence_at else ""
        domain = signature.email.rpartition("@")[2] if sees_addresses else ""
        proof = str(_PROOFS[signature.evidence])
        if signature.evidence == Evidence.EMAIL and domain:
            proof = _("The mailbox was confirmed, at %(domain)s") % {"domain": domain}
        points.append(Point(proof, more=(since,)))
    if signature.evidence_note and sees_addresses:
        points.append(Point(_("Noted with the evidence"), more=(signature.evidence_note,)))
    if signature.batch is not None:
        points.append(Point(_("Imported by the organiser"), more=(signature.batch.file_name,)))
    if any(question.answer for question in questions):
        points.append(Point(_("The signer has answered a question, above")))
    for first in four_eyes.firsts(signature) if signature.campaign.four_eyes else []:
        said = _("One of two: %(user)s") % {"user": first.user}
        points.append(Point(said, more=(first.event.note.text,) if sees_addresses else ()))
    return points


def _against(
    signature: Signature, findings: list[Finding], reports: list[Report], sees_addresses: bool
) -> list[Point]:
    points = []
    if n := sum(report.status == ReportStatus.OPEN for report in reports):
        said = ngettext("%(n)s open report, above", "%(n)s open reports, above", n) % {"n": n}
        points.append(Point(said, "reported", alarm=True))
    published = signature.status == Status.PUBLISHED
    for finding in findings:
        guarded = finding.reason in GUARDED
        if guarded or not published:
            told = sees_addresses or finding.reason not in rules.OF_ADDRESS
            label = str(finding.reason.label)
            # What no rule explains is said in the words of its label alone.
            more = (finding.sentence,) if told and finding.sentence != f"{label}." else ()
            points.append(Point(label, finding.reason, more, alarm=guarded))
    if sees_addresses and (unreachable := bounces.of(signature)):
        points.append(Point(_unreached(unreachable)))
    return points


def _unreached(unreachable: Unreachable) -> str:
    if unreachable.reason == UnreachableReason.BOUNCED:
        return _(
            "Mails come back: there is no such mailbox. "
            "Nothing goes there until %(day)s; what you decide is told after that."
        ) % {"day": f"{unreachable.until:%Y-%m-%d}"}
    return _(
        "Its owner called one of our mails unwanted: "
        "nothing goes there any more, not even what you decide."
    )
