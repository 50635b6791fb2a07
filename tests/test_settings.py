"""A start with half a configuration ends at once, with one clear line."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parent.parent
PRODUCTION = {
    "SECRET_KEY": "k3y-" * 16,
    "DATABASE_URL": "postgres://petition:secret@db.example:5432/petition",
    "REDIS_URL": "redis://redis.example:6379/0",
    "BASE_URL": "https://petition.example",
    "EMAIL_URL": "submission://user:password@mail.example",
}


def manage(
    tmp_path: Path, environment: dict[str, str], *command: str
) -> subprocess.CompletedProcess[str]:
    """manage.py with that environment and nothing else of this machine's."""
    own = {"RUN_DIR": str(tmp_path)}
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *(command or ("check",))],
        cwd=ROOT,
        env={**clean, **({} if "RUN_DIR_FILE" in environment else own), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def refused(tmp_path: Path, environment: dict[str, str]) -> str:
    """The one line with which the start ends."""
    ended = manage(tmp_path, environment)
    assert ended.returncode == 1, ended.stdout
    lines = ended.stderr.splitlines()
    assert len(lines) == 1, ended.stderr
    assert lines[0].startswith("petition: ")
    return lines[0].removeprefix("petition: ")


def read(tmp_path: Path, environment: dict[str, str], *names: str) -> list[Any]:
    """The settings of those names."""
    code = (
        "import json; from django.conf import settings; "
        f"print(json.dumps([getattr(settings, n) for n in {names!r}], default=str))"
    )
    ended = manage(tmp_path, environment, "shell", "--no-imports", "-c", code)
    assert ended.returncode == 0, ended.stderr
    values: list[Any] = json.loads(ended.stdout.splitlines()[-1])
    return values


def test_a_whole_production_environment_starts(tmp_path: Path) -> None:
    ended = manage(tmp_path, PRODUCTION)
    assert (ended.returncode, ended.stderr) == (0, "")


@pytest.mark.parametrize("name", sorted(PRODUCTION))
def test_a_needed_variable_that_is_missing_is_named(tmp_path: Path, name: str) -> None:
    environment = {key: value for key, value in PRODUCTION.items() if key != name}
    assert refused(tmp_path, environment).startswith(f"{name} is needed in production")


@pytest.mark.parametrize("name", sorted(PRODUCTION))
def test_an_empty_variable_is_missing(tmp_path: Path, name: str) -> None:
    assert refused(tmp_path, {**PRODUCTION, name: ""}).startswith(f"{name} is needed in production")


def test_with_nothing_set_and_nothing_running_it_says_what_to_start(tmp_path: Path) -> None:
    line = refused(tmp_path, {})
    assert "nothing is running in" in line
    assert "make run" in line


MALFORMED = [
    *(("DATABASE_URL", url) for url in ("mysql://u:p@h/db", "petition", "postgres://h", "postgres://h/", "postgres://h:abc/db", "postgres://h:99999/db", "postgres://[::1/db")),
    *(("REDIS_URL", url) for url in ("http://redis", "redis.example:6379")),
    *(("BASE_URL", url) for url in ("petition.example", "ftp://petition.example", "https://", "https://petition.example/path", "https://[")),
    *(("EMAIL_URL", url) for url in ("mail.example", "http://mail.example", "smtp://", "smtp://mail.example:abc", "smtp://[")),
    *(("TRUSTED_PROXIES", networks) for networks in ("localhost", "10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/8, *", "10.0.0.0/8;10.1.0.0/16")),
    *(("DEBUG", flag) for flag in ("maybe", "2", "None")),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), MALFORMED)
def test_a_malformed_variable_is_named_with_its_reason(
    tmp_path: Path, name: str, value: str
) -> None:
    line = refused(tmp_path, {**PRODUCTION, name: value})
    assert line.startswith(f"{name}: ")
    assert len(line) > len(f"{name}: ") + 10


@pytest.mark.parametrize("level", ["LOUD", "info please"])
def test_a_log_level_that_is_none_is_named(tmp_path: Path, level: str) -> None:
    assert refused(tmp_path, {**PRODUCTION, "LOG_LEVEL": level}).startswith("LOG_LEVEL: ")


