"""GROUND. Which protected names a name is nearly, of thousands, without looking at each. No database."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from campaign.likeness import Reading, Way, parts, readings, typed_readings, unglued, way
from campaign.likeness_data import AFTER, BEFORE, BREAKS, TOPICS, sound

_LONGEST_WORD: Final = 30
_LONGEST_NAME: Final = 6
"""Words of the names that are found in credits."""


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
            for part in (credit, *parts(credit, BREAKS)[:1])
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
                yield from (credit.joined, unglued(credit.joined))


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
    bare = unglued(joined)
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
