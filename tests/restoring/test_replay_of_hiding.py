"""What shows less since the backup shows less in what is restored of it, and no import changes that."""

from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import time_machine
from django.conf import settings
from django.utils import timezone

from campaign import journal, leaving, member_links, signing, vouching
from campaign.models import Signature, Voucher, Vouching
from campaign.models.signature import Status
from tests.batches import imported
from tests.factories import confirm_token, details, make_signature, manage_token
from tests.restoring.databases import backup, here, manage, restored, statuses, url_of
from tests.vouchers import link_for, make_voucher, own_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("providers")]


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
