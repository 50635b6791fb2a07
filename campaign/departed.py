"""Names of who withdrew: the name is gone at once, and known again when a file brings it back.

Kept are keyed numbers, other ones for each address, so that neither the name can be read from them nor
whether two of them are the same. What they can be asked is whether a name that comes with that address is
another spelling of it. The answer follows `likeness`, as far as numbers allow. For lines with another
address, or none, some of the name alone are kept beside, for the whole campaign and linked to nobody.
"""

import hashlib
import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple, Self

from django.conf import settings

from campaign import identity, likeness, outbox
from campaign.likeness import Reading
from campaign.likeness_data import GIVEN
from campaign.models.address import Suppression, SuppressionReason
from campaign.models.name_numbers import LeftName, WithdrawnName
from campaign.models.signature import Signature, Status

NO_IMPORT: Final = (SuppressionReason.NOT_ME, SuppressionReason.ERASED)
"""Why an address is left alone by every import."""

_SLIPS_FROM: Final = 5
"""Letters of a word that may have a slip: of a shorter one another letter makes another name (`likeness`)."""


class Word(NamedTuple):
    """One word of a name: how it sounds, how it begins, and itself with each letter left out.

    ``sound`` is 0 of a single letter. Two words at one slip's distance have one of ``slips`` in common
    (Wolf Garbe's deletion neighbourhood).
    """

    sound: int
    initial: int
    slips: tuple[int, ...]

    @classmethod
    def of(cls, word: str, sound: str, seal: "Seal") -> Self:
        heard = seal(f"sound {sound}") if len(word) > 1 else 0
        return cls(heard, seal(f"letter {word[0]}"), tuple(seal(f"slip {s}") for s in _slips(word)))

    def is_initial_of(self, other: "Word") -> bool:
        return not (self.sound and other.sound) and self.initial == other.initial


class Spelling(NamedTuple):
    """A name as numbers: of its looks and of its letters without spaces, and word by word as it is read."""

    whole: tuple[int, ...]
    readings: tuple[tuple[Word, ...], ...]

    @classmethod
    def of(cls, name: str, readings: Sequence[Reading], seal: "Seal") -> Self:
        looks = [seal(f"look {each}") for each in identity.skeletons(name)]
        joined = [seal(f"joined {reading.joined}") for reading in readings]
        words = (
            tuple(
                Word.of(word, sound, seal)
                for word, sound in zip(each.core, each.sounds, strict=True)
            )
            for each in readings
        )
        return cls(tuple({*looks, *joined}), tuple(words))

    @classmethod
    def read(cls, stored: Any) -> Self:
        """As it comes out of the database."""
        whole, readings = stored
        return cls(
            tuple(whole),
            tuple(tuple(Word(s, i, tuple(slips)) for s, i, slips in each) for each in readings),
        )

    def is_like(self, other: "Spelling") -> bool:
        if not set(self.whole).isdisjoint(other.whole):
            return True
        return any(_are_alike(one, another) for one in self.readings for another in other.readings)


# --- Kept and asked --------------------------------------------------------------------------


def note(signature: Signature) -> None:
    """Keep what a name that goes is known again by: from its address, and from any other or none."""
    note_name(signature)
    if signature.canonical_email:
        spelling = left(signature.campaign_id, signature.canonical_email, signature.name)
        WithdrawnName.objects.create(signature=signature, spelling=spelling)


def note_name(signature: Signature) -> None:
    """Keep that somebody of this name has left, not who: it outlives the signature."""
    its = sorted(_keys(signature.campaign_id, signature.name))
    rows = (LeftName(campaign_id=signature.campaign_id, key=key) for key in its)
    LeftName.objects.bulk_create(rows, ignore_conflicts=True)


def names_that_left(campaign_id: int, names: Iterable[str]) -> set[str]:
    """Those of these names, of a campaign's lines, under which somebody has left."""
    keys = {name: _keys(campaign_id, name) for name in names}
    its = LeftName.objects.filter(campaign=campaign_id, key__in=set().union(*keys.values()))
    left_by = set(its.values_list("key", flat=True))
    return {name for name, its in keys.items() if not its.isdisjoint(left_by)}


def _keys(campaign_id: int, name: str) -> set[int]:
    """Sealed for the campaign alone: beside no address could they be asked by a line that has none."""
    return set(map(Seal(campaign_id, ""), likeness.forms(name))) if name else set()


def left(campaign_id: int, canonical_email: str, name: str) -> Spelling:
    """A name that withdrew from that address."""
    return Spelling.of(name, likeness.readings(name), Seal(campaign_id, canonical_email))


def typed(campaign_id: int, canonical_email: str, name: str) -> Spelling:
    """A name that comes with that address: what stands in brackets or after a comma is read by itself too."""
    return Spelling.of(name, likeness.typed_readings(name), Seal(campaign_id, canonical_email))


