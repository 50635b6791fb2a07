"""What goes out as a file: print lists, and the signatures themselves; each with a reason, on record."""

from collections.abc import Callable, Iterator
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseRedirect,
)
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from campaign import files, printing, private_export, roles
from campaign.admin import asked, desk
from campaign.admin.site import site
from campaign.admin.unfolded import PageAdmin
from campaign.errors import InvalidInput, NotReady
from campaign.models.campaign import Campaign
from campaign.models.print_list import PrintList
from campaign.models.signature import Status

FLAGGED = 200
"""Lines that are named as not to be set any more; the file of them has all."""

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


class ReasonForm(forms.Form):
    """Whose data are taken out, and why."""

    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), label=_("Campaign"), empty_label=None
    )
    reason = asked.ReasonField()

    def __init__(self, *args: Any, campaigns: QuerySet[Campaign], **options: Any) -> None:
        super().__init__(*args, **options)
        chosen = self.fields["campaign"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = campaigns.order_by("slug")


class ExportForm(ReasonForm):
    """Which signatures, and as what."""

    status = forms.ChoiceField(
        label=_("Which"),
        required=False,
        choices=[
            ("", _("All that were confirmed")),
            *((each.value, each.label) for each in Status if each != Status.PENDING),
        ],
    )
    newsletter = forms.BooleanField(label=_("Only who wants the campaign’s news"), required=False)
    form = forms.ChoiceField(
        label=_("As"), choices=[("csv", "CSV"), ("xlsx", "XLSX")], widget=forms.RadioSelect
    )
    field_order = ("campaign", "status", "newsletter", "form", "reason")


@admin.register(PrintList, site=site)
class PrintListAdmin(PageAdmin[PrintList]):
    list_display = ("created_at", "campaign", "number", "by", "sha256")
    list_select_related = ("campaign", "by")
    ordering = ("-pk",)
    sortable_by = ()

    right = roles.EXPORT

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, roles.EXPORT)

    # --- Freezing one

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        campaigns = roles.campaigns(request.user, roles.EXPORT)
        form = ReasonForm(request.POST or None, campaigns=campaigns)
        if request.method != "POST" or not form.is_valid():
            context = {"title": _("Freeze a print list"), "form": form}
            return self._answer(request, "add", context, status=422 if form.is_bound else 200)
        assert isinstance(request.user, AbstractBaseUser)
        typed = form.cleaned_data
        made = printing.order(campaign=typed["campaign"], by=request.user, reason=typed["reason"])
        return HttpResponseRedirect(reverse("admin:campaign_printlist_change", args=[made.pk]))

    # --- One

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        print_list = self.find(request, desk.row_id(object_id), self.get_queryset(request))
        flagged = printing.left_since(print_list)
        context = {
            "title": str(print_list),
            "original": print_list,
            "print_list": print_list,
            "is_whole": printing.is_whole(print_list),
            "flagged": flagged[:FLAGGED],
            "flagged_number": flagged.count(),
        }
        return self._answer(request, "page", context)

    def _answer(
        self, request: HttpRequest, page: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        request.current_app = self.admin_site.name
        common = {**self.admin_site.each_context(request), "opts": self.opts}
        template = f"admin/campaign/printlist/{page}.html"
        return TemplateResponse(request, template, {**common, **context}, status=status)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/file/",
                view(require_safe(self.file)),
                name="campaign_printlist_file",
            ),
            path(
                "<int:pk>/changes/",
                view(require_safe(self.changes)),
                name="campaign_printlist_changes",
            ),
            path("export/", view(self.export), name="campaign_signature_export"),
            *super().get_urls(),
        ]

    def file(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """The list itself, ready to be set."""
        return self._sent(request, pk, printing.lines, ".txt")

    def changes(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        """Who left or changed since, for whoever has set it."""
        return self._sent(request, pk, printing.changes, "-changes.txt")

    def _sent(
        self,
        request: HttpRequest,
        pk: int,
        written: Callable[[PrintList], Iterator[bytes]],
        ending: str,
    ) -> HttpResponseBase:
        print_list = self.find(request, pk, self.get_queryset(request))
        if print_list.frozen_at is None:
            raise Http404
        try:
            found = files.written_for_one(lambda file: file.writelines(written(print_list)))
        except NotReady as error:
            messages.warning(request, str(error))
            return HttpResponseRedirect(reverse("admin:campaign_printlist_change", args=[pk]))
        name = f"{print_list.campaign.slug}-{print_list.frozen_at:%Y-%m-%d}-{pk}{ending}"
        return files.attached(found, name, "text/plain; charset=utf-8")

    # --- The signatures

    def export(self, request: HttpRequest) -> HttpResponseBase:
        """All confirmed signatures as a file, with their addresses."""
        if not request.user.has_perm(roles.EXPORT):
            raise PermissionDenied
        form = ExportForm(
            request.POST or None,
            campaigns=roles.campaigns(request.user, roles.EXPORT),
            initial={"form": "csv"},
        )
        if request.method == "POST" and form.is_valid():
            try:
                return self._download(request, form.cleaned_data)
            except InvalidInput as error:
                for each in error.errors:
                    form.add_error(each.field, each.message)
            except NotReady as error:
                form.add_error(None, str(error))
        context = {"title": _("Export signatures"), "form": form}
        return self._answer(request, "export", context, status=422 if form.is_bound else 200)

    def _download(self, request: HttpRequest, typed: dict[str, Any]) -> HttpResponseBase:
        campaign, form, by = typed["campaign"], typed["form"], request.user
        assert isinstance(by, AbstractBaseUser)
        found = private_export.download(
            campaign,
            form,
            by=by,
            reason=typed["reason"],
            status=Status(typed["status"]) if typed["status"] else None,
            newsletter=True if typed["newsletter"] else None,
        )
        return files.attached(found, f"{campaign.slug}-signatures.{form}", CONTENT_TYPES[form])
