"""What a key may read of signatures: private columns, so nothing that the public reads comes here.

Confirmed ones only: before that, whose address it is nobody knows. Of who left by their own will,
withdrawn or erased, nothing personal is given, so that a copy elsewhere can forget them too.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from django.db.models import F, QuerySet
from django.db.models.fields.tuple_lookups import (
    Tuple,
    TupleGreaterThan,
    TupleGreaterThanOrEqual,
    TupleLessThan,
    TupleLessThanOrEqual,
)

from campaign.errors import NotFound
from campaign.models.campaign import Campaign
from campaign.models.signature import Signature, Status
from campaign.paging import UPDATED, Cursor, Row, cut
from campaign.publication import instant
from campaign.settling import settled

LEFT = frozenset({Status.WITHDRAWN, Status.ERASED})
SHOWN = tuple(status for status in Status if status != Status.PENDING)
"""The statuses that this room knows."""


class PrivateEvidence(TypedDict):
    method: str
    at: str | None
    note: str | None


class PrivateSignature(TypedDict):
    """All that an organiser's program sees; null in every personal field of who left."""

    id: str
    status: str
    revision: int
    name: str | None
    sort_name: str | None
    kind: str | None
    discipline: str | None
    credit: str | None
    organisation: str | None
    country: str | None
    show_name: bool | None
    featured: bool | None
    email: str | None
    newsletter: bool | None
    language: str | None
    source: str | None
    hold_reasons: list[str]
    rejection_reason: str | None
    evidence: PrivateEvidence | None
    statement_version: int
    statement_language: str
    signed_at: str
    confirmed_at: str | None
    published_at: str | None
    updated_at: str


_KEYS = ("updated_at", "public_id")
_COLUMNS = (
    *("public_id", "status", "revision", "name", "sort_name", "kind", "credit", "organisation"),
    *("country", "show_name", "featured", "email", "newsletter", "language", "source"),
    *("hold_reasons", "rejection_reason", "evidence", "evidence_at", "evidence_note"),
    *("signed_at", "confirmed_at", "published_at", "updated_at"),
)


def _rows(campaign: Campaign) -> QuerySet[Signature]:
    """The confirmed ones, as the indexes of this list have them."""
    return Signature.objects.filter(campaign_id=campaign.pk, confirmed_at__isnull=False)


def _chosen(
    campaign: Campaign, *, status: Status | None, newsletter: bool | None
) -> QuerySet[Signature]:
    rows = _rows(campaign)
    if status is not None:
        rows = rows.filter(status=status)
    if newsletter is not None:
        # What those who left once ticked is theirs again.
        rows = rows.filter(newsletter=newsletter).exclude(status__in=LEFT)
    return rows


def _values(rows: QuerySet[Signature]) -> QuerySet[Signature, Row]:
    values: QuerySet[Signature, Row] = rows.values(
        *_COLUMNS,
        discipline_slug=F("discipline__slug"),
        version=F("statement__version__number"),
        text_language=F("statement__language"),
    )
    return values


def _signature(row: Row) -> PrivateSignature:
    here = row["status"] not in LEFT
    return {
        "id": row["public_id"],
        "status": row["status"],
        "revision": row["revision"],
        "name": row["name"] if here else None,
        "sort_name": (row["sort_name"] or None) if here else None,
        "kind": row["kind"] if here else None,
        "discipline": row["discipline_slug"] if here else None,
        "credit": (row["credit"] or None) if here else None,
        "organisation": (row["organisation"] or None) if here else None,
        "country": (row["country"] or None) if here else None,
        "show_name": row["show_name"] if here else None,
        "featured": row["featured"] if here else None,
        "email": (row["email"] or None) if here else None,
        "newsletter": row["newsletter"] if here else None,
        "language": row["language"] if here else None,
        "source": (row["source"] or None) if here else None,
        "hold_reasons": row["hold_reasons"] if here else [],
        "rejection_reason": row["rejection_reason"] or None,
        "evidence": _evidence(row) if here and row["evidence"] else None,
        "statement_version": row["version"],
        "statement_language": row["text_language"],
        "signed_at": instant(row["signed_at"]),
        "confirmed_at": instant(row["confirmed_at"]) if row["confirmed_at"] else None,
        "published_at": instant(row["published_at"]) if row["published_at"] else None,
        "updated_at": instant(row["updated_at"]),
    }


