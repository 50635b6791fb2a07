"""Whether a campaign asks for two people: what its page says of it, and its owner's switch."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from campaign import four_eyes, organising, roles
from campaign.campaign_file import FileMistake
from campaign.models.campaign import Campaign


def panel(campaign: Campaign) -> dict[str, Any]:
    """What the campaign's page says: how many could look, and whether that is enough."""
    n = four_eyes.moderators(campaign)
    return {
        "moderators": n,
        "too_few": campaign.four_eyes and n < organising.ENOUGH,
        "enough": n >= organising.ENOUGH,
    }


@require_POST
def switch(request: HttpRequest, pk: int) -> HttpResponse:
    """Switch it on or off, on record; the owner alone."""
    assert isinstance(request.user, User)
    campaign = get_object_or_404(roles.campaigns(request.user, "campaign.view_campaign"), pk=pk)
    roles.require(request.user, roles.STEER, campaign)
    on = request.POST.get("on") == "yes"
    try:
        organising.switch_four_eyes(campaign, on=on, by=request.user)
    except FileMistake as mistake:
        messages.error(request, _("Four eyes: %(why)s") % {"why": mistake.reason})
    else:
        said = _("Two people look from now on.") if on else _("One person is enough from now on.")
        messages.success(request, str(said))
    return HttpResponseRedirect(reverse("admin:campaign_campaign_change", args=[pk]))
