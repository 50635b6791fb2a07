"""Child processes that live and die with this one: the supervisor's half of watchdog.py.

One thread and one place to wait, `Household.wait`: it returns when a child ended, when somebody
asked to stop, or when the time is up, so nothing sleeps past an event. Standard library only.
"""

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Self

from petition.local import Account
from petition.watchdog import families, kill

ROOT = Path(__file__).resolve().parent.parent


class StopAsked(Exception):
    """Somebody pressed Ctrl-C, or sent SIGTERM or SIGHUP, or killed the `make` above us."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


@dataclass(eq=False)
class Child:
    """One process to run. `log` None: it shares our terminal. `grace`: seconds from its stop signal
    to SIGKILL."""

    name: str
    command: list[str]
    log: Path | None = None
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    grace: float = 5.0
    process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    @property
    def code(self) -> int | None:
        """The exit code; None while it runs, and before it is started."""
        return self.process.poll() if self.process else None

    def tail(self, lines: int = 20) -> str:
        """The last lines of its log, for whoever has to find out why it failed."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Household:
    """Starts and stops children, in a `with` block at whose end none is left.

    `keep_open`: file descriptors that stay open until the last child is gone, however this process
    ends; a lock held on one of them is free when the next start may really begin.
    """

    def __init__(self, keep_open: tuple[int, ...] = ()) -> None:
        self._children: list[Child] = []
        self._stopped: tuple[int, float] | None = None  # signal and time
        self._impatient = False
        self._parent = os.getppid() if "MAKELEVEL" in os.environ else None
        self._wake, wake_writer = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake_writer, False)
        # Our own handlers even where these are ignored, as in `sh -c 'make run &'`: a child
        # inherits an ignored signal, a handled one becomes the default again.
        signal.set_wakeup_fd(wake_writer)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop_asked)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
            signal.signal(signal.SIGHUP, self._stop_asked)
        watched, self._watchdog_pipe = os.pipe()
        self._watchdog = subprocess.Popen(
            [sys.executable, "-I", "-S", str(ROOT / "petition" / "watchdog.py")],
            stdin=watched,
            pass_fds=keep_open,
            start_new_session=True,
            cwd="/",
        )
        os.close(watched)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for child in reversed(self._children.copy()):
            self.stop(child)
        os.close(self._watchdog_pipe)
        self._watchdog.wait()

    def _stop_asked(self, number: int, _: FrameType | None) -> None:
        now = time.monotonic()
        if self._stopped is None:
            self._stopped = (number, now)
        elif now - self._stopped[1] > 1:  # sooner is the same one, passed on by `make` as well
            self._impatient = True

    def start(self, child: Child) -> Child:
        """Start, or start again. The child outlives this process by GRACE seconds at most."""

        def announce() -> None:
            # In the child and before its exec: no instant in which it lives unknown.
            self._tell(f"child {os.getpid()} {int(child.stop_signal)}")

        account = child.account
        log = None if child.log is None else os.open(child.log, _APPEND, 0o600)
        try:
            child.process = subprocess.Popen(
                child.command,
                env=child.environment,
                cwd=ROOT if account is None else "/",  # the account may not be let into ours
                stdin=None if log is None else subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=None if account is None else account.uid,
                group=None if account is None else account.gid,
                extra_groups=None if account is None else [],
                preexec_fn=announce,  # noqa: PLW1509 - one thread
            )
        finally:
            if log is not None:
                os.close(log)
        if child not in self._children:
            self._children.append(child)
        return child

    def run(self, child: Child) -> int:
        """Start, wait for its end and give its exit code. Raises StopAsked."""
        self.start(child)
        while (code := child.code) is None:
            self.wait(60)
        self.stop(child)
        return code

    def stop(self, child: Child) -> None:
        """Its stop signal, `grace` seconds, SIGKILL for what is left of it; a second Ctrl-C kills
        at once."""
        process = child.process
        if process is None:
            return
        family = families([process.pid])
        if process.poll() is None:
            process.send_signal(child.stop_signal)
        deadline = time.monotonic() + child.grace
        while process.poll() is None and time.monotonic() < deadline and not self._impatient:
            self._sleep(deadline - time.monotonic())
        # However it ended: the workers of a killed server live on, and hold its port.
        kill(family, [process.pid])
        process.wait()
        self._tell(f"forget {process.pid}")
        self._children = [other for other in self._children if other is not child]

    def wait(self, seconds: float) -> None:
        """Until a child ended or the time is up. Raises StopAsked."""
        self._sleep(seconds)
        if self._stopped:
            raise StopAsked(self._stopped[0])

    def remove_at_end(self, path: Path) -> None:
        """Remove this file or folder after the last child, however this process ends."""
        self._tell(f"remove {path}")

    def _sleep(self, seconds: float) -> None:
        # `make` killed with -9 takes nobody along: look up now and then.
        select.select([self._wake], [], [], max(0.0, min(seconds, 0.5)))
        with suppress(BlockingIOError):
            os.read(self._wake, 4096)
        if self._parent not in (None, os.getppid()) and self._stopped is None:
            self._stopped = (signal.SIGHUP, time.monotonic())

    def _tell(self, line: str) -> None:
        with suppress(BrokenPipeError):
            os.write(self._watchdog_pipe, f"{line}\n".encode())


_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND
