"""The public list as files: readers ask for them, the worker writes them, erasure replaces them.

In ``settings.EXPORT_DIR``, for each campaign and form:

- ``art.csv`` is the list; its time of change is the instant up to which it has everything,
- ``art.csv.asked`` is empty; its time of change is when somebody last asked for it,
- ``art.csv.part`` is being written,
- ``lock`` is held by the one process that writes and deletes, and touched while it is at work.

A file that somebody asked for since it was written is written again while the list changes; one
that nobody asked for is deleted, so that who left the list is on no disk a minute later. Whoever
asks and finds no file waits for the worker. Where none comes (no worker, no queue, no directory
that both see) the list is written into a file without a name, for this reader alone.
"""

import fcntl
import os
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone

from campaign import export, going_on, publication, queue, settling
from campaign.errors import NotFound, NotReady
from campaign.models.campaign import Campaign

TASK = "campaign.export"
FRESH = timedelta(seconds=50)
"""How old a file may be when a download begins; with `KEPT` it is less than a minute everywhere."""
KEPT = 5
"""Seconds that anybody may keep a download, and as many again while they ask for a newer one."""
REWRITTEN_AFTER = timedelta(seconds=30)
"""The pause between two files of a list that changes."""
LATE = settling.CLOCKS
"""What is stamped so long before a file's instant is surely in it, since no two clocks differ by more.
A transaction may commit as late as it likes: it began after that instant (`export.write`)."""

SMALL = 1 << 20
"""Bytes that are handed to the web server at once: it then holds them, and no thread."""
SEATS = 2
"""Threads of a process that larger downloads may hold, or who waits for a file: half of them."""
SEAT_WITHIN = 0.5
"""Seconds to wait for one of them."""
PICKED_UP_WITHIN = 3.0
"""Seconds without a sign of the worker after which a reader waits no longer."""
WRITTEN_WITHIN = 25.0
"""Seconds to wait for a worker that writes; proxies give up after 30 and more."""
_STEP = 0.05
_BEAT = 0.5
_CHUNK = 1 << 18

_seats = threading.BoundedSemaphore(SEATS)


class Download:
    """An open file of the list, a minute old at most; to be closed, by whoever has it last."""

    def __init__(self, file: IO[bytes], seats: threading.Semaphore | None = None) -> None:
        self._file = file
        # By the collector too: a seat that an error kept would be gone for good.
        self._leave = weakref.finalize(self, _leave, file, seats)
        stat = os.fstat(file.fileno())
        self.size = stat.st_size
        self.as_of = datetime.fromtimestamp(stat.st_mtime, UTC)
        self.etag = f'"{stat.st_ctime_ns:x}-{stat.st_size:x}"'
        """Names these bytes by when they were written; two files may be of the same instant."""

    def __iter__(self) -> Iterator[bytes]:
        while chunk := self._file.read(_CHUNK):
            yield chunk

    def close(self) -> None:
        self._leave()


def _leave(file: IO[bytes], seats: threading.Semaphore | None) -> None:
    file.close()
    if seats is not None:
        seats.release()


def sent(found: Download) -> HttpResponse | StreamingHttpResponse:
    """A file as an answer: what is small is handed over at once, so that a slow reader holds the web server's
    memory and none of its threads; a larger one is read as it leaves."""
    if found.size > SMALL:
        return StreamingHttpResponse(found)
    try:
        return HttpResponse(b"".join(found))
    finally:
        found.close()


def attached(found: Download, name: str, content_type: str) -> HttpResponse | StreamingHttpResponse:
    """A private file as an answer, to be saved under that name, and kept by nobody on the way."""
    response = sent(found)
    response["Content-Type"] = content_type
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Content-Length"] = str(found.size)
    response["Cache-Control"] = "no-store"
    return response


# --- Readers ---------------------------------------------------------------------------------


def download(campaign: Campaign, form: str) -> Download:
    """The list as a file, a minute old at most.

    1. The file at hand, if it is fresh: young, or nothing has changed since.
    2. Else the worker is told, and waited for while it shows that it is at work.
    3. Else the list is written here, for this reader alone.

    What is larger than `SMALL`, and who waits, takes one of the process's `SEATS`. Raises NotReady.
    """
    path = _path(campaign, form)
    _ask(path)
    file = _open_current(campaign, path)
    if file is not None and os.fstat(file.fileno()).st_size <= SMALL:
        return Download(file)
    if not _seats.acquire(timeout=SEAT_WITHIN):
        if file is not None:
            file.close()
        raise NotReady
    try:
        file = file or _awaited(campaign, path) or _written_here(campaign, form)
        return Download(file, _seats)
    except BaseException:
        _seats.release()
        raise


def written_for_one(write: Callable[[IO[bytes]], None]) -> Download:
    """What ``write`` writes, in a file without a name, for this reader alone. Raises NotReady."""
    if not _seats.acquire(timeout=SEAT_WITHIN):
        raise NotReady
    try:
        return Download(_nameless(write), _seats)
    except BaseException:
        _seats.release()
        raise


def opened(path: Path) -> Download | None:
    """A file that lies ready, for one reader; None where there is none. Raises NotReady."""
    if not _seats.acquire(timeout=SEAT_WITHIN):
        raise NotReady
    try:
        return Download(path.open("rb"), _seats)
    except FileNotFoundError:
        _seats.release()
        return None
    except BaseException:
        _seats.release()
        raise


def _path(campaign: Campaign, form: str) -> Path:
    return Path(settings.EXPORT_DIR) / f"{campaign.slug}.{form}"


def _asked(path: Path) -> Path:
    return path.with_name(f"{path.name}.asked")


