"""Loading a campaign from its file: everything or nothing, and every mistake named."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.urls import URLPattern, URLResolver, get_resolver

from campaign.file_keys import RESERVED_SLUGS
from campaign.models import (
    Campaign,
    Consent,
    Discipline,
    ProtectedName,
    StatementText,
    StatementVersion,
)
from tests.factories import campaign_file, make_signature

pytestmark = pytest.mark.django_db

BASE = campaign_file(publication="after_verification")
EVERYTHING = (Campaign, Consent, Discipline, ProtectedName, StatementText, StatementVersion)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "campaign.toml"


def load(file: Path, text: str | bytes, capsys: Any) -> list[str]:
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    call_command("load_campaign", str(file))
    return str(capsys.readouterr().out).splitlines()


def everything() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in EVERYTHING]


def replaced(old: str, new: str) -> str:
    assert BASE.count(old) >= 1, old
    return BASE.replace(old, new, 1)


# --- Loading ---------------------------------------------------------------------------------


def test_a_file_becomes_a_campaign(file: Path, capsys: Any) -> None:
    extra = 'closes_at = 2027-01-22T01:00:00+01:00\nsender = "Art <hello@example.org>"\ncolours = {accent = "#B3261E"}\nbot_check = "off"\nretention_months = 6'
    lines = load(file, campaign_file(extra=extra), capsys)
    campaign = Campaign.objects.get()
    assert (campaign.slug, campaign.languages, campaign.goal) == ("art", ["en", "fr"], 1000)
    assert campaign.opens_at == datetime(2026, 1, 22, 14, tzinfo=UTC)
    assert campaign.closes_at == datetime(2027, 1, 22, 0, tzinfo=UTC)
    assert (campaign.publication, campaign.bot_check) == ("after_review", "off")
    assert (campaign.sender, campaign.colours) == ("Art <hello@example.org>", {"accent": "#b3261e"})
    assert (campaign.sites, campaign.retention_months) == (["https://partner.example"], 6)
    assert campaign.organiser_name == "Example Organiser"
    assert [(d.slug, d.name("fr")) for d in campaign.disciplines.all()] == [
        ("musician", "Musicien, musicienne"),
        ("author", "Auteur, autrice"),
    ]
    assert [(n.name, n.alias_of) for n in campaign.protected_names.all()] == [
        ("R.E.M.", ""),
        ("REM", "R.E.M."),
        ("Scarlett Johansson", ""),
    ]
    assert lines[0] == "campaign art: created"
    assert [line.rpartition(":")[0] for line in lines[-4:]] == [
        *("statement version 1 en", "statement version 1 fr", "consent en", "consent fr"),
    ]


def test_what_is_left_out_has_its_default(file: Path, capsys: Any) -> None:
    text = """slug = "draft"\nlanguages = ["en"]\ngoal = 1\n[statement.en]\ntitle = "T"\nbody = "B"\nconsent = "C" """
    load(file, text, capsys)
    campaign = Campaign.objects.get()
    assert (campaign.opens_at, campaign.closes_at) == (None, None)
    assert (campaign.publication, campaign.bot_check) == ("after_review", "auto")
    assert (campaign.sites, campaign.colours, campaign.retention_months) == ([], {}, 12)
    assert not campaign.is_visible()


def test_loading_twice_changes_nothing(file: Path, capsys: Any) -> None:
    load(file, BASE, capsys)
    before = everything()
    assert load(file, BASE, capsys) == ["nothing changed"]
    assert everything() == before


def test_the_demo_campaign_loads_and_changes_nothing_the_second_time(
    file: Path, capsys: Any
) -> None:
    demo = Path(__file__).parent.parent / "campaign" / "demo" / "campaign.toml"
    file.with_name("logo.png").write_bytes(demo.with_name("logo.png").read_bytes())
    load(file, demo.read_bytes(), capsys)
    assert load(file, demo.read_bytes(), capsys) == ["nothing changed"]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("goal = 1000", "goal = 2000", ["goal: 1000 -> 2000"]),
        ('"after_verification"', '"after_review"', ["publication: after_verification -> after_review"]),
        ('["https://partner.example"]', "[]", ["sites: ['https://partner.example'] -> []"]),
        ('en = "Musician"', 'en = "Composer"', ["discipline musician: changed"]),
        ('{slug = "musician",', '{slug = "dancer"}, {slug = "musician",',
         ["discipline dancer: added", "discipline musician: changed", "discipline author: changed"]),
        ('"Scarlett Johansson", ', "", ["protected name Scarlett Johansson: removed"]),
        ('aliases = ["REM"]', 'aliases = ["REM", "Rapid Eye"]', ["protected name Rapid Eye: added"]),
        ('"I agree that my name is published."', '"I agree."', ["consent en: changed"]),
        ('name = "Example Organiser"', 'name = "Other"', ["organiser_name: Example Organiser -> Other"]),
    ],
)  # fmt: skip
def test_an_update_prints_what_changed(
    file: Path, capsys: Any, old: str, new: str, expected: list[str]
) -> None:
    load(file, BASE, capsys)
    assert load(file, replaced(old, new), capsys) == expected
    assert load(file, replaced(old, new), capsys) == ["nothing changed"]
    assert Campaign.objects.count() == 1


def test_a_byte_order_mark_and_windows_lines_are_no_change(file: Path, capsys: Any) -> None:
    load(file, BASE, capsys)
    assert load(file, b"\xef\xbb\xbf" + BASE.replace("\n", "\r\n").encode(), capsys) == [
        "nothing changed"
    ]


def test_a_discipline_that_nobody_uses_can_be_removed(file: Path, capsys: Any) -> None:
    load(file, BASE, capsys)
    make_signature(Campaign.objects.get(), discipline="musician")
    text = replaced(', {slug = "author", en = "Author", fr = "Auteur, autrice"}', "")
    assert load(file, text, capsys) == ["discipline author: removed"]


# --- Mistakes --------------------------------------------------------------------------------

MISTAKES: list[tuple[str, str, str, str]] = [
    # old, new, key, reason
    # Unknown keys.
    ("goal = 1000", "goal = 1000\ngaol = 1", "gaol", "is not a key"),
    ('name = "Example Organiser"', 'name = "x"\nphone = "1"', "organiser.phone", "is not a key"),
    ('title = "Art is not a quarry"', 'title = "x"\nsubtitle = "y"', "statement.en.subtitle", "is not a key"),
    ("[statement.fr]", "[statement.de]", "statement.de", "is not a key"),
    ('slug = "musician",', 'slug = "musician", de = "Musiker",', "disciplines[1].de", "is not a key"),
    ('name = "R.E.M.",', 'name = "R.E.M.", alias = "x",', "protected_names[2].alias", "is not a key"),
    ("goal = 1000", 'goal = 1000\ncolours = {background = "#000000"}', "colours.background", "is not a key"),
    # Missing or empty.
    ('slug = "art"', "", "slug", "is missing"),
    ('slug = "art"', 'slug = " "', "slug", "is empty"),
    ('languages = ["en", "fr"]', "", "languages", "is missing"),
    ('languages = ["en", "fr"]', "languages = []", "languages", "is empty"),
    ("goal = 1000", "", "goal", "is missing"),
    ("[statement.en]", "[statement.fr.x]", "statement", ""),
    ('title = "Art is not a quarry"', "", "statement.en.title", "is missing"),
    ('consent = "I agree that my name is published."', "", "statement.en.consent", "is missing"),
    ('title = "Art is not a quarry"', 'title = "\\t"', "statement.en.title", "is empty"),
    ('name = "Example Organiser"', "", "organiser.name", "is missing"),
    ('address = "1 Example Street"', "", "organiser.address", "is missing"),
    ('contact = "privacy@example.org"', 'contact = ""', "organiser.contact", "is missing"),
    ('privacy_url = "https://example.org/privacy"', "", "organiser.privacy_url", "is missing"),
    ('slug = "musician", ', "", "disciplines[1].slug", "is missing"),
    ('name = "R.E.M.", ', "", "protected_names[2].name", "is missing"),
    # Wrong types: never converted.
    ("goal = 1000", 'goal = "1000"', "goal", "must be a whole number"),
    ("goal = 1000", "goal = 1000.0", "goal", "must be a whole number"),
    ("goal = 1000", "goal = true", "goal", "must be a whole number"),
    ('slug = "art"', "slug = 1", "slug", "must be a text"),
    ('languages = ["en", "fr"]', 'languages = "en"', "languages", "must be a list"),
    ('languages = ["en", "fr"]', 'languages = ["en", 1]', "languages", "is not a language"),
    ('["https://partner.example"]', '"https://partner.example"', "sites", "must be a list"),
    ('title = "Art is not a quarry"', "title = 1", "statement.en.title", "must be a text"),
    ("goal = 1000", "goal = 1000\nsender = 1", "sender", "must be a text"),
    ("goal = 1000", 'goal = 1000\ncolours = "#b3261e"', "colours", "must be a table"),
    ("goal = 1000", "goal = 1000\ncolours = {accent = 1}", "colours.accent", "must be a text"),
    ("goal = 1000", 'goal = 1000\nretention_months = "12"', "retention_months", "must be a whole number"),
    ('en = "Musician"', "en = 1", "disciplines[1].en", "must be a text"),
    ('{slug = "musician",', '5, {slug = "musician",', "disciplines[1]", "must be a text or a table"),
    ('{slug = "musician",', '["a"], {slug = "musician",', "disciplines[1]", "must be a text or a table"),
    ('{slug = "musician",', '{}, {slug = "musician",', "disciplines[1]", "must be a text or a table"),
    ('{slug = "musician",', 'true, {slug = "musician",', "disciplines[1]", "must be a text or a table"),
    ('"Scarlett Johansson"', "5", "protected_names[1]", "must be a text or a table"),
    ('"Scarlett Johansson"', '["a"]', "protected_names[1]", "must be a text or a table"),
    ('aliases = ["REM"]', 'aliases = "REM"', "protected_names[2].aliases", "must be a list"),
    ('aliases = ["REM"]', "aliases = [1]", "protected_names[2].aliases[1]", "must be a text"),
    # Values that will not do.
    *(
        ('slug = "art"', f'slug = "{slug}"', "slug", "must be of small letters")
        for slug in ("Art", "a b", "a_b", "-a", "a-", "a--b", "é", "a/b", "a.b")
    ),
    ('slug = "art"', f'slug = "{"a" * 61}"', "slug", "is longer than 60"),
    ("goal = 1000", "goal = 0", "goal", "must be between"),
    ("goal = 1000", "goal = -1", "goal", "must be between"),
    ("goal = 1000", "goal = 2_000_000_001", "goal", "must be between"),
    ("goal = 1000", f"goal = {'9' * 5000}", "", "not TOML"),
    ("goal = 1000", "goal = 1000\nretention_months = 0", "retention_months", "must be between"),
    ('languages = ["en", "fr"]', 'languages = ["en", "en"]', "languages", "twice"),
    ('languages = ["en", "fr"]', 'languages = ["en", "French"]', "languages", "is not a language"),
    ('languages = ["en", "fr"]', 'languages = ["en", "abc-12345678"]', "languages", "is not a language"),
    ('languages = ["en", "fr"]', 'languages = ["de", "en", "fr"]', "statement.de", "is missing"),
    ('"after_verification"', '"immediately"', "publication", "must be one of after_review, after_verification"),
    ("goal = 1000", 'goal = 1000\nbot_check = "never"', "bot_check", "must be one of off, auto, always"),
    ("goal = 1000", 'goal = 1000\nsender = "nobody"', "sender", "must be an address"),
    ("goal = 1000", 'goal = 1000\nsender = "A\\nBcc: x@example.org <a@example.org>"', "sender", "line break"),
    *(
        ('["https://partner.example"]', f'["{site}"]', "sites", "is not an origin")
        for site in (
            *("partner.example", "https://", "https://partner.example/", "https://partner.example/x", "ftp://x.example"),
            *("https://Partner.example", "HTTPS://partner.example", "https://a@partner.example", "http://[", "*", ""),
            *("https://é.example", "https://" + "a" * 200 + ".example"),
            *("https://*.partner.example", "https://a.example;script-src *", "https://a.example b.example"),
        )
    ),
    ('["https://partner.example"]', '["https://a.example", "https://a.example"]', "sites", "twice"),
    ("goal = 1000", 'goal = 1000\ncolours = {accent = "red"}', "colours.accent", "must be a colour"),
    ("goal = 1000", 'goal = 1000\ncolours = {accent = "#fff"}', "colours.accent", "must be a colour"),
    ("goal = 1000", 'goal = 1000\ncolours = {accent = "#ffff00"}', "colours.accent", "contrast of 1.0 to #f5f4f2"),
    ("goal = 1000", 'goal = 1000\ncolours = {accent = "#777777"}', "colours.accent", "text needs 4.5"),
    ("goal = 1000", 'goal = 1000\ncolours = {accent = "#767676"}', "colours.accent", "contrast of 4.1 to #f5f4f2, on which it stands; text needs 4.5"),
    ('"https://example.org/privacy"', '"example.org/privacy"', "organiser.privacy_url", "must begin with https://"),
    ('"https://example.org/privacy"', '"javascript:alert(1)"', "organiser.privacy_url", "must begin with https://"),
    ('"https://example.org/privacy"', '"http://example.org/privacy"', "organiser.privacy_url", "must begin with https://"),
    ('"https://example.org/privacy"', '"https://["', "organiser.privacy_url", "must begin with https://"),
    ('name = "Example Organiser"', f'name = "{"a" * 201}"', "organiser.name", "is longer than 200"),
    ('title = "Art is not a quarry"', f'title = "{"a" * 301}"', "statement.en.title", "is longer than 300"),
    ('body = "We made it.', f'body = "{"a" * 50_001}', "statement.en.body", "is longer than 50000"),
    ('title = "Art is not a quarry"', 'title = "a\\u0000b"', "statement.en.title", "control character"),
    ('title = "Art is not a quarry"', 'title = "a\\nb"', "statement.en.title", "line break"),
    ('body = "We made it.', 'body = "\\u0000We', "statement.en.body", "control character"),
    ('en = "Musician"', 'en = "a\\u0000b"', "disciplines[1].en", "control character"),
    ('slug = "author",', 'slug = "musician",', "disciplines", "names 'musician' twice"),
    ('slug = "author",', 'slug = "An author",', "disciplines[2]", "must be of small letters"),
    ('aliases = ["REM"]', 'aliases = ["R.E.M."]', "protected_names", "names 'R.E.M.' twice"),
    ('aliases = ["REM"]', f'aliases = ["{"a" * 201}"]', "protected_names[2].aliases[1]", "is longer than 200"),
    ('aliases = ["REM"]', 'aliases = ["a\\u0000"]', "protected_names[2].aliases[1]", "control character"),
    ('aliases = ["REM"]', f'aliases = ["{"ﷺ" * 200}"]', "protected_names[2]", "is too long"),
    # Organisations.
    ("goal = 1000", 'goal = 1000\norganisations = [{name = "The Guild"}]', "organisations[1].domains", "is missing"),
    ("goal = 1000", 'goal = 1000\norganisations = [{name = "The Guild", domains = []}]', "organisations[1].domains", "is empty"),
    ("goal = 1000", 'goal = 1000\norganisations = [{name = " ", domains = ["a.org"]}]', "organisations[1].name", "is empty"),
    ("goal = 1000", 'goal = 1000\norganisations = ["The Guild"]', "organisations[1]", "must be a table"),
    ("goal = 1000", 'goal = 1000\norganisations = [{name = "The Guild", domain = "a.org"}]', "organisations[1].domains", "is missing"),
    ("goal = 1000", 'goal = 1000\norganisations = [{name = "A", domains = ["a.org"]}, {name = "a", domains = ["b.org"]}]', "organisations", "names 'a' twice"),
    *(
        ("goal = 1000", f'goal = 1000\norganisations = [{{name = "The Guild", domains = ["{domain}"]}}]', "organisations[1].domains[1]", reason)
        for domain, reason in (
            ("guild", "is not a domain"), ("*.guild.org", "is not a domain"), ("@guild.org", "is not a domain"),
            ("https://guild.org", "is not a domain"), ("10.0.0.1", "is not a domain"), ("a..org", "is not a domain"),
            ("GMail.com", "gives anybody a mailbox"), ("gmx.de", "gives anybody a mailbox"),
            ("posteo.de", "gives anybody a mailbox"), ("mailinator.com", "gives anybody a mailbox"),
        )
    ),
    # Times.
    ("2026-01-22T14:00:00+00:00", "2026-01-22T14:00:00", "opens_at", "needs its time zone"),
    ("2026-01-22T14:00:00+00:00", "2026-01-22", "opens_at", "must be a time"),
    ("2026-01-22T14:00:00+00:00", '"2026-01-22T14:00:00Z"', "opens_at", "must be a time"),
    ("2026-01-22T14:00:00+00:00", "14:00:00", "opens_at", "must be a time"),
    ("2026-01-22T14:00:00+00:00", "0001-01-01T00:00:00+01:00", "opens_at", "is not a time"),
    ("2026-01-22T14:00:00+00:00", "2026-02-30T14:00:00Z", "", "not TOML"),
    ("goal = 1000", "goal = 1000\ncloses_at = 2026-01-22T14:00:00Z", "closes_at", "must be after opens_at"),
    ("goal = 1000", "goal = 1000\ncloses_at = 2025-01-22T14:00:00Z", "closes_at", "must be after opens_at"),
    ("opens_at = 2026-01-22T14:00:00+00:00", "closes_at = 2027-01-22T14:00:00Z", "closes_at", "must be after opens_at"),
    ("goal = 1000", "goal = 1000\ncloses_at = 9999-12-31T23:59:59-01:00", "closes_at", "is not a time"),
    # No TOML at all.
    ("goal = 1000", "goal = 1000\ngoal = 1000", "", "not TOML"),
    ("goal = 1000", "goal 1000", "", "not TOML"),
    ("goal = 1000", f"goal = {'[' * 100_000}", "", "not TOML"),
    ("goal = 1000", "goal = 1000\n\x00", "", "not TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "reason"), MISTAKES, ids=lambda text: text[:30])
def test_a_mistake_is_named_and_nothing_is_made(
    file: Path, capsys: Any, old: str, new: str, key: str, reason: str
) -> None:
    with pytest.raises(CommandError) as raised:
        load(file, replaced(old, new), capsys)
    assert raised.value.returncode == 1
    first, *others = str(raised.value).split("\n")
    assert first.startswith(f"{file}: {key}")
    assert reason in first
    assert all(line.startswith(f"{file}: ") for line in others)
    assert everything() == [[]] * len(EVERYTHING)


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        (
            {"goal = 1000": "gaol = 1000"},
            ["goal: is missing", "gaol: is not a key of a campaign file"],
        ),
        (
            {'title = "Art is not a quarry"': 'titel = "Art is not a quarry"'},
            [
                "statement.en.title: is missing",
                "statement.en.titel: is not a key of a campaign file",
            ],
        ),
        (
            {'languages = ["en", "fr"]': 'langauges = ["en", "fr"]', "goal = 1000": "gaol = 1"},
            [
                "languages: is missing",
                "langauges: is not a key of a campaign file",
                "gaol: is not a key of a campaign file",
            ],
        ),
        (
            {
                "goal = 1000": "goal = 0",
                'slug = "art"': 'slug = "Art"',
                'en = "Musician"': "en = 1",
            },
            [
                "slug: 'Art' must be of small letters, digits and single hyphens",
                "goal: must be between 1 and 2,000,000,000",
                "disciplines[1].en: must be a text",
            ],
        ),
        (
            {
                "goal = 1000": "goal = 1000\ncloses_at = 2026-01-22T14:00:00Z",
                'address = "1 Example Street"': 'address = ""',
                'contact = "privacy@example.org"': 'contact = ""',
            },
            [
                "closes_at: must be after opens_at",
                "organiser.address: is missing: no campaign opens without it",
                "organiser.contact: is missing: no campaign opens without it",
            ],
        ),
    ],
)
def test_every_mistake_has_a_line_and_nothing_is_made(
    file: Path, capsys: Any, changes: dict[str, str], lines: list[str]
) -> None:
    text = BASE
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(CommandError) as raised:
        load(file, text, capsys)
    assert str(raised.value).split("\n") == [f"{file}: {line}" for line in lines]
    assert raised.value.returncode == 1
    assert everything() == [[]] * len(EVERYTHING)


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("goal = 1000", "goal = 5\ngaol = 1", "gaol"),
        ('consent = "J’accepte que mon nom soit publié."', "", "statement.fr.consent"),
        ('{slug = "musician", en = "Musician", fr = "Musicien, musicienne"}, ', "", "disciplines"),
    ],
)
def test_a_mistake_in_an_update_changes_nothing(
    file: Path, capsys: Any, old: str, new: str, key: str
) -> None:
    load(file, BASE, capsys)
    make_signature(Campaign.objects.get(), discipline="musician")
    before = everything()
    text = (
        replaced(old, new)
        .replace("Ask us first", "Ask us before")
        .replace("goal = 1000", "goal = 7")
    )
    with pytest.raises(CommandError, match=f"toml: {key}: "):
        load(file, text, capsys)
    assert everything() == before


def test_a_discipline_in_use_cannot_be_removed(file: Path, capsys: Any) -> None:
    load(file, BASE, capsys)
    make_signature(Campaign.objects.get(), discipline="musician")
    text = replaced('{slug = "musician", en = "Musician", fr = "Musicien, musicienne"}, ', "")
    with pytest.raises(
        CommandError, match="disciplines: 'musician' is missing, and there are signatures with it"
    ):
        load(file, text, capsys)


@pytest.mark.parametrize("slug", sorted(RESERVED_SLUGS))
def test_the_paths_of_the_product_are_no_slugs(file: Path, capsys: Any, slug: str) -> None:
    with pytest.raises(CommandError, match=f"slug: '{slug}' is one of the product's own paths"):
        load(file, replaced('slug = "art"', f'slug = "{slug}"'), capsys)
    assert not Campaign.objects.exists()


def first_parts(resolver: URLResolver, before: str = "") -> set[str]:
    """The first part of every path of the product, those that are parameters left out."""
    parts: set[str] = set()
    for entry in resolver.url_patterns:
        path = before + str(entry.pattern)
        if "/" in path or isinstance(entry, URLPattern):
            parts.add(path.partition("/")[0])
        else:
            parts |= first_parts(entry, path)
    return {part for part in parts if part and not part.startswith("<")}


def test_every_path_that_the_product_has_is_reserved() -> None:
    parts = first_parts(get_resolver())
    assert {"admin", "api", "confirm"} <= parts
    # What has a dot or the like can be no slug anyway.
    assert {part for part in parts if part.replace("-", "").isalnum()} <= RESERVED_SLUGS


def test_the_paths_of_the_contract_are_reserved() -> None:
    assert {
        "admin",
        "api",
        "confirm",
        "manage",
        "embed",
        "healthz",
        "readyz",
        "static",
    } <= RESERVED_SLUGS


# --- Files that cannot be read ---------------------------------------------------------------


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00", 'title = "Zoë"'.encode("latin-1"), BASE.encode("utf-16")]
)
def test_a_file_that_is_not_utf_8_is_refused(file: Path, capsys: Any, content: bytes) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        load(file, content, capsys)
    assert not Campaign.objects.exists()


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.toml", tmp_path, tmp_path / "a" / "b"):
        with pytest.raises(CommandError, match="cannot be read") as raised:
            call_command("load_campaign", str(path))
        assert str(path) in str(raised.value)


def test_a_huge_file_is_refused_for_what_is_wrong_with_it(file: Path, capsys: Any) -> None:
    huge = "".join(f'"Name {number}",\n' for number in range(100_000))
    with pytest.raises(CommandError, match=r"statement.en.body: is longer than"):
        load(
            file,
            replaced('body = "We made it.', 'body = "' + huge.replace('"', "").replace("\n", "")),
            capsys,
        )


def test_an_empty_file_is_refused(file: Path, capsys: Any) -> None:
    with pytest.raises(CommandError, match="languages: is missing"):
        load(file, "", capsys)


def test_thousands_of_protected_names_load(file: Path, capsys: Any) -> None:
    names = ", ".join(f'"Famous Person {number}"' for number in range(3000))
    load(file, replaced('"Scarlett Johansson"', names), capsys)
    assert ProtectedName.objects.count() == 3002
