"""The record, events and audit entries together: searched, read, and taken out with a reason."""

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from campaign import audit, files, roles, trail
from campaign.admin import admission, asked, past
from campaign.admin.site import site
from campaign.admin.unfolded import ReadOnlyAdmin
from campaign.errors import NotReady
from campaign.models.audit import AuditAction, AuditEntry
from campaign.models.campaign import Campaign
from campaign.models.signature import Status
from campaign.trail import Asked, Place, Row

NAMES = {**{verb.value: label for verb, label in past.VERBS.items()}, **dict(AuditAction.choices)}
"""What was done, in words, by its code; the two tables have none in common but IMPORT."""


class SearchForm(forms.Form):
    """What is looked for; each left empty is anything."""

    campaign = forms.ModelChoiceField(Campaign.objects.none(), label=_("Campaign"), required=False)
    who = forms.CharField(
        label=_("Who"),
        required=False,
        max_length=150,
        help_text=_("A user name, or how an API key begins."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    what = forms.ChoiceField(label=_("What"), required=False)
    signature = forms.CharField(
        label=_("Signature"), required=False, max_length=16, help_text=_("Its id.")
    )
    since = forms.DateField(
        label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label=_("To"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    signers_too = forms.BooleanField(label=_("Also what signers did themselves"), required=False)

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        campaign, what = self.fields["campaign"], self.fields["what"]
        assert isinstance(campaign, forms.ModelChoiceField)
        assert isinstance(what, forms.ChoiceField)
        campaign.queryset = self.campaigns().order_by("slug")
        campaign.empty_label = _("all of yours")
        codes = sorted(NAMES, key=lambda code: str(NAMES[code]))
        what.choices = [("", _("anything")), *((code, NAMES[code]) for code in codes)]

    def campaigns(self) -> Any:
        return roles.campaigns(self.user, roles.AUDIT)

    def asked(self) -> Asked:
        """For `trail`; a day is one of UTC."""
        typed = self.cleaned_data
        chosen: Iterable[Campaign] = [typed["campaign"]] if typed["campaign"] else self.campaigns()
        everything = typed["campaign"] is None and roles.everywhere(self.user, roles.AUDIT)
        return Asked(
            campaigns=None if everything else [campaign.pk for campaign in chosen],
            who=typed["who"],
            what=typed["what"],
            signature=typed["signature"],
            since=_midnight(typed["since"]),
            until=_midnight(typed["until"], days=1),
            signers_too=typed["signers_too"],
        )


def _midnight(day: date | None, days: int = 0) -> datetime | None:
    if day is None:
        return None
    # The first and last days of the calendar have none beyond them.
    day = min(max(day, date(1900, 1, 1)), date(9999, 12, 30))
    return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days)


class ExportForm(SearchForm):
    """The same of one campaign, as a file."""

    reason = asked.ReasonField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        campaign = self.fields["campaign"]
        assert isinstance(campaign, forms.ModelChoiceField)
        campaign.required = True
        # Who has one alone needs not choose it.
        one = list(self.campaigns()[:2])
        campaign.initial, campaign.empty_label = (one[0], None) if len(one) == 1 else (None, "–")

    def campaigns(self) -> Any:
        allowed = roles.campaigns(self.user, roles.EXPORT).values("pk")
        return super().campaigns().filter(pk__in=allowed)


@admin.register(AuditEntry, site=site)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    """A page of our own in the place of a list: nobody edits or deletes anything of it."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(require_safe(self.search)), name="campaign_auditentry_changelist"),
            path("export/", view(require_POST(self.export)), name="campaign_auditentry_export"),
        ]

    def search(
        self, request: HttpRequest, export: ExportForm | None = None, status: int = 200
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        form = SearchForm(request.POST if export else request.GET, user=request.user)
        found = None
        if form.is_valid():
            found = trail.page(form.asked(), Place.read(request.GET.get("below", "")))
        else:
            status = 422
        query = request.GET.copy()
        query.pop("below", None)
        seen = set(roles.campaigns(request.user, roles.ADDRESSES).values_list("slug", flat=True))
        context = {
            **self.admin_site.each_context(request),
            "title": _("Audit trail"),
            "opts": self.opts,
            "form": form,
            "rows": _told(found.rows, seen) if found else [],
            "found": found,
            "query": query.urlencode(),
            "is_first": "below" not in request.GET,
            "export": export or ExportForm(user=request.user, auto_id="export_%s"),
            # What was searched for goes into the file too.
            "kept": [field for field in form if field.name != "campaign"],
            "may_export": bool(request.user.has_perm(roles.EXPORT)),
            "is_export_open": export is not None,
        }
        request.current_app = self.admin_site.name
        template = "admin/campaign/auditentry/page.html"
        return TemplateResponse(request, template, context, status=status)

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """What was looked for as CSV, of one campaign; the reason is on record before it leaves."""
        if not self.has_view_permission(request) or not request.user.has_perm(roles.EXPORT):
            raise PermissionDenied
        form = ExportForm(request.POST, user=request.user, auto_id="export_%s")
        if not form.is_valid():
            return self.search(request, export=form, status=422)
        campaign: Campaign = form.cleaned_data["campaign"]
        number = 0

        def write(file: Any) -> None:
            nonlocal number
            number = trail.write(form.asked(), file)

        try:
            found = files.written_for_one(write)
        except NotReady as error:
            form.add_error(None, str(error))
            return self.search(request, export=form, status=503)
        try:
            audit.record(
                AuditAction.TRAIL_EXPORTED,
                by=admission.user_of(request),
                campaign=campaign,
                number=number,
                note=form.cleaned_data["reason"],
            )
        except BaseException:
            found.close()
            raise
        return files.attached(found, f"{campaign.slug}-audit.csv", "text/csv; charset=utf-8")


# --- In words --------------------------------------------------------------------------------


def _told(rows: list[Row], seen: set[str]) -> list[dict[str, Any]]:
    """Lines for people; what somebody typed only of campaigns whose notes may be read."""
    codes = [json.loads(row["codes"] or "{}") for row in rows]
    users = {found["user"] for found in codes if isinstance(found.get("user"), int)}
    names = dict(User.objects.filter(pk__in=users).values_list("pk", "username"))
    return [_line(row, found, names, seen) for row, found in zip(rows, codes, strict=True)]


def _line(row: Row, codes: dict[str, Any], names: dict[int, str], seen: set[str]) -> dict[str, Any]:
    about = names.get(codes.pop("user", 0), "")
    change = [Status(each).label for each in (row["before"], row["after"]) if each]
    return {
        **row,
        "what": NAMES.get(row["what"], row["what"]),
        "who": past.who(row["actor"], row["who"]) or _("nobody known"),
        "about": about,
        "change": " → ".join(str(each) for each in dict.fromkeys(change)),
        "why": past.why(row["what"], row["why"]) if row["row"] else "",
        "codes": [(name, _shown(value)) for name, value in codes.items()],
        "note": row["text"] if row["slug"] in seen else "",
    }


def _shown(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)
