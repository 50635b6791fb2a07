"""Whether mails of one sender arrive: its records, and whether they name the machines that send."""

from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from campaign import resolver
from campaign.doctor import mail, spf
from campaign.doctor.findings import Finding, fail, ok, wanted, warn
from campaign.resolver import Silent


def look(domain: str, *, selector: str, addresses: Sequence[str]) -> Iterator[Finding]:
    """SPF, DKIM, DMARC and MX of a domain; then, for each address that sends, SPF's word and its name."""
    try:
        yield from mail.records(domain, selector)
        for address in addresses:
            yield _may_send(domain, address)
            yield _name(address)
    except Silent as error:
        yield warn(f"DNS says nothing of {domain} ({error})", "ask again; check /etc/resolv.conf")


def _may_send(domain: str, address: str) -> Finding:
    todo = f"name it in the SPF record of {domain}, by ip4:, ip6: or the include: of your provider"
    try:
        verdict = spf.Look(ip_address(address)).verdict(domain)
    except spf.Broken as error:
        return fail(f"the SPF record of {domain} cannot be followed: {error}", "mend that record")
    except spf.Unknown as error:
        unknown = f"what SPF says of {address} in the name of {domain} is not known here: {error}"
        return warn(unknown, "ask the provider whose record it is whether it names that address")
    if verdict == "pass":
        return ok(f"{address} may send in the name of {domain}, and DMARC counts it")
    if verdict in {"neutral", "softfail"}:
        return warn(f"SPF says {verdict} of {address} in the name of {domain}", todo)
    return fail(f"SPF says {verdict} of {address} in the name of {domain}", todo)


def _name(address: str) -> Finding:
    """Large receivers refuse a machine whose name doesn't lead back to it."""
    names = resolver.names_of(address)
    back = [name for name in names if address in resolver.addresses(name)]
    todo = "have whoever gave you the address set its PTR record to a name whose A or AAAA record leads back"
    said = f"{address} has no name" if not names else f"{names[0]} does not lead back to {address}"
    return wanted(bool(back), f"{address} is {', '.join(back)}, and back", fail(said, todo))