def _lock(folder: Path) -> Path:
    return folder / "lock"


def _part(path: Path) -> Path:
    return path.with_name(f"{path.name}.part")


def _ask(path: Path) -> None:
    # Without the directory readers are served all the same, each by a file of their own.
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _asked(path).touch()
        # By our clock, which the instants of the lists are of; the directory's may be another.
        os.utime(_asked(path), (time.time(), time.time()))


def _open_current(campaign: Campaign, path: Path) -> IO[bytes] | None:
    try:
        file = path.open("rb")
    except OSError:
        return None
    try:
        if _is_current(campaign, datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)):
            return file
    except BaseException:
        file.close()
        raise
    file.close()
    return None


def _is_current(campaign: Campaign, as_of: datetime) -> bool:
    """Whether a file of that instant may be handed out."""
    if as_of < campaign.created_at:  # of another database, whose campaign had this slug
        return False
    return -LATE <= timezone.now() - as_of <= FRESH or not _is_outdated(campaign, as_of)


def _is_outdated(campaign: Campaign, as_of: datetime) -> bool:
    """Whether the list may have changed since that instant."""
    return as_of < campaign.created_at or publication.changed_since(campaign, as_of - LATE)


def _awaited(campaign: Campaign, path: Path) -> IO[bytes] | None:
    """The file that the worker writes now; None when no worker shows itself, or none in time."""
    if not queue.tell(TASK):
        return None
    told, before = time.time(), _written_at(path)
    for _ in range(int(WRITTEN_WITHIN / _STEP)):
        if time.time() - max(told, _changed_at(_lock(path.parent))) >= PICKED_UP_WITHIN:
            return None
        time.sleep(_STEP)
        if _written_at(path) != before:
            return _open_current(campaign, path)
    return None


def _changed_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _written_at(path: Path) -> int:
    """When a file came there, in nanoseconds: another time for each, whatever instant it is of."""
    try:
        return path.stat().st_ctime_ns
    except OSError:
        return 0


def _written_here(campaign: Campaign, form: str) -> IO[bytes]:
    return _nameless(lambda file: _write(campaign, form, file))


def _nameless(write: Callable[[IO[bytes]], None]) -> IO[bytes]:
    """A file without a name, gone with the last that reads it, whatever happens."""
    # Closed by the Download that it is for.
    file = tempfile.TemporaryFile(buffering=_CHUNK)  # noqa: SIM115
    try:
        write(file)
        file.flush()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _write(campaign: Campaign, form: str, file: IO[bytes]) -> None:
    """Write the list and set the file's time of change to the instant that the list is of."""
    as_of = export.write(campaign, form, file)
    file.flush()
    nanoseconds = int(as_of.timestamp() * 1_000_000) * 1000
    os.utime(file.fileno(), ns=(nanoseconds, nanoseconds))


# --- The worker ------------------------------------------------------------------------------


def refresh() -> None:
    """Write what was asked for and is not fresh, and delete what must not stay.

    One process at a time does so; whoever comes meanwhile leaves it to that one, or to the next tick.
    A file that cannot be written keeps none of the others; the first such failure is raised at the end.
    """
    folder = Path(settings.EXPORT_DIR)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder) as alone:
        if not alone:
            return
        for leftover in folder.glob("*.part"):  # of a process that was killed
            leftover.unlink(missing_ok=True)
        settled: set[Path] = set()
        with going_on.after(OSError, DatabaseError) as each:
            # Looked up again after each: somebody may have asked while a long one was written.
            while path := next(iter(_known(folder) - settled), None):
                settled.add(path)
                with each:
                    _settle(path)


@contextmanager
def _alone(folder: Path) -> Iterator[bool]:
    """Whether this process is the one that writes there now; the lock goes with the process."""
    with _lock(folder).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        with _signs_of_life(lock.fileno()):
            yield True


@contextmanager
def _signs_of_life(lock: int) -> Iterator[None]:
    """Touch the lock now and then, so that who waits for a file knows that somebody is at work."""
    done = threading.Event()

    def beat() -> None:
        while not done.is_set():
            os.utime(lock, (time.time(), time.time()))
            done.wait(_BEAT)

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def _known(folder: Path) -> set[Path]:
    """Every file that is there or asked for."""
    files = {path for form in export.FORMS for path in folder.glob(f"*.{form}")}
    return files | {marker.with_suffix("") for marker in folder.glob("*.asked")}


def _settle(path: Path) -> None:
    """Write one file again, leave it, or delete it."""
    slug, _dot, form = path.name.partition(".")
    try:
        campaign = publication.find_campaign(slug)
    except NotFound:
        return _delete(path)
    changed_at, asked_at = _changed_at(path), _changed_at(_asked(path))
    as_of = datetime.fromtimestamp(changed_at, UTC)
    if changed_at and not _is_outdated(campaign, as_of):
        return None
    age = timezone.now() - as_of
    may_stay = timedelta(0) <= age <= FRESH
    if asked_at > changed_at and not timedelta(0) <= age < REWRITTEN_AFTER:
        try:
            return _replace(campaign, form, path)
        except BaseException:
            if not may_stay:  # on a full disk too, who left the list goes
                path.unlink(missing_ok=True)
            raise
    if not may_stay:
        return _delete(path)
    return None


def _replace(campaign: Campaign, form: str, path: Path) -> None:
    part = _part(path)
    try:
        with part.open("wb", buffering=_CHUNK) as file:
            _write(campaign, form, file)
            os.fsync(file.fileno())  # else a power cut may leave a shorter list under this name
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _delete(path: Path) -> None:
    for each in (path, _asked(path)):
        each.unlink(missing_ok=True)
