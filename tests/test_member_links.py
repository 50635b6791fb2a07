"""An organisation's list of members: sent in, and got back with a link for each of them."""

import csv
import io
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from campaign import link_batches, tasks, vouchers
from campaign.models import AuditEntry, LinkBatch, MemberLink, Voucher
from campaign.models.voucher import BatchState
from tests.factories import make_campaign
from tests.vouchers import make_voucher, own_page, own_user

pytestmark = pytest.mark.django_db

MEMBERS = "name,email,note\r\nAnn,ann@example.org,=1+1\r\nBob,bob@example.org,\r\n"


@pytest.fixture
def voucher() -> Voucher:
    return make_voucher(make_campaign())


@pytest.fixture
def guild(client: Client, voucher: Voucher) -> Client:
    """The organisation's own login."""
    client.force_login(own_user(voucher))
    return client


def send(guild: Client, voucher: Voucher, content: str | bytes, name: str = "members.csv") -> Any:
    file = SimpleUploadedFile(name, content.encode() if isinstance(content, str) else content)
    return guild.post(f"{own_page(voucher)}list/", {"file": file, "addresses": ""})


def fetch(guild: Client, batch: LinkBatch) -> bytes:
    answer: Any = guild.post(f"{own_page(batch.voucher)}{batch.pk}/fetch/")
    assert answer.status_code == 200
    return b"".join(answer.streaming_content) if answer.streaming else answer.content


def made_of(guild: Client, voucher: Voucher, content: str | bytes) -> list[list[str]]:
    """The lines of the file that comes back."""
    assert send(guild, voucher, content).status_code == 302
    tasks.write_links()
    text = fetch(guild, LinkBatch.objects.latest("pk")).decode("utf-8")
    return list(csv.reader(io.StringIO(text)))


def on_disk() -> list[str]:
    """The names of the files by the numbers of their batches: the tenth after the ninth."""
    files = (Path(settings.EXPORT_DIR) / "links").glob("*")
    return [file.name for file in sorted(files, key=lambda file: (int(file.stem), file.suffix))]


def test_the_list_comes_back_as_it_was_with_one_more_column(
    guild: Client, voucher: Voucher
) -> None:
    header, ann, bob = made_of(guild, voucher, MEMBERS)

    assert header == ["name", "email", "note", "link"]
    assert ann[:3] == ["Ann", "ann@example.org", "=1+1"]
    assert bob[:3] == ["Bob", "bob@example.org", ""]
    for link in (ann[3], bob[3]):
        assert re.fullmatch(rf"{settings.BASE_URL}/vouch/[\w.:-]+/", link)
    assert ann[3] != bob[3]
    voucher.refresh_from_db()
    assert (voucher.taken, MemberLink.objects.count()) == (2, 2)
    batch = LinkBatch.objects.get()
    assert (batch.state, batch.lines, batch.made, batch.label) == ("ready", 2, 2, "members.csv")


def test_of_an_address_nothing_but_a_keyed_hash_is_kept_and_none_is_logged(
    guild: Client, voucher: Voucher, caplog: pytest.LogCaptureFixture
) -> None:
    rows = made_of(guild, voucher, MEMBERS)
    link_batches.forget(LinkBatch.objects.get())

    assert on_disk() == []
    token = rows[1][3].rsplit("/", 2)[1]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema='public'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            for (row,) in cursor.fetchall():
                assert "ann@example" not in row, table
                assert token not in row, table
    assert "ann@example" not in caplog.text
    assert token not in caplog.text


def test_a_file_is_gone_an_hour_after_it_was_fetched_and_a_day_after_it_was_sent(
    guild: Client, voucher: Voucher
) -> None:
    made_of(guild, voucher, MEMBERS)
    send(guild, voucher, MEMBERS)
    tasks.write_links()
    first, second = LinkBatch.objects.order_by("pk")
    assert on_disk() == [f"{first.pk}.csv", f"{second.pk}.csv"]

    with time_machine.travel(first.created_at + timedelta(minutes=61)):
        tasks.write_links()
        assert on_disk() == [f"{second.pk}.csv"]
    with time_machine.travel(first.created_at + timedelta(hours=24, minutes=1)):
        tasks.write_links()
        assert on_disk() == []
    states = LinkBatch.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [BatchState.GONE, BatchState.GONE]
    assert MemberLink.objects.count() == 2
    again = guild.post(f"{own_page(voucher)}{first.pk}/fetch/", follow=True)
    assert "This file is deleted already" in again.content.decode()


