"""Importing signatures gathered elsewhere: good lines are taken, bad ones named, nobody twice."""

import csv
import io
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from campaign import intake, leaving, signing
from campaign.campaign_file import parse
from campaign.models import (
    AuditNote,
    Campaign,
    Consent,
    Event,
    ImportBatch,
    Mail,
    MailDay,
    MailQuota,
    Signature,
    Suppression,
    TallyChange,
)
from campaign.models.membership import Role
from campaign.models.signature import Status
from campaign.organising import load_campaign
from tests.factories import (
    bring_to,
    campaign_file,
    confirm_token,
    make_campaign,
    make_member,
    make_signature,
    manage_token,
    not_me_token,
    on_record,
    release,
)

pytestmark = pytest.mark.django_db

NOTE = "Consent forms 1 to 9, vouched for by the Example Agency"


@pytest.fixture
def art() -> Campaign:
    return make_campaign(publication="after_verification")


class Importer:
    """Runs the command on a file in a folder of its own."""

    def __init__(self, folder: Path, capsys: Any) -> None:
        self.path = folder / "signers.csv"
        self.capsys = capsys

    def __call__(self, content: str | bytes, *options: str) -> tuple[str, list[str]]:
        """What it says: the summary, and the lines about mistakes."""
        self.path.write_bytes(content if isinstance(content, bytes) else content.encode())
        call_command("import_signers", "art", str(self.path), *options)
        said = self.capsys.readouterr()
        return said.out.strip(), said.err.splitlines()


@pytest.fixture
def run(tmp_path: Path, capsys: Any, art: Campaign) -> Importer:
    return Importer(tmp_path, capsys)


def said(added: int = 0, known: int = 0, left: int = 0, refused: int = 0) -> str:
    return f"{added} added, {known} known already, {left} left before, {refused} refused"


def names() -> list[str]:
    return list(Signature.objects.order_by("pk").values_list("name", flat=True))


def nothing_written() -> bool:
    tables: tuple[Any, ...] = (Signature, Mail, Event, TallyChange, ImportBatch)
    return not any(table.objects.exists() for table in tables)


# --- With an address -------------------------------------------------------------------------


def test_who_has_an_address_is_pending_and_asked_by_mail(client: Client, run: Importer) -> None:
    assert run("name,email\nZoë Moreau,Zoe@Example.org\n") == (said(added=1), [])
    signature = Signature.objects.get()
    assert (signature.name, signature.email) == ("Zoë Moreau", "Zoe@example.org")
    assert signature.status == Status.PENDING
    assert [(m.kind, m.status) for m in signature.mails.all()] == [("confirm", "queued")]
    assert not signature.events.exists()
    assert not TallyChange.objects.exists()
    response = client.post(
        "/api/v1/signatures/confirm/",
        {"token": confirm_token(signature)},
        content_type="application/json",
    )
    assert response.json()["signer"]["evidence"]["method"] == "email"


def test_every_column_is_read(run: Importer) -> None:
    header = "name,email,kind,discipline,credit,organisation,country,language,sort_name,featured,signed_at,evidence_note\n"
    line = 'The Bells,b@example.org,group,musician,"Ring, Ring",Guild,fr,fr,"Bells, The",yes,2025-12-01T16:00:41+01:00,seen by AB\n'
    assert run(header + line) == (said(added=1), [])
    got = Signature.objects.get()
    assert (got.name, got.kind, got.credit, got.organisation) == (
        "The Bells",
        "group",
        "Ring, Ring",
        "Guild",
    )
    assert got.discipline is not None
    assert (got.discipline.slug, got.country, got.language) == ("musician", "FR", "fr")
    assert (got.sort_name, got.featured, got.evidence_note) == ("Bells, The", True, "seen by AB")
    assert got.signed_at == datetime(2025, 12, 1, 15, 0, 41, tzinfo=UTC)
    assert got.statement.language == "fr"


def test_a_language_of_ours_alone_is_written_to_in_it_over_the_default_text(
    run: Importer,
) -> None:
    assert run("name,email,language\nAna,ana@example.org,de\n") == (said(added=1), [])
    got = Signature.objects.get()
    assert (got.language, got.statement.language) == ("de", "en")


