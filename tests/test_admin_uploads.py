"""A file of signers by the admin: checked first, imported when somebody says so, by who may, and then gone."""

import io
import re
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone, translation
from openpyxl import Workbook

from campaign import retention, sheets, tasks, uploads
from campaign.intake import import_signers
from campaign.models import Campaign, ImportBatch, Mail, Signature, Upload
from campaign.models.membership import Role
from campaign.models.upload import UPLOAD_KEPT
from tests.factories import make_campaign, make_member, make_signature, on_record

pytestmark = pytest.mark.django_db

LIST = "/admin/campaign/upload/"
NOTE = "Consent forms 1 to 9, vouched for by the Example Agency"
MALFORMED = "This is not a whole e-mail address. It looks like name@example.org."
TWO = "name,email\nZoë Moreau,zoe@example.org\nWil O'Brien,wil@example.org\n"


@pytest.fixture
def art() -> Campaign:
    return make_campaign()


@pytest.fixture
def owner(client: Client, art: Campaign) -> Client:
    client.force_login(make_member(art, Role.OWNER))
    return client


def send(client: Client, content: str | bytes, name: str = "signers.csv", **typed: Any) -> Any:
    body = content.encode() if isinstance(content, str) else content
    campaign = Campaign.objects.get(slug="art")
    form = {"campaign": campaign.pk, "file": SimpleUploadedFile(name, body), **typed}
    return client.post(f"{LIST}add/", form)


def shown(client: Client) -> str:
    upload = Upload.objects.latest("pk")
    return client.get(f"{LIST}{upload.pk}/change/").content.decode()


