"""What a representative's mail leads to: they confirm that it was them who signed for somebody else."""

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from campaign import representing
from campaign.errors import TokenExpired, TokenInvalid
from campaign.links import Purpose
from campaign.models.representation import Representation
from campaign.outbox import link_to
from campaign.representing import RepresentationGone
from campaign.web import personal
from campaign.web.answers import door
from campaign.web.forms import check_origin

SIGN_AGAIN = personal.Onward(
    _("Do you sign for somebody else? Then fill in the form once more:"), "campaign", ("open",)
)
WRITE = personal.Onward(personal.WRITE.said, states=("paused", "closed"))
"""Where there is no form."""


@door()
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what the other is going to be asked and one button; POST has them written to.

    Afterwards it says that, and nothing of what they do with it.
    """
    try:
        if request.method == "POST":
            check_origin(request, null=True)
            representing.confirm(token)
        return _shown(request, representing.seen(token))
    except (TokenExpired, TokenInvalid, RepresentationGone) as error:
        return personal.lost(request, error, SIGN_AGAIN, WRITE)


def _shown(request: HttpRequest, shown: Representation) -> HttpResponse:
    signature = shown.signature
    if shown.confirmed_at is not None:
        told = {"campaign": shown.campaign, "text": signature.statement}
        return personal.answer(request, signature, "pages/represented.html", told)
    context = {
        **personal.shown(request, signature),
        "representation": shown,
        "not_me_url": link_to(Purpose.NOT_ME, shown),
    }
    return personal.answer(request, signature, "pages/represent.html", context)
