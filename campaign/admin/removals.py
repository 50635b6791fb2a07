"""Removals by rule: a rule is put together, looked at, started, watched, stopped, undone."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import AbstractBaseUser
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.functional import Promise
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaign import rejections, roles
from campaign import removal as verbs
from campaign.admin import desk
from campaign.admin.site import site
from campaign.admin.unfolded import CampaignFilter, PageAdmin
from campaign.criteria import Rule
from campaign.errors import CampaignError, InvalidInput
from campaign.languages import direction, own_name
from campaign.models.campaign import Campaign
from campaign.models.removal import UNDER_WAY, ItemState, Removal, RemovalStatus
from campaign.models.signature import NAME_MAX, Evidence, Kind, Status
from campaign.networks import Reach

ANY = ("", pgettext_lazy("a choice in a filter", "any"))
REACHES = (
    (Reach.NARROW, _("the same household or machine (/32 of IPv4, /64 of IPv6)")),
    (Reach.WIDE, _("its neighbourhood too (/24 of IPv4, /48 of IPv6)")),
)
RAN = (RemovalStatus.DONE, RemovalStatus.STOPPED)
STATES = {Status.PUBLISHED: _("Published"), Status.HELD: _("Held")}


def _moment(label: Any, help_text: Any = "") -> forms.DateTimeField:
    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    return forms.DateTimeField(label=label, help_text=help_text, required=False, widget=widget)


class RuleForm(forms.Form):
    """What a rule chooses by, for one campaign; every field that is left empty means any."""

    since = _moment(_("Confirmed from"), _("UTC; this moment included."))
    until = _moment(_("Confirmed until"), _("UTC; this moment not included."))
    network_of = forms.CharField(
        label=_("From the same network as"),
        required=False,
        max_length=16,
        help_text=_("The id of a signature. Networks are known for 30 days."),
    )
    reach = forms.ChoiceField(
        label=_("How near"), choices=REACHES, initial=Reach.NARROW, widget=forms.RadioSelect
    )
    domain = forms.CharField(
        label=_("Mail domain"),
        required=False,
        max_length=253,
        help_text=_("Such as example.org; none below it."),
    )
    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=NAME_MAX,
        help_text=_(
            "The whole name, with * for anything: Free Money *. Accents and case don’t matter."
        ),
    )
    discipline = forms.ChoiceField(label=_("Discipline"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=(ANY, *Kind.choices))
    evidence = forms.ChoiceField(
        label=_("Evidence"), required=False, choices=(ANY, *Evidence.choices)
    )
    statuses = forms.MultipleChoiceField(
        label=_("Status"),
        choices=list(STATES.items()),
        initial=list(STATES),
        widget=forms.CheckboxSelectMultiple,
    )
    known = forms.BooleanField(
        label=_("Also who is featured, or known by more than a mailbox"), required=False
    )

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        discipline = self.fields["discipline"]
        assert isinstance(discipline, forms.ChoiceField)
        its = [(each.slug, each.name()) for each in campaign.disciplines.all()]
        discipline.choices = [ANY, *its]

    def rule(self) -> Rule:
        cleaned = self.cleaned_data
        return Rule(**{**cleaned, "statuses": tuple(cleaned["statuses"])})

    def add(self, error: InvalidInput) -> None:
        """Put each mistake beside its field."""
        for each in error.errors:
            self.add_error(each.field if each.field in self.fields else None, each.message)


class StartForm(forms.Form):
    """Why, for those who are removed; and in the campaign's words, for the public."""

    reason = forms.ChoiceField(
        label=_("Reason"),
        widget=forms.RadioSelect,
        help_text=_("Each signer who is removed reads it in a mail."),
    )

    def __init__(self, *args: Any, campaign: Campaign, **options: Any) -> None:
        super().__init__(*args, **options)
        spoken = get_language()
        reason = self.fields["reason"]
        assert isinstance(reason, forms.ChoiceField)
        reason.choices = [
            (each.slug, each.for_signer(spoken)) for each in rejections.offered(campaign)
        ]
        self.languages = campaign.languages
        for language in self.languages:
            attributes = {
                "rows": 2,
                "maxlength": verbs.WORDS_MAX,
                "lang": language,
                "dir": direction(language),
            }
            self.fields[f"words_{language}"] = forms.CharField(
                label=own_name(language),
                max_length=verbs.WORDS_MAX,
                widget=forms.Textarea(attrs=attributes),
            )

    def words(self) -> dict[str, str]:
        return {language: self.cleaned_data[f"words_{language}"] for language in self.languages}

    def texts(self) -> list[forms.BoundField]:
        return [self[f"words_{language}"] for language in self.languages]