@pytest.mark.parametrize(
    ("text", "featured"),
    [
        ("", False),
        ("true", True),
        ("YES", True),
        ("1", True),
        ("x", True),
        ("no", False),
        ("0", False),
        ("FALSE", False),
    ],
)
def test_a_flag_may_be_written_in_several_ways(run: Importer, text: str, featured: bool) -> None:
    run(f"name,email,featured\nZoe,zoe@example.org,{text}\n")
    assert Signature.objects.get().featured is featured


def test_an_imported_address_is_not_bound_by_the_quota_of_strangers(
    run: Importer, art: Campaign
) -> None:
    lines = "".join(f"Partner {number},house@example.org\n" for number in range(5))
    assert run("name,email\n" + lines) == (said(added=5), [])
    assert Mail.objects.count() == 5


# --- With consent on file --------------------------------------------------------------------


def test_consent_on_file_is_held_and_then_released(client: Client, run: Importer) -> None:
    assert run("name,email\nAna,\nBruno,bruno@example.org\n", "--consent-on-file", NOTE) == (
        said(added=2),
        [],
    )
    batch = ImportBatch.objects.get()
    assert (batch.consent_note, batch.file_name) == (NOTE, "signers.csv")
    rows = Signature.objects.filter(batch=batch)
    assert {(row.status, tuple(row.hold_reasons), row.evidence) for row in rows} == {
        ("held", ("imported",), "on_file")
    }
    assert not Mail.objects.exists()
    counts = "/api/v1/campaigns/art/counts/"
    assert (client.get(counts).json()["held"], client.get(counts).json()["published"]) == (2, 0)
    assert client.get("/api/v1/campaigns/art/signers/").json()["results"] == []

    assert release(batch) == 2
    assert release(batch) == 0
    listed = client.get("/api/v1/campaigns/art/signers/").json()["results"]
    assert {(s["name"], s["evidence"]["method"]) for s in listed} == {
        ("Ana", "on_file"),
        ("Bruno", "on_file"),
    }
    assert (client.get(counts).json()["held"], client.get(counts).json()["published"]) == (0, 2)


def test_a_protected_name_is_not_released_with_its_batch(client: Client, run: Importer) -> None:
    run("name\nAna\nScаrlett Johansson\n", "--consent-on-file", NOTE)
    assert release(ImportBatch.objects.get()) == 1
    held = Signature.objects.get(status=Status.HELD)
    assert held.hold_reasons == ["imported", "protected_name"]
    assert [s["name"] for s in client.get("/api/v1/campaigns/art/signers/").json()["results"]] == [
        "Ana"
    ]


@pytest.mark.parametrize("note", ["", "  "])
def test_consent_on_file_needs_a_note(run: Importer, note: str) -> None:
    with pytest.raises(CommandError, match="needs a note"):
        run("name,email\nAna,ana@example.org\n", "--consent-on-file", note)
    assert nothing_written()


def test_without_consent_on_file_an_address_is_needed(run: Importer) -> None:
    summary, mistakes = run("name,email\nAna,\nBruno,bruno@example.org\n")
    assert summary == said(added=1, refused=1)
    assert len(mistakes) == 1
    assert mistakes[0].startswith("line 2: email: is needed")


# --- After the close -------------------------------------------------------------------------


@pytest.fixture
def closed(art: Campaign) -> None:
    now = timezone.now()
    Campaign.objects.filter(pk=art.pk).update(opens_at=now - timedelta(days=9), closes_at=now)


@pytest.mark.usefixtures("closed")
@pytest.mark.parametrize("options", [(), ("--dry-run",)])
def test_nobody_is_asked_to_sign_what_is_closed(run: Importer, options: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="This campaign is closed") as raised:
        run("name,email\nAna,ana@example.org\nBruno,\n", *options)
    assert raised.value.returncode == 1
    assert nothing_written()
    assert not MailQuota.objects.exists()
    assert not MailDay.objects.exists()


@pytest.mark.usefixtures("closed")
def test_who_signed_on_paper_before_the_close_comes_in_after_it(run: Importer) -> None:
    assert run("name,email\nAna,ana@example.org\n", "--consent-on-file", NOTE) == (
        said(added=1),
        [],
    )
    assert not Mail.objects.exists()


# --- Twice, and who is known -----------------------------------------------------------------

FILE = "name,email\nAna,ana@example.org\nBruno,bruno@example.org\n"


