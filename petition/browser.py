"""A Chromium for the tests that run in one: the machine's, else Debian's, else Playwright's own.

Standard library only: the tests ask for it before they begin.
"""

import fcntl
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACE = "PLAYWRIGHT_BROWSERS_PATH"
OURS = Path(os.environ.get(PLACE) or Path(sys.prefix) / "browsers")
"""Where Playwright's own is put: in the venv, since not everybody has a home to write in."""

Say = Callable[[str], None]


class NoBrowser(Exception):
    """Why there is none: one line for the person at the terminal."""


def bring(folder: Path, say: Say) -> Path:
    """A Chromium that starts, fetched where there is none. Raises NoBrowser.

    Test processes ask at the same time: with the same `folder` one of them looks, and the others
    take its answer, also when it is that there is none.
    """
    with (folder / "browser.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = folder / "browser.json"
        if not answer.exists():
            path, why = _look(folder, say)
            answer.write_text(json.dumps({"path": str(path) if path else "", "why": why}))
        found = json.loads(answer.read_text())
    if not found["path"]:
        raise NoBrowser(found["why"])
    return Path(found["path"])


def environment(home: Path) -> dict[str, str]:
    """Ours, with a home to write in: Debian's Chromium doesn't start without one."""
    places = ("HOME", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR")
    return {**os.environ, **dict.fromkeys(places, str(home))}


def _look(folder: Path, say: Say) -> tuple[Path | None, str]:
    """What starts, or why nothing does; nothing is fetched where one is at hand."""
    with tempfile.TemporaryDirectory(prefix="chromium-", dir=folder) as home:
        around = environment(Path(home)) | {PLACE: str(OURS)}
        if found := _on_path(around) or _playwrights(around):
            return found, ""
        tried = ["none on the PATH starts"]
        if os.geteuid() != 0:
            tried.append("apt-get is for root")
        elif not shutil.which("apt-get"):
            tried.append("no apt-get")
        else:
            say("no Chromium on the PATH: installing Debian's by apt-get ...")
            why = _apt()
            if found := _on_path(around):
                return found, ""
            tried.append(f"apt-get: {why or 'what it installed does not start'}")
        say(f"no Chromium on the PATH: downloading Playwright's own to {OURS} ...")
        download = [sys.executable, "-m", "playwright", "install", "--no-shell", "chromium"]
        why = _failure(download, around, seconds=300)
        if found := _playwrights(around):
            return found, ""
        tried.append(f"Playwright: {why or 'what it downloaded does not start'}")
        return None, "; ".join(tried)


_WHERE = """\
from playwright.sync_api import sync_playwright
with sync_playwright() as playwright:
    print(playwright.chromium.executable_path)
"""


def _on_path(around: dict[str, str]) -> Path | None:
    paths = (Path(path) for name in NAMES if (path := shutil.which(name)))
    return next((path for path in paths if _starts(path, around)), None)


def _playwrights(around: dict[str, str]) -> Path | None:
    if not OURS.is_dir():
        return None
    asked = subprocess.run(
        [sys.executable, "-c", _WHERE], env=around, capture_output=True, text=True, check=False
    )
    path = Path(asked.stdout.strip() or "/nowhere")
    return path if _starts(path, around) else None


def _starts(path: Path, around: dict[str, str]) -> bool:
    """Whether it does more than lie there: Ubuntu's asks for a snap, another lacks a library."""
    return path.exists() and not _failure([str(path), "--version"], around, seconds=60)


def _apt() -> str:
    """Install Debian's; why that failed, or ""."""
    around = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=60"]
    install = [*apt, "--no-install-recommends", "install", "chromium"]
    # One source that is away fails the update, and needn't be the one that has Chromium.
    _failure([*apt, "update"], around, seconds=120)
    # Apart, so that time runs out for a slow mirror, not half-way through dpkg.
    return _failure([*install, "--download-only"], around, seconds=300) or _failure(
        install, around, seconds=600
    )


def _failure(command: list[str], around: dict[str, str], *, seconds: float) -> str:
    """Run a command, quietly: "" if it succeeds, else the line that says why not."""
    try:
        done = subprocess.run(
            command,
            env=around,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
            timeout=seconds,
        )
    except subprocess.TimeoutExpired:
        return f"not done within {seconds:.0f} s"
    except OSError as error:
        return str(error.strerror)
    if not done.returncode:
        return ""
    said = [line.strip() for line in done.stdout.splitlines() if line.strip()]
    wrong = [line for line in said if line.startswith(("E:", "Error:"))]
    return [*wrong[:1], *said[-1:], f"it ended with {done.returncode}"][0]
