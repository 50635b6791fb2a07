"""The table of `make fuzz`."""

import json
from collections import Counter
from typing import Any

import pytest

from tests.fuzz import SEED


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    rows = [
        json.loads(said)
        for each in reports
        for name, said in each.user_properties
        if name == "fuzzed"
    ]
    if not rows:
        return
    by_name: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        by_name.setdefault(row["name"], []).append(row)
    write = terminalreporter.write_line
    write("")
    write(f"fuzzed with SEED={SEED}")
    write(f"{'place':30}{'inputs':>9}{'/s':>7}{'median':>8}{'slowest':>9} ms  outcomes")
    for name, parts in by_name.items():
        outcomes: Counter[str] = Counter()
        for part in parts:
            outcomes.update(part["outcomes"])
        n, seconds = outcomes.total(), sum(part["seconds"] for part in parts)
        median = sum(part["median"] for part in parts) / len(parts)
        slowest = max(part["slowest"] for part in parts)
        said = " ".join(f"{key}:{count}" for key, count in sorted(outcomes.items()))
        failed = sum(part["failures"] for part in parts)
        end = f"  {failed} FAILED" if failed else ""
        write(f"{name:30}{n:>9}{n / seconds:>7.0f}{median:>8.1f}{slowest:>9.0f}     {said}{end}")
    write("inputs a second are those of one process")


@pytest.fixture
def fuzz_row(record_property: Any) -> Any:
    return lambda row: record_property("fuzzed", json.dumps(row))
