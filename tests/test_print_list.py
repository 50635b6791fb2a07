"""The print list: frozen, hashed, in the order of names, of whose consent covers print; leavers flagged."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client

from campaign import leaving, printing, signing, tasks
from campaign.campaign_file import parse
from campaign.intake import import_signers
from campaign.models import AuditEntry, Campaign, ImportBatch, PrintList, Signature
from campaign.models.membership import Role
from campaign.organising import load_campaign
from tests.factories import (
    bring_to,
    campaign_file,
    make_campaign,
    make_member,
    make_signature,
    manage_token,
    on_record,
    release,
)

pytestmark = pytest.mark.django_db

LIST = "/admin/campaign/printlist/"


@pytest.fixture
def art() -> Campaign:
    campaign = make_campaign()
    make_signature(campaign, name="Nobody Agreed", credit="")
    # The wording changes while the campaign runs; who signed before agreed to no print.
    before = 'consent = "I agree that my name is published."'
    after = f'{before[:-2]}, in print too."\nconsent_covers_print = true'
    load_campaign(parse(campaign_file().replace(before, after)))
    return Campaign.objects.get(pk=campaign.pk)


@pytest.fixture
def owner(client: Client, art: Campaign) -> Client:
    client.force_login(make_member(art, Role.OWNER))
    return client


def freeze(client: Client, **typed: Any) -> PrintList:
    campaign = Campaign.objects.get(slug="art")
    form = {"campaign": campaign.pk, "reason": "Full page in the Gazette", **typed}
    sent = client.post(f"{LIST}add/", form)
    made = PrintList.objects.latest("pk")
    assert (sent.status_code, sent["Location"]) == (302, f"{LIST}{made.pk}/change/")
    waiting = client.get(sent["Location"])
    assert "Refresh" not in waiting
    assert " data-progress" in waiting.content.decode()
    tasks.freeze_print_lists()
    made.refresh_from_db()
    return made


def text(client: Client, made: PrintList) -> bytes:
    return client.get(f"{LIST}{made.pk}/file/").getvalue()


def page(client: Client, made: PrintList) -> str:
    return client.get(f"{LIST}{made.pk}/change/").content.decode()


def test_it_holds_whose_consent_covers_print_by_sort_name_and_its_hash_is_the_files(
    owner: Client, art: Campaign
) -> None:
    make_signature(art, name="Zoë Moreau", credit="The Quarry Songs")
    make_signature(art, name="Ana Brook", credit="", discipline="author")
    make_signature(art, name="Hidden", show_name=False)
    make_signature(art, name="Not Yet", status="held")
    make_signature(art, name="Gone", status="withdrawn")

    made = freeze(owner)

    expected = "Ana Brook\t\t\tauthor\nZoë Moreau\tThe Quarry Songs\t\tmusician\n".encode()
    assert text(owner, made) == expected
    assert (made.number, made.sha256) == (2, hashlib.sha256(expected).hexdigest())
    assert made.sha256 in page(owner, made)
    assert "Nobody has left or changed since." in page(owner, made)
    entry = AuditEntry.objects.get(action="print_list")
    assert (entry.details, entry.note.text) == (
        {"print_list": made.pk},
        "Full page in the Gazette",
    )


@pytest.mark.parametrize("covers_print", [True, False])
def test_who_was_imported_is_on_it_if_the_consent_on_file_covers_print(
    owner: Client, art: Campaign, covers_print: bool
) -> None:
    import_signers(
        campaign=art,
        lines=["name,sort_name\n", 'The Beatrice,"Beatrice, The"\n', "Cole\n", "Arno\n"],
        file_name="a.csv",
        consent_note="Forms 1 to 3",
        covers_print=covers_print,
    )
    release(ImportBatch.objects.get())
    names = b"Arno\nThe Beatrice\nCole\n" if covers_print else b""
    assert text(owner, freeze(owner)) == names


def test_it_changes_no_more_and_who_leaves_or_changes_afterwards_is_flagged(
    owner: Client, art: Campaign
) -> None:
    stays, leaves, hides, renames = (
        make_signature(art, name=name, credit="")
        for name in ("A Stays", "B Leaves", "C Hides", "D Renames")
    )
    made = freeze(owner)
    before = text(owner, made)

    leaving.withdraw(manage_token(leaves))
    signing.show(manage_token(hides), show_name=False)
    signing.correct(manage_token(renames), typed={"name": "D Renamed"}, revision=renames.revision)
    make_signature(art, name="E Comes later")

    assert text(owner, made) == before
    shown = page(owner, made)
    assert "3 lines that must not be set any more" in shown
    assert "A Stays" not in shown
    assert "<td>2</td>" in shown
    assert made.sha256 == hashlib.sha256(before).hexdigest()
    assert stays.pk in set(
        Signature.objects.filter(status="published").values_list("pk", flat=True)
    )


def changes(client: Client, made: PrintList) -> list[str]:
    response = client.get(f"{LIST}{made.pk}/changes/")
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Disposition"].endswith('-changes.txt"')
    return response.getvalue().decode().splitlines()


def test_a_second_file_tells_the_typesetter_which_lines_to_remove_and_to_replace(
    owner: Client, art: Campaign
) -> None:
    people = [
        make_signature(art, name=name, credit="")
        for name in ("A Stays", "B Leaves", "C Hides", "D Renames", "E Erases", "F Turns Author")
    ]
    made = freeze(owner)
    header = "line\tdo\tfrozen\tname\tcredit\torganisation\tdiscipline"
    assert changes(owner, made) == [header]
    _stays, leaves, hides, renames, erases, turns = people

    leaving.withdraw(manage_token(leaves))
    signing.show(manage_token(hides), show_name=False)
    for signature, typed in ((renames, {"name": "D Renamed"}), (turns, {"discipline": "author"})):
        signing.correct(manage_token(signature), typed=typed, revision=signature.revision)
        signature.refresh_from_db()
        bring_to(signature, "published")
    leaving.erase(manage_token(erases))

    assert changes(owner, made) == [
        header,
        "2\tremove\tB Leaves",
        "3\tremove\tC Hides",
        "4\treplace\tD Renames\tD Renamed\t\t\tmusician",
        "5\tremove",
        "6\treplace\tF Turns Author\tF Turns Author\t\t\tauthor",
    ]
    assert b"E Erases" not in text(owner, made)
    assert f"{LIST}{made.pk}/changes/" in page(owner, made)


def test_who_waits_for_a_moderator_again_is_not_to_be_set(owner: Client, art: Campaign) -> None:
    waits = make_signature(art, name="A Waits", credit="")
    made = freeze(owner)
    signing.correct(manage_token(waits), typed={"name": "A Renamed"}, revision=waits.revision)
    assert changes(owner, made)[1:] == ["1\tremove\tA Waits"]


def test_an_erased_signer_is_a_blank_line_and_the_page_says_that_the_file_changed(
    owner: Client, art: Campaign
) -> None:
    erased = make_signature(art, name="Ana Brook", credit="")
    make_signature(art, name="Zoë Moreau", credit="", discipline="author")
    made = freeze(owner)
    assert b"Ana" in text(owner, made)

    leaving.erase(manage_token(erased))

    assert text(owner, made) == "\nZoë Moreau\t\t\tauthor\n".encode()
    assert "has been erased since" in page(owner, made)
    assert "Ana" not in page(owner, made)


def test_a_list_is_frozen_once_however_often_the_task_runs(owner: Client, art: Campaign) -> None:
    make_signature(art, name="Ana Brook")
    made = freeze(owner)
    make_signature(art, name="Bo Dale")
    tasks.freeze_print_lists()
    assert made.entries.count() == 1


def test_a_reason_is_needed(owner: Client, art: Campaign) -> None:
    sent = owner.post(f"{LIST}add/", {"campaign": art.pk, "reason": "   "})
    assert sent.status_code == 422
    assert not PrintList.objects.exists()
    assert not on_record().exists()


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.READER])
def test_nobody_but_an_owner_of_the_campaign_gets_one(
    owner: Client, art: Campaign, role: Role
) -> None:
    make_signature(art, name="Ana Brook")
    made = freeze(owner)
    other = make_campaign(slug="other")
    somebody, stranger = Client(), Client()
    somebody.force_login(make_member(art, role, username="somebody"))
    stranger.force_login(make_member(other, Role.OWNER, username="stranger"))
    assert somebody.get(f"{LIST}{made.pk}/file/").status_code == 403
    assert somebody.get(LIST).status_code == 403
    assert stranger.get(f"{LIST}{made.pk}/file/").status_code == 404
    assert somebody.get(f"{LIST}{made.pk}/changes/").status_code == 403
    assert stranger.get(f"{LIST}{made.pk}/changes/").status_code == 404
    assert stranger.get(f"{LIST}{made.pk}/change/").status_code == 404


def ordered(campaign: Campaign) -> PrintList:
    by = make_member(campaign, Role.OWNER, username=f"owner{PrintList.objects.count()}")
    return printing.order(campaign=campaign, by=by, reason="Full page in the Gazette")


@pytest.fixture
def no_room_for(transactional_db: None) -> Iterator[Callable[[PrintList, int], None]]:
    """The database takes no line of that list at this place."""
    alter = "ALTER TABLE campaign_printentry DROP CONSTRAINT IF EXISTS no_room"

    def refuse(made: PrintList, position: int) -> None:
        check = f"print_list_id <> {made.pk} OR position <> {position}"
        with connection.cursor() as cursor:
            cursor.execute(f"{alter}, ADD CONSTRAINT no_room CHECK ({check})")

    yield refuse
    with connection.cursor() as cursor:
        cursor.execute(alter)


def frozen() -> list[int]:
    rows = PrintList.objects.exclude(frozen_at=None).order_by("frozen_at")
    return list(rows.values_list("pk", flat=True))


@pytest.mark.django_db(transaction=True)
def test_a_list_that_fails_keeps_no_other(
    art: Campaign, no_room_for: Callable[[PrintList, int], None]
) -> None:
    make_signature(art, name="Ana Brook")
    failing, fine, last = (ordered(art) for _ in range(3))
    no_room_for(failing, 1)

    with pytest.raises(IntegrityError):
        tasks.freeze_print_lists()

    assert frozen() == [fine.pk, last.pk]
    failing.refresh_from_db()
    assert (failing.number, failing.sha256) == (0, "")


@pytest.mark.django_db(transaction=True)
def test_a_list_that_was_cut_is_tried_again_after_the_others(
    art: Campaign,
    no_room_for: Callable[[PrintList, int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_signature(art, name="Ana Brook", credit="")
    make_signature(art, name="Bo Dale", credit="")
    monkeypatch.setattr(printing, "CHUNK", 1)
    monkeypatch.setattr(printing, "WRITE_FOR", 0)  # one list a run
    cut, second, third = (ordered(art) for _ in range(3))
    no_room_for(cut, 2)
    with pytest.raises(IntegrityError):
        tasks.freeze_print_lists()
    assert frozen() == []
    tasks.freeze_print_lists()
    assert frozen() == [second.pk]
    no_room_for(third, 2)
    with pytest.raises(IntegrityError):
        tasks.freeze_print_lists()
    # Of two that were cut, the one whose turn was longer ago.
    tasks.freeze_print_lists()
    assert frozen() == [second.pk, cut.pk]
    assert b"".join(printing.lines(cut)) == b"Ana Brook\t\t\tmusician\nBo Dale\t\t\tmusician\n"
