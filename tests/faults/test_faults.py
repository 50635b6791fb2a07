"""Something breaks while people sign: nothing they were told is lost, nothing is counted twice."""

import os
from collections.abc import Callable

import pytest

from tests.faults.faults import FAULTS
from tests.faults.rounds import RECOVERS_WITHIN, Fault, Outcome, play
from tests.faults.system import System

pytestmark = pytest.mark.xdist_group("faults")

ROUNDS = int(os.environ.get("FAULT_ROUNDS") or 1)
ONLY = os.environ.get("FAULTS", "").split()
WANTED = [fault for fault in FAULTS if not ONLY or fault.name in ONLY]
assert len(WANTED) >= len(ONLY), f"FAULTS: none of {' '.join(fault.name for fault in FAULTS)}"


@pytest.mark.parametrize("fault", WANTED, ids=lambda fault: fault.name)
def test_nothing_acknowledged_is_lost_and_it_recovers_by_itself(
    system: System, fault: Fault, record_property: Callable[[str, object], None]
) -> None:
    if fault.name == "disk-full" and not system.is_mounted:
        pytest.skip("a small disk can be mounted by root alone: disk-full did not run")
    outcomes: list[Outcome] = []
    try:
        for _ in range(ROUNDS):
            outcomes.append(play(system, fault))
    finally:
        _record(fault, outcomes, record_property)
    for outcome in outcomes:
        assert outcome.acknowledged > 0
        assert outcome.lost == []
        assert outcome.miscounted == []
        assert outcome.missing == []
        assert outcome.extra <= 1
        assert outcome.recovery <= RECOVERS_WITHIN, outcome


def _record(
    fault: Fault, outcomes: list[Outcome], record_property: Callable[[str, object], None]
) -> None:
    record_property("fault", fault.name)
    record_property("rounds", len(outcomes))
    for name in ("acknowledged", "owed", "extra"):
        record_property(name, sum(getattr(each, name) for each in outcomes))
    for name in ("lost", "miscounted", "missing"):
        record_property(name, sum(len(getattr(each, name)) for each in outcomes))
    slowest = max((each.recovery for each in outcomes), default=float("nan"))
    record_property("recovery", f"{slowest:.1f}")
