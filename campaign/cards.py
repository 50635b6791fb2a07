"""The pictures that stand beside a shared link: PNGs of 1200 x 630 pixels, drawn by us.

The same card gives the same bytes. Everything in them is public: a campaign's words, its count, and
the name of a signer who is listed.
"""

import unicodedata
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass

import resvg_py

from campaign.contrast import ACCENT, on, parse
from campaign.logos import LogoFile
from campaign.typesetting import BOLD, REGULAR, Block, Drawable, Place, drawable, fit
from campaign.xmltext import escaped

WIDTH, HEIGHT = 1200, 630
GROUND, INK, SOFT = "f5f4f2", "161615", "575753"
"""``--sheet``, ``--ink`` and ``--soft`` of petition.css by day: a picture has no night."""
_MARGIN = 80
_BAND = 116
_INNER = WIDTH - 2 * _MARGIN
_LEADING = {"ltr": 1.18, "rtl": 1.4}
_FAMILY = "Noto Serif"
_TITLE = (96, 88, 80, 72, 64, 58, 52, 46)
_TICK = 34
_LOGO = (320, 72)
# Unicode's isolates: read from the right, as the first letter reads, and the end of both.
_RTL, _FIRST_STRONG, _END = "\u2067", "\u2068", "\u2069"


@dataclass(frozen=True, kw_only=True)
class Card:
    """What every card says: of which campaign it is, in which direction it is read, in which colour.

    ``accent`` is ``rrggbb``, '' for ours; ``host`` is where the campaign is found; ``logo`` is the
    campaign's, if it has one.
    """

    title: str
    organiser: str
    host: str
    accent: str
    direction: str
    logo: LogoFile | None = None


@dataclass(frozen=True, kw_only=True)
class CampaignCard(Card):
    """``count`` in words ("1,234 signatures")."""

    count: str


@dataclass(frozen=True, kw_only=True)
class SignedCard(Card):
    """``headline`` (a signer's name, "I have signed") and the line below it ("has signed"), or ''.

    ``instead`` is the headline where no font has the letters of the first one: then it stands alone.
    """

    headline: str
    below: str = ""
    instead: str


def draw(card: CampaignCard | SignedCard) -> bytes:
    """The card as a PNG."""
    canvas = _Canvas(card.direction, card.accent or ACCENT)
    if isinstance(card, CampaignCard):
        _campaign(canvas, card)
    else:
        _signed(canvas, card)
    return canvas.png()


def _campaign(canvas: "_Canvas", card: CampaignCard) -> None:
    canvas.head(card.organiser, card.logo)
    top, bottom = 136.0, HEIGHT - _BAND - 32.0
    canvas.title(card.title, top=top, height=bottom - top)
    canvas.band(card.count, card.host, size=50)


def _signed(canvas: "_Canvas", card: SignedCard) -> None:
    headline, below = drawable(card.headline), card.below
    if not headline:
        headline, below = drawable(card.instead), ""
    top = canvas.stack(
        [
            Paragraph(headline, sizes=(88, 80, 72, 64, 56, 48), most=2, height=160),
            Paragraph(drawable(below), sizes=(36,), most=1, weight=REGULAR, colour=SOFT, above=6),
            Paragraph(
                drawable(card.title),
                sizes=(56, 50, 46, 42, 38, 34, 30),
                most=4,
                height=156,
                weight=REGULAR,
                above=34,
                inset=40,
            ),
        ],
        height=HEIGHT - _BAND,
    )
    canvas.head("", card.logo, at=top)
    canvas.band(card.organiser, card.host, size=34)


@dataclass(frozen=True)
class Paragraph:
    """A text and how it is set; ``above`` it is some room, ``inset`` a bar in the accent."""

    what: Drawable
    sizes: Sequence[int]
    most: int
    height: float = 60
    weight: int = BOLD
    colour: str = INK
    above: float = 0
    inset: float = 0


