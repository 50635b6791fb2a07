"""A campaign's colour as a style sheet of its own, since the pages may hold no style themselves.

Its address is the colour and nothing else: one that carried the campaign's slug would answer for a
campaign that is under embargo.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from campaign.contrast import NIGHT, WHITE, Colour, parse, worst
from campaign.freshness import may_be_kept

CONTRAST = 5.5
"""Of the accent on the grounds in the dark; WCAG 2.2 AA asks for 4.5."""


@require_safe
def colours(_request: HttpRequest, accent: str) -> HttpResponse:
    """Custom properties for one ``rrggbb``: as it is by day, lightened until it reads at night."""
    css = (
        f":root{{--accent:#{accent.lower()}}}"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{_hex(_lightened(parse(accent)))}}}}}\n"
    )
    response = HttpResponse(css, content_type="text/css; charset=utf-8")
    may_be_kept(response)
    return response


def _lightened(colour: Colour) -> Colour:
    """The colour with as little white as makes it readable on the dark grounds."""
    mixtures = (_mixed(colour, step / 100) for step in range(101))
    return next((each for each in mixtures if worst(each, NIGHT)[0] >= CONTRAST), WHITE)


def _mixed(colour: Colour, white: float) -> Colour:
    red, green, blue = (part + (1 - part) * white for part in colour)
    return red, green, blue


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)
