"""GROUND. How one name is like another. Pure functions, no database.

`identity.skeletons` says when two names look the same. Here is what else impersonators and slips of
the finger make of a name; `matcher` finds it among thousands of names.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

from campaign import identity
from campaign.identity_data import MARKS
from campaign.likeness_data import (
    FILLERS,
    FOREIGN,
    GIVEN,
    GLUED,
    PARTICLES,
    ROMAN,
    SEPARATORS,
    frame,
    sound,
)

_APOSTROPHES = re.compile(r"'s\b|'")
# A mark is part of the letter before it, or names in Hindi, Tamil or Thai fell apart into consonants. One
# without a letter goes, or it would be a word.
_NOT_WORD = re.compile(rf"(?:\A|(?:[^\w{MARKS}]|_)+)[{MARKS}]*")
_LETTERS = rf"(?:[^\W\d_]|[{MARKS}]){{3}}"
_DIGITS_GLUED_ON = re.compile(rf"(?<![^\W_])\d+(?={_LETTERS})|(?<={_LETTERS})\d+(?![^\W_])")
_MOST_WORDS: Final = 16
"""What is compared at once. A longer text is read by so many words at a time, each half of them again
with the next half, so that a name of half as many stands whole in one of these."""


class Way(StrEnum):
    """How a name is like another."""

    LOOKS = "looks"
    SAME = "same"
    SLIP = "slip"
    SOUND = "sound"
    ORDER = "order"
    INITIALS = "initials"
    PARTS = "parts"
    WITHIN = "within"
    SCRIPT = "script"
    CREDIT = "credit"
    TOGETHER = "together"


# --- What is compared ------------------------------------------------------------------------


class Reading(NamedTuple):
    """A name as one reads it: its words, those without titles and claims, and how they sound.

    ``frames`` are its consonants in any order, of a name with enough of them to tell it.
    """

    words: tuple[str, ...]
    core: tuple[str, ...]
    sounds: tuple[str, ...]
    frames: str
    romanised: bool

    @property
    def joined(self) -> str:
        return "".join(self.core)


def readings(text: str) -> tuple[Reading, ...]:
    """The ways to read a name: as typed, its look-alikes as letters, its digits as letters.

    Cyrillic and Greek are written in Latin letters, so that a name meets itself in another script.
    """
    return tuple(_readings(identity.readings(text)))


@lru_cache(maxsize=16)  # three rules look at one name
def typed_readings(text: str, separators: re.Pattern[str] = SEPARATORS) -> tuple[Reading, ...]:
    """The ways to read what somebody typed: as `readings`, without digits glued on, and part by part."""
    plain = identity.readings(text)
    bare = [_DIGITS_GLUED_ON.sub("", each) for each in plain]
    each_part = [reading for part in parts(text, separators) for reading in identity.readings(part)]
    return tuple(_readings([*plain, *bare, *each_part]))


def forms(name: str, skeletons: Iterable[str] | None = None) -> list[str]:
    """How a name looks, and how its words sound in any order.

    Two names that look the same, or differ in order, titles, claims and spelling, have one in common.
    """
    looks = identity.skeletons(name) if skeletons is None else skeletons
    heard = {" ".join(sorted(reading.sounds)) for reading in readings(name)}
    return [f"look {look}" for look in looks] + [f"sound {each}" for each in heard]


def parts(text: str, separators: re.Pattern[str]) -> list[str]:
    """What stands between brackets, commas, "aka" and the like, of a text that has such; else nothing.

    Of "Dubois, Colette" that is nothing, and of "Sting, Police" the first: one word after another is a
    last name and a first.
    """
    found = [part.strip() for part in separators.split(text) if part.strip()]
    if len(found) < 2:
        return []
    if len(found) == 2 and "," in text and not any(" " in part for part in found):
        return [] if identity.search_fold(found[1]) in GIVEN else found[:1]
    return found


def _readings(texts: Iterable[str]) -> list[Reading]:
    plain = dict.fromkeys(texts, False)
    roman = {each.translate(ROMAN): True for each in plain if FOREIGN.search(each)}
    found = {
        some: romanised
        for each, romanised in {**plain, **roman}.items()
        for some in _at_a_time(_NOT_WORD.sub(" ", _APOSTROPHES.sub("", each)).split())
    }
    return [_reading(words, romanised) for words, romanised in found.items()]


def _at_a_time(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    half = _MOST_WORDS // 2
    for start in range(0, max(len(words) - half, 1), half):
        if some := tuple(words[start : start + _MOST_WORDS]):
            yield some


def _reading(words: tuple[str, ...], romanised: bool) -> Reading:
    core = tuple(word for word in words if not _is_filler(word)) or words
    core = _without(core, PARTICLES)
    frames = " ".join(sorted(map(frame, core))) if len(core) > 1 else ""
    frames = frames if len(frames) > 5 else ""
    return Reading(words, core, tuple(map(sound, core)), frames, romanised)


def _is_filler(word: str) -> bool:
    return word in FILLERS or word.isdecimal()


def _without(words: tuple[str, ...], droppable: frozenset[str]) -> tuple[str, ...]:
    """The words without those that may be left out, if at least two remain."""
    kept = tuple(word for word in words if word not in droppable)
    return kept if len(kept) > 1 else words


# --- One word against another ----------------------------------------------------------------


def _cost(its: str, typed: str) -> int | None:
    """How many slips make one word of another, 0 to 2; None if they are two different words.

    - 1 where they sound the same (`sound`), whatever the letters.
    - Else the optimal string alignment distance (a swap of neighbours is one): 1 from 5 letters on,
      2 from 8 on; with 3 or 4 letters one more, one less or a swap, since another letter makes
      another name of them (Mark, Mary).
    - A first letter is hardly ever mistyped (Pollock and Zamora 1984: 7.8% of slips): Bessie and
      Jessie are two persons. So are two given names (Louis, Louise; `likeness_data.GIVEN`).
    """
    if its == typed:
        return 0
    if sound(its) == sound(typed):
        return 1
    length = len(its)
    if min(length, len(typed)) < 3 or _two_persons(its, typed):
        return None
    slips = OSA.distance(its, typed, score_cutoff=2)
    if slips > (1 if length < 8 else 2):
        return None
    if length < 5 and length == len(typed) and sorted(its) != sorted(typed):
        return None
    if sound(its)[0] != sound(typed)[0] and not (length > 5 and its[1:3] == typed[:2]):
        return None if sorted(its[:2]) != sorted(typed[:2]) else slips
    return slips


def _two_persons(its: str, typed: str) -> bool:
    one, other = GIVEN.get(its), GIVEN.get(typed)
    if one and other:
        return one != other
    # The other gender of a given name that the table doesn't know: Robert and Roberta.
    return typed in (f"{its}a", f"{its[:-1]}a" if its[-1] == "o" else "")


# --- One name against another ----------------------------------------------------------------


def _budget(length: int) -> int:
    """How many slips a name of so many letters may have."""
    return 0 if length < 5 else 1 if length < 8 else 2


def way(its: Reading, typed: Reading) -> Way | None:
    """How the typed name is like the protected one, None if it isn't."""
    if len(its.core) == 1 or len(typed.core) == 1:
        return _as_one_word(its, typed)
    if its.romanised != typed.romanised and its.frames and its.frames == typed.frames:
        return Way.SCRIPT
    return _word_by_word(its, typed) or _run_together(its, typed)


