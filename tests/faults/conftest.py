"""One system for all the faults, and the table of `make faults`."""

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.faults.rounds import RECOVERS_WITHIN
from tests.faults.system import System, running

COLUMNS = "rounds acknowledged lost miscounted owed missing extra recovery".split()


@pytest.fixture(scope="session")
def one_system() -> Iterator[System]:
    # Not pytest's own folder: PostgreSQL's account passes through, where we are root.
    with tempfile.TemporaryDirectory(prefix="faults-", dir=os.environ["RUN_DIR"]) as folder:
        Path(folder).chmod(0o711)
        with running(Path(folder)) as system:
            yield system


@pytest.fixture
def system(one_system: System) -> System:
    one_system.make_whole()
    return one_system


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    report = yield
    system = getattr(item, "funcargs", {}).get("system")
    if report.failed and system is not None:
        report.sections.append(("logs", system.logged()))
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    found = [dict(report.user_properties) for report in reports]
    rows = [row for row in found if "fault" in row]
    if not rows:
        return
    terminalreporter.write_line("")
    terminalreporter.write_line(f"{'fault':20}" + "".join(f"{name:>14}" for name in COLUMNS))
    for row in rows:
        terminalreporter.write_line(
            f"{row['fault']:20}" + "".join(f"{row[name]:>14}" for name in COLUMNS)
        )
    terminalreporter.write_line(
        f"recovery: the longest in seconds, {RECOVERS_WITHIN:.0f} allowed; extra: copies of mails,"
        " one a round allowed"
    )