def test_a_pace_of_one_mail_a_minute_is_refused(tmp_path: Path) -> None:
    """A sender that is refused is tried each minute: nobody else's mail would ever go."""
    at_once = {**PRODUCTION, "MAILS_A_MINUTE": "1"}
    assert refused(tmp_path, at_once) == "MAILS_A_MINUTE: must be a whole number from 2"
    [slow] = read(tmp_path, {**PRODUCTION, "MAILS_A_MINUTE": "2"}, "MAILS_A_MINUTE")
    assert slow == 2


# --- Files -----------------------------------------------------------------------------------


def test_any_variable_may_stand_in_a_file(tmp_path: Path) -> None:
    environment = {}
    for name, value in PRODUCTION.items():
        (tmp_path / name).write_text(f"{value}\n")
        environment[f"{name}_FILE"] = str(tmp_path / name)
    secret, base = read(tmp_path, environment, "SECRET_KEY", "BASE_URL")
    assert (secret, base) == (PRODUCTION["SECRET_KEY"], PRODUCTION["BASE_URL"])


EVERYTHING = {
    **PRODUCTION,
    "SECRET_KEY_FALLBACKS": "old-" * 16,
    "HASH_KEY": "hash" * 16,
    "DEFAULT_FROM_EMAIL": "hello@guild.example",
    "MAIL_EVENTS": "mailgun:" + "s" * 24,
    "MAILS_A_MINUTE": "11",
    "CAMPAIGN_MAILS_A_MINUTE": "7",
    "ALLOWED_HOSTS": "other.example",
    "TRUSTED_PROXIES": "10.0.0.0/8",
    "OUTBOUND_PRIVATE": "no",
    "EXPORT_DIR": "/srv/lists",
    "JOURNAL_FILE": "/srv/journal",
    "METRICS_TOKEN": "t" * 24,
    "DEBUG": "on",
    "LOG_LEVEL": "ERROR",
    "DJANGO_SUPERUSER_USERNAME": "ada",
    "DJANGO_SUPERUSER_EMAIL": "ada@guild.example",
    "DJANGO_SUPERUSER_PASSWORD": "long enough",
    "RUN_DIR": "/srv/run",
}
"""A value other than its default for each variable that settings.py reads."""
FLAGS = {"DEBUG", "OUTBOUND_PRIVATE"}
READ = (
    *("SECRET_KEY", "SECRET_KEY_FALLBACKS", "HASH_KEY", "DATABASES", "REDIS_URL", "BASE_URL"),
    *("EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "DEFAULT_FROM_EMAIL", "MAIL_PROVIDER"),
    *("MAILS_A_MINUTE", "CAMPAIGN_MAILS_A_MINUTE", "ALLOWED_HOSTS", "TRUSTED_PROXIES"),
    *("EXPORT_DIR", "JOURNAL_FILE", "METRICS_TOKEN", "LOGGING", "RUN_DIR", "DEMO_ADMIN", *FLAGS),
)
"""The settings that are made of them."""
OF_MAKE = {"PORT", "PETITION_LOCAL_SERVERS"}
"""Those that only `make` reads: see test_front_door.py."""


def test_each_variable_of_the_table_says_the_same_from_a_file(tmp_path: Path) -> None:
    rows = re.findall(
        r"^\| (`[A-Z_`, ]+`) \|", (ROOT / "README.md").read_text("utf-8"), flags=re.MULTILINE
    )
    named = {
        each if each[0] != "_" else f"DJANGO_SUPERUSER{each}"
        for row in rows
        for each in row.replace("`", "").split(", ")
    }
    assert named == EVERYTHING.keys() | OF_MAKE
    plain = read(tmp_path, EVERYTHING, *READ)
    files = {}
    for name, value in EVERYTHING.items():
        (tmp_path / name).write_text(f"{value}\n")
        files[f"{name}_FILE"] = str(tmp_path / name)
    assert read(tmp_path, files, *READ) == plain
    told = json.dumps(plain)
    for name in EVERYTHING.keys() - {"DATABASE_URL", "EMAIL_URL", "MAIL_EVENTS", *FLAGS}:
        assert EVERYTHING[name] in told, name


def test_a_variable_set_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("another")
    line = refused(tmp_path, {**PRODUCTION, "SECRET_KEY_FILE": str(file)})
    assert line == "SECRET_KEY and SECRET_KEY_FILE are both set; keep one"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    rest = {name: value for name, value in PRODUCTION.items() if name != "SECRET_KEY"}
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    (tmp_path / "empty").write_text("\n")
    for path in (tmp_path / "nowhere", tmp_path, tmp_path / "binary"):
        assert f"SECRET_KEY_FILE: {path} cannot be read" in refused(
            tmp_path, {**rest, "SECRET_KEY_FILE": str(path)}
        )
    line = refused(tmp_path, {**rest, "SECRET_KEY_FILE": str(tmp_path / "empty")})
    assert line.startswith("SECRET_KEY is needed in production")


# --- What the addresses mean -----------------------------------------------------------------

_MAIL = (
    "EMAIL_HOST",
    "EMAIL_PORT",
    "EMAIL_HOST_USER",
    "EMAIL_HOST_PASSWORD",
    "EMAIL_USE_SSL",
    "EMAIL_USE_TLS",
)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://mail.example", ["mail.example", 25, "", "", False, False]),
        ("smtp://mail.example:2525", ["mail.example", 2525, "", "", False, False]),
        ("smtps://u:p@mail.example", ["mail.example", 465, "u", "p", True, False]),
        ("submission://u:p@mail.example", ["mail.example", 587, "u", "p", False, True]),
        (
            "submission://hello%40example.org:a%2Fb%3A%40%25@mail.example:1587",
            ["mail.example", 1587, "hello@example.org", "a/b:@%", False, True],
        ),
    ],
)
def test_the_mail_server_is_read_from_its_address(
    tmp_path: Path, url: str, expected: list[Any]
) -> None:
    assert read(tmp_path, {**PRODUCTION, "EMAIL_URL": url}, *_MAIL) == expected


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgres://u:p@db.example/name", ("name", "u", "p", "db.example", "")),
        (
            "postgresql://u:p%40%2F@db.example:6432/my%20db",
            ("my db", "u", "p@/", "db.example", 6432),
        ),
        (
            "postgres://u@%2Fvar%2Frun%2Fpostgresql/name",
            ("name", "u", "", "/var/run/postgresql", ""),
        ),
        ("postgres://u:p@%2Frun%2Fpg:5433/name", ("name", "u", "p", "/run/pg", 5433)),
        ("postgres:///name", ("name", "", "", "", "")),
        (
            "postgres://u:p@[::1]:5432/name",
            ("name", "u", "p", "::1", 5432),
        ),
    ],
)
def test_the_database_is_read_from_its_address(
    tmp_path: Path, url: str, expected: tuple[Any, ...]
) -> None:
    [databases] = read(tmp_path, {**PRODUCTION, "DATABASE_URL": url}, "DATABASES")
    got = databases["default"]
    assert tuple(got[key] for key in ("NAME", "USER", "PASSWORD", "HOST", "PORT")) == expected


