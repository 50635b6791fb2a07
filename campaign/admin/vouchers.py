"""Organisations that vouch, for who steers a campaign: admitted, their quota and logins, revoked."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from campaign import invitations, roles, vouchers
from campaign.admin import desk, members, organisation
from campaign.admin.site import site
from campaign.admin.unfolded import CampaignFilter, PageAdmin
from campaign.errors import InvalidInput
from campaign.models.campaign import Campaign
from campaign.models.voucher import NAME_MAX, LinkBatch, Voucher

_GROUPED: Final = re.compile(r"\d{1,3}(?:[.,’'\s]\d{3})+\Z")


class QuotaField(forms.IntegerField):
    """Whole numbers alone, with their thousands as people set them apart: 160,000 or 160.000.

    Django's own takes "160.000" for 160, and nobody is told.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=vouchers.QUOTA_MAX, **options)

    def to_python(self, value: Any) -> int | None:
        text = str(value or "").strip()
        if _GROUPED.match(text):
            text = re.sub(r"\D", "", text)
        if text and not text.isdecimal():
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(text)


class AdmitForm(forms.Form):
    """Which organisation, in which of the campaigns that its maker steers, for how many."""

    campaign = forms.ModelChoiceField(Campaign.objects.none(), label=_("Campaign"))
    name = forms.CharField(
        label=_("Name"),
        max_length=NAME_MAX,
        help_text=_("As it may stand beside its members’ names: the guild’s, label’s or agency’s."),
    )
    quota = QuotaField(
        label=_("For how many members, at most"),
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
    )

    def __init__(self, *args: Any, user: User, **options: Any) -> None:
        super().__init__(*args, **options)
        campaigns = self.fields["campaign"]
        assert isinstance(campaigns, forms.ModelChoiceField)
        campaigns.queryset = roles.campaigns(user, roles.STEER).order_by("slug")
        campaigns.empty_label = None


class QuotaForm(forms.Form):
    quota = QuotaField()


class LoginForm(forms.Form):
    email = forms.CharField(max_length=254)


class SureForm(forms.Form):
    """Asked before what cannot be taken back."""

    sure = forms.BooleanField(
        error_messages={"required": _("Please tick the box if you are sure.")}
    )


class NumberForm(forms.Form):
    """Which row a button is about."""

    row = forms.IntegerField(min_value=1)


