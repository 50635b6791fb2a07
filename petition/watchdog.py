"""What ends everything once the supervisor is gone, however it went; household.py starts it.

Standard input is a pipe that only the supervisor writes to, one line at a time:

    child PID SIGNAL    a child began (it says so itself, before it becomes the program it runs)
    forget PID          that child has been stopped
    remove PATH         a file or folder that must not outlive the supervisor

The pipe ends when the supervisor does, by `kill -9` too. Then: each child that is left gets its
SIGNAL and GRACE seconds; then what is left of their families is killed, and the paths go.

A process of its own, started by path and in a session of its own, so that neither Ctrl-C, nor a
signal to the supervisor's group, nor `pkill -f` with the supervisor's name takes both at once.
"""

import os
import shutil
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

GRACE = 5.0


class Process(NamedTuple):
    parent: int
    session: int
    born: str


def processes() -> dict[int, Process]:
    """Every living process by its id; zombies are dead. Empty where there is no /proc (macOS)."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, second, may itself hold spaces and brackets: read from behind the last one.
            fields = stat.read_text().rpartition(")")[2].split()
            if fields[0] not in "ZX":
                found[int(stat.parent.name)] = Process(int(fields[1]), int(fields[3]), fields[19])
    return found


def families(leaders: Iterable[int]) -> dict[int, Process]:
    """Who lives of these leaders, their sessions and all their descendants.

    Sessions find the orphans of a leader that is dead; descent finds those that left the session
    (each backend of PostgreSQL does, and whatever a test starts on its own).
    """
    alive, led = processes(), set(leaders)
    family = {pid for pid, process in alive.items() if pid in led or process.session in led}
    grown = True
    while grown:
        children = {pid for pid, process in alive.items() if process.parent in family}
        grown = not children <= family
        family |= children
    return {pid: alive[pid] for pid in family}


def survivors(family: dict[int, Process], leaders: Iterable[int]) -> set[int]:
    """Who is left of a family seen earlier; not who was given a number that has become free."""
    alive = processes()
    left = {pid for pid, was in family.items() if pid in alive and alive[pid].born == was.born}
    return left | families(leaders).keys()


def kill(family: dict[int, Process], leaders: Iterable[int]) -> None:
    """SIGKILL for all of them; without /proc, for the leaders' groups at least."""
    for pid in survivors(family, leaders):
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
    for pid in leaders:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def end(children: dict[int, int]) -> None:
    """Stop what is left: `children` is the signal that ends each, by process id."""
    # Seen before anything dies: who has lost its parent can't be found by descent any more.
    family = families(children)
    for pid, number in children.items():
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)
    leaders = {pid: family[pid] for pid in children if pid in family}
    deadline = time.monotonic() + GRACE
    while time.monotonic() < deadline and survivors(leaders, []):
        time.sleep(0.05)
    kill(family, children)


def main() -> None:
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    children: dict[int, int] = {}
    paths: list[Path] = []
    for line in sys.stdin:
        word, _, rest = line.rstrip("\n").partition(" ")
        if word == "child":
            pid, number = rest.split()
            children[int(pid)] = int(number)
        elif word == "forget":
            children.pop(int(rest), None)
        elif word == "remove":
            paths.append(Path(rest))
    end(children)
    for path in paths:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