@pytest.mark.parametrize("options", [(), ("--consent-on-file", NOTE)])
def test_the_same_file_twice_adds_nothing(run: Importer, options: tuple[str, ...]) -> None:
    assert run(FILE, *options) == (said(added=2), [])
    mails = Mail.objects.count()
    assert run(FILE, *options) == (said(known=2), [])
    assert names() == ["Ana", "Bruno"]
    assert (Mail.objects.count(), ImportBatch.objects.count()) == (mails, 1)


def test_without_an_address_a_file_twice_adds_nothing(run: Importer) -> None:
    file = "name,credit\nAna,Songs\nAna,Novels\n"
    assert run(file, "--consent-on-file", NOTE)[0] == said(added=2)  # two people of one name
    assert run(file, "--consent-on-file", NOTE)[0] == said(known=2)


def test_a_line_more_is_added_alone(run: Importer) -> None:
    run(FILE)
    assert run(FILE + "Clara,clara@example.org\n") == (said(added=1, known=2), [])


def test_one_person_twice_in_a_file_is_added_once(run: Importer) -> None:
    file = "name,email\nZoë,zoe@example.org\nZOE,Zoe@EXAMPLE.org\nZoe\u0308,zoe@example.org\n"
    assert run(file) == (said(added=1, known=2), [])
    assert Mail.objects.count() == 1


def test_two_people_of_one_mailbox_are_two(run: Importer) -> None:
    assert run("name,email\nAna,house@example.org\nBruno,house@example.org\n") == (
        said(added=2),
        [],
    )
    for signature in Signature.objects.order_by("pk"):
        signing.confirm(confirm_token(signature))
    statuses = list(Signature.objects.order_by("pk").values_list("status", "hold_reasons"))
    assert statuses == [("published", []), ("held", ["second_name"])]


def test_a_pending_of_a_stranger_keeps_nobody_out_of_an_import(
    run: Importer, art: Campaign
) -> None:
    make_signature(art, name="Ana", email="ana@example.org", status=Status.PENDING)
    for options in ((), ("--consent-on-file", NOTE)):
        Signature.objects.exclude(import_key="").delete()
        assert run("name,email\nANA,ana@example.org\n", *options) == (said(added=1), [])


def test_the_very_details_that_somebody_is_asked_for_are_not_asked_twice(
    run: Importer, art: Campaign
) -> None:
    make_signature(
        art, name="Ana", email="ana@example.org", status=Status.PENDING, discipline="", credit=""
    )
    assert run("name,email\nAna,ana@example.org\n") == (said(known=1), [])
    assert Signature.objects.count() == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [("Ask us first", "Ask us before"), ("my name is published", "my name is shown")],
)
def test_who_was_asked_for_what_an_earlier_text_said_is_asked_for_the_one_of_now(
    run: Importer, art: Campaign, before: str, after: str
) -> None:
    ana = {"name": "Ana", "email": "ana@example.org", "discipline": "", "credit": ""}
    make_signature(art, status=Status.PENDING, **ana)
    load_campaign(parse(campaign_file(publication="after_verification").replace(before, after)))
    assert run("name,email\nAna,ana@example.org\n") == (said(added=1), [])
    assert Mail.objects.count() == 2


def test_who_types_on_the_form_what_a_file_said_gives_the_consent_that_stands_there(
    run: Importer, art: Campaign
) -> None:
    run("name,email\nAna,ana@example.org\n")
    signed = make_signature(art, name="Ana", email="ana@example.org", discipline="", credit="")
    assert signed.consent == Consent.objects.get(language="en")
    assert Signature.objects.get() == signed


@pytest.mark.parametrize("status", [Status.HELD, Status.PUBLISHED, Status.REJECTED])
def test_who_has_signed_here_is_known(run: Importer, art: Campaign, status: Status) -> None:
    make_signature(art, name="Ana", email="ana@example.org", status=status)
    mails = Mail.objects.count()
    for options in ((), ("--consent-on-file", NOTE)):
        assert run("name,email\nANA,ana@example.org\n", *options) == (said(known=1), [])
    assert Signature.objects.get().status == status
    assert (Mail.objects.count(), ImportBatch.objects.count()) == (mails, 0)


