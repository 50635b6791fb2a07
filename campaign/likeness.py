"""GROUND. Which protected names a name is nearly. Pure functions, no database.

`identity.skeletons` says when two names look the same. Here is what else impersonators and slips of
the finger make of a name: `Matcher.near` finds it among thousands of names without looking at each.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from rapidfuzz.distance import OSA

from campaign import identity
from campaign.likeness_data import (
    AFTER,
    BEFORE,
    BREAKS,
    FILLERS,
    FOREIGN,
    GIVEN,
    GLUED,
    PARTICLES,
    ROMAN,
    SEPARATORS,
    TOPICS,
    frame,
    sound,
)

_APOSTROPHES = re.compile(r"'s\b|'")
_NOT_WORD = re.compile(r"[\W_]+")
_LONGEST_WORD: Final = 30
_DIGITS_GLUED_ON = re.compile(r"(?<![^\W_])\d+(?=[^\W\d_]{3})|(?<=[^\W\d_]{3})\d+(?![^\W_])")
_LONGEST_NAME: Final = 6
"""Words of the names that are found in credits."""
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


class Protected(NamedTuple):
    """A name to compare with: its row, text, whose alias it is, stored skeletons, and the batch it is of."""

    pk: int
    name: str
    alias_of: str
    skeletons: frozenset[str]
    batch_id: int | None = None

    def __str__(self) -> str:
        return f"{self.name} ({self.alias_of})" if self.alias_of else self.name


class Likeness(NamedTuple):
    """One protected name that a text is like, and how."""

    protected: Protected
    way: Way


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
    each_part = [
        reading for part in _parts(text, separators) for reading in identity.readings(part)
    ]
    return tuple(_readings([*plain, *bare, *each_part]))


def _parts(text: str, separators: re.Pattern[str]) -> list[str]:
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
    if its.joined in (typed.joined, _unglued(typed.joined)):
        return Way.WITHIN
    if len(typed.core) > 1 and len(its.core) == 1:
        # "Colette Dubois" is not Colette; "Vol taire" is Voltaire.
        return Way.SLIP if typed.joined == its.joined else None
    if len(its.joined) < 6:
        return None
    for one in (typed.joined, _unglued(typed.joined)):
        cost = _cost(its.joined, one)
        if cost is not None and cost <= _budget(len(its.joined)):
            return Way.SOUND if sound(its.joined) == sound(one) else Way.SLIP
    return None


def _unglued(word: str) -> str:
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


# --- Many names at once ----------------------------------------------------------------------


class Matcher:
    """The protected names of a campaign, indexed so that a name finds those that it is like.

    By what they look like; by what they sound like run together; and by each word of a name with the
    initial of another, the words with one letter left out (the deletion neighbourhood of Wolf Garbe's
    SymSpell: two words at distance 1 have such a form in common). Only what an index brings is compared.
    """

    def __init__(self, names: Iterable[Protected]) -> None:
        self.names = list(names)
        self._looks: dict[str, list[int]] = defaultdict(list)
        self._keys: dict[str, list[int]] = defaultdict(list)
        self._exact: dict[str, set[int]] = defaultdict(set)
        self._read: list[tuple[Reading, ...]] = []
        for place, protected in enumerate(self.names):
            for skeleton in protected.skeletons:
                self._looks[skeleton].append(place)
            its = readings(protected.name)
            self._read.append(its)
            for key in {key for reading in its for key in _keys(reading)}:
                self._keys[key].append(place)
            for reading in its:
                self._exact[_sorted(reading.core)].add(place)
                self._exact[reading.joined].add(place)

    def looks(self, skeletons: Iterable[str]) -> list[Protected]:
        """The names that one with these skeletons could be mistaken for (UTS 39)."""
        places = {place for each in skeletons for place in self._looks.get(each, ())}
        return [self.names[place] for place in sorted(places)]

    def near(self, name: str, *others: str) -> list[Likeness]:
        """The names that a name is nearly, or is in another order, in part, or with more around it.

        Those that it looks exactly like are `looks`' to say, and may be among these. ``others``, its
        credit and its organisation, must have the very words of one, together, and not be about a
        work or a body of that name; or make it up together with the name.
        """
        found: dict[int, Way] = {}
        for credit in filter(None, others):
            for place in self._made_up(name, credit):
                found[place] = Way.TOGETHER
            for place in self._named(credit):
                found[place] = Way.CREDIT
        found |= self._nearly(name)
        return [Likeness(self.names[place], how) for place, how in sorted(found.items())]

    def _made_up(self, name: str, credit: str) -> set[int]:
        return {
            place
            for part in (credit, *_parts(credit, BREAKS)[:1])
            for each in readings(f"{name} {part}")
            if not _is_about(each, 0, len(each.core))
            for place in self._exact.get(_sorted(each.core), ())
        }

    def _named(self, credit: str) -> set[int]:
        return {
            place
            for typed in typed_readings(credit, BREAKS)
            for key in _claims(typed)
            for place in self._exact.get(key, ())
        }

    def _nearly(self, name: str) -> dict[int, Way]:
        found: dict[int, Way] = {}
        for typed in typed_readings(name):
            places = {place for key in _keys(typed) for place in self._keys.get(key, ())}
            for place in places - found.keys():
                ways = (way(its, typed) for its in self._read[place])
                if (how := next(filter(None, ways), None)) is not None:
                    found[place] = how
        return found


def _sorted(words: Iterable[str]) -> str:
    return " ".join(sorted(words))


def _claims(credit: Reading) -> Iterator[str]:
    """Where a credit may say who somebody is: all of it, or two words of it and more, in any order."""
    core = credit.core
    lengths = range(2, _LONGEST_NAME + 1)
    spans = {(start, start + n) for n in lengths for start in range(len(core) - n + 1)}
    for start, end in {(0, len(core)), *spans}:
        if not _is_about(credit, start, end):
            yield _sorted(core[start:end])
            if end - start == len(core):
                yield from (credit.joined, _unglued(credit.joined))


def _is_about(credit: Reading, start: int, end: int) -> bool:
    """Whether what its core names there is a topic: "the ... biography", "author of a book on ..."."""
    words = credit.words
    first, after = words.index(credit.core[start]), words.index(credit.core[end - 1]) + 1
    return (
        not TOPICS.isdisjoint(words[max(first - 1, 0) : first])
        or not BEFORE.isdisjoint(words[:first])
        or not AFTER.isdisjoint(words[after : after + 1])
    )


def _keys(reading: Reading) -> set[str]:
    """What a name is looked up by: two that are alike have one of these in common."""
    joined = reading.joined[: 2 * _LONGEST_WORD]
    bare = _unglued(joined)
    keys = {joined, bare, *_shortened(sound(joined)), *_shortened(sound(bare))}
    if reading.frames:
        keys.add(f"{reading.frames}~")
    for here, heard in enumerate(reading.sounds):
        for there, other in enumerate(reading.sounds):
            if here != there and len(heard) > 1:
                keys.update(f"{form} {other[0]}" for form in _shortened(heard))
    return keys


@lru_cache(maxsize=20_000)
def _shortened(word: str) -> tuple[str, ...]:
    """A word and each form of it with one letter less."""
    if len(word) > _LONGEST_WORD:
        return (word,)
    return (word, *(word[:n] + word[n + 1 :] for n in range(len(word)) if len(word) > 3))
