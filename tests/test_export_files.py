"""CSV and JSON Lines as files: never older than a minute, never a name longer than that, for any reader."""

import fcntl
import gc
import os
import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.http import http_date

from campaign import export, files, leaving, queue, tasks
from campaign.models import Campaign, Signature
from tests.e2e.until import until
from tests.factories import make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db

URL = "/api/v1/campaigns/art/signers.csv"
NOW = datetime(2026, 6, 1, 12, 0, tzinfo=UTC)
MARGIN = files.LATE + timedelta(seconds=1)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as coordinates:
        yield coordinates


@pytest.fixture
def art(clock: time_machine.Traveller) -> Campaign:
    """A campaign of one signer, whose list hasn't changed for a while."""
    clock.move_to(NOW - MARGIN)
    campaign = make_campaign(publication="after_verification")
    make_signature(campaign, name="Zoë Moreau")
    clock.move_to(NOW)
    return campaign


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file is too large to be handed over at once."""
    monkeypatch.setattr(files, "SMALL", -1)


@pytest.fixture(autouse=True)
def seats(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "_seats", threading.BoundedSemaphore(files.SEATS))


def body(response: Any) -> str:
    raw: Any = b"".join(response) if response.streaming else response.content
    return bytes(raw).decode()


def leave(response: Any) -> None:
    """Go before the end; Django's own `close` would end the test's connection too."""
    for close in response._resource_closers:
        close()


def path(form: str = "csv") -> Path:
    return Path(settings.EXPORT_DIR) / f"art.{form}"


def written(client: Client, form: str = "csv") -> Path:
    """The file that the worker writes because somebody asked."""
    body(client.get(f"/api/v1/campaigns/art/signers.{form}"))
    tasks.export()
    assert path(form).exists()
    return path(form)


def seats_free() -> int:
    taken = 0
    while files._seats.acquire(blocking=False):
        taken += 1
    for _ in range(taken):
        files._seats.release()
    return taken


def etag_of(file: Path) -> str:
    download = files.Download(file.open("rb"))
    download.close()
    return download.etag


# --- Whose file is served --------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_the_workers_file_is_what_a_reader_gets(client: Client, art: Campaign, form: str) -> None:
    file = written(client, form)
    with CaptureQueriesContext(connection) as queries:
        response = client.get(f"/api/v1/campaigns/art/signers.{form}")
    assert len(queries) == 1  # is the campaign there?
    assert body(response) == file.read_bytes().decode()
    assert response["Content-Length"] == str(file.stat().st_size)
    assert response["Last-Modified"] == http_date(NOW.timestamp())
    assert response["Cache-Control"] == "public, max-age=5, stale-while-revalidate=5"


@pytest.mark.usefixtures("large")
def test_a_larger_file_is_read_as_it_leaves(client: Client, art: Campaign) -> None:
    file = written(client)
    response = client.get(URL)
    assert response.streaming
    assert seats_free() == files.SEATS - 1
    assert body(response) == file.read_bytes().decode()
    assert response["Content-Length"] == str(file.stat().st_size)
    assert seats_free() == files.SEATS


def test_without_a_file_the_list_is_written_for_its_reader_alone(
    client: Client, art: Campaign
) -> None:
    response = client.get(URL)
    assert "Zoë Moreau" in body(response)
    assert [each.name for each in Path(settings.EXPORT_DIR).iterdir()] == ["art.csv.asked"]


def test_without_a_queue_and_without_the_directory_it_is_there_all_the_same(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(queue._line, "_quiet_until", float("inf"))
    (tmp_path / "file").touch()
    monkeypatch.setattr(settings, "EXPORT_DIR", tmp_path / "file" / "exports")
    assert "Zoë Moreau" in body(client.get(URL))


def test_who_waits_gets_the_file_that_the_worker_writes_meanwhile(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "PICKED_UP_WITHIN", 60.0)
    # The worker does its work while this one waits for its next look.
    monkeypatch.setattr("time.sleep", lambda _seconds: tasks.export())
    etag = client.get(URL)["ETag"]
    assert path().exists()
    assert etag == etag_of(path())


def test_who_waits_goes_on_waiting_while_the_worker_is_at_work(
    client: Client,
    art: Campaign,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(files, "PICKED_UP_WITHIN", 3.0)
    seconds_of_work, looks = 10, 0

    def a_second_of_work(_step: float) -> None:
        nonlocal looks
        looks += 1
        clock.shift(timedelta(seconds=1))
        if looks < seconds_of_work:
            (path().parent / "lock").touch()
            os.utime(path().parent / "lock", (time.time(), time.time()))
        elif looks == seconds_of_work:
            tasks.export()

    monkeypatch.setattr("time.sleep", a_second_of_work)
    assert client.get(URL)["ETag"] == etag_of(path())
    assert looks == 10
    # The control: of a worker that does nothing nobody expects anything for long.
    clock.shift(files.FRESH + timedelta(seconds=1))
    make_signature(art, name="Second Signer")
    seconds_of_work, looks = 0, 0
    assert "Second Signer" in body(client.get(URL))
    assert looks == 3
    assert "Second Signer" not in path().read_text()


def test_a_worker_shows_that_it_is_at_work(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_BEAT", 0.01)
    lock = path().parent / "lock"
    seen: list[float] = []

    def slow(*_args: Any) -> datetime:
        os.utime(lock, (0, 0))
        until(lambda: lock.stat().st_mtime > 0, within=10, what="the lock is touched")
        seen.append(lock.stat().st_mtime)
        return datetime.now(UTC)

    monkeypatch.setattr(export, "write", slow)
    body(client.get("/api/v1/campaigns/art/"))
    files._ask(path())
    tasks.export()
    assert len(seen) == 1


def test_before_the_opening_there_is_no_file(
    client: Client, art: Campaign, clock: time_machine.Traveller
) -> None:
    file = written(client)
    Campaign.objects.update(opens_at=NOW + timedelta(days=1))
    assert client.get(URL).status_code == 404
    tasks.export()
    assert not file.exists()
    assert client.get(URL).status_code == 404
    tasks.export()
    assert [each.name for each in Path(settings.EXPORT_DIR).iterdir()] == ["lock"]


def test_a_file_of_a_campaign_that_had_this_slug_before_is_not_served(
    client: Client, art: Campaign
) -> None:
    file = written(client)
    file.write_text("the list of another database")
    os.utime(file, (art.created_at.timestamp() - 1,) * 2)
    assert "Zoë Moreau" in body(client.get(URL))
    tasks.export()
    assert "another" not in file.read_text()


# --- How old it may be -----------------------------------------------------------------------


def test_an_old_file_of_a_list_that_did_not_change_is_as_good_as_new(
    client: Client, art: Campaign, clock: time_machine.Traveller
) -> None:
    file = written(client)
    etag = client.get(URL)["ETag"]
    clock.shift(timedelta(days=30))
    tasks.export()
    assert file.exists()
    assert client.get(URL)["ETag"] == etag


def test_who_left_is_in_no_download_a_minute_later(
    client: Client, art: Campaign, clock: time_machine.Traveller
) -> None:
    file = written(client)
    clock.shift(timedelta(seconds=1))
    leaving.withdraw(manage_token(Signature.objects.get()))
    assert "Zoë Moreau" in body(client.get(URL))
    # Of the file at hand, by whoever keeps its copy as long as they may.
    clock.move_to(NOW + files.FRESH + timedelta(seconds=1))
    assert "Zoë Moreau" in file.read_text()
    assert "Zoë Moreau" not in body(client.get(URL))
    assert files.FRESH + timedelta(seconds=2 * files.KEPT) <= timedelta(minutes=1)


def test_what_changed_just_before_the_file_was_written_may_be_missing_in_it(
    client: Client, art: Campaign, clock: time_machine.Traveller
) -> None:
    """It may have been committed just after: so the file is not taken for unchanged."""
    file = written(client)
    Signature.objects.update(updated_at=NOW - files.LATE + timedelta(seconds=1))
    clock.shift(files.FRESH + timedelta(seconds=1))
    assert client.get(URL)["ETag"] != etag_of(file)


def test_a_list_that_changes_is_written_at_most_every_thirty_seconds_and_only_if_asked_for(
    client: Client, art: Campaign, clock: time_machine.Traveller
) -> None:
    file = written(client)

    def age() -> int:
        return round(datetime.now(UTC).timestamp() - file.stat().st_mtime)

    make_signature(art, name="Second Signer")
    clock.shift(timedelta(seconds=29))
    client.get(URL)
    tasks.export()
    assert age() == 29
    clock.shift(timedelta(seconds=1))
    tasks.export()
    assert age() == 0
    assert "Second Signer" in file.read_text()
    # Nobody has asked for this one.
    make_signature(art, name="Third Signer")
    clock.shift(files.FRESH)
    tasks.export()
    assert file.exists()
    clock.shift(timedelta(seconds=1))
    tasks.export()
    assert [each.name for each in Path(settings.EXPORT_DIR).iterdir()] == ["lock"]


# --- What stays on the disk ------------------------------------------------------------------


def test_what_a_killed_writer_left_is_deleted(client: Client, art: Campaign) -> None:
    written(client)
    part = path().with_name("art.csv.part")
    part.write_text("Gone Soon")
    tasks.export()
    assert not part.exists()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_else(
    client: Client,
    art: Campaign,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = written(client)
    before = file.read_bytes()
    make_signature(art, name="Second Signer")
    clock.shift(files.REWRITTEN_AFTER)
    client.get(URL)

    def fail(_campaign: Campaign, _form: str, out: Any) -> datetime:
        out.write(b"half a li")
        raise OSError("no space left on device")

    monkeypatch.setattr(export, "write", fail)
    with pytest.raises(OSError, match="no space"):
        tasks.export()
    assert file.read_bytes() == before
    assert sorted(each.name for each in Path(settings.EXPORT_DIR).iterdir()) == [
        "art.csv",
        "art.csv.asked",
        "lock",
    ]


def test_on_a_full_disk_who_left_goes_and_the_other_files_are_kept_up(
    client: Client,
    art: Campaign,
    clock: time_machine.Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = [written(client), written(client, "jsonl")]
    leaving.withdraw(manage_token(Signature.objects.get()))
    clock.shift(files.FRESH + timedelta(seconds=1))
    for form in export.FORMS:
        client.get(f"/api/v1/campaigns/art/signers.{form}")

    def fail(_campaign: Campaign, form: str, _out: Any) -> datetime:
        raise OSError(f"no space left on device for {form}")

    monkeypatch.setattr(export, "write", fail)
    with pytest.raises(OSError, match="no space"):
        tasks.export()
    assert [file.exists() for file in both] == [False, False]


def test_one_process_at_a_time_writes(client: Client, art: Campaign) -> None:
    client.get(URL)
    folder = Path(settings.EXPORT_DIR)
    with (folder / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        part = folder / "art.csv.part"
        part.write_text("what the other one is writing")
        tasks.export()
        assert not path().exists()
        assert part.exists()
    tasks.export()
    assert path().exists()
    assert not part.exists()


@pytest.mark.usefixtures("large")
def test_a_slow_reader_gets_the_whole_list_as_it_was_when_they_began(
    client: Client, art: Campaign, clock: time_machine.Traveller
) -> None:
    file = written(client)
    before = file.read_bytes().decode()
    slow = client.get(URL)
    make_signature(art, name="Second Signer")
    clock.shift(files.REWRITTEN_AFTER)
    leave(client.get(URL))
    tasks.export()
    assert "Second Signer" in file.read_text()
    assert body(slow) == before


# --- Conditional and HEAD --------------------------------------------------------------------


@pytest.mark.usefixtures("large")
def test_who_has_the_file_is_told_so_and_takes_no_seat(client: Client, art: Campaign) -> None:
    written(client)
    first = client.get(URL)
    body(first)
    for _ in range(files.SEATS + 1):
        again = client.get(URL, headers={"If-None-Match": first["ETag"]})
        assert (again.status_code, again.content) == (304, b"")
        for name in ("ETag", "Last-Modified", "Cache-Control", "Access-Control-Allow-Origin"):
            assert again[name] == first[name], name
    assert seats_free() == files.SEATS


def test_a_newer_list_is_another_etag(
    client: Client, art: Campaign, clock: time_machine.Traveller
) -> None:
    written(client)
    first = client.get(URL)["ETag"]
    make_signature(art, name="Second Signer")
    clock.shift(files.REWRITTEN_AFTER)
    client.get(URL)
    tasks.export()
    answer = client.get(URL, headers={"If-None-Match": first})
    assert answer.status_code == 200
    assert "Second Signer" in body(answer)


@pytest.mark.parametrize("ready", [True, False])
def test_the_head_is_that_of_a_file_which_it_asks_for_as_a_reader_does(
    client: Client, art: Campaign, ready: bool
) -> None:
    if ready:
        written(client)
    head, whole = client.head(URL), client.get(URL)
    assert (head.status_code, body(head)) == (200, "")
    assert head["Content-Length"] == str(len(body(whole).encode()))
    assert head.headers.keys() == whole.headers.keys() >= {"ETag", "Last-Modified"}
    assert (head["ETag"] == whole["ETag"]) == ready
    assert Path(settings.EXPORT_DIR, "art.csv.asked").exists()


@pytest.mark.usefixtures("large")
def test_a_head_holds_no_seat(client: Client, art: Campaign) -> None:
    for _ in range(files.SEATS + 1):
        assert client.head(URL).status_code == 200
    assert seats_free() == files.SEATS


def test_the_etag_of_a_head_that_came_first_makes_no_304_of_a_changed_list(
    client: Client, art: Campaign
) -> None:
    known = {"If-None-Match": client.head(URL)["ETag"]}
    make_signature(art, name="Second Signer")
    answer = client.get(URL, headers=known)
    assert (answer.status_code, "Second Signer" in body(answer)) == (200, True)


# --- Seats -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("large")
def test_slow_readers_hold_half_of_the_threads_and_no_more(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "SEAT_WITHIN", 0.01)
    written(client)
    slow = [client.get(URL) for _ in range(files.SEATS)]
    refused = client.get(URL)
    assert (refused.status_code, refused.json()["code"]) == (503, "not_ready")
    assert refused["Retry-After"] == "5"
    assert "no-store" in refused["Cache-Control"]
    leave(slow.pop())
    last = client.get(URL)
    assert last.status_code == 200
    for each in (*slow, last):
        leave(each)


@pytest.mark.usefixtures("large")
def test_a_download_that_nobody_closes_gives_its_seat_back(client: Client, art: Campaign) -> None:
    written(client)
    download = files.download(art, "csv")
    assert seats_free() == files.SEATS - 1
    del download
    gc.collect()
    assert seats_free() == files.SEATS


def test_a_list_that_cannot_be_written_costs_no_seat(
    client: Client, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any) -> datetime:
        raise OSError("no space left on device")

    monkeypatch.setattr(export, "write", fail)
    with pytest.raises(OSError, match="no space"):
        files.download(art, "csv")
    assert seats_free() == files.SEATS


# --- Memory ----------------------------------------------------------------------------------


def more_signers(n: int) -> None:
    """Copies of the one signer, published long ago."""
    own = {"id", "public_id", "canonical_email"}
    columns = [str(each.column) for each in Signature._meta.concrete_fields]
    names = ", ".join(column for column in columns if column not in own)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO campaign_signature (public_id, canonical_email, {names})"
            f" SELECT left(md5(n::text), 16), n::text, {names}"
            " FROM (SELECT * FROM campaign_signature ORDER BY id LIMIT 1) AS first,"
            " generate_series(1, %s) AS n",
            [n],
        )


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_ten_times_the_list_takes_no_more_memory(art: Campaign, form: str, tmp_path: Path) -> None:
    def peak() -> tuple[int, int]:
        """The most bytes that Python held while writing, and the size of the file."""
        tracemalloc.start()
        with (tmp_path / "list").open("wb") as file:
            export.write(art, form, file)
        _now, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most, (tmp_path / "list").stat().st_size

    more_signers(2_000)
    peak()  # whatever is made once and kept
    few, small = peak()
    Signature.objects.exclude(canonical_email="signer1@example.org").filter(
        canonical_email__regex="^[0-9]+$"
    ).delete()
    more_signers(20_000)
    many, great = peak()
    assert great > 9 * small
    assert many < few + 200_000 < great