def workbook(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def test_a_file_is_checked_before_anything_of_it_is_imported(owner: Client) -> None:
    sent = send(owner, TWO + "B,not an address\n")
    upload = Upload.objects.get()
    assert (sent.status_code, sent["Location"]) == (302, f"{LIST}{upload.pk}/change/")
    waiting = owner.get(sent["Location"])
    # Followed by progress.js, which leaves the focus where it is; by a link without it.
    assert "Refresh" not in waiting
    assert " data-progress" in waiting.content.decode()
    assert f'<a href="{sent["Location"]}">How far is it now?</a>' in waiting.content.decode()
    assert "being checked" in waiting.content.decode()

    tasks.take_uploads()

    page = shown(owner)
    upload.refresh_from_db()
    assert (upload.state, upload.report["added"], upload.report["refused"]) == ("checked", 2, 1)
    assert upload.report["mistakes"][0]["line"] == 4
    assert "Import 2 signers" in page
    assert "<td>4</td>" in page
    assert not Signature.objects.exists()
    assert not ImportBatch.objects.exists()
    assert not on_record().exists()


def test_what_was_checked_is_imported_when_told_and_the_file_is_emptied(owner: Client) -> None:
    send(owner, TWO)
    tasks.take_uploads()
    upload = Upload.objects.get()

    assert owner.post(f"{LIST}{upload.pk}/start/").status_code == 302
    tasks.take_uploads()

    upload.refresh_from_db()
    assert (upload.state, upload.report["added"], bytes(upload.content)) == ("done", 2, b"")
    assert set(Signature.objects.values_list("name", "status", "batch")) == {
        ("Zoë Moreau", "pending", upload.batch_id),
        ("Wil O'Brien", "pending", upload.batch_id),
    }
    assert Mail.objects.filter(kind="confirm").count() == 2
    entry = on_record().get()
    assert (entry.action, entry.user.username) == ("import", "owner")  # type: ignore[union-attr]
    assert entry.details == {"upload": upload.pk, "consent_on_file": False}
    assert f"/importbatch/{upload.batch_id}/" in shown(owner)


def test_consent_on_file_is_held_for_the_release_of_its_batch(owner: Client) -> None:
    send(owner, "name\nZoë Moreau\n", consent_note=f"  {NOTE} ", covers_print="on")
    tasks.take_uploads()
    upload = Upload.objects.get()
    owner.post(f"{LIST}{upload.pk}/start/")
    tasks.take_uploads()
    entry = on_record().get()
    assert (entry.action, entry.note.text) == ("import", NOTE)
    assert NOTE in owner.get("/admin/campaign/auditentry/").content.decode()

    batch = ImportBatch.objects.get()
    assert (batch.consent_note, batch.covers_print) == (NOTE, True)
    assert Signature.objects.get().status == "held"
    assert not Mail.objects.exists()


def test_print_is_covered_by_no_consent_that_is_not_there(owner: Client) -> None:
    send(owner, TWO, covers_print="on")
    assert not Upload.objects.get().covers_print


def test_told_twice_it_is_imported_once(owner: Client) -> None:
    send(owner, TWO)
    tasks.take_uploads()
    upload = Upload.objects.get()
    for _ in range(2):
        owner.post(f"{LIST}{upload.pk}/start/")
    tasks.take_uploads()
    tasks.take_uploads()
    assert Signature.objects.count() == 2
    assert on_record().count() == 1
    assert ImportBatch.objects.count() == 1


def test_an_import_that_was_cut_off_is_taken_up_in_its_batch(owner: Client) -> None:
    send(owner, TWO)
    tasks.take_uploads()
    upload = Upload.objects.get()
    uploads.start(upload, by=upload.by)
    # As a worker leaves it that dies after its first line.
    batch = ImportBatch.objects.create(campaign=upload.campaign, file_name="signers.csv")
    import_signers(
        campaign=upload.campaign, lines=TWO.splitlines(True)[:2], file_name="", into=batch
    )
    lease = timezone.now() + uploads.LEASE
    Upload.objects.filter(pk=upload.pk).update(batch=batch, lease_until=lease)

    with time_machine.travel(lease + timedelta(hours=1)):  # nor does a clock that is ahead end it
        tasks.take_uploads()
    upload.refresh_from_db()
    assert upload.state == "importing"  # its worker may be alive

    over = timezone.now() - timedelta(seconds=1)
    Upload.objects.filter(pk=upload.pk).update(lease_until=over)
    tasks.take_uploads()
    upload.refresh_from_db()
    assert (upload.state, upload.report["added"], upload.report["known"]) == ("done", 2, 0)
    assert Signature.objects.filter(batch=batch).count() == 2
    assert ImportBatch.objects.count() == 1


def test_a_file_that_brings_nobody_new_ends_and_is_emptied_and_says_so(owner: Client) -> None:
    for _ in range(2):
        send(owner, TWO)
    tasks.take_uploads()
    first, second = Upload.objects.order_by("pk")
    assert second.report["added"] == 2  # when it was checked
    for upload in (first, second):
        owner.post(f"{LIST}{upload.pk}/start/")
    tasks.take_uploads()

    second.refresh_from_db()
    assert (second.state, bytes(second.content), second.lease_until) == ("done", b"", None)
    assert (second.report["added"], second.report["known"]) == (0, 2)
    page = " ".join(shown(owner).split())
    assert "What was done" in page
    assert "<dt>New</dt> <dd> 0 </dd>" in page
    assert "<dt>Known already</dt> <dd> 2 </dd>" in page
    assert "/importbatch/" not in page.partition('id="found"')[2]
    # Nobody counts as its own whom another import brought, or who came by themselves.
    first.refresh_from_db()
    assert list(ImportBatch.objects.values_list("pk", flat=True)) == [first.batch_id]
    assert Signature.objects.count() == 2


def test_an_import_whose_every_signer_came_online_meanwhile_counts_none_of_them(
    owner: Client, art: Campaign
) -> None:
    send(owner, "name,email\nZoë Moreau,zoe@example.org\n")
    tasks.take_uploads()
    upload = Upload.objects.get()
    make_signature(art, name="Zoë Moreau", email="zoe@example.org")
    owner.post(f"{LIST}{upload.pk}/start/")
    tasks.take_uploads()
    upload.refresh_from_db()
    assert (upload.state, upload.report["added"], upload.report["known"]) == ("done", 0, 1)
    assert not ImportBatch.objects.exists()


def close(campaign: Campaign) -> None:
    now = timezone.now()
    Campaign.objects.filter(pk=campaign.pk).update(opens_at=now - timedelta(days=9), closes_at=now)


def test_a_file_that_was_checked_before_the_close_is_refused_after_it(
    owner: Client, art: Campaign
) -> None:
    send(owner, TWO)
    tasks.take_uploads()
    close(art)
    upload = Upload.objects.get()
    owner.post(f"{LIST}{upload.pk}/start/")
    tasks.take_uploads()

    upload.refresh_from_db()
    assert (upload.state, upload.batch, bytes(upload.content)) == ("refused", None, b"")
    assert "This campaign is closed: it takes no more signatures." in shown(owner)
    assert not ImportBatch.objects.exists()
    assert not Signature.objects.exists()
    assert not Mail.objects.exists()


def test_an_import_that_was_cut_off_by_the_close_says_who_came_in_and_who_did_not(
    owner: Client, art: Campaign
) -> None:
    send(owner, TWO)
    tasks.take_uploads()
    upload = Upload.objects.get()
    owner.post(f"{LIST}{upload.pk}/start/")
    batch = ImportBatch.objects.create(campaign=art, file_name="signers.csv", imported_by=upload.by)
    Upload.objects.update(batch=batch)
    first = TWO.splitlines(keepends=True)[:2]
    import_signers(campaign=art, lines=first, file_name="signers.csv", into=batch)
    close(art)
    tasks.take_uploads()

    upload.refresh_from_db()
    assert (upload.state, upload.report["added"], upload.report["refused"]) == ("done", 1, 1)
    assert [each["line"] for each in upload.report["mistakes"]] == [3]
    assert Signature.objects.get().name == "Zoë Moreau"
    assert Mail.objects.count() == 1


def test_a_workbook_is_read_row_by_row(owner: Client) -> None:
    content = workbook(
        ["name", "email", "featured", None],
        ["Zoë Moreau", "zoe@example.org", True, None],
        [None, None],
        ["Two\nLines", "b@example.org", False],
        ["", "c@example.org"],
    )
    send(owner, content, "signers.xlsx")
    tasks.take_uploads()
    upload = Upload.objects.get()
    assert (upload.report["added"], upload.report["unreadable"]) == (2, "")
    assert [mistake["line"] for mistake in upload.report["mistakes"]] == [5]
    owner.post(f"{LIST}{upload.pk}/start/")
    tasks.take_uploads()
    assert set(Signature.objects.values_list("name", "featured")) == {
        ("Zoë Moreau", True),
        ("Two Lines", False),
    }


def with_entities() -> bytes:
    """A small workbook whose cell is gigabytes, once its XML is read as it asks to be."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["name"]))) as plain,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack,
    ):
        for part in plain.namelist():
            text = plain.read(part).decode()
            if part.endswith("sheet1.xml"):
                # Long to begin with, or expat sees that it grows more than a hundredfold.
                head, tail = "<sheetData>", f"<!--{' ' * 50_000_000}--><sheetData>"
                cell = '<row r="1"><c r="A1" t="inlineStr"><is><t>' + "&a;" * 3000
                text = text.replace(head, f"{tail}{cell}</t></is></c></row>")
                entity = f'<!DOCTYPE worksheet [<!ENTITY a "{"x" * 100_000}">]>'
                text = text.replace("<worksheet", f"{entity}<worksheet", 1)
            pack.writestr(part, text)
    return file.getvalue()


def packed(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack:
        for name, content in parts.items():
            pack.writestr(name, content)
    return file.getvalue()


SHARED = "xl/sharedStrings.xml"
KIND = 'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"'


def sheet_of(xml: str, strings: str = "") -> bytes:
    """A workbook whose first sheet has these rows, and whose texts are these."""
    file = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(["name"]))) as plain,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as pack,
    ):
        for part in plain.namelist():
            text = plain.read(part).decode()
            if part.endswith("sheet1.xml"):
                text = re.sub("<sheetData>.*</sheetData>", f"<sheetData>{xml}</sheetData>", text)
                text = re.sub('<dimension ref="[^"]*"', '<dimension ref="A1:XFD1048576"', text)
            if part == "[Content_Types].xml":
                text = text.replace("</Types>", f'<Override PartName="/{SHARED}" {KIND}/></Types>')
            pack.writestr(part, text)
        namespace = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
        pack.writestr(SHARED, f'<sst xmlns="{namespace}"><si><t>{strings}</t></si></sst>')
    return file.getvalue()


def far_down(row: int) -> bytes:
    """A small workbook in which a row says that it is that one."""
    name = '<c r="A{0}" t="inlineStr"><is><t>{1}</t></is></c>'
    return sheet_of(
        f'<row r="1">{name.format(1, "name")}</row><row r="{row}">{name.format(row, "Zoe")}</row>'
    )


def one_text_in_many_cells() -> bytes:
    """A few kB, which are 101 MB once each cell is written out."""
    header = '<row><c t="inlineStr"><is><t>name</t></is></c></row>'
    return sheet_of(header + '<row><c t="s"><v>0</v></c></row>' * 101, strings="x" * 1_000_000)


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("signers.xlsx", lambda: far_down(1_048_577), "holds too much"),
        ("signers.xlsx", one_text_in_many_cells, "holds too much"),
        ("signers.csv", lambda: b"name\n" + b"\n" * 1_048_576, "holds too much"),
        ("signers.xlsx", lambda: b"PK\x03\x04 and no more", "is not a workbook that can be read"),
        ("signers.xlsx", lambda: b"name\nZo\xc3\xab\n", "is not a workbook that can be read"),
        (
            "signers.csv",
            lambda: workbook(["name"]),
            "is a workbook, but its name does not end in .xlsx",
        ),
        ("signers.xlsx", lambda: packed(bomb=b"0" * 100_000_001), "holds too much"),
        ("signers.xlsx", with_entities, "is not a workbook that can be read"),
        ("signers.csv", lambda: b"email\n", "name is needed"),
        ("signers.csv", lambda: b"\xff\xfen\0a\0m\0e\0", "is not UTF-8"),
    ],
    ids=[
        "far-down",
        "repeated",
        "long",
        "torn",
        "text",
        "misnamed",
        "bomb",
        "entities",
        "nameless",
        "utf-16",
    ],
)
def test_a_file_that_is_no_table_is_refused_with_a_reason_and_emptied(
    owner: Client, name: str, content: Callable[[], bytes], why: str
) -> None:
    send(owner, content(), name)
    tasks.take_uploads()
    upload = Upload.objects.get()
    assert (upload.state, bytes(upload.content)) == ("refused", b"")
    assert why in upload.report["unreadable"]
    assert "This file cannot be taken" in shown(owner)
    assert owner.post(f"{LIST}{upload.pk}/start/").status_code == 302
    tasks.take_uploads()
    assert not Signature.objects.exists()


def test_a_sheet_is_read_as_wide_as_its_cells_whatever_it_says_of_its_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """16,384 empty cells in each of ten thousand rows that are not there took minutes."""
    looked_at = 0

    def counted(value: object) -> str:
        nonlocal looked_at
        looked_at += 1
        return str(value or "")

    monkeypatch.setattr(sheets, "_text", counted)
    lines = list(sheets.lines(far_down(10_000), "a.xlsx"))
    assert (lines[0], lines[-1], len(lines)) == ("name\r\n", "Zoe\r\n", 10_000)
    assert looked_at == 2


def test_a_quote_that_is_never_closed_is_counted_as_the_line_that_it_costs(owner: Client) -> None:
    rest = "".join(f"Signer {number},s{number}@example.org,\n" for number in range(1000))
    send(owner, f'name,email,credit\nZoë Moreau,zoe@example.org,"oops\n{rest}')
    tasks.take_uploads()
    report = Upload.objects.get().report
    assert (report["added"], report["refused"]) == (1000, 1)
    assert [(each["line"], each["reason"]) for each in report["mistakes"]] == [
        (2, "is not CSV: a quote is not closed")
    ]
    path = f"{LIST}{Upload.objects.get().pk}/change/"
    page = owner.get(path, headers={"Accept-Language": "de"}).content.decode()
    assert "ist kein CSV: Ein Anführungszeichen wird nicht geschlossen" in page


def test_mistakes_are_said_in_the_language_of_whoever_reads_them(owner: Client) -> None:
    send(owner, b"name;email\nZo\xc3\xab;nowhere\n")
    tasks.take_uploads()
    page = owner.get(f"{LIST}{Upload.objects.get().pk}/change/", headers={"Accept-Language": "de"})
    with translation.override("de"):
        assert translation.gettext(MALFORMED) in page.content.decode()
    assert MALFORMED not in page.content.decode()


@pytest.mark.parametrize(
    ("size", "said"), [(0, "empty"), (uploads.LARGEST + 1, "larger than 20 MB")]
)
def test_an_empty_or_a_huge_file_is_not_taken(owner: Client, size: int, said: str) -> None:
    sent = send(owner, b"n" * size)
    assert sent.status_code == 422
    assert said in sent.content.decode()
    assert not Upload.objects.exists()


def test_one_login_fills_no_disk_with_its_files(owner: Client, art: Campaign) -> None:
    made = [send(owner, TWO).status_code for _ in range(uploads.MOST + 1)]
    assert made == [302] * 10 + [422]
    assert Upload.objects.count() == 10
    # What is imported or refused is empty, and another's files are their own.
    other = Client()
    other.force_login(make_member(art, Role.OWNER, username="other"))
    assert send(other, TWO).status_code == 302
    Upload.objects.filter(pk=Upload.objects.earliest("pk").pk).update(content=b"")
    assert send(owner, TWO).status_code == 302
    refused = send(owner, TWO)
    assert "Ten of your files lie here." in refused.content.decode()


def test_a_file_can_be_deleted_and_goes_by_itself_after_a_day(owner: Client) -> None:
    send(owner, TWO)
    upload = Upload.objects.get()
    assert owner.post(f"{LIST}{upload.pk}/discard/")["Location"] == LIST
    assert not Upload.objects.exists()

    send(owner, TWO)
    with time_machine.travel(timezone.now() + UPLOAD_KEPT, tick=False):
        tasks.expire()
    assert not Upload.objects.exists()


def test_a_file_that_is_being_imported_is_not_deleted_under_the_worker(owner: Client) -> None:
    send(owner, TWO)
    tasks.take_uploads()
    upload = Upload.objects.get()
    owner.post(f"{LIST}{upload.pk}/start/")
    owner.post(f"{LIST}{upload.pk}/discard/")
    assert Upload.objects.filter(state="importing").count() == 1
    assert retention.expire()["uploaded files"] == 0


@pytest.mark.parametrize("tried", [False, True])
def test_a_file_whose_import_never_ends_goes_after_another_day_however_often_it_is_tried(
    owner: Client, tried: bool
) -> None:
    send(owner, TWO)
    tasks.take_uploads()
    upload = Upload.objects.get()
    owner.post(f"{LIST}{upload.pk}/start/")
    over = timezone.now() + 2 * UPLOAD_KEPT
    Upload.objects.update(lease_until=over + uploads.LEASE if tried else None)
    with time_machine.travel(over - timedelta(minutes=1), tick=False):
        assert retention.expire()["uploaded files"] == 0
    with time_machine.travel(over, tick=False):
        assert retention.expire()["uploaded files"] == 1
    assert not Upload.objects.exists()


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.READER])
def test_nobody_but_an_owner_imports(client: Client, art: Campaign, role: Role) -> None:
    client.force_login(make_member(art, role))
    assert client.get(LIST).status_code == 403
    assert client.get(f"{LIST}add/").status_code == 403
    assert send(client, TWO).status_code == 403
    assert not Upload.objects.exists()


def test_an_owner_of_another_campaign_sees_nothing_of_it(owner: Client, art: Campaign) -> None:
    send(owner, TWO)
    upload = Upload.objects.get()
    other = make_campaign(slug="other")
    stranger = Client()
    stranger.force_login(make_member(other, Role.OWNER, username="stranger"))
    assert "signers.csv" not in stranger.get(LIST).content.decode()
    assert stranger.get(f"{LIST}{upload.pk}/change/").status_code == 404
    assert stranger.post(f"{LIST}{upload.pk}/discard/").status_code == 404
    assert send(stranger, TWO).status_code == 422
    assert Upload.objects.count() == 1


def test_who_signed_online_is_known(owner: Client, art: Campaign) -> None:
    make_signature(art, name="Zoë Moreau", email="zoe@example.org")
    send(owner, TWO)
    tasks.take_uploads()
    report = Upload.objects.get().report
    assert (report["added"], report["known"]) == (1, 1)
