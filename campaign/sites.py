"""A signer's own site: named on their page, looked at by the worker, accepted by a moderator.

A site is theirs if its first page links to their entry with rel="me", or its DNS has a TXT record that names
the entry: whoever can do one of both controls it. A path below the first page shows nothing, since many
sites let anybody write there.
"""

import logging
import re
import time
from contextlib import suppress
from datetime import timedelta
from html.parser import HTMLParser
from typing import Final
from urllib.parse import urljoin, urlsplit

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import history, locks, mail_domains, outbound, proofs, queue, resolver, signing
from campaign.errors import FieldError, InvalidInput, MoveRefused, NotFound, SignatureGone
from campaign.history import Actor
from campaign.links import Purpose
from campaign.models.event import Verb
from campaign.models.evidence import Site, SiteMark, SiteStatus
from campaign.models.signature import STANDING, Evidence, Signature
from campaign.outbound import BadUrl, NotAnswered

logger = logging.getLogger(__name__)

LOOK = "campaign.look_at_sites"
"""The task that looks."""
MOST: Final = 5
"""Sites that one signer may name: enough for typing mistakes, too few to search the net with us."""
PAUSES: Final = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""Until the next look, which ends with the last: a DNS record may take a day to be seen."""
AGAIN: Final = timedelta(minutes=1)
"""Pause between two looks that a signer asks for."""
AT_ONCE: Final = 8
READ: Final = 256 * 1024
"""Bytes of a page that are read: the head and more of any first page."""
REDIRECTS: Final = 3
WITHIN = 15.0
"""Seconds for a page with all of its redirects."""
_HOST = re.compile(r"(?:https?://)?([^/?#@:\s]+)/?\Z", re.IGNORECASE)
PROBLEMS: dict[str, str | Promise] = {
    "malformed": _("Please give the name of a site, such as zoe.example."),
    "below": _("Please give a site of your own as a whole: its name alone, such as zoe.example."),
    "shared": _("That domain is everybody’s. Please give one of your own."),
    "too_many": _("You have named as many sites as we look at."),
    "refused": _("A moderator has looked at this site and did not accept it."),
}


# --- Naming ----------------------------------------------------------------------------------


def entry_url(signature: Signature) -> str:
    """The address of the signer's entry, to which their site links."""
    path = reverse("signer", args=[signature.campaign.slug, signature.public_id])
    return str(settings.BASE_URL) + path


def record_name(domain: str) -> str:
    """Where the DNS record stands."""
    return f"_petition.{domain}"


def record_value(signature: Signature) -> str:
    """What stands in it."""
    return f"signer={signature.public_id}"


def read_site(typed: str) -> str:
    """The domain of a site as A-labels; a bare name or the address of its first page. Raises InvalidInput."""
    typed = typed.strip()[:1000]
    host = _HOST.match(typed)
    domain = mail_domains.read_domain(host[1]) if host else None
    if domain is None:
        below = re.match(r"(?:https?://)?[^/?#@:\s]+\.[^/?#@:\s]+/.", typed, re.IGNORECASE)
        raise _wrong("below" if below else "malformed")
    if mail_domains.is_shared(domain):
        raise _wrong("shared")
    return domain


def _wrong(code: str) -> InvalidInput:
    return InvalidInput([FieldError("site", code, str(PROBLEMS[code]))])


def name(token: str, *, typed: str) -> Site:
    """Say that a site is one's own, or ask to have it looked at again.

    Raises TokenInvalid, TokenExpired, SignatureGone, MoveRefused (not confirmed yet), InvalidInput.
    """
    signature = signing.seen(Purpose.MANAGE, token)
    domain = read_site(typed)
    now = timezone.now()
    with transaction.atomic():
        locked, _others = locks.lock(signature.pk)
        if locked.status not in STANDING:
            raise MoveRefused
        site = locked.sites.filter(domain=domain).first()
        if site is None:
            if locked.sites.count() >= MOST:
                raise _wrong("too_many")
            site = Site(signature=locked, domain=domain)
        elif site.status == SiteStatus.REFUSED:
            raise _wrong("refused")
        elif site.status not in {SiteStatus.WAITING, SiteStatus.MISSING}:
            return site
        else:
            site.due_at = max(now, site.looked_at + AGAIN) if site.looked_at else now
            site.status, site.attempts = SiteStatus.WAITING, 0
        site.save()
        queue.tell_after_commit(LOOK)
    return site


# --- Looking ---------------------------------------------------------------------------------


def look_due() -> int:
    """Look at the sites whose time has come; returns how many. Safe to run twice, and at once.

    1. Take some of them, by giving each the time of its next look: who dies with one loses no more.
    2. Look outside of any transaction.
    3. Write what was found, unless the signer has left meanwhile.
    """
    taken = _take()
    for site in taken:
        mark, error = _looked(site)
        _note(site, mark, error)
    return len(taken)


def _looked(site: Site) -> tuple[SiteMark | None, str]:
    """What `look` says; of a site that breaks it, that it did not answer."""
    try:
        return look(site)
    except SoftTimeLimitExceeded:
        raise
    except Exception:
        # Those taken after it would have spent their try, and it would come again with others.
        logger.exception("site %s cannot be looked at", site.pk)
        return None, "not_answered"


