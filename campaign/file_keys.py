"""The keys of a campaign file: what each is called, what it may be, and which column keeps it.

`SECTIONS` is the one table of them: the reader, the export and the form of the admin go by it. A key
that a ``column`` of the Campaign keeps needs no more; what rows keep has a line in `campaign_parts`.
"""

import re
from dataclasses import dataclass
from email.utils import parseaddr
from math import floor
from typing import Any
from urllib.parse import SplitResult, urlsplit

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign import identity, mail_domains, mailboxes
from campaign.contrast import DAY, worst
from campaign.contrast import parse as parse_colour
from campaign.file_values import (
    ByLanguage,
    Choice,
    Colour,
    Key,
    Label,
    List,
    Matching,
    Picture,
    Place,
    Rows,
    Switch,
    Table,
    Text,
    Time,
    Whole,
    refuse_twice,
)
from campaign.models.campaign import BotCheck, Publication
from campaign.models.signature import RejectionReason
from campaign.rules import RULES

# Every first part of a path that is or may become the product's own: a campaign there would never
# be reached, or would take over a page that people trust.
RESERVED_SLUGS = frozenset(
    [
        *("about", "accounts", "admin", "answer", "api", "challenge", "colours", "confirm", "docs"),
        *("embed", "favicon", "help", "healthz", "hooks", "i18n", "inbox", "login"),
        *(
            "logos",
            "logout",
            "mail-events",
            "manage",
            "media",
            "metrics",
            "my-data",
            "new",
            "not-me",
        ),
        *("preview", "privacy", "readyz", "report", "represent", "robots", "share", "signed"),
        *("sitemap", "static", "unsubscribe", "vouch", "well-known", "www"),
    ]
)
_NETLOC = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?\Z")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_LANGUAGE = re.compile(r"(?=.{2,10}\Z)[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?\Z")
_COLOUR = re.compile(r"#[0-9a-f]{6}\Z", re.IGNORECASE)
MINIMUM_CONTRAST = 4.5
"""Of text against its ground: WCAG 2.2, success criterion 1.4.3."""
MOST_REASONS = 9
"""One digit of a keyboard chooses each."""
_LONGEST_SKELETON = 1000
"""What a ProtectedName takes of each; some single characters stand for eighteen."""


# --- What a value must be --------------------------------------------------------------------


def _slug(slug: str, place: Place) -> str:
    if not _SLUG.match(slug):
        raise place.wrong(
            gettext("%(slug)s must be of small letters, digits and single hyphens")
            % {"slug": repr(slug)}
        )
    return slug


def _free_slug(slug: str, place: Place) -> str:
    if _slug(slug, place) in RESERVED_SLUGS:
        raise place.wrong(
            gettext("%(slug)s is one of the product's own paths") % {"slug": repr(slug)}
        )
    return slug


def _is_language(text: str) -> bool:
    return _LANGUAGE.match(text) is not None


def _sender(sender: str, place: Place) -> str:
    if sender:
        _name, address = parseaddr(sender)
        try:
            mailboxes.parse_address(address)
        except mailboxes.AddressError:
            raise place.wrong(
                gettext("must be an address such as Name <hello@example.org>")
            ) from None
    return sender


def _is_origin(site: str) -> bool:
    """Whether a browser may send this very text as Origin: small letters, ASCII, no path or user."""
    url = _url(site)
    return (
        url is not None
        # What a policy takes for more than a name must not come into its list of frame-ancestors.
        and _NETLOC.match(url.netloc) is not None
        and f"{url.scheme}://{url.netloc}" == site.lower() == site
        and site.isascii()
        and "@" not in url.netloc
        and len(site) <= 200
    )


def _url(text: str) -> SplitResult | None:
    """The parts of an address of the web, None if it is none."""
    try:
        url = urlsplit(text)
        return url if url.scheme in {"http", "https"} and url.hostname else None
    except ValueError:
        return None


def _web_address(text: str, place: Place) -> str:
    if text and _url(text) is None:
        raise place.wrong(gettext("must begin with https://"))
    return text


def _accent(accent: str, place: Place) -> str:
    if not accent:
        return ""
    if not _COLOUR.match(accent):
        raise place.wrong(gettext("must be a colour such as #b3261e"))
    found, ground = worst(parse_colour(accent), DAY)
    if found < MINIMUM_CONTRAST:
        # Rounded down, so that nobody reads that 4.5 is less than 4.5.
        facts = {"found": floor(found * 10) / 10, "ground": ground, "needed": MINIMUM_CONTRAST}
        said = gettext(
            "has a contrast of %(found)s to %(ground)s, on which it stands; text needs %(needed)s"
        )
        raise place.wrong(said % facts)
    return accent.lower()


def _disciplines(rows: list[dict[str, Any]], place: Place) -> list[dict[str, Any]]:
    refuse_twice([row["slug"] for row in rows], place)
    for row in rows:
        row["names"] = row["names"] or {
            place.languages[0]: row["slug"].replace("-", " ").capitalize()
        }
    return rows


def _short_name(name: str, place: Place) -> str:
    if any(len(skeleton) > _LONGEST_SKELETON for skeleton in identity.skeletons(name)):
        said = gettext("%(name)s... is too long when its letters are written out")
        raise place.wrong(said % {"name": repr(name[:20])})
    if not name:
        raise place.wrong(gettext("is empty"))
    return name


def _aliases(names: list[str], place: Place) -> list[str]:
    return [_short_name(name, place.item(n)) for n, name in enumerate(names, start=1)]


def _protected_names(rows: list[dict[str, Any]], place: Place) -> list[dict[str, Any]]:
    refuse_twice([each for row in rows for each in (row["name"], *row["aliases"])], place)
    return rows


def _mail_domains(domains: list[str], place: Place) -> list[str]:
    """A mailbox that anybody can have shows nothing of an organisation."""
    found = []
    for number, typed in enumerate(domains, start=1):
        domain = mail_domains.read_domain(typed)
        if domain is None:
            raise place.item(number).wrong(
                gettext("%(value)s is not a domain such as guild.example") % {"value": repr(typed)}
            )
        if mail_domains.is_shared(domain):
            raise place.item(number).wrong(
                gettext("%(value)s gives anybody a mailbox") % {"value": repr(typed)}
            )
        found.append(domain)
    refuse_twice(found, place)
    return found


def _organisations(rows: list[dict[str, Any]], place: Place) -> list[dict[str, Any]]:
    refuse_twice([identity.search_fold(row["name"]) for row in rows], place)
    return rows


def _reason_slug(slug: str, place: Place) -> str:
    if slug not in RejectionReason.values:
        _slug(slug, place)
    return slug


def _rejection_reasons(rows: list[dict[str, Any]], place: Place) -> list[dict[str, Any]]:
    """Each of one's own with its words in the default language; ours have some."""
    refuse_twice([row["slug"] for row in rows], place)
    if len(rows) > MOST_REASONS:
        raise place.wrong(gettext("are more than %(n)s") % {"n": MOST_REASONS})
    first = place.languages[0]
    for number, row in enumerate(rows, start=1):
        if row["slug"] in RejectionReason.values:
            continue
        if first not in row["names"]:
            raise place.item(number).under(first).wrong(gettext("is missing"))
        if first not in row["public"]["names"]:
            raise place.item(number).under("public").under(first).wrong(gettext("is missing"))
    return rows


# --- The keys --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Section:
    """What stands under one heading of the form."""

    name: str
    label: Label
    keys: tuple[Key, ...]

    @property
    def alone(self) -> bool:
        """Whether its heading says what its only key would say again."""
        return len(self.keys) == 1


_DISCIPLINE = Table((Key("slug", Text(60), _("Short name"), then=_slug),), named=True)
_PROTECTED_NAME = Table(
    (
        Key("name", Text(), _("Name"), then=_short_name),
        Key("aliases", List(Text()), _("Aliases"), default=[], then=_aliases),
    )
)
_ORGANISATION = Table(
    (
        Key("name", Text(), _("Name"), then=_short_name),
        Key("domains", List(Text(253)), _("Mail domains"), then=_mail_domains),
    )
)
_REJECTION_REASON = Table(
    (
        Key("slug", Text(40), _("Short name"), then=_reason_slug),
        Key("public", Table((), named=True), _("For the public"), default={"names": {}}),
    ),
    named=True,
)
_STATEMENT = Table(
    (
        Key("title", Text(300), _("Title")),
        Key("body", Text(50_000, lines=True), _("Text"), help=_("Markdown.")),
        Key(
            "note",
            Text(1_000, lines=True),
            _("What has changed"),
            default="",
            help=_("For those who read this version, or signed the one before it."),
        ),
        Key(
            "consent",
            Text(5_000, lines=True),
            _("Consent"),
            help=_("The wording beside the tick; each wording is kept with who agreed to it."),
        ),
        Key(
            "consent_covers_print",
            Switch(),
            _("This wording covers a printed list too"),
            default=False,
        ),
    )
)
_ORGANISER = Table(
    (
        Key("name", Text(), _("Name"), default="", column="organiser_name"),
        Key(
            "address",
            Text(400, lines=True),
            _("Address"),
            default="",
            column="organiser_address",
        ),
        Key("contact", Text(), _("Contact"), default="", column="organiser_contact"),
        Key(
            "privacy_url",
            Text(400),
            _("Privacy notice"),
            default="",
            column="organiser_privacy_url",
            then=_web_address,
        ),
    )
)
_COLOURS = Table(
    (
        Key(
            "accent",
            Colour(),
            _("Colour of buttons and links"),
            default="",
            help=_("Such as #b3261e. In the dark it is lightened by itself."),
            then=_accent,
        ),
    ),
    sparse=True,
)

_RULES = Table(
    tuple(
        Key(rule.name, Switch(), rule.label, default=rule.default)
        for rule in RULES
        if rule.default is not None
    ),
    sparse=True,
)

SECTIONS = (
    Section(
        "campaign",
        _("Campaign"),
        (
            Key(
                "slug",
                Text(60),
                _("Short name"),
                column="slug",
                help=_("Its page is at /short-name/. It stays as it is made."),
                then=_free_slug,
            ),
            Key(
                "languages",
                List(Matching(_is_language, _("%(value)s is not a language such as en or pt-BR"))),
                _("Languages"),
                column="languages",
                help=_("Such as en or pt-BR, one a line; the first is the default."),
            ),
            Key("goal", Whole(1, 2_000_000_000), _("Goal"), column="goal"),
        ),
    ),
    Section(
        "statement",
        _("Statement"),
        (Key("statement", ByLanguage(_STATEMENT), _("Statement")),),
    ),
    Section(
        "dates",
        _("Dates"),
        (
            Key(
                "opens_at",
                Time(),
                _("Opens at"),
                default=None,
                column="opens_at",
                help=_("Before it nothing shows on any public page."),
            ),
            Key("closes_at", Time(), _("Closes at"), default=None, column="closes_at"),
            Key(
                "retention_months",
                Whole(1, 120),
                _("Months that personal data are kept after the close"),
                default=12,
                column="retention_months",
            ),
        ),
    ),
    Section(
        "publishing",
        _("Publication and mails"),
        (
            Key(
                "publication",
                Choice(Publication.choices),
                _("A signature is published"),
                default=Publication.AFTER_REVIEW.value,
                column="publication",
            ),
            Key(
                "four_eyes",
                Switch(),
                _("Four eyes"),
                default=True,
                column="four_eyes",
                help=_("Two people publish a protected name, and release an imported batch."),
            ),
            Key(
                "alert_after_minutes",
                Whole(1, 10_080),
                _("Minutes in the queue after which moderators are told"),
                default=120,
                column="alert_after_minutes",
            ),
            Key(
                "bot_check",
                Choice(BotCheck.choices),
                _("Proof of work"),
                default=BotCheck.AUTO.value,
                column="bot_check",
            ),
            Key(
                "sender",
                Text(),
                _("Sender of mails"),
                default="",
                column="sender",
                help=_("Such as: Campaign <hello@example.org>"),
                then=_sender,
            ),
        ),
    ),
    Section(
        "signers",
        _("Who signs"),
        (
            Key(
                "disciplines",
                Rows(_DISCIPLINE, short="slug"),
                _("Disciplines"),
                default=[],
                help=_("In this order; signers choose by the name in their language."),
                then=_disciplines,
            ),
            Key(
                "protected_names",
                Rows(_PROTECTED_NAME, short="name"),
                _("Protected names"),
                default=[],
                help=_("A signature whose name looks like one of these is held."),
                then=_protected_names,
            ),
            Key(
                "organisations",
                Rows(_ORGANISATION),
                _("Organisations and their mail domains"),
                default=[],
                column="organisations",
                help=_(
                    "Who names one and signs from its domain has shown it. Each domain by itself: "
                    "what stands below one doesn't count."
                ),
                then=_organisations,
            ),
            Key(
                "rules",
                _RULES,
                _("What is held for a moderator"),
                default={},
                column="rules",
                help=_("Protected names, organisations and groups are held always."),
            ),
        ),
    ),
    Section(
        "rejecting",
        _("Why a signature is refused"),
        (
            Key(
                "rejection_reasons",
                Rows(_REJECTION_REASON, short="slug"),
                _("Reasons"),
                default=[],
                column="rejection_reasons",
                help=_(
                    "What the signer reads, and what the corrections page says of all of them; none for "
                    "ours. Ours may stand among them without words: impersonation, not_a_name, "
                    "not_eligible, duplicate, content."
                ),
                then=_rejection_reasons,
            ),
        ),
    ),
    Section(
        "looks",
        _("Looks and sites"),
        (
            Key(
                "sites",
                List(
                    Matching(
                        _is_origin, _("%(value)s is not an origin such as https://partner.example")
                    )
                ),
                _("Sites"),
                default=[],
                column="sites",
                help=_("They may embed the form and post to the API; one a line."),
            ),
            Key("colours", _COLOURS, _("Colours"), default={}, column="colours"),
            Key(
                "logo",
                Picture(),
                _("Logo"),
                default=None,
                help=_("PNG, WebP or JPEG, 30 KB and 2000 by 1000 pixels at most."),
            ),
        ),
    ),
    Section(
        "organiser",
        _("Organiser"),
        (
            Key(
                "organiser",
                _ORGANISER,
                _("Organiser"),
                default={},
                help=_("The controller of the data; no campaign opens without these."),
            ),
        ),
    ),
)
KEYS = tuple(key for section in SECTIONS for key in section.keys)
INNER_COLUMNS = tuple(
    (key.name, inner)
    for key in KEYS
    if isinstance(key.kind, Table)
    for inner in key.kind.keys
    if inner.column
)
"""Keys within a table that have a column each, with the table's name."""
