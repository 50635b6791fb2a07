"""The newest signers as an Atom feed (RFC 4287)."""

from typing import Any
from urllib.parse import urlsplit

from django.utils.dateparse import parse_datetime
from django.utils.feedgenerator import Atom1Feed

from campaign import publication
from campaign.models.campaign import Campaign
from campaign.publication import PublicStatement
from campaign.xmltext import sound

NEWEST = 50
"""Entries of the feed."""


class _Feed(Atom1Feed):
    """Django's, but a summary is plain text: theirs says HTML and would read a `<` in it as a tag."""

    def add_item_elements(self, handler: Any, item: Any) -> None:
        super().add_item_elements(handler, {**item, "description": None})
        if item["description"]:
            handler.addQuickElement("summary", item["description"], {"type": "text"})

    def latest_post_date(self) -> Any:
        """Of a feed without entries the opening: Django's "now" would be a change at every look."""
        return super().latest_post_date() if self.items else self.feed["opened"]


def atom(campaign: Campaign, *, statement: PublicStatement, page_url: str, feed_url: str) -> str:
    """The newest signers, titled and in the language of that statement; ``page_url`` is the list's.

    Ids are tag URIs (RFC 4151) of the host in ``feed_url``, the year that the campaign was made in,
    and the public ids, so that an entry that is corrected stays the same entry.
    """
    ident = f"tag:{urlsplit(feed_url).hostname},{campaign.created_at.year}:{campaign.slug}"
    feed = _Feed(
        title=sound(statement.title),
        link=page_url,
        description="",
        language=statement.language,
        feed_url=feed_url,
        feed_guid=ident,
        author_name=sound(campaign.organiser_name),
        opened=campaign.opens_at,
    )
    for signer in publication.signers(campaign, order="newest", size=NEWEST).signers:
        feed.add_item(
            title=sound(signer["name"]),
            link=f"{page_url}{signer['id']}/",
            description=sound(signer["credit"] or ""),
            unique_id=f"{ident}/signers/{signer['id']}",
            pubdate=parse_datetime(signer["signed_at"]),
            updateddate=parse_datetime(signer["updated_at"]),
        )
    return feed.writeString("utf-8")
