"""The single gate through which the public sees anything: campaigns, signers, changes, exports.

What is returned here is plain data of named public columns, so nothing private can leak through a
serializer; and whether a campaign is visible at all is asked here, by the clock, at every read.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NotRequired, TypedDict

from django.db.models import F, QuerySet
from django.utils import timezone
from markdown_it import MarkdownIt

from campaign import current, search, settling
from campaign.errors import NotFound
from campaign.models.campaign import Campaign
from campaign.models.signature import Evidence, Signature, Status
from campaign.models.statement import (
    consent_version,
    current_consent,
    current_text,
    edition,
    published_text,
)
from campaign.paging import UPDATED, Cursor, Row, Source, read_page


class PublicEvidence(TypedDict):
    """``by`` is the organisation that vouches, where the signer lets it stand there, and else left out."""

    method: str
    at: str | None
    by: NotRequired[str]


class PublicSigner(TypedDict):
    """All that the public sees of a signer; the API's `signer`, to the letter."""

    id: str
    name: str
    sort_name: str | None
    kind: str
    discipline: str | None
    credit: str | None
    organisation: str | None
    country: str | None
    featured: bool
    evidence: PublicEvidence
    statement_version: int
    language: str
    signed_at: str
    updated_at: str


class Tombstone(TypedDict):
    """What remains of a signer who left the list, for whatever reason."""

    id: str
    removed: bool
    updated_at: str


def instant(at: datetime) -> str:
    """A time as the API writes it: ISO 8601, UTC, milliseconds, Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- Campaigns -------------------------------------------------------------------------------


def visible_campaigns() -> list[Campaign]:
    """The campaigns that are open, paused or closed now, the newest first; for reading only (`current`)."""
    visible = Campaign.objects.filter(opens_at__lte=timezone.now()).order_by("-opens_at", "slug")
    return [current.at(*each) for each in visible.values_list("slug", "stamp")]


def find_campaign(slug: str) -> Campaign:
    """A visible campaign; raises NotFound before its opening as for one that doesn't exist."""
    campaign = current.find(slug)
    if campaign is None or not campaign.is_visible():
        raise NotFound
    return campaign


def preview_campaign(key: str) -> Campaign:
    """The campaign that a revocable preview link shows, opened or not; raises NotFound."""
    found = Campaign.objects.filter(preview_key=key).prefetch_related("disciplines").first()
    if found is None:
        raise NotFound
    return found


def every_site() -> list[str]:
    """The sites of the campaigns that are visible now, for what concerns no single one."""
    visible = Campaign.objects.filter(opens_at__lte=timezone.now())
    return [site for sites in visible.values_list("sites", flat=True) for site in sites]


@dataclass(frozen=True)
class PublicStatement:
    """The current statement and consent in one language, and the languages that it is there in."""

    language: str
    title: str
    body_markdown: str
    body_html: str
    consent: str
    consent_version: int
    version: int
    sha256: str
    note: str


def statement(campaign: Campaign, language: str | None) -> PublicStatement:
    """The current text in that language, or in the campaign's first where it is missing."""
    text = current_text(campaign, language or campaign.default_language)
    consent = current_consent(campaign, text.language)
    return PublicStatement(
        language=text.language,
        title=text.title,
        # As `exact_text` ends it, so that title, blank line and this are what sha256 is of.
        body_markdown=f"{text.body}\n",
        body_html=as_html(text.body),
        consent=consent.text if consent else "",
        consent_version=consent_version(campaign, text.language),
        version=text.version.number,
        sha256=text.sha256,
        note=text.note,
    )


def exact_statement(campaign: Campaign, *, version: int, language: str) -> bytes:
    """The bytes that a version's sha256 is of; raises NotFound, of a draft that never was public too."""
    text = published_text(campaign, version, language)
    if text is None:
        raise NotFound
    return text.exact


