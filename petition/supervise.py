"""`make run`, `make test`, and any command with private servers around it.

    python -m petition.supervise run                   the product, until Ctrl-C
    python -m petition.supervise test [PYTEST ARGS]    the tests
    python -m petition.supervise services -- COMMAND   COMMAND, with DATABASE_URL and REDIS_URL

Servers of one's own win: with DATABASE_URL or REDIS_URL set, that server is not started.
"""

import errno
import fcntl
import http.client
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from petition import environment
from petition.environment import CannotStart
from petition.household import ROOT, Child, Household, StopAsked
from petition.local import Postgres, Redis, kept_secret, publish

START_WITHIN = 60.0  # seconds until a server or the web must answer
LONGEST_PAUSE = 30.0  # seconds before a child that keeps dying is started again
LIVED_WELL = 60.0  # seconds after which its next death counts as its first
CELERY = ("-m", "celery", "--quiet", "-A", "petition")


def say(line: str) -> None:
    with suppress(OSError):  # the terminal is gone: stop all the same
        sys.stdout.write(f"{line}\n")
        sys.stdout.flush()


# --- Servers ---------------------------------------------------------------------------------


class Servers:
    """Those of PostgreSQL and Redis that the environment doesn't name, with data in `folder`."""

    def __init__(self, household: Household, folder: Path, *, durable: bool) -> None:
        self._household = household
        self._services: dict[str, Postgres | Redis] = {}
        self.children: dict[str, Child] = {}
        for variable, kind in (("DATABASE_URL", Postgres), ("REDIS_URL", Redis)):
            if environment.text(variable):
                continue
            service = self._services[variable] = kind(folder, durable=durable)

            def child(name: str, command: list[str], service: Postgres | Redis = service) -> Child:
                return Child(
                    name=name,
                    command=command,
                    log=log_file(folder, name.lower()),
                    # PGOPTIONS and the like are about another server.
                    environment={k: v for k, v in os.environ.items() if k[:2] != "PG"},
                    account=service.account,
                    stop_signal=service.stop_signal,
                    grace=10,
                )

            if first := service.first():
                creation = child("initdb", first)
                if household.run(creation):
                    raise CannotStart(f"PostgreSQL could not be set up\n{creation.tail()}")
            server = child(kind.__name__, service.command())
            self.children[variable] = household.start(server)

    @property
    def programs(self) -> str:
        """The folder of our PostgreSQL's pg_dump, '' with a server of one's own."""
        postgres = self._services.get("DATABASE_URL")
        return str(postgres.programs) if isinstance(postgres, Postgres) else ""

    @property
    def homes(self) -> list[Path]:
        """The folders of data that may lie outside `folder`."""
        return [service.home for service in self._services.values()]

    def urls(self) -> dict[str, str]:
        """DATABASE_URL and REDIS_URL, one's own or ours, once they answer. Raises CannotStart."""
        for variable in self._services:
            self._wait_ready(variable)
        return {
            variable: self._services[variable].url
            if variable in self._services
            else str(environment.text(variable))
            for variable in ("DATABASE_URL", "REDIS_URL")
        }

    def _wait_ready(self, variable: str) -> None:
        service, child = self._services[variable], self.children[variable]
        tries, deadline = 3, time.monotonic() + START_WITHIN
        while not service.is_ready(child.pid):
            if child.code is not None:
                # A free port can be taken before the server has it.
                tries -= 1
                if not tries or "in use" not in child.tail():
                    raise CannotStart(f"{child.name} did not start\n{child.tail()}")
                child.command = service.command()
                self._household.start(child)
            if time.monotonic() > deadline:
                raise CannotStart(f"{child.name} did not answer in time\n{child.tail()}")
            self._household.wait(0.02)


def log_file(folder: Path, name: str) -> Path:
    """An empty log in `folder`/logs: each start has its own."""
    path = folder / "logs" / f"{name}.log"
    path.parent.mkdir(mode=0o700, exist_ok=True)
    path.unlink(missing_ok=True)
    return path


# --- make run --------------------------------------------------------------------------------


def run() -> int:
    """Everything, until somebody stops it. Raises CannotStart."""
    began = time.monotonic()
    run_dir = (ROOT / (environment.text("RUN_DIR") or ".run")).absolute()
    port = chosen_port()
    lock = claim(run_dir)
    check_free(port)
    with Household(keep_open=(lock,)) as household:
        try:
            servers = Servers(household, run_dir, durable=True)
            product = Product(household, run_dir, port, servers.urls(), servers.programs)
            login = product.start()
            say(welcome(run_dir, port, login, time.monotonic() - began))
            keep(household, [*servers.children.values(), *product.children])
        except StopAsked:
            say("stopping ...")
    say(f"stopped; the data stay in {shown(run_dir)}")
    return 0


