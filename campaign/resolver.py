"""What DNS says, asked of the machine's own resolver."""

from typing import Any

import dns.exception
import dns.resolver

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


def _ask(name: str, kind: str) -> list[Any]:
    try:
        answer = dns.resolver.resolve(name, kind, lifetime=WITHIN, search=False)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except (dns.exception.DNSException, OSError) as error:
        raise Silent(type(error).__name__) from error
    return list(answer.rrset or ())
