"""A clock that the tests put forward and back while a process runs; Python imports it by its name.

The file that FAULTS_CLOCK names holds by how many seconds. Only what Python tells as the time moves,
in every process of the product at once; its pauses and time-outs go by another clock, as anywhere.
"""

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

LOOK = 0.1
_pause = threading.Event().wait


def _follow(file: Path) -> None:
    shift, travel = 0.0, None
    while True:
        _pause(LOOK)
        wanted = _read(file)
        if wanted == shift:
            continue
        if travel is not None:
            travel.stop()
        shift, travel = wanted, None
        if wanted:
            travel = time_machine.travel(datetime.now(UTC) + timedelta(seconds=wanted), tick=True)
            travel.start()


def _read(file: Path) -> float:
    try:
        return float(file.read_text())
    except (FileNotFoundError, ValueError):  # not put yet, or being written
        return 0.0


def _begin() -> None:
    file = Path(os.environ["FAULTS_CLOCK"])
    threading.Thread(target=_follow, args=(file,), name="clock", daemon=True).start()


if "FAULTS_CLOCK" in os.environ:
    time.tzset()
    _begin()
    # A thread does not live on in the child of its process.
    os.register_at_fork(after_in_child=_begin)
