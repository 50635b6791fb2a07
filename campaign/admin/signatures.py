"""The list of signatures, which opens on the work to do, and the page of one."""

import copy
from collections import Counter
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import OrderBy, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.urls import URLPattern, path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.text import format_lazy
from django.utils.timesince import timesince
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext_lazy as _

from campaign import four_eyes, rejections, roles, rules, vouching
from campaign.admin import decisions, desk, looking, many, proofs, sight, trying, undo, verdicts
from campaign.admin.site import site
from campaign.admin.unfolded import CampaignFilter, ChangeList, PageAdmin
from campaign.models.batch import ImportBatch
from campaign.models.event import Verb
from campaign.models.report import Report, ReportReason
from campaign.models.signature import GUARDED, Evidence, HoldReason, Signature, Status

WHY = {
    HoldReason.REVIEW: _("Review"),
    HoldReason.PROTECTED_NAME: _("Protected name"),
    HoldReason.SECOND_NAME: _("Second name"),
    HoldReason.IMPORTED: _("Imported"),
    HoldReason.REJECTED_BEFORE: _("Rejected before"),
    HoldReason.RENAMED: _("Changed"),
    HoldReason.MODERATOR: _("Held by a moderator"),
    HoldReason.REPORTED: _("Reported"),
    HoldReason.NEAR_NAME: _("Near a protected name"),
    HoldReason.ON_LIST: _("Name on the list"),
    HoldReason.FEATURED: _("Featured"),
    HoldReason.ORGANISATION: _("Organisation or group"),
    HoldReason.MAIL_DOMAIN: _("Other mail domain"),
    HoldReason.DISPOSABLE: _("Disposable address"),
    HoldReason.MANY: _("Many at once"),
    HoldReason.NO_NAME: _("No name?"),
    HoldReason.REJECTED_NAME: _("Name rejected before"),
    HoldReason.BRAKE: _("Brake"),
    HoldReason.REPRESENTED: _("Signed for"),
    HoldReason.LEFT: _("Address left"),
    HoldReason.NAME_LEFT: _("Name left"),
}
"""A word or two for the list; the page of one has the whole sentence."""

REPORTED = {
    ReportReason.NOT_SIGNED: _("Did not sign"),
    ReportReason.NOT_ME: _("Somebody else"),
    ReportReason.OTHER: _("Something else"),
}
"""What reporters say, in a word or two."""

PROOF = {
    Evidence.EMAIL: _("Mailbox"),
    Evidence.ON_FILE: _("On file"),
    Evidence.DOMAIN: _("Own site"),
    Evidence.VOUCHED: _("Vouched"),
    Evidence.STAFF: _("Checked"),
}


class StatusFilter(admin.SimpleListFilter):
    """The lanes; without a choice the work to do."""

    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(lane.value, lane.label) for lane in desk.LANES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        lane = desk.BY_VALUE.get(self.value() or "")
        if lane is None:
            raise IncorrectLookupParameters
        return queryset.filter(lane.condition)

    def choices(self, changelist: Any) -> Any:
        for lane in desk.LANES:
            one = {self.parameter_name: lane.value} if lane.value else {}
            yield {
                "selected": (self.value() or "") == lane.value,
                "query_string": changelist.get_query_string(one, [self.parameter_name]),
                "display": lane.label,
            }


class HoldReasonFilter(admin.SimpleListFilter):
    title = _("why held")
    parameter_name = "why"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(reason.value, label) for reason, label in WHY.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        if value not in HoldReason.values:
            raise IncorrectLookupParameters
        return queryset.filter(hold_reasons__contains=[value])


