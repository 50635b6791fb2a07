"""The brakes on a campaign's page: pulled and let go at once, and what they held published as a whole."""

from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaign import brakes, roles
from campaign.admin import asked
from campaign.errors import ChangedMeanwhile, ListFrozen
from campaign.models.brake import Brake
from campaign.models.campaign import Campaign


class Act(NamedTuple):
    """One button: which brake, whether it is pulled, and what is said of it afterwards."""

    brake: Brake
    on: bool
    said: str | Promise


ACTS = {
    "pause": Act(Brake.SIGNING, True, _("Signing is paused.")),
    "resume": Act(Brake.SIGNING, False, _("Signing goes on.")),
    "brake": Act(Brake.PUBLICATION, True, _("Nothing is published by itself any more.")),
    "unbrake": Act(Brake.PUBLICATION, False, _("What is confirmed is published again.")),
    "freeze": Act(Brake.LIST, True, _("The list is frozen.")),
    "thaw": Act(Brake.LIST, False, _("The list goes on.")),
}


def panel(campaign: Campaign) -> dict[str, Any]:
    """What the campaign's page says: since when each is on, and how many only a brake holds."""
    rows: list[dict[str, Any]] = [
        {
            "title": _("Signing"),
            "since": campaign.paused_at,
            "on": ("pause", _("Pause signing")),
            "off": ("resume", _("Resume signing")),
            "means": _("The page and the API then say so; links in mails go on working."),
        },
        {
            "title": _("Publication"),
            "since": campaign.braked_at,
            "on": ("brake", _("Pause publication")),
            "off": ("unbrake", _("Resume publication")),
            "means": _(
                "What is confirmed from then on is held, and batches wait. "
                "A moderator who has looked at one can still approve it."
            ),
        },
        {
            "title": _("The list"),
            "since": campaign.frozen_at,
            "on": ("freeze", _("Freeze the list")),
            "off": ("thaw", _("Let the list go on")),
            "means": _(
                "Nothing comes onto it, and nothing on it is changed. It loses only what "
                "signers take back or hide, what is rejected, and what somebody on file reports."
            ),
        },
    ]
    return {
        "rows": [row | {"url": _url(campaign.pk, row)} for row in rows],
        "waiting": brakes.waiting(campaign).count(),
        "underway": brakes.underway(campaign),
        "free": not (campaign.braked_at or campaign.frozen_at),
    }


def _url(pk: int, row: dict[str, Any]) -> str:
    name, _label = row["off"] if row["since"] else row["on"]
    return reverse(f"admin:campaign_campaign_{name}", args=[pk])


@require_POST
def act(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Pull that brake, or let it go; the owner alone."""
    campaign, by = _steered(request, pk)
    brake, on, said = ACTS[name]
    (brakes.pull if on else brakes.let_go)(campaign, brake, by=by)
    messages.success(request, str(said))
    return _back(pk)


@require_POST
def publish_held(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin to publish what the page showed that only a brake holds."""
    campaign, by = _steered(request, pk)
    form = asked.ShownForm(request.POST)
    try:
        if not form.is_valid():
            raise ChangedMeanwhile
        brakes.publish_held(campaign, waiting_n=form.cleaned_data["waiting"], by=by)
        messages.success(request, _("Begun. This page shows how far it is; you can leave it."))
    except ChangedMeanwhile:
        messages.warning(request, _("Others have come or gone meanwhile. Please look again."))
    except ListFrozen:
        messages.warning(request, _("A brake is still on: let it go first."))
    return _back(pk)


def _steered(request: HttpRequest, pk: int) -> tuple[Campaign, User]:
    assert isinstance(request.user, User)
    campaign = get_object_or_404(roles.campaigns(request.user, "campaign.view_campaign"), pk=pk)
    roles.require(request.user, roles.STEER, campaign)
    return campaign, request.user


def _back(pk: int) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:campaign_campaign_change", args=[pk]) + "#brakes")
