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


class System(Product):
    """All that runs in production, each a process that can be killed: nothing here is restarted by itself."""

    def __init__(self, folder: Path) -> None:
        self.disk = folder / "disk"
        self.disk.mkdir(mode=0o711)
        self.is_mounted = os.geteuid() == 0
        if self.is_mounted:
            _run("mount", "-t", "tmpfs", "-o", f"size={DISK},mode=711", "tmpfs", str(self.disk))
        self._server = Postgres(self.disk, durable=True)
        self._clock = folder / "clock"
        command = self._server.command()
        super().__init__(
            folder,
            postgres=self._server.url,
            FAULTS_CLOCK=str(self._clock),
            PYTHONPATH=f"{CLOCK}:{ROOT}",
            TRUSTED_PROXIES="127.0.0.1",
        )
        self.worker = self._process("worker", worker_command("celery", processes=2))
        self.long = self._process("long", worker_command("long", processes=1))
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

    def second_beat(self) -> Process:
        """One more scheduler, with a memory of its own."""
        return self._process("beat-2", beat_command(self.folder / "beat-2"))

    def make_whole(self) -> None:
        """Start what a round that failed left dead, and take away what it left broken."""
        self.put_clock(0)
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

    def put_clock(self, seconds: float) -> None:
        """Let every process of the product think that it is so much later; 0: as it is."""
        self._clock.write_text(str(seconds))


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
