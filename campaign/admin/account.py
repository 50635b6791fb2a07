"""One's own account: the second factor, its recovery codes, and the sessions that are open."""

from collections.abc import Callable
from typing import Any, Protocol

import django_otp
from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from campaign import alerts, second_factor, staff_sessions
from campaign.admin import admission
from campaign.errors import NotFound
from campaign.models.alert import AlertKind

View = Callable[..., HttpResponse]

BEGUN = "app_begun"
"""In the session: the sealed secret that its page shows."""
_NOT_RIGHT = _("This code is not right. Wait for the next one, and try it.")
_SCAN_AGAIN = _(
    "What you scanned does not count any more. Scan the new one, and type the code that the app then shows."
)


class _Site(Protocol):
    name: str

    def admin_view(self, view: View) -> View: ...
    def account_view(self, view: View) -> View: ...
    def each_context(self, request: HttpRequest) -> dict[str, Any]: ...


class CodeForm(forms.Form):
    token = forms.CharField(
        label=_("Code that the app shows"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class WhichForm(forms.Form):
    """One session, or without one all the others."""

    session = forms.IntegerField(min_value=1, max_value=2**63 - 1, required=False)


class AlertsForm(forms.Form):
    """Of which alerts of one campaign to get mail."""

    membership = forms.IntegerField(min_value=1, max_value=2**63 - 1, widget=forms.HiddenInput)
    kinds = forms.TypedMultipleChoiceField(
        choices=AlertKind.choices, coerce=AlertKind, required=False
    )


class Account:
    """The pages, in the frame of the site that they belong to."""

    def __init__(self, site: _Site) -> None:
        self._site = site

    def urls(self) -> list[URLPattern]:
        view = self._site.account_view
        return [
            path("account/", view(require_safe(self.page)), name="account"),
            path(
                "account/app/",
                view(require_http_methods(["GET", "HEAD", "POST"])(self.app)),
                name="account_app",
            ),
            path("account/codes/", view(require_POST(self.codes)), name="account_codes"),
            path("account/sessions/", view(require_POST(self.sessions)), name="account_sessions"),
            path(
                "account/alerts/",
                self._site.admin_view(require_POST(self.alerts)),
                name="account_alerts",
            ),
        ]

    def page(
        self, request: HttpRequest, form: forms.Form | None = None, status: int = 200
    ) -> HttpResponse:
        user = admission.user_of(request)
        context = {
            "title": _("Your account"),
            "device": second_factor.device_of(user),
            "codes_left": second_factor.codes_left(user),
            "few": second_factor.FEW,
            "form": form or CodeForm(),
            "sessions": staff_sessions.open_ones(user),
            "here": admission.session_of(request),
            "memberships": alerts.offered().filter(user=user).select_related("campaign"),
            "kinds": AlertKind.choices,
        }
        return self._answer(request, "page", context, status)

    # --- The app

    def app(self, request: HttpRequest) -> HttpResponse:
        """Scan, type the code that the app then shows, and keep ten recovery codes."""
        user, here = admission.user_of(request), admission.session_of(request)
        shown = request.session.get(BEGUN, "")
        form = CodeForm(request.POST or None)
        is_wrong = False
        if request.method == "POST" and form.is_valid():
            token = form.cleaned_data["token"]
            codes = second_factor.confirm(user, token, session=here, sealed=shown)
            if codes is not None:
                del request.session[BEGUN]
                django_otp.login(request, second_factor.device_of(user))
                # Those that were opened without it.
                staff_sessions.end(user, by=user, but=here)
                return self._shown_once(request, codes)
            is_wrong = True
        device, request.session[BEGUN] = second_factor.begin(user, session=here, sealed=shown)
        if is_wrong:
            is_new = request.session[BEGUN] != shown
            form.add_error("token", _SCAN_AGAIN if is_new else _NOT_RIGHT)
        context = {
            "title": _("Set up your second factor"),
            "form": form,
            "replaces": second_factor.device_of(user) is not None,
            # Of our own making: nothing in it was typed by anybody but the shapes of a QR code.
            "picture": mark_safe(second_factor.picture(device)),  # noqa: S308
            "secret": second_factor.secret(device),
        }
        return self._answer(request, "app", context, 422 if form.errors else 200)

    def codes(self, request: HttpRequest) -> HttpResponse:
        """Ten new recovery codes, for who shows the factor once more: a screen may have been left alone."""
        user = admission.user_of(request)
        form = CodeForm(request.POST)
        if form.is_valid() and second_factor.verify(user, form.cleaned_data["token"]):
            return self._shown_once(request, second_factor.renew_codes(user))
        if not form.errors:
            form.add_error("token", _NOT_RIGHT)
        return self.page(request, form, status=422)

    @sensitive_variables("codes")
    def _shown_once(self, request: HttpRequest, codes: list[str]) -> HttpResponse:
        """No redirect: the codes would have to wait for it in a session."""
        context = {"title": _("Your recovery codes"), "codes": codes}
        return self._answer(request, "codes", context)

    # --- Sessions

    def sessions(self, request: HttpRequest) -> HttpResponse:
        """End one of one's own sessions, or all but this one."""
        user, here = admission.user_of(request), admission.session_of(request)
        form = WhichForm(request.POST)
        chosen = form.cleaned_data["session"] if form.is_valid() else 0
        if chosen is None:
            n = staff_sessions.end(user, by=user, but=here)
        else:
            n = staff_sessions.end(user, by=user, only=chosen)
        if n:
            messages.success(request, _("Ended: it opens no page any more."))
        return HttpResponseRedirect(reverse("admin:account"))

    # --- Alerts

    def alerts(self, request: HttpRequest) -> HttpResponse:
        """Choose of which alerts of one's own campaign to get mail."""
        form = AlertsForm(request.POST)
        if not form.is_valid():
            raise Http404
        typed = form.cleaned_data
        try:
            alerts.choose(
                membership_id=typed["membership"],
                kinds=typed["kinds"],
                by=admission.user_of(request),
            )
        except NotFound as error:
            raise Http404 from error
        messages.success(request, _("Saved: you get mail of these alerts, and of no others."))
        return HttpResponseRedirect(reverse("admin:account"))

    def _answer(
        self, request: HttpRequest, page: str, context: dict[str, Any], status: int = 200
    ) -> HttpResponse:
        request.current_app = self._site.name
        context = {**self._site.each_context(request), **context}
        template = f"admin/campaign/account/{page}.html"
        return TemplateResponse(request, template, context, status=status)