def _evidence(row: Row) -> PrivateEvidence:
    return {
        "method": row["evidence"],
        "at": instant(row["evidence_at"]) if row["evidence_at"] else None,
        "note": row["evidence_note"] or None,
    }


@dataclass(frozen=True)
class PrivatePage:
    """One page and its neighbours; ``next_since`` is where the next walk of a mirror begins."""

    signatures: list[PrivateSignature]
    next: str | None
    previous: str | None
    next_since: datetime


def signatures(
    campaign: Campaign,
    *,
    status: Status | None = None,
    newsletter: bool | None = None,
    since: datetime | None = None,
    cursor: str | None = None,
    size: int = 50,
) -> PrivatePage:
    """One page of the confirmed signatures, by the time of their last change and their id.

    ``since`` leaves out what has not changed from that time on. In this one order a mirror misses
    nothing, as in `publication.changes`: what changes while it walks comes again at the end. With
    ``newsletter`` those who left are left out. Raises BadCursor.
    """
    place = Cursor.decode(cursor, UPDATED) if cursor else None
    next_since = (place and place.since) or settled()
    rows = _chosen(campaign, status=status, newsletter=newsletter)
    if since is not None:
        rows = rows.filter(updated_at__gte=since)
    found = _fetch(rows, place, size + 1)
    page = cut(found, order=UPDATED, place=place, size=size, since=next_since)
    shown = [_signature(row) for row in page.rows]
    return PrivatePage(shown, page.next, page.previous, next_since)


_BEYOND = {
    (False, False): TupleGreaterThan,
    (False, True): TupleLessThan,
    (True, False): TupleGreaterThanOrEqual,
    (True, True): TupleLessThanOrEqual,
}
"""By whether a place is inclusive, and backward."""


def _fetch(rows: QuerySet[Signature], place: Cursor | None, limit: int) -> list[Row]:
    """The first of those rows behind the place, merged of two indexes.

    Who was ever listed is in that of the public feed, who never was in one of ours: so a signature is
    in one of them at a time, and confirming it writes no entry more than it did without this list.
    """
    backward = place is not None and place.backward
    order = [f"-{key}" for key in _KEYS] if backward else list(_KEYS)
    if place is not None:
        rows = rows.filter(_BEYOND[place.inclusive, backward](Tuple(*_KEYS), place.values()))
    never, once = (
        _values(rows.filter(listed_at__isnull=unlisted)).order_by(*order)[:limit]
        for unlisted in (True, False)
    )
    merged: QuerySet[Signature, Row] = never.union(once, all=True).order_by(*order)[:limit]
    return [{**row, "section": 0} for row in merged]


def every_row(
    campaign: Campaign, *, status: Status | None = None, newsletter: bool | None = None
) -> QuerySet[Signature, Row]:
    """All of them as rows with nothing left out yet: what files are made of, by `private_export`."""
    rows = _chosen(campaign, status=status, newsletter=newsletter)
    return _values(rows).order_by("updated_at", "public_id")


def signature(campaign: Campaign, public_id: str) -> PrivateSignature:
    """One confirmed signature of the campaign; raises NotFound."""
    row = _values(_rows(campaign).filter(public_id=public_id)).first()
    if row is None:
        raise NotFound
    return _signature(row)


def signature_id(campaign: Campaign, public_id: str) -> int:
    """The private key of a confirmed signature of the campaign, for the verbs; raises NotFound."""
    found = _rows(campaign).filter(public_id=public_id).values_list("pk", flat=True).first()
    if found is None:
        raise NotFound
    return found
