"""`make run` and `make test` from below: servers that start, keep what they should, and end."""

import ast
import fcntl
import os
import re
import secrets
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from petition import local
from petition.watchdog import families, survivors
from tests.e2e.until import until

ROOT = Path(__file__).resolve().parent.parent
SERVERS = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")

# Durable servers in a folder; counts its own runs in the database and in Redis.
COUNT_RUNS = """
import os, signal, sys
from pathlib import Path
import psycopg, redis
from petition.household import Household
from petition.supervise import Servers

with Household() as household:
    urls = Servers(household, Path(sys.argv[1]), durable=True).urls()
    with psycopg.connect(urls["DATABASE_URL"]) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS runs (run int)")
        connection.execute("INSERT INTO runs VALUES (1)")
        rows = connection.execute("SELECT count(*) FROM runs").fetchone()[0]
    print(rows, redis.Redis.from_url(urls["REDIS_URL"]).incr("runs"), flush=True)
    if sys.argv[2:]:
        os.kill(os.getpid(), signal.SIGKILL)
"""


def environment(**changes: str) -> dict[str, str]:
    """Ours without the servers of this test run, and without the `make` above it."""
    gone = {*SERVERS, "RUN_DIR", "MAKELEVEL", *(name.removesuffix("_FILE") for name in changes)}
    return {k: v for k, v in os.environ.items() if k not in gone} | changes


def supervise(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "petition.supervise", *arguments],
        cwd=ROOT,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Open to PostgreSQL's account, if its parents are; not, it is put elsewhere, as for users."""
    tmp_path.chmod(0o711)
    return tmp_path


