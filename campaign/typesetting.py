"""Lines of text for pictures: which fonts can draw them, how wide they are, where they break.

A picture has no browser that would find fonts and break lines. Ours come as packages: Noto Serif
(Latin, Greek, Cyrillic) and Noto Sans Arabic. Of other scripts the machine's own Noto fonts are
taken, where it has any (Debian: fonts-noto-core, fonts-noto-cjk). What nothing can draw is not
drawn: an empty box in the place of a name is worse than no name.

Widths are HarfBuzz's, which shapes as the drawing does; a line's direction doesn't change them.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby
from pathlib import Path

import fontpkg_noto_sans_arabic
import fontpkg_noto_serif
import uharfbuzz

OURS = (
    fontpkg_noto_serif.ROOT / "files" / "NotoSerif[wdth,wght].ttf",
    fontpkg_noto_sans_arabic.ROOT / "files" / "NotoSansArabic[wdth,wght].ttf",
)
MACHINES = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
"""Where a machine keeps fonts of its own."""
BOLD, REGULAR = 700, 400
ELLIPSIS = "…"

# Written without spaces, so a line may end after each of them, except before what closes.
_WIDE = "WF"
_CLOSING = set("、。，．：；！？）」』】〉》〕ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ%％")
_WORD = re.compile(r"\S+")
# What is left of a group of emoji once they are left out.
_JOINERS = re.compile(r"(?<!\w)\u200d|[\ufe0e\ufe0f]")
_AFTER_HYPHEN = re.compile(r"(?<=[\w][-‐–—/])(?=\w)")


class Font:
    """One font file, asked for what it has and how wide it is."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._face = uharfbuzz.Face(uharfbuzz.Blob.from_file_path(str(path)))
        self._fonts: dict[int, uharfbuzz.Font] = {}

    @cached_property
    def _has(self) -> frozenset[int]:
        return frozenset(self._face.unicodes)

    def has(self, character: str) -> bool:
        return ord(character) in self._has

    def shape(self, text: str, weight: int) -> list[tuple[int, float]]:
        """Where in the text each glyph's cluster begins, and how wide it is; in parts of the size."""
        buffer = uharfbuzz.Buffer()
        buffer.add_str(text)
        buffer.guess_segment_properties()
        uharfbuzz.shape(self._weighing(weight), buffer)
        infos, positions = buffer.glyph_infos, buffer.glyph_positions
        if infos is None or positions is None:
            return []
        return [
            (info.cluster, position.x_advance / self._face.upem)
            for info, position in zip(infos, positions, strict=True)
        ]

    def _weighing(self, weight: int) -> uharfbuzz.Font:
        if weight not in self._fonts:
            font = uharfbuzz.Font(self._face)
            font.set_variations({"wght": weight})
            self._fonts[weight] = font
        return self._fonts[weight]


@lru_cache(maxsize=64)
def _font(path: Path) -> Font:
    return Font(path)


@lru_cache(maxsize=1)
def _machines() -> tuple[Path, ...]:
    """The machine's own Noto Sans, the bold before the others."""
    found = [path for place in MACHINES for path in place.rglob("NotoSans*-*.[to]t[fc]")]
    plain = [p for p in found if p.stem.endswith(("-Bold", "-Regular")) and "Mono" not in p.stem]
    return tuple(sorted(plain, key=lambda p: (p.stem.endswith("-Regular"), p.name)))


@dataclass(frozen=True)
class Drawable:
    """A text that can be drawn, and the fonts that it takes, in the order in which they are asked."""

    text: str
    fonts: tuple[Font, ...]

    def __bool__(self) -> bool:
        return bool(self.text)

    def width(self, text: str, weight: int) -> float:
        """How wide a part of it is, in parts of the font's size."""
        return sum(width for _, width in self._shaped(text, weight))

    def clusters(self, text: str, weight: int) -> list[str]:
        """The text cut where it may be cut without breaking a character that people see as one."""
        begins = sorted({cluster for cluster, _ in self._shaped(text, weight)})
        return [text[a:b] for a, b in zip(begins, [*begins[1:], len(text)], strict=True)]

    def _shaped(self, text: str, weight: int) -> list[tuple[int, float]]:
        shaped, at = [], 0
        for font, run in self._runs(text):
            shaped += [(at + cluster, width) for cluster, width in font.shape(run, weight)]
            at += len(run)
        return shaped

    def _runs(self, text: str) -> Iterable[tuple[Font, str]]:
        """Stretches of one font; a mark stays with what it stands on where the font has both."""
        chosen: list[tuple[Font, str]] = []
        for character in text:
            before = chosen[-1][0] if chosen else self.fonts[0]
            stays = _is_silent(character) or unicodedata.category(character)[0] in "MPZ"
            if not (stays and (before.has(character) or _is_silent(character))):
                before = next((f for f in self.fonts if f.has(character)), before)
            chosen.append((before, character))
        for font, group in groupby(chosen, key=lambda each: each[0]):
            yield font, "".join(character for _, character in group)


@lru_cache(maxsize=256)
def drawable(text: str) -> Drawable:
    """The text with the fonts for it; an empty one if a letter of it cannot be drawn.

    Symbols that no font has, mostly emoji, are left out: a title without its ♫ is the title still.
    """
    ours = [_font(path) for path in OURS]
    needed = {each for each in text if not _is_silent(each)}
    missing = _missing(needed, ours)
    more: list[Font] = []
    for path in _machines() if missing else ():
        font = _font(path)
        if any(font.has(each) for each in missing):
            more.append(font)
            missing = _missing(missing, [font])
        if not missing:
            break
    if any(unicodedata.category(each)[0] in "LMN" for each in missing):
        return Drawable("", ())
    kept = _JOINERS.sub("", "".join(each for each in text if each not in missing))
    used = [font for font in (*ours, *more) if any(font.has(each) for each in set(kept))]
    return Drawable(" ".join(kept.split()), tuple(used) or (ours[0],))