@pytest.mark.parametrize("name", ["Ana", "Somebody Else"])
def test_who_erased_their_data_is_not_brought_back(run: Importer, art: Campaign, name: str) -> None:
    make_signature(art, name="Ana", email="a.n.a+x@gmail.com", status=Status.ERASED)
    for options in ((), ("--consent-on-file", NOTE)):
        assert run(f"name,email\n{name},ana@gmail.com\n", *options) == (said(left=1), [])
    assert names() == [""]


def test_who_said_that_it_was_not_them_is_not_written_to(run: Importer, art: Campaign) -> None:
    pending = make_signature(art, name="Ana", email="ana@example.org", status=Status.PENDING)
    leaving.not_me(not_me_token(pending))
    assert Suppression.objects.count() == 1
    mails = Mail.objects.count()
    for options in ((), ("--consent-on-file", NOTE)):
        assert run("name,email\nBruno,ana@example.org\n", *options) == (said(left=1), [])
    assert (names(), Mail.objects.count()) == ([], mails)


def test_a_withdrawal_after_the_import_is_not_undone_by_another(run: Importer) -> None:
    run("name,email\nAna,ana@example.org\n", "--consent-on-file", NOTE)
    bring_to(Signature.objects.get(), Status.WITHDRAWN)
    twice = "name,email\nAna,ana@example.org\nANA,ana@example.org\n"
    for options in ((), ("--consent-on-file", NOTE)):
        assert run(twice, *options) == (said(left=2), [])
    assert release(ImportBatch.objects.get()) == 0
    assert Signature.objects.get().status == Status.WITHDRAWN


def test_whoever_withdrew_and_signed_again_is_known(run: Importer, art: Campaign) -> None:
    run("name,email\nAna,ana@example.org\n", "--consent-on-file", NOTE)
    bring_to(Signature.objects.get(), Status.WITHDRAWN)
    make_signature(art, name="Ana", email="ana@example.org")
    assert run("name,email\nAna,ana@example.org\n") == (said(known=1), [])


def test_who_withdrew_is_not_brought_back_under_another_spelling(
    run: Importer, art: Campaign
) -> None:
    make_signature(art, name="Ana Sousa", email="ana@example.org", status=Status.WITHDRAWN)
    for options in ((), ("--consent-on-file", NOTE)):
        for spelt in ("Ana Sousa", "ANA SOUSA", "Dr Ana Sousa"):
            assert run(f"name,email\n{spelt},ana@example.org\n", *options) == (said(left=1), [])
    assert names() == [""]


@pytest.mark.parametrize(
    "spelt",
    ["Annelise Morau", "MOREAU ANNELISE", "Dr Anelise Moreau", "A. Moreau", "Annelise K. Moreau"],
)
def test_of_an_agency_only_who_withdrew_stays_away_however_they_are_spelt(
    run: Importer, art: Campaign, spelt: str
) -> None:
    agency = "agency@example.org"
    make_signature(art, name="Annelise Moreau", email=agency, status=Status.WITHDRAWN)
    file = f"name,email\nBea Two,{agency}\n{spelt},{agency}\nCy Three,{agency}\n"
    assert run(file, "--consent-on-file", NOTE) == (said(added=2, left=1), [])
    assert names() == ["", "Bea Two", "Cy Three"]


def test_a_relative_whose_name_has_the_same_consonants_comes_in_from_the_mailbox_of_one_who_left(
    run: Importer, art: Campaign
) -> None:
    family = "family@example.org"
    make_signature(art, name="राम कुमार", email=family, status=Status.WITHDRAWN)
    file = f"name,email\nरीमा कुमारी,{family}\nकुमार राम,{family}\n"
    assert run(file, "--consent-on-file", NOTE) == (said(added=1, left=1), [])
    assert names() == ["", "रीमा कुमारी"]


@pytest.mark.parametrize("left", [Status.WITHDRAWN, Status.ERASED])
def test_who_has_the_name_of_one_who_left_comes_in_from_elsewhere_for_a_look(
    run: Importer, art: Campaign, left: Status
) -> None:
    make_signature(art, name="Ana Sousa", email="ana@example.org", status=left)
    file = "name,email\nDr Ana Sousa,other@example.org\nAna Sousa,\nBruno Sousa,\n"
    assert run(file, "--consent-on-file", NOTE) == (said(added=3), [])
    assert release(ImportBatch.objects.get()) == 1
    came = Signature.objects.filter(batch__isnull=False).order_by("pk")
    assert list(came.values_list("name", "status", "hold_reasons")) == [
        ("Dr Ana Sousa", "held", ["imported", "name_left"]),
        ("Ana Sousa", "held", ["imported", "name_left"]),
        ("Bruno Sousa", "published", []),
    ]


