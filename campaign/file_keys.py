"""The keys of a campaign file: what each is called, its kind, and which column keeps it.

`SECTIONS` is the one table of them: the reader, the export and the form of the admin go by it. A key
that a ``column`` of the Campaign keeps needs no more; what rows keep has a line in `campaign_parts`.
"""

from dataclasses import dataclass

from django.utils.functional import lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaign import file_checks
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
)
from campaign.models.campaign import BotCheck, Publication
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


def _free_slug(text: str, place: Place) -> str:
    if file_checks.slug(text, place) in RESERVED_SLUGS:
        said = gettext("%(slug)s is one of the product's own paths")
        raise place.wrong(said % {"slug": repr(text)})
    return text


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


_DISCIPLINE = Table((Key("slug", Text(60), _("Short name"), then=file_checks.slug),), named=True)
_PROTECTED_NAME = Table(
    (
        Key("name", Text(), _("Name"), then=file_checks.name),
        Key("aliases", List(Text()), _("Aliases"), default=[], then=file_checks.aliases),
    )
)
_ORGANISATION = Table(
    (
        Key("name", Text(), _("Name"), then=file_checks.name),
        Key("domains", List(Text(253)), _("Mail domains"), then=file_checks.organisation_domains),
    )
)
_REJECTION_REASON = Table(
    (
        Key("slug", Text(40), _("Short name"), then=file_checks.reason_slug),
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
            then=file_checks.web_address,
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
            then=file_checks.accent,
        ),
    ),
    sparse=True,
)


def _held_always() -> str:
    """What no campaign can switch off, so that nobody misses it among the switches."""
    labels = " · ".join(str(rule.label) for rule in RULES if rule.default is None)
    said = gettext("Held always: %(rules)s.")
    return said % {"rules": labels}


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
                List(
                    Matching(
                        file_checks.is_language,
                        _("%(value)s is not a language such as en or pt-BR"),
                    )
                ),
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
                then=file_checks.sender,
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
                then=file_checks.disciplines,
            ),
            Key(
                "protected_names",
                Rows(_PROTECTED_NAME, short="name"),
                _("Protected names"),
                default=[],
                help=_("A signature whose name looks like one of these is held."),
                then=file_checks.protected_names,
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
                then=file_checks.organisations,
            ),
            Key(
                "rules",
                _RULES,
                _("What is held for a moderator"),
                default={},
                column="rules",
                help=lazy(_held_always, str)(),
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
                then=file_checks.rejection_reasons,
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
                        file_checks.is_origin,
                        _("%(value)s is not an origin such as https://partner.example"),
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
