"""What text may stand in XML."""

import re
from xml.sax.saxutils import escape

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def sound(text: str) -> str:
    """Without what no XML 1.0 may hold, escaped or not: one such name would cost everybody the feed."""
    return _NOT_XML.sub("", text)


def escaped(text: str) -> str:
    """As the content of an element, or of an attribute in double quotes."""
    return escape(sound(text), {'"': "&quot;"})
