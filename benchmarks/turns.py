"""Floor, product, floor, product: what disturbs the machine disturbs both."""

from collections.abc import Callable, Mapping

from petition.supervise import say

TURNS = 3


class Fault(Exception):
    """Why a turn doesn't count, in one line."""


class Turns:
    """What some measures gave, one after the other, three times; rates, times or sizes."""

    def __init__(self, measures: Mapping[str, Callable[[], float]]) -> None:
        self.values: dict[str, list[float]] = {name: [] for name in measures}
        self.faults: dict[str, str] = {}
        for _ in range(TURNS):
            for name, measure in measures.items():
                try:
                    self.values[name].append(measure())
                except Fault as fault:
                    self.faults[name] = str(fault)
        for name, values in self.values.items():
            say(f"  {name}: {' '.join(f'{value:,.1f}' for value in values)}")
