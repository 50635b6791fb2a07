"""Who may send in the name of a domain, by its SPF record (RFC 7208): asked of DNS as a receiver does."""

from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from campaign import resolver

Address = IPv4Address | IPv6Address
LOOKUPS = 10
"""Questions to DNS that a record may cost a receiver (RFC 7208, 4.6.4); one more, and it is no record."""
ANSWERS = {"+": "pass", "-": "fail", "~": "softfail", "?": "neutral"}


class Broken(Exception):
    """A record that no receiver can follow; its text says why."""


class Unknown(Exception):
    """What receivers follow and we don't, macros (RFC 7208, 7) and the like; its text says what."""


@dataclass
class Look:
    """One evaluation for one address; ``asked`` counts its questions."""

    address: Address
    asked: int = field(default=0)

    def verdict(self, domain: str) -> str:
        """`pass`, `fail`, `softfail` or `neutral`; `none` without a record.

        Raises Broken, Unknown, Silent.
        """
        found = records(domain)
        if not found:
            return "none"
        if len(found) > 1:
            raise Broken(f"{domain} has {len(found)} SPF records")
        elsewhere = ""
        for term in found[0].split()[1:]:
            if term.lower().startswith("redirect="):
                elsewhere = term[len("redirect=") :]
                continue
            answer, mechanism = ("+", term) if term[0] not in ANSWERS else (term[0], term[1:])
            if "=" not in mechanism.partition(":")[0] and self._matches(mechanism, domain):
                return ANSWERS[answer]
        if not elsewhere:
            return "neutral"
        self._ask(elsewhere)
        return self._included(elsewhere)

    def _matches(self, mechanism: str, domain: str) -> bool:
        head, colon, value = mechanism.partition(":")
        name, slash, length = head.lower().partition("/")
        match name:
            case "all":
                return True
            case "ip4" | "ip6":
                return self._is_in([value])
            case "include":
                self._ask(value)
                return self._included(value) == "pass"
            case "a" | "mx":
                where, lengths = _lengths(value if colon else f"{domain}{slash}{length}")
                self._ask(where)
                hosts = [where] if name == "a" else resolver.exchanges(where)
                found = [each for host in hosts for each in resolver.addresses(host.rstrip("."))]
                return self._is_in(
                    [f"{each}/{lengths[ip_address(each).version]}" for each in found]
                )
            case "exists" | "ptr":
                raise Unknown(mechanism)
            case _:
                raise Broken(f"{mechanism} is nothing that SPF knows")

    def _included(self, domain: str) -> str:
        verdict = self.verdict(domain)
        if verdict == "none":
            raise Broken(f"{domain}, which it names, has no SPF record")
        return verdict

    def _is_in(self, networks: list[str]) -> bool:
        try:
            return any(self.address in ip_network(each, strict=False) for each in networks)
        except ValueError as error:
            raise Broken(f"{networks[0]} is no network") from error

    def _ask(self, name: str) -> None:
        if "%" in name:
            raise Unknown(f"the macro of {name}")
        self.asked += 1
        if self.asked > LOOKUPS:
            raise Broken(f"it costs a receiver more than {LOOKUPS} questions")


def _lengths(text: str) -> tuple[str, dict[int, str]]:
    """A host and, by the version of IP, how long its networks are: `host/24//64` (RFC 7208, 5)."""
    text, _slashes, six = text.partition("//")
    host, _slash, four = text.partition("/")
    return host, {4: four or "32", 6: six or "128"}


def records(domain: str) -> list[str]:
    """The SPF records of a domain; more than one is none. Raises Silent."""
    return [text for text in resolver.texts(domain) if text.lower().split(" ")[0] == "v=spf1"]