def test_options_of_the_database_are_handed_on(tmp_path: Path) -> None:
    url = PRODUCTION["DATABASE_URL"] + "?sslmode=require&application_name=petition%201"
    [databases] = read(tmp_path, {**PRODUCTION, "DATABASE_URL": url}, "DATABASES")
    options = databases["default"]["OPTIONS"]
    assert options.pop("pool")["max_size"] > 0
    ours = {"options": "-c jit=off"}
    assert options == {**ours, "sslmode": "require", "application_name": "petition 1"}


def test_proxies_and_hosts_are_lists_by_comma(tmp_path: Path) -> None:
    environment = {
        **PRODUCTION,
        "TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8,192.0.2.7",
        "ALLOWED_HOSTS": "a.example, b.example",
    }
    networks, hosts = read(tmp_path, environment, "TRUSTED_PROXIES", "ALLOWED_HOSTS")
    assert networks == ["10.0.0.0/8", "fd00::/8", "192.0.2.7/32"]
    assert hosts == ["a.example", "b.example", "petition.example"]


def test_production_trusts_nobody_unless_told(tmp_path: Path) -> None:
    debug, networks, header, hosts = read(
        tmp_path, PRODUCTION, "DEBUG", "TRUSTED_PROXIES", "SECURE_PROXY_SSL_HEADER", "ALLOWED_HOSTS"
    )
    assert (debug, networks, header, hosts) == (False, [], None, ["petition.example"])


def test_production_never_calls_into_private_networks(tmp_path: Path) -> None:
    line = refused(tmp_path, {**PRODUCTION, "OUTBOUND_PRIVATE": "true"})
    assert line.startswith("OUTBOUND_PRIVATE is for development")
    assert read(tmp_path, PRODUCTION, "OUTBOUND_PRIVATE") == [False]