@pytest.mark.parametrize("left", [Status.WITHDRAWN, Status.ERASED])
def test_who_is_asked_by_mail_answers_for_themselves_whatever_their_name(
    run: Importer, art: Campaign, left: Status
) -> None:
    make_signature(art, name="Ana Sousa", email="ana@example.org", status=left)
    assert run("name,email\nAna Sousa,other@example.org\n") == (said(added=1), [])
    signing.confirm(confirm_token(Signature.objects.get(name="Ana Sousa")))
    assert Signature.objects.get(name="Ana Sousa").status == Status.PUBLISHED


def test_a_name_that_only_a_stranger_typed_or_that_left_another_campaign_holds_nobody(
    run: Importer, art: Campaign
) -> None:
    pending = make_signature(art, name="Ana Sousa", email="a@example.org", status=Status.PENDING)
    leaving.erase(manage_token(pending))
    make_signature(make_campaign(slug="other"), name="Ana Sousa", status=Status.WITHDRAWN)
    run("name\nAna Sousa\n", "--consent-on-file", NOTE)
    assert Signature.objects.get(name="Ana Sousa").hold_reasons == ["imported"]


def test_who_withdrew_stays_away_though_another_of_their_mailbox_stands(
    run: Importer, art: Campaign
) -> None:
    make_signature(art, name="Ana Sousa", email="both@example.org", status=Status.WITHDRAWN)
    make_signature(art, name="Bruno", email="both@example.org")
    file = "name,email\nDr Ana Sousa,both@example.org\n"
    assert run(file, "--consent-on-file", NOTE) == (said(left=1), [])


def test_a_mailbox_of_two_of_whom_one_withdrew_may_name_a_third(
    run: Importer, art: Campaign
) -> None:
    make_signature(art, name="Ana", email="both@example.org", status=Status.WITHDRAWN)
    make_signature(art, name="Bruno", email="both@example.org")
    assert run("name,email\nCarla,both@example.org\n", "--consent-on-file", NOTE) == (
        said(added=1),
        [],
    )


# --- Bad lines -------------------------------------------------------------------------------

BAD = [
    ("=cmd|' /C calc'!A0,a@example.org", "name"),
    (",a@example.org", "name"),
    ("🎸,a@example.org", "name"),
    ("https://spam.example.com,a@example.org", "name"),
    ("<b>Ana</b>,a@example.org", "name"),
    ("a" * 201 + ",a@example.org", "name"),
    ("a" * 100_000 + ",a@example.org", "name"),
    ("a" * 200_000 + ",a@example.org", ""),
    ("Ana,not an address", "email"),
    ("Ana,a@localhost", "email"),
    ("Ana,a\0@example.org", "email"),
    ("Ana,a@example.org,robot", "kind"),
    ("Ana,a@example.org,,juggler", "discipline"),
    ("Ana,a@example.org,,,ZZ", "country"),
    ("Ana,a@example.org,,,,nl", "language"),
    ("Ana,a@example.org,,,,,perhaps", "featured"),
    ("Ana,a@example.org,,,,,,yesterday", "signed_at"),
    ("Ana,a@example.org,,,,,,2999-01-01", "signed_at"),
    ("Ana,a@example.org,,,,,,1066-10-14", "signed_at"),
    ("Ana,a@example.org,,,,,,,http://x.example.com", "sort_name"),
    ("Ana,a@example.org,,,,,,,,one too many", ""),
    ('An"a" B,a@example.org,"x"y', ""),
]


@pytest.mark.parametrize(("line", "column"), BAD, ids=lambda text: text[:20])
def test_a_bad_line_is_reported_with_its_number_and_the_rest_goes_on(
    run: Importer, line: str, column: str
) -> None:
    header = "name,email,kind,discipline,country,language,featured,signed_at,sort_name\n"
    summary, mistakes = run(f"{header}First,first@example.org\n{line}\nLast,last@example.org\n")
    assert summary == said(added=2, refused=1)
    assert names() == ["First", "Last"]
    assert len(mistakes) == 1
    assert mistakes[0].startswith(f"line 3: {column}: " if column else "line 3: ")
    assert len(mistakes[0]) < 200