class _Canvas:
    """An SVG in the making; what stands at the start stands left or right, as the language reads."""

    def __init__(self, direction: str, accent: str) -> None:
        self.rtl = direction == "rtl"
        self.leading = _LEADING[direction]
        self.accent = accent
        self.parts = [f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#{GROUND}"/>']
        self.fonts: dict[str, None] = {}

    def png(self) -> bytes:
        svg = (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}"'
            f' font-family="{_FAMILY}">{"".join(self.parts)}</svg>'
        )
        # No fonts but those that were measured: the machine's would change lines that fit.
        drawn: bytes = resvg_py.svg_to_bytes(
            svg_string=svg, skip_system_fonts=True, font_files=list(self.fonts)
        )
        return drawn

    def stack(self, paragraphs: Sequence[Paragraph], *, height: float) -> float:
        """A tick and paragraphs below each other, in the middle of the height; where the tick is."""
        shown = [each for each in paragraphs if each.what]
        places = [Place(_INNER - each.inset, each.height, self.leading) for each in shown]
        blocks = [
            fit(each.what, place, sizes=each.sizes, most=each.most, weight=each.weight)
            for each, place in zip(shown, places, strict=True)
        ]
        tick = 2 * _TICK + 24
        taken = tick + sum(
            each.above + self._height(block) for each, block in zip(shown, blocks, strict=True)
        )
        first = max((height - taken) / 2, 24) + _TICK
        self._tick(at=first)
        top = first + tick - _TICK
        for each, block in zip(shown, blocks, strict=True):
            top += each.above
            bottom = self._set(each, block, top=top)
            if each.inset:
                self._rect(_MARGIN, top + 4, 8, bottom - top - 8)
            top = bottom
        return first

    def title(self, text: str, *, top: float, height: float) -> None:
        """As large as it fits, in the middle of its height."""
        each = Paragraph(drawable(text), sizes=_TITLE, most=4)
        block = fit(each.what, Place(_INNER, height, self.leading), sizes=_TITLE, most=4)
        self._set(each, block, top=top + max(height - self._height(block), 0) / 2)

    def head(self, name: str, logo: LogoFile | None, *, at: float = 92) -> None:
        """A name at the start of the first line, and a logo at its end."""
        room = _INNER
        if logo is not None:
            scale = min(_LOGO[0] / logo.width, _LOGO[1] / logo.height)
            width, height = logo.width * scale, logo.height * scale
            left = _MARGIN if self.rtl else WIDTH - _MARGIN - width
            self.parts.append(
                f'<image x="{left:.1f}" y="{at - height / 2:.1f}" width="{width:.1f}"'
                f' height="{height:.1f}" href="data:image/{logo.format};base64,'
                f'{b64encode(logo.content).decode()}"/>'
            )
            room -= int(width) + 40
        what = drawable(name)
        block = fit(what, Place(room, 60, self.leading), sizes=(32, 28, 24), most=1, weight=REGULAR)
        self._line(what, block, baseline=at + 12, colour=SOFT)

    def band(self, start: str, end: str, *, size: int) -> None:
        """The foot in the campaign's colour, with a line at its start and one at its end."""
        self._rect(0, HEIGHT - _BAND, WIDTH, _BAND)
        colour = on(parse(self.accent))
        said, where = drawable(start), drawable(end)
        ended = fit(where, Place(_INNER * 0.5, 40, 1), sizes=(30, 26, 22), most=1, weight=REGULAR)
        taken = max((where.width(each, REGULAR) * ended.size for each in ended.lines), default=0)
        place = Place(_INNER - taken - 40, _BAND, self.leading)
        began = fit(said, place, sizes=(size, size - 6, size - 12), most=1)
        baseline = HEIGHT - _BAND / 2 + size * 0.34
        self._line(said, began, baseline=baseline, colour=colour, weight=BOLD)
        self._line(where, ended, baseline=baseline, colour=colour, end=True)

    def _tick(self, *, at: float) -> None:
        """A tick in a disc: it is done."""
        x, colour = self._x(_MARGIN + _TICK), on(parse(self.accent))
        self.parts.append(
            f'<circle cx="{x}" cy="{at:.1f}" r="{_TICK}" fill="#{self.accent}"/>'
            f'<path d="M{x - 15} {at + 1:.1f}l10 11l20-23" fill="none" stroke="#{colour}"'
            ' stroke-width="7" stroke-linecap="round" stroke-linejoin="round"/>'
        )

    def _height(self, block: Block) -> float:
        return len(block.lines) * block.size * self.leading

    def _set(self, each: Paragraph, block: Block, *, top: float) -> float:
        """Lines from the top down; the result is where they end."""
        step = block.size * self.leading
        for number, _ in enumerate(block.lines):
            # As much above the capitals as below the baseline.
            baseline = top + number * step + step / 2 + block.size * 0.34
            one = Block((block.lines[number],), block.size)
            self._line(
                each.what,
                one,
                baseline=baseline,
                colour=each.colour,
                weight=each.weight,
                inset=each.inset,
            )
        return top + self._height(block)

    def _line(
        self,
        what: Drawable,
        block: Block,
        *,
        baseline: float,
        colour: str,
        weight: int = REGULAR,
        inset: float = 0,
        end: bool = False,
    ) -> None:
        """The one line of a block, if it has one, from the start on or up to the end."""
        if not block.lines:
            return
        self.fonts.update(dict.fromkeys(str(font.path) for font in what.fonts))
        left = end if self.rtl else not end
        x = self._x(WIDTH - _MARGIN if end else _MARGIN + inset)
        # The renderer knows no `direction`: each line is an isolate that brings its own.
        self.parts.append(
            f'<text x="{x:.1f}" y="{baseline:.1f}" font-size="{block.size}" font-weight="{weight}"'
            f' fill="#{colour}" text-anchor="{"start" if left else "end"}">'
            f"{_isolated(block.lines[0], rtl=self.rtl)}</text>"
        )

    def _rect(self, x: float, y: float, width: float, height: float) -> None:
        left = self._x(x) - (width if self.rtl else 0)
        self.parts.append(
            f'<rect x="{left:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
            f' fill="#{self.accent}"/>'
        )

    def _x(self, from_start: float) -> float:
        return WIDTH - from_start if self.rtl else from_start


def _isolated(line: str, *, rtl: bool) -> str:
    """The line in its own direction; among Arabic, one that begins with "AI" is Arabic still."""
    rtl = rtl and any(unicodedata.bidirectional(each) in ("R", "AL") for each in line)
    return f"{_RTL if rtl else _FIRST_STRONG}{escaped(line)}{_END}"
