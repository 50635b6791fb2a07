"""The admin's site: its policy, what stands in the sidebar, and where a moderator lands."""

from collections.abc import Callable
from functools import partial, wraps
from typing import Any, TypeVar, cast

from csp.decorators import csp
from django.conf import settings
from django.contrib.auth.views import PasswordChangeView, redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.templatetags.static import static
from django.urls import URLPattern, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from campaign import accounts, roles, staff_sessions
from campaign.admin import addresses, admission, desk, numbers, reentry
from campaign.admin.account import Account
from campaign.admin.shown import OwnPasswordForm
from campaign.admin.unfolded import AdminSite
from campaign.roles import LOOK, STEER

View = TypeVar("View", bound=Callable[..., HttpResponseBase])

# Unfold needs script evaluation; nothing outside these views gets it, error pages included.
relaxed = csp(settings.ADMIN_CONTENT_SECURITY_POLICY)


class Site(AdminSite):
    """Unfold's site with our sidebar, a queue to land on, and its own content security policy."""

    # --- Who comes in

    def has_permission(self, request: HttpRequest) -> bool:
        return admission.is_admitted(request)

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        # Kept by nobody, also what Django lets be ``cacheable``: `never_cache` stands around all of it.
        inside = super().admin_view(view, cacheable=True)

        @wraps(view)
        def open_door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if admission.must_enrol(request):
                return HttpResponseRedirect(reverse("admin:account_app"))
            asked = admission.is_admitted(request) and reentry.question(request, self)
            response = asked or inside(request, *args, **kwargs)
            if request.method == "GET" and response.status_code == 405:
                # A button was pressed when the session was over, and the login leads back to it.
                return HttpResponseRedirect(addresses.page_of(request.path))
            return response

        return cast(View, relaxed(never_cache(open_door)))

    def account_view(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        """A page of one's own account, which also opens to who has yet to enrol a second factor."""

        @wraps(view)
        def open_door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not admission.may_open_account(request):
                return redirect_to_login(request.get_full_path(), reverse("admin:login"))
            return reentry.question(request, self) or view(request, *args, **kwargs)

        return cast(Callable[..., HttpResponse], relaxed(never_cache(open_door)))

    def extra_urls(self) -> list[URLPattern]:
        return Account(self).urls()

    @method_decorator(relaxed)
    def login(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().login(request, extra_context)
        if request.method == "POST" and response.status_code == 302:
            request.session.pop(admission.SESSION, None)
            admission.session_of(request)
        return response

    def logout(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method == "POST" and admission.is_logged_in(request):
            staff_sessions.log_out(admission.session_of(request), admission.user_of(request))
        return super().logout(request, extra_context)

    def password_change(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """A new password ends the other sessions: whoever knew the old one may be in one."""
        view = PasswordChangeView.as_view(
            form_class=partial(OwnPasswordForm, request=request),
            success_url=reverse(f"{self.name}:password_change_done", current_app=self.name),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        request.current_app = self.name
        response = cast(HttpResponse, view(request))
        if request.method == "POST" and response.status_code == 302:
            user = admission.user_of(request)
            accounts.password_changed(user, by=user, here=admission.session_of(request))
        return response

    # --- What it shows

    def index(  # type: ignore[override]
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Whoever may look at signatures begins with the work to do, and how the campaign goes."""
        if request.user.has_perm(LOOK):
            request.current_app = self.name
            context = {
                **self.each_context(request),
                "title": _("Overview"),
                **numbers.first_page(request.user, request.GET.get("campaign", "")),
            }
            return TemplateResponse(request, "admin/campaign/overview.html", context)
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
                    _form_item(request, _("Try a name"), "search_check", "try", roles.LOOK),
                    _item(request, _("Import batches"), "upload_file", "importbatch"),
                    _item(request, _("Removals by rule"), "playlist_remove", "removal")
                    | {"has_permission": request.user.has_perm(STEER)},
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
                    _form_item(request, _("Export"), "download", "export", roles.EXPORT),
                    _item(request, _("Print lists"), "print", "printlist", right=roles.EXPORT),
                ],
            },
            {
                "title": _("Operation"),
                "separator": True,
                "items": [
                    _item(request, _("Mails"), "mail", "mail"),
                    _item(request, _("Left alone"), "notifications_off", "suppression"),
                    _item(request, _("Unreachable"), "unsubscribe", "unreachable"),
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
                    _item(request, _("Members"), "badge", "membership"),
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
    here = request.path.startswith(link) and not request.path.endswith(("/export/", "/try/"))
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


def _form_item(
    request: HttpRequest, title: Any, icon: str, name: str, right: str
) -> dict[str, Any]:
    """A form about signatures, of no list."""
    link = reverse(f"admin:campaign_signature_{name}")
    return {
        "title": title,
        "icon": icon,
        "link": link,
        "active": request.path == link,
        "has_permission": request.user.has_perm(right),
    }


site = Site(name="admin")
