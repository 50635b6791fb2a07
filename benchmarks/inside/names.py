"""Invented names by the thousand: pronounceable, of many scripts, some with the marks that real ones have."""

import random
from collections.abc import Sequence

from campaign import identity

_ONSETS = "b br c ch d dr f fr g gr h j k kl l m n p pr r s sh st t tr v w z".split()
_VOWELS = "a e i o u ai ea io ou".split()
_CODAS = ("", "", "l", "n", "r", "s", "t", "nd", "rt", "x")
_MARKED = str.maketrans("aeioucnsz", "áéíöüçñšž")
_REAL = (
    *("Zoë", "Jean-Luc", "O’Brien", "will.i.am", "R.E.M.", "deadmau5", "Łukasz", "Đặng", "İnci"),
    *(
        "Αλέξανδρος",
        "Наталья",
        "花子",
        "山田",
        "지민",
        "محمد",
        "שירה",
        "Søren",
        "Björk",
        "Ærø",
        "St.",
    ),
)

Derived = tuple[str, str, list[str]]
"""A text, its fold and its search words, by the product's own functions."""


def derived(how_many: int, syllables: Sequence[int], seed: int) -> list[Derived]:
    """So many different words, the first of them in other scripts or with punctuation."""
    rng = random.Random(seed)  # noqa: S311 - the same names at every run
    words = dict.fromkeys(_REAL)
    while len(words) < how_many:
        words[_word(rng, rng.choice(syllables))] = None
    rest = list(words)[:how_many]
    rng.shuffle(rest)
    return [(word, identity.search_fold(word), identity.search_tokens(word)) for word in rest]


def _word(rng: random.Random, syllables: int) -> str:
    word = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(syllables))
    word += rng.choice(_CODAS)
    return (word.translate(_MARKED) if rng.random() < 0.15 else word).capitalize()
