"""Names of which keyed numbers alone are kept, so that they are known again and told to nobody.

Those that were signed with falsely: noted with the rejection, lifted when that is taken back. And those of
who withdrew: the name itself is gone at once, and no import brings it back under another spelling.
"""

import hashlib
from collections.abc import Iterable, Iterator

from django.conf import settings

from campaign import identity, likeness
from campaign.likeness import Reading
from campaign.likeness_data import GIVEN, sound
from campaign.models.name_numbers import RejectedName, WithdrawnName
from campaign.models.signature import Signature

_SLIPS_FROM = 5
"""Letters of a name in which a slip is looked for: of fewer one letter more or less makes another."""

# --- Signed with falsely ---------------------------------------------------------------------


def keys(name: str, skeletons: Iterable[str] | None = None) -> list[int]:
    """The numbers of a name: of each of its skeletons, and of how its words sound in any order.

    Two names that look the same, or differ in order, titles, claims and spelling, have one in common.
    """
    looks = identity.skeletons(name) if skeletons is None else skeletons
    heard = {_heard(reading.sounds) for reading in likeness.readings(name)}
    return [_number(f"look {look}") for look in looks] + [
        _number(f"sound {each}") for each in heard
    ]


def note(signature: Signature) -> None:
    """Remember the name of a signature that is rejected as an impersonation; a second time is none."""
    RejectedName.objects.bulk_create(
        (
            RejectedName(campaign_id=signature.campaign_id, signature=signature, key=key)
            for key in keys(signature.name)
        ),
        ignore_conflicts=True,
    )


def lift(signature: Signature) -> None:
    """Forget it: the rejection is taken back."""
    RejectedName.objects.filter(signature=signature).delete()


# --- Withdrawn -------------------------------------------------------------------------------


def depart(signature: Signature) -> None:
    """Remember the name of who withdraws, in every spelling that `returns` knows again."""
    numbers = sorted(set(_departing(signature.name)))
    WithdrawnName.objects.get_or_create(signature=signature, defaults={"numbers": numbers})


def returns(name: str, numbers: Iterable[int]) -> bool:
    """Whether the name may be another spelling of one that withdrew; ``numbers`` are that one's.

    It may be so with words in another order, with titles, a word more or less, a first letter for a
    word, other letters for the same sound, in Cyrillic or Greek, or one slip of the finger.
    """
    return not set(_returning(name)).isdisjoint(numbers)


def _departing(name: str) -> Iterator[int]:
    yield from keys(name)
    for reading in likeness.readings(name):
        yield from (_number(f"less {each}") for each in _shorter(reading))
        yield from (_number(f"slip {each}") for each in _slips(reading))


def _returning(name: str) -> Iterator[int]:
    yield from keys(name)
    for reading in likeness.readings(name):
        yield _number(f"less {_heard(reading.sounds)}")
        # Not the shorter against the shorter: Anna Moreau and Annelise Moreau are two A. Moreau.
        yield from (_number(f"sound {each}") for each in _shorter(reading))
        yield from (_number(f"slip {each}") for each in _slips(reading))


def _shorter(reading: Reading) -> Iterator[str]:
    """A name of several words with a first letter for one of them, and of three with one left out."""
    words = reading.sounds
    if len(words) < 2:
        return
    for at, word in enumerate(reading.core):
        yield _heard((*words[:at], sound(word[0]), *words[at + 1 :]))
        if len(words) > 2:
            yield _heard((*words[:at], *words[at + 1 :]))


def _slips(reading: Reading) -> Iterator[str]:
    """A name as it is, and with each letter left out: of two at a slip's distance one is the same.

    (Wolf Garbe's deletion neighbourhood.) Given names stay as they are: Louis and Louise are two persons.
    """
    words = reading.core
    if sum(map(len, words)) < _SLIPS_FROM:
        return
    yield _heard(words)
    for at, word in enumerate(words):
        for letter in range(len(word)):
            less = word[:letter] + word[letter + 1 :]
            if len(less) > 1 and not {word, less} & GIVEN.keys():
                yield _heard((*words[:at], less, *words[at + 1 :]))


def _heard(words: Iterable[str]) -> str:
    """Words in any order."""
    return " ".join(sorted(words))


def _number(text: str) -> int:
    """63 bits; "name" keeps it apart from whatever else is hashed with this key."""
    key = hashlib.sha256(settings.HASH_KEY.encode()).digest()
    digest = hashlib.blake2b(text.encode(), digest_size=8, key=key, person=b"name").digest()
    return int.from_bytes(digest) >> 1