def test_every_mistake_of_a_line_is_named(run: Importer) -> None:
    summary, mistakes = run("name,email,kind\n=1+1,nowhere,robot\n")
    assert summary == said(refused=1)
    assert [mistake.split(":")[:2] for mistake in mistakes] == [
        ["line 2", " email"],
        ["line 2", " name"],
        ["line 2", " kind"],
    ] or {mistake.split(":")[1] for mistake in mistakes} == {" name", " email", " kind"}
    assert nothing_written()


def test_numbers_are_those_of_the_file_whatever_is_quoted_or_empty_before(run: Importer) -> None:
    file = 'name,email,evidence_note\n"Ana",a@example.org,"one\ntwo\nthree"\n\n\nBad One,nowhere,\n"Bad\nTwo",nowhere,"x\ny"\nBad Three,nowhere,\n'
    summary, mistakes = run(file)
    assert summary == said(added=1, refused=3)
    assert [mistake.partition(":")[0] for mistake in mistakes] == ["line 7", "line 8", "line 11"]
    assert Signature.objects.get().evidence_note == "one two three"


def test_windows_lines_and_a_byte_order_mark_are_taken(run: Importer) -> None:
    file = "name,email\r\nZoë,zoe@example.org\r\nBad,nowhere\r\n"
    summary, mistakes = run(b"\xef\xbb\xbf" + file.encode())
    assert (summary, len(mistakes)) == (said(added=1, refused=1), 1)
    assert mistakes[0].startswith("line 3: email: ")


@pytest.mark.parametrize("between", [";", "\t"])
def test_what_spreadsheets_of_other_countries_write_is_taken(run: Importer, between: str) -> None:
    file = 'Name,E-Mail,Credit\r\n"Groß, Jürgen",j@example.org,"a; b, c\td"\r\nAna,no,\r\n'
    rows = csv.reader(io.StringIO(file))
    written = io.StringIO()
    csv.writer(written, delimiter=between).writerows(rows)
    assert run(written.getvalue()) == (
        said(added=1, refused=1),
        ["line 3: email: This is not a whole e-mail address. It looks like name@example.org."],
    )
    signature = Signature.objects.get()
    assert (signature.name, signature.email) == ("Groß, Jürgen", "j@example.org")
    assert signature.credit == "a; b, c d"


@pytest.mark.parametrize("between", [",", ";", "\t"])
def test_a_sheet_that_is_wider_and_longer_than_its_table_is_taken(
    run: Importer, between: str
) -> None:
    file = "name,email,,\nAna,ana@example.org,,,,\n,,,\n , ,\n\nBruno,bruno@example.org\nClara,,,\n,,,,\n"
    summary, mistakes = run(file.replace(",", between))
    assert summary == said(added=2, refused=1)
    assert len(mistakes) == 1
    assert mistakes[0].startswith("line 7: email: is needed")
    assert names() == ["Ana", "Bruno"]


def test_what_stands_beyond_the_columns_is_still_a_mistake(run: Importer) -> None:
    summary, mistakes = run("name,email,\nAna,ana@example.org,,x\n,,more\n")
    assert summary == said(refused=2)
    assert mistakes == [
        "line 2: has more columns than the first line",
        "line 3: has more columns than the first line",
    ]
    assert nothing_written()


def test_a_quote_that_is_never_closed_costs_its_own_line_alone(run: Importer) -> None:
    file = 'name,email,evidence_note\nAna,a@example.org,"oops\nBruno,b@example.org,\nBad,nowhere,\nClara,c@example.org,\n'
    summary, mistakes = run(file)
    assert summary == said(added=2, refused=2)
    assert mistakes == [
        "line 2: is not CSV: a quote is not closed",
        "line 4: email: This is not a whole e-mail address. It looks like name@example.org.",
    ]
    assert names() == ["Bruno", "Clara"]


