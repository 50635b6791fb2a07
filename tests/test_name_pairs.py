"""How well the matcher tells false names from honest ones: measured, printed, and held to."""

import random
from collections.abc import Callable

import pytest

from campaign import identity
from campaign.identity import name_problem
from campaign.likeness_data import GIVEN
from campaign.matcher import Matcher, Protected
from tests.name_pairs import ALIAS_PAIRS, ATTACKS, CREDIT_PAIRS, MARKED_PAIRS, PAIRS, Pair

Say = Callable[[str, object], None]

RECALL = 0.98
HELD = 0.05
# Among the commonest of the United States, Britain, France, Germany, Spain, Italy and the Netherlands.
LAST_NAMES = """
    Smith Johnson Williams Brown Jones Garcia Miller Davis Rodriguez Martinez Hernandez Lopez Wilson
    Anderson Taylor Moore Jackson Martin Lee Thompson White Harris Clark Lewis Robinson Walker Young
    Allen King Wright Scott Hill Green Adams Nelson Baker Hall Campbell Mitchell Carter Roberts Evans
    Turner Parker Edwards Collins Stewart Morris Murphy Cook Rogers Bailey Cooper Reed Kelly Howard
    Bernard Dubois Durand Moreau Laurent Simon Michel Lefebvre Leroy Roux Fournier Morel Girard Mercier
    Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Koch Bauer Richter Klein
    Wolf Schröder Neumann Schwarz Zimmermann Braun Krüger Hofmann Hartmann Lange Werner Krause Lehmann
    Gonzalez Fernandez Sanchez Perez Gomez Ruiz Diaz Moreno Alvarez Romero Navarro Torres Dominguez
    Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Bruno Gallo Conti Costa
    Jansen Visser Bakker Smit Meijer Mulder Bos Vos Peters Hendriks Dekker Brouwer Dijkstra Smits
""".split()


def is_held(pair: Pair) -> bool:
    """Whether the campaign that protects the pair's name would hold what is typed."""
    matcher = protecting(pair)
    return bool(matcher.looks(identity.skeletons(pair.typed)) or matcher.near(pair.typed))


def is_held_for_its_credit(pair: Pair) -> bool:
    """Whether it would hold somebody else with this credit."""
    matcher = protecting(pair)
    looks = matcher.looks(identity.skeletons(pair.typed))
    return bool(looks or matcher.near("Emma Miller", pair.typed, ""))


def protecting(pair: Pair) -> Matcher:
    texts = [(pair.protected, ""), (pair.alias, pair.protected)]
    return Matcher(
        Protected(n, name, alias_of, identity.skeletons(name))
        for n, (name, alias_of) in enumerate(texts)
        if name
    )


def test_the_table_is_of_two_hundred_different_names_that_can_be_typed() -> None:
    assert len(PAIRS) == len({(pair.protected, pair.typed) for pair in PAIRS}) == 200
    assert sum(pair.is_false for pair in PAIRS) == 110
    assert [p for p in PAIRS if name_problem(identity.clean(p.typed)) is not None] == []


@pytest.mark.parametrize("part", ["all", "seen while tuning", "kept back"])
def test_false_names_are_held_and_honest_ones_are_not(part: str, record_property: Say) -> None:
    """At the first look at what was kept back, one more was missed (realScottJoplin): 39 of 40."""
    chosen = [pair for pair in PAIRS if part == "all" or pair.is_kept_back == (part == "kept back")]
    false = [pair for pair in chosen if pair.is_false]
    honest = [pair for pair in chosen if not pair.is_false]
    missed = [pair.typed for pair in false if not is_held(pair)]
    stopped = [pair.typed for pair in honest if is_held(pair)]
    record_property(
        "measured",
        f"names, {part}: {len(false) - len(missed)} of {len(false)} false ones held"
        f" (missed: {', '.join(missed) or 'none'}),"
        f" {len(stopped)} of {len(honest)} honest ones ({', '.join(stopped) or 'none'})",
    )
    assert len(missed) <= (1 - RECALL) * len(false)
    assert len(stopped) <= HELD * len(honest)


