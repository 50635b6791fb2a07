"""Files of signers that come by the admin: sent, checked, imported after a look at what was found."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaign import intake, roles, uploads
from campaign.admin import desk
from campaign.admin.site import site
from campaign.admin.unfolded import PageAdmin
from campaign.errors import InvalidInput
from campaign.models.campaign import Campaign
from campaign.models.upload import WORK, Upload, UploadState


class UploadForm(forms.Form):
    """A file, and what the campaign holds of the consent of those in it."""

    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), label=_("Campaign"), empty_label=None
    )
    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
        help_text=_("CSV in UTF-8, or the first sheet of a workbook (XLSX); 20 MB at most."),
        # Django's own check of a length is of the name.
        max_length=200,
    )
    consent_note = forms.CharField(
        label=_("Consent on file"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_(
            "Who vouches for their consent, and by which document. Without it, each signer is"
            " asked to confirm by mail."
        ),
    )
    covers_print = forms.BooleanField(
        label=_("This consent covers a printed list too"), required=False
    )

    def __init__(self, *args: Any, campaigns: QuerySet[Campaign], **options: Any) -> None:
        super().__init__(*args, **options)
        chosen = self.fields["campaign"]
        assert isinstance(chosen, forms.ModelChoiceField)
        chosen.queryset = campaigns.order_by("slug")

    def clean_consent_note(self) -> str:
        return str(self.cleaned_data["consent_note"]).strip()


@admin.register(Upload, site=site)
class UploadAdmin(PageAdmin[Upload]):
    """A list of the day's files, a form to send one, and a page of each with what was found in it."""

    list_display = ("file_name", "campaign", "created_at", "state", "by")
    list_select_related = ("campaign", "by")
    ordering = ("-pk",)
    sortable_by = ()

    right = roles.IMPORT

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, roles.IMPORT)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        return super().get_queryset(request).select_related("by", "batch").defer("content")

    # --- Sending

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        campaigns = roles.campaigns(request.user, roles.IMPORT)
        if request.method != "POST":
            return self._form_page(request, UploadForm(campaigns=campaigns))
        form = UploadForm(request.POST, request.FILES, campaigns=campaigns)
        upload = self._receive(request, form) if form.is_valid() else None
        if upload is None:
            return self._form_page(request, form, status=422)
        return _to_page(upload.pk)

    def _receive(self, request: HttpRequest, form: UploadForm) -> Upload | None:
        """The file, taken; None when it won't do, which the form then says."""
        typed, by = form.cleaned_data, request.user
        assert isinstance(by, AbstractBaseUser)
        # One byte more than may be tells that it is too large, however large it is.
        content = typed["file"].read(uploads.LARGEST + 1)
        try:
            return uploads.receive(
                campaign=typed["campaign"],
                file_name=typed["file"].name,
                content=content,
                consent_note=typed["consent_note"],
                covers_print=typed["covers_print"],
                by=by,
            )
        except InvalidInput as error:
            for each in error.errors:
                form.add_error(each.field, each.message)
            return None

    def _form_page(self, request: HttpRequest, form: UploadForm, status: int = 200) -> HttpResponse:
        columns = ["name", *sorted(intake.COLUMNS - {"name"})]
        context = {"title": _("Import signers"), "form": form, "columns": columns}
        return self._answer(request, "add", context, status=status)

    # --- One

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        upload = self.find(request, desk.row_id(object_id), self.get_queryset(request))
        context = {
            "title": str(upload),
            "original": upload,
            "upload": upload,
            "report": upload.report,
            "working": upload.state in WORK,
            "can_start": upload.state == UploadState.CHECKED and upload.report["added"],
        }
        return self._answer(request, "page", context)

    def _answer(
        self, request: HttpRequest, page: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        request.current_app = self.admin_site.name
        common = {**self.admin_site.each_context(request), "opts": self.opts}
        template = f"admin/campaign/upload/{page}.html"
        return TemplateResponse(request, template, {**common, **context}, status=status)

    # --- Deciding

    def get_urls(self) -> list[URLPattern]:
        verbs = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_POST(verb)),
                name=f"campaign_upload_{name}",
            )
            for name, verb in (("start", self.start), ("discard", self.discard))
        ]
        return [*verbs, *super().get_urls()]

    def start(self, request: HttpRequest, pk: int) -> HttpResponse:
        upload = self.find(request, pk, self.get_queryset(request))
        assert isinstance(request.user, AbstractBaseUser)
        if not uploads.start(upload, by=request.user):
            messages.info(request, _("This file is being imported already."))
        return _to_page(pk)

    def discard(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not uploads.discard(self.find(request, pk, self.get_queryset(request))):
            messages.warning(request, _("This file is being imported: it cannot be deleted now."))
            return _to_page(pk)
        messages.success(request, _("The file is deleted. What it had imported stays."))
        return HttpResponseRedirect(reverse("admin:campaign_upload_changelist"))


def _to_page(pk: int) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:campaign_upload_change", args=[pk]))
