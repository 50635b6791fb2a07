"""Everything that is measured, running: servers, web, floors, worker, scheduler, sink."""

import json
import os
import secrets
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import redis

from petition.environment import CannotStart
from petition.household import ROOT, Child, Household
from petition.local import free_port
from petition.supervise import (
    Servers,
    answers,
    beat_command,
    log_file,
    say,
    web_command,
    worker_command,
)

SMALL = 10_000
"""Signers of the database that growth is measured against."""
START_WITHIN = 60.0


class System:
    """The product as in production on private servers, and the floors beside it.

    Three databases in one PostgreSQL: `petition` with all signers, `small` with SMALL, `floor`.
    """

    def __init__(self, household: Household, folder: Path) -> None:
        self.household, self.folder = household, folder
        servers = Servers(household, folder, durable=True)
        for home in servers.homes:
            household.remove_at_end(home)
        self._urls = servers.urls()
        with psycopg.connect(self._urls["DATABASE_URL"], autocommit=True) as connection:
            for name in ("small", "floor"):
                connection.execute(f"CREATE DATABASE {name}")
        self._secret = secrets.token_urlsafe(48)
        self.port, self.floor_port, self._sink_port = free_port(), free_port(), free_port()
        self._arrivals = folder / "arrivals"
        self._children: dict[str, Child] = {}

    def environment(self, database: str = "petition") -> dict[str, str]:
        """Production settings, on one of the databases."""
        url = urlsplit(self._urls["DATABASE_URL"])._replace(path=f"/{database}").geturl()
        # A copy or a message of one database must not be taken for one of another.
        number = ("petition", "small", "floor").index(database)
        queue = urlsplit(self._urls["REDIS_URL"])._replace(path=f"/{number}").geturl()
        return {
            **os.environ,
            "SECRET_KEY": self._secret,
            "DATABASE_URL": url,
            "REDIS_URL": queue,
            "BASE_URL": f"http://127.0.0.1:{self.port}",
            "TRUSTED_PROXIES": "127.0.0.1/32",
            "EMAIL_URL": f"smtp://127.0.0.1:{self._sink_port}",
            "RUN_DIR": str(self.folder),
            "PYTHONUNBUFFERED": "1",
        }

    # --- processes that end ---------------------------------------------------------------------

    def run(self, name: str, command: list[str], **more: Any) -> str:
        """Run to its end and give its last line; raises CannotStart with the end of its log."""
        log = log_file(self.folder, name)
        environment = more.pop("environment", None) or self.environment()
        child = Child(name=name, command=command, log=log, environment=environment)
        if self.household.run(child):
            raise CannotStart(f"{name} failed\n{child.tail()}")
        return child.tail(1)

    def inside(self, module: str, *arguments: object, database: str = "petition") -> Any:
        """What `main` of a module in `inside` gives, run on that database."""
        command = [sys.executable, "-m", "benchmarks.inside", module, *map(str, arguments)]
        return json.loads(self.run(module, command, environment=self.environment(database)))

    def seed(self, database: str, signers: int) -> None:
        began = time.monotonic()
        found = self.inside("seed", signers, database=database)
        seconds = time.monotonic() - began
        say(f"seeded {found['listed']:,} listed signers ({database}) in {seconds:.0f} s")

    # --- processes that go on -------------------------------------------------------------------

    def collect_static(self) -> None:
        static = ROOT / "staticfiles"
        if not static.exists():
            self.household.remove_at_end(static)
            self.run("static", [sys.executable, "manage.py", "collectstatic", "--noinput"])

    def start_web(self, settings: str = "petition.settings") -> None:
        self.collect_static()
        environment = {**self.environment(), "DJANGO_SETTINGS_MODULE": settings}
        self._start("web", web_command("petition.wsgi:application", self.port), environment)
        self._until(lambda: answers(self.port, "/healthz"), "web")

    def start_floor(self) -> None:
        """Floors F1 and F2, with as many rows a request as the product writes."""
        environment = {
            **self.environment("floor"),
            "FLOOR_ROWS": str(self.inside("rows")),
            "DJANGO_SETTINGS_MODULE": "benchmarks.floor.settings",
        }
        say(f"a signing writes {environment['FLOOR_ROWS']} rows, and so does F2")
        tables = [sys.executable, "-m", "django", "migrate", "--run-syncdb"]
        self.run("floor-tables", tables, environment=environment)
        web = web_command("benchmarks.floor.wsgi:application", self.floor_port)
        self._start("floor", web, environment)
        self._until(lambda: answers(self.floor_port, "/constant/"), "floor")

    def start_sink(self) -> None:
        command = [sys.executable, "-m", "benchmarks.sink", str(self._sink_port)]
        self._start("sink", [*command, str(self._arrivals)])
        self._until(self._arrivals.exists, "sink")

    def start_mail_worker(self) -> None:
        self._start_worker("mail", worker_command("mail", processes=1))

    def start_worker(self) -> None:
        self._start_worker("worker", worker_command("celery", processes=2))

    def start_beat(self) -> None:
        self._start("beat", beat_command(self.folder / "beat-schedule"))

    def stop(self, *names: str) -> None:
        for name in names:
            self.household.stop(self._children.pop(name))

    def _start(
        self, name: str, command: list[str], environment: dict[str, str] | None = None
    ) -> None:
        child = Child(
            name=name,
            command=command,
            log=log_file(self.folder, name),
            environment=environment or self.environment(),
            grace=10,
        )
        self._children[name] = self.household.start(child)

    def _start_worker(self, name: str, command: list[str]) -> None:
        self._start(name, command)
        self._until(lambda: " ready." in self._children[name].tail(100), name)

    def _until(self, ready: Any, name: str) -> None:
        child, deadline = self._children[name], time.monotonic() + START_WITHIN
        while not ready():
            if child.code is not None or time.monotonic() > deadline:
                raise CannotStart(f"{name} did not start\n{child.tail()}")
            self.household.wait(0.05)

    # --- what is between turns ------------------------------------------------------------------

    def empty_queue(self) -> None:
        """Forget the messages that nobody worked on, so that no turn inherits another's."""
        for database in ("petition", "small", "floor"):
            redis.Redis.from_url(self.environment(database)["REDIS_URL"]).flushdb()

    def arrivals(self) -> dict[str, float]:
        """When (monotonic, seconds) each recipient's first mail came."""
        found: dict[str, float] = {}
        for line in self._arrivals.read_text().splitlines():
            at, _, recipient = line.partition(" ")
            found.setdefault(recipient, float(at))
        return found

    def wait_for_mails(self, prefix: str, number: int, seconds: float) -> dict[str, float]:
        """The arrivals of recipients that begin so, once there are so many or the time is up."""
        deadline = time.monotonic() + seconds
        while True:
            came = {who: at for who, at in self.arrivals().items() if who.startswith(prefix)}
            if len(came) >= number or time.monotonic() > deadline:
                return came
            self.household.wait(0.5)