def test_of_many_quotes_that_are_never_closed_each_is_named(run: Importer) -> None:
    people = [f"Signer {number},s{number}@example.org,\n" for number in range(3000)]
    for number in (0, 1000, 1001, 2990):
        people[number] = f'Bad,bad{number}@example.org,"oops\n'
    summary, mistakes = run("name,email,evidence_note\n" + "".join(people))
    assert summary == said(added=2996, refused=4)
    assert mistakes == [
        f"line {line}: is not CSV: a quote is not closed" for line in (2, 1002, 1003, 2992)
    ]
    assert not Signature.objects.exclude(evidence_note="").exists()


def test_a_quote_that_another_one_closes_far_below_swallows_nobody(run: Importer) -> None:
    people = [f"Signer {number},s{number}@example.org,\n" for number in range(300)]
    file = f'name,email,evidence_note\nBad,bad@example.org,"oops\n{"".join(people)}Ana,a@example.org,"\n'
    summary, mistakes = run(file)
    assert summary == said(added=300, refused=2)
    assert [mistake.partition(":")[0] for mistake in mistakes] == ["line 2", "line 303"]
    assert Signature.objects.count() == 300


def test_quotes_that_close_and_open_on_every_line_are_not_read_again_from_each(
    run: Importer,
) -> None:
    """Each of so many lines, read to the end of the file, would take this test minutes."""
    summary, mistakes = run("name,email\n" + 'a,"b\n' + 'c","d\n' * 20_000)
    assert summary == said(refused=20_001)
    assert len(mistakes) == 20_001


def test_nothing_that_cannot_be_stored_comes_through(run: Importer) -> None:
    header = "name,email,credit,organisation,sort_name,evidence_note\n"
    assert run(header + "A\0na,a@example.org,S\0ongs,G\0uild,A\0na,N\0ote\n") == (said(added=1), [])
    got = Signature.objects.get()
    texts = (got.name, got.credit, got.organisation, got.sort_name, got.evidence_note)
    assert texts == ("Ana", "Songs", "Guild", "Ana", "Note")


def test_lines_that_are_not_utf_8_are_refused_and_the_rest_goes_on(run: Importer) -> None:
    file = b"name,email\nZo\xeb,zoe@example.org\nAna,ana@example.org\n\xff\xfe,x@example.org\n"
    summary, mistakes = run(file)
    assert summary == said(added=1, refused=2)
    assert mistakes == ["line 2: name: is not UTF-8", "line 4: name: is not UTF-8"]
    assert names() == ["Ana"]


def test_a_long_file_is_taken_in_chunks(run: Importer) -> None:
    lines = [f"Signer {number},signer{number}@example.org\n" for number in range(1201)]
    lines[700] = "Bad,nowhere\n"
    summary, mistakes = run("name,email\n" + "".join(lines))
    assert summary == said(added=1200, refused=1)
    assert mistakes[0].startswith("line 702: ")
    assert Signature.objects.count() == 1200


# --- Files that will not do ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "name is needed"),
        ("\n", "name is needed"),
        ("email\na@example.org\n", "name is needed"),
        ("Ana,ana@example.org\n", "name is needed"),
        ("name|email\nAna|a@example.org\n", "name is needed"),
        ("nom;email\nAna;a@example.org\n", "name is needed"),
        ("name,email,phone\nAna,a@example.org,1\n", "phone: is not a column"),
        ("name,email,Credits\n", "credits: is not a column"),
        ("name,,email\n", "column 2: is not a column"),
        ("name,email,status\nAna,a@example.org,published\n", "status: is not a column"),
        ("name,email,name\n", "names a column twice"),
        ("name,email,E-Mail\n", "names a column twice"),
        ('name,"email\nAna,a@example.org\n', "not CSV"),
        (b"name,em\xe9il\n", "is not UTF-8"),
        ("name,email\nAna,a@example.org\n".encode("utf-16"), "is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", "is not UTF-8"),
        (b"PK\x03\x04" + bytes(100), "name is needed"),
    ],
)  # fmt: skip
def test_a_first_line_that_will_not_do_stops_the_import(
    run: Importer, content: str | bytes, reason: str
) -> None:
    with pytest.raises(CommandError) as raised:
        run(content)
    assert str(raised.value).startswith(f"{run.path}: ")
    assert reason in str(raised.value)
    assert raised.value.returncode == 1
    assert nothing_written()


