"""What a moderator looks at: the work to do, and what speaks for and against one signature."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from django.db.models import F, Min, OrderBy, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign import mailboxes, roles, rules
from campaign.admin.unfolded import Paginator
from campaign.models.address import canonical_address
from campaign.models.batch import ImportBatch
from campaign.models.campaign import ProtectedName
from campaign.models.event import Event
from campaign.models.evidence import Proof
from campaign.models.mail import Mail
from campaign.models.report import Report, ReportStatus
from campaign.models.signature import HoldReason, Signature, Status
from campaign.models.webhook import Webhook
from campaign.roles import Somebody
from campaign.search import matching

COUNTED = 999
"""The badge counts so far and then says "more": it stands on every page."""
SHOWN = 20
"""Rows shown beside something else; more than these are a list of their own."""
PAGED = 10_000
"""Rows that a list counts and pages through; beyond them one filters or searches."""

FILTERS = "_changelist_filters"
"""Django's own parameter: which list the moderator came from, so that the next one is of it."""

# --- Lanes -----------------------------------------------------------------------------------

REPORTED = "reported"
"""The lane of what somebody has reported, published or held."""

_ONLY_IMPORTED = Q(hold_reasons=[HoldReason.IMPORTED])


@dataclass(frozen=True)
class Lane:
    """One way to cut the signatures, as a tab; '' is the one that the list opens on."""

    value: str
    label: str | Promise
    condition: Q
    order: tuple[str | OrderBy, ...] = ("-pk",)


# The held index serves both held lanes; their order is that of waiting.
_OLDEST = ("confirmed_at", "pk")
_OPEN = Report.objects.filter(status=ReportStatus.OPEN)
_FIRST_REPORT = Subquery(
    _OPEN.filter(signature=OuterRef("pk")).order_by("confirmed_at").values("confirmed_at")[:1]
)
LANES = (
    Lane(
        REPORTED,
        _("Reported"),
        Q(pk__in=_OPEN.values("signature")),
        (OrderBy(_FIRST_REPORT), "pk"),
    ),
    Lane("", _("To decide"), Q(status=Status.HELD) & ~_ONLY_IMPORTED, _OLDEST),
    Lane("release", _("Awaiting release"), Q(status=Status.HELD) & _ONLY_IMPORTED, _OLDEST),
    Lane("published", _("Published"), Q(status=Status.PUBLISHED)),
    Lane("rejected", pgettext_lazy("several signatures", "Rejected"), Q(status=Status.REJECTED)),
    Lane("withdrawn", _("Withdrawn"), Q(status__in=(Status.WITHDRAWN, Status.ERASED))),
    Lane("pending", _("Not confirmed"), Q(status=Status.PENDING)),
    Lane("all", _("All"), Q()),
)
BY_VALUE = {lane.value: lane for lane in LANES}


def waiting(user: Somebody) -> QuerySet[Signature]:
    """The work to do of somebody: held signatures to be decided one by one, the oldest first.

    Imported ones that wait for nothing but the release of their batch are another lane.
    """
    lane = BY_VALUE[""]
    rows = roles.within(Signature.objects.all(), user, roles.LOOK)
    return rows.filter(lane.condition).order_by(*lane.order)


def count_waiting(user: Somebody) -> int:
    """How much work somebody has, counted to one more than COUNTED."""
    return waiting(user).order_by()[: COUNTED + 1].count()


def count_reported(user: Somebody) -> int:
    """How many signatures in sight of ``user`` are reported, and nobody has decided since."""
    return roles.within(_OPEN, user, roles.LOOK).values("signature").distinct().count()


def open_reports(rows: Collection[Signature]) -> dict[int, list[Report]]:
    """The open reports about these signatures, by their ids, the oldest first."""
    found: dict[int, list[Report]] = {row.pk: [] for row in rows}
    for report in _OPEN.filter(signature__in=rows).order_by("confirmed_at", "pk"):
        found[report.signature_id].append(report)
    return found


def lane_of(filters: str) -> str:
    """Which lane a list with these filters, as its address has them, is."""
    return QueryDict(filters).get("status", "")


def count_failing_webhooks(user: Somebody) -> int:
    """How many webhooks of somebody's campaigns fail, or were switched off because they did."""
    failing = Webhook.objects.filter(Q(active=True, failing_since__isnull=False) | Q(note__gt=""))
    return roles.within(failing, user, roles.STEER).count()


def unreleased(user: Somebody) -> QuerySet[ImportBatch]:
    """The batches with consent on file that nobody has released yet, the newest first."""
    waiting = ImportBatch.objects.filter(released_at=None).exclude(consent_note="")
    waiting = roles.within(waiting, user, "campaign.view_importbatch")
    return waiting.select_related("campaign").order_by("-pk")[:SHOWN]


