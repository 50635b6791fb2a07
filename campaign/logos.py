"""Which pictures a campaign may have as its logo."""

import io
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from django.utils.translation import gettext as _
from PIL import Image

FORMATS = {"PNG": "png", "WEBP": "webp", "JPEG": "jpeg"}
"""By Pillow's names, ours, which are those of ``image/...`` too. No SVG: it may hold scripts."""
LARGEST = 30 * 1024
"""Bytes: the page with all that is in it should stay below twice as many."""
MOST_PIXELS = (2000, 1000)
"""Width and height; it stands 160 by 40 at most, and screens have up to four pixels for one."""


class NoLogo(Exception):
    """Why a file is none."""


@dataclass(frozen=True)
class LogoFile:
    """A picture that may stand on our pages, with its size in pixels."""

    content: bytes
    format: str
    width: int
    height: int

    def facts(self) -> dict[str, str | int]:
        """All but the bytes; the digest is its address."""
        return {
            "digest": sha256(self.content).hexdigest(),
            "format": self.format,
            "width": self.width,
            "height": self.height,
        }


def read(path: Path) -> LogoFile:
    """The picture of that file; raises NoLogo."""
    # Asked first: opening a pipe would wait for ever.
    if not path.is_file():
        raise NoLogo(_("is not a file"))
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise NoLogo(_("cannot be read: %(why)s") % {"why": error.strerror}) from None
    return look_at(content)


def look_at(content: bytes) -> LogoFile:
    """The picture of those bytes; raises NoLogo. Decoded once: a broken file would be one on every page."""
    if len(content) > LARGEST:
        raise NoLogo(_("is larger than %(n)s KB") % {"n": LARGEST // 1024})
    try:
        with Image.open(io.BytesIO(content), formats=tuple(FORMATS)) as image:
            kind, (width, height) = FORMATS.get(image.format or ""), image.size
            frames = getattr(image, "n_frames", 1)
            fits = width <= MOST_PIXELS[0] and height <= MOST_PIXELS[1]
            if fits:
                image.load()
    except Exception as error:  # whatever a decoder makes of bytes that are no picture
        raise NoLogo(_("is no PNG, WebP or JPEG that can be read")) from error
    if kind is None or frames > 1:
        raise NoLogo(_("must be one still PNG, WebP or JPEG"))
    if not fits:
        sizes = {"width": width, "height": height, "most": MOST_PIXELS[0], "high": MOST_PIXELS[1]}
        said = _("has %(width)s by %(height)s pixels; %(most)s by %(high)s are the most")
        raise NoLogo(said % sizes)
    return LogoFile(content, kind, width, height)
