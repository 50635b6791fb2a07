"""The product as it runs in production: granian, Celery's worker and beat, each a process."""

import os
import secrets
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg

from petition import watchdog
from petition.household import ROOT
from petition.local import Account, Redis, free_port
from petition.supervise import beat_command, web_command, worker_command
from tests.e2e.sink import Sink
from tests.e2e.until import until

METRICS_TOKEN = secrets.token_hex(24)


class Process:
    """A process with a log, and a group of its own, so that its children can be killed with it.

    Not a session: were this process killed, the supervisor of `make test` would look for the rest
    of its session, and end it. With an account it runs as somebody else.
    """

    def __init__(
        self,
        name: str,
        command: list[str],
        environment: Mapping[str, str],
        logs: Path,
        account: Account | None = None,
    ) -> None:
        self.name = name
        self.log = logs / f"{name}.log"
        self.command = command
        self.environment = dict(environment)
        self._account = account
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._running is not None
        return self._running.pid

    @property
    def is_running(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def start(self) -> None:
        self.kill()  # a test that failed half-way must not leave two of them to the next
        with self.log.open("ab") as log:
            account = self._account
            self._running = subprocess.Popen(
                self.command,
                cwd=ROOT if account is None else "/",  # the account may not be let into ours
                user=account.uid if account else None,
                group=account.gid if account else None,
                extra_groups=[] if account else None,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
            )

    def stop(self, number: signal.Signals = signal.SIGTERM, grace: float = 10.0) -> None:
        """Send that signal to the process, and kill what is left of its family after ``grace``."""
        if self._running is None:
            return
        self._running.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            self._running.wait(grace)
        self.kill()

    def kill(self) -> None:
        """SIGKILL for the process and its children at once."""
        if self._running is None:
            return
        # By descent too: each backend of PostgreSQL has a session of its own.
        watchdog.kill(watchdog.families([self._running.pid]), [self._running.pid])
        self._running.wait()
        self._running = None

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def said(self) -> int:
        """How much it has written to its log so far."""
        return self.log.stat().st_size

    def wait_to_say(self, words: str, *, since: int) -> None:
        """Until it has written these words after that much."""

        def look() -> bool:
            return words in self.log.read_bytes()[since:].decode(errors="replace")

        until(look, what=f"{self.name} says {words!r}")


class Product:
    """Everything on ports of its own, with a database, a Redis and a mail server of its own.

    The database is in the server of ``postgres``, a URL; in that of the tests unless told.
    """

    def __init__(self, folder: Path, *, postgres: str | None = None, **environment: str) -> None:
        self.folder = folder
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.sink = Sink()
        self.base = f"http://127.0.0.1:{(port := free_port())}"
        self._redis = Redis(folder, durable=False)
        redis = self._redis.command()
        self._database = f"e2e_{secrets.token_hex(6)}"
        self._admin_url = postgres or os.environ["DATABASE_URL"]
        url = urlsplit(self._admin_url)._replace(path=f"/{self._database}").geturl()
        self._database_url = url
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "tests.e2e.settings",
            "DATABASE_URL": url,
            "REDIS_URL": self._redis.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{self.sink.port}",
            "BASE_URL": self.base,
            "METRICS_TOKEN": METRICS_TOKEN,
            "SECRET_KEY": secrets.token_urlsafe(48),
            "RUN_DIR": str(folder),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            **environment,
        }
        self.redis = Process("redis", redis, self._environment, self.logs)
        self.web = self._process("web", web_command("petition.wsgi:application", port))
        self.mail = self._process("mail", worker_command("mail", processes=1))
        self.worker = self._process("worker", worker_command("celery,long", processes=2))
        self.beat = self._process("beat", beat_command(folder / "beat"))
        self.parts = [self.web, self.mail, self.worker, self.beat]

    @property
    def redis_url(self) -> str:
        return self._redis.url

    def _process(self, name: str, command: list[str]) -> Process:
        return Process(name, command, self._environment, self.logs)

    def start(self) -> None:
        with psycopg.connect(self._admin_url, autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {self._database}".encode())
        self.sink.start()
        self.start_redis()
        self.manage("collectstatic", "--no-input", "--verbosity", "0")
        self.manage("migrate", "--no-input", "--verbosity", "0")
        for process in self.parts:
            process.start()
        until(self._answers, what="the web answers")

    def stop(self) -> None:
        for process in (*reversed(self.parts), self.redis):
            process.stop()
        self.sink.stop()
        with psycopg.connect(self._admin_url, autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {self._database} WITH (FORCE)".encode())

    def start_redis(self) -> None:
        self.redis.start()
        until(lambda: self._redis.is_ready(self.redis.pid), what="Redis answers")

    def manage(self, *arguments: str, **environment: str) -> str:
        """Run a command of manage.py; what it printed. It must succeed."""
        done = self.try_to(*arguments, **environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def try_to(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command of manage.py that may fail."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env={**self._environment, **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def load(self, campaign: str) -> None:
        """Create or change the campaign of that file."""
        file = self.folder / "campaign.toml"
        file.write_text(campaign, encoding="utf-8")
        self.manage("load_campaign", str(file))

    def query(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Look into the database, or push a clock in it."""
        with psycopg.connect(self._database_url, autocommit=True) as connection:
            cursor = connection.execute(sql.encode(), parameters)
            return cursor.fetchall() if cursor.description else []

    @contextmanager
    def holding(self, sql: str, *parameters: Any) -> Iterator[None]:
        """Hold the locks that this takes, as another process of the product would."""
        with psycopg.connect(self._database_url) as connection:
            connection.execute(sql.encode(), parameters)
            yield
            connection.rollback()

    def logged(self) -> str:
        """The end of every log, for whoever has to find out why a test failed."""
        return "\n".join(
            f"--- {log.name}\n" + "\n".join(log.read_text(errors="replace").splitlines()[-60:])
            for log in sorted(self.logs.glob("*.log"))
        )

    def _answers(self) -> bool:
        address = f"{self.base}/healthz"
        with suppress(OSError), urllib.request.urlopen(address, timeout=2) as answer:
            return bool(answer.status == 200)
        return False


@contextmanager
def running(folder: Path) -> Iterator[Product]:
    product = Product(folder)
    try:
        product.start()
        yield product
    except BaseException as error:
        error.add_note(product.logged())
        raise
    finally:
        product.stop()
