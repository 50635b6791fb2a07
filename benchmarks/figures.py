"""A figure, its floor and its goal; the table of them as text and as JSON. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table.

    ``value`` and ``floor`` are in ``unit``; ``goal`` is of the ratio where there is a floor, else of
    the value: at least that much, or with ``at_most`` at most. A figure with a ``fault``, which says
    what went wrong in one line, holds nothing, however fast it was.
    """

    name: str
    value: float | None
    unit: str
    goal: float
    at_most: bool = False
    floor: float | None = None
    fault: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.value is not None and self.floor else None

    @property
    def holds(self) -> bool:
        judged = self.value if self.floor is None else self.ratio
        if judged is None or self.fault:
            return False
        return judged <= self.goal if self.at_most else judged >= self.goal

    @property
    def goal_text(self) -> str:
        sign = "<=" if self.at_most else ">="
        return f"{sign} {self.goal:g}" + (f" {self.unit}" if self.floor is None else " x")


def from_turns(
    *,
    name: str,
    values: Sequence[float],
    floors: Sequence[float],
    unit: str,
    goal: float,
    at_most: bool = False,
    fault: str = "",
) -> Figure:
    """The figure of several turns: the medians of its values and of the floors between them."""
    return Figure(
        name=name,
        value=median(values) if values else None,
        unit=unit,
        goal=goal,
        at_most=at_most,
        floor=median(floors) if floors else None,
        fault=fault,
    )


HEADER = ("figure", "value", "floor", "ratio", "goal", "holds")
WIDTHS = (24, 12, 12, 7, 12, 5)


def table(figures: Sequence[Figure]) -> str:
    """One line a figure, in columns."""
    return "\n".join([_columns(HEADER), *map(line, figures)])


def line(figure: Figure) -> str:
    """The line of one figure; what went wrong stands behind it."""
    return "  ".join(filter(None, (_columns(_cells(figure)), figure.fault)))


def _columns(cells: Sequence[str]) -> str:
    aligned = (
        cell.rjust(width) if 0 < column < 4 else cell.ljust(width)
        for column, (cell, width) in enumerate(zip(cells, WIDTHS, strict=True))
    )
    return "  ".join(aligned).rstrip()


def _cells(figure: Figure) -> tuple[str, ...]:
    return (
        figure.name,
        _amount(figure.value, figure.unit),
        _amount(figure.floor, figure.unit),
        f"{figure.ratio:.2f}" if figure.ratio is not None else "-",
        figure.goal_text,
        "yes" if figure.holds else "NO",
    )


def _amount(number: float | None, unit: str) -> str:
    if number is None:
        return "-"
    return f"{number:,.0f} {unit}" if number >= 100 or not number % 1 else f"{number:.3g} {unit}"


def as_json(figures: Iterable[Figure]) -> str:
    """A list of `{name, value, unit, floor, ratio, goal, holds}`, null where there is none."""
    rows = [
        {
            "name": figure.name,
            "value": figure.value,
            "unit": figure.unit,
            "floor": figure.floor,
            "ratio": figure.ratio,
            "goal": figure.goal,
            "holds": figure.holds,
        }
        for figure in figures
    ]
    return json.dumps(rows, indent=2) + "\n"
