"""Links that are passed on: the ways to do so, and what stands beside one (Open Graph, X cards).

No service learns that somebody was here before they choose to go there: its way is a plain link.
"""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from markdown_it import MarkdownIt

from campaign import publication
from campaign.cards import HEIGHT, WIDTH
from campaign.languages import Speech
from campaign.models.campaign import Campaign
from campaign.models.signature import Signature, Status
from campaign.publication import PublicStatement

LOCALES = {"ar": "ar_AR", "de": "de_DE", "en": "en_GB", "es": "es_ES", "fr": "fr_FR"}
"""As Open Graph names languages: with a country."""
DESCRIPTION = 200
"""Characters; the services show no more."""

# Where a link is passed on, and how; {url} and {text} are quoted.
WAYS = {
    "whatsapp": ("WhatsApp", "https://wa.me/?text={text}%20{url}"),
    "telegram": ("Telegram", "https://t.me/share/url?url={url}&text={text}"),
    "facebook": ("Facebook", "https://www.facebook.com/sharer/sharer.php?u={url}"),
    "bluesky": ("Bluesky", "https://bsky.app/intent/compose?text={text}%20{url}"),
    "mastodon": ("Mastodon", "https://share.joinmastodon.org/#text={text}%20{url}"),
    "x": ("X", "https://x.com/intent/tweet?text={text}&url={url}"),
    "linkedin": ("LinkedIn", "https://www.linkedin.com/sharing/share-offsite/?url={url}"),
    "mail": (_("E-mail"), "mailto:?subject={text}&body={url}"),
}
"""By the source that the links carry: what the admin counts signatures by."""
COPIED, HANDED_ON = "link", "share"
"""The sources of a link that was copied, and of one that went through the sheet of a phone."""

_SENTENCE = re.compile(r"(?<=[.!?؟。！？])(?:\s+|(?<=[。！？]))")


def card(
    campaign: Campaign,
    statement: PublicStatement,
    speech: Speech,
    *,
    page: str = "campaign",
    title: str = "",
    picture: str = "campaign-picture",
    args: tuple[str, ...] = (),
) -> dict[str, Any]:
    """What `parts/card.html` says: of which page, with which picture.

    All of it in the language of the page, which every address names: what is fetched by a service has
    no wishes of its own.
    """
    where = (campaign.slug, *args)
    return {
        "title": title or statement.title,
        "description": opening(statement.body_markdown),
        "url": absolute(page, *where, language=speech.language),
        "image": absolute(picture, *where, language=speech.language),
        "width": WIDTH,
        "height": HEIGHT,
        "locale": LOCALES.get(speech.interface, ""),
        "site": campaign.organiser_name,
    }


def ways(
    campaign: Campaign,
    speech: Speech,
    text: str,
    *,
    page: str = "campaign",
    args: tuple[str, ...] = (),
) -> dict[str, Any]:
    """What `parts/share.html` offers: the link to a page, and ways to pass it on with that text."""

    def link(source: str) -> str:
        return absolute(page, campaign.slug, *args, language=speech.language, source=source)

    return {
        "text": text,
        "link": link(COPIED),
        "handed_on": link(HANDED_ON),
        "ways": [
            (source, name, at.format(url=quote(link(source), safe=""), text=quote(text, safe="")))
            for source, (name, at) in WAYS.items()
        ],
    }


def signers_ways(signature: Signature, speech: Speech) -> dict[str, Any] | None:
    """The same for somebody who has signed, with a picture to pass on; None if there is no page yet.

    With their name only where the list has it; else it is the campaign's page, and nobody's picture.
    """
    campaign = signature.campaign
    if signature.status not in (Status.HELD, Status.PUBLISHED) or not campaign.is_visible():
        return None
    if not signature.is_listed:
        return somebodys_ways(campaign, speech)
    args = (signature.public_id,)
    image = local("signer-picture", campaign.slug, *args, language=speech.language)
    text = _signed(campaign, speech)
    return {**ways(campaign, speech, text, page="signer", args=args), "picture": image}


def somebodys_ways(campaign: Campaign, speech: Speech) -> dict[str, Any]:
    """The same for somebody who has signed, whoever that is."""
    image = local("signed-picture", campaign.slug, language=speech.language)
    return {**ways(campaign, speech, _signed(campaign, speech)), "picture": image}


def _signed(campaign: Campaign, speech: Speech) -> str:
    title = publication.statement(campaign, speech.language).title
    with translation.override(speech.interface):
        return gettext("I have signed: %(title)s") % {"title": title}


def absolute(name: str, *args: str, **query: str) -> str:
    """The public address of a page of ours."""
    base: str = settings.BASE_URL
    return base + local(name, *args, **query)


def local(name: str, *args: str, **query: str) -> str:
    """The same on this host."""
    return f"{reverse(name, args=args)}?{urlencode(query)}"


@lru_cache(maxsize=64)
def opening(markdown: str) -> str:
    """The first sentence of a statement, without its markup; shortened after a word if it is long."""
    tokens = MarkdownIt("commonmark", {"html": False}).parse(markdown)
    headings = {at + 1 for at, token in enumerate(tokens) if token.type == "heading_open"}
    texts = [t for at, t in enumerate(tokens) if t.type == "inline" and at not in headings]
    if not texts:
        return ""
    parts = [" " if "break" in each.type else each.content for each in texts[0].children or []]
    sentence = _SENTENCE.split(" ".join("".join(parts).split()))[0]
    if len(sentence) <= DESCRIPTION:
        return sentence
    return sentence[:DESCRIPTION].rsplit(" ", 1)[0].rstrip(",;:–—") + "…"
