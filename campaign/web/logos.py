"""A campaign's logo at an address of its contents.

Its address is what it is and nothing else: one that carried the campaign's slug would answer for a
campaign that is under embargo.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from campaign.freshness import may_be_kept
from campaign.models.logo import Logo
from campaign.web.front import kept


@kept
@require_safe
def logo(_request: HttpRequest, digest: str, kind: str) -> HttpResponse:
    """The bytes of that sha256. They never change, but the campaign may end them: asked for again, they
    cost a 304."""
    content = Logo.objects.filter(digest=digest).values_list("content", flat=True).first()
    if content is None:
        raise Http404
    response = HttpResponse(bytes(content), content_type=f"image/{kind}")
    may_be_kept(response)
    return response