@pytest.mark.parametrize(
    ("what", "pairs", "is_held"),
    [("names", ATTACKS, is_held), ("credits", CREDIT_PAIRS, is_held_for_its_credit)],
)
def test_what_an_attacker_found_is_held_and_what_is_like_it_is_not(
    what: str, pairs: list[Pair], is_held: Callable[[Pair], bool], record_property: Say
) -> None:
    false = [pair for pair in pairs if pair.is_false]
    honest = [pair for pair in pairs if not pair.is_false]
    missed = [pair.typed for pair in false if not is_held(pair)]
    stopped = [pair.typed for pair in honest if is_held(pair)]
    record_property(
        "measured",
        f"{what}, found by an attacker afterwards: {len(false) - len(missed)} of {len(false)} held,"
        f" {len(stopped)} of {len(honest)} honest ones like them ({', '.join(stopped) or 'none'})",
    )
    assert (missed, stopped) == ([], [])


@pytest.mark.parametrize("script", sorted({pair.sort for pair in MARKED_PAIRS}))
def test_a_vowel_that_is_a_mark_tells_two_names_apart_unless_they_are_written_without_it(
    script: str, record_property: Say
) -> None:
    false = [pair for pair in MARKED_PAIRS if pair.sort == script and pair.is_false]
    honest = [pair for pair in MARKED_PAIRS if pair.sort == script and not pair.is_false]
    missed = [(pair.protected, pair.typed) for pair in false if not is_held(pair)]
    stopped = [(pair.protected, pair.typed) for pair in honest if is_held(pair)]
    record_property(
        "measured",
        f"names, {script}: {len(false) - len(missed)} of {len(false)} false ones held,"
        f" {len(stopped)} of {len(honest)} honest ones",
    )
    assert (missed, stopped) == ([], [])


@pytest.mark.parametrize("pair", ALIAS_PAIRS, ids=lambda pair: pair.typed)
def test_a_spelling_that_no_fold_can_know_is_held_where_the_file_has_it_as_an_alias(
    pair: Pair,
) -> None:
    assert is_held(pair)
    assert not is_held(pair._replace(alias=""))


@pytest.mark.parametrize(
    ("name", "credit", "is_like"),
    [
        ("Clara", "Schumann", True),
        ("Clara", "Schumann, pianist", True),
        ("Schumann", "Clara", True),
        ("Clara", "Weber", False),
        ("Clara Weber", "Schumann", False),
        ("Clara", "Schumann Quartet", False),
    ],
)
def test_a_name_that_goes_on_in_its_credit_or_organisation_is_read_with_it(
    name: str, credit: str, is_like: bool
) -> None:
    matcher = Matcher([Protected(1, "Clara Schumann", "", identity.skeletons("Clara Schumann"))])
    for others in ((credit, ""), ("", credit)):
        assert bool(matcher.near(name, *others)) == is_like


def test_hardly_any_of_many_honest_names_is_like_one_of_a_thousand_protected(
    record_property: Say,
) -> None:
    rng = random.Random(5)
    given = [name.capitalize() for name in GIVEN]
    names = list(
        dict.fromkeys(f"{rng.choice(given)} {rng.choice(LAST_NAMES)}" for _ in range(12_000))
    )
    protected, honest = names[:1000], names[1000:]
    matcher = Matcher(
        Protected(n, name, "", identity.skeletons(name)) for n, name in enumerate(protected)
    )
    held = [name for name in honest if matcher.near(name)]
    share = len(held) / len(honest)
    record_property(
        "measured",
        f"names of {len(honest)} people with common names, none of them among 1,000 protected ones with"
        f" names as common: {share:.1%} held",
    )
    assert share <= HELD
