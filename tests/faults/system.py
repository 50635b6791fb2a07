"""The product with a PostgreSQL of its own too, on a disk that can be filled where root makes one."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from petition.household import ROOT
from petition.local import Account, Postgres
from petition.supervise import beat_command, worker_command
from tests.e2e.product import Process, Product
from tests.e2e.until import until
from tests.factories import campaign_file

DISK = 400 * 1024 * 1024
"""Bytes of the disk of PostgreSQL, which holds 90 MB of a fresh cluster and its log of changes."""
CLOCK = ROOT / "tests" / "faults" / "clock"


class Clock:
    """What some processes take for the time, put forward and back while they run."""

    def __init__(self, *files: Path) -> None:
        self._files = files

    def put(self, seconds: float) -> None:
        """So much later than it is; 0: as it is."""
        for file in self._files:
            file.write_text(str(seconds))


class System(Product):
    """All that runs in production, each a process that can be killed: nothing here is restarted by itself."""

    def __init__(self, folder: Path) -> None:
        self.disk = folder / "disk"
        self.disk.mkdir(mode=0o711)
        self.is_mounted = os.geteuid() == 0
        if self.is_mounted:
            _run("mount", "-t", "tmpfs", "-o", f"size={DISK},mode=711", "tmpfs", str(self.disk))
        self._server = Postgres(self.disk, durable=True)
        here, there = folder / "clock", folder / "clock-of-workers"
        self.clock, self.clock_of_workers = Clock(here, there), Clock(there)
        command = self._server.command()
        super().__init__(
            folder,
            postgres=self._server.url,
            FAULTS_CLOCK=str(here),
            PYTHONPATH=f"{CLOCK}:{ROOT}",
            TRUSTED_PROXIES="127.0.0.1",
        )
        self.mail = self._process("mail", worker_command("mail", processes=1), there)
        self.worker = self._process("worker", worker_command("celery", processes=2), there)
        self.long = self._process("long", worker_command("long", processes=1), there)
        self.parts = [self.web, self.mail, self.worker, self.long, self.beat]
        plain = {name: value for name, value in os.environ.items() if name[:2] != "PG"}
        account = self._server.account
        self.postgres = Process("postgres", command, plain, self.logs, account)
        self._plain = plain

    def start(self) -> None:
        _run(*self._server.first(), environment=self._plain, account=self._server.account)
        self.start_postgres()
        super().start()
        self.load(campaign_file(publication="after_verification", extra='bot_check = "off"'))

    def stop(self) -> None:
        try:
            super().stop()
        finally:
            self.postgres.stop(signal.SIGINT)
            if self.is_mounted:
                _run("umount", str(self.disk))

    def start_postgres(self) -> None:
        self.postgres.start()
        until(lambda: self._server.is_ready(self.postgres.pid), what="PostgreSQL answers")

    def _process(self, name: str, command: list[str], clock: Path | None = None) -> Process:
        process = super()._process(name, command)
        if clock is not None:
            process.environment["FAULTS_CLOCK"] = str(clock)
        return process

    def migrate_to_next(self, *to: str) -> None:
        """Apply the migrations of a later release, or go back to one, while this one serves."""
        # As the page says: who waits for a lock stands before everybody who comes after.
        url = f"{self._database_url}?options=-c%20lock_timeout%3D2s"
        later = {"DJANGO_SETTINGS_MODULE": "tests.faults.next_settings"}
        command = ("migrate", "campaign", *to, "--no-input", "--verbosity", "0")
        until(
            lambda: self.try_to(*command, DATABASE_URL=url, **later).returncode == 0,
            what="a migration that finds its locks free",
        )

    def replace_processes(self) -> None:
        """A rolling restart: the web one process after the other, of all others the new one first."""
        said, olds = self.web.said(), self.parts[1:]
        self.web.signal(signal.SIGHUP)
        news = [Process(old.name, old.command, old.environment, self.logs) for old in olds]
        since = [old.said() for old in olds]
        for new in news:
            new.start()
        for new, before in zip(news[:-1], since, strict=False):  # the scheduler says nothing
            new.wait_to_say(" ready.", since=before)
        for old, new in zip(olds, news, strict=True):
            old.stop(grace=20)
            setattr(self, new.name, new)
        self.parts[1:] = news
        self.web.wait_to_say("Stopping old worker", since=said)

    def second_beat(self) -> Process:
        """One more scheduler, with a memory of its own."""
        return self._process("beat-2", beat_command(self.folder / "beat-2"))

    def make_whole(self) -> None:
        """Start what a round that failed left dead, and take away what it left broken."""
        self.clock.put(0)
        self.sink.mend()
        self._ballast.unlink(missing_ok=True)
        if self.redis.is_running:
            self.redis.signal(signal.SIGCONT)
        else:
            self.start_redis()
        self.mend_postgres()
        for process in self.parts:
            if not process.is_running:
                process.start()
        until(self._answers, what="the web answers")

    def mend_postgres(self) -> None:
        """Start it again if it gave up, as its supervisor would."""
        if not self.postgres.is_running:
            self.start_postgres()

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """Fill the disk of PostgreSQL to the last byte; free it at the end."""
        try:
            with self._ballast.open("wb", buffering=0) as file, suppress(OSError):
                while True:
                    file.write(bytes(1 << 16))
            yield
        finally:
            self._ballast.unlink()

    @property
    def _ballast(self) -> Path:
        return self.disk / "ballast"

    def differing_counts(self) -> list[str]:
        """The kept numbers that a recount contradicts."""
        done = self.try_to("check_counts")
        return [] if done.returncode == 0 else done.stderr.splitlines() or ["check_counts failed"]


def _run(
    *command: str, environment: dict[str, str] | None = None, account: Account | None = None
) -> None:
    done = subprocess.run(
        command,
        env=environment,
        cwd="/",
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command[0]}: {done.stderr}"


@contextmanager
def running(folder: Path) -> Iterator[System]:
    system = System(folder)
    try:
        system.start()
        yield system
    finally:
        system.stop()
