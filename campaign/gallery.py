"""Cards that are drawn already, and how many may be drawn.

Drawing takes some 30 to 60 ms of a processor, and whoever asks for a picture doesn't pay for it. So a
process draws a campaign's card once a minute and language at most, and only so many others a second.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from threading import Lock

from campaign.cards import CampaignCard, SignedCard, draw

REST = 60.0
"""Seconds that a campaign's card stays as it is while only its count moves."""
PACE, BURST = 4.0, 20.0
"""Cards of signers that are drawn: a second in the long run, and at once after a rest."""
MOST = 200
"""Cards of signers in a process, of some 40 kB each; of campaigns, each language of each has one."""


class TooManyDrawings(Exception):
    """Not now: the processor is for those who sign."""


@dataclass(frozen=True)
class _Drawn:
    card: CampaignCard
    png: bytes
    at: float

    def is_still(self, card: CampaignCard, now: float) -> bool:
        if replace(card, count=self.card.count) != self.card:
            return False
        return card == self.card or now - self.at < REST


class Gallery:
    """What one process has drawn. ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._campaigns: dict[tuple[str, str], _Drawn] = {}
        self._signed: OrderedDict[SignedCard, bytes] = OrderedDict()
        self._left, self._since = BURST, clock()
        # One drawing at a time: two at once would take twice as long each.
        self._guard = Lock()

    def campaign(self, slug: str, language: str, card: CampaignCard) -> bytes:
        """The campaign's card as a PNG; its count may be a minute old."""
        key = (slug, language)
        with self._guard:
            drawn = self._campaigns.get(key)
            if drawn is None or not drawn.is_still(card, self._clock()):
                drawn = self._campaigns[key] = _Drawn(card, draw(card), self._clock())
        return drawn.png

    def signed(self, card: SignedCard) -> bytes:
        """A signer's card as a PNG; raises TooManyDrawings."""
        with self._guard:
            if card in self._signed:
                self._signed.move_to_end(card)
                return self._signed[card]
            self._pay()
            png = self._signed[card] = draw(card)
            if len(self._signed) > MOST:
                self._signed.popitem(last=False)
        return png

    def _pay(self) -> None:
        now = self._clock()
        self._left = min(BURST, self._left + (now - self._since) * PACE)
        self._since = now
        if self._left < 1:
            raise TooManyDrawings
        self._left -= 1
