"""A campaign's file and the campaign never disagree: what is exported changes nothing when it is loaded."""

import io
import tomllib
import unicodedata
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from hypothesis.extra.django import TestCase

from campaign import campaign_file, campaign_parts, toml_text
from campaign.campaign_file import FileMistake, parse, read
from campaign.file_keys import INNER_COLUMNS, KEYS
from campaign.file_values import Table
from campaign.models import Campaign
from campaign.organising import load_campaign
from tests import factories
from tests.factories import make_campaign
from tests.pictures import picture

DEMO = Path(__file__).parent.parent / "campaign" / "demo" / "campaign.toml"


def exported(slug: str = "art") -> str:
    out = io.StringIO()
    call_command("export_campaign", slug, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
def test_the_demo_campaign_comes_back_as_it_is_in_its_file() -> None:
    text = DEMO.read_text(encoding="utf-8")
    load_campaign(parse(text, folder=DEMO.parent))
    again = exported("stealing-isnt-innovation")
    assert load_campaign(parse(again)) == []
    one, other = tomllib.loads(text), tomllib.loads(again)
    for each in (one, other):
        each["protected_names"].sort(
            key=lambda name: name["name"] if isinstance(name, dict) else name
        )
        del each["logo"]
        for language in each["statement"].values():
            language |= {name: language[name].strip() for name in ("body", "consent")}
    assert {key: other[key] for key in one} == one


@pytest.mark.django_db
def test_the_file_holds_the_logo_so_that_it_needs_no_second_one(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(picture())
    load_campaign(parse(f'logo = "logo.png"\n{text_of_a_campaign()}', folder=tmp_path))
    load_campaign(parse(exported().replace('"art"', '"film"', 1)))
    campaign = Campaign.objects.get(slug="film")
    assert campaign_parts.values(campaign)["logo"].content == picture()


def text_of_a_campaign() -> str:
    """With its plain keys first, so that another one may stand before them."""
    return campaign_file.write(parse(factories.campaign_file()).values)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("logo", "reason"),
    [
        ('{base64 = "é"}', "logo.base64: is not base64"),
        ('{base64 = "AAAA"}', "logo: is no PNG, WebP or JPEG that can be read"),
        ("{}", "logo.base64: is missing"),
        (f'{{base64 = "{"A" * 61_441}"}}', "logo.base64: is longer than 61440 characters"),
        (f'{{base64 = "{"A" * 50_000}"}}', "logo: is larger than 30 KB"),
    ],
)
def test_a_file_that_holds_no_logo_is_refused(logo: str, reason: str) -> None:
    text = text_of_a_campaign()
    with pytest.raises(FileMistake) as raised:
        parse(f"logo = {logo}\n{text}")
    assert str(raised.value) == reason


@pytest.mark.django_db
def test_an_unknown_campaign_has_no_file() -> None:
    with pytest.raises(CommandError, match="there is no campaign 'art'"):
        exported()


@pytest.mark.django_db
def test_all_mistakes_are_named_the_first_first() -> None:
    document = campaign_file.plain(campaign_parts.values(make_campaign()))
    document |= {"goal": 0, "closes_at": "soon", "gaol": 1}
    document["disciplines"] = [{"slug": "A B"}, {"slug": "c", "en": " "}]
    document["statement"]["en"]["title"] = ""
    with pytest.raises(FileMistake) as raised:
        read(document)
    assert [mistake.key for mistake in raised.value.all] == [
        *("goal", "statement.en.title", "closes_at", "disciplines[1].slug", "disciplines[2].en"),
        "gaol",
    ]
    assert raised.value.all[0] is raised.value


def test_each_key_is_kept_by_a_column_or_a_part() -> None:
    kept = {key.name for key in KEYS if key.column} | set(campaign_parts.PARTS)
    kept |= {
        key.name
        for key in KEYS
        if isinstance(key.kind, Table)
        and all((key.name, inner) in INNER_COLUMNS for inner in key.kind.keys)
    }
    assert kept == {key.name for key in KEYS}


# --- Made-up campaigns -----------------------------------------------------------------------


def texts(longest: int = 20, *, lines: bool = False) -> Any:
    """Anything that the reader takes, from any script."""
    character = some.characters(exclude_categories=["Cs", "Cc"])
    if lines:
        character |= some.sampled_from("\t\n")
    return some.text(character, min_size=1, max_size=longest).filter(
        lambda text: text.strip() != ""
    )


slugs = some.from_regex(r"[a-z0-9]{1,8}(-[a-z0-9]{1,8})?", fullmatch=True)
times = some.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001


@some.composite
def campaigns(draw: Any) -> dict[str, Any]:
    languages = draw(
        some.lists(some.sampled_from(["en", "fr", "pt-BR", "ar", "ckb"]), min_size=1, unique=True)
    )
    texts_in = draw(some.lists(some.sampled_from(languages), unique=True))
    disciplines = draw(some.lists(slugs, max_size=4, unique=True))
    names = draw(some.lists(texts(), max_size=6, unique_by=lambda name: campaign_name(name)))
    document: dict[str, Any] = {
        "slug": "art",
        "languages": languages,
        "goal": draw(some.integers(1, 2_000_000_000)),
        "retention_months": draw(some.integers(1, 120)),
        "publication": draw(some.sampled_from(["after_review", "after_verification"])),
        "bot_check": draw(some.sampled_from(["off", "auto", "always"])),
        "sender": draw(some.sampled_from(["", "Art <a@example.org>"])),
        "sites": draw(
            some.lists(some.sampled_from(["https://a.example", "http://[::1]:80"]), unique=True)
        ),
        "colours": draw(some.sampled_from([{}, {"accent": "#B3261E"}, {"accent": ""}])),
        "organiser": {
            "name": draw(texts()),
            "address": draw(texts(60, lines=True)),
            "contact": draw(texts()),
            "privacy_url": 'https://example.org/x?a="b"',
        },
        "disciplines": [
            draw(some.sampled_from([slug, {"slug": slug, languages[0]: draw(texts())}]))
            for slug in disciplines
        ],
        "protected_names": [
            *({"name": name, "aliases": []} for name in names[3:]),
            *([{"name": names[0], "aliases": names[1:3]}] if names else []),
        ],
        "statement": {
            language: {
                "title": draw(texts()),
                "body": draw(texts(200, lines=True)),
                "consent": draw(texts(60, lines=True)),
            }
            for language in {languages[0], *texts_in}
        },
    }
    opens_at = draw(some.none() | times)
    if opens_at:
        document["opens_at"] = opens_at
        closes_at = draw(some.none() | times.filter(lambda at: at > opens_at))
        document |= {"closes_at": closes_at} if closes_at else {}
    return document


def campaign_name(name: str) -> str:
    """As the reader keeps it, since two that become one are a mistake."""
    return unicodedata.normalize("NFC", name.strip())


class Whatever(TestCase):
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(campaigns())
    def test_a_campaign_that_loads_is_exported_as_what_changes_nothing(
        self, document: dict[str, Any]
    ) -> None:
        load_campaign(read(document))
        before = campaign_parts.values(Campaign.objects.get())
        text = exported()
        assert load_campaign(parse(text)) == []
        assert campaign_parts.values(Campaign.objects.get()) == before
        assert exported() == text
        assert list(read(document).columns) == list(parse(text).columns)


plain_values = some.recursive(
    some.text(some.characters(exclude_categories=["Cs"]))
    | some.integers(-(2**63), 2**63 - 1)
    | some.booleans()
    | times,
    lambda inner: (
        some.lists(inner, max_size=4)
        | some.dictionaries(
            some.text(some.characters(exclude_categories=["Cs"]), max_size=5), inner, max_size=4
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(
    some.dictionaries(
        some.text(some.characters(exclude_categories=["Cs"]), max_size=5), plain_values
    )
)
def test_whatever_is_written_as_toml_is_read_as_it_was(document: dict[str, Any]) -> None:
    assert tomllib.loads(toml_text.written(document)) == document