def test_a_file_that_is_not_there_is_refused(art: Campaign, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere.csv", tmp_path):
        with pytest.raises(CommandError, match="cannot be read"):
            call_command("import_signers", "art", str(path))
    assert nothing_written()


def test_a_campaign_that_is_none_is_refused(run: Importer) -> None:
    with pytest.raises(CommandError, match="there is no campaign 'nobody'"):
        call_command("import_signers", "nobody", str(run.path))


def test_a_file_of_a_header_alone_adds_nobody(run: Importer) -> None:
    assert run("name,email\n") == (said(), [])
    assert nothing_written()


# --- Dry run, progress -----------------------------------------------------------------------


@pytest.mark.parametrize("options", [(), ("--consent-on-file", NOTE)])
def test_a_dry_run_says_the_same_and_writes_nothing(
    run: Importer, art: Campaign, options: tuple[str, ...]
) -> None:
    file = FILE + "Ana,ana@example.org\nBad,nowhere\n"
    summary, mistakes = run(file, "--dry-run", *options)
    assert summary == "2 would be added, 1 known already, 0 left before, 1 refused"
    assert mistakes[0].startswith("line 5: email: ")
    assert nothing_written()
    assert run(file, *options)[0] == said(added=2, known=1, refused=1)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_progress_bar_is_drawn_on_a_terminal_only(
    run: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(FILE) == (said(added=2), [])  # neither of its outputs is a terminal here
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    call_command("import_signers", "art", str(run.path))
    assert "lines" in terminal.getvalue()


def test_the_consent_on_file_covers_print_when_that_is_said(run: Importer) -> None:
    run("name\nZoë Moreau\n", "--consent-on-file", NOTE, "--covers-print")
    run("name\nAnother\n", "--consent-on-file", NOTE)
    assert list(ImportBatch.objects.order_by("pk").values_list("covers_print", flat=True)) == [
        True,
        False,
    ]


def test_print_is_covered_by_no_consent_that_is_not_on_file(run: Importer) -> None:
    with pytest.raises(CommandError, match="--consent-on-file, which is missing"):
        run("name,email\nZoë Moreau,zoe@example.org\n", "--covers-print")
    assert not Signature.objects.exists()


# --- On record -------------------------------------------------------------------------------


def test_an_import_is_one_entry_of_the_trail_with_its_note(
    run: Importer, art: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "CHUNK", 2)
    people = "name,evidence_note\n" + "".join(f"Signer {n},form {n}\n" for n in range(5))
    assert run(people, "--consent-on-file", NOTE)[0] == said(added=5)
    entry = on_record().get()
    assert (entry.action, entry.campaign, entry.user) == ("import", art, None)
    assert entry.details == {"batch": ImportBatch.objects.get().pk, "consent_on_file": True}
    assert entry.note.text == NOTE

    owner = Client()
    owner.force_login(make_member(art, Role.OWNER))
    page = owner.get("/admin/campaign/auditentry/?what=import").content.decode()
    assert page.count(NOTE) == 1
    asked = {"campaign": art.pk, "what": "import", "reason": "asked for by the board"}
    answer = owner.post("/admin/campaign/auditentry/export/", asked)
    rows = list(csv.DictReader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert [row["note"] for row in rows if row["note"]] == [NOTE]
    # What stands beside one line stays with its signer.
    assert set(Signature.objects.values_list("evidence_note", flat=True)) >= {"form 0", "form 4"}


def test_an_import_that_adds_nobody_leaves_no_entry(run: Importer, art: Campaign) -> None:
    people = "name,email\nZoë Moreau,zoe@example.org\n"
    assert run(people, "--dry-run")[0].startswith("1 would be added")
    assert not on_record().exists()
    run(people)
    entry = on_record().get()
    assert entry.details == {"batch": ImportBatch.objects.get().pk, "consent_on_file": False}
    assert not AuditNote.objects.exists()
    assert run(people)[0] == said(known=1)
    assert on_record().get() == entry


def test_without_its_entry_nobody_comes_in(run: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(AuditNote.objects, "create", fail)
    with pytest.raises(RuntimeError):
        run("name\nZoë Moreau\n", "--consent-on-file", NOTE)
    assert not Signature.objects.exists()
    assert not ImportBatch.objects.exists()
    assert not on_record().exists()
