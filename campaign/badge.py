"""The count as a picture: an SVG of our own, with nothing in it that a strict policy would stop."""

import unicodedata

from campaign.contrast import ACCENT, on, parse
from campaign.xmltext import escaped

INK = "161615"
PAPER = "f5f4f2"
"""``--ink`` and ``--sheet`` of petition.css by day."""
_HEIGHT = 28
_MARGIN = 10
_FONT = 'font-family="Verdana,DejaVu Sans,Noto Sans,sans-serif" font-size="13"'
# Of Verdana at 13 pixels, which is wider than most: the text is stretched or squeezed a little to
# its place (`textLength`), so it fits whatever font the reader has.
_NARROW, _USUAL, _BROAD, _SQUARE = 5.0, 8.0, 11.0, 13.0


def draw(*, number: str, label: str, description: str, accent: str, language: str) -> str:
    """An SVG that says ``number`` on the accent (``rrggbb``, '' for ours) and ``label`` beside it.

    Both are in that language, written as its readers write numbers. The number is white or black,
    whichever reads better on the accent: one of them always has a contrast of 4.58. Who doesn't
    see it hears number and label, and ``description`` if they want more.
    """
    accent = accent or ACCENT
    left, right = _width(number, bold=True) + 2 * _MARGIN, _width(label) + 2 * _MARGIN
    width = left + right
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{_HEIGHT}"'
        f' viewBox="0 0 {width:.0f} {_HEIGHT}" role="img" aria-labelledby="t d"'
        f' xml:lang="{escaped(language)}">'
        f'<title id="t">{escaped(f"{number} {label}")}</title>'
        f'<desc id="d">{escaped(description)}</desc>'
        f'<rect width="{width:.0f}" height="{_HEIGHT}" rx="5" fill="#{PAPER}"/>'
        f'<path d="M5 0H{left:.0f}V{_HEIGHT}H5a5 5 0 0 1-5-5V5a5 5 0 0 1 5-5z" fill="#{accent}"/>'
        f'<rect x=".5" y=".5" width="{width - 1:.0f}" height="{_HEIGHT - 1}" rx="4.5" fill="none"'
        f' stroke="#{INK}" stroke-opacity=".25"/>'
        f'<g {_FONT} text-anchor="middle" aria-hidden="true">'
        f"{_text(number, left / 2, on(parse(accent)), bold=True)}"
        f"{_text(label, left + right / 2, INK)}"
        "</g></svg>\n"
    )


def _text(text: str, middle: float, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{middle:.1f}" y="18.5" fill="#{colour}"{weight}'
        f' textLength="{_width(text, bold=bold):.0f}" lengthAdjust="spacingAndGlyphs">{escaped(text)}</text>'
    )


def _width(text: str, *, bold: bool = False) -> float:
    return sum(_advance(character) for character in text) * (1.1 if bold else 1)


def _advance(character: str) -> float:
    """About how wide a character is, in pixels."""
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return _SQUARE
    if character.isspace() or character in ".,'’‘iljtfrI|!:;":
        return _NARROW
    return _BROAD if character in "mwMW@%" else _USUAL
