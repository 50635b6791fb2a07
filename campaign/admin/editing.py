"""A campaign made and edited in the admin: one form, read by the reader of campaign files."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from campaign import campaign_file, campaign_parts, organising, public_numbers, publication
from campaign.admin import file_inputs
from campaign.admin.file_form import Form
from campaign.campaign_file import FileMistake
from campaign.errors import CampaignEdited
from campaign.models.audit import AuditAction, AuditEntry
from campaign.models.campaign import Campaign

MORE = 8
"""Spare rows that the button for more brings."""
Context = dict[str, Any]


def form_page(request: HttpRequest, campaign: Campaign | None, common: Context) -> HttpResponse:
    """The form of a campaign, or of a new one; POST saves, looks at what would change, or adds rows.

    ``common`` is what every page of the admin has.
    """
    view = _View(request, campaign, common)
    if request.method != "POST":
        return view.opened()
    if "_more" in request.POST:
        return view.shown(spare=MORE)
    return view.looked_at() if "_look" in request.POST else view.saved()


class _View:
    """One request to the form."""

    def __init__(self, request: HttpRequest, campaign: Campaign | None, common: Context) -> None:
        self.request = request
        self.campaign = campaign
        self.common = common
        self.values = campaign_parts.values(campaign) if campaign else {}
        self.now = campaign_file.digest(self.values) if campaign else ""
        self.typed = self._typed() if request.method == "POST" else {}

    def _typed(self) -> file_inputs.Typed:
        posted = {name: self.request.POST[name] for name in self.request.POST}
        file = self.request.FILES.get("logo")
        if isinstance(file, UploadedFile):
            posted["logo.base64"] = file_inputs.uploaded(file)
        typed = file_inputs.tidied(posted)
        if typed.get("logo.none"):
            typed.pop("logo.base64", None)
        if self.campaign:
            typed["slug"] = self.campaign.slug
        return typed

    def _document(self) -> file_inputs.Document:
        document = file_inputs.document(self.typed)
        if self.values.get("logo") and not self.typed.get("logo.none"):
            document.setdefault("logo", campaign_file.plain(self.values)["logo"])
        return document

    # --- What is answered

    def opened(self) -> HttpResponse:
        self.typed = file_inputs.spelled(self.values)
        if not self.campaign:
            self.typed["languages"] = (get_language() or "en").partition("-")[0]
        return self._page(shown=self.now)

    def shown(self, *, spare: int) -> HttpResponse:
        """As it was typed, unread."""
        return self._page(shown=self._opened_with(), spare=spare)

    def looked_at(self) -> HttpResponse:
        """As it was typed, with what is wrong or what would change."""
        try:
            file = campaign_file.read(self._document())
            if self.campaign:
                organising.check_edit(self.campaign, file)
        except FileMistake as mistake:
            return self._mistaken(mistake)
        changes = campaign_file.changed_keys(self.values, file.values) if self.campaign else None
        return self._page(shown=self._opened_with(), looked=True, changes=changes)

    def saved(self) -> HttpResponse:
        assert isinstance(self.request.user, User)
        try:
            file = campaign_file.read(self._document())
            if self.campaign is None:
                campaign = organising.make_campaign(file, by=self.request.user)
                messages.success(
                    self.request, _("The campaign is made. Nobody sees it before it opens.")
                )
                return _to(campaign)
            keys = organising.edit_campaign(
                self.campaign, file, shown=self._opened_with(), by=self.request.user
            )
        except FileMistake as mistake:
            return self._mistaken(mistake)
        except CampaignEdited:
            return self._edited_meanwhile()
        named = Form(self.typed).named(keys)
        said = _("Saved. Changed: %(keys)s") % {"keys": ", ".join(named)}
        messages.success(self.request, said if keys else _("Nothing has changed."))
        return _to(self.campaign)

    def _opened_with(self) -> str:
        return self.request.POST.get("shown", "")

    def _mistaken(self, mistake: FileMistake) -> HttpResponse:
        mistakes = [(each.key, each.reason) for each in mistake.all]
        if any(key.startswith("logo") for key, _reason in mistakes):
            self.typed.pop("logo.base64", None)
        return self._page(shown=self._opened_with(), mistakes=mistakes, status=422)

    def _edited_meanwhile(self) -> HttpResponse:
        """All that was typed stays; saving again replaces what stands by now."""
        acts = (AuditAction.CAMPAIGN_EDITED, AuditAction.CAMPAIGN_LOADED)
        entries = AuditEntry.objects.filter(campaign=self.campaign, action__in=acts)
        file = campaign_file.read(self._document())
        return self._page(
            shown=self.now,
            edited=entries.select_related("user").first() or True,
            changes=campaign_file.changed_keys(self.values, file.values),
            status=409,
        )

    def _page(
        self,
        *,
        shown: str,
        mistakes: list[tuple[str, str]] | None = None,
        spare: int = 0,
        changes: list[str] | None = None,
        status: int = 200,
        **more: Any,
    ) -> HttpResponse:
        form = Form(self.typed, mistakes or [], spare=spare)
        if changes is not None:
            more["changes"] = form.named(changes)
        looks = [
            (language, self.typed.get(f"statement.{language}.title", ""), body)
            for language in form.languages
            if (body := self._as_html(language))
        ]
        context = {
            **self.common,
            "title": self.campaign.slug if self.campaign else _("New campaign"),
            "campaign": self.campaign,
            "form": form,
            "shown": shown,
            "looks": looks,
            "preview_url": self.campaign and f"/preview/{self.campaign.preview_key}/",
            "version": self.campaign and self.campaign.versions.last(),
            "counts": self.campaign and public_numbers.counts(self.campaign),
            **more,
        }
        template = "admin/campaign/campaign/edit.html"
        return TemplateResponse(self.request, template, context, status=status)

    def _as_html(self, language: str) -> str:
        return publication.as_html(self.typed.get(f"statement.{language}.body", "").strip())


def _to(campaign: Campaign) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:campaign_campaign_change", args=[campaign.pk]))


def download(campaign: Campaign) -> HttpResponse:
    """The campaign's file, as it stands."""
    text = campaign_file.write(campaign_parts.values(campaign))
    answer = HttpResponse(text, content_type="application/toml; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{campaign.slug}.toml"'
    answer["Cache-Control"] = "no-store"
    return answer
