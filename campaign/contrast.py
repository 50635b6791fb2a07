"""How well one colour reads on another (WCAG 2.2, relative luminance and contrast ratio)."""

from collections.abc import Mapping

Colour = tuple[float, float, float]
"""Red, green and blue, each 0 to 1."""

ACCENT = "8a2b1f"
"""``--accent`` of petition.css, where a campaign has no colour of its own."""
WHITE: Colour = (1.0, 1.0, 1.0)
IN_THE_DARK = 5.5
"""Contrast of an accent on the grounds in the dark; WCAG 2.2 AA asks for 4.5."""

DAY = {"ground": "#ffffff", "sheet": "#f5f4f2"}
"""What text of the accent stands on, by custom property of petition.css; white stands on the accent."""
NIGHT = {"ground": "#131314", "sheet": "#1d1d1f"}
"""The same in the dark, where the accent is lighter and ``ground`` stands on it."""


def parse(digits: str) -> Colour:
    """The colour of ``rrggbb`` or ``#rrggbb``."""
    red, green, blue = (int(digits.lstrip("#")[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """1 (the same) to 21 (black and white), in either order."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def worst(accent: Colour, grounds: Mapping[str, str]) -> tuple[float, str]:
    """The smallest contrast that a colour has on any of these grounds, and on which."""
    return min((contrast(accent, parse(ground)), ground) for ground in grounds.values())


def on(ground: Colour) -> str:
    """White or black as ``rrggbb``, whichever reads better."""
    return "ffffff" if contrast(WHITE, ground) >= contrast(parse("000000"), ground) else "000000"


def lightened(digits: str) -> str:
    """The colour of ``rrggbb`` with as little white as makes it readable in the dark, as ``#rrggbb``."""
    mixtures = (_mixed(parse(digits), step / 100) for step in range(101))
    return _hex(next((each for each in mixtures if worst(each, NIGHT)[0] >= IN_THE_DARK), WHITE))


def _mixed(colour: Colour, white: float) -> Colour:
    red, green, blue = (part + (1 - part) * white for part in colour)
    return red, green, blue


def _hex(colour: Colour) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in colour)


def _luminance(colour: Colour) -> float:
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
