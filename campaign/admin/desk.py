"""The work to do: in which lane a signature waits, what comes next, and how a list is searched."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.contrib.admin.views.main import ALL_VAR, PAGE_VAR
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Min, OrderBy, OuterRef, Q, QuerySet, Subquery
from django.http import QueryDict
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaign import lanes, mailboxes, roles
from campaign.admin.unfolded import Paginator
from campaign.models.address import canonical_address
from campaign.models.batch import ImportBatch
from campaign.models.question import Question
from campaign.models.report import Report
from campaign.models.signature import Signature, Status
from campaign.models.webhook import Webhook
from campaign.roles import Somebody
from campaign.search import matching
from campaign.waiting import ASKED, DEFERRED, FOR_RELEASE, TO_DECIDE

COUNTED = 999
"""What is counted on every page is counted so far, and then says "more"."""
SHOWN = 20
"""Rows shown beside something else; more than these are a list of their own."""
PAGED = 10_000
"""Rows that a list counts and pages through; beyond them one filters or searches."""

FILTERS = "_changelist_filters"
"""Django's own parameter: which list the moderator came from, so that the next one is of it."""

# --- Lanes -----------------------------------------------------------------------------------

REPORTED = "reported"
"""The lane of what somebody has reported, published or held."""
SUSPECT = "suspect"
"""The lane of what was published before a name that it is like became protected."""
FALLEN = "fallen"
"""The lane of what an organisation vouched for, and no longer does."""

SITES = "sites"
"""The lane of who has shown that a site is theirs, and waits for somebody to say whose site it is."""


@dataclass(frozen=True)
class Lane:
    """One way to cut the signatures, as a tab; '' is everything that waits for a decision.

    ``counted`` ones say how many are in them.
    """

    value: str
    label: str | Promise
    condition: Q
    order: tuple[str | OrderBy, ...] = ("-pk",)
    counted: bool = False


_OLDEST = ("confirmed_at", "pk")
_FIRST_REPORT = Subquery(
    lanes.OPEN_REPORTS.filter(signature=OuterRef("pk"))
    .order_by("confirmed_at")
    .values("confirmed_at")[:1]
)

WORK = (
    Lane(REPORTED, _("Reported"), lanes.REPORTED, (OrderBy(_FIRST_REPORT), "pk"), True),
    Lane("protected", _("Protected names"), lanes.PROTECTED, _OLDEST, True),
    Lane(SUSPECT, _("Published, like a protected name"), lanes.SUSPECT, _OLDEST, True),
    Lane("groups", _("Organisations and groups"), lanes.GROUPS, _OLDEST, True),
    Lane("rest", _("The rest"), lanes.REST, _OLDEST, True),
)
"""What waits for a decision, the most urgent lane first; each signature is in one of them."""
LANES = (
    *WORK,
    Lane("", _("All to decide"), TO_DECIDE, _OLDEST),
    Lane("asked", _("Waiting for an answer"), ASKED, ("-pk",), True),
    Lane("deferred", _("Deferred"), DEFERRED, ("deferred_until", "pk"), True),
    Lane(SITES, _("Own sites to look at"), lanes.SITES, ("pk",), True),
    Lane(FALLEN, _("No longer vouched for"), lanes.FALLEN, ("pk",), True),
    Lane("release", _("Awaiting release"), FOR_RELEASE, _OLDEST, True),
    Lane("published", _("Published"), Q(status=Status.PUBLISHED)),
    Lane("rejected", pgettext_lazy("several signatures", "Rejected"), Q(status=Status.REJECTED)),
    Lane("withdrawn", _("Withdrawn"), Q(status__in=(Status.WITHDRAWN, Status.ERASED))),
    Lane("pending", _("Not confirmed"), Q(status=Status.PENDING)),
    Lane("all", _("All"), Q()),
)
BY_VALUE = {lane.value: lane for lane in LANES}
AWAITS = frozenset({lane.value for lane in WORK} | {"", "asked", "deferred", "release"})
"""The lanes whose rows wait for something, and say for how long."""


def in_lane(lane: Lane, user: Somebody) -> QuerySet[Signature]:
    """What of a lane somebody may see, in its order."""
    rows = roles.within(Signature.objects.all(), user, roles.LOOK)
    return rows.filter(lane.condition).order_by(*lane.order)


def counts(user: Somebody) -> dict[str, int]:
    """How many are in each lane that is counted and to decide at all, in sight of somebody.

    Each to one more than COUNTED, and all in one query a request: they stand on every page.
    """
    if not hasattr(user, "_lanes"):
        shown = [lane for lane in LANES if lane.counted or lane.value == ""]
        parts = [_counted(in_lane(lane, user)) for lane in shown]
        columns = ", ".join(f"(SELECT count(*) FROM ({sql}) AS lane)" for sql, _given in parts)
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns}", [one for _sql, given in parts for one in given])
            numbers = cursor.fetchone()
        user._lanes = dict(zip((lane.value for lane in shown), numbers, strict=True))  # type: ignore[union-attr]
    found: dict[str, int] = user._lanes  # type: ignore[union-attr]
    return found


