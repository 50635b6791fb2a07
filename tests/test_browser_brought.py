"""Which Chromium the tests in a browser get, from where, and what is said where there is none.

The commands on the PATH are small scripts, so that nothing is installed; the download is Playwright's
own, from a server of ours.
"""

import io
import os
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from petition.household import ROOT

NOWHERE = "http://127.0.0.1:1"
STARTS = "#!/bin/sh\necho Chromium 156\n"
FAILS = "#!/bin/sh\necho needs a snap >&2\nexit 1\n"
ASK = """
import sys
from pathlib import Path
from petition.browser import NoBrowser, bring
try:
    print("found", bring(Path(sys.argv[1]), lambda line: print("said", line)))
except NoBrowser as error:
    print("none", error)
"""
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root installs packages")


class Machine:
    """What is on the PATH of somebody who asks for a browser, and what they are told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.bin = folder / "bin"
        self.calls = folder / "calls"
        self.downloads = NOWHERE
        self.bin.mkdir()

    def has(self, name: str, script: str) -> None:
        (self.bin / name).write_text(script)
        (self.bin / name).chmod(0o755)

    def has_apt(self, *, installing: str) -> None:
        """An apt-get that writes down how it is called and, when it installs, runs this."""
        case = f'case "$*" in *update|*--download-only*) ;; *) {installing} ;; esac'
        self.has("apt-get", f'#!/bin/sh\necho "$*" >> {self.calls}\n{case}\n')

    def ask(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", ASK, str(self.folder)],
            cwd=ROOT,
            env={
                "PATH": str(self.bin),
                "HOME": "/nonexistent",
                "PLAYWRIGHT_BROWSERS_PATH": str(self.folder / "browsers"),
                "PLAYWRIGHT_DOWNLOAD_HOST": self.downloads,
            },
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(self) -> list[str]:
        out, _ = self.ask().communicate(timeout=120)
        return out.splitlines()

    def apt_calls(self) -> list[str]:
        if not self.calls.exists():
            return []
        options = "-qq -y -o DPkg::Lock::Timeout=60 "
        return [line.removeprefix(options) for line in self.calls.read_text().splitlines()]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
def downloads() -> Iterator[str]:
    """A server with the archives that Playwright wants: its programs start, and say so."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            file = io.BytesIO()
            with zipfile.ZipFile(file, "w") as archive:
                for name in ("chrome-linux/chrome", "chrome-linux64/chrome", "ffmpeg-linux"):
                    program = zipfile.ZipInfo(name)
                    program.external_attr = 0o755 << 16
                    archive.writestr(program, STARTS)
            self.send_response(200)
            self.send_header("Content-Length", str(len(file.getvalue())))
            self.end_headers()
            self.wfile.write(file.getvalue())

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_one_on_the_path_is_taken_and_nothing_fetched(machine: Machine) -> None:
    machine.has_apt(installing="true")
    machine.has("google-chrome", STARTS)
    assert machine.told() == [f"found {machine.bin}/google-chrome"]
    assert machine.apt_calls() == []


def test_one_that_does_not_start_is_passed_over(machine: Machine) -> None:
    machine.has("chromium", FAILS)
    machine.has("chromium-browser", STARTS)
    assert machine.told() == [f"found {machine.bin}/chromium-browser"]


@as_root
def test_root_gets_debians_by_apt_which_two_who_ask_at_once_install_once(machine: Machine) -> None:
    machine.has("real", STARTS)
    machine.has_apt(installing=f"/bin/sleep 0.5; /bin/cp {machine.bin}/real {machine.bin}/chromium")
    both = [machine.ask(), machine.ask()]
    told = [process.communicate(timeout=60)[0].splitlines() for process in both]
    said = "said no Chromium on the PATH: installing Debian's by apt-get ..."
    found = f"found {machine.bin}/chromium"
    assert sorted(told) == [[found], [said, found]]
    install = "--no-install-recommends install chromium"
    assert machine.apt_calls() == ["update", f"{install} --download-only", install]


@as_root
def test_where_there_is_none_the_reason_tells_all_that_was_tried(machine: Machine) -> None:
    machine.has("chromium", FAILS)
    machine.has_apt(installing="echo E: Unable to locate package chromium >&2; exit 100")
    *_said, told = machine.told()
    none, apt, playwright = told.split("; ")
    assert none == "none none on the PATH starts"
    assert apt == "apt-get: E: Unable to locate package chromium"
    assert playwright.startswith("Playwright: Error: connect ECONNREFUSED 127.0.0.1:1")
    # Remembered: the next who asks is told at once, and nothing is tried again.
    before = machine.apt_calls()
    assert machine.told() == [told]
    assert machine.apt_calls() == before


@pytest.mark.skipif(sys.platform != "linux", reason="the archives are Linux's")
def test_who_has_no_apt_and_no_home_gets_playwrights_own(machine: Machine, downloads: str) -> None:
    machine.downloads = downloads
    if os.geteuid() != 0:
        machine.has_apt(installing="true")  # is for root
    said, found = machine.told()
    browsers = machine.folder / "browsers"
    assert said == (f"said no Chromium on the PATH: downloading Playwright's own to {browsers} ...")
    assert found.startswith(f"found {browsers}/chromium-")
    assert machine.apt_calls() == []
    # The next run finds it there.
    (machine.folder / "browser.json").unlink()
    machine.downloads = NOWHERE
    assert machine.told() == [found]


def test_the_last_line_says_how_many_tests_did_not_run_and_why(machine: Machine) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "tests/browser/test_ground.py", "-n", "1"],
        cwd=ROOT,
        env={
            **os.environ,
            "PATH": str(machine.bin),
            "RUN_DIR": str(machine.folder),
            "PLAYWRIGHT_BROWSERS_PATH": str(machine.folder / "browsers"),
            "PLAYWRIGHT_DOWNLOAD_HOST": NOWHERE,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    *_, told, numbers = done.stdout.splitlines()
    assert told.startswith("4 browser tests did not run, as there is no Chromium: none on the PATH")
    assert numbers.startswith("4 skipped")
    assert done.stderr.count("downloading Playwright's own") == 1
