"""The public list as files: CSV that is safe in a spreadsheet, JSON Lines, an Atom feed."""

import csv
import json
from collections.abc import Iterator
from typing import Any

from django.utils.dateparse import parse_datetime
from django.utils.feedgenerator import Atom1Feed

from campaign import publication
from campaign.models.campaign import Campaign
from campaign.publication import PublicSigner

COLUMNS = (
    *("id", "name", "sort_name", "kind", "discipline", "credit", "organisation", "country"),
    *(
        "featured",
        "evidence",
        "evidence_at",
        "statement_version",
        "language",
        "signed_at",
        "updated_at",
    ),
)
NEWEST = 50
"""Entries of the feed."""
# What makes a spreadsheet read a cell as a formula (OWASP, "CSV injection").
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "−")


class _Echo:
    """Hands a written line back instead of keeping it."""

    def write(self, line: str) -> str:
        return line


def csv_lines(campaign: Campaign) -> Iterator[str]:
    """The list as CSV (RFC 4180) with a header, a line at a time."""
    writer = csv.writer(_Echo())
    yield writer.writerow(COLUMNS)
    for signer in publication.every_signer(campaign):
        yield writer.writerow([_defused(cell) for cell in _cells(signer)])


def _cells(signer: PublicSigner) -> list[Any]:
    evidence = signer["evidence"]
    flat: dict[str, Any] = {**signer, "evidence": evidence["method"], "evidence_at": evidence["at"]}
    flat["featured"] = "true" if signer["featured"] else "false"
    return [flat[name] if flat[name] is not None else "" for name in COLUMNS]


def _defused(cell: Any) -> Any:
    """A cell that begins like a formula, with an apostrophe before it: shown, never calculated.

    A spreadsheet that splits at semicolons, as in French, begins a cell behind each of them too.
    """
    if not isinstance(cell, str):
        return cell
    return ";".join(f"'{part}" if _is_formula(part) else part for part in cell.split(";"))


def _is_formula(part: str) -> bool:
    """Spaces and quotes before it are no guard: such a spreadsheet takes the quotes off."""
    return part.startswith(_FORMULA_STARTS) or part.lstrip(" \"'").startswith(_FORMULA_STARTS)


def json_lines(campaign: Campaign) -> Iterator[str]:
    """The list as JSON Lines, a line at a time."""
    for signer in publication.every_signer(campaign):
        yield json.dumps(signer, ensure_ascii=False) + "\n"


class _Feed(Atom1Feed):
    """Django's, but a summary is plain text: theirs says HTML and would read a `<` in it as a tag."""

    def add_item_elements(self, handler: Any, item: Any) -> None:
        super().add_item_elements(handler, {**item, "description": None})
        if item["description"]:
            handler.addQuickElement("summary", item["description"], {"type": "text"})


def atom_feed(campaign: Campaign, *, title: str, page_url: str, feed_url: str) -> str:
    """The newest signers as an Atom feed (RFC 4287)."""
    feed = _Feed(
        title=title,
        link=page_url,
        description="",
        feed_url=feed_url,
        author_name=campaign.organiser_name,
    )
    for signer in publication.signers(campaign, order="newest", size=NEWEST).signers:
        feed.add_item(
            title=signer["name"],
            link=page_url,
            description=signer["credit"] or "",
            unique_id=f"{feed_url}#{signer['id']}",
            pubdate=parse_datetime(signer["signed_at"]),
            updateddate=parse_datetime(signer["updated_at"]),
        )
    return feed.writeString("utf-8")
