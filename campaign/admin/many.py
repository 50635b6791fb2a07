"""Many decisions at once: a preview of exactly what is decided, then each as a move of its own."""

from collections import Counter
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from campaign import four_eyes, roles, rules
from campaign.admin.decisions import require_moderator, to_list
from campaign.admin.site import site
from campaign.admin.verdicts import BUTTONS, Button, Item
from campaign.errors import (
    CampaignError,
    ChangedMeanwhile,
    InvalidInput,
    ListFrozen,
    MoveRefused,
    SignatureGone,
)
from campaign.models.event import Verb
from campaign.models.signature import Signature
from campaign.roles import MODERATE

AT_ONCE = 200
"""How many one decision may cover: as many as somebody can have read on one page."""


def preview(
    request: HttpRequest,
    signatures: list[Signature],
    *,
    verb: str,
    form: forms.Form | None = None,
    status: int = 200,
) -> HttpResponse:
    """Exactly what the one button below would decide: every selected one with its revision."""
    button = BUTTONS[verb]
    names = rules.matching_names(signatures)
    approving = button.verb == Verb.APPROVE
    fit = [pair for pair in zip(signatures, names, strict=True) if button.fits(pair[0])]
    # Two must look at these, each with a word on how: nobody does that to a page of them.
    guarded = [
        pair for pair in fit if approving and (pair[1] or four_eyes.held_for_a_name(pair[0]))
    ]
    context = {
        **site.each_context(request),
        "title": button.label,
        "opts": Signature._meta,
        "button": button,
        "action": reverse(f"admin:campaign_signature_many_{verb}"),
        "heading": _("This is what will be published")
        if approving
        else _("These will be rejected"),
        "rows": [pair for pair in fit if pair not in guarded],
        "guarded": [signature for signature, _names in guarded],
        "unfit": [row for row in signatures if not button.fits(row)],
        "form": form or button.of_many(None, signatures),
        "filters": request.POST.get("filters", request.GET.urlencode()),
    }
    request.current_app = site.name
    return TemplateResponse(
        request, "admin/campaign/signature/preview.html", context, status=status
    )


@require_POST
def decide_many(request: HttpRequest, *, verb: str) -> HttpResponse:
    """Decide each of the previewed as a move of its own, and count what came of it."""
    by = require_moderator(request)
    button = BUTTONS[verb]
    filters = request.POST.get("filters", "")
    items = [_read_item(text) for text in request.POST.getlist("item")]
    if None in items or not 0 < len(items) <= AT_ONCE:
        messages.error(request, _("Nothing was decided: the list was not complete."))
        return to_list(filters)
    chosen = {item["pk"]: item for item in items if item}
    rows = {row.pk: row for row in _selected(request, list(chosen))}
    if not rows:
        messages.warning(request, str(SignatureGone.message))
        return to_list(filters)
    form = button.of_many(request.POST, rows.values())
    if not form.is_valid():
        return preview(request, list(rows.values()), verb=verb, form=form, status=422)
    alone = {"note": ""} if button.verb == Verb.APPROVE else {}
    outcomes: Counter[str] = Counter()
    for pk, item in chosen.items():
        try:
            if pk not in rows:
                raise SignatureGone
            moved = button.call(rows[pk], by, item, form.cleaned_data | alone)
            outcomes["done" if moved.changed else "already"] += 1
        except CampaignError as error:
            outcomes[error.code] += 1
    _say_many(request, button, outcomes)
    return to_list(filters)


def _read_item(text: str) -> dict[str, Any] | None:
    item = Item(dict(zip(("pk", "revision", "status"), text.split(":"), strict=False)))
    return item.cleaned_data if item.is_valid() else None


def _selected(request: HttpRequest, pks: list[int]) -> list[Signature]:
    rows = roles.within(Signature.objects.filter(pk__in=pks), request.user, MODERATE)
    rows = rows.select_related("campaign", "discipline")
    return list(rows.defer("search").order_by("confirmed_at", "pk"))


def _say_many(request: HttpRequest, button: Button, outcomes: Counter[str]) -> None:
    if n := outcomes["done"]:
        messages.success(request, f"{button.done}: {n}.")
    if n := outcomes["already"]:
        said = ngettext(
            "%(n)s had been decided so by somebody else already.",
            "%(n)s had been decided so by somebody else already.",
            n,
        )
        messages.info(request, said % {"n": n})
    if n := outcomes[ChangedMeanwhile.code]:
        said = ngettext(
            "%(n)s has changed since it was shown, undecided: please look at it again.",
            "%(n)s have changed since they were shown, undecided: please look at them again.",
            n,
        )
        messages.warning(request, said % {"n": n})
    if n := outcomes[ListFrozen.code]:
        said = ngettext(
            "%(n)s stays as it is: the list is frozen.",
            "%(n)s stay as they are: the list is frozen.",
            n,
        )
        messages.warning(request, said % {"n": n})
    if n := outcomes[MoveRefused.code]:
        said = ngettext(
            "%(n)s was refused: that is not possible in its state now.",
            "%(n)s were refused: that is not possible in their state now.",
            n,
        )
        messages.warning(request, said % {"n": n})
    if n := outcomes[InvalidInput.code]:
        said = ngettext(
            "%(n)s bears a protected name, undecided: two people must look at it, each by itself.",
            "%(n)s bear a protected name, undecided: two people must look at each by itself.",
            n,
        )
        messages.warning(request, said % {"n": n})
    if n := outcomes[SignatureGone.code]:
        said = ngettext("%(n)s is not here any more.", "%(n)s are not here any more.", n)
        messages.warning(request, said % {"n": n})
