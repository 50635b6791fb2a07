"""Whose eyes are on a signature: told to colleagues, who then take the next one."""

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import User
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_POST

from campaign import presence, roles
from campaign.admin import desk
from campaign.models.signature import Signature
from campaign.roles import MODERATE

AHEAD = 20
"""How many of a lane are looked at for one that no colleague has open."""


def begin(request: HttpRequest, signature: Signature) -> list[dict[str, Any]]:
    """Note that this moderator looks at it; gives the colleagues who do, by name and seconds.

    A page that is fetched before anybody sees it is no look, and a reader decides nothing.
    """
    if not roles.may(request.user, MODERATE, signature.campaign):
        return []
    user_id = request.user.pk or 0
    if request.headers.get("X-Desk") != "prefetch":
        presence.look(signature.pk, user_id)
    looks = presence.others(signature.pk, user_id)
    if not looks:
        return []
    names = {
        user.pk: user.get_full_name() or user.get_username()
        for user in User.objects.filter(pk__in=[look.user_id for look in looks])
    }
    return [
        {"name": names[look.user_id], "seconds": look.seconds}
        for look in looks
        if look.user_id in names
    ]


def free(request: HttpRequest, rows: Iterable[Signature]) -> Signature | None:
    """The first of these that no colleague has open, and this moderator's from now on."""
    user_id = request.user.pk
    ahead = list(rows)
    taken = presence.taken([row.pk for row in ahead], user_id or 0)
    return next((row for row in ahead if row.pk not in taken), None)


@require_POST
def looking(request: HttpRequest, *, pk: int) -> HttpResponse:
    """Say that the page is still open, or with ``leave`` no longer; gives who else looks at it."""
    signature = desk.find(pk)
    if signature is None or not roles.may(request.user, MODERATE, signature.campaign):
        raise Http404
    if "leave" in request.POST:
        assert request.user.pk is not None
        presence.leave(pk, request.user.pk)
        return JsonResponse({})
    context = {"colleagues": begin(request, signature)}
    return JsonResponse({"html": render_to_string(TEMPLATE, context, request=request)})


TEMPLATE = "admin/campaign/signature/colleagues.html"
