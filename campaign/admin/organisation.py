"""An organisation's own pages: its lists become links for its members. It sees nothing else here."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.models import User
from django.contrib.auth.views import PasswordResetConfirmView
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse, reverse_lazy
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from campaign import files, link_batches, member_lists, publication, roles, vouchers, vouching
from campaign.admin import desk
from campaign.admin.shown import FirstPasswordForm
from campaign.admin.site import relaxed, site
from campaign.errors import InvalidInput, NotFound, NotReady
from campaign.models.campaign import Campaign
from campaign.models.membership import Role
from campaign.models.voucher import BatchState, LinkBatch, Voucher

SHOWN = 20
"""Batches that a page shows, the newest."""
LINES_SHOWN = 50
NAMES_SHOWN = 50
QUERY_MAX = 200
NAME = "campaign_organisation"


class ListForm(forms.Form):
    """A list of members: a file, or addresses typed or pasted one a line."""

    file = forms.FileField(required=False, allow_empty_file=True)
    addresses = forms.CharField(required=False, strip=False)

    def chunks(self) -> tuple[str, Iterable[bytes]]:
        """The list's name, and its bytes."""
        file = self.cleaned_data["file"]
        if file is not None:
            return file.name, file.chunks()
        lines = self.cleaned_data["addresses"].splitlines()
        text = "\n".join([member_lists.EMAIL, *(line for line in lines if line.strip())])
        return str(_("Pasted addresses")), [text.encode() if self.has_addresses else b""]

    @property
    def has_addresses(self) -> bool:
        return bool(self.cleaned_data["addresses"].strip())


def own_vouchers(request: HttpRequest) -> list[Voucher]:
    """Those that whoever asks may act for."""
    user = request.user
    if not isinstance(user, User):
        return []
    found = Voucher.objects.select_related("campaign").filter(
        memberships__user=user, memberships__role=Role.ORGANISATION
    )
    return [each for each in found.order_by("-pk") if roles.may(user, roles.VOUCH, each.campaign)]


def urls() -> list[URLPattern]:
    """The pages, below those of the model that they are about."""

    def view(act: Callable[..., HttpResponseBase], *, posts: bool) -> Any:
        guarded = partial(_own, act=act)
        return site.admin_view(require_POST(guarded) if posts else require_safe(guarded))

    one = "own/<int:pk>/"
    return [
        path("own/", site.admin_view(require_safe(home)), name=f"{NAME}s"),
        path(one, view(page, posts=False), name=NAME),
        path(f"{one}names/", view(names, posts=False), name=f"{NAME}_names"),
        path(f"{one}confirm/", view(confirm, posts=True), name=f"{NAME}_confirm"),
        path(f"{one}take-back/", view(take_back, posts=True), name=f"{NAME}_take_back"),
        path(f"{one}address/", view(take_back_address, posts=True), name=f"{NAME}_address"),
        path(f"{one}list/", view(order, posts=True), name=f"{NAME}_list"),
        path(f"{one}<int:batch>/fetch/", view(fetch, posts=True), name=f"{NAME}_fetch"),
        path(f"{one}<int:batch>/forget/", view(forget, posts=True), name=f"{NAME}_forget"),
        path(f"{one}<int:batch>/revoke/", view(revoke, posts=True), name=f"{NAME}_revoke"),
    ]


def home(request: HttpRequest) -> HttpResponse:
    """The page of the newest; whoever acts for none has nothing to look at."""
    own = own_vouchers(request)
    if not own:
        raise PermissionDenied
    return _to(own[0])


def _own(
    request: HttpRequest,
    pk: int,
    *,
    act: Callable[..., HttpResponseBase],
    **options: int,
) -> HttpResponseBase:
    """Find the organisation among the own ones: another one's page is not there."""
    own = own_vouchers(request)
    if not own:
        raise PermissionDenied
    voucher = next((each for each in own if each.pk == pk), None)
    if voucher is None:
        raise Http404
    request.current_app = site.name
    if "batch" in options:
        batch = LinkBatch.objects.filter(pk=options["batch"], voucher=voucher).first()
        if batch is None:
            raise Http404
        batch.voucher = voucher
        return act(request, batch)
    return act(request, voucher)


