"""`make bench`: all figures, or some of them, against floors of the same run.

    SIGNERS=10000000 python -m benchmarks                 ten million instead of one
    ONLY="sign confirm" python -m benchmarks              of: reads sign confirm tail mails growth
                                                          export storm queue timing
Servers are private and durable; nothing is left of them, nor of their data, at the end.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from benchmarks import growth, mail, queue, timing, web
from benchmarks.figures import Figure, as_json, line, table
from benchmarks.system import SMALL, System
from petition.environment import CannotStart
from petition.household import ROOT, Household, StopAsked
from petition.supervise import say

GROUPS = (
    "reads",
    "sign",
    "confirm",
    "tail",
    "mails",
    "growth",
    "export",
    "storm",
    "queue",
    "timing",
)
SIGNERS = 1_000_000
# Settings of somebody's own installation have nothing to do with this one.
THEIRS = (
    *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "HASH_KEY", "DATABASE_URL", "REDIS_URL", "BASE_URL"),
    *("EMAIL_URL", "DEFAULT_FROM_EMAIL", "ALLOWED_HOSTS", "TRUSTED_PROXIES", "DEBUG", "LOG_LEVEL"),
)


def main() -> int | str:
    """The exit code, 1 where a figure doesn't hold, or the line to fail with."""
    run_dir = (ROOT / (os.environ.get("RUN_DIR") or ".run")).absolute()
    for name in THEIRS:
        for variable in (name, f"{name}_FILE"):
            os.environ.pop(variable, None)
    path = run_dir / "bench.json"
    began = time.monotonic()
    figures: list[Figure] = []
    try:
        wanted, signers = _asked()
        run_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        for figure in _measure(run_dir, wanted, signers):
            figures.append(figure)
            say(line(figure))
            # At once: what is measured is not lost to what fails later.
            path.write_text(as_json(figures))
    except CannotStart as error:
        return f"bench: {error}"
    except StopAsked as stop:
        return 128 + signal.Signals(stop.number)
    say(f"\n{table(figures)}\n\nin {(time.monotonic() - began) / 60:.1f} minutes; also in {path}")
    return 0 if all(figure.holds for figure in figures) else 1


def _asked() -> tuple[set[str], int]:
    if not shutil.which("wrk"):
        raise CannotStart("wrk is missing: apt install wrk, or your system's like")
    wanted = set(os.environ.get("ONLY", "").split()) or set(GROUPS)
    if unknown := wanted - set(GROUPS):
        raise CannotStart(f"ONLY: {' '.join(unknown)} is none of {' '.join(GROUPS)}")
    signers = os.environ.get("SIGNERS") or str(SIGNERS)
    if not signers.isdecimal() or int(signers) < SMALL:
        raise CannotStart(f"SIGNERS: a number from {SMALL} on is needed")
    return wanted, int(signers)


def _measure(run_dir: Path, wanted: set[str], signers: int) -> Iterable[Figure]:
    if (busy := os.getloadavg()[0]) > 0.5:
        say(f"something else is at work here (load average {busy:.1f}): the floors will tell")
    with Household() as household:
        # Not in /tmp, which may be memory: what a commit costs is measured too.
        folder = Path(tempfile.mkdtemp(prefix="bench-", dir=run_dir))
        household.remove_at_end(folder)
        folder.chmod(0o711)  # as root, PostgreSQL's account passes through
        system = System(household, folder)
        system.seed("petition", signers)
        if "growth" in wanted:
            system.seed("small", SMALL)
        system.start_sink()
        if wanted - {"growth", "export", "mails", "queue"}:
            system.start_web()
        if wanted & {"reads", "sign", "confirm"}:
            system.start_floor()
        yield from _figures(system, wanted, signers)


def _figures(system: System, wanted: set[str], signers: int) -> Iterable[Figure]:
    """In an order in which none leaves the next one a queue to work off."""
    if "reads" in wanted:
        yield from web.reads(system)
    top = None
    if wanted & {"sign", "confirm"}:
        for figure in web.writes(system, wanted):
            top = figure.value if figure.name == "sign" else top
            yield figure
    if "tail" in wanted:
        yield from web.tail(system, top)
    rest: dict[str, Callable[[], Iterable[Figure]]] = {
        "mails": lambda: mail.mails(system),
        "growth": lambda: growth.growth(system),
        "export": lambda: growth.export(system, signers),
        "storm": lambda: mail.storm(system),
        "timing": lambda: timing.timing(system),
        # The last, since it takes signers off the list.
        "queue": lambda: queue.queue(system),
    }
    for name, measure in rest.items():
        if name in wanted:
            yield from measure()


if __name__ == "__main__":
    sys.exit(main())
