"""GROUND. When two mail addresses are the same mailbox. Pure functions, no database.

An address has four shapes: the one that mail goes to (`parse_address`), the one by which a bounce knows it
again (`mailed_address`), the one that tells signers apart (`canonical_address`), and the one that mails are
counted for (`mailbox_key`).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from email_validator import EmailNotValidError, validate_email

from campaign.identity_data import INVISIBLE, UNREACHABLE_TLDS


class AddressError(ValueError):
    """A mail address that is not taken. `code`: blank, too_long, malformed, impossible."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


LOCAL_PART_LIMIT: Final = 64
ADDRESS_LIMIT: Final = 254
TYPED_LIMIT: Final = 1000  # room for the invisible characters around a pasted address

_HOSTLIKE = re.compile(r"[\w.-]+\Z|\[[0-9a-z:.]+\]\Z", re.IGNORECASE)
_INVISIBLE_ENDS = re.compile(f"\\A[\\s{INVISIBLE}]+|[\\s{INVISIBLE}]+\\Z")


def parse_address(text: str) -> str:
    """The address to send to: the local part as typed, the domain in lower case and Unicode form.

    Raises AddressError:
    - `blank`; `too_long`: over 64 octets before the @ or 254 in all, the domain counted in its
      ASCII form (RFC 5321 4.5.3.1, RFC 3696 erratum 1690).
    - `malformed`: not one bare address. "Foo <a@b.org>", quoted local parts, comments, white
      space and controls inside are refused, so no line break can reach a header. So is anything
      like an RFC 2047 encoded word ("=?utf-8?q?victim?=@gmail.com"), which Django's
      `sanitize_address` decodes: the mail would go to another mailbox than the one counted here.
    - `impossible`: nothing that we send can arrive. The domain has no dot, a special-use or
      numeric top level, or bad IDNA, or is an IP literal; or the local part is not ASCII
      (RFC 6531), which few servers relay: after our 202 such a mail would vanish, and whoever
      has such a mailbox has an ASCII one beside it.
    """
    # Pasted addresses bring zero-width and bidirectional characters along at their ends.
    address = _INVISIBLE_ENDS.sub("", text[:TYPED_LIMIT]) if not text.isascii() else text
    address = address.strip()
    if not address:
        raise AddressError("blank")
    if len(address) > ADDRESS_LIMIT or len(text) > TYPED_LIMIT:
        raise AddressError("too_long")
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain or any(not char.isprintable() for char in address):
        raise AddressError("malformed")
    if "=?" in address or "?=" in address:
        raise AddressError("malformed")
    if not normalize("NFC", local).isascii():
        raise AddressError("impossible" if _accepted(local + "@example.org") else "malformed")
    if len(local) > LOCAL_PART_LIMIT:  # email_validator counts this in its strict mode only
        raise AddressError("too_long")
    try:
        found = validate_email(
            address, check_deliverability=False, allow_smtputf8=True, allow_quoted_local=False,
            allow_domain_literal=False, allow_display_name=False, test_environment=False,
            globally_deliverable=True,
        )  # fmt: skip
    except EmailNotValidError as error:
        ascii_too_long = "too long" in str(error)
        if _accepted(local + "@example.org") and _HOSTLIKE.match(domain):
            raise AddressError("too_long" if ascii_too_long else "impossible") from error
        raise AddressError("malformed") from error
    if found.ascii_domain.rpartition(".")[2] in UNREACHABLE_TLDS:
        raise AddressError("impossible")
    return f"{normalize('NFC', local)}@{found.domain}"


def _accepted(address: str) -> bool:
    try:
        validate_email(address, check_deliverability=False, allow_smtputf8=True)
    except EmailNotValidError:
        return False
    return True


def ascii_address(address: str) -> str:
    """A parsed address for the SMTP envelope and the To header: its domain as A-labels."""
    if address.isascii():
        return address
    local = address.rpartition("@")[0]
    return f"{local}@{validate_email(address, check_deliverability=False).ascii_domain}"


def domain_of(address: str) -> str:
    """The domain of a parsed address, as A-labels in small letters."""
    return ascii_address(address).rpartition("@")[2].lower()


def mailed_address(address: str) -> str:
    """A parsed address as a mail server hears it, whatever a provider folds: in small letters, its domain as
    A-labels. Two that give the same are the same mailbox, and one bounces if the other does.

    What is no address by now, of a row that is stored, in small letters: nothing goes there, but it stands
    between others that must.
    """
    try:
        return ascii_address(address).lower()
    except EmailNotValidError:
        return address.lower()


@dataclass(frozen=True)
class Provider:
    """How one mail provider folds addresses; kept under its domain in lower-case ASCII form."""

    domain: str
    """The domain that this one is an alias of, or itself."""
    dots: bool
    """Dots in the local part are ignored."""
    tag: str
    """The character that a tag begins with, "" for none."""


def canonical_address(address: str, providers: Mapping[str, Provider]) -> str:
    """The address that is counted: two parsed addresses of one mailbox give the same.

    The domain in ASCII form, folded by the table; the local part in lower case everywhere (RFC
    5321 lets a server tell A from a, but none of weight does, and one that did would give one
    person many signatures); tag and dots cut where the table says so. Never an empty local part:
    "+x@gmail.com" keeps its tag. Idempotent as long as the table's targets are final.
    """
    local, _, domain = ascii_address(address).rpartition("@")
    local, domain = local.lower(), domain.lower()
    provider = providers.get(domain)
    if provider is None:
        return f"{local}@{domain}"
    if provider.tag:
        local = local.partition(provider.tag)[0] or local
    if provider.dots:
        local = local.replace(".", "") or local
    return f"{local}@{provider.domain}"


def mailbox_key(canonical: str) -> str:
    """The mailbox that an address most likely ends in, to count the mails to it and to leave it
    alone. Never to merge signers, since a server may tell "a+b" from "a".

    Cuts a "+tag" at every domain, as most servers do. `canonical_address` cuts it only where the
    table says so; a stranger could therefore have unlimited mails sent to one mailbox of an
    unlisted domain ("victim+1", "victim+2" ...), each with a quota of its own. Never an empty
    local part: a "+" at the beginning is none of a tag. Idempotent.
    """
    local, at, domain = canonical.rpartition("@")
    name = local.lstrip("+")
    return f"{local[: len(local) - len(name)]}{name.partition('+')[0]}{at}{domain}"
