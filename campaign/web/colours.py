"""A campaign's colour as a style sheet of its own, since the pages may hold no style themselves.

Its address is the colour and nothing else: one that carried the campaign's slug would answer for a
campaign that is under embargo.
"""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

DARK_GROUND = (21 / 255, 19 / 255, 17 / 255)
"""``--ground`` of petition.css in the dark."""
CONTRAST = 6.0
"""Text of the accent on the dark ground; WCAG 2.2 AA asks for 4.5."""
KEPT = 86_400

Colour = tuple[float, float, float]


@require_safe
def colours(_request: HttpRequest, accent: str) -> HttpResponse:
    """Custom properties for one ``rrggbb``: as it is by day, lightened until it reads at night."""
    red, green, blue = (int(accent[at : at + 2], 16) / 255 for at in (0, 2, 4))
    bright = _hex(_lightened((red, green, blue)))
    css = (
        f":root{{--accent:#{accent.lower()}}}"
        f"@media (prefers-color-scheme:dark){{:root{{--accent:{bright}}}}}\n"
    )
    response = HttpResponse(css, content_type="text/css; charset=utf-8")
    response["Cache-Control"] = f"public, max-age={KEPT}"
    return response


def _lightened(colour: Colour) -> Colour:
    """The colour with as little white as makes it readable on the dark ground."""
    for step in range(101):
        mixed = _mixed(colour, step / 100)
        if _luminance(mixed) + 0.05 >= CONTRAST * (_luminance(DARK_GROUND) + 0.05):
            return mixed
    return (1.0, 1.0, 1.0)


def _mixed(colour: Colour, white: float) -> Colour:
    red, green, blue = (part + (1 - part) * white for part in colour)
    return red, green, blue


def _luminance(colour: Colour) -> float:
    """Relative luminance, 0 to 1 (WCAG 2.2)."""
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)