@lru_cache(maxsize=64)
def as_html(markdown: str) -> str:
    """Markdown as HTML; raw HTML in it stays text, and links lead to http, https and mailto only."""
    rendered: str = MarkdownIt("commonmark", {"html": False}).render(markdown)
    return rendered


# --- Signers ---------------------------------------------------------------------------------

_COLUMNS = (
    *("public_id", "name", "sort_name", "kind", "credit", "organisation", "country", "featured"),
    *("evidence", "evidence_at", "signed_at", "updated_at"),
    *("published_at", "sort_key"),
)


def _listed(campaign: Campaign) -> QuerySet[Signature]:
    """The rows that stand on the public list: the one place that says which."""
    return Signature.objects.filter(
        campaign_id=campaign.pk, status=Status.PUBLISHED, show_name=True
    )


def _public(rows: QuerySet[Signature]) -> QuerySet[Signature, Row]:
    public: QuerySet[Signature, Row] = rows.values(
        *_COLUMNS,
        discipline_slug=F("discipline__slug"),
        version=F("statement__version__number"),
        # The language of the text that was signed, not the one that the signer is written to in.
        text_language=F("statement__language"),
        vouched_by=F("member_of__name"),
    )
    return public


# The same for pages, which are read by SQL.
_LISTED = "campaign_id = %(campaign)s AND status = 'published' AND show_name"
_ONCE_LISTED = "campaign_id = %(campaign)s AND listed_at IS NOT NULL AND updated_at >= %(since)s"
_LOOKED_UP = ("discipline_id", "statement_id", "member_of_id")
_READ = (*_COLUMNS, *_LOOKED_UP)
_LOOKUPS = {
    "discipline_slug": "(SELECT slug FROM campaign_discipline WHERE id = discipline_id)",
    "version": "(SELECT number FROM campaign_statementversion WHERE id ="
    " (SELECT version_id FROM campaign_statementtext WHERE id = statement_id))",
    "text_language": "(SELECT language FROM campaign_statementtext WHERE id = statement_id)",
    "vouched_by": "(SELECT name FROM campaign_voucher WHERE id = member_of_id)",
}
_FILTERS = {
    "discipline": "discipline_id = %(discipline)s",
    "country": "country = %(country)s",
    "kind": "kind = %(kind)s",
    "evidence": "evidence = %(evidence)s",
    "featured": "featured = %(featured)s",
    "q": "search @@ %(q)s::tsquery",
}


def _signer(row: Row) -> PublicSigner:
    return {
        "id": row["public_id"],
        "name": row["name"],
        "sort_name": row["sort_name"] or None,
        "kind": row["kind"],
        "discipline": row["discipline_slug"],
        "credit": row["credit"] or None,
        "organisation": row["organisation"] or None,
        "country": row["country"] or None,
        "featured": row["featured"],
        "evidence": _evidence(row),
        "statement_version": row["version"],
        "language": row["text_language"],
        "signed_at": instant(row["signed_at"]),
        "updated_at": instant(row["updated_at"]),
    }


def _evidence(row: Row) -> PublicEvidence:
    at = instant(row["evidence_at"]) if row["evidence_at"] else None
    evidence: PublicEvidence = {"method": row["evidence"], "at": at}
    if row["vouched_by"] and row["evidence"] == Evidence.VOUCHED:
        evidence["by"] = row["vouched_by"]
    return evidence


def _tombstone(row: Mapping[str, Any]) -> Tombstone:
    return {"id": row["public_id"], "removed": True, "updated_at": instant(row["updated_at"])}


@dataclass(frozen=True)
class SignerPage:
    """One page of signers and the cursors of its neighbours."""

    signers: list[PublicSigner]
    next: str | None
    previous: str | None