def _as_one_word(its: Reading, typed: Reading) -> Way | None:
    if its.joined in (typed.joined, unglued(typed.joined)):
        return Way.WITHIN
    if len(typed.core) > 1 and len(its.core) == 1:
        # "Colette Dubois" is not Colette; "Vol taire" is Voltaire.
        return Way.SLIP if typed.joined == its.joined else None
    if len(its.joined) < 6:
        return None
    for one in (typed.joined, unglued(typed.joined)):
        cost = _cost(its.joined, one)
        if cost is not None and cost <= _budget(len(its.joined)):
            return Way.SOUND if sound(its.joined) == sound(one) else Way.SLIP
    return None


def unglued(word: str) -> str:
    found = GLUED.match(word)
    return found["name"] if found else word


def _run_together(its: Reading, typed: Reading) -> Way | None:
    """The same letters cut into words in another way, with a slip at most."""
    if len(its.core) == len(typed.core) or len(its.joined) < 8:
        return None
    return Way.SLIP if OSA.distance(its.joined, typed.joined, score_cutoff=1) < 2 else None


def _word_by_word(its: Reading, typed: Reading) -> Way | None:
    pairs = sorted(_matches(its.core, typed.core))
    theirs: dict[int, int] = {}
    cost, full, heard = 0, [], True
    for price, _distance, here, there in pairs:
        if here in theirs or there in theirs.values():
            continue
        theirs[here] = there
        if price < _INITIAL:
            cost += price
            full.append(here)
            heard &= price == 0 or its.sounds[here] == typed.sounds[there]
    return _judged(its, typed, theirs, full, cost, heard)


_INITIAL: Final = 9


def _matches(its: Sequence[str], typed: Sequence[str]) -> Iterator[tuple[int, int, int, int]]:
    """Every pair of words that may be one: its price, how far apart they stand, where they stand."""
    for here, one in enumerate(its):
        for there, other in enumerate(typed):
            if len(one) == 1 or len(other) == 1:
                if one[0] == other[0]:
                    yield (0 if one == other else _INITIAL), abs(here - there), here, there
            elif (price := _cost(one, other)) is not None:
                yield price, abs(here - there), here, there


def _judged(
    its: Reading, typed: Reading, theirs: dict[int, int], full: list[int], cost: int, heard: bool
) -> Way | None:
    """What the words that were found say together."""
    letters = sum(len(its.core[here]) for here in full)
    if letters < 3 or cost > _budget(letters):
        return None
    missing = len(its.core) - len(theirs)
    extra = len(typed.core) - len(theirs)
    places = [theirs[here] for here in sorted(theirs)]
    in_order = places == sorted(places)
    if missing:
        ends = 0 in theirs and len(its.core) - 1 in theirs
        return Way.PARTS if ends and not extra and len(full) > 1 and cost < 2 else None
    if len(full) < len(its.core):
        return Way.INITIALS if not extra else None
    if extra:
        together = max(places) - min(places) == len(places) - 1
        if together and in_order and cost < 2:
            return Way.WITHIN
        # However many middle names: "Clara J. M. Schumann".
        around = in_order and places[0] == 0 and places[-1] == len(typed.core) - 1
        return Way.PARTS if cost == 0 and (around or extra == 1) else None
    if not in_order:
        return Way.ORDER
    if cost:
        return Way.SOUND if heard else Way.SLIP
    return Way.SAME if its.words == typed.words else Way.WITHIN