def _counted(rows: QuerySet[Signature]) -> tuple[str, tuple[Any, ...]]:
    """SQL of as many of these rows as are counted."""
    try:
        sql, given = rows.order_by().values("pk")[: COUNTED + 1].query.sql_with_params()
    except EmptyResultSet:  # nobody's campaign is in sight
        return "SELECT WHERE false", ()
    return str(sql), tuple(given)


def said(number: int) -> str:
    """A number that was counted so far."""
    return f"{COUNTED}+" if number > COUNTED else str(number)


def first_lane(user: Somebody) -> Lane:
    """Where somebody begins: the most urgent lane with something in it."""
    return next((lane for lane in WORK if counts(user)[lane.value]), BY_VALUE[""])


def lane_now(signature: Signature) -> Lane:
    """The first lane of work that a signature is in, else the list of its status."""
    own = Signature.objects.filter(pk=signature.pk)
    for lane in (*WORK, BY_VALUE["asked"], BY_VALUE["deferred"], BY_VALUE["release"]):
        if own.filter(lane.condition).exists():
            return lane
    return BY_VALUE.get(signature.status, BY_VALUE["all"])


def waiting(user: Somebody) -> QuerySet[Signature]:
    """The work to do of somebody: held signatures to be decided one by one, the oldest first.

    Imported ones that wait for nothing but the release of their batch are another lane.
    """
    return in_lane(BY_VALUE[""], user)


def open_reports(rows: Collection[Signature]) -> dict[int, list[Report]]:
    """The open reports about these signatures, by their ids, the oldest first."""
    found: dict[int, list[Report]] = {row.pk: [] for row in rows}
    for report in lanes.OPEN_REPORTS.filter(signature__in=rows).order_by("confirmed_at", "pk"):
        found[report.signature_id].append(report)
    return found


def answered(rows: Collection[Signature]) -> set[int]:
    """The ids of those of these signatures whose signer has answered a question."""
    answers = Question.objects.filter(signature__in=rows, answered_at__isnull=False)
    return set(answers.values_list("signature", flat=True))


def lane_of(filters: str) -> str:
    """Which lane a list with these filters, as its address has them, is."""
    return QueryDict(filters).get("status", "")


def unpaged(filters: str) -> str:
    """These filters without the page: a list that has shrunk may have none of that number any more."""
    kept = QueryDict(filters, mutable=True)
    for name in (PAGE_VAR, ALL_VAR):
        kept.pop(name, None)
    return kept.urlencode()


def count_failing_webhooks(user: Somebody) -> int:
    """How many webhooks of somebody's campaigns fail, or were switched off because they did."""
    failing = Webhook.objects.filter(Q(active=True, failing_since__isnull=False) | Q(note__gt=""))
    return roles.within(failing, user, roles.STEER).count()


def unreleased(user: Somebody) -> QuerySet[ImportBatch]:
    """The batches with consent on file that nobody has released yet, the newest first."""
    batches = ImportBatch.objects.filter(released_at=None).exclude(consent_note="")
    batches = roles.within(batches, user, "campaign.view_importbatch")
    return batches.select_related("campaign").order_by("-pk")[:SHOWN]


# --- Next and previous -----------------------------------------------------------------------


def beyond(
    rows: QuerySet[Signature], signature: Signature, lane: str, *, backward: bool = False
) -> QuerySet[Signature]:
    """Those of a lane's rows that come after one of them, or before it, the nearest first."""
    sign = "-" if backward else ""
    rows = rows.exclude(pk=signature.pk)
    if lane not in AWAITS:
        beside = {"pk__gt" if backward else "pk__lt": signature.pk}
        return rows.filter(**beside).order_by("pk" if backward else "-pk")
    if lane == REPORTED:
        rows = rows.annotate(reported_at=_FIRST_REPORT)
        at = lanes.OPEN_REPORTS.filter(signature=signature).aggregate(at=Min("confirmed_at"))["at"]
        key = "reported_at"
    else:
        key = "deferred_until" if lane == "deferred" else "confirmed_at"
        at = getattr(signature, key)
    if at is None:
        return rows.none()
    to = "lt" if backward else "gt"
    there = Q(**{f"{key}__{to}": at}) | Q(**{key: at, f"pk__{to}": signature.pk})
    return rows.filter(there).order_by(f"{sign}{key}", f"{sign}pk")


def following(rows: QuerySet[Signature], signature: Signature, lane: str) -> QuerySet[Signature]:
    """What is to be decided after this one: of its lane, of other lists what is held; may be empty."""
    if lane not in AWAITS:
        rows, lane = rows.filter(status=Status.HELD), ""
    later = beyond(rows, signature, lane)
    if later.exists():
        return later
    order = ("pk",) if lane == REPORTED else _OLDEST
    return rows.exclude(pk=signature.pk).order_by(*order)


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


def row_id(typed: str) -> int:
    """The id in an address; 0, no row's, for what cannot be one: `int` refuses thousands of digits."""
    return int(typed) if typed.isdecimal() and len(typed) <= 20 else 0


def find(pk: int) -> Signature | None:
    """One signature with what its page shows."""
    found = Signature.objects.select_related(
        "campaign", "discipline", "statement__version", "consent", "batch"
    )
    return found.defer("search").filter(pk=pk).first()
