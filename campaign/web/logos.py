"""A campaign's logo at an address of its contents.

Its address is what it is and nothing else: one that carried the campaign's slug would answer for a
campaign that is under embargo.
"""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from campaign.models.logo import Logo
from campaign.web.front import kept


@kept
@require_safe
def logo(_request: HttpRequest, digest: str, kind: str) -> HttpResponse:
    """The bytes of that sha256, which never change, so that a browser asks once."""
    content = Logo.objects.filter(digest=digest).values_list("content", flat=True).first()
    if content is None:
        raise Http404
    response = HttpResponse(bytes(content), content_type=f"image/{kind}")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
