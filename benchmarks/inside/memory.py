"""The most memory that a process takes which writes the whole list as CSV."""

import os
import re
from pathlib import Path

from benchmarks.campaign import SLUG
from campaign import export, publication


def main() -> dict[str, float]:
    """Lines written, and megabytes of the process at its largest (VmHWM, as Linux counts it)."""
    lines = 0
    with Path(os.devnull).open("w") as file:
        for line in export.csv_lines(publication.find_campaign(SLUG)):
            file.write(line)
            lines += 1
    found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found is not None
    return {"lines": lines, "megabytes": int(found[1]) / 1024}