Act = Callable[..., None]
BUTTONS: dict[str, tuple[Act, str | Promise]] = {
    "stop": (
        verbs.stop,
        _("Stopped. What was removed until now stays removed, until it is undone."),
    ),
    "undo": (verbs.undo, _("It is being undone.")),
}


@admin.register(Removal, site=site)
class RemovalAdmin(PageAdmin[Removal]):
    right = roles.STEER
    list_display = ("when", "campaign", "chosen", "state", "by")
    list_filter = (("campaign", CampaignFilter), "status")
    list_select_related = ("campaign", "by")
    paginator = desk.CappedPaginator
    ordering = ("-pk",)
    sortable_by = ()

    def get_queryset(self, request: HttpRequest) -> QuerySet[Removal]:
        return super().get_queryset(request).prefetch_related("campaign__disciplines")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(roles.STEER)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(roles.STEER)

    @admin.display(description=_("Looked at"))
    def when(self, removal: Removal) -> datetime:
        return removal.previewed_at

    @admin.display(description=_("Chosen by"))
    def chosen(self, removal: Removal) -> SafeString:
        its = _told(Rule.of(removal.rule), removal.campaign)
        # In one box: on a phone a cell lays out its parts side by side.
        return format_html("<span>{}</span>", format_html_join(", ", "{}: <bdi>{}</bdi>", its))

    @admin.display(description=_("State"))
    def state(self, removal: Removal) -> SafeString:
        return format_html(
            '<span class="chip chip-run-{}">{}</span>', removal.status, removal.get_status_display()
        )

    # --- Putting a rule together

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The form of one campaign's rule; what the address says of it stands in it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        typed = request.POST if request.method == "POST" else request.GET
        campaigns = roles.campaigns(request.user, roles.STEER).order_by("slug")
        slug = typed.get("campaign", "")
        if not slug and len(campaigns) != 1:
            context = self.context(request, _("New removal by rule")) | {"campaigns": campaigns}
            return TemplateResponse(request, "admin/campaign/removal/campaigns.html", context)
        campaign = campaigns.filter(slug=slug).first() if slug.isprintable() else None
        campaign = campaign or (None if slug else campaigns.first())
        if campaign is None:
            raise Http404
        if request.method != "POST":
            return self._form_page(request, campaign, _as_linked(typed, campaign))
        form = RuleForm(request.POST, campaign=campaign)
        if form.is_valid():
            try:
                removal = verbs.preview(campaign=campaign, rule=form.rule(), by=_user(request))
            except InvalidInput as error:
                form.add(error)
            else:
                return _to_page(removal)
        return self._form_page(request, campaign, form, status=422)

    def _form_page(
        self, request: HttpRequest, campaign: Campaign, form: RuleForm, status: int = 200
    ) -> HttpResponse:
        context = self.context(request, _("New removal by rule"))
        context |= {"form": form, "campaign": campaign}
        template = "admin/campaign/removal/form.html"
        return TemplateResponse(request, template, context, status=status)

    # --- One run

    def page(self, request: HttpRequest, object_id: str) -> HttpResponse:
        removal = self._find(request, desk.row_id(object_id))
        return self._page(request, removal, StartForm(campaign=removal.campaign))

    def _find(self, request: HttpRequest, pk: int) -> Removal:
        return self.find(request, pk, Removal.objects.select_related("campaign", "by"))

    def _page(
        self, request: HttpRequest, removal: Removal, form: StartForm, status: int = 200
    ) -> HttpResponse:
        rule = Rule.of(removal.rule)
        looks = roles.may(request.user, roles.LOOK, removal.campaign)
        waits = looks and removal.status == RemovalStatus.PREVIEWED
        ran = looks and removal.status in RAN
        context = self.context(request, str(removal)) | {
            "original": removal,
            "removal": removal,
            "state": self.state(removal),
            "rule": _told(rule, removal.campaign),
            "again": _link_to(rule, removal.campaign),
            "progress": verbs.progress(removal),
            "sample": verbs.sample(removal, ItemState.MATCHED) if waits else [],
            "spared": verbs.sample(removal, ItemState.SPARED) if waits else [],
            "gone": verbs.sample(removal, ItemState.REMOVED) if ran else [],
            "reason": rejections.find(removal.campaign, removal.reason).for_signer(get_language()),
            "words": [(own_name(code), code, said) for code, said in removal.words.items()],
            "is_under_way": removal.status in UNDER_WAY,
            "can_undo": removal.status in RAN,
            "form": form,
        }
        template = "admin/campaign/removal/page.html"
        return TemplateResponse(request, template, context, status=status)

    def get_urls(self) -> list[URLPattern]:
        buttons = {"start": self.start} | {name: partial(self.press, name=name) for name in BUTTONS}
        return [
            *(
                path(
                    f"<int:pk>/{name}/",
                    self.admin_site.admin_view(require_POST(button)),
                    name=f"campaign_removal_{name}",
                )
                for name, button in buttons.items()
            ),
            *super().get_urls(),
        ]

    def start(self, request: HttpRequest, pk: int) -> HttpResponse:
        removal = self._find(request, pk)
        form = StartForm(request.POST, campaign=removal.campaign)
        if not form.is_valid():
            return self._page(request, removal, form, status=422)
        reason = form.cleaned_data["reason"]
        try:
            verbs.start(removal=removal, reason=reason, words=form.words(), by=_user(request))
        except InvalidInput as error:
            for each in error.errors:
                form.add_error(each.field, each.message)
            return self._page(request, removal, form, status=422)
        except CampaignError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, _("It is running; you can leave this page."))
        return _to_page(removal)

    def press(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        removal = self._find(request, pk)
        act, said = BUTTONS[name]
        try:
            act(removal=removal, by=_user(request))
        except CampaignError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, str(said))
        return _to_page(removal)


