"""What a campaign's pages show of it: public things alone, codes in words."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any
from unicodedata import combining, normalize

from django.conf import settings
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django_countries import countries

from campaign import identity, mail_domains, public_numbers, publication
from campaign.details import ADDRESS_PROBLEMS, REPRESENTATIVE, TEXT_PROBLEMS
from campaign.languages import Speech, direction, own_name
from campaign.models.campaign import Campaign
from campaign.models.signature import Evidence, Kind
from campaign.web.marks import MEANINGS
from campaign.web.sharing import card, ways

FEATURED = 12
NEWEST = 12
SOON = timedelta(days=15)
"""Before the close, from when on the page counts the days."""

KINDS: dict[str, str | Promise] = {
    Kind.PERSON: gettext_lazy("A person"),
    Kind.GROUP: gettext_lazy("A group: a band, a duo, an estate"),
    Kind.ORGANISATION: gettext_lazy("An organisation: a guild, a label, a union"),
}
MORE = ("credit", "organisation", "country")
"""Fields of the form that stand behind "Say more"."""


@dataclass(frozen=True)
class SignForm:
    """What was typed and what is wrong with it."""

    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str | Promise] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        return str(self.values.get("kind") or Kind.PERSON)

    @property
    def says_more(self) -> bool:
        """Whether anything stands in the fields that are folded away, or is wrong with them."""
        return any(self.values.get(name) or name in self.errors for name in MORE)

    @property
    def is_for_another(self) -> bool:
        """Whether somebody signs for somebody else."""
        if self.values.get("for_another") == "no":
            return False
        return any(self.values.get(name) or name in self.errors for name in REPRESENTATIVE)

    @property
    def meant(self) -> str | None:
        return mail_domains.meant(self.values.get("email", ""))

    @property
    def rules(self) -> str:
        """What the script checks while one types, in the words of the server."""
        return json.dumps(
            {
                "text": {code: str(TEXT_PROBLEMS[code]) for code in ("blank", "too_long")},
                "address": {code: str(words) for code, words in ADDRESS_PROBLEMS.items()},
                "longest": identity.NAME_LIMIT,
                "meant": mail_domains.MEANT,
                "real": mail_domains.REAL,
            }
        )


@dataclass(frozen=True)
class Progress:
    """How far it is to the goal, and how far beyond; one of them is 0."""

    to_go: int
    beyond: int


@dataclass(frozen=True)
class Closing:
    """Whole days that are left, on the last two days whole hours; None where they aren't counted."""

    days: int | None = None
    hours: int | None = None


def campaign_context(campaign: Campaign, speech: Speech) -> dict[str, Any]:
    """All that a campaign's page shows, of public things alone."""
    context = form_context(campaign, speech)
    names = context["disciplines"]
    featured = publication.signers(
        campaign, filters={"featured": True}, order="name", size=FEATURED
    )
    newest = publication.signers(campaign, order="newest", size=NEWEST)
    above = {signer["id"] for signer in featured.signers}
    # Countries are named here and now: without it in the language of the browser.
    with translation.override(speech.interface):
        return {
            **context,
            "feed_url": reverse("api-feed", args=[campaign.slug]),
            "closing": closing(campaign, timezone.now()),
            "card": card(campaign, context["statement"], speech),
            "share": ways(campaign, speech, context["statement"].title),
            "canonical": settings.BASE_URL + reverse("campaign", args=[campaign.slug]),
            "featured": entries(featured.signers, names),
            # Whoever is featured has the name's fragment there: of two, a browser would find the first.
            "newest": [
                {**entry, "stands_above": entry["id"] in above}
                for entry in entries(newest.signers, names)
            ],
        }


def form_context(campaign: Campaign, speech: Speech) -> dict[str, Any]:
    """What a campaign's form shows, with the statement that is signed by it and the count."""
    statement = publication.statement(campaign, speech.language)
    counts = public_numbers.counts(campaign)
    exact = (campaign.slug, statement.version, statement.language)
    return {
        "campaign": campaign,
        "statement": statement,
        "statement_direction": direction(statement.language),
        "statement_language": own_name(statement.language),
        "wanted_language": own_name(speech.language),
        "exact_url": reverse("api-statement", args=exact),
        "state": campaign.state(),
        "counts": counts,
        "progress": progress(campaign, counts["published"]),
        "disciplines": discipline_names(campaign, speech.language),
        "kinds": Kind.choices,
        "countries": country_names(speech.interface),
    }


def progress(campaign: Campaign, published: int) -> Progress:
    return Progress(max(campaign.goal - published, 0), max(published - campaign.goal, 0))


def closing(campaign: Campaign, now: datetime) -> Closing | None:
    """What is left until the close; None once it is past, and where none is set."""
    left = campaign.closes_at - now if campaign.closes_at else timedelta(0)
    if left <= timedelta(0):
        return None
    if left < timedelta(days=2):
        return Closing(hours=left // timedelta(hours=1))
    return Closing(days=left.days) if left < SOON else Closing()


def discipline_names(campaign: Campaign, language: str) -> dict[str, str]:
    """The campaign's disciplines by slug, as that language names them."""
    return {each.slug: each.name(language) for each in campaign.disciplines.all()}


def entries(
    found: list[publication.PublicSigner], disciplines: dict[str, str]
) -> list[dict[str, Any]]:
    """Signers as a page shows them: codes in words."""
    return [
        {
            "name": signer["name"],
            "sort_name": signer["sort_name"],
            "id": signer["id"],
            "featured": signer["featured"],
            "kind": "" if signer["kind"] == Kind.PERSON else Kind(signer["kind"]).label,
            "parts": [
                part
                for part in (
                    disciplines.get(signer["discipline"] or ""),
                    signer["credit"],
                    signer["organisation"],
                    countries.name(signer["country"] or ""),
                )
                if part
            ],
            "mark": Evidence(signer["evidence"]["method"]).label,
            "mark_means": MEANINGS[signer["evidence"]["method"]],
            "marked_by": signer["evidence"].get("by", ""),
            "marked_at": moment(signer["evidence"]["at"]),
        }
        for signer in found
    ]


def moment(instant: str | None) -> datetime | None:
    """A time of the API as one that a template writes in the reader's language."""
    return datetime.fromisoformat(instant) if instant else None


@lru_cache(maxsize=16)
def country_names(language: str) -> list[tuple[str, str]]:
    """Every country by its code and name, in the alphabet of that language, accents left aside."""
    with translation.override(language):
        # The library orders by Latin letters alone: Arabic names would stand in English order.
        return sorted(((str(code), str(name)) for code, name in countries), key=_alphabet)


def _alphabet(country: tuple[str, str]) -> str:
    letters = normalize("NFKD", country[1].casefold())
    return "".join(letter for letter in letters if not combining(letter))
