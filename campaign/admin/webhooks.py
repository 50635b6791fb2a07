"""Webhooks: made, changed, tested, their secret rotated; and the log of every sending."""

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from campaign import outbound, roles, webhooks
from campaign.admin import desk
from campaign.admin.site import site
from campaign.admin.unfolded import CampaignFilter, ModelAdmin, ModelForm, ReadOnlyAdmin
from campaign.models.webhook import CHOSEN, STILL_OWED, Webhook, WebhookDelivery


class WebhookForm(ModelForm[Webhook]):
    """Where a webhook leads and what it hears."""

    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=[(event.value, f"{event.value}: {event.label}") for event in CHOSEN],
        initial=[event.value for event in CHOSEN],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Webhook
        fields = ("campaign", "url", "events", "active")
        labels = {"url": _("URL"), "active": _("Switched on")}
        help_texts = {"url": _("https://, a domain name, port 443. It gets a POST for each event.")}

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            outbound.check_url(url)
        except outbound.BadUrl as error:
            raise forms.ValidationError(str(error.message), code=str(error)) from error
        return url

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        itself = self.instance if self.instance.pk else None
        campaign = itself.campaign if itself else cleaned.get("campaign")
        url, is_on = cleaned.get("url"), cleaned.get("active", True)
        if not (campaign and url and is_on):
            return cleaned
        if webhooks.is_taken(campaign=campaign, url=url, besides=itself):
            self.add_error("url", self.instance.unique_error_message(Webhook, ("campaign", "url")))
        return cleaned


class _ForCampaigns:
    """Whoever may steer a campaign may do this: a webhook's URL can be a secret in itself."""

    right = roles.STEER

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(roles.STEER)


@admin.register(Webhook, site=site)
class WebhookAdmin(_ForCampaigns, ModelAdmin[Webhook]):
    form = WebhookForm
    list_display = ("host", "campaign", "wants", "state", "created_at")
    list_filter = (("campaign", CampaignFilter), "active")
    list_select_related = ("campaign",)
    ordering = ("-pk",)
    sortable_by = ()
    actions = None
    change_form_outer_after_template = "admin/campaign/webhook/panel.html"

    @admin.display(description=_("Events"))
    def wants(self, hook: Webhook) -> str:
        return ", ".join(hook.events)

    @admin.display(description=_("State"))
    def state(self, hook: Webhook) -> SafeString:
        if not hook.active:
            kind, said = (
                "rejected",
                _("Off: %(why)s") % {"why": hook.note} if hook.note else _("Off"),
            )
        elif hook.failing_since is not None:
            kind, since = "held", f"{hook.failing_since:%Y-%m-%d %H:%M}"
            said = _("Fails since %(since)s") % {"since": since}
        else:
            kind, said = "published", _("On")
        return format_html('<span class="chip chip-{}">{}</span>', kind, said)

    # --- Rights

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may(request, roles.STEER)

    def has_change_permission(self, request: HttpRequest, obj: Webhook | None = None) -> bool:
        return self.may(request, roles.STEER, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Webhook | None = None) -> bool:
        return False  # it is switched off; what it was sent stays on record

    # --- Making and changing

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        if db_field.name == "campaign":
            options["queryset"] = roles.campaigns(request.user, roles.STEER).order_by("slug")
        return super().formfield_for_foreignkey(db_field, request, **options)

    def get_fields(self, request: HttpRequest, obj: Webhook | None = None) -> tuple[str, ...]:
        return (
            ("campaign", "url", "events")
            if obj is None
            else ("campaign", "url", "events", "active")
        )

    def get_readonly_fields(
        self, request: HttpRequest, obj: Webhook | None = None
    ) -> tuple[str, ...]:
        # Else what is still owed would name another campaign's signers.
        return () if obj is None else ("campaign",)

    def save_model(self, request: HttpRequest, obj: Webhook, form: Any, change: bool) -> None:
        chosen = {"url": obj.url, "events": form.cleaned_data["events"]}
        if change:
            webhooks.change(webhook=obj, active=obj.active, **chosen)
            return
        assert request.user.is_authenticated
        made = webhooks.make(campaign=obj.campaign, by=request.user, **chosen)
        obj.pk, obj.key = made.pk, made.key

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        # The secret comes next, whatever one would rather do.
        one_button = {"show_save_and_continue": False, "show_save_and_add_another": False}
        return super().add_view(request, form_url, one_button | (extra_context or {}))

    def response_add(
        self, request: HttpRequest, obj: Webhook, post_url_continue: str | None = None
    ) -> HttpResponse:
        return self._secret_page(request, obj)

    def _secret_page(self, request: HttpRequest, hook: Webhook) -> HttpResponse:
        """The one page with the secret. No redirect: it would have to wait for it in a session."""
        request.current_app = self.admin_site.name
        context = {
            **self.admin_site.each_context(request),
            "title": _("The secret of this webhook"),
            "opts": self.opts,
            "hook": hook,
            "secret": webhooks.secret(hook),
        }
        return TemplateResponse(request, "admin/campaign/webhook/secret.html", context)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        hook = self._find(request, desk.row_id(object_id))
        newest = WebhookDelivery.objects.filter(webhook=hook).order_by("-pk")[: desk.SHOWN]
        context = {
            "hook": hook,
            "state": self.state(hook),
            "deliveries": list(newest),
            "show_save_and_add_another": False,
        }
        return super().change_view(request, object_id, form_url, context | (extra_context or {}))

    def _find(self, request: HttpRequest, pk: int) -> Webhook:
        if not self.has_view_permission(request):
            raise PermissionDenied
        rows = Webhook.objects.select_related("campaign", "created_by")
        hook = self.within(rows, request, self.right).filter(pk=pk).first()
        if hook is None:
            raise Http404
        return hook

    # --- Buttons

    def get_urls(self) -> list[URLPattern]:
        buttons = {"rotate": self.rotate, "test": self.send_test}
        return [
            *(
                path(
                    f"<int:pk>/{name}/",
                    self.admin_site.admin_view(require_POST(button)),
                    name=f"campaign_webhook_{name}",
                )
                for name, button in buttons.items()
            ),
            *super().get_urls(),
        ]

    def rotate(self, request: HttpRequest, pk: int) -> HttpResponse:
        hook = self._find(request, pk)
        webhooks.rotate(hook)
        self.log_change(request, hook, "rotated the secret")
        return self._secret_page(request, self._find(request, pk))

    def send_test(self, request: HttpRequest, pk: int) -> HttpResponse:
        hook = self._find(request, pk)
        webhooks.send_test(hook)
        messages.success(request, _("A test is on its way; the log below says what came of it."))
        return HttpResponseRedirect(reverse("admin:campaign_webhook_change", args=[pk]))