def _to(voucher: Voucher) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse(f"admin:{NAME}", args=[voucher.pk]))


# --- The page --------------------------------------------------------------------------------


def page(
    request: HttpRequest,
    voucher: Voucher,
    *,
    error: str = "",
    typed: str = "",
    address_error: str = "",
    email: str = "",
) -> HttpResponse:
    batches = rows(voucher.batches.all())
    context = {
        **site.each_context(request),
        "title": voucher.name,
        "voucher": voucher,
        "campaign": voucher.campaign,
        "left": voucher.quota - voucher.taken,
        "own": own_vouchers(request),
        "batches": batches,
        "busy": any(row["is_busy"] for row in batches),
        "error": error,
        "typed": typed,
        "address_error": address_error,
        "email": email,
    }
    status = 422 if error or address_error else 200
    return TemplateResponse(request, "admin/campaign/voucher/own.html", context, status=status)


def rows(batches: Iterable[LinkBatch]) -> list[dict[str, Any]]:
    """Batches as a page shows them, the newest first."""
    return [_row(batch) for batch in list(batches)[:SHOWN]]


def _row(batch: LinkBatch) -> dict[str, Any]:
    return {
        "batch": batch,
        "is_dead": batch.is_dead,
        "is_busy": batch.state in {BatchState.WAITING, BatchState.WRITING} and not batch.is_dead,
        "is_ready": batch.state == BatchState.READY and not batch.is_dead,
        "is_late": batch.state == BatchState.WAITING
        and (timezone.now() - batch.created_at).total_seconds() > 60,
        "deleted_at": batch.fetched_at + link_batches.KEPT_AFTER_FETCHED
        if batch.fetched_at
        else batch.created_at + link_batches.KEPT,
        "refused": [(_said(code), n) for code, n in sorted(batch.refused.items())],
        "lines": [(line, _said(code)) for line, code in batch.problems[:LINES_SHOWN]],
        "more": sum(batch.refused.values()) - min(len(batch.problems), LINES_SHOWN),
    }


def _said(code: str) -> str | Promise:
    return link_batches.PROBLEMS.get(code, code)


# --- What its buttons do ---------------------------------------------------------------------


def order(request: HttpRequest, voucher: Voucher) -> HttpResponse:
    form = ListForm(request.POST, request.FILES)
    if not form.is_valid():
        said = next(iter(form.errors.values()))[0]
        return page(request, voucher, error=str(said))
    label, chunks = form.chunks()
    try:
        link_batches.order(voucher=voucher, label=label, chunks=chunks, by=_by(request))
    except InvalidInput as error:
        typed = form.cleaned_data["addresses"]
        return page(request, voucher, error=error.errors[0].message, typed=typed)
    messages.success(request, _("The list is here. Its links are being made."))
    return _to(voucher)


def fetch(request: HttpRequest, batch: LinkBatch) -> HttpResponseBase:
    try:
        found = link_batches.fetch(batch=batch, by=_by(request))
    except NotFound:
        messages.error(request, _("This file is deleted already. Send the list once more."))
        return _to(batch.voucher)
    except NotReady as error:
        messages.warning(request, str(error))
        return _to(batch.voucher)
    name = slugify(batch.voucher.name) or "members"
    return files.attached(found, f"{name}-links-{batch.pk}.csv", "text/csv; charset=utf-8")


def forget(request: HttpRequest, batch: LinkBatch) -> HttpResponse:
    if batch.state == BatchState.READY:
        link_batches.forget(batch)
    messages.success(request, _("The file is deleted here. Its links go on working."))
    return _to(batch.voucher)


def revoke(request: HttpRequest, batch: LinkBatch) -> HttpResponse:
    if request.POST.get("sure") != "yes":
        messages.error(request, _("Please tick the box if you are sure."))
        return _to(batch.voucher)
    vouchers.revoke_batch(batch=batch, by=_by(request))
    messages.success(
        request, _("Its links work no more. What they vouched for is being taken back.")
    )
    return _to(batch.voucher)


