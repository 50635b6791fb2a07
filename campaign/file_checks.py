"""What single values of a campaign file must be, beyond their kind (`file_values`).

A check takes a value that was read and its place in the file, and returns the value, completed where
that is its work; it raises FileMistake. Those whose names begin with ``is_`` answer yes or no.
"""

import re
from email.utils import parseaddr
from math import floor
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext

from campaign import identity, mail_domains, mailboxes
from campaign.contrast import DAY, worst
from campaign.contrast import parse as parse_colour
from campaign.file_values import Place, refuse_twice
from campaign.models.signature import RejectionReason

_NETLOC = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?\Z")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_LANGUAGE = re.compile(r"(?=.{2,10}\Z)[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?\Z")
_COLOUR = re.compile(r"#[0-9a-f]{6}\Z", re.IGNORECASE)
MINIMUM_CONTRAST = 4.5
"""Of text against its ground: WCAG 2.2, success criterion 1.4.3."""
MOST_REASONS = 9
"""One digit of a keyboard chooses each."""
_LONGEST_SKELETON = 1000
"""What a ProtectedName takes of each; some single characters stand for eighteen."""


def slug(text: str, place: Place) -> str:
    if not _SLUG.match(text):
        said = gettext("%(slug)s must be of small letters, digits and single hyphens")
        raise place.wrong(said % {"slug": repr(text)})
    return text


def is_language(text: str) -> bool:
    return _LANGUAGE.match(text) is not None


def sender(text: str, place: Place) -> str:
    if text:
        _name, address = parseaddr(text)
        try:
            mailboxes.parse_address(address)
        except mailboxes.AddressError:
            raise place.wrong(
                gettext("must be an address such as Name <hello@example.org>")
            ) from None
    return text


def is_origin(site: str) -> bool:
    """Whether a browser may send this very text as Origin: small letters, ASCII, no path or user."""
    url = _url(site)
    return (
        url is not None
        # What a policy takes for more than a name must not come into its list of frame-ancestors.
        and _NETLOC.match(url.netloc) is not None
        and f"{url.scheme}://{url.netloc}" == site.lower() == site
        and site.isascii()
        and "@" not in url.netloc
        and len(site) <= 200
    )


def _url(text: str) -> SplitResult | None:
    """The parts of an address of the web, None if it is none."""
    try:
        url = urlsplit(text)
        return url if url.scheme in {"http", "https"} and url.hostname else None
    except ValueError:
        return None


def web_address(text: str, place: Place) -> str:
    """One that nobody on the way can put another page behind, as the contract has it."""
    url = _url(text)
    if text and (url is None or url.scheme != "https"):
        raise place.wrong(gettext("must begin with https://"))
    return text


def accent(text: str, place: Place) -> str:
    if not text:
        return ""
    if not _COLOUR.match(text):
        raise place.wrong(gettext("must be a colour such as #b3261e"))
    found, ground = worst(parse_colour(text), DAY)
    if found < MINIMUM_CONTRAST:
        # Rounded down, so that nobody reads that 4.5 is less than 4.5.
        facts = {"found": floor(found * 10) / 10, "ground": ground, "needed": MINIMUM_CONTRAST}
        said = gettext(
            "has a contrast of %(found)s to %(ground)s, on which it stands; text needs %(needed)s"
        )
        raise place.wrong(said % facts)
    return text.lower()


def disciplines(rows: list[dict[str, Any]], place: Place) -> list[dict[str, Any]]:
    refuse_twice([row["slug"] for row in rows], place)
    for row in rows:
        row["names"] = row["names"] or {
            place.languages[0]: row["slug"].replace("-", " ").capitalize()
        }
    return rows


def name(text: str, place: Place) -> str:
    """One that signatures are compared with."""
    if any(len(skeleton) > _LONGEST_SKELETON for skeleton in identity.skeletons(text)):
        said = gettext("%(name)s... is too long when its letters are written out")
        raise place.wrong(said % {"name": repr(text[:20])})
    if not text:
        raise place.wrong(gettext("is empty"))
    return text


def aliases(names: list[str], place: Place) -> list[str]:
    return [name(text, place.item(n)) for n, text in enumerate(names, start=1)]


def protected_names(rows: list[dict[str, Any]], place: Place) -> list[dict[str, Any]]:
    refuse_twice([each for row in rows for each in (row["name"], *row["aliases"])], place)
    return rows


def organisation_domains(domains: list[str], place: Place) -> list[str]:
    """A mailbox that anybody can have shows nothing of an organisation."""
    found = []
    for number, typed in enumerate(domains, start=1):
        domain = mail_domains.read_domain(typed)
        if domain is None:
            raise place.item(number).wrong(
                gettext("%(value)s is not a domain such as guild.example") % {"value": repr(typed)}
            )
        if mail_domains.is_shared(domain):
            raise place.item(number).wrong(
                gettext("%(value)s gives anybody a mailbox") % {"value": repr(typed)}
            )
        found.append(domain)
    refuse_twice(found, place)
    return found


def organisations(rows: list[dict[str, Any]], place: Place) -> list[dict[str, Any]]:
    refuse_twice([identity.search_fold(row["name"]) for row in rows], place)
    return rows


def reason_slug(text: str, place: Place) -> str:
    """One of ours may have what a slug may not."""
    return text if text in RejectionReason.values else slug(text, place)


def rejection_reasons(rows: list[dict[str, Any]], place: Place) -> list[dict[str, Any]]:
    """Each of one's own with its words in the default language; ours have some."""
    refuse_twice([row["slug"] for row in rows], place)
    if len(rows) > MOST_REASONS:
        raise place.wrong(gettext("are more than %(n)s") % {"n": MOST_REASONS})
    first = place.languages[0]
    for number, row in enumerate(rows, start=1):
        if row["slug"] in RejectionReason.values:
            continue
        if first not in row["names"]:
            raise place.item(number).under(first).wrong(gettext("is missing"))
        if first not in row["public"]["names"]:
            raise place.item(number).under("public").under(first).wrong(gettext("is missing"))
    return rows