def chosen_port() -> int:
    text = environment.text("PORT") or "8000"
    if not text.isdecimal() or not 0 < int(text) < 1 << 16:
        raise CannotStart(f"PORT must be a number from 1 to 65535, not {text!r}")
    return int(text)


def check_free(port: int) -> None:
    with socket.socket() as probe:
        # As the web server does: a connection that is only closing down is no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            why = "is taken" if error.errno == errno.EADDRINUSE else f"can't be used ({error})"
            other = f"PORT={port + 1 if port < 65535 else 8001} make run"
            raise CannotStart(f"port {port} {why}; choose another one: {other}") from None


def claim(run_dir: Path) -> int:
    """Take RUN_DIR for this supervisor; gives a lock that lasts until the last child is gone."""
    try:
        # 711: as root, PostgreSQL's account passes through it to the data.
        run_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = os.open(run_dir / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise CannotStart(
            f"can't write in {shown(run_dir)} ({error.strerror}); set RUN_DIR"
        ) from None
    for _ in range(200):
        with suppress(BlockingIOError):
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            os.ftruncate(lock, 0)
            os.pwrite(lock, str(os.getpid()).encode(), 0)
            return lock
        holder = os.pread(lock, 32, 0).decode()
        if holder.isdecimal() and alive(int(holder)):
            raise CannotStart(f"`make run` already runs in {shown(run_dir)} (process {holder})")
        # Killed with -9 a moment ago: its watchdog is still ending the children.
        time.sleep(0.05)
    raise CannotStart(f"the last run in {shown(run_dir)} is still ending; try again in a moment")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


class Product:
    """Web, workers and scheduler on servers that answer."""

    def __init__(
        self,
        household: Household,
        run_dir: Path,
        port: int,
        urls: dict[str, str],
        programs: str = "",
    ) -> None:
        self._household = household
        self._port = port
        services = publish(
            run_dir,
            {
                "database_url": urls["DATABASE_URL"],
                "redis_url": urls["REDIS_URL"],
                "secret_key": environment.text("SECRET_KEY") or kept_secret(run_dir / "secret_key"),
                "port": port,
                "postgres_programs": programs,
                "pid": os.getpid(),
            },
        )
        # Left behind, it would send `manage.py` to servers that are gone.
        household.remove_at_end(services)
        told = {"RUN_DIR": str(run_dir), "PYTHONUNBUFFERED": "1"}
        if not environment.text("BASE_URL"):
            told["BASE_URL"] = f"http://127.0.0.1:{port}"
        around = environment.with_these(told)

        def child(name: str, *command: str, grace: float = 5) -> Child:
            log = log_file(run_dir, name)
            return Child(name=name, command=[*command], log=log, environment=around, grace=grace)

        self._setup = child("setup", sys.executable, "manage.py", "load_demo", "--migrate")
        self._web = child("web", *web_command("petition.wsgi:application", port))
        self._mail = child("mail", *worker_command("mail", processes=1))
        self._worker = child("worker", *worker_command("celery", processes=2))
        self._long = child("long", *worker_command("long", processes=1))
        self._beat = child("beat", *beat_command(run_dir / "beat-schedule"), grace=3)
        self.children = [self._web, self._mail, self._worker, self._long, self._beat]

    def start(self) -> str:
        """Migrate, load the demo, and start everything; gives the demo's login line.

        The web starts beside the set-up, since nobody knows its address yet; tasks wait for the
        tables. Raises CannotStart with the end of the log of what failed.
        """
        web, setup = self._household.start(self._web), self._setup
        deadline = time.monotonic() + START_WITHIN
        if self._household.run(setup):
            raise CannotStart(f"setting up the demo failed\n{setup.tail()}")
        for process in self.children[1:]:
            self._household.start(process)
        while not answers(self._port, "/healthz"):
            if web.code is not None:
                raise CannotStart(f"the web server did not start\n{web.tail()}")
            if time.monotonic() > deadline:
                raise CannotStart(f"the web server did not answer in time\n{web.tail()}")
            self._household.wait(0.05)
        return next((line for line in setup.tail(100).splitlines() if line[:6] == "login:"), "")


def web_command(application: str, port: int) -> list[str]:
    """The web server, as in production, with a WSGI application such as the product's."""
    granian = "-m granian --interface wsgi --host 127.0.0.1 --workers 2 --blocking-threads 4"
    # Without respawning, a worker that dies takes the other one with it, and whoever it answers.
    granian += " --respawn-failed-workers --no-ws --workers-kill-timeout 3"
    granian += f" --port {port} {application}"
    return [sys.executable, *granian.split()]


def worker_command(queue: str, *, processes: int) -> list[str]:
    """Celery's worker of a queue, as in production: each has a worker, and waits for no other."""
    worker = f"worker --queues {queue} --concurrency {processes} --hostname {queue}@%h"
    worker += " --without-gossip --without-mingle"
    return [sys.executable, *CELERY, *worker.split()]


def beat_command(schedule: Path) -> list[str]:
    """Celery's scheduler, which keeps what it has done in that file."""
    beat = ("beat", "--schedule", str(schedule), "--pidfile=")
    return [sys.executable, *CELERY, *beat]


def answers(port: int, path: str) -> bool:
    """Whether a web server of ours answers 200 there now."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def welcome(run_dir: Path, port: int, login: str, seconds: float) -> str:
    address = f"http://127.0.0.1:{port}"
    lines = [
        "",
        f"  public page  {address}/",
        f"  admin        {address}/admin/   {login}",
        f"  API docs     {address}/api/docs/",
    ]
    if not environment.text("EMAIL_URL"):
        lines.append(f"  inbox        {address}/inbox/   where the mails arrive")
    lines += [
        "",
        f"  ready in {seconds:.1f} s; logs in {shown(run_dir)}/logs; Ctrl-C stops all of it",
        "",
    ]
    return "\n".join(lines)


def keep(household: Household, children: list[Child]) -> None:
    """Start again what dies, with a pause that doubles while it keeps dying. Ends by StopAsked."""
    now = time.monotonic()
    started = dict.fromkeys(children, now)
    pause = dict.fromkeys(children, 1.0)
    due: dict[Child, float] = {}
    while True:
        now = time.monotonic()
        for child in children:
            if child in due:
                if now >= due[child]:
                    del due[child]
                    started[child] = now
                    household.start(child)
            elif child.code is not None:
                code = child.code
                household.stop(child)  # what it left behind
                if now - started[child] > LIVED_WELL:
                    pause[child] = 1.0
                say(f"{child.name} ended ({code}), again in {pause[child]:.0f} s; see {child.log}")
                due[child] = now + pause[child]
                pause[child] = min(2 * pause[child], LONGEST_PAUSE)
        household.wait(min([60.0, *(time_due - now for time_due in due.values())]))


def shown(path: Path) -> str:
    """As the user would type it."""
    with suppress(ValueError):
        return str(path.relative_to(Path.cwd()))
    return str(path)


# --- make test -------------------------------------------------------------------------------


def with_services(command: list[str]) -> int:
    """Run a command with private servers that nobody misses afterwards; gives its exit code."""
    with Household() as household:
        folder = Path(tempfile.mkdtemp(prefix="petition-"))
        household.remove_at_end(folder)
        folder.chmod(0o711)  # as root, PostgreSQL's account passes through
        child = Child("command", command, grace=20)
        try:
            servers = Servers(household, folder, durable=False)
            for home in servers.homes:
                household.remove_at_end(home)
            defaults = {
                "SECRET_KEY": secrets.token_urlsafe(48),
                "BASE_URL": "http://testserver",
                # Port 1 refuses: no test sends a mail that it didn't make a server for.
                "EMAIL_URL": "smtp://127.0.0.1:1",
            }
            child.environment = environment.with_these(
                {name: environment.text(name) or default for name, default in defaults.items()}
                | servers.urls()
                | {
                    "PATH": f"{os.environ.get('PATH', os.defpath)}:{servers.programs}".rstrip(":"),
                    "RUN_DIR": str(folder),
                }
            )
            household.start(child)
            while child.code is None:
                household.wait(60)
            return child.code if child.code >= 0 else 128 - child.code
        except FileNotFoundError:
            raise CannotStart(f"there is no command {command[0]}") from None
        except StopAsked as stop:
            child.stop_signal = signal.Signals(stop.number)
            return 128 + stop.number


def main(arguments: list[str]) -> int | str:
    """The exit code, or the line to fail with."""
    try:
        match arguments:
            case ["run"]:
                return run()
            case ["test", *rest]:
                return with_services([sys.executable, "-m", "pytest", *rest])
            case ["services", "--", _, *_]:
                return with_services(arguments[2:])
    except CannotStart as error:
        return f"petition: {error}"
    return str(__doc__)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