def signers(
    campaign: Campaign,
    *,
    filters: Mapping[str, Any] | None = None,
    q: str | None = None,
    order: str = "featured",
    cursor: str | None = None,
    size: int = 50,
) -> SignerPage:
    """One page of the list.

    ``filters`` are exact values of ``discipline`` (slug), ``country``, ``kind``, ``evidence`` and
    ``featured`` (bool); every word of ``q`` must begin a word of name, credit or organisation, and
    a ``q`` that folds to nothing finds nothing. ``order`` is a key of `paging.ORDERS`. Raises
    BadCursor.
    """
    values: dict[str, Any] = dict(filters or {})
    if "discipline" in values:
        slug = values["discipline"]
        values["discipline"] = next((d.pk for d in campaign.disciplines.all() if d.slug == slug), 0)
    if q is not None:
        values["q"] = search.query(q)
    if values.get("discipline") == 0 or ("q" in values and values["q"] is None):
        return SignerPage([], None, None)
    source = Source(
        columns=_READ,
        lookups=_LOOKUPS,
        base=_LISTED,
        filters=[_FILTERS[name] for name in values],
        values={**values, "campaign": campaign.pk},
    )
    place = Cursor.decode(cursor, order) if cursor else None
    page = read_page(source, order=order, place=place, size=size)
    return SignerPage([_signer(row) for row in page.rows], page.next, page.previous)


def signer(campaign: Campaign, public_id: str) -> PublicSigner | Tombstone:
    """One signer; a tombstone of one who was published and isn't listed now; else raises NotFound."""
    row = _public(_listed(campaign).filter(public_id=public_id)).first()
    if row is not None:
        return _signer(row)
    once = Signature.objects.filter(
        campaign_id=campaign.pk, public_id=public_id, published_at__isnull=False
    )
    gone = once.values("public_id", "updated_at").first()
    if gone is None:
        raise NotFound
    return _tombstone(gone)


def listed_signer(signature: Signature) -> PublicSigner | None:
    """A signer just confirmed, None unless it is listed where the public can see it."""
    if not signature.is_listed or not signature.campaign.is_visible():
        return None
    version, language = edition(signature.statement_id)
    discipline = signature.discipline.slug if signature.discipline else None
    row = {name: getattr(signature, name) for name in _COLUMNS}
    return _signer(
        {
            **row,
            "discipline_slug": discipline,
            "version": version,
            "text_language": language,
            "vouched_by": signature.member_of.name if signature.member_of else None,
        }
    )


def every_row(campaign: Campaign) -> QuerySet[Signature, Row]:
    """The whole public list, the newest first, as rows of public columns: what files are made of."""
    return _public(_listed(campaign)).order_by("-published_at", "-public_id")


def changed_since(campaign: Campaign, at: datetime) -> bool:
    """Whether anybody came to the list, left it or was changed on it after that instant."""
    changed = Signature.objects.filter(
        campaign_id=campaign.pk, listed_at__isnull=False, updated_at__gt=at
    )
    return changed.exists()


# --- Changes ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChangePage:
    """One page of the feed of changes; ``next_since`` is where the next walk through it begins."""

    entries: list[PublicSigner | Tombstone]
    next: str | None
    previous: str | None
    next_since: datetime


def changes(
    campaign: Campaign, *, since: datetime, cursor: str | None = None, size: int = 50
) -> ChangePage:
    """One page of who changed at ``since`` or later, by the time of the last change and the id.

    Who is listed comes as a signer, who was once listed and isn't now as a tombstone. A mirror walks
    along ``next`` to its end and begins the next walk at ``next_since``, which is the same on every
    page of a walk: what commits behind the reader's back does so after the first page. Raises
    BadCursor.
    """
    place = Cursor.decode(cursor, UPDATED) if cursor else None
    next_since = (place and place.since) or settling.settled()
    source = Source(
        columns=(*_READ, "status", "show_name"),
        lookups=_LOOKUPS,
        base=_ONCE_LISTED,
        values={"campaign": campaign.pk, "since": since},
    )
    page = read_page(source, order=UPDATED, place=place, size=size, since=next_since)
    entries = [
        _signer(row) if row["status"] == Status.PUBLISHED and row["show_name"] else _tombstone(row)
        for row in page.rows
    ]
    return ChangePage(entries, page.next, page.previous, next_since)
