"""Try a name: what the rules would say of it, and why. Nothing is written, no address of the page has it."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from campaign import identity, mailboxes, placing, roles, rules
from campaign.admin.site import site
from campaign.details import ADDRESS_PROBLEMS, TEXT_PROBLEMS
from campaign.models.address import canonical_address
from campaign.models.campaign import Campaign, Publication
from campaign.models.signature import GUARDED, Kind, Signature, Status


class Words(forms.CharField):
    """A name, credit or organisation, refused for the reasons that the sign form has."""

    def clean(self, value: Any) -> str:
        text = identity.clean(super().clean(value))
        problem = identity.name_problem(text) if text or self.required else None
        if problem is not None:
            raise forms.ValidationError(str(TEXT_PROBLEMS[problem]))
        return text


class Mailbox(forms.CharField):
    """A mail address that can exist, or none."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return mailboxes.parse_address(text) if text else ""
        except mailboxes.AddressError as error:
            raise forms.ValidationError(str(ADDRESS_PROBLEMS[error.code])) from None


class TryForm(forms.Form):
    """What somebody might sign with; the address only for who may see addresses of that campaign."""

    campaign = forms.ModelChoiceField(
        Campaign.objects.none(), label=_("Campaign"), empty_label=None
    )
    name = Words(label=_("Name"), max_length=1000, strip=False)
    kind = forms.ChoiceField(label=_("Signs as"), choices=Kind.choices)
    credit = Words(label=_("Credit"), max_length=1000, required=False, strip=False)
    organisation = Words(label=_("Organisation"), max_length=1000, required=False, strip=False)
    email = Mailbox(label=_("Mail address"), max_length=1000, required=False)

    def __init__(self, user: roles.Somebody, data: Any = None) -> None:
        super().__init__(data, auto_id="try-%s", prefix=None)
        field = self.fields["campaign"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = roles.campaigns(user, roles.LOOK).order_by("slug")
        self.user = user
        if not roles.campaigns(user, roles.ADDRESSES).exists():
            del self.fields["email"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        campaign, typed = cleaned.get("campaign"), cleaned.get("email")
        if campaign and typed and not roles.may(self.user, roles.ADDRESSES, campaign):
            self.add_error("email", _("You may not ask about addresses of this campaign."))
        return cleaned


@dataclass(frozen=True)
class Said:
    """One thing that a rule says, with the signatures that it points at."""

    reason: str | Promise
    sentence: str
    signatures: list[Signature]
    alarm: bool


@require_http_methods(["GET", "HEAD", "POST"])
def try_name(request: HttpRequest) -> HttpResponse:
    """The form; posted, the same with the answer."""
    if not request.user.has_perm(roles.LOOK):
        raise PermissionDenied
    form = TryForm(request.user, request.POST if request.method == "POST" else None)
    request.current_app = site.name
    context = {**site.each_context(request), "title": _("Try a name"), "form": form}
    if form.is_bound and form.is_valid():
        context |= _answer(form.cleaned_data)
    status = 422 if form.errors else 200
    return TemplateResponse(request, "admin/campaign/signature/try.html", context, status=status)


def _answer(typed: dict[str, Any]) -> dict[str, Any]:
    campaign: Campaign = typed["campaign"]
    findings = rules.try_out(_draft(typed))
    shown = Signature.objects.defer("search").in_bulk(
        [pk for finding in findings for pk in finding.signatures]
    )
    return {
        "campaign": campaign,
        "said": [
            Said(
                finding.reason.label,
                finding.sentence,
                [shown[pk] for pk in finding.signatures if pk in shown],
                alarm=finding.reason in GUARDED,
            )
            for finding in findings
        ],
        "reviews": campaign.publication == Publication.AFTER_REVIEW,
        "rules": [
            {"label": rule.label, "on": rules.is_on(rule, campaign), "always": rule.default is None}
            for rule in rules.RULES
        ],
    }


def _draft(typed: dict[str, Any]) -> Signature:
    """A signature that nobody made."""
    email = typed.get("email", "")
    draft = Signature(
        campaign=typed["campaign"],
        status=Status.PENDING,
        name=typed["name"],
        kind=typed["kind"],
        credit=typed["credit"],
        organisation=typed["organisation"],
        email=email,
        canonical_email=canonical_address(email) if email else "",
    )
    placing.fold(draft)
    return draft
