"""The operator's part of the mails: what is owed or failed, providers, and who is left alone."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from campaign import audit, delivery, mailboxes, outbox
from campaign.admin import admission, desk
from campaign.admin.site import site
from campaign.admin.unfolded import CampaignFilter, ModelAdmin, ModelForm, ReadOnlyAdmin
from campaign.models.address import (
    MailProvider,
    Suppression,
    SuppressionReason,
    Unreachable,
    canonical_address,
)
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign
from campaign.models.mail import Mail

RETRY = "campaign.change_mail"


@admin.register(Mail, site=site)
class MailAdmin(ReadOnlyAdmin[Mail]):
    """Mail rows. Texts are rendered when sent and stored nowhere, so there is none to show."""

    list_display = ("id", "kind", "status", "to", "attempts", "error", "due_at", "sent_at")
    list_filter = ("status", "kind", ("campaign", CampaignFilter))
    list_select_related = ("signature", "notice__membership__user", "notice__account")
    list_per_page = 50
    paginator = desk.CappedPaginator
    ordering = ("-pk",)
    sortable_by = ()
    actions = ("try_again",)
    fields = ("kind", "status", "to", "attempts", "error", "due_at", "created_at", "sent_at")
    readonly_fields = ("to",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Mail]:
        # Not joined: a mail about an account has no campaign, and would not be in the list.
        rows = super().get_queryset(request).prefetch_related("campaign")
        return rows.defer("signature__search")

    def campaign_of(self, obj: Mail) -> Campaign | None:
        return None if obj.campaign_id == outbox.NONE else super().campaign_of(obj)

    @admin.display(description=_("To"))
    def to(self, mail: Mail) -> str:
        if mail.notice:
            about = self.campaign_of(mail) or _("about their account")
            return f"{mail.notice.person} ({about})"
        said = _("the signer of %(id)s")
        if mail.report_id:
            said = _("who reported %(id)s")
        elif mail.representation_id:
            said = _("who signed for the signer of %(id)s")
        return f"{said % {'id': mail.about.public_id}} ({mail.campaign})"

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return self.may(request, RETRY)

    @admin.action(description=_("Try again"), permissions=["retry"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[Mail]) -> None:
        chosen = self.within(queryset, request, RETRY)
        n = delivery.retry_failed(list(chosen.values_list("pk", flat=True)))
        audit.record(AuditAction.MAILS_RETRIED, by=admission.user_of(request), number=n)
        said = ngettext(
            "%(n)s failed mail is tried again.", "%(n)s failed mails are tried again.", n
        )
        messages.success(request, said % {"n": n})


def _domain(text: str) -> str:
    """A mail domain as the table has it: lower case, in ASCII form. Raises ValidationError."""
    try:
        address = mailboxes.ascii_address(mailboxes.parse_address(f"postmaster@{text.strip()}"))
    except mailboxes.AddressError as error:
        raise forms.ValidationError(_("This is not a mail domain.")) from error
    return address.rpartition("@")[2].lower()


class MailProviderForm(ModelForm[MailProvider]):
    """How a provider folds its addresses."""

    class Meta:
        model = MailProvider
        fields = ("domain", "canonical_domain", "dots", "tag")
        help_texts = {
            "domain": _("What stands behind the @, such as example.org."),
            "canonical_domain": _("The domain that it counts as; the same where it is no alias."),
        }

    def clean_domain(self) -> str:
        return _domain(self.cleaned_data["domain"])

    def clean_canonical_domain(self) -> str:
        return _domain(self.cleaned_data["canonical_domain"])

    def clean_tag(self) -> str:
        tag: str = self.cleaned_data["tag"]
        if tag and (tag.isalnum() or tag in ".@" or not tag.isprintable() or tag.isspace()):
            raise forms.ValidationError(_("A letter, a digit or a dot doesn't begin a tag."))
        return tag

    def clean(self) -> dict[str, Any] | None:
        """Targets must be final, or one mailbox would fold to two addresses."""
        cleaned = super().clean() or self.cleaned_data
        domain, target = cleaned.get("domain"), cleaned.get("canonical_domain")
        others = MailProvider.objects.exclude(pk=self.instance.pk)
        if domain and target and domain != target:
            if others.filter(domain=target).exclude(canonical_domain=target).exists():
                self.add_error("canonical_domain", _("This domain is itself an alias of another."))
            if others.filter(canonical_domain=domain).exists():
                self.add_error("domain", _("Other domains are aliases of this one."))
        return cleaned


@admin.register(MailProvider, site=site)
class MailProviderAdmin(ModelAdmin[MailProvider]):
    campaign_path = ""  # how mailboxes fold is the same for all of them
    form = MailProviderForm
    list_display = ("domain", "canonical_domain", "dots", "tag")
    list_filter = ("dots",)
    search_fields = ("domain", "canonical_domain")


@admin.register(Suppression, site=site)
class SuppressionAdmin(ReadOnlyAdmin[Suppression]):
    """Who is left alone. Only hashes are kept: an address is found by typing it whole."""

    list_display = ("short_hash", "campaign", "reason", "created_at")
    list_filter = ("reason", ("campaign", CampaignFilter))
    list_select_related = ("campaign",)
    paginator = desk.CappedPaginator
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("address_hash",)
    search_help_text = _("A whole mail address: only hashes of them are kept")
    fields = ("address_hash", "campaign", "reason", "created_at")

    @admin.display(description=_("Hash of the address"))
    def short_hash(self, row: Suppression) -> str:
        return row.address_hash[:12]

    def has_delete_permission(self, request: HttpRequest, obj: Suppression | None = None) -> bool:
        # The owner of an address may change their mind, and then writes to the operator.
        return self.may(request, "campaign.delete_suppression", obj)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        if not search_term.strip():
            if "reason__exact" in request.GET:
                return queryset, False
            # One for each who didn't confirm: they would bury the few who asked to be left alone.
            return queryset.exclude(reason=SuppressionReason.REMINDED), False
        try:
            canonical = canonical_address(mailboxes.parse_address(search_term))
        except mailboxes.AddressError:
            return queryset.none(), False
        return queryset.filter(address_hash=outbox.address_hash(canonical)), False


@admin.register(Unreachable, site=site)
class UnreachableAdmin(ReadOnlyAdmin[Unreachable]):
    """Mailboxes that are not there, or whose owner complained; to delete one is to try it again."""

    campaign_path = ""  # a mailbox is gone for all of them
    list_display = ("short_hash", "reason", "created_at", "until")
    list_filter = ("reason",)
    paginator = desk.CappedPaginator
    ordering = ("-pk",)
    sortable_by = ()
    search_fields = ("address_hash",)
    search_help_text = _("A whole mail address: only hashes of them are kept")
    fieldsets = (
        (
            None,
            {
                "fields": ("address_hash", "reason", "created_at", "until"),
                "description": _("Nothing goes there. Once this is deleted, mails go there again."),
            },
        ),
    )

    @admin.display(description=_("Hash of the address"))
    def short_hash(self, row: Unreachable) -> str:
        return row.address_hash[:12]

    def has_delete_permission(self, request: HttpRequest, obj: Unreachable | None = None) -> bool:
        return self.may(request, "campaign.delete_unreachable", obj)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Unreachable], search_term: str
    ) -> tuple[QuerySet[Unreachable], bool]:
        if not search_term.strip():
            return queryset, False
        try:
            email = mailboxes.parse_address(search_term)
        except mailboxes.AddressError:
            return queryset.none(), False
        noted = outbox.against(email=email, canonical_email=canonical_address(email))
        return queryset.filter(noted), False
