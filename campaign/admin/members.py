"""Who works in a campaign: shown to its owners, invited, changed, removed, and helped back in."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST
from django_otp.plugins.otp_totp.models import TOTPDevice

from campaign import invitations, lockout, members, roles, second_factor, staff_sessions
from campaign.admin import admission, desk
from campaign.admin.site import site
from campaign.admin.unfolded import CampaignFilter, PageAdmin
from campaign.errors import InvalidInput
from campaign.models.campaign import Campaign
from campaign.models.membership import Membership, Role

ROLES = [(role.value, role.label) for role in members.OFFERED]
MEANING = {
    Role.OWNER: _("Everything in this campaign, its members too."),
    Role.MODERATOR: _("Sees signatures with mail addresses, and decides on them."),
    Role.READER: _("Sees signatures without mail addresses and notes; decides nothing."),
}


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=ROLES, widget=forms.RadioSelect)


class InviteForm(RoleForm):
    """Whom to let work in which campaign, as what."""

    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), label=_("Campaign"), empty_label=None
    )
    name = forms.CharField(
        label=_("Mail address, or user name of who has an account"),
        max_length=150,
        widget=forms.TextInput(
            attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}
        ),
    )
    field_order = ("campaign", "name", "role")

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        campaign = self.fields["campaign"]
        assert isinstance(campaign, forms.ModelChoiceField)
        campaign.queryset = roles.campaigns(user, roles.MEMBERS).order_by("slug")


def warn_of_others(request: HttpRequest, user: User, *, permission: str) -> None:
    """Tell who let an account in that others opened before: they may have chosen its password."""
    if not roles.is_within_reach(user, of=admission.user_of(request), permission=permission):
        said = _("Others have invited this account too. Ask whose it is: nobody has checked.")
        messages.warning(request, said)


@admin.register(Membership, site=site)
class MembershipAdmin(PageAdmin[Membership]):
    list_display = ("member", "campaign", "role", "factor", "created_at")
    list_filter = (("campaign", CampaignFilter), "role")
    list_select_related = ("campaign", "user")
    ordering = ("campaign__slug", "role", "user__username")
    sortable_by = ()
    search_fields = ("user__username",)
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Membership]:
        devices = TOTPDevice.objects.filter(user=OuterRef("user"), confirmed=True)
        return super().get_queryset(request).annotate(has_factor=Exists(devices))

    @admin.display(description=_("Who"))
    def member(self, membership: Membership) -> str:
        return membership.user.get_username()

    @admin.display(description=_("Second factor"))
    def factor(self, membership: Membership) -> str:
        return str(_("on") if getattr(membership, "has_factor", False) else _("off"))

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, roles.MEMBERS)

    # --- Inviting

    @sensitive_variables("welcome")
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form; and after a good one at once the page with the link, the only one that has it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        by = admission.user_of(request)
        first = {"role": Role.MODERATOR, "campaign": request.GET.get("campaign")}
        posted = request.POST if request.method == "POST" else None
        form = InviteForm(posted, user=by, initial=first)
        if form.is_valid():
            try:
                typed = form.cleaned_data | {"role": Role(form.cleaned_data["role"])}
                membership = members.invite(by=by, **typed)
            except InvalidInput as error:
                for each in error.errors:
                    form.add_error(each.field if each.field in form.fields else None, each.message)
            else:
                welcome = invitations.welcome_path(membership.user, by=by, permission=roles.MEMBERS)
                if welcome:
                    return self._page(request, membership, welcome=settings.BASE_URL + welcome)
                messages.success(request, _("They work in this campaign from now on."))
                warn_of_others(request, membership.user, permission=roles.MEMBERS)
                return _to(membership)
        context = self.context(request, _("Invite somebody")) | {
            "form": form,
            "meaning": [(role.label, MEANING[role]) for role in members.OFFERED],
        }
        status = 422 if form.is_bound else 200
        return TemplateResponse(
            request, "admin/campaign/membership/add.html", context, status=status
        )

    # --- One

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._page(request, self._find(request, desk.row_id(object_id)))

    def _page(
        self,
        request: HttpRequest,
        membership: Membership,
        *,
        error: str = "",
        welcome: str = "",
    ) -> HttpResponse:
        user = membership.user
        context = self.context(request, user.get_username()) | {
            "original": membership,
            "membership": membership,
            "member": user,
            "form": RoleForm(initial={"role": membership.role}),
            "meaning": [(role.value, role.label, MEANING[role]) for role in members.OFFERED],
            "is_self": user == request.user,
            "can_change": membership.role in members.OFFERED
            and self.may(request, roles.MEMBERS, membership),
            "device": second_factor.device_of(user),
            "is_locked": lockout.is_locked(user),
            "sessions": staff_sessions.open_ones(user),
            "error": error,
            "welcome": welcome,
        }
        status = 409 if error else 200
        template = "admin/campaign/membership/page.html"
        return TemplateResponse(request, template, context, status=status)

    def _find(self, request: HttpRequest, pk: int) -> Membership:
        return self.find(request, pk, Membership.objects.select_related("campaign", "user"))

    # --- What its buttons do

    def get_urls(self) -> list[URLPattern]:
        acts: dict[str, Callable[[HttpRequest, Membership, User], HttpResponse]] = {
            "role": self.change_role,
            "remove": self.remove,
            "link": self.renew_link,
            "factor": self.reset_factor,
            "unlock": self.unlock,
            "sessions": self.end_sessions,
        }
        ours = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_POST(partial(self._act, act=act))),
                name=f"campaign_membership_{name}",
            )
            for name, act in acts.items()
        ]
        return [*ours, *super().get_urls()]

    def _act(
        self,
        request: HttpRequest,
        pk: int,
        act: Callable[[HttpRequest, Membership, User], HttpResponse],
    ) -> HttpResponse:
        membership = self._find(request, pk)
        roles.require(request.user, roles.MEMBERS, membership.campaign)
        try:
            return act(request, membership, admission.user_of(request))
        except InvalidInput as error:
            return self._page(request, membership, error=error.errors[0].message)

    def change_role(self, request: HttpRequest, membership: Membership, by: User) -> HttpResponse:
        form = RoleForm(request.POST)
        role = Role(form.cleaned_data["role"]) if form.is_valid() else Role.ORGANISATION
        members.change_role(membership_id=membership.pk, role=role, by=by)
        messages.success(request, _("The role is changed."))
        return _to(membership)

    def remove(self, request: HttpRequest, membership: Membership, by: User) -> HttpResponse:
        members.remove(membership_id=membership.pk, by=by)
        messages.success(
            request, _("%(who)s works here no more.") % {"who": membership.user.get_username()}
        )
        # Who has left may not see the list any more.
        return HttpResponseRedirect(reverse("admin:index"))

    @sensitive_variables("welcome")
    def renew_link(self, request: HttpRequest, membership: Membership, by: User) -> HttpResponse:
        """Another link for who has not chosen a password yet."""
        if membership.user.has_usable_password():
            messages.info(request, _("They have a password already."))
            return _to(membership)
        welcome = members.renewed_path(user=membership.user, by=by)
        return self._page(request, membership, welcome=settings.BASE_URL + welcome)

    def reset_factor(self, request: HttpRequest, membership: Membership, by: User) -> HttpResponse:
        members.reset_factor(user=membership.user, by=by)
        messages.success(
            request, _("Their second factor is gone; at the next login they set up a new one.")
        )
        return _to(membership)

    def unlock(self, request: HttpRequest, membership: Membership, by: User) -> HttpResponse:
        members.unlock(user=membership.user, by=by)
        messages.success(request, _("They may try again at once."))
        return _to(membership)

    def end_sessions(self, request: HttpRequest, membership: Membership, by: User) -> HttpResponse:
        members.end_sessions(user=membership.user, by=by)
        messages.success(request, _("All their sessions are ended."))
        return _to(membership)


def _to(membership: Membership) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:campaign_membership_change", args=[membership.pk]))