def _take() -> list[Site]:
    now = timezone.now()
    with transaction.atomic():
        due = Site.objects.filter(status=SiteStatus.WAITING, due_at__lte=now)
        due = due.filter(signature__status__in=STANDING)
        due = due.select_for_update(skip_locked=True, of=("self",)).order_by("due_at", "pk")
        taken = list(due.select_related("signature__campaign")[:AT_ONCE])
        for site in taken:
            pause = PAUSES[min(site.attempts, len(PAUSES) - 1)]
            Site.objects.filter(pk=site.pk).update(
                due_at=now + pause, attempts=F("attempts") + 1, looked_at=now
            )
    return taken


def look(site: Site) -> tuple[SiteMark | None, str]:
    """Which mark of its signer a site has; else None, and why the page has none."""
    error = _link_missing(site.domain, entry_url(site.signature))
    if not error:
        return SiteMark.LINK, ""
    if record_value(site.signature) in _records(record_name(site.domain)):
        return SiteMark.RECORD, ""
    return None, error


def _note(site: Site, mark: SiteMark | None, error: str) -> None:
    with transaction.atomic():
        fresh = Site.objects.select_for_update().filter(pk=site.pk).first()
        if fresh is None or fresh.status != SiteStatus.WAITING:
            return
        fresh.error = error
        if mark is not None:
            fresh.status, fresh.mark, fresh.found_at = SiteStatus.FOUND, mark, timezone.now()
        elif fresh.attempts > len(PAUSES):
            fresh.status = SiteStatus.MISSING
        fresh.save(update_fields=("status", "mark", "found_at", "error"))


def _link_missing(domain: str, entry: str) -> str:
    """'' if the first page of a site links to the entry with rel="me", else why it doesn't, in a word.

    A redirect is followed from a name to itself or to the same with www, and to nowhere else.
    """
    url, ends = f"https://{domain}/", time.monotonic() + WITHIN
    for _hop in range(REDIRECTS + 1):
        try:
            page = outbound.get(url, most=READ, within=ends - time.monotonic())
        except (NotAnswered, BadUrl):
            return "not_answered"
        if page.status not in {301, 302, 303, 307, 308}:
            if page.status != 200:
                return "not_answered"
            return "" if _links_to(page.body, url, entry) else "no_link"
        try:
            url = urljoin(url, page.location)
            host = urlsplit(url).hostname or ""
        except ValueError:
            return "not_answered"
        if host.removeprefix("www.") != domain.removeprefix("www."):
            return "elsewhere"
    return "not_answered"


class _Links(HTMLParser):
    """Gathers where the links and anchors with rel="me" lead."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        rel = (attributes.get("rel") or "").lower().split()
        if tag in {"a", "link"} and "me" in rel:
            self.found.append(attributes.get("href") or "")


def _links_to(body: bytes, url: str, entry: str) -> bool:
    links = _Links()
    # Not closed: what is cut off at the end is no link, and to look for its end takes squared time.
    # Python's parser raises these at some markup that is none: ValueError at a number of 5,000 digits.
    with suppress(AssertionError, ValueError):
        links.feed(body.decode("utf-8", "replace"))
    return any(_same(href, url, entry) for href in links.found)


def _same(href: str, url: str, entry: str) -> bool:
    """Whether a link leads to the entry, whatever stands behind its path."""
    try:
        parts, wanted = urlsplit(urljoin(url, href.strip())), urlsplit(entry)
    except ValueError:
        return False
    return (parts.scheme, parts.netloc.lower(), parts.path.rstrip("/")) == (
        wanted.scheme,
        wanted.netloc.lower(),
        wanted.path.rstrip("/"),
    )


def _records(record: str) -> set[str]:
    """The texts of a name's TXT records; none where the resolver fails."""
    with suppress(resolver.Silent):
        return set(resolver.texts(record))
    return set()


# --- Accepting -------------------------------------------------------------------------------


@transaction.atomic
def accept(*, site_id: int, actor: Actor, revision: int) -> Site:
    """Say that a site with its mark is that of the one whose name stands there: it is a proof from now on.

    ``revision`` is that of the signature which the page showed. A second time is a success that changes
    nothing. Raises ChangedMeanwhile, MoveRefused (no mark, or refused), NotFound, SignatureGone.
    """
    site = _locked(site_id)
    if site.status == SiteStatus.ACCEPTED:
        return site
    if site.status != SiteStatus.FOUND:
        raise MoveRefused
    site.proof = proofs.grant(
        signature_id=site.signature_id,
        method=Evidence.DOMAIN,
        actor=actor,
        domain=site.domain,
        revision=revision,
    )
    site.status = SiteStatus.ACCEPTED
    site.save(update_fields=("status", "proof"))
    return site


@transaction.atomic
def refuse(*, site_id: int, actor: Actor) -> Site:
    """Say that a site is not that of the one whose name stands there. Raises as `accept`."""
    site = _locked(site_id)
    if site.status == SiteStatus.REFUSED:
        return site
    if site.status != SiteStatus.FOUND:
        raise MoveRefused
    site.status = SiteStatus.REFUSED
    site.save(update_fields=("status",))
    its = site.signature
    history.event(its, Verb.REFUSE, actor, before=its.status, reason=Evidence.DOMAIN).save()
    return site


def _locked(site_id: int) -> Site:
    """The site, its signature locked first as everywhere."""
    signature_id = Site.objects.filter(pk=site_id).values_list("signature_id", flat=True).first()
    if signature_id is None:
        raise NotFound
    locks.lock(signature_id)
    site = Site.objects.select_for_update().filter(pk=site_id).first()
    if site is None:
        raise SignatureGone
    return site