def _user(request: HttpRequest) -> AbstractBaseUser:
    assert isinstance(request.user, AbstractBaseUser)
    return request.user


def _to_page(removal: Removal) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:campaign_removal_change", args=[removal.pk]))


# --- A rule in words and in an address -------------------------------------------------------


def _as_linked(query: Any, campaign: Campaign) -> RuleForm:
    """The form with what an address says, such as a link from a signature."""
    lists = {"statuses"}
    said = {
        name: query.getlist(name) if name in lists else query.get(name)
        for name in RuleForm.base_fields
        if name in query
    }
    return RuleForm(initial=said, campaign=campaign)


def _link_to(rule: Rule, campaign: Campaign) -> str:
    """The address of the form with this rule in it."""
    stored = rule.stored()
    for name in ("since", "until"):
        at: datetime | None = getattr(rule, name)
        stored[name] = at.strftime("%Y-%m-%dT%H:%M") if at else ""
    said = {name: value for name, value in stored.items() if value}
    query = urlencode({"campaign": campaign.slug, **said}, doseq=True)
    return f"{reverse('admin:campaign_removal_add')}?{query}"


def _typed(value: Any) -> Any:
    return f"{value:%Y-%m-%d %H:%M} UTC" if isinstance(value, datetime) else value


def _told(rule: Rule, campaign: Campaign) -> list[tuple[Any, Any]]:
    """What it chooses by, each as label and value."""
    disciplines = {each.slug: each.name() for each in campaign.disciplines.all()}
    values: dict[str, Any] = {
        **{name: _typed(getattr(rule, name)) for name in rule.chosen()},
        "statuses": ", ".join(str(STATES[Status(each)]) for each in rule.statuses),
    }
    if rule.network_of:
        values["reach"] = dict(REACHES)[Reach(rule.reach)]
    if rule.discipline:
        values["discipline"] = disciplines.get(rule.discipline, rule.discipline)
    if rule.kind:
        values["kind"] = Kind(rule.kind).label
    if rule.evidence:
        values["evidence"] = Evidence(rule.evidence).label
    if rule.known:
        values["known"] = _("yes")
    fields = RuleForm.base_fields
    return [(fields[name].label, values[name]) for name in fields if name in values]