def _missing(characters: Iterable[str], fonts: Sequence[Font]) -> set[str]:
    return {each for each in characters if not any(font.has(each) for font in fonts)}


def _is_silent(character: str) -> bool:
    """Whether it has no shape of its own: spaces, joiners, marks of direction, variation selectors."""
    return unicodedata.category(character) in ("Zs", "Cf", "Cc") or "︀" <= character <= "️"


# --- Lines -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """Where lines are to fit, in pixels; ``leading`` is the height of a line, in parts of the size."""

    width: float
    height: float
    leading: float

    def lines(self, size: int, most: int) -> int:
        """How many lines of that size it takes, ``most`` at most and one at least."""
        return max(1, min(most, int(self.height / (size * self.leading))))


@dataclass(frozen=True)
class Block:
    """Lines that fit their place, and the size of their font in pixels."""

    lines: tuple[str, ...]
    size: int


def fit(
    what: Drawable, place: Place, *, sizes: Sequence[int], most: int, weight: int = BOLD
) -> Block:
    """The text at the first of the falling ``sizes`` at which it fits in ``most`` lines.

    At the last one, a word that is longer than a line is cut, and what is too much ends in "…",
    each between two characters as people see them.
    """
    if not what:
        return Block((), sizes[-1])
    pieces = _pieces(what.text)
    ems = {piece: what.width(piece, weight) for piece, _ in pieces}
    space = what.width(" ", weight)
    for size in sizes:
        room = place.width / size
        lines = _broken(pieces, ems, space, room)
        if len(lines) <= place.lines(size, most) and all(ems[each] <= room for each, _ in pieces):
            return Block(_balanced(pieces, ems, space, room), size)
    room, most = place.width / sizes[-1], place.lines(sizes[-1], most)
    cut = _cut(what, pieces, ems, room, weight)
    lines = _broken(cut, ems, space, room)
    if len(lines) > most:
        last = _shortened(what, lines[most - 1], room, weight)
        lines = (*lines[: most - 1], last)
    return Block(lines, sizes[-1])


Piece = tuple[str, bool]
"""What no line breaks in, and whether a space stands before it."""


def _pieces(text: str) -> list[Piece]:
    pieces = []
    for word in _WORD.findall(text):
        spaced = True
        for part in _AFTER_HYPHEN.split(word):
            for piece in _between_wide(part):
                pieces.append((piece, spaced))
                spaced = False
    return pieces


def _between_wide(word: str) -> list[str]:
    """Cut after each character of a script without spaces."""
    parts: list[str] = []
    for character in word:
        joins = (
            not parts
            or character in _CLOSING
            or unicodedata.category(character)[0] == "M"
            or not (_is_wide(character) or _is_wide(parts[-1][-1]))
        )
        if joins and parts:
            parts[-1] += character
        else:
            parts.append(character)
    return parts


def _is_wide(character: str) -> bool:
    return unicodedata.east_asian_width(character) in _WIDE


def _broken(
    pieces: Sequence[Piece], ems: dict[str, float], space: float, room: float
) -> tuple[str, ...]:
    lines: list[str] = []
    taken = 0.0
    for piece, spaced in pieces:
        gap = space if spaced else 0.0
        if lines and taken + gap + ems[piece] <= room:
            lines[-1] += " " * spaced + piece
            taken += gap + ems[piece]
        else:
            lines.append(piece)
            taken = ems[piece]
    return tuple(lines)


def _balanced(
    pieces: Sequence[Piece], ems: dict[str, float], space: float, room: float
) -> tuple[str, ...]:
    """The same number of lines, as even as they can be: no word alone on the last one."""
    lines = _broken(pieces, ems, space, room)
    low, high = max(ems[piece] for piece, _ in pieces), room
    for _ in range(12):
        middle = (low + high) / 2
        if len(_broken(pieces, ems, space, middle)) == len(lines):
            high = middle
        else:
            low = middle
    return _broken(pieces, ems, space, high)


def _cut(
    what: Drawable, pieces: Sequence[Piece], ems: dict[str, float], room: float, weight: int
) -> list[Piece]:
    """The pieces, those that are wider than a line cut into some that aren't."""
    cut: list[Piece] = []
    for piece, spaced in pieces:
        parts = [""]
        for cluster in what.clusters(piece, weight) if ems[piece] > room else [piece]:
            if parts[-1] and what.width(parts[-1] + cluster, weight) > room:
                parts.append("")
            parts[-1] += cluster
        cut += [(part, spaced and not number) for number, part in enumerate(parts)]
    ems.update({piece: what.width(piece, weight) for piece, _ in cut if piece not in ems})
    return cut


def _shortened(what: Drawable, line: str, room: float, weight: int) -> str:
    """The line with "…" at its end, without as many characters as that takes."""
    clusters = what.clusters(line, weight)
    while clusters and what.width("".join(clusters) + ELLIPSIS, weight) > room:
        clusters.pop()
    return "".join(clusters).rstrip(" ,;:–—-") + ELLIPSIS
