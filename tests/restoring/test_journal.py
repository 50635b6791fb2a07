"""The journal, by which a restore knows who has left: ids and hashes, whole lines alone."""

from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from campaign import journal, leaving, outbox
from campaign.models import Signature, Suppression
from campaign.models.signature import Status
from tests.factories import make_report, manage_token
from tests.restoring.databases import forget

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("providers")]


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
