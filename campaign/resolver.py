"""What DNS says, asked of the machine's own resolver."""

from typing import Any

import dns.exception
import dns.resolver
import dns.reversename

WITHIN = 5.0
"""Seconds for one question."""


class Silent(Exception):
    """The resolver gave no answer: nobody knows whether there is a record."""


def texts(name: str) -> list[str]:
    """The TXT records of a name, each as one text; [] where there is none. Raises Silent."""
    rows = _ask(name, "TXT")
    return [b"".join(row.strings).decode("utf-8", "replace").strip() for row in rows]


def exchanges(name: str) -> list[str]:
    """The hosts that take mail for a name, by its MX records; "." says that none does. Raises Silent."""
    return [str(row.exchange) for row in _ask(name, "MX")]


def addresses(name: str) -> list[str]:
    """The addresses of a host, of both kinds. Raises Silent."""
    return [str(row.address) for kind in ("A", "AAAA") for row in _ask(name, kind)]


def names_of(address: str) -> list[str]:
    """What an address is called (PTR), without the dot at the end. Raises Silent."""
    name = dns.reversename.from_address(address).to_text()
    return [row.target.to_text(omit_final_dot=True) for row in _ask(name, "PTR")]


def _ask(name: str, kind: str) -> list[Any]:
    try:
        answer = dns.resolver.resolve(name, kind, lifetime=WITHIN, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise Silent(type(error).__name__) from error
    return list(answer.rrset or ())