def _by(request: HttpRequest) -> User:
    assert isinstance(request.user, User)  # `_own` found a membership of theirs
    return request.user


# --- Names on the list -----------------------------------------------------------------------


def names(request: HttpRequest, voucher: Voucher) -> HttpResponse:
    """The public list, searched, with a button beside each name; and those confirmed already."""
    q = request.GET.get("q", "").strip()
    by_hand = list(vouching.by_hand(voucher)[:NAMES_SHOWN])
    confirmed = {each.signature.public_id for each in by_hand}
    context = {
        **site.each_context(request),
        "title": _("Names on the list"),
        "voucher": voucher,
        "campaign": voucher.campaign,
        "left": voucher.quota - voucher.taken,
        "q": q,
        "found": [
            {**entry, "confirmed": entry["id"] in confirmed}
            for entry in _found(voucher.campaign, q)
        ],
        "by_hand": by_hand,
    }
    return TemplateResponse(request, "admin/campaign/voucher/names.html", context)


def _found(campaign: Campaign, q: str) -> list[dict[str, Any]]:
    """What anybody would find on the public list."""
    if not q or not campaign.is_visible():
        return []
    disciplines = {each.slug: each.name() for each in campaign.disciplines.all()}
    found = publication.signers(campaign, q=q[:QUERY_MAX], order="name", size=NAMES_SHOWN)
    return [
        {
            "id": signer["id"],
            "name": signer["name"],
            "parts": [
                part
                for part in (
                    disciplines.get(signer["discipline"] or ""),
                    signer["credit"],
                    signer["organisation"],
                )
                if part
            ],
        }
        for signer in found.signers
    ]


def confirm(request: HttpRequest, voucher: Voucher) -> HttpResponse:
    try:
        vouching.confirm_name(
            voucher=voucher, public_id=request.POST.get("signer", "")[:16], by=_by(request)
        )
    except InvalidInput as error:
        messages.error(request, error.errors[0].message)
    except NotFound:
        messages.error(request, _("This name is not on the list any more."))
    else:
        messages.success(request, _("You vouch for this name. Its signer is told by mail."))
    return _to_names(request, voucher)


def take_back(request: HttpRequest, voucher: Voucher) -> HttpResponse:
    row = request.POST.get("row", "")
    its = vouching.by_hand(voucher).filter(pk=desk.row_id(row)).first()
    if its is not None:
        vouching.take_back(vouching=its, by=_by(request))
    messages.success(request, _("You don’t vouch for this name any more."))
    return _to_names(request, voucher)


def _to_names(request: HttpRequest, voucher: Voucher) -> HttpResponseRedirect:
    """Back to what was searched."""
    q = urlencode({"q": request.POST.get("q", "")[:QUERY_MAX]})
    return HttpResponseRedirect(f"{reverse(f'admin:{NAME}_names', args=[voucher.pk])}?{q}")


def take_back_address(request: HttpRequest, voucher: Voucher) -> HttpResponse:
    email = request.POST.get("email", "")
    try:
        vouching.take_back_address(voucher=voucher, email=email, by=_by(request))
    except InvalidInput as error:
        return page(request, voucher, address_error=error.errors[0].message, email=email)
    said = _("If this address had a link of yours, it works no more, and you don’t vouch for it.")
    messages.success(request, said)
    return _to(voucher)


# --- The first login -------------------------------------------------------------------------


class Welcome(PasswordResetConfirmView):
    """Chooses the first password, by the link that `invitations.welcome_path` made."""

    template_name = "admin/campaign/voucher/welcome.html"
    form_class = FirstPasswordForm
    success_url = reverse_lazy("admin:login")

    def get_context_data(self, **options: Any) -> dict[str, Any]:
        return {
            **site.each_context(self.request),
            "login": self.user,
            **super().get_context_data(**options),
        }

    def form_valid(self, form: Any) -> HttpResponse:
        said = _("Your password is set. Log in with it as %(name)s.")
        messages.success(self.request, said % {"name": form.user.get_username()})
        return super().form_valid(form)


welcome = relaxed(Welcome.as_view())
