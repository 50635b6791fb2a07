"""The most memory that a process takes which writes the whole list as CSV, as the worker does."""

import re
import tempfile
from pathlib import Path

from django.conf import settings

from benchmarks.campaign import SLUG
from campaign import export, publication


def main() -> dict[str, float]:
    """Lines written, and megabytes of the process at its largest (VmHWM, as Linux counts it)."""
    with tempfile.TemporaryFile(dir=settings.RUN_DIR) as file:
        export.write(publication.find_campaign(SLUG), "csv", file)
        found = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
        assert found is not None
        file.seek(0)
        lines = sum(1 for _ in file)
    return {"lines": lines, "megabytes": int(found[1]) / 1024}
