"""One campaign file (TOML) read into checked values: a misspelt key is a mistake, never ignored."""

import re
import tomllib
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parseaddr
from math import floor
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import SplitResult, urlsplit

from campaign import identity, logos, mailboxes
from campaign.contrast import DAY, worst
from campaign.contrast import parse as parse_colour
from campaign.models.campaign import BotCheck, Publication

T = TypeVar("T")

# Every first part of a path that is or may become the product's own: a campaign there would never
# be reached, or would take over a page that people trust.
RESERVED_SLUGS = frozenset(
    [
        *("about", "accounts", "admin", "api", "challenge", "colours", "confirm", "docs"),
        *("embed", "favicon", "help", "healthz", "hooks", "i18n", "inbox", "login"),
        *("logos", "logout", "manage", "media", "metrics", "new", "not-me", "preview"),
        *("privacy", "readyz", "report", "robots", "share", "signed", "sitemap"),
        *("static", "unsubscribe", "vouch", "well-known", "www"),
    ]
)
_NETLOC = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?\Z")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
_LANGUAGE = re.compile(r"(?=.{2,10}\Z)[a-z]{2,3}(?:-[A-Za-z0-9]{2,8})?\Z")
_COLOUR = re.compile(r"#[0-9a-f]{6}\Z", re.IGNORECASE)
MINIMUM_CONTRAST = 4.5
"""Of text against its ground: WCAG 2.2, success criterion 1.4.3."""
_LONGEST_SKELETON = 1000
"""What a ProtectedName takes of each; some single characters stand for eighteen."""
_LONGEST = {"title": 300, "body": 50_000, "consent": 5_000}


