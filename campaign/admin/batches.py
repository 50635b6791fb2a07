"""Import batches: looked at, previewed by one, released by another, and watched while they are."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaign import four_eyes, releases, roles, rules
from campaign.admin import asked, desk
from campaign.admin.decisions import require_moderator
from campaign.admin.site import site
from campaign.admin.unfolded import CampaignFilter, PageAdmin
from campaign.errors import ChangedMeanwhile
from campaign.models.batch import ImportBatch
from campaign.models.signature import Signature, Status

SAMPLE = 20


ACTS: dict[str, tuple[Callable[..., None], str | Promise]] = {
    "preview": (
        releases.preview,
        _("Noted that you have looked at it. Somebody else can release it now."),
    ),
    "release": (
        releases.release,
        _("The release has begun. This page shows how far it is; you can leave it."),
    ),
}


def _waiting(batch: ImportBatch) -> QuerySet[Signature]:
    """What a release publishes, as the page shows it."""
    return releases.waiting(batch).defer("search").select_related("discipline").order_by("pk")


@admin.register(ImportBatch, site=site)
class ImportBatchAdmin(PageAdmin[ImportBatch]):
    list_display = ("file_name", "campaign", "created_at", "state")
    list_filter = (("campaign", CampaignFilter),)
    list_select_related = ("campaign", "released_by")
    paginator = desk.CappedPaginator
    ordering = ("-pk",)

    @admin.display(description=_("State"))
    def state(self, batch: ImportBatch) -> str:
        if batch.is_being_released:
            return str(_("Is being released"))
        if batch.released_at:
            return _("Released by %(user)s") % {"user": batch.released_by}
        return str(_("Awaits release") if batch.consent_note else _("Each signer is asked by mail"))

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        found = ImportBatch.objects.select_related(
            "campaign", "imported_by", "previewed_by", "released_by"
        )
        batch = self.find(request, desk.row_id(object_id), found)
        return TemplateResponse(
            request, "admin/campaign/importbatch/page.html", self._context(request, batch)
        )

    def _context(self, request: HttpRequest, batch: ImportBatch) -> dict[str, Any]:
        assert isinstance(request.user, User)
        waiting = _waiting(batch)
        n = waiting.count()
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
            "waiting": n,
            # A release leaves these out, and whoever reads only its number would miss them.
            "apart": Signature.objects.filter(batch=batch, status=Status.HELD).count() - n,
            "featured": waiting.filter(featured=True).count(),
            "by_status": [
                (Status(status).label, n) for status, n in by_status.annotate(n=Count("pk"))
            ],
            "rows": list(zip(rows, names, strict=True)) if may_look else [],
            "may_moderate": self.may(request, roles.MODERATE, batch),
            "sees_notes": self.may(request, roles.ADDRESSES, batch),
            "lacks_another": releases.lacks_another(batch, n, request.user),
            "new_until": four_eyes.new_until(request.user, batch.campaign),
            "previewed": releases.is_previewed(batch, n),
        }

    def get_urls(self) -> list[URLPattern]:
        acts = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_POST(partial(self.act, name=name))),
                name=f"campaign_importbatch_{name}",
            )
            for name in ACTS
        ]
        return [*acts, *super().get_urls()]

    def act(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """Note the preview, or begin the release, of what the page showed; else it is shown again."""
        require_moderator(request)
        batch = self.find(request, pk, ImportBatch.objects.select_related("campaign"))
        by = require_moderator(request, batch.campaign)
        form = asked.ShownForm(request.POST)
        verb, done = ACTS[name]
        try:
            if not form.is_valid():
                raise ChangedMeanwhile
            verb(batch_id=batch.pk, waiting_n=form.cleaned_data["waiting"], by=by)
            messages.success(request, str(done))
        except ChangedMeanwhile:
            messages.warning(
                request, _("This batch has changed since it was shown. Please look at it again.")
            )
        except releases.AnotherNeeded as error:
            messages.warning(request, str(error))
        return HttpResponseRedirect(reverse("admin:campaign_importbatch_change", args=[pk]))