def _known_of(signature: Signature) -> Spelling | None:
    """What is known of the name of one that leaves, or has withdrawn before; None where that is nothing."""
    if signature.name:
        return left(signature.campaign_id, signature.canonical_email, signature.name)
    kept = WithdrawnName.objects.filter(signature=signature).values_list("spelling", flat=True)
    return next(map(Spelling.read, kept), None)


def namesakes(signature: Signature, others: Iterable[Signature]) -> list[Signature]:
    """Those of its address whose names are other spellings of its own."""
    known = _known_of(signature)
    campaign_id, address = signature.campaign_id, signature.canonical_email
    return [
        each
        for each in others
        if known is not None and typed(campaign_id, address, each.name).is_like(known)
    ]


def withdrew(campaign_id: int, persons: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those of these addresses and names that spell anew the name of one who withdrew from there.

    Anybody else under that address, of an agency or a family, is a person of their own.
    """
    persons = [person for person in persons if person[0]]
    known: dict[str, list[Spelling]] = defaultdict(list)
    gone = Signature.objects.filter(
        campaign=campaign_id,
        canonical_email__in={address for address, _name in persons},
        status=Status.WITHDRAWN,
    )
    for address, name, kept in gone.values_list(
        "canonical_email", "name", "withdrawn_name__spelling"
    ):
        if kept is not None:
            known[address].append(Spelling.read(kept))
        elif name:  # by a release that kept it, until `retention` empties that
            known[address].append(left(campaign_id, address, name))
    return {
        (address, name)
        for address, name in persons
        if address in known and _is_one_of(known[address], typed(campaign_id, address, name))
    }


def _is_one_of(known: list[Spelling], typed: Spelling) -> bool:
    return any(typed.is_like(each) for each in known)


def is_left_alone(signature: Signature) -> bool:
    """Whether its address has erased its data, or said that it wasn't them."""
    if not signature.canonical_email:
        return False
    return Suppression.objects.filter(
        campaign=signature.campaign_id,
        address_hash=outbox.address_hash(signature.canonical_email),
        reason__in=NO_IMPORT,
    ).exists()


# --- Likeness by numbers ---------------------------------------------------------------------


def _are_alike(one: Sequence[Word], other: Sequence[Word]) -> bool:
    """Whether all words of the shorter one are among the other's, in any order.

    One of them may have a slip, and others be first letters alone; one at least is a whole word. A single
    word is no name of several (Colette Dubois is not Colette), nor has it a slip (nor Sting String).
    """
    slips = _pairs(one, other)
    if min(len(one), len(other)) == 1:
        return len(one) == len(other) and slips == 0
    return slips is not None and slips < 2


def _pairs(one: Sequence[Word], other: Sequence[Word]) -> int | None:
    """How many slips lie between them; None where a word of the shorter one is not in the other."""
    short, long = sorted((list(one), list(other)), key=len)
    rest, slips, whole = short, 0, 0
    for same, cost in ((_sounds, 0), (_slipped, 1), (Word.is_initial_of, 0)):
        unpaired = []
        for word in rest:
            found = next((each for each in long if same(word, each)), None)
            if found is None:
                unpaired.append(word)
            else:
                long.remove(found)
                slips += cost
                whole += same is not Word.is_initial_of
        rest = unpaired
    return None if rest or not whole else slips


def _sounds(one: Word, other: Word) -> bool:
    return one.sound != 0 and one.sound == other.sound


def _slipped(one: Word, other: Word) -> bool:
    return not set(one.slips).isdisjoint(other.slips)


def _slips(word: str) -> Iterator[str]:
    """The word as it is, and with each letter left out that may be a slip.

    Not the first, which is hardly ever mistyped (Bessie and Jessie are two persons); and of a given name
    none, but all spellings of it are one (Louis and Louise are two, Carl and Karl are not).
    """
    if word in GIVEN:
        yield f"given {GIVEN[word]}"
    elif len(word) >= _SLIPS_FROM:
        yield from _shorter(word)


def _shorter(word: str) -> Iterator[str]:
    yield word
    for at in range(1, len(word)):
        less = word[:at] + word[at + 1 :]
        if less not in GIVEN:
            yield less


# --- Numbers ---------------------------------------------------------------------------------


class Seal:
    """Makes numbers of texts for one address: 63 bits of a keyed hash, and never 0."""

    def __init__(self, campaign_id: int, canonical_email: str) -> None:
        its = f"withdrawn {campaign_id} {canonical_email}".encode()
        self._key = hmac.digest(settings.HASH_KEY.encode(), its, hashlib.sha256)

    def __call__(self, text: str) -> int:
        digest = hashlib.blake2b(text.encode(), digest_size=8, key=self._key).digest()
        return int.from_bytes(digest) >> 1 or 1
