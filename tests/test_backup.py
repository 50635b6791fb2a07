"""A backup is restored into another database: the same rows, without who has left since."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.test import Client
from django.utils import timezone
from psycopg import sql

from campaign import (
    correspondents,
    journal,
    leaving,
    member_links,
    outbox,
    pg_tools,
    signing,
    vouching,
)
from campaign.links import Purpose, make_token
from campaign.models import (
    Campaign,
    Mail,
    MailQuota,
    Report,
    Representation,
    Signature,
    Suppression,
    Voucher,
    Vouching,
)
from campaign.models.signature import Status
from petition.household import ROOT
from tests.batches import imported
from tests.factories import (
    confirm_token,
    details,
    make_campaign,
    make_report,
    make_signature,
    manage_token,
    not_me_token,
)
from tests.representing import ask, asked
from tests.vouchers import link_for, make_voucher, own_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("providers")]

Rows = dict[str, list[tuple[Any, ...]]]


def url_of(database: str) -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


@contextmanager
def another_database() -> Iterator[str]:
    """An empty one; its name."""
    name = f"restored_{os.urandom(6).hex()}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield name
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def empty() -> Iterator[str]:
    with another_database() as name:
        yield name


WITHOUT_PROGRAMS = """
import sys
from django.core.management import execute_from_command_line
from campaign import pg_tools
pg_tools._candidates = lambda name: iter(())
execute_from_command_line(sys.argv)
"""


def manage(database: str, *command: str, programs: bool = True) -> subprocess.CompletedProcess[str]:
    """A command of manage.py on that database, as an operator gives it; PostgreSQL's programs are there
    or not."""
    script = ("manage.py",) if programs else ("-c", WITHOUT_PROGRAMS)
    return subprocess.run(
        [sys.executable, *script, *command],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url_of(database), "HASH_KEY": settings.HASH_KEY},
        capture_output=True,
        text=True,
        check=False,
    )


def restored(database: str, file: Path, *options: str) -> str:
    told = manage(database, "restore", str(file), f"--journal={settings.JOURNAL_FILE}", *options)
    assert told.returncode == 0, told.stderr
    return told.stdout


def refused(database: str, file: Path, *options: str, programs: bool = True) -> str:
    told = manage(
        *(database, "restore", str(file), f"--journal={settings.JOURNAL_FILE}", *options),
        programs=programs,
    )
    assert told.returncode == 1, told.stdout
    [line] = told.stderr.strip().splitlines()
    return line


def rows(database: str) -> Rows:
    """Every row of every table."""
    with psycopg.connect(url_of(database)) as other:
        tables = other.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        ).fetchall()
        return {
            table: sorted(
                other.execute(
                    sql.SQL("SELECT t::text FROM {} AS t").format(sql.Identifier(table))
                ).fetchall()
            )
            for (table,) in tables
        }


def backup(folder: Path) -> Path:
    call_command("backup", str(folder))
    [file] = folder.glob("*.dump")
    return file


def here() -> str:
    return str(connection.settings_dict["NAME"])


def leave_something() -> None:
    """So that there is a journal."""
    Path(settings.JOURNAL_FILE).touch()


@pytest.fixture
def signer() -> Signature:
    campaign = make_campaign(publication="after_verification")
    for status in (Status.PENDING, Status.HELD, Status.PUBLISHED, Status.REJECTED):
        make_signature(campaign, status=status)
    return make_signature(campaign, name="Canary Xyzzy", email="canary@xyzzy.example.org")


# --- Made and restored -----------------------------------------------------------------------


def test_what_is_restored_is_row_by_row_what_was_backed_up(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    before = rows(here())
    file = backup(tmp_path)
    make_signature(name="Too Late")
    said = restored(empty, file)
    assert rows(empty) == before
    assert "every number is that of a recount" in said
    assert "left again: 0, of 0 in the journal" in said


def test_who_left_after_the_backup_is_gone_again(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    campaign = signer.campaign
    withdrawn, pending, theirs = (
        make_signature(campaign),
        make_signature(campaign, status=Status.PENDING),
        make_signature(campaign, status=Status.PENDING, email="not.me@example.org"),
    )
    report = make_report(withdrawn, "reporter@xyzzy.example.org")
    file = backup(tmp_path)
    leaving.erase(manage_token(signer))
    leaving.withdraw(manage_token(withdrawn))
    correspondents.erase(
        make_token(Purpose.MY_DATA, subject=report.public_id, revision=report.revision)
    )
    leaving.withdraw(manage_token(pending))
    leaving.not_me(not_me_token(theirs))
    late = make_signature(campaign, email="late@example.org")
    leaving.erase(manage_token(late))
    said = restored(empty, file)
    assert "left again: 5, of 6 in the journal" in said
    assert "every number is that of a recount" in said
    found, wanted = rows(empty), rows(here())
    assert "xyzzy" not in str(found).lower()
    # Whose signature is as it is where nothing was lost, but for the times at which they left again.
    assert statuses(empty) == {
        public_id: status
        for public_id, status in statuses(here()).items()
        if public_id != late.public_id
    }
    assert len(found["campaign_suppression"]) == len(wanted["campaign_suppression"]) == 3
    assert hashes(empty) == hashes(here())


def wrote(campaign: Campaign, client: Client, email: str) -> Report:
    """Somebody reports an entry, and signs for somebody else; the report."""
    theirs = {"representative_email": email, "email": f"for.{email[:3]}@example.org"}
    asked(client, **theirs, name=f"For {email[:3]}")
    return make_report(make_signature(campaign), email)


def forget(about: Report) -> None:
    """Whoever wrote it has all of it deleted, by the link in a mail to them."""
    subject, revision = about.public_id, about.revision
    correspondents.erase(make_token(Purpose.MY_DATA, subject=subject, revision=revision))


def addresses(database: str) -> set[str]:
    """Of who reported an entry, or signed for somebody else."""
    with psycopg.connect(url_of(database)) as other:
        found = other.execute(
            "SELECT email FROM campaign_report UNION SELECT email FROM campaign_representation"
        ).fetchall()
        return {email for (email,) in found}


def test_what_an_address_wrote_before_the_backup_is_gone_again_by_what_came_after_it(
    signer: Signature, tmp_path: Path, empty: str, client: Client
) -> None:
    """Whoever erased by a signature or a report that the backup does not have."""
    campaign = signer.campaign
    for email in ("ann@xyzzy.org", "ben@xyzzy.org", "eve@example.org"):
        wrote(campaign, client, email)
    imported(campaign, ["name,email\n", "Xyzzy Ann,ann@xyzzy.org\n", "Eve,eve@example.org\n"])
    brought = list(Signature.objects.order_by("pk").values_list("public_id", flat=True))[-2:]
    file = backup(tmp_path)
    late = make_signature(campaign, name="Ann Xyzzy", email="ann@xyzzy.org")
    leaving.erase(manage_token(late))
    forget(make_report(signer, "ben@xyzzy.org"))
    assert addresses(here()) == {"eve@example.org"}
    for _twice in range(2):
        restored(empty, file, "--replace")
        assert addresses(empty) == {"eve@example.org"}
        left = {**rows(empty), "campaign_signature": []}
        assert "@xyzzy.org" not in str(left)
        # What a file had brought of who erased is gone by a line of its own, and nobody else is.
        assert [statuses(empty)[public_id] for public_id in brought] == ["erased", "held"]


def test_what_an_address_wrote_after_it_was_erased_stays(
    signer: Signature, tmp_path: Path, empty: str, client: Client
) -> None:
    wrote(signer.campaign, client, "canary@xyzzy.example.org")
    leaving.erase(manage_token(signer))
    forget(make_report(make_signature(signer.campaign), "ben@example.org"))
    for email in ("canary@xyzzy.example.org", "ben@example.org"):
        make_report(make_signature(signer.campaign), email)
    said = restored(empty, backup(tmp_path))
    assert "left again: 0, of 2 in the journal" in said
    assert addresses(empty) == {"canary@xyzzy.example.org", "ben@example.org"}


def test_a_line_of_before_without_a_hash_is_done_again_by_its_id(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    report = make_report(signer, "ben@xyzzy.org")
    kept = make_report(signer, "eve@example.org")
    file = backup(tmp_path)
    told = {"at": timezone.now().isoformat(), "campaign": signer.campaign_id, "address": ""}
    lines = [{**told, "signer": of, "reasons": []} for of in (report.public_id, "gone")]
    dids = ("forget", "forget", "erase")
    text = [
        json.dumps({**line, "did": did}) for line, did in zip([*lines, lines[1]], dids, strict=True)
    ]
    Path(settings.JOURNAL_FILE).write_text("\n".join([*text, ""]))
    assert "left again: 1, of 3 in the journal" in restored(empty, file)
    assert addresses(empty) == {kept.email}


def statuses(database: str) -> dict[str, str]:
    with psycopg.connect(url_of(database)) as other:
        return dict(other.execute("SELECT public_id, status FROM campaign_signature").fetchall())


def hashes(database: str) -> set[tuple[str, str]]:
    with psycopg.connect(url_of(database)) as other:
        found = other.execute("SELECT address_hash, reason FROM campaign_suppression").fetchall()
        return {(address, reason) for address, reason in found}


def wrote_without_confirming(about: Signature, email: str) -> Report:
    report = make_report(about, email)
    Report.objects.filter(pk=report.pk).update(status="unconfirmed", confirmed_at=None)
    return report


NOT_ME = "not.me@example.org"


def signed_for(client: Client, name: str, *, confirmed: bool) -> Representation:
    """What that address asked for somebody else, who has yet to confirm; it did so itself, or not yet."""
    typed = {"representative_email": NOT_ME, "email": f"{name.lower()}@example.org"}
    MailQuota.objects.all().delete()  # of another day
    (asked if confirmed else ask)(client, **typed, name=name)
    return Representation.objects.get(signature__name=name)


def waiting(signer: Signature, client: Client) -> dict[str, Signature | Report | Representation]:
    """All that one address may leave unconfirmed, and what it has confirmed beside it; one of each kind."""
    campaign = signer.campaign
    make_signature(campaign, email=NOT_ME, name="Mine")
    make_signature(campaign, status=Status.PENDING, email="eve@example.org")
    make_report(signer, NOT_ME)
    signed_for(client, "Cleo", confirmed=True)
    return {
        "signature": make_signature(campaign, status=Status.PENDING, email=NOT_ME, name="Early"),
        "report": wrote_without_confirming(signer, NOT_ME),
        "representation": signed_for(client, "Dora", confirmed=False),
    }


def later(kind: str, signer: Signature, client: Client) -> Signature | Report | Representation:
    """What the backup does not have, whose mail is answered."""
    if kind == "signature":
        MailQuota.objects.all().delete()
        typed = {"email": NOT_ME, "name": "Late"}
        return make_signature(signer.campaign, status=Status.PENDING, **typed)
    if kind == "report":
        return wrote_without_confirming(make_signature(signer.campaign, name="Late"), NOT_ME)
    return signed_for(client, "Late", confirmed=False)


def written(database: str) -> set[str]:
    """Each signature, report and representation that is there, and what it is by now."""
    with psycopg.connect(url_of(database)) as other:
        found = other.execute(
            "SELECT concat_ws(' ', 'signature', name, email, status) FROM campaign_signature"
            " WHERE name <> 'Late' UNION ALL"
            " SELECT concat_ws(' ', 'report', email, status) FROM campaign_report UNION ALL"
            " SELECT concat_ws(' ', 'for', signature.name, signer.email) FROM campaign_representation"
            " AS signer JOIN campaign_signature AS signature ON signature.id = signature_id"
        ).fetchall()
        return {text for (text,) in found}


@pytest.mark.parametrize("answered", ["early", "late"])
@pytest.mark.parametrize("kind", ["signature", "report", "representation"])
def test_who_said_it_was_not_them_has_lost_again_what_that_took_and_nothing_else(
    signer: Signature, tmp_path: Path, empty: str, client: Client, kind: str, answered: str
) -> None:
    early = waiting(signer, client)
    before = written(here())
    file = backup(tmp_path)
    about = early[kind] if answered == "early" else later(kind, signer, client)
    leaving.not_me(not_me_token(about))
    gone = {
        "signature": {f"signature Early {NOT_ME} pending"},
        "report": {f"report {NOT_ME} unconfirmed"},
        "representation": {
            *("signature Cleo cleo@example.org pending", f"for Cleo {NOT_ME}"),
            *("signature Dora dora@example.org pending", f"for Dora {NOT_ME}"),
        },
    }
    assert written(here()) == before - gone[kind]
    said = restored(empty, file)
    assert "left again: 1, of 1 in the journal" in said
    assert "every number is that of a recount" in said
    assert written(empty) == before - gone[kind]


def test_a_mail_about_what_was_gone_took_nothing_and_takes_nothing_again(
    signer: Signature, tmp_path: Path, empty: str, client: Client
) -> None:
    waiting(signer, client)
    before = written(here())
    gone = make_signature(signer.campaign, status=Status.PENDING, email=NOT_ME, name="Late")
    token = not_me_token(gone)
    leaving.withdraw(manage_token(gone))
    file = backup(tmp_path)
    leaving.not_me(token)
    assert written(here()) == before
    assert "left again: 0, of 2 in the journal" in restored(empty, file)
    assert written(empty) == before
    assert hashes(empty) == hashes(here())


def test_a_line_of_before_that_says_of_no_mail_takes_what_no_mail_has_confirmed(
    signer: Signature, tmp_path: Path, empty: str, client: Client
) -> None:
    waiting(signer, client)
    before = written(here())
    file = backup(tmp_path)
    told = {"at": timezone.now().isoformat(), "did": "not_me", "campaign": signer.campaign_id}
    address = outbox.address_hash(NOT_ME)
    line = {**told, "signer": "gone", "address": address, "reasons": ["not_me"], "voucher": 0}
    Path(settings.JOURNAL_FILE).write_text(f"{json.dumps(line)}\n")
    assert "left again: 1, of 1 in the journal" in restored(empty, file)
    assert written(empty) == before - {
        *(f"signature Early {NOT_ME} pending", f"report {NOT_ME} unconfirmed"),
        *("signature Dora dora@example.org pending", f"for Dora {NOT_ME}"),
    }


def test_what_an_address_signed_after_it_said_not_me_waits_on(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    """Also where that was about a signature that stands."""
    campaign, email = signer.campaign, "not.me@example.org"
    mine = make_signature(campaign, email=email, name="Mine")
    leaving.not_me(not_me_token(mine))
    Suppression.objects.all().delete()  # its owner has asked the organiser for that
    own = make_signature(campaign, status=Status.PENDING, email=email, name="Own")
    said = restored(empty, backup(tmp_path))
    assert "left again: 0, of 1 in the journal" in said
    assert statuses(empty) == statuses(here())
    assert statuses(empty)[own.public_id] == "pending"


def test_a_line_that_this_release_does_not_know_is_named_and_the_others_are_done(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    pending = make_signature(signer.campaign, status=Status.PENDING, email="ann@example.org")
    file = backup(tmp_path)
    told = {"at": timezone.now().isoformat(), "campaign": signer.campaign_id}
    address = outbox.address_hash("ann@example.org")
    strange = {**told, "signer": pending.public_id, "address": address, "reasons": ["not_me"]}
    lines = [{**strange, "did": did} for did in ("teleport", "teleport", "dissolve")]
    known = {**told, "did": "erase", "signer": signer.public_id, "address": "", "reasons": []}
    text = [json.dumps(line) for line in (*lines, known)]
    Path(settings.JOURNAL_FILE).write_text("\n".join([*text, ""]))
    command = ("restore", str(file), f"--journal={settings.JOURNAL_FILE}")
    done = manage(empty, *command)
    assert done.returncode == 0, done.stderr
    assert "left again: 1, of 4 in the journal" in done.stdout
    assert "not done: 3 lines" in done.stderr
    assert "dissolve (1), teleport (2)" in done.stderr
    after = statuses(empty)
    assert (after[signer.public_id], after[pending.public_id]) == ("erased", "pending")
    assert (address, "not_me") not in hashes(empty)


def test_a_restore_is_replayed_twice_and_nobody_leaves_twice(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    file = backup(tmp_path)
    leaving.erase(manage_token(signer))
    restored(empty, file)
    first = statuses(empty)
    lines = Path(settings.JOURNAL_FILE).read_text()
    assert "left again: 1, of 1" in restored(empty, file, "--replace")
    assert statuses(empty) == first
    assert Path(settings.JOURNAL_FILE).read_text() == lines


def test_without_the_journal_who_was_erased_would_be_back(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    """The control: it is the replay that makes them leave."""
    file = backup(tmp_path)
    leaving.erase(manage_token(signer))
    assert "left again: 0, of 0" in restored(empty, file, "--without-journal")
    assert statuses(empty)[signer.public_id] == "published"


# --- What shows less since, and imports ------------------------------------------------------


def vouched_for(signature: Signature) -> Vouching:
    """By an organisation whose name the signer lets stand beside theirs."""
    voucher = Voucher.objects.first() or make_voucher(signature.campaign)
    member = own_user(voucher, username=signature.public_id)
    its = vouching.confirm_name(voucher=voucher, public_id=signature.public_id, by=member)
    vouching.let_show(manage_token(signature), vouching_id=its.pk, shown=True)
    return its


def test_what_was_hidden_or_taken_back_after_the_backup_is_not_shown_again(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    names = ("hidden", "unvouched", "refused", "concealed", "untouched")
    of = {name: make_signature(signer.campaign, name=name) for name in names}
    signing.subscribe(manage_token(of["hidden"]), newsletter=True)
    its = {name: vouched_for(each) for name, each in of.items()}
    file = backup(tmp_path)
    signing.show(manage_token(of["hidden"]), show_name=False)
    signing.subscribe(manage_token(of["hidden"]), newsletter=False)
    by = its["unvouched"].user
    assert by is not None
    assert vouching.take_back(vouching=its["unvouched"], by=by)
    vouching.refuse(manage_token(of["refused"]), vouching_id=its["refused"].pk)
    vouching.let_show(manage_token(of["concealed"]), vouching_id=its["concealed"].pk, shown=False)
    said = restored(empty, file)
    assert "left again: 5, of 5 in the journal" in said
    assert "every number is that of a recount" in said
    assert shown(empty) == shown(here())
    assert shown(empty)["hidden"] == (False, False, "vouched", True)
    assert shown(empty)["unvouched"] == (True, False, "email", False)
    assert refusals(empty) == refusals(here()) == [of["refused"].pk]
    assert shown(empty)["untouched"] == (True, False, "vouched", True)


def test_who_was_refused_after_the_backup_vouches_by_no_later_word_either(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    """The organisation vouched only after it, so the backup has nothing that could end."""
    voucher = make_voucher(signer.campaign)
    kept = make_signature(signer.campaign, name="Kept")
    file = backup(tmp_path)
    late = make_voucher(signer.campaign, name="Late Guild")
    its = vouched_for(signer)
    assert its.voucher == voucher
    vouching.refuse(manage_token(signer), vouching_id=its.pk)
    by = own_user(late, "late")
    to_late = vouching.confirm_name(voucher=late, public_id=signer.public_id, by=by)
    vouching.refuse(manage_token(signer), vouching_id=to_late.pk)
    vouched_for(kept)
    said_at = next(each.at for each in journal.read(Path(settings.JOURNAL_FILE)))
    assert "left again: 1, of 2 in the journal" in restored(empty, file)
    # Of an organisation that the backup does not know there is nothing to refuse.
    assert refusals(empty) == [signer.pk]
    assert refused_at(empty) == said_at
    restored_again = restored(empty, file, "--replace")
    assert "left again: 1, of 2 in the journal" in restored_again
    told = manage(empty, "export_signer", signer.public_id).stdout
    assert '"organisation": "Actors’ Guild"' in told
    assert '"refused_at": "20' in told


def refused_at(database: str) -> str:
    with psycopg.connect(url_of(database)) as other:
        row = other.execute("SELECT at FROM campaign_refusal").fetchone()
    assert row is not None
    at: datetime = row[0]
    return at.astimezone(UTC).isoformat()


def refusals(database: str) -> list[int]:
    """Of which signatures the signers have refused an organisation."""
    with psycopg.connect(url_of(database)) as other:
        found = other.execute("SELECT signature_id FROM campaign_refusal ORDER BY id").fetchall()
        return [signature for (signature,) in found]


def shown(database: str) -> dict[str, tuple[Any, ...]]:
    with psycopg.connect(url_of(database)) as other:
        found = other.execute(
            "SELECT name, show_name, newsletter, evidence, member_of_id IS NOT NULL"
            " FROM campaign_signature"
        ).fetchall()
        return {name: tuple(rest) for name, *rest in found}


def test_what_was_shown_again_before_the_backup_stays_shown(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        for show_name in (False, True):
            signing.show(manage_token(signer), show_name=show_name)
    said = restored(empty, backup(tmp_path))
    assert "left again: 0, of 1 in the journal" in said
    assert shown(empty)[signer.name][0]


@pytest.mark.parametrize("door", ["mail", "link"])
def test_who_hid_their_name_in_the_place_of_a_file_is_not_shown_by_its_release(
    signer: Signature, tmp_path: Path, empty: str, door: str
) -> None:
    campaign, email = signer.campaign, "ana@example.org"
    typed = {"name": "Ana One", "email": email, "show_name": False}
    if door == "mail":
        token = confirm_token(make_signature(campaign, status=Status.PENDING, **typed))
        confirm: partial[Any] = partial(signing.confirm, token)
    else:
        token = link_for(make_voucher(campaign), email).rstrip("/").rpartition("/")[2]
        confirm = partial(member_links.sign, token, typed=details(**typed), shown=False)
    imported(campaign, ["name,email\n", f"Ana One,{email}\n", "Bea Two,bea@example.org\n"])
    held = Signature.objects.exclude(batch=None).order_by("pk")
    ana, bea = held.values_list("public_id", flat=True)
    file = backup(tmp_path)
    confirm()
    said = restored(empty, file)
    assert "left again: 1, of 1 in the journal" in said
    assert "every number is that of a recount" in said
    assert in_files(empty) == {ana: (["imported"], False), bea: (["imported"], True)}


def in_files(database: str) -> dict[str, tuple[Any, ...]]:
    """What files have brought: why it is held, and whether it is shown."""
    with psycopg.connect(url_of(database)) as other:
        found = other.execute(
            "SELECT public_id, hold_reasons, show_name FROM campaign_signature"
            " WHERE status = 'held' AND batch_id IS NOT NULL"
        ).fetchall()
        return {public_id: tuple(rest) for public_id, *rest in found}


def test_only_what_shows_less_than_the_file_is_in_the_journal(signer: Signature) -> None:
    typed = {"name": "Ana One", "email": "ana@example.org"}
    path = Path(settings.JOURNAL_FILE)
    token = confirm_token(make_signature(signer.campaign, status=Status.PENDING, **typed))
    imported(signer.campaign, ["name,email\n", "Ana One,ana@example.org\n"])
    its = Signature.objects.get(status=Status.HELD, name="Ana One")
    signing.subscribe(manage_token(its), newsletter=True)
    assert signing.confirm(token).changed
    lines = [(line.did, line.signer) for line in journal.read(path)]
    assert lines == [("unsubscribe", its.public_id)]


def test_an_import_after_the_restore_brings_back_nobody_who_left(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    """Nor those whose row is lost, since they signed after the backup, nor by another spelling."""
    campaign = signer.campaign
    before = {did: make_signature(campaign, email=f"{did}@example.org") for did in ("w", "e")}
    file = backup(tmp_path)
    late = {did: make_signature(campaign, email=f"late.{did}@example.org") for did in ("w", "e")}
    for of in (before, late):
        leaving.withdraw(manage_token(of["w"]))
        leaving.erase(manage_token(of["e"]))
    restored(empty, file)
    there = statuses(empty)
    lines = [f"Prof. {each.name},{each.email}" for of in (before, late) for each in of.values()]
    (again := tmp_path / "again.csv").write_text("\n".join(["name,email", *lines]))
    for consent in ((), ("--consent-on-file", "They agreed on paper.")):
        told = manage(empty, "import_signers", "art", str(again), *consent)
        assert "0 added, 0 known already, 4 left before, 0 refused" in told.stdout + told.stderr
    assert statuses(empty) == there


# --- The journal -----------------------------------------------------------------------------


def test_the_journal_has_ids_and_hashes_and_nothing_that_was_typed(signer: Signature) -> None:
    leaving.erase(manage_token(signer))
    path = Path(settings.JOURNAL_FILE)
    [line] = journal.read(path)
    assert (line.did, line.signer, line.reasons) == ("erase", signer.public_id, ("erased",))
    assert line.address == Suppression.objects.get().address_hash
    assert "xyzzy" not in path.read_text().lower()
    assert path.stat().st_mode & 0o777 == 0o600


def test_who_wrote_and_had_it_deleted_is_there_by_a_hash_too(signer: Signature) -> None:
    forget(make_report(signer, "ben@xyzzy.org"))
    path = Path(settings.JOURNAL_FILE)
    [line] = journal.read(path)
    assert (line.did, line.address) == ("forget", outbox.address_hash("ben@xyzzy.org"))
    assert "xyzzy" not in path.read_text().lower()
    assert not Suppression.objects.exists()


def test_who_does_not_leave_is_not_in_it(signer: Signature, client: Client) -> None:
    client.get(f"/manage/{manage_token(signer)}/")
    with pytest.raises(Exception, match=r".*"):
        leaving.withdraw("no-token")
    assert not Path(settings.JOURNAL_FILE).exists()


def test_a_journal_that_cannot_be_written_keeps_nobody_from_leaving(
    signer: Signature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(settings, "JOURNAL_FILE", tmp_path / "file" / "journal.jsonl")
    leaving.erase(manage_token(signer))
    signer.refresh_from_db()
    assert signer.status == Status.ERASED


def test_a_last_line_that_was_cut_off_is_left_out_and_any_other_refused(tmp_path: Path) -> None:
    path = tmp_path / "journal.jsonl"
    whole = (
        '{"at": "x", "did": "erase", "campaign": 1, "signer": "a", "address": "", "reasons": []}'
    )
    path.write_text(f'{whole}\n{{"at": "x')
    assert [line.signer for line in journal.read(path)] == ["a"]
    path.write_text(f"garbage\n{whole}\n")
    with pytest.raises(ValueError, match="line 1 is no departure"):
        list(journal.read(path))


@pytest.mark.parametrize("there", ["", "whole\n", "whole\nwhole\n"])
@pytest.mark.parametrize("torn", ["{", '{"at": "2026-01-22T14:00:00", "did": "era', ""])
def test_who_leaves_after_a_line_was_cut_off_is_in_the_journal_all_the_same(
    signer: Signature, there: str, torn: str
) -> None:
    """By a worker that was killed, or a disk that was full for a moment."""
    whole = (
        '{"at": "x", "did": "erase", "campaign": 1, "signer": "a", "address": "", "reasons": []}'
    )
    path = Path(settings.JOURNAL_FILE)
    path.write_text(there.replace("whole", whole) + torn)
    leaving.erase(manage_token(signer))
    signers = [line.signer for line in journal.read(path)]
    assert signers == ["a"] * there.count("whole") + [signer.public_id]


# --- What is refused -------------------------------------------------------------------------


def test_a_database_that_is_not_empty_is_left_alone_unless_told(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    file = backup(tmp_path)
    with psycopg.connect(url_of(empty), autocommit=True) as other:
        other.execute("CREATE TABLE mine (x int)")
    assert "the database is not empty" in refused(empty, file)
    assert list(rows(empty)) == ["mine"]
    restored(empty, file, "--replace")
    assert "mine" not in rows(empty)


def test_a_damaged_backup_and_one_without_its_manifest_touch_nothing(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    file = backup(tmp_path)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    assert "is damaged" in refused(empty, file)
    file.write_bytes(whole)
    manifest = file.with_suffix(".json")
    told = json.loads(manifest.read_text())
    manifest.write_text(
        json.dumps({**told, "migrations": [*told["migrations"], "campaign.9999_x"]})
    )
    assert "is of a newer release: campaign.9999_x" in refused(empty, file)
    manifest.write_text("{}")
    assert "is no manifest" in refused(empty, file)
    manifest.unlink()
    assert "cannot be read" in refused(empty, file)
    assert rows(empty) == {}


def replaced_by(name: str) -> list[str]:
    """The migrations that are one now."""
    migration = MigrationLoader(None).disk_migrations["campaign", name]
    return [f"{app}.{each}" for app, each in migration.replaces]


def test_a_backup_that_has_a_part_of_what_is_one_migration_now_is_refused(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    file = backup(tmp_path)
    restored(empty, file)
    there = rows(empty)
    manifest = file.with_suffix(".json")
    told = json.loads(manifest.read_text())

    def made_of(migrations: set[str]) -> None:
        manifest.write_text(json.dumps({**told, "migrations": sorted(migrations)}))

    for name in ("0001_first_release", "0002_held_by_the_database"):
        whole, parts = f"campaign.{name}", replaced_by(name)
        others = {*told["migrations"]} - {whole}
        for missing in (parts[:1], parts[1:]):
            made_of(others - {*missing})
            said = refused(empty, file, "--replace")
            assert f"is of a release before {whole}, without {missing[0]}" in said
            assert rows(empty) == there
        made_of(others | {*parts})
        restored(empty, file, "--replace")


def test_a_database_is_not_cleared_for_a_backup_that_cannot_be_restored(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    file = backup(tmp_path)
    restored(empty, file)
    there, whole = rows(empty), file.read_bytes()
    assert len(there["campaign_signature"]) == 5
    manifest = file.with_suffix(".json")
    told = json.loads(manifest.read_text())

    file.write_bytes(whole[: len(whole) // 2])
    assert "is damaged" in refused(empty, file, "--replace")
    assert rows(empty) == there

    cut = hashlib.sha256(file.read_bytes()).hexdigest()
    manifest.write_text(json.dumps({**told, "sha256": cut}))
    assert "cannot be read to its end: pg_restore: " in refused(empty, file, "--replace")
    assert rows(empty) == there

    file.write_bytes(whole)
    newer = told["postgresql"] + 1
    manifest.write_text(json.dumps({**told, "postgresql": newer}))
    said = refused(empty, file, "--replace")
    assert f"is of PostgreSQL {newer}, and this server is {newer - 1}" in said
    assert rows(empty) == there

    manifest.write_text(json.dumps(told))
    said = refused(empty, file, "--replace", programs=False)
    assert f"no pg_restore of PostgreSQL {newer - 1} or newer: install" in said
    assert rows(empty) == there

    restored(empty, file, "--replace")


def test_a_restore_wants_the_journal(signer: Signature, tmp_path: Path, empty: str) -> None:
    assert "who has erased their data since the backup" in refused(empty, backup(tmp_path))
    assert rows(empty) == {}


def test_a_restore_that_lacks_rows_says_which(
    signer: Signature, tmp_path: Path, empty: str
) -> None:
    leave_something()
    file = backup(tmp_path)
    manifest = file.with_suffix(".json")
    told = json.loads(manifest.read_text())
    told["rows"]["campaign_mail"] += 1
    manifest.write_text(json.dumps(told))
    n = Mail.objects.count()
    assert f"campaign_mail {n} rows, not {n + 1}" in refused(empty, file)


def test_a_backup_is_for_its_owner_alone_and_has_no_half(
    signer: Signature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert backup(tmp_path).stat().st_mode & 0o777 == 0o600

    def fail(*_: object) -> None:
        raise pg_tools.ToolFailed("pg_dump: no space left")

    monkeypatch.setattr(pg_tools, "run", fail)
    (half := tmp_path / "half").mkdir()
    with pytest.raises(CommandError, match="no space left"):
        call_command("backup", str(half))
    assert list(half.iterdir()) == []
    with pytest.raises(CommandError, match="No such file or directory"):
        call_command("backup", str(tmp_path / "missing"))


def test_without_the_programs_of_postgresql_it_says_what_to_install(
    signer: Signature, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pg_tools, "_candidates", lambda _name: iter(()))
    with pytest.raises(CommandError, match=r"no pg_dump of PostgreSQL \d+ or newer: install"):
        call_command("backup", str(tmp_path))
