"""What is sensitive opens to who has typed their password lately, else it asks for it again.

What is sensitive is said here, how long a password holds in `staff_sessions`. The question is answered at
the very address that asks it: no address is carried along, so none can lead elsewhere. A form that was sent
too late is sent on with what was typed, but for passwords.
"""

from typing import Any, Final, Protocol

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.cache import add_never_cache_headers
from django.utils.translation import gettext_lazy as _

from campaign import second_factor, staff_sessions
from campaign.admin import admission
from campaign.admin.login import LoginForm
from campaign.models.audit import AuditAction

FILES: Final = {
    ("campaign_signature_export", "POST"),
    ("campaign_auditentry_export", "POST"),
    ("campaign_organisation_fetch", "POST"),
    ("campaign_printlist_file", "GET"),
    ("campaign_printlist_changes", "GET"),
}
"""Personal data in bulk. A file leaves the page that asked where it is, with the password in it."""

LISTS: Final = {"auth_user_changelist", "auth_group_changelist"}
"""Only what is done with their rows is sensitive."""

SENSITIVE: Final = {
    *(name for name, _method in FILES),
    # Programs and people that may do something from then on, or no more.
    "campaign_apikey_add",
    *("campaign_membership_add", "campaign_membership_role", "campaign_membership_remove"),
    *("campaign_membership_link", "campaign_membership_factor", "campaign_voucher_login"),
    *("auth_user_add", "auth_user_change", "auth_user_delete", "auth_user_password_change"),
    *("auth_group_add", "auth_group_change", "auth_group_delete"),
    # One's own account. A new password asks for the old one itself.
    *("account_app", "account_sessions"),
}
"""Names of addresses. Brakes are not among them, nor is revoking: those must never wait."""

PREFIX: Final = "again"
"""Before the names of our fields: those of the form that was sent stand beside them."""


class _Site(Protocol):
    name: str

    def each_context(self, request: HttpRequest) -> dict[str, Any]: ...


class ReentryForm(LoginForm):
    """The password of who is logged in, and a code of who has a second factor: what a login asks."""

    succeeded = AuditAction.PASSWORD_AGAIN
    error_messages = {
        **LoginForm.error_messages,
        "invalid_login": _("This is not your password."),
    }

    def __init__(self, request: HttpRequest, data: Any = None) -> None:
        super().__init__(request, data, prefix=PREFIX)
        del self.fields["username"]
        self.fields["password"].widget.attrs["autofocus"] = ""
        if second_factor.device_of(admission.user_of(request)) is None:
            del self.fields["token"]
        else:
            self.fields["token"].help_text = _("Of your app, or a recovery code.")

    def clean(self) -> dict[str, Any]:
        self.cleaned_data["username"] = admission.user_of(self.request).get_username()
        return super().clean()


def question(request: HttpRequest, site: _Site) -> HttpResponse | None:
    """The page that asks, in the place of a sensitive one; None where the request may go on.

    It may after a right answer too, with what was typed before the question. An answer that comes twice
    leads where the first did: sent to a page that only was to be looked at, it would say yes there.
    """
    if not _is_sensitive(request):
        return None
    here = admission.session_of(request)
    is_answer = f"{PREFIX}-method" in request.POST
    method = request.POST.get(f"{PREFIX}-method", request.method)
    if not staff_sessions.typed_lately(here):
        form = ReentryForm(request, request.POST if is_answer else None)
        if not form.is_valid():
            return _page(request, site, {"form": form, "method": method}, status=403)
        staff_sessions.typed_again(here)
        # Who has stolen the cookie doesn't go on beside its owner.
        request.session.cycle_key()
    if not is_answer:
        return None
    if (_name(request), method) in FILES:
        return _page(request, site, {"title": _("Your file"), "method": method})
    return None if method == "POST" else HttpResponseRedirect(request.get_full_path())


def _is_sensitive(request: HttpRequest) -> bool:
    name = _name(request)
    return name in SENSITIVE or (name in LISTS and request.method == "POST")


def _name(request: HttpRequest) -> str:
    match = request.resolver_match
    return (match.url_name if match else None) or ""


def _page(
    request: HttpRequest, site: _Site, context: dict[str, Any], status: int = 200
) -> HttpResponse:
    request.current_app = site.name
    context = {
        **site.each_context(request),
        "title": _("Your password again"),
        "kept": list(_kept(request)),
        "minutes": staff_sessions.PASSWORD_HOLDS.seconds // 60,
        **context,
    }
    template = "admin/campaign/reentry.html"
    response = TemplateResponse(request, template, context, status=status)
    add_never_cache_headers(response)
    return response


def _kept(request: HttpRequest) -> Any:
    """What was typed into a form that came too late; a password has no business in a page."""
    for name, values in request.POST.lists():
        ours = name.startswith(f"{PREFIX}-") or name == "csrfmiddlewaretoken"
        if not ours and "password" not in name:
            yield from ((name, value) for value in values)