@admin.register(WebhookDelivery, site=site)
class WebhookDeliveryAdmin(_ForCampaigns, ReadOnlyAdmin[WebhookDelivery]):
    """The log. What was sent is kept nowhere: the log names signers by their public id."""

    list_display = (
        *("created_at", "hook", "what", "about", "state", "attempts", "code", "error"),
        *("next_try", "delivered_at"),
    )
    campaign_path = "webhook__campaign"
    list_filter = ("status", "event", ("webhook", CampaignFilter))
    list_select_related = ("webhook__campaign",)
    list_per_page = 50
    paginator = desk.CappedPaginator
    ordering = ("-pk",)
    sortable_by = ()
    actions = ("redeliver",)
    fields = (
        *("hook", "message", "what", "about", "status", "attempts", "code", "error"),
        *("created_at", "next_try", "delivered_at"),
    )
    readonly_fields = ("hook", "what", "about", "next_try")

    @admin.display(description=_("Webhook"))
    def hook(self, delivery: WebhookDelivery) -> str:
        return str(delivery.webhook)

    @admin.display(description=_("Event"))
    def what(self, delivery: WebhookDelivery) -> str:
        return delivery.event

    @admin.display(description=_("Next try"))
    def next_try(self, delivery: WebhookDelivery) -> datetime | None:
        return delivery.due_at if delivery.status in STILL_OWED else None

    @admin.display(description=_("About"))
    def about(self, delivery: WebhookDelivery) -> str:
        return delivery.signer or str(delivery.number or "–")

    @admin.display(description=_("Status"))
    def state(self, delivery: WebhookDelivery) -> SafeString:
        return format_html(
            '<span class="chip chip-{}">{}</span>', delivery.status, delivery.get_status_display()
        )

    def has_redeliver_permission(self, request: HttpRequest) -> bool:
        return self.may(request, roles.STEER)

    @admin.action(description=_("Send again"), permissions=["redeliver"])
    def redeliver(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        n = webhooks.redeliver(list(queryset.values_list("pk", flat=True)))
        said = ngettext("%(n)s message is sent again.", "%(n)s messages are sent again.", n)
        messages.success(request, said % {"n": n})
