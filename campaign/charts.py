"""Numbers as the shapes of a chart; what draws them is a template, and writes the same numbers beside."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

HEIGHT = 100
STEP = 10
"""Of one bar and the gap after it, in the units of the drawing."""


@dataclass(frozen=True)
class Bar:
    """One number, and where its bar stands."""

    label: Any
    value: int
    x: float
    y: float
    height: float


@dataclass(frozen=True)
class Chart:
    """Bars from left to right over a common ground; a number below zero hangs under it."""

    bars: list[Bar]
    width: int
    ground: float
    highest: int
    total: int

    @property
    def first(self) -> Any:
        return self.bars[0].label

    @property
    def last(self) -> Any:
        return self.bars[-1].label


def chart(numbers: Sequence[tuple[Any, int]], *, highest: int = 0) -> Chart:
    """Of labels and numbers, one at least; ``highest`` lets several charts share a scale."""
    values = [value for _label, value in numbers]
    top, bottom = max(1, highest, *values), min(0, *values)
    scale = HEIGHT / (top - bottom)
    bars = [
        Bar(label, value, at * STEP, (top - max(0, value)) * scale, abs(value) * scale)
        for at, (label, value) in enumerate(numbers)
    ]
    return Chart(bars, STEP * len(bars), top * scale, max(values), sum(values))


def share(value: int, of: int) -> float:
    """As a percentage for the length of a bar, 0 to 100."""
    return round(min(100, 100 * max(0, value) / of), 2) if of > 0 else 0.0
