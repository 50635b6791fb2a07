"""Who left after the backup has left again in what is restored of it."""

import json
from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from campaign import correspondents, leaving, outbox
from campaign.links import Purpose, make_token
from campaign.models import Campaign, MailQuota, Report, Representation, Signature, Suppression
from campaign.models.signature import Status
from tests.batches import imported
from tests.factories import make_report, make_signature, manage_token, not_me_token
from tests.representing import ask, asked
from tests.restoring.databases import (
    backup,
    forget,
    hashes,
    here,
    manage,
    restored,
    rows,
    statuses,
    url_of,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("providers")]


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
