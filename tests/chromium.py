"""A real Chromium for tests, and what is said at the end of tests that found none."""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import expect, sync_playwright

from petition.browser import NoBrowser, bring, environment
from tests.e2e.until import PATIENCE

FIXTURE = "chromium"
"""Whoever takes it runs in a browser."""
LEFT_OUT = "runs in Chromium, and there is none: "
MEASURED = "measured"
"""The property of a test whose value is printed at the end."""


@contextmanager
def launched() -> Iterator[Any]:
    """An empty browser; the tests are left out where there is none.

    While Playwright runs, Django's database refuses to be asked in this thread: so a fixture of it
    lasts for a folder of tests that ask none, and no longer.
    """
    with tempfile.TemporaryDirectory(prefix="chromium-") as home:
        wishes = options(home=Path(home))
        expect.set_options(timeout=PATIENCE * 1000)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**wishes)
            try:
                yield browser
            finally:
                browser.close()


def options(*, home: Path) -> dict[str, Any]:
    """What Playwright must know to launch it; skips the test where there is none."""
    try:
        path = bring(settings.RUN_DIR, say)
    except NoBrowser as error:
        pytest.skip(f"{LEFT_OUT}{error}")
    # As root Chromium has no sandbox, in most containers nobody has, and all it opens is ours.
    return {"executable_path": path, "args": ["--no-sandbox"], "env": environment(home)}


def say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


def make_sure(session: pytest.Session) -> None:
    """Have a browser before the first test begins, if any of these runs in one."""
    if session.config.option.collectonly:
        return
    if any(FIXTURE in getattr(item, "fixturenames", ()) for item in session.items):
        capture = session.config.pluginmanager.getplugin("capturemanager")
        # Where there is none, each test says so, and `last_words`.
        with capture.global_and_fixture_disabled(), suppress(NoBrowser):
            bring(settings.RUN_DIR, say)


def last_words(stats: dict[str, list[Any]]) -> Iterator[str]:
    """What tests in a browser measured, and how many didn't run, and why."""
    for report in stats.get("passed", []):
        yield from (value for name, value in report.user_properties if name == MEASURED)
    reasons = [str(report.longrepr[2]) for report in stats.get("skipped", [])]
    without = [reason.partition(LEFT_OUT)[2] for reason in reasons if LEFT_OUT in reason]
    if without:
        tests = "test" if len(without) == 1 else "tests"
        yield f"{len(without)} browser {tests} did not run, as there is no Chromium: {without[0]}"
