"""API keys: made, shown once, revoked."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST

from campaign import keys, roles
from campaign.admin import desk
from campaign.admin.site import site
from campaign.admin.unfolded import CampaignFilter, PageAdmin
from campaign.errors import InvalidInput
from campaign.models.api_key import ApiKey, Scope
from campaign.models.campaign import Campaign

REVOKE = "campaign.change_apikey"
AT_MOST = timedelta(days=365)


def _today() -> date:
    return timezone.now().date()


def _in_ninety_days() -> date:
    return _today() + keys.DEFAULT_LIFE


def _last_choice() -> date:
    return _today() + AT_MOST


class KeyForm(forms.Form):
    """What a key is for; the scopes are those that its maker's own rights cover."""

    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), label=_("Campaign"), empty_label=None
    )
    label = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("Which program uses it, such as: CRM mirror.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("It may"), choices=Scope.choices, widget=forms.CheckboxSelectMultiple
    )
    expires_on = forms.DateField(
        label=_("Works until the end of"),
        initial=_in_ninety_days,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("UTC; a year at most."),
    )

    def __init__(self, *args: Any, user: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.user = user
        campaign = self.fields["campaign"]
        assert isinstance(campaign, forms.ModelChoiceField)
        campaign.queryset = roles.campaigns(user, keys.MAKE).order_by("slug")
        offered = [(s.value, s.label) for s in Scope if user.has_perms(keys.NEEDED[s])]
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)
        scopes.choices = offered
        limits = {"min": _today().isoformat(), "max": _last_choice().isoformat()}
        self.fields["expires_on"].widget.attrs |= limits

    def expires_at(self) -> datetime:
        """The midnight that ends the chosen day."""
        day: date = self.cleaned_data["expires_on"]
        return datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)

    def clean(self) -> dict[str, Any]:
        """What its maker may do elsewhere says nothing of this campaign."""
        cleaned = super().clean() or self.cleaned_data
        campaign, scopes = cleaned.get("campaign"), cleaned.get("scopes", [])
        if campaign and not keys.covers(self.user, scopes, campaign):
            self.add_error("scopes", _("In this campaign your own rights do not cover this."))
        return cleaned

    def clean_expires_on(self) -> date:
        day: date = self.cleaned_data["expires_on"]
        if not _today() <= day <= _last_choice():
            raise forms.ValidationError(_("A key ends within a year, and not in the past."))
        return day


@admin.register(ApiKey, site=site)
class ApiKeyAdmin(PageAdmin[ApiKey]):
    list_display = ("label", "named", "campaign", "allowed", "state", "last_used_at", "expires_at")
    list_filter = (("campaign", CampaignFilter),)
    list_select_related = ("campaign",)
    ordering = ("-pk",)
    sortable_by = ()
    actions = ("revoke_selected",)

    @admin.display(description=_("Begins with"))
    def named(self, key: ApiKey) -> str:
        return f"ptn_{key.prefix}…"

    @admin.display(description=_("Scopes"))
    def allowed(self, key: ApiKey) -> str:
        return ", ".join(scope for scope in Scope if scope in key.scopes)

    @admin.display(description=_("State"))
    def state(self, key: ApiKey) -> str:
        if key.revoked_at is not None:
            return str(_("Revoked"))
        return str(_("Expired") if key.has_expired() else _("Works"))

    # --- Making

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, keys.MAKE)

    @sensitive_variables("secret")
    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form; and after a good one at once the page with the key, the only one that has it.

        No redirect: the key would have to wait for it in a session, a cookie or an address.
        """
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self._form_page(request, KeyForm(user=request.user))
        form = KeyForm(request.POST, user=request.user)
        if not form.is_valid():
            return self._form_page(request, form, status=422)
        assert request.user.is_authenticated
        try:
            key, secret = keys.make_key(
                campaign=form.cleaned_data["campaign"],
                label=form.cleaned_data["label"],
                scopes=[Scope(scope) for scope in form.cleaned_data["scopes"]],
                expires_at=form.expires_at(),
                by=request.user,
            )
        except InvalidInput as error:
            for each in error.errors:
                form.add_error(each.field if each.field in form.fields else None, each.message)
            return self._form_page(request, form, status=422)
        context = self.context(request, _("The new key")) | {
            "key": key,
            "scopes": self.allowed(key),
            "secret": secret,
        }
        return TemplateResponse(request, "admin/campaign/apikey/made.html", context)

    def _form_page(self, request: HttpRequest, form: KeyForm, status: int = 200) -> HttpResponse:
        context = self.context(request, _("New API key")) | {"form": form}
        return TemplateResponse(request, "admin/campaign/apikey/add.html", context, status=status)

    # --- One

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        key = self._find(request, desk.row_id(object_id))
        context = self.context(request, str(key)) | {
            "original": key,
            "key": key,
            "named": self.named(key),
            "state": self.state(key),
            "scopes": [scope for scope in Scope if scope in key.scopes],
            "entries": list(key.audit.select_related("user")[: desk.SHOWN]),
            "can_revoke": key.revoked_at is None and self.may(request, REVOKE, key),
        }
        return TemplateResponse(request, "admin/campaign/apikey/page.html", context)

    def _find(self, request: HttpRequest, pk: int) -> ApiKey:
        return self.find(request, pk, ApiKey.objects.select_related("campaign", "created_by"))

    # --- Revoking

    def get_urls(self) -> list[URLPattern]:
        revoke = path(
            "<int:pk>/revoke/",
            self.admin_site.admin_view(require_POST(self.revoke)),
            name="campaign_apikey_revoke",
        )
        return [revoke, *super().get_urls()]

    def revoke(self, request: HttpRequest, pk: int) -> HttpResponse:
        if not self.has_revoke_permission(request):
            raise PermissionDenied
        key = self._find(request, pk)
        roles.require(request.user, REVOKE, key.campaign)
        self._revoke(request, [key])
        return HttpResponseRedirect(reverse("admin:campaign_apikey_change", args=[pk]))

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return self.may(request, REVOKE)

    @admin.action(description=_("Revoke"), permissions=["revoke"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        self._revoke(request, list(self.within(queryset, request, REVOKE)))

    def _revoke(self, request: HttpRequest, chosen: list[ApiKey]) -> None:
        assert request.user.is_authenticated
        n = sum(keys.revoke(key, by=request.user) for key in chosen)
        said = ngettext("%(n)s key is revoked.", "%(n)s keys are revoked.", n)
        messages.success(request, said % {"n": n})
