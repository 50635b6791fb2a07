"""The figures of size: what a hundred times as many signers cost."""

from collections.abc import Iterable

from benchmarks.figures import Figure, from_turns
from benchmarks.system import System
from petition.supervise import say

TURNS = 7
"""Short ones and many: a time of one request shows whatever else the machine does just then."""


def growth(system: System) -> Iterable[Figure]:
    """Medians of one request at a time, at all signers against SMALL of them, in turn."""
    found: dict[str, list[dict[str, float]]] = {"small": [], "petition": []}
    for _ in range(TURNS):
        for database, probes in found.items():
            probes.append(system.inside("cold", database=database))
            system.empty_queue()
            times = " ".join(f"{name} {ms:.2f}" for name, ms in probes[-1].items())
            say(f"  {database}: {times}")
    for name in ("first-page", "page-500", "counts", "sign", "confirm"):
        yield from_turns(
            name=f"growth: {name}",
            values=[probe[name] for probe in found["petition"]],
            floors=[probe[name] for probe in found["small"]],
            unit="ms",
            goal=1.3,
            at_most=True,
        )
    yield from_turns(
        name="search p50",
        values=[probe["search"] for probe in found["petition"]],
        floors=[],
        unit="ms",
        goal=10,
        at_most=True,
    )


def export(system: System, signers: int) -> Iterable[Figure]:
    """The memory of the process that writes the whole list as CSV."""
    found = system.inside("memory")
    fault = "" if found["lines"] > signers else f"only {found['lines']} lines"
    yield Figure(
        name="CSV export memory",
        value=found["megabytes"],
        unit="MB",
        goal=150,
        at_most=True,
        fault=fault,
    )
