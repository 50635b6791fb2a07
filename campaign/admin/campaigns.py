"""Campaigns: shown, made and edited as in their file, paused, and given a preview link."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, Final

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaign import closing, organising, public_numbers, roles
from campaign.admin import brakes, desk, editing, eyes, numbers, previews
from campaign.admin.site import site
from campaign.admin.unfolded import PageAdmin
from campaign.models.campaign import Campaign
from campaign.models.statement import Consent, StatementText

SOON: Final = timedelta(days=31)
"""An erasure that is nearer than this is more than a line among the rules."""


@admin.register(Campaign, site=site)
class CampaignAdmin(PageAdmin[Campaign]):
    campaign_path = "pk"
    list_display = ("slug", "state", "opens_at", "closes_at", "publication", "organiser_name")
    ordering = ("-opens_at", "slug")
    sortable_by = ()

    @admin.display(description=_("State"))
    def state(self, campaign: Campaign) -> str:
        if not campaign.is_visible():
            return str(_("Not open yet"))
        labels = {"open": _("Open"), "paused": _("Paused"), "closed": _("Closed")}
        return str(labels[campaign.state()])

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        campaign = self.find(request, desk.row_id(object_id), Campaign.objects.all())
        texts = StatementText.objects.filter(version__campaign=campaign)
        can_steer = self.may(request, roles.STEER, campaign)
        erased_at, erased_n = closing.foreseen(campaign)
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": campaign.slug,
            "opts": self.opts,
            "original": campaign,
            "campaign": campaign,
            "state": self.state(campaign),
            "counts": public_numbers.counts(campaign),
            "texts": list(texts.select_related("version").order_by("-version__number", "language")),
            "consents": list(Consent.objects.filter(campaign=campaign).order_by("-pk")),
            "disciplines": list(campaign.disciplines.all()),
            "protected_names": list(campaign.protected_names.all()),
            "public_url": f"{settings.BASE_URL}/{campaign.slug}/",
            # The link is a secret of those who may hand it out.
            "preview_url": f"{settings.BASE_URL}/preview/{campaign.preview_key}/"
            if can_steer
            else "",
            "can_steer": can_steer,
            "erased_at": erased_at,
            "erased_n": erased_n,
            "erased_soon": erased_at and erased_at < timezone.now() + SOON,
            "eyes": eyes.panel(campaign),
            "brakes": brakes.panel(campaign),
        }
        return TemplateResponse(request, "admin/campaign/campaign/page.html", context)

    def get_urls(self) -> list[URLPattern]:
        preview = path(
            "<int:pk>/preview/",
            self.admin_site.admin_view(require_POST(self.renew_preview)),
            name="campaign_campaign_preview",
        )
        pages = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_safe(page)),
                name=f"campaign_campaign_{name}",
            )
            for name, page in (
                ("statistics", self.statistics),
                ("mails", self.mails),
                ("file", self.file),
            )
        ]
        switched: dict[str, Callable[..., HttpResponse]] = {
            "four_eyes": eyes.switch,
            "publish_held": brakes.publish_held,
            **{name: partial(brakes.act, name=name) for name in brakes.ACTS},
        }
        switches = [
            path(
                f"<int:pk>/{name.replace('_', '-')}/",
                self.admin_site.admin_view(view),
                name=f"campaign_campaign_{name}",
            )
            for name, view in switched.items()
        ]
        edit = path(
            "<int:pk>/edit/",
            self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(self.edit)),
            name="campaign_campaign_edit",
        )
        return [preview, *switches, edit, *pages, *super().get_urls()]

    # --- Its file, and the form of it

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever makes a campaign becomes its owner; no role in another one is enough."""
        return bool(request.user.has_perm("campaign.add_campaign"))

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        return editing.form_page(request, None, self._common(request))

    def edit(self, request: HttpRequest, pk: int) -> HttpResponse:
        return editing.form_page(request, self._find_to_steer(request, pk), self._common(request))

    def file(self, request: HttpRequest, pk: int) -> HttpResponse:
        return editing.download(self._find_to_steer(request, pk))

    def _find_to_steer(self, request: HttpRequest, pk: int) -> Campaign:
        if not self.may(request, roles.STEER):
            raise PermissionDenied
        campaign = self.find(request, pk, Campaign.objects.all())
        roles.require(request.user, roles.STEER, campaign)
        return campaign

    def statistics(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self.find(request, pk, Campaign.objects.all())
        context = {
            "title": _("Statistics"),
            **numbers.shown(campaign),
            "public_url": f"{settings.BASE_URL}/{campaign.slug}/",
        }
        return self._answer(request, "statistics", campaign, context)

    def mails(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One mail of the campaign as an example, and the way to each other kind and language."""
        campaign = self.find(request, pk, Campaign.objects.all())
        context = {"title": _("Mails"), **previews.shown(campaign, request.GET)}
        return self._answer(request, "mails", campaign, context)

    def _answer(
        self, request: HttpRequest, page: str, campaign: Campaign, context: dict[str, Any]
    ) -> HttpResponse:
        template = f"admin/campaign/campaign/{page}.html"
        common = self._common(request) | {"campaign": campaign}
        return TemplateResponse(request, template, {**common, **context})

    def _common(self, request: HttpRequest) -> dict[str, Any]:
        request.current_app = self.admin_site.name
        return {**self.admin_site.each_context(request), "opts": self.opts}

    def renew_preview(self, request: HttpRequest, pk: int) -> HttpResponse:
        campaign = self._find_to_steer(request, pk)
        organising.renew_preview(campaign)
        self.log_change(request, campaign, "preview")
        messages.success(request, _("The preview link is new; the old one shows nothing any more."))
        return HttpResponseRedirect(reverse("admin:campaign_campaign_change", args=[pk]))
