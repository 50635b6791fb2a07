"""What stands beside the link to a page where somebody passes it on (Open Graph, X cards)."""

import re
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.urls import reverse
from markdown_it import MarkdownIt

from campaign.cards import HEIGHT, WIDTH
from campaign.languages import Speech
from campaign.models.campaign import Campaign
from campaign.publication import PublicStatement

LOCALES = {"ar": "ar_AR", "de": "de_DE", "en": "en_GB", "es": "es_ES", "fr": "fr_FR"}
"""As Open Graph names languages: with a country."""
DESCRIPTION = 200
"""Characters; the services show no more."""

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


def absolute(name: str, *args: str, **query: str) -> str:
    """The public address of a page of ours."""
    address: str = settings.BASE_URL + reverse(name, args=args)
    return f"{address}?{urlencode(query)}" if query else address


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