@pytest.fixture
def supervisor() -> Iterator[subprocess.Popen[str]]:
    """Private servers around a command that has a child in a session of its own."""
    command = "echo $RUN_DIR $DATABASE_URL $REDIS_URL; setsid sleep 1000 & exec sleep 1000"
    with subprocess.Popen(
        [sys.executable, "-m", "petition.supervise", "services", "--", "sh", "-c", command],
        cwd=ROOT,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def test_data_survive_a_stop_a_kill_and_a_process_number_used_again(folder: Path) -> None:
    def run(*arguments: str) -> tuple[str, int]:
        done = subprocess.run(
            [sys.executable, "-c", COUNT_RUNS, str(folder), *arguments],
            cwd=ROOT,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        return done.stdout, done.returncode

    pid_file = folder / "postgres" / "data" / "postmaster.pid"

    assert run() == ("1 1\n", 0)
    assert run("die") == ("2 2\n", -signal.SIGKILL)
    until(lambda: not pid_file.exists())
    # As after a crash of the machine: the number in the file is some other process's by now.
    pid_file.write_text(f"{os.getpid()}\n")
    assert run() == ("3 3\n", 0)
    home = folder / "postgres"
    if home.is_symlink():
        subprocess.run(["rm", "-rf", str(home.readlink())], check=True)


def test_a_killed_supervisor_leaves_no_process_and_no_folder(
    supervisor: subprocess.Popen[str],
) -> None:
    assert supervisor.stdout
    folder = Path(supervisor.stdout.readline().split()[0])
    family = families([supervisor.pid])
    assert len(family) >= 8  # the supervisor, its watchdog, PostgreSQL and its own, Redis, ours
    assert folder.is_dir()

    supervisor.kill()

    until(lambda: not survivors(family, []))
    until(lambda: not folder.exists())


def test_an_interrupted_supervisor_ends_everything_itself(
    supervisor: subprocess.Popen[str],
) -> None:
    assert supervisor.stdout
    folder = Path(supervisor.stdout.readline().split()[0])
    family = families([supervisor.pid])

    supervisor.send_signal(signal.SIGINT)

    assert supervisor.wait(20) == 128 + signal.SIGINT
    assert not survivors(family, [])
    assert not folder.exists()


def test_passwords_are_on_no_command_line(supervisor: subprocess.Popen[str]) -> None:
    assert supervisor.stdout
    urls = supervisor.stdout.readline().split()[1:]
    passwords = [url.split("@")[0].rpartition(":")[2] for url in urls]
    family = families([supervisor.pid])
    commands = [Path(f"/proc/{pid}/cmdline").read_bytes().decode() for pid in family]

    assert any("redis" in command or "valkey" in command for command in commands)
    assert all(len(password) > 30 for password in passwords)
    assert not [c for c in commands for password in passwords if password in c]


def test_the_wheels_serve_where_the_machine_has_no_servers() -> None:
    script = (
        "import os, psycopg, redis\n"
        "c = psycopg.connect(os.environ['DATABASE_URL'])\n"
        "c.execute('CREATE EXTENSION pg_trgm')\n"
        "print(c.execute('SHOW server_encoding').fetchone()[0])\n"
        "print(redis.Redis.from_url(os.environ['REDIS_URL']).info()['server_name'])\n"
    )
    command = ("services", "--", sys.executable, "-c", script)

    done = supervise(*command, PETITION_LOCAL_SERVERS="wheels")

    assert done.stdout.split() == ["UTF8", "valkey"], done.stderr


def test_servers_of_ones_own_win_and_the_exit_code_is_passed_on() -> None:
    own = {"DATABASE_URL": "postgres://own/own", "REDIS_URL": "redis://own"}
    script = 'echo "$DATABASE_URL $REDIS_URL"; ls "$RUN_DIR"; exit 7'

    done = supervise("services", "--", "sh", "-c", script, **own)

    assert (done.returncode, done.stdout) == (7, "postgres://own/own redis://own\n")


def in_files(folder: Path, **said: str) -> dict[str, str]:
    """Variables as files: NAME_FILE of each."""
    for name, value in said.items():
        (folder / name).write_text(f"{value}\n")
    return {f"{name}_FILE": str(folder / name) for name in said}


def test_servers_that_a_file_names_win_as_well(tmp_path: Path) -> None:
    own = in_files(tmp_path, DATABASE_URL="postgres://own/own", REDIS_URL="redis://own")
    rest = in_files(tmp_path, SECRET_KEY="k3y", BASE_URL="https://own", EMAIL_URL="smtp://own")
    script = 'echo "$DATABASE_URL $REDIS_URL $SECRET_KEY $BASE_URL $EMAIL_URL"; ls "$RUN_DIR"; env'

    done = supervise("services", "--", "sh", "-c", script, **own, **rest)

    first, *around = done.stdout.splitlines()
    assert first == "postgres://own/own redis://own k3y https://own smtp://own"
    assert not [line for line in around if re.match("(DATABASE|REDIS|BASE|EMAIL)_URL_FILE", line)]
    assert not [line for line in around if line.endswith(".log")]


def test_the_wheels_are_taken_where_a_file_says_so(tmp_path: Path) -> None:
    said = in_files(tmp_path, PETITION_LOCAL_SERVERS="wheels")
    script = "from petition import local; print(local.find_redis_server())"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment(**said),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "site-packages" in done.stdout


def test_port_and_folder_of_a_run_may_stand_in_files(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = supervise("run", **in_files(tmp_path, PORT=str(port), RUN_DIR=str(folder)))

    assert done.stderr.startswith(f"petition: port {port} is taken; ")
    assert [path.name for path in folder.iterdir()] == ["lock"]


def test_what_is_said_twice_stops_a_run_with_one_line(tmp_path: Path) -> None:
    done = supervise("run", PORT="8000", **in_files(tmp_path, PORT="8001"))

    line = "petition: PORT and PORT_FILE are both set; keep one\n"
    assert (done.returncode, done.stderr) == (1, line)


def test_a_whole_run_goes_by_files(folder: Path) -> None:
    run_dir, port = folder / "run", local.free_port()
    said = in_files(
        folder,
        RUN_DIR=str(run_dir),
        PORT=str(port),
        BASE_URL=f"http://localhost:{port}",
        EMAIL_URL="smtp://127.0.0.1:1",
        DJANGO_SUPERUSER_USERNAME="ada",
        DJANGO_SUPERUSER_EMAIL="ada@guild.example",
        DJANGO_SUPERUSER_PASSWORD="a long enough one",
    )
    with subprocess.Popen(
        [sys.executable, "-m", "petition.supervise", "run"],
        cwd=ROOT,
        env=environment(**said),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        welcome = []
        for line in process.stdout:
            welcome.append(line)
            if "ready in" in line:
                break
        told = "".join(welcome)
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, told
    assert "login: ada / a long enough one" in told
    assert "inbox" not in told
    assert (run_dir / "lock").exists()


def test_a_taken_port_is_one_clear_line_and_nothing_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = supervise("run", PORT=str(port), RUN_DIR=str(tmp_path))

    other = f"PORT={port + 1} make run"
    assert done.stderr == f"petition: port {port} is taken; choose another one: {other}\n"
    assert done.returncode == 1
    assert [path.name for path in tmp_path.iterdir()] == ["lock"]


def test_a_second_run_in_the_same_folder_is_one_clear_line(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    with lock.open("w") as holder:
        fcntl.flock(holder, fcntl.LOCK_EX)
        lock.write_text(str(os.getpid()))
        done = supervise("run", PORT=str(local.free_port()), RUN_DIR=str(tmp_path))

    running = f"`make run` already runs in {tmp_path} (process {os.getpid()})"
    assert (done.returncode, done.stderr) == (1, f"petition: {running}\n")


@pytest.mark.parametrize("port", ["web", "0", "70000", "-1"])
def test_a_port_that_is_none_is_one_clear_line(tmp_path: Path, port: str) -> None:
    done = supervise("run", PORT=port, RUN_DIR=str(tmp_path))

    line = f"petition: PORT must be a number from 1 to 65535, not '{port}'\n"
    assert (done.returncode, done.stderr) == (1, line)


def test_what_is_published_is_for_its_owner_alone(tmp_path: Path) -> None:
    assert local.published(tmp_path) == {}

    path = local.publish(tmp_path, {"secret_key": secrets.token_urlsafe(), "port": 8000})

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert local.published(tmp_path)["port"] == "8000"
    path.write_text("{")
    assert local.published(tmp_path) == {}


def test_a_secret_is_made_once(tmp_path: Path) -> None:
    first = local.kept_secret(tmp_path / "key")

    assert local.kept_secret(tmp_path / "key") == first
    assert len(first) >= 64
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_an_old_python_can_read_the_line_that_says_that_it_is_too_old() -> None:
    ast.parse((ROOT / "petition" / "bootstrap.py").read_text(), feature_version=(3, 6))
