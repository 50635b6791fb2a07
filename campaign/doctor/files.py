"""The directory that web and workers share."""

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from campaign.doctor.findings import Finding, fail, ok, wanted, warn

FREE = 1 << 30
LATELY = 120
"""Seconds: the worker looks after the files every 10."""


def export_dir() -> Iterator[Finding]:
    folder = Path(settings.EXPORT_DIR)
    if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
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
