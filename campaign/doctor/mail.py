"""The mail server, and what DNS says of the senders. No mail is sent."""

import ssl
from collections.abc import Iterator
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import get_connection
from django.db.models import Q
from django.utils import timezone

from campaign import resolver
from campaign.doctor import spf
from campaign.doctor.findings import Finding, fail, ok, plain, wanted, warn
from campaign.models.campaign import Campaign
from campaign.resolver import Silent

NEAR = {"localhost", "127.0.0.1", "::1"}


def server() -> Iterator[Finding]:
    """Whether it greets us, takes our password, and nobody can read along."""
    if settings.INBOX_DIR is not None:
        yield warn("mails go to the inbox of development", "set EMAIL_URL")
        return
    backend, host = get_connection(timeout=10), settings.EMAIL_HOST
    try:
        backend.open()
        yield ok(f"{host} greets us{' and takes our password' if settings.EMAIL_HOST_USER else ''}")
        smtp = getattr(backend, "connection", None)
        encrypted = isinstance(getattr(smtp, "sock", None), ssl.SSLSocket)
        read = "; it offers STARTTLS" if smtp and smtp.has_extn("starttls") else ""
        clear = warn(f"mails go to {host} in the clear{read}", "use submission:// or smtps://")
        yield wanted(encrypted or host in NEAR, "nobody reads along", clear)
    except Exception as error:
        yield fail(f"{host} does not take us: {plain(error)}", "check EMAIL_URL and the firewall")
    finally:
        backend.close()


def senders(selector: str = "") -> Iterator[Finding]:
    """SPF, DKIM, DMARC and MX of every domain that we send from."""
    for domain in sorted(domains()):
        try:
            yield from records(domain, selector)
        except Silent as error:
            yield warn(
                f"DNS says nothing of {domain} ({error})", "ask again; check /etc/resolv.conf"
            )


def records(domain: str, selector: str) -> Iterator[Finding]:
    """Of one domain; raises Silent."""
    yield from (_spf(domain), _dkim(domain, selector), _dmarc(domain), _mx(domain))


def domains() -> set[str]:
    """Those of the senders: ours, and those of campaigns that still write to somebody."""
    running = Q(closes_at=None) | Q(closes_at__gt=timezone.now())
    named = Campaign.objects.filter(running).exclude(sender="").values_list("sender", flat=True)
    found = (
        parseaddr(each)[1].rpartition("@")[2] for each in (settings.DEFAULT_FROM_EMAIL, *named)
    )
    return {domain.lower() for domain in found if domain}


def _spf(domain: str) -> Finding:
    found = spf.records(domain)
    todo = f"one TXT record at {domain}: v=spf1 include:<your mail provider> -all"
    if len(found) != 1:
        return fail(f"{domain} has {len(found)} SPF records", todo)
    if found[0].lower().endswith(("+all", " all", "?all")):
        return fail(f"the SPF record of {domain} lets anybody send in its name", todo)
    return ok(f"{domain} has an SPF record")


def _dkim(domain: str, selector: str) -> Finding:
    if not selector:
        return warn(
            f"the DKIM key of {domain} was not looked for",
            "say by which name your mail server signs: doctor --dkim NAME (s= of a mail's signature)",
        )
    name = f"{selector}._domainkey.{domain}"
    keys = [text for text in resolver.texts(name) if _tags(text).get("p")]  # revoked: an empty one
    todo = f"publish the key that your mail server signs with as a TXT record at {name}"
    return wanted(len(keys) == 1, f"{name} has a key", fail(f"{name} has no DKIM key", todo))


def _dmarc(domain: str) -> Finding:
    """At the domain itself, or at the one above, as receivers look for it (RFC 7489, 6.6.3)."""
    labels = domain.split(".")
    for n in range(len(labels) - 1):
        name = ".".join(["_dmarc", *labels[n:]])
        found = [text for text in resolver.texts(name) if text.lower().startswith("v=dmarc1")]
        if found:
            return _policy(name, _tags(found[0]), "sp" if n else "p")
    todo = f"a TXT record at _dmarc.{domain}: v=DMARC1; p=quarantine; rua=mailto:<a mailbox>"
    return fail(f"{domain} has no DMARC record: large receivers refuse bulk mail", todo)


def _policy(name: str, tags: dict[str, str], tag: str) -> Finding:
    """Of a record, by the tag that holds: `sp` of one above, where it has that, else `p` (6.3)."""
    tag = tag if tag in tags else "p"
    weak = warn(
        f"{name} has {tag}=none: receivers let forgeries through",
        f"once the reports show no mail of yours failing: {tag}=quarantine",
    )
    return wanted(tags.get(tag, "").lower() != "none", f"{name} is there", weak)


def _tags(text: str) -> dict[str, str]:
    """What a record of DKIM or DMARC says, by tag (RFC 6376, 3.2)."""
    pairs = (part.partition("=") for part in text.split(";"))
    return {name.strip().lower(): value.strip() for name, _equals, value in pairs}


def _mx(domain: str) -> Finding:
    found = [host for host in resolver.exchanges(domain) if host != "."]
    nobody = warn(
        f"nobody takes mail for {domain}: answers and bounces are lost, and some receivers refuse it",
        "an MX record",
    )
    return wanted(bool(found), f"{domain} takes mail", nobody)
