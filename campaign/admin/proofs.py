"""What moderators do with evidence: say that they have checked who somebody is, and take proofs back."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.models import AbstractBaseUser
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaign import proofs, sites, vouching
from campaign.admin import decisions, desk, verdicts
from campaign.errors import CampaignError
from campaign.history import Actor
from campaign.models.signature import Evidence, Signature


def urls(view: Callable[..., Callable[..., HttpResponse]]) -> list[URLPattern]:
    """The paths of the buttons, under those of the signatures."""
    return [
        path("<int:pk>/check/", view(check), name="campaign_signature_check"),
        path(
            "<int:pk>/proofs/<int:proof>/revoke/",
            view(revoke),
            name="campaign_signature_revoke_proof",
        ),
        path(
            "<int:pk>/sites/<int:site>/accept/",
            view(accept),
            name="campaign_signature_accept_site",
        ),
        path(
            "<int:pk>/sites/<int:site>/refuse/",
            view(refuse),
            name="campaign_signature_refuse_site",
        ),
    ]


@require_POST
def check(request: HttpRequest, *, pk: int) -> HttpResponse:
    """Note that staff have checked who the signer is, as the page showed them."""
    signature, by = _asked(request, pk)
    shown, form = verdicts.Shown(request.POST), verdicts.CheckForm(request.POST)
    if not (shown.is_valid() and form.is_valid()):
        return decisions.page(request, signature, form=form, status=422)
    try:
        proofs.grant(
            signature_id=signature.pk,
            method=Evidence.STAFF,
            actor=Actor.moderator(by),
            note=form.cleaned_data["note"],
            revision=shown.cleaned_data["revision"],
        )
        messages.success(request, _("Noted that you have checked who this is."))
    except CampaignError as error:
        messages.warning(request, str(error))
    return decisions.to_page(pk, request.POST.get("filters", ""))


@require_POST
def revoke(request: HttpRequest, *, pk: int, proof: int) -> HttpResponse:
    """Take a proof of this signature back."""
    signature, by = _asked(request, pk)
    form = verdicts.NoteForm(request.POST)
    if not form.is_valid() or not signature.proofs.filter(pk=proof).exists():
        return decisions.page(request, signature, status=422)
    try:
        note = form.cleaned_data["note"]
        vouching.revoke_proof(proof_id=proof, actor=Actor.moderator(by), note=note)
        messages.success(request, _("Taken back: the evidence is what the other proofs show."))
    except CampaignError as error:
        messages.warning(request, str(error))
    return decisions.to_page(pk, request.POST.get("filters", ""))


@require_POST
def accept(request: HttpRequest, *, pk: int, site: int) -> HttpResponse:
    """Say that a site is that of the one whose name the page showed."""
    signature, by = _asked(request, pk)
    shown = verdicts.Shown(request.POST)
    if not shown.is_valid() or not signature.sites.filter(pk=site).exists():
        return decisions.page(request, signature, status=422)
    try:
        revision = shown.cleaned_data["revision"]
        sites.accept(site_id=site, actor=Actor.moderator(by), revision=revision)
        messages.success(request, _("Accepted: the site is theirs."))
    except CampaignError as error:
        messages.warning(request, str(error))
    return decisions.to_page(pk, request.POST.get("filters", ""))


@require_POST
def refuse(request: HttpRequest, *, pk: int, site: int) -> HttpResponse:
    """Say that a site is not theirs, or says nothing of who they are."""
    signature, by = _asked(request, pk)
    if not signature.sites.filter(pk=site).exists():
        return decisions.page(request, signature, status=422)
    try:
        sites.refuse(site_id=site, actor=Actor.moderator(by))
        messages.success(request, _("Not accepted: the site proves nothing."))
    except CampaignError as error:
        messages.warning(request, str(error))
    return decisions.to_page(pk, request.POST.get("filters", ""))


def _asked(request: HttpRequest, pk: int) -> tuple[Signature, AbstractBaseUser]:
    """The signature, and who may decide on it; raises Http404, PermissionDenied."""
    decisions.require_moderator(request)
    signature = desk.find(pk)
    if signature is None:
        raise Http404
    return signature, decisions.require_moderator(request, signature.campaign)