class FileMistake(Exception):
    """A mistake in a campaign file: which key, and the reason."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{key}: {reason}" if key else reason)


@dataclass(frozen=True)
class Text:
    """A statement in one language, NFC and LF, and the consent beside its tick."""

    title: str
    body: str
    consent: str


@dataclass(frozen=True)
class CampaignFile:
    """A whole campaign file, checked.

    ``columns`` are those of the Campaign; ``disciplines`` slug and names by language, in order;
    ``protected_names`` name and aliases; ``statement`` a text for each language; ``logo`` the picture
    that ``columns`` have the facts of.
    """

    columns: dict[str, Any]
    disciplines: list[tuple[str, dict[str, str]]]
    protected_names: list[tuple[str, list[str]]]
    statement: dict[str, Text]
    logo: logos.LogoFile | None


def parse(source: str, *, folder: Path | None = None) -> CampaignFile:
    """Read the text of a campaign file; raises FileMistake for the first mistake in it.

    ``folder`` is where the file lies, in which it may name a picture.
    """
    try:
        document = tomllib.loads(source)
    except (ValueError, RecursionError) as error:
        raise FileMistake("", f"not TOML: {error}") from None
    table = _Table(document)
    languages = _languages(table)
    logo = _logo(table, folder)
    file = CampaignFile(
        columns={
            "languages": languages,
            **_columns(table),
            **_organiser(table),
            "logo": logo.facts() if logo else {},
        },
        disciplines=_disciplines(table, languages),
        protected_names=_protected_names(table),
        statement=_statement(table, languages),
        logo=logo,
    )
    table.end()
    _check_together(file.columns)
    return file


class _Table:
    """One TOML table whose keys are taken one by one; what is left at the end is a mistake."""

    def __init__(self, table: dict[str, Any], path: str = "") -> None:
        self.rest = dict(table)
        self.path = path

    def key(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def take(self, name: str, kind: type[T], default: T | None = None) -> T:
        """The value of a key, of that TOML type exactly; without a default it is needed."""
        if name not in self.rest:
            if default is None:
                raise FileMistake(self.key(name), "is missing")
            return default
        value = self.rest.pop(name)
        if type(value) is not kind:  # not isinstance: true is an int to Python
            raise FileMistake(self.key(name), f"must be {_TOML_NAMES[kind]}")
        return value

    def text(
        self, name: str, default: str | None = None, *, longest: int = 200, lines: bool = False
    ) -> str:
        """A text without white space around it; of more than one line only with ``lines``."""
        value = self.take(name, str, default).strip()
        # The database takes no NUL, and a mail's header no line break.
        if any(
            unicodedata.category(char) == "Cc"
            for char in value
            if not lines or char not in _IN_LINES
        ):
            raise FileMistake(self.key(name), "holds a line break or another control character")
        if len(value) > longest:
            raise FileMistake(self.key(name), f"is longer than {longest} characters")
        if default is None and not value:
            raise FileMistake(self.key(name), "is empty")
        return unicodedata.normalize("NFC", value)

    def table(self, name: str, *, needed: bool) -> "_Table":
        return _Table(self.take(name, dict, None if needed else {}), self.key(name))

    def end(self) -> None:
        for name in self.rest:
            raise FileMistake(self.key(name), "is not a key of a campaign file")


_IN_LINES = "\t\r\n"

_TOML_NAMES: dict[type, str] = {
    str: "a text",
    int: "a whole number",
    dict: "a table",
    list: "a list",
    datetime: "a time such as 2026-01-22T14:00:00Z",
}


def _languages(table: _Table) -> list[str]:
    languages = table.take("languages", list)
    if not languages:
        raise FileMistake("languages", "is empty")
    for language in languages:
        if not isinstance(language, str) or not _LANGUAGE.match(language):
            raise FileMistake("languages", f"{language!r} is not a language such as en or pt-BR")
    if len(set(languages)) < len(languages):
        raise FileMistake("languages", "names a language twice")
    return languages


def _columns(table: _Table) -> dict[str, Any]:
    slug = table.text("slug", longest=60)
    if not _SLUG.match(slug):
        raise FileMistake("slug", "must be of small letters, digits and single hyphens")
    if slug in RESERVED_SLUGS:
        raise FileMistake("slug", f"{slug!r} is one of the product's own paths")
    goal = table.take("goal", int)
    if not 1 <= goal <= 2_000_000_000:
        raise FileMistake("goal", "must be between 1 and 2,000,000,000")
    retention = table.take("retention_months", int, 12)
    if not 1 <= retention <= 120:
        raise FileMistake("retention_months", "must be between 1 and 120")
    return {
        "slug": slug,
        "goal": goal,
        "opens_at": _time(table, "opens_at"),
        "closes_at": _time(table, "closes_at"),
        "publication": _choice(table, "publication", Publication.AFTER_REVIEW, Publication.values),
        "bot_check": _choice(table, "bot_check", BotCheck.AUTO, BotCheck.values),
        "sender": _sender(table),
        "sites": _sites(table),
        "colours": _colours(table),
        "retention_months": retention,
    }


def _time(table: _Table, name: str) -> datetime | None:
    if name not in table.rest:
        return None
    at = table.take(name, datetime)
    if at.tzinfo is None:
        raise FileMistake(name, "needs its time zone, such as the Z at the end")
    try:
        return at.astimezone(UTC)
    except OverflowError:
        raise FileMistake(name, "is not a time that there is in UTC") from None


def _choice(table: _Table, name: str, default: str, choices: list[str]) -> str:
    value = table.text(name, str(default))
    if value not in choices:
        raise FileMistake(name, f"must be one of {', '.join(choices)}")
    return value


def _sender(table: _Table) -> str:
    sender = table.text("sender", "")
    if sender:
        _name, address = parseaddr(sender)
        try:
            mailboxes.parse_address(address)
        except mailboxes.AddressError:
            raise FileMistake(
                "sender", "must be an address such as Name <hello@example.org>"
            ) from None
    return sender


def _sites(table: _Table) -> list[str]:
    sites = table.take("sites", list, [])
    for site in sites:
        if not isinstance(site, str) or not _is_origin(site):
            raise FileMistake("sites", f"{site!r} is not an origin such as https://partner.example")
    _refuse_twice("sites", sites)
    return sites


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


def _colours(table: _Table) -> dict[str, str]:
    colours = table.table("colours", needed=False)
    accent = colours.text("accent", "")
    colours.end()
    if not accent:
        return {}
    if not _COLOUR.match(accent):
        raise FileMistake("colours.accent", "must be a colour such as #b3261e")
    found, ground = worst(parse_colour(accent), DAY)
    if found < MINIMUM_CONTRAST:
        # Rounded down, so that nobody reads that 4.5 is less than 4.5.
        shown = floor(found * 10) / 10
        reason = f"has a contrast of {shown} to {ground}, on which it stands; text needs {MINIMUM_CONTRAST}"
        raise FileMistake("colours.accent", reason)
    return {"accent": accent.lower()}


def _logo(table: _Table, folder: Path | None) -> logos.LogoFile | None:
    name = table.text("logo", "")
    if not name:
        return None
    if folder is None:
        raise FileMistake("logo", "is looked for beside the campaign file, and here is none")
    path = (folder / name).resolve()
    # A file from elsewhere would be published by a line that looks like a logo.
    if not path.is_relative_to(folder.resolve()):
        raise FileMistake("logo", f"{name!r} is not in the folder of the campaign file")
    try:
        return logos.read(path)
    except logos.NoLogo as mistake:
        raise FileMistake("logo", f"{name!r} {mistake}") from None


def _organiser(table: _Table) -> dict[str, str]:
    organiser = table.table("organiser", needed=False)
    columns = {
        "organiser_name": organiser.text("name", ""),
        "organiser_address": organiser.text("address", "", longest=400, lines=True),
        "organiser_contact": organiser.text("contact", ""),
        "organiser_privacy_url": organiser.text("privacy_url", "", longest=400),
    }
    organiser.end()
    if columns["organiser_privacy_url"] and _url(columns["organiser_privacy_url"]) is None:
        raise FileMistake("organiser.privacy_url", "must begin with https://")
    return columns


def _disciplines(table: _Table, languages: list[str]) -> list[tuple[str, dict[str, str]]]:
    found: list[tuple[str, dict[str, str]]] = []
    for place, item in enumerate(table.take("disciplines", list, []), start=1):
        path = f"disciplines[{place}]"
        if not item or not isinstance(item, str | dict):
            raise FileMistake(path, "must be a text or a table")
        row = _Table({"slug": item} if isinstance(item, str) else item, path)
        slug = row.text("slug", longest=60)
        if not _SLUG.match(slug):
            raise FileMistake(path, f"{slug!r} must be of small letters, digits and single hyphens")
        names = {lang: row.text(lang) for lang in languages if lang in row.rest}
        row.end()
        found.append((slug, names or {languages[0]: slug.replace("-", " ").capitalize()}))
    _refuse_twice("disciplines", [slug for slug, _names in found])
    return found


def _protected_names(table: _Table) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for place, item in enumerate(table.take("protected_names", list, []), start=1):
        path = f"protected_names[{place}]"
        if not isinstance(item, str | dict):
            raise FileMistake(path, "must be a text or a table")
        row = _Table({"name": item} if isinstance(item, str) else item, path)
        name = row.text("name")
        listed = row.take("aliases", list, [])
        row.end()
        numbered = _Table({f"aliases[{n}]": alias for n, alias in enumerate(listed, start=1)}, path)
        aliases = [numbered.text(key) for key in list(numbered.rest)]
        for each in (name, *aliases):
            if any(len(skeleton) > _LONGEST_SKELETON for skeleton in identity.skeletons(each)):
                raise FileMistake(
                    path, f"{each[:20]!r}... is too long when its letters are written out"
                )
        found.append((name, aliases))
    _refuse_twice("protected_names", [each for name, others in found for each in (name, *others)])
    return found


def _refuse_twice(key: str, values: list[str]) -> None:
    for value in values:
        if values.count(value) > 1:
            raise FileMistake(key, f"names {value!r} twice")


def _statement(table: _Table, languages: list[str]) -> dict[str, Text]:
    statement = table.table("statement", needed=True)
    texts: dict[str, Text] = {}
    for language in languages:
        if language not in statement.rest:
            continue
        row = statement.table(language, needed=True)
        parts = {
            name: row.text(name, longest=longest, lines=name != "title")
            for name, longest in _LONGEST.items()
        }
        row.end()
        texts[language] = Text(**{name: part.replace("\r\n", "\n") for name, part in parts.items()})
    if languages[0] not in texts:
        raise FileMistake(f"statement.{languages[0]}", "is missing: it is the default language")
    statement.end()
    return texts


def _check_together(columns: dict[str, Any]) -> None:
    """What one key says of another."""
    opens_at, closes_at = columns["opens_at"], columns["closes_at"]
    if closes_at is not None and (opens_at is None or closes_at <= opens_at):
        raise FileMistake("closes_at", "must be after opens_at")
    if opens_at is not None:
        for name in ("name", "address", "contact", "privacy_url"):
            if not columns[f"organiser_{name}"]:
                raise FileMistake(f"organiser.{name}", "is missing: no campaign opens without it")
