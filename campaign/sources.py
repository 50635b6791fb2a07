"""Where signers come from: the ``source`` of the link that they followed, and what others add to links.

A source is a word that whoever passes a link on chooses: ``?source=newsletter-3``. It names a way, never
a person.
"""

import re
from urllib.parse import unquote_plus

WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")

# Services write who clicked where into every link that leaves them: each would be an address of its own.
_ADDED = re.compile(
    r"utm_[a-z_]+|[a-z]*clid|gbraid|wbraid|igshid|igsh|mibextid|li_fat_id|mc_[ce]id|_hs[a-z]+"
)


def well_formed(source: str | None) -> str:
    """The source, '' for what is none."""
    return source if source and WELL_FORMED.fullmatch(source) else ""


def split(query: str) -> tuple[str, str]:
    """What a query asks beside its source and what services have added, and the source, '' for none."""
    asked, source = [], ""
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if name == "source":
            # The last one, as Django reads it.
            source = unquote_plus(value)
        elif not _ADDED.fullmatch(name):
            asked.append(part)
    return "&".join(asked), well_formed(source)