def test_lines_that_get_no_link_are_named_by_number_and_reason(
    guild: Client, voucher: Voucher
) -> None:
    rows = made_of(
        guild,
        voucher,
        "email\r\nann@example.org\r\nnot an address\r\n\r\nANN@example.org\r\nx@localhost\r\nbob@example.org\r\n",
    )

    assert [bool(row[1]) for row in rows[1:]] == [True, False, False, False, True]
    batch = LinkBatch.objects.get()
    assert batch.problems == [[3, "malformed"], [5, "duplicate"], [6, "impossible"]]
    assert batch.refused == {"malformed": 1, "duplicate": 1, "impossible": 1}
    page = guild.get(own_page(voucher)).content.decode()
    assert "line 3: not a whole address" in page
    assert "line 5: the same mailbox stands further up" in page
    assert "ann@example.org" not in page


def test_beyond_the_quota_there_are_no_links_and_a_second_list_takes_none_twice(
    guild: Client, voucher: Voucher
) -> None:
    vouchers.set_quota(voucher=voucher, quota=2, by=voucher.admitted_by)
    three = "email\r\na@example.org\r\nb@example.org\r\nc@example.org\r\n"

    first = made_of(guild, voucher, three)
    second = made_of(guild, voucher, three)

    for rows in (first, second):
        assert [bool(row[1]) for row in rows[1:]] == [True, True, False]
    assert first[1][1] != second[1][1]
    voucher.refresh_from_db()
    assert (voucher.taken, MemberLink.objects.count()) == (2, 2)
    assert LinkBatch.objects.latest("pk").problems == [[4, "quota"]]
    assert "line 4: the quota is used up" in guild.get(own_page(voucher)).content.decode()


def test_a_list_that_was_cut_off_is_written_anew_and_takes_no_quota_twice(
    guild: Client, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_batches, "CHUNK", 1)
    send(guild, voucher, MEMBERS)
    real, calls = link_batches._make, []

    def dies(*args: Any) -> Any:
        calls.append(1)
        if len(calls) == 2:
            raise MemoryError
        return real(*args)

    monkeypatch.setattr(link_batches, "_make", dies)
    with pytest.raises(MemoryError):
        tasks.write_links()
    assert LinkBatch.objects.get().state == BatchState.WRITING
    assert "1 of about 2 lines" in guild.get(own_page(voucher)).content.decode()

    tasks.write_links()
    batch = LinkBatch.objects.get()
    assert (batch.state, batch.made) == (BatchState.READY, 2)
    voucher.refresh_from_db()
    assert voucher.taken == 2
    assert on_disk() == [f"{batch.pk}.csv"]


def failing(guild: Client, voucher: Voucher) -> LinkBatch:
    """A list whose file cannot be written."""
    send(guild, voucher, MEMBERS, "failing.csv")
    batch = LinkBatch.objects.latest("pk")
    (Path(settings.EXPORT_DIR) / "links" / f"{batch.pk}.part").mkdir()
    return batch


def test_a_list_that_fails_stops_no_other_and_no_deletion(
    guild: Client, voucher: Voucher, caplog: pytest.LogCaptureFixture
) -> None:
    made_of(guild, voucher, MEMBERS)
    fetched = LinkBatch.objects.get()
    first = failing(guild, voucher)
    send(guild, voucher, MEMBERS)
    fine = LinkBatch.objects.latest("pk")
    last = failing(guild, voucher)

    with pytest.raises(IsADirectoryError):
        tasks.write_links()
    states = dict(LinkBatch.objects.values_list("pk", "state"))
    ready, waiting = BatchState.READY, BatchState.WAITING
    assert states == {fetched.pk: ready, first.pk: waiting, fine.pk: ready, last.pk: waiting}
    link_batches.fetch(batch=fine, by=voucher.admitted_by).close()

    with time_machine.travel(fine.created_at + timedelta(minutes=61)):
        with pytest.raises(IsADirectoryError):
            tasks.write_links()
        assert f"{fetched.pk}.csv" not in on_disk()
        assert f"{fine.pk}.csv" not in on_disk()
    assert "ann@example" not in caplog.text