def following(rows: QuerySet[Signature], signature: Signature) -> Signature | None:
    """The held one of these rows that has waited next longest after this one, else the first."""
    held = rows.filter(status=Status.HELD).exclude(pk=signature.pk).order_by(*_OLDEST)
    at = signature.confirmed_at
    later = Q(confirmed_at__gt=at) | Q(confirmed_at=at, pk__gt=signature.pk)
    return held.filter(later).first() or held.first()


def next_reported(rows: QuerySet[Signature], signature: Signature) -> Signature | None:
    """The reported one of these rows that waits next longest after this one, else the first."""
    others = rows.exclude(pk=signature.pk).annotate(reported_at=_FIRST_REPORT)
    others = others.order_by("reported_at", "pk")
    at = _OPEN.filter(signature=signature).aggregate(at=Min("confirmed_at"))["at"]
    later = others.filter(reported_at__gt=at).first() if at else None
    return later or others.first()


class CappedPaginator(Paginator[Signature]):
    """Counts PAGED rows and no more: a list opens as fast with a million rows."""

    template_name = "admin/campaign/pagination.html"

    @cached_property
    def count(self) -> int:
        rows = self.object_list
        assert isinstance(rows, QuerySet)
        return rows.order_by()[:PAGED].count()

    @property
    def is_capped(self) -> bool:
        return self.count >= PAGED


# --- Searching -------------------------------------------------------------------------------

_PUBLIC_ID = set("0123456789abcdefghjkmnpqrstvwxyz")


def search(rows: QuerySet[Signature], typed: str, user: Somebody) -> QuerySet[Signature]:
    """The rows of an address, a mail domain (typed as @domain), an id, or words of a name.

    By address and domain only where ``user`` may see addresses: an answer would tell as much.
    """
    typed = typed.strip()
    if "@" in typed:
        seen = roles.within(rows, user, roles.ADDRESSES)
        if typed.startswith("@"):
            return seen.filter(email__iendswith=typed)
        try:
            canonical = canonical_address(mailboxes.parse_address(typed))
        except mailboxes.AddressError:
            return rows.none()
        # The campaigns are named because the index begins with them.
        campaigns = list(roles.campaigns(user, roles.ADDRESSES).values_list("pk", flat=True))
        return seen.filter(campaign__in=campaigns, canonical_email=canonical)
    if len(typed) == 16 and set(typed) <= _PUBLIC_ID:
        return rows.filter(public_id=typed)
    condition = matching(typed)
    return rows.none() if condition is None else rows.filter(condition)


# --- For and against -------------------------------------------------------------------------


@dataclass(frozen=True)
class Dossier:
    """Everything that one decision needs, side by side."""

    signature: Signature
    protected_names: list[ProtectedName]
    same_address: list[Signature]
    same_name: list[Signature]
    events: list[Event]
    mails: list[Mail]
    reports: list[Report]
    proofs: list[Proof]


def row_id(typed: str) -> int:
    """The id in an address; 0, no row's, for what cannot be one: `int` refuses thousands of digits."""
    return int(typed) if typed.isdecimal() and len(typed) <= 20 else 0


def find(pk: int) -> Signature | None:
    """One signature with what its page shows."""
    found = Signature.objects.select_related(
        "campaign", "discipline", "statement__version", "consent", "batch"
    )
    return found.defer("search").filter(pk=pk).first()


def dossier(signature: Signature, *, sees_addresses: bool) -> Dossier:
    """What speaks for and against a signature: names it looks like, its address, its past.

    Without ``sees_addresses`` nothing that comes of the address.
    """
    others = Signature.objects.filter(campaign=signature.campaign).exclude(pk=signature.pk)
    others = others.defer("search")
    same_address: list[Signature] = []
    if sees_addresses and signature.canonical_email:
        same_address = list(
            others.filter(canonical_email=signature.canonical_email).order_by("-pk")[:SHOWN]
        )
    same_name: list[Signature] = []
    if signature.sort_key:
        listed = others.filter(status=Status.PUBLISHED, show_name=True)
        same_name = list(listed.filter(sort_key=signature.sort_key).order_by("public_id")[:SHOWN])
    events = Event.objects.filter(signature=signature).select_related("user", "api_key", "note")
    return Dossier(
        signature=signature,
        protected_names=rules.matching_names([signature])[0],
        same_address=same_address,
        same_name=same_name,
        events=list(events.order_by("-pk")[:SHOWN]),
        mails=list(Mail.objects.filter(signature=signature, report=None).order_by("-pk")[:SHOWN]),
        reports=list(
            Report.objects.filter(signature=signature)
            .exclude(status=ReportStatus.UNCONFIRMED)
            .order_by(F("closed_at").desc(nulls_first=True), "confirmed_at", "pk")[:SHOWN]
        ),
        proofs=list(signature.proofs.order_by("pk")[:SHOWN]),
    )