@admin.register(Voucher, site=site)
class VoucherAdmin(PageAdmin[Voucher]):
    list_display = ("name", "campaign", "state", "taken", "quota", "admitted_at")
    list_filter = (("campaign", CampaignFilter),)
    list_select_related = ("campaign",)
    ordering = ("-pk",)
    sortable_by = ()

    @admin.display(description=_("State"))
    def state(self, voucher: Voucher) -> str:
        return str(_("Revoked") if voucher.revoked_at else _("Vouches"))

    # --- Who may

    right = roles.STEER

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def _find(self, request: HttpRequest, object_id: str | int) -> Voucher:
        pk = desk.row_id(str(object_id))
        found = self.get_queryset(request).select_related("campaign", "admitted_by").filter(pk=pk)
        voucher = found.first()
        if voucher is None:
            raise Http404
        return voucher

    # --- Admitting

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        by = request.user
        if not self.has_add_permission(request) or not isinstance(by, User):
            raise PermissionDenied
        form = AdmitForm(request.POST if request.method == "POST" else None, user=by)
        if form.is_valid():
            try:
                voucher = vouchers.admit(by=by, **form.cleaned_data)
            except InvalidInput as error:
                for each in error.errors:
                    form.add_error(each.field, each.message)
            else:
                said = _("%(name)s may vouch now. Give it a login next.")
                messages.success(request, said % {"name": voucher.name})
                return _to(voucher)
        context = self.context(request, _("Admit an organisation")) | {"form": form}
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/campaign/voucher/add.html", context, status=status)

    # --- One

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._page(request, self._find(request, object_id))

    def _page(
        self,
        request: HttpRequest,
        voucher: Voucher,
        *,
        errors: dict[str, str] | None = None,
        welcome: str = "",
    ) -> HttpResponse:
        context = self.context(request, voucher.name) | {
            "original": voucher,
            "voucher": voucher,
            "state": self.state(voucher),
            "batches": organisation.rows(voucher.batches.select_related("created_by")),
            "logins": list(voucher.memberships.select_related("user").order_by("pk")),
            "errors": errors or {},
            # What is wrong comes back as it was typed.
            "typed": {name: request.POST.get(name, "") for name in errors or {}},
            "welcome": welcome,
        }
        template = "admin/campaign/voucher/page.html"
        return TemplateResponse(request, template, context, status=422 if errors else 200)

    # --- What its buttons do

    def get_urls(self) -> list[URLPattern]:
        acts: dict[str, Callable[[HttpRequest, Voucher, User], HttpResponse]] = {
            "quota": self.set_quota,
            "login": self.give_login,
            "logout": self.take_login,
            "batch": self.revoke_batch,
            "revoke": self.revoke,
        }
        ours = [
            path(
                f"<int:pk>/{name}/",
                self.admin_site.admin_view(require_POST(partial(self._act, act=act))),
                name=f"campaign_voucher_{name}",
            )
            for name, act in acts.items()
        ]
        return [*organisation.urls(), *ours, *super().get_urls()]

    def _act(
        self,
        request: HttpRequest,
        pk: int,
        act: Callable[[HttpRequest, Voucher, User], HttpResponse],
    ) -> HttpResponse:
        by = request.user
        if not self.has_view_permission(request) or not isinstance(by, User):
            raise PermissionDenied
        voucher = self._find(request, pk)
        try:
            return act(request, voucher, by)
        except InvalidInput as error:
            errors = {each.field: each.message for each in error.errors}
            return self._page(request, voucher, errors=errors)

    def set_quota(self, request: HttpRequest, voucher: Voucher, by: User) -> HttpResponse:
        form = QuotaForm(request.POST)
        quota = form.cleaned_data["quota"] if form.is_valid() else 0
        vouchers.set_quota(voucher=voucher, quota=quota, by=by)
        messages.success(request, _("The quota is changed."))
        return _to(voucher)

    @sensitive_variables("welcome")
    def give_login(self, request: HttpRequest, voucher: Voucher, by: User) -> HttpResponse:
        """The page with the link at once, the only one that has it: no redirect, which would keep it."""
        form = LoginForm(request.POST)
        email = form.cleaned_data["email"] if form.is_valid() else ""
        user = vouchers.give_login(voucher=voucher, email=email, by=by)
        welcome = invitations.welcome_path(user, by=by, permission=roles.STEER)
        if not welcome:
            messages.success(request, _("Whoever has this login may act for it now."))
            members.warn_of_others(request, user, permission=roles.STEER)
            return _to(voucher)
        return self._page(request, voucher, welcome=settings.BASE_URL + welcome)

    def take_login(self, request: HttpRequest, voucher: Voucher, by: User) -> HttpResponse:
        vouchers.take_login(voucher=voucher, membership_id=_row(request), by=by)
        messages.success(request, _("This login may act for it no more."))
        return _to(voucher)

    def revoke_batch(self, request: HttpRequest, voucher: Voucher, by: User) -> HttpResponse:
        batch = voucher.batches.filter(pk=_row(request)).first()
        if batch is None:
            raise Http404
        revoke_batch(request, batch, by)
        return _to(voucher)

    def revoke(self, request: HttpRequest, voucher: Voucher, by: User) -> HttpResponse:
        form = SureForm(request.POST)
        if not form.is_valid():
            return self._page(request, voucher, errors={"sure": str(form.errors["sure"][0])})
        vouchers.revoke(voucher=voucher, by=by)
        said = _("%(name)s vouches no more. What it vouched for is being taken back.")
        messages.success(request, said % {"name": voucher.name})
        return _to(voucher)


def revoke_batch(request: HttpRequest, batch: LinkBatch, by: User) -> None:
    vouchers.revoke_batch(batch=batch, by=by)
    said = _("The links of %(batch)s work no more. What they vouched for is being taken back.")
    messages.success(request, said % {"batch": batch.label})


def _row(request: HttpRequest) -> int:
    form = NumberForm(request.POST)
    return form.cleaned_data["row"] if form.is_valid() else 0


def _to(voucher: Voucher) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:campaign_voucher_change", args=[voucher.pk]))