class SignatureList(ChangeList):
    """One page of the list, with what its rows look like, or are reported for, read at once."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows = list(self.result_list)
        seen = set(roles.campaigns(request.user, roles.ADDRESSES).values_list("pk", flat=True))
        all_are = request.GET.get("status") == desk.SUSPECT
        suspect = [r for r in rows if all_are or not set(GUARDED).isdisjoint(r.hold_reasons)]
        answered = desk.answered(rows)
        names = dict(zip(suspect, rules.matching_names(suspect), strict=True))
        reported = {}
        if request.GET.get("status") == desk.REPORTED:
            reported = desk.open_reports(rows)
        approvals = four_eyes.approvals(suspect)
        for row in rows:
            row.approvals_now = approvals.get(row.pk, [])
            row.resembles = names.get(row, [])
            row.open_reports = reported.get(row.pk, [])
            row.mail_domain = row.email.rpartition("@")[2] if row.campaign_id in seen else ""
            row.is_answered = row.pk in answered
        self.result_list = rows
        sight.note(request, [row.campaign for row in rows if row.mail_domain])


@admin.register(Signature, site=site)
class SignatureAdmin(PageAdmin[Signature]):
    list_filter = (
        StatusFilter,
        ("campaign", CampaignFilter),
        HoldReasonFilter,
        "kind",
        ("discipline", CampaignFilter),
        ("batch", CampaignFilter),
    )
    list_select_related = ("discipline", "campaign")
    list_per_page = 50
    list_max_show_all = many.AT_ONCE
    paginator = desk.CappedPaginator
    # What is searched is desk.search's; Django draws the field only where this names something.
    search_fields = ("name",)
    search_help_text = _("A name or the beginning of it, a mail address, @domain, or an id")
    actions = ("approve_selected", "reject_selected", "looked_at_selected")
    list_before_template = "admin/campaign/signature/lanes.html"
    sortable_by = ()
    # Facets count every row for every filter.
    show_facets = admin.ShowFacets.NEVER

    # --- The list

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return SignatureList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Signature]:
        return super().get_queryset(request).defer("search")

    def get_ordering(self, request: HttpRequest) -> tuple[str | OrderBy, ...]:
        lane = desk.BY_VALUE.get(request.GET.get("status", ""))
        return lane.order if lane else ("-pk",)

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        shown = ("who", "what", "known_for")
        lane = request.GET.get("status", "")
        if lane == desk.REPORTED:
            return (*shown, "state", "reported", "evidence_label", "reported_since")
        if lane == "deferred":
            return (*shown, "state", "why", "domain", "evidence_label", "until")
        if lane in desk.AWAITS:
            return (*shown, "why", "domain", "evidence_label", "since")
        return (*shown, "state", "why", "domain", "evidence_label")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Signature], search_term: str
    ) -> tuple[QuerySet[Signature], bool]:
        if not search_term.strip():
            return queryset, False
        return desk.search(queryset, search_term, request.user), False

    @admin.display(description=_("Name"))
    def who(self, row: Signature) -> SafeString:
        return format_html("<bdi>{}</bdi>", row.name or row.public_id)

    @admin.display(description=_("Kind, discipline"))
    def what(self, row: Signature) -> str:
        kind = str(row.get_kind_display())
        return f"{kind}, {row.discipline}" if row.discipline else kind

    @admin.display(description=format_lazy("{}, {}", _("Credit"), _("Organisation")))
    def known_for(self, row: Signature) -> SafeString:
        """Credit and organisation, in one column: most rows have one of them at most."""
        of = format_html('<bdi class="known-of">{}</bdi>', row.organisation)
        credit = format_html("<bdi>{}</bdi>", row.credit)
        return format_html("{}{}", credit if row.credit else "", of if row.organisation else "")

    @admin.display(description=_("Status"))
    def state(self, row: Signature) -> SafeString:
        return format_html(
            '<span class="chip chip-{}">{}</span>', row.status, row.get_status_display()
        )

    @admin.display(description=_("Why held"))
    def why(self, row: Signature) -> SafeString | str:
        reasons = row.hold_reasons
        if row.status == Status.REJECTED:
            reasons = [reason for reason in reasons if reason == HoldReason.RENAMED]
        names = ", ".join(str(name) for name in getattr(row, "resembles", []))
        if names and row.status == Status.PUBLISHED:
            reasons = [HoldReason.PROTECTED_NAME]  # as it would be held for by now
        chips = [
            (
                reason,
                HoldReason(reason).label,
                WHY[HoldReason(reason)],
                f": {names}" if names and reason in GUARDED else "",
            )
            for reason in reasons
        ]
        if getattr(row, "is_answered", False):
            chips.append(("answered", _("The signer has answered"), _("Answered"), ""))
        chip = '<span class="chip chip-{}" title="{}">{}{}</span>'
        shown = format_html_join(" ", chip, chips)
        for approval in getattr(row, "approvals_now", []):
            said = _("One of two: %(user)s") % {"user": approval.user}
            shown = format_html('{} <span class="chip chip-second">{}</span>', shown, said)
        if row.status == Status.REJECTED:
            why = rejections.find(row.campaign, row.rejection_reason)
            return format_html("{} {}", why.for_signer(get_language()), shown)
        return shown or "–"

    @admin.display(description=_("Reported"))
    def reported(self, row: Signature) -> SafeString:
        reports: list[Report] = getattr(row, "open_reports", [])
        chips = Counter((report.on_file, ReportReason(report.reason)) for report in reports)
        return format_html_join(
            " ",
            '<span class="chip {}">{}{}{}</span>',
            (
                (
                    "chip-on-file" if on_file else "",
                    REPORTED[reason],
                    f" × {n}" if n > 1 else "",
                    format_html(", {}", _("address on file")) if on_file else "",
                )
                for (on_file, reason), n in chips.items()
            ),
        )

    @admin.display(description=_("Waiting for"))
    def reported_since(self, row: Signature) -> str:
        reports: list[Report] = getattr(row, "open_reports", [])
        times = [report.confirmed_at for report in reports if report.confirmed_at]
        return timesince(min(times), depth=1) if times else "–"

    @admin.display(description=_("Mail domain"))
    def domain(self, row: Signature) -> str:
        return getattr(row, "mail_domain", "") or "–"

    @admin.display(description=_("Evidence"))
    def evidence_label(self, row: Signature) -> str:
        return str(PROOF[Evidence(row.evidence)]) if row.evidence else "–"

    @admin.display(description=_("Waiting for"))
    def since(self, row: Signature) -> str:
        return timesince(row.confirmed_at, depth=1) if row.confirmed_at else "–"

    @admin.display(description=_("Until (UTC)"))
    def until(self, row: Signature) -> str:
        return f"{row.deferred_until:%Y-%m-%d %H:%M}" if row.deferred_until else "–"

    # --- Decisions

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        return self.may(request, roles.MODERATE)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST" and not self.has_moderate_permission(request):
            raise PermissionDenied
        context = {
            **(extra_context or {}),
            "batches": self._batches(request),
            "work": self._lanes(request, counted=True),
            "lists": self._lanes(request, counted=False),
            "last": undo.last(request),
            "filters": request.GET.urlencode(),
        }
        return super().changelist_view(request, context)

    def _lanes(self, request: HttpRequest, *, counted: bool) -> list[dict[str, Any]]:
        """The lanes above the list: those that say how many are in them, or the others."""
        here, counts = request.GET.get("status", ""), desk.counts(request.user)
        return [
            {
                "label": lane.label,
                "query": f"?status={lane.value}" if lane.value else "?",
                "here": here == lane.value,
                "count": desk.said(counts[lane.value]) if counted else "",
            }
            for lane in desk.LANES
            if lane.counted == counted
        ]

    def _batches(self, request: HttpRequest) -> list[ImportBatch]:
        """Above the work to do: the batches that await their release as a whole."""
        if request.GET.get("status", "") not in {"", "release"}:
            return []
        if not request.user.has_perm("campaign.view_importbatch"):
            return []
        return list(desk.unreleased(request.user))

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One signature, read-only; what decides are the buttons of `decisions`."""
        signature = desk.find(desk.row_id(object_id))
        if signature is None or not self.has_view_permission(request, signature):
            raise Http404
        return decisions.page(request, signature, beside=self.beside)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        one = [
            path(
                f"<int:pk>/{verb}/",
                view(
                    partial(
                        decisions.decide_one,
                        verb=verb,
                        next_of=self.next_of,
                        beside=self.beside,
                    )
                ),
                name=f"campaign_signature_{verb}",
            )
            for verb in verdicts.BUTTONS
        ]
        of_many = [
            path(
                f"many/{verb}/",
                view(partial(many.decide_many, verb=verb)),
                name=f"campaign_signature_many_{verb}",
            )
            for verb in (Verb.APPROVE.value, Verb.REJECT.value)
        ]
        beside = [
            path("try/", view(trying.try_name), name="campaign_signature_try"),
            path("<int:pk>/looking/", view(looking.looking), name="campaign_signature_looking"),
            path("<int:pk>/undo/", view(decisions.take_back), name="campaign_signature_undo"),
        ]
        return one + beside + of_many + proofs.urls(view) + super().get_urls()

    def next_of(self, request: HttpRequest, filters: str, signature: Signature) -> Signature | None:
        """What is to be decided next of the list with these filters, as the list would show it."""
        assert isinstance(request.user, User)
        rows = four_eyes.left_to(request.user, self._rows_of(request, filters))
        following = desk.following(rows, signature, desk.lane_of(filters))
        return looking.free(request, following[: looking.AHEAD])

    def beside(
        self, request: HttpRequest, filters: str, signature: Signature
    ) -> tuple[Signature | None, Signature | None]:
        """The ones after and before this one in that list."""
        rows, lane = self._rows_of(request, filters), desk.lane_of(filters)
        assert isinstance(request.user, User)
        theirs = four_eyes.left_to(request.user, rows)
        later = looking.free(request, desk.beyond(theirs, signature, lane)[: looking.AHEAD])
        return later, desk.beyond(rows, signature, lane, backward=True).first()

    def _rows_of(self, request: HttpRequest, filters: str) -> QuerySet[Signature]:
        """The rows of the list with these filters, as its address has them."""
        there = copy.copy(request)
        there.GET = QueryDict(desk.unpaged(filters))
        try:
            rows: QuerySet[Signature] = self.get_changelist_instance(there).queryset
            return rows.select_related(None)
        except IncorrectLookupParameters:
            return desk.waiting(request.user)

    @admin.action(description=_("Approve…"), permissions=["moderate"])
    def approve_selected(
        self, request: HttpRequest, queryset: QuerySet[Signature]
    ) -> HttpResponse | None:
        return self._preview(request, queryset, Verb.APPROVE)

    @admin.action(description=_("Reject…"), permissions=["moderate"])
    def reject_selected(
        self, request: HttpRequest, queryset: QuerySet[Signature]
    ) -> HttpResponse | None:
        return self._preview(request, queryset, Verb.REJECT)

    @admin.action(description=_("I have looked at them"), permissions=["moderate"])
    def looked_at_selected(self, request: HttpRequest, queryset: QuerySet[Signature]) -> None:
        """Take those that nobody vouches for any more out of their lane, as they are."""
        assert isinstance(request.user, User)
        rows = self.within(queryset, request, roles.MODERATE)
        n = vouching.looked_at(rows, by=request.user)
        said = ngettext("%(n)s was looked at.", "%(n)s were looked at.", n)
        messages.success(request, said % {"n": n})

    def get_actions(self, request: HttpRequest) -> Any:
        actions = super().get_actions(request)
        if request.GET.get("status") != desk.FALLEN:
            actions.pop("looked_at_selected", None)
        return actions

    def _preview(
        self, request: HttpRequest, queryset: QuerySet[Signature], verb: Verb
    ) -> HttpResponse | None:
        queryset = self.within(queryset, request, roles.MODERATE)
        rows = list(queryset.select_related("campaign", "discipline")[: many.AT_ONCE + 1])
        if not rows:  # somebody has decided them since this list was opened
            messages.warning(request, _("Those are not in this list any more."))
            return None
        if len(rows) > many.AT_ONCE:
            said = _("At most %(n)s at once: nobody reads more than that before deciding.")
            messages.error(request, said % {"n": many.AT_ONCE})
            return None
        return many.preview(request, rows, verb=verb)
