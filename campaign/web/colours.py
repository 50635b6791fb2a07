"""A campaign's colour as a style sheet of its own, since the pages may hold no style themselves.

Its address is the colour and nothing else: one that carried the campaign's slug would answer for a
campaign that is under embargo.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from campaign.contrast import lightened
from campaign.freshness import may_be_kept


@require_safe
def colours(_request: HttpRequest, accent: str) -> HttpResponse:
    """Custom properties for one ``rrggbb``: as it is by day, lightened until it reads at night."""
    css = (
        f":root{{--accent:#{accent.lower()}}}"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{lightened(accent)}}}}}\n"
    )
    response = HttpResponse(css, content_type="text/css; charset=utf-8")
    may_be_kept(response)
    return response
