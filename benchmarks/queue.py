"""The figures of the moderators' desk: each lane with its counts, the page of one, a decision."""

from collections.abc import Iterable

from benchmarks.figures import Figure
from benchmarks.system import System
from petition.supervise import say

HELD = 20_000
WITHIN = 300
"""Milliseconds in which each opens (the issue's limit)."""


def queue(system: System) -> Iterable[Figure]:
    """At the 95th percentile, so that the slowest that somebody meets in an hour is in it."""
    system.collect_static()  # the admin's pages name the files that they need
    for name, (middle, high) in system.inside("desk", HELD).items():
        say(f"  {name}: p50 {middle:.0f} ms, p95 {high:.0f} ms")
        yield Figure(name=f"queue: {name}", value=high, unit="ms", goal=WITHIN, at_most=True)