def test_a_file_that_cannot_be_deleted_keeps_no_other(guild: Client, voucher: Voucher) -> None:
    stuck = failing(guild, voucher)
    made = []
    for _ in range(2):
        send(guild, voucher, MEMBERS)
        made.append(LinkBatch.objects.latest("pk"))
    with pytest.raises(IsADirectoryError):
        tasks.write_links()
    assert on_disk() == [
        *(f"{stuck.pk}.{end}" for end in ("in", "part")),
        *(f"{batch.pk}.csv" for batch in made),
    ]
    later = stuck.created_at + timedelta(hours=24, minutes=1)
    with time_machine.travel(later), pytest.raises(IsADirectoryError):
        tasks.write_links()
    assert list(LinkBatch.objects.exclude(state=BatchState.GONE)) == [stuck]
    assert on_disk() == [f"{stuck.pk}.part"]


def test_a_list_that_failed_is_tried_again_after_the_others(
    guild: Client, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_batches, "WRITE_FOR", 0)  # one list a run
    bad = failing(guild, voucher)
    for _ in range(2):
        send(guild, voucher, MEMBERS)
    with pytest.raises(IsADirectoryError):
        tasks.write_links()
    for left in (2, 1):
        tasks.write_links()
        assert LinkBatch.objects.filter(state=BatchState.WAITING).count() == left
    (Path(settings.EXPORT_DIR) / "links" / f"{bad.pk}.part").rmdir()
    tasks.write_links()
    assert set(LinkBatch.objects.values_list("state", flat=True)) == {BatchState.READY}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "There is nothing in this list."),
        ("\r\n", "There is nothing in this list."),
        ("name,address\r\nAnn,ann@example.org\r\n", "one of them must be “email”"),
        ("ann@example.org\r\n", "one of them must be “email”"),
        ('"email\r\n', "one of them must be “email”"),
        ("email\r\nann@example.org\r\n".encode("utf-16"), "This is not a CSV file."),
        (b"PK\x03\x04\x00\x00xlsx", "This is not a CSV file."),
    ],
)
def test_what_is_no_list_is_refused_in_words_and_leaves_nothing(
    guild: Client, voucher: Voucher, content: str | bytes, said: str
) -> None:
    answer = send(guild, voucher, content)

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not LinkBatch.objects.exists()
    assert on_disk() == []


