"""Import batches: looked at, and released after a preview."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from campaign import moderation, roles, rules
from campaign.admin import desk
from campaign.admin.decisions import require_moderator
from campaign.admin.site import site
from campaign.admin.unfolded import CampaignFilter, PageAdmin
from campaign.models.batch import ImportBatch
from campaign.models.signature import Signature, Status

SAMPLE = 20


class ReleaseForm(forms.Form):
    """How many the preview said would be published."""

    waiting = forms.IntegerField(min_value=0)


def _waiting(batch: ImportBatch) -> QuerySet[Signature]:
    """What a release publishes: of this batch, what nothing but its import holds."""
    rows = Signature.objects.filter(desk.BY_VALUE["release"].condition, batch=batch)
    return rows.defer("search").select_related("discipline").order_by("pk")


@admin.register(ImportBatch, site=site)
class ImportBatchAdmin(PageAdmin[ImportBatch]):
    list_display = ("file_name", "campaign", "created_at", "state")
    list_filter = (("campaign", CampaignFilter),)
    list_select_related = ("campaign", "released_by")
    paginator = desk.CappedPaginator
    ordering = ("-pk",)

    @admin.display(description=_("State"))
    def state(self, batch: ImportBatch) -> str:
        if batch.released_at:
            return _("Released by %(user)s") % {"user": batch.released_by}
        return str(_("Awaits release") if batch.consent_note else _("Each signer is asked by mail"))

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = ImportBatch.objects.select_related("campaign", "released_by")
        batch = self.find(request, desk.row_id(object_id), found)
        return TemplateResponse(
            request, "admin/campaign/importbatch/page.html", self._context(request, batch)
        )

    def _context(self, request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
        waiting = _waiting(batch)
        looked_at = [*waiting[:SAMPLE], *waiting.filter(featured=True)[:SAMPLE]]
        rows = list({row.pk: row for row in looked_at}.values())
        names = rules.matching_names(rows)
        by_status = Signature.objects.filter(batch=batch).order_by("status").values_list("status")
        # The sample names people and their credits, which takes the right to see signatures.
        may_look = self.may(request, roles.LOOK, batch)
        request.current_app = self.admin_site.name
        return {
            **self.admin_site.each_context(request),
            "title": str(batch),
            "opts": self.opts,
            "original": batch,
            "batch": batch,
            "state": self.state(batch),
            "waiting": waiting.count(),
            "by_status": [
                (Status(status).label, n) for status, n in by_status.annotate(n=Count("pk"))
            ],
            "rows": list(zip(rows, names, strict=True)) if may_look else [],
            "can_release": self.may(request, roles.MODERATE, batch),
            "sees_notes": self.may(request, roles.ADDRESSES, batch),
        }

    def get_urls(self) -> list[URLPattern]:
        release = path(
            "<int:pk>/release/",
            self.admin_site.admin_view(require_POST(self.release)),
            name="campaign_importbatch_release",
        )
        return [release, *super().get_urls()]

    def release(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Publish what the preview showed; another number by now shows the preview again."""
        require_moderator(request)
        batch = self.find(request, pk, ImportBatch.objects.select_related("campaign"))
        by = require_moderator(request, batch.campaign)
        form = ReleaseForm(request.POST)
        if not form.is_valid() or form.cleaned_data["waiting"] != _waiting(batch).count():
            messages.warning(
                request, _("This batch has changed since it was shown. Please look at it again.")
            )
        else:
            n = moderation.release(batch=batch, by=by)
            self.log_change(request, batch, f"released {n}")
            said = ngettext("%(n)s signature is published.", "%(n)s signatures are published.", n)
            messages.success(request, said % {"n": n})
        return HttpResponseRedirect(reverse("admin:campaign_importbatch_change", args=[pk]))
