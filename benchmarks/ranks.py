"""Whether two series of times are of one kind: the rank test of Mann and Whitney. Pure."""

import math
import random
from collections.abc import Sequence
from itertools import groupby

FAR = 3.3
"""Standard deviations beyond which chance alone leads once in a thousand tests."""


def distance(one: Sequence[float], other: Sequence[float]) -> float:
    """How far apart they are, in standard deviations of U if they were alike; positive if ``one`` is slower.

    By ranks: what stalls a few requests for long weighs no more than any other. Normal approximation,
    corrected for ties (H. B. Mann and D. R. Whitney, 1947).
    """
    both = sorted([(value, True) for value in one] + [(value, False) for value in other])
    before, ranks, ties = 0, 0.0, 0
    for _value, equal in groupby(both, key=lambda pair: pair[0]):
        mine = [is_one for _, is_one in equal]
        n = len(mine)
        ranks += sum(mine) * (before + (n + 1) / 2)
        ties += n**3 - n
        before += n
    m, n = len(one), len(other)
    u = ranks - m * (m + 1) / 2
    spread = m * n / 12 * (m + n + 1 - ties / ((m + n) * (m + n - 1)))
    return (u - m * n / 2) / math.sqrt(spread) if spread else 0.0


def halves(times: Sequence[float], seed: int = 0) -> tuple[list[float], list[float]]:
    """Two random halves, which differ by chance alone."""
    shuffled = random.Random(seed).sample(times, k=len(times))  # noqa: S311 - no secret
    middle = len(shuffled) // 2
    return shuffled[:middle], shuffled[middle:]


def seen_from(times: Sequence[float]) -> float:
    """The smallest difference that would have been seen between so many times like these and as many."""
    low, high = 0.0, max(times)
    while high - low > max(times) / 1e6:
        middle = (low + high) / 2
        if distance([each + middle for each in times], times) > FAR:
            high = middle
        else:
            low = middle
    return high