def test_a_list_that_is_too_large_is_refused(
    guild: Client, voucher: Voucher, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_batches, "LARGEST", 20)
    answer = send(guild, voucher, MEMBERS)
    assert answer.status_code == 422
    assert "larger than 64 MB" in answer.content.decode()
    assert on_disk() == []


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_list_of_too_many_lines_is_refused(
    guild: Client, voucher: Voucher, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(link_batches, "MOST_LINES", 2)
    fits = end.join(["email", "ann@example.org", "bob@example.org"])
    for content in (fits, fits + end):
        assert send(guild, voucher, content).status_code == 302
    tasks.write_links()
    there = on_disk()
    answer = send(guild, voucher, fits + end + "cleo@example.org")
    assert answer.status_code == 422
    assert "This list has more than 200,000 lines." in answer.content.decode()
    assert LinkBatch.objects.count() == 2
    assert on_disk() == there


def test_other_delimiters_encodings_and_ragged_lines_come_back_whole(
    guild: Client, voucher: Voucher
) -> None:
    content = (
        "\ufeffName;E-Mail;EMAIL \r\n".encode()
        + "Zo\u00eb;x;zoe@example.org\r\n".encode("cp1252")
        + b'"Say ""hi""";;bob@example.org;more;cells\r\nshort\r\n'
    )
    send(guild, voucher, content)
    tasks.write_links()
    text = fetch(guild, LinkBatch.objects.get())

    assert text.startswith(b"\xef\xbb\xbfName;E-Mail;EMAIL ;link\r\nZo\xeb;x;zoe@example.org;http")
    rows = list(csv.reader(io.StringIO(text.decode("cp1252")), delimiter=";"))
    assert rows[2][:3] == ['Say "hi"', "", "bob@example.org"]
    assert rows[2][3].startswith("http")
    assert rows[2][4:] == ["more", "cells"]
    assert rows[3] == ["short", "", "", ""]
    assert LinkBatch.objects.get().problems == [[4, "blank"]]


def test_a_column_may_be_called_e_mail_where_none_is_called_email(
    guild: Client, voucher: Voucher
) -> None:
    send(guild, voucher, "Name;E-Mail\r\nZoë;zoe@example.org\r\n")
    tasks.write_links()
    [_header, line] = fetch(guild, LinkBatch.objects.get()).decode().splitlines()
    assert line.startswith("Zoë;zoe@example.org;http")


def test_a_list_without_the_column_is_told_which_ones_it_has(
    guild: Client, voucher: Voucher
) -> None:
    answer = send(guild, voucher, "Name;<b>Mail</b>\r\nZoë;zoe@example.org\r\n")
    text = answer.content.decode()
    assert "one of them must be “email”. Here they are: Name;&lt;b&gt;Mail&lt;/b&gt;" in text
    long = send(guild, voucher, "x" * 5000 + "\r\na\r\n").content.decode()
    assert f"Here they are: {'x' * 99}…" in long


def test_a_file_of_ours_sent_in_again_gets_new_links_in_its_column(
    guild: Client, voucher: Voucher
) -> None:
    made_of(guild, voucher, MEMBERS)
    first = fetch(guild, LinkBatch.objects.get())
    rows = made_of(guild, voucher, first)
    assert rows[0] == ["name", "email", "note", "link"]
    assert len(rows[1]) == 4
    assert rows[1][3] not in first.decode()


def test_a_quote_that_is_never_closed_ends_the_list_there(guild: Client, voucher: Voucher) -> None:
    rows = made_of(
        guild, voucher, 'email,x\r\na@example.org,1\r\n"b@example.org,2\r\nc@example.org,3\r\n'
    )
    assert [row[0] for row in rows[1:]] == ["a@example.org"]
    assert LinkBatch.objects.get().problems == [[3, "broken"]]


def test_pasted_addresses_are_a_list_too(guild: Client, voucher: Voucher) -> None:
    typed = "ann@example.org\r\n\r\n  bob@example.org \r\n"
    answer = guild.post(f"{own_page(voucher)}list/", {"addresses": typed})
    assert answer.status_code == 302
    tasks.write_links()
    text = fetch(guild, LinkBatch.objects.get()).decode()
    assert [row[0] for row in csv.reader(io.StringIO(text))] == [
        *("email", "ann@example.org", "  bob@example.org "),
    ]
    empty = guild.post(f"{own_page(voucher)}list/", {"addresses": " \n"})
    assert empty.status_code == 422
    assert "There is nothing in this list." in empty.content.decode()


def test_an_organisation_has_three_lists_waiting_at_most(guild: Client, voucher: Voucher) -> None:
    for _ in range(3):
        assert send(guild, voucher, MEMBERS).status_code == 302
    refused = send(guild, voucher, MEMBERS)
    assert refused.status_code == 422
    assert "Other lists are still being written" in refused.content.decode()
    tasks.write_links()
    assert send(guild, voucher, MEMBERS).status_code == 302


def test_twelve_thousand_members_are_written_in_chunks(guild: Client, voucher: Voucher) -> None:
    vouchers.set_quota(voucher=voucher, quota=20_000, by=voucher.admitted_by)
    lines = "".join(f"m{n}@example.org,Member {n}\r\n" for n in range(12_000))
    rows = made_of(guild, voucher, f"email,name\r\n{lines}")
    assert len(rows) == 12_001
    assert len({row[2] for row in rows[1:]}) == 12_000
    voucher.refresh_from_db()
    assert voucher.taken == MemberLink.objects.count() == 12_000


def test_who_made_and_who_fetched_links_is_on_record(guild: Client, voucher: Voucher) -> None:
    made_of(guild, voucher, MEMBERS)
    kept = AuditEntry.objects.filter(user__isnull=False).order_by("pk")
    entries = kept.values_list("action", "user__username", "number")
    assert list(entries) == [
        ("voucher_admitted", "maker", 1000),
        ("links_made", "guild", 2),
        ("links_fetched", "guild", 2),
    ]
