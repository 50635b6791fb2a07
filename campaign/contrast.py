"""How well one colour reads on another (WCAG 2.2, relative luminance and contrast ratio)."""

Colour = tuple[float, float, float]
"""Red, green and blue, each 0 to 1."""

WHITE: Colour = (1.0, 1.0, 1.0)


def parse(digits: str) -> Colour:
    """The colour of ``rrggbb`` or ``#rrggbb``."""
    red, green, blue = (int(digits.lstrip("#")[at : at + 2], 16) / 255 for at in (0, 2, 4))
    return red, green, blue


def contrast(one: Colour, other: Colour) -> float:
    """1 (the same) to 21 (black and white), in either order."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: Colour) -> float:
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
