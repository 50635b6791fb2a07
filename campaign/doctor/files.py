"""The directory that web and workers share, the journal, and what pages are drawn with."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage

from campaign.doctor.findings import Finding, fail, ok, wanted, warn

STYLES = "campaign/petition.css"
FREE = 1 << 30
LATELY = 120
"""Seconds: the worker looks after the files every 10."""


def static() -> Iterator[Finding]:
    """Whether the files that pages are drawn with were collected; no page answers without."""
    try:
        staticfiles_storage.url(STYLES)
    except ValueError:
        yield fail("static files are missing: every page is an error", "manage.py collectstatic")
    else:
        yield ok("static files are there")


def journal() -> Iterator[Finding]:
    """Whether it can be written down who leaves, where a lost database doesn't take it along."""
    path = Path(settings.JOURNAL_FILE)
    folder = path.parent
    there = fail(f"{folder} is no directory that we may write in", "make it, or set JOURNAL_FILE")
    # Written first by root, as by a command of the console, it is nobody else's to write in.
    # Not path.exists(), which is an error in a folder that can't be entered.
    there_is = os.path.exists(path)  # noqa: PTH110
    ours = not there_is or (path.is_file() and os.access(path, os.R_OK | os.W_OK))
    if not ours:
        yield fail(
            f"{path} is no file that we may write in: who leaves is not on record",
            "give it to the account that web and workers run as",
        )
    else:
        yield wanted(_writable(folder), f"the journal is in {folder}", there)
    if path.is_relative_to(settings.RUN_DIR):
        yield warn(
            "the journal of who has left is where it was put for development",
            "set JOURNAL_FILE: shared by all web servers, not on the database's disk",
        )


def _writable(folder: Path) -> bool:
    # In this order: to ask what a folder is that can't be got to is an error too.
    return os.access(folder, os.W_OK | os.X_OK) and folder.is_dir()


def export_dir() -> Iterator[Finding]:
    folder = Path(settings.EXPORT_DIR)
    if not _writable(folder):
        yield fail(f"{folder} is no directory that we may write in", "make it, or set EXPORT_DIR")
        return
    yield ok(f"{folder} is writable")
    free = shutil.disk_usage(folder).free
    said = f"its disk has {free >> 20} MB free"
    yield wanted(free >= FREE, said, warn(said, "make room: lists are written there as files"))
    lock = folder / "lock"
    seen = lock.exists() and time.time() - lock.stat().st_mtime < LATELY
    alone = warn(
        "no worker has been at work there in the last minutes",
        "give web and workers the same EXPORT_DIR: a shared volume",
    )
    yield wanted(seen, "a worker shares it", alone)
