"""The admin's site: its policy, what stands in the sidebar, and where a moderator lands."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.templatetags.static import static
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _

from campaign import roles
from campaign.admin import desk
from campaign.admin.unfolded import AdminSite
from campaign.roles import LOOK, STEER

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

# Unfold needs script evaluation; nothing outside these views gets it, error pages included.
relaxed = csp(settings.ADMIN_CONTENT_SECURITY_POLICY)


class Site(AdminSite):
    """Unfold's site with our sidebar, a queue to land on, and its own content security policy."""

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        return cast(View, relaxed(super().admin_view(view, cacheable)))

    @method_decorator(relaxed)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().login(request, extra_context)

    def index(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Whoever may look at signatures begins with the work to do, the most urgent first."""
        if request.user.has_perm(LOOK):
            link = reverse("admin:campaign_signature_changelist")
            lane = desk.first_lane(request.user).value
            return HttpResponseRedirect(f"{link}?status={lane}" if lane else link)
        if request.user.has_perm(roles.VOUCH):
            return HttpResponseRedirect(reverse("admin:campaign_organisations"))
        return super().index(request, extra_context)

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        context = super().each_context(request)
        context["styles"] = [*context.get("styles", []), static("campaign/admin.css")]
        return context

    def get_sidebar_list(self, request: HttpRequest) -> list[dict[str, Any]]:
        return [
            {
                "title": _("Moderation"),
                "items": [
                    self._reported_item(request),
                    self._queue_item(request),
                    _item(request, _("Signatures"), "draw", "signature", "?status=all"),
                    _item(request, _("Import batches"), "upload_file", "importbatch"),
                ],
            },
            {
                "title": _("Campaigns"),
                "separator": True,
                "items": [
                    _item(request, _("Campaigns"), "campaign", "campaign"),
                    self._vouchers_item(request),
                    self._webhooks_item(request),
                    _item(request, _("Import"), "upload", "upload", right=roles.IMPORT),
                    _export_item(request),
                    _item(request, _("Print lists"), "print", "printlist", right=roles.EXPORT),
                ],
            },
            {
                "title": _("Operation"),
                "separator": True,
                "items": [
                    _item(request, _("Mails"), "mail", "mail"),
                    _item(request, _("Left alone"), "notifications_off", "suppression"),
                    _item(request, _("Mail providers"), "alternate_email", "mailprovider"),
                ],
            },
            {
                "title": _("Programs"),
                "separator": True,
                "items": [
                    _item(request, _("API keys"), "key", "apikey"),
                    _item(request, _("Audit"), "fact_check", "auditentry"),
                ],
            },
            {
                "title": _("People"),
                "separator": True,
                "items": [
                    _item(request, _("Users"), "person", "user", app="auth"),
                    _item(request, _("Groups"), "group", "group", app="auth"),
                ],
            },
        ]

    def _reported_item(self, request: HttpRequest) -> dict[str, Any]:
        """Says on every page how many entries of the list somebody has reported."""
        item = _item(request, _("Reported"), "flag", "signature", f"?status={desk.REPORTED}")
        if item["has_permission"] and (n := desk.counts(request.user)[desk.REPORTED]):
            item |= {"badge": desk.said(n), "badge_variant": "danger"}
        return item

    def _queue_item(self, request: HttpRequest) -> dict[str, Any]:
        item = _item(request, _("Queue"), "inbox", "signature")
        if item["has_permission"]:
            held = desk.counts(request.user)[""]
            item |= {
                "badge": desk.said(held),
                "badge_variant": "primary" if held else "success",
            }
        return item

    def _vouchers_item(self, request: HttpRequest) -> dict[str, Any]:
        """Those that a campaign admitted, for who steers it; for one of theirs, its own page."""
        item = _item(request, _("Organisations"), "handshake", "voucher")
        item["has_permission"] = request.user.has_perm(STEER)
        if not item["has_permission"] and request.user.has_perm(roles.VOUCH):
            link = reverse("admin:campaign_organisations")
            item |= {"title": _("Your organisation"), "link": link, "has_permission": True}
        return item

    def _webhooks_item(self, request: HttpRequest) -> dict[str, Any]:
        """For whoever may steer campaigns; says on every page how many webhooks need a look."""
        item = _item(request, _("Webhooks"), "webhook", "webhook")
        item["has_permission"] = request.user.has_perm(STEER)
        if item["has_permission"] and (failing := desk.count_failing_webhooks(request.user)):
            item |= {"badge": str(failing), "badge_variant": "danger"}
        return item


def _item(
    request: HttpRequest,
    title: Any,
    icon: str,
    model: str,
    query: str = "",
    app: str = "campaign",
    right: str = "",
) -> dict[str, Any]:
    link = reverse(f"admin:{app}_{model}_changelist")
    here = request.path.startswith(link) and not request.path.endswith("/export/")
    lane = request.GET.get("status") or desk.lane_of(request.GET.get(desk.FILTERS, ""))
    work = lane in desk.AWAITS
    shown = "" if work else "?status=all"
    shown = f"?status={lane}" if lane == desk.REPORTED else shown
    return {
        "title": title,
        "icon": icon,
        "link": link + query,
        "active": here and (model != "signature" or shown == query),
        "has_permission": request.user.has_perm(right or f"{app}.view_{model}"),
    }


def _export_item(request: HttpRequest) -> dict[str, Any]:
    """A form of its own, of no list."""
    link = reverse("admin:campaign_signature_export")
    return {
        "title": _("Export"),
        "icon": "download",
        "link": link,
        "active": request.path == link,
        "has_permission": request.user.has_perm(roles.EXPORT),
    }


site = Site(name="admin")
