"""A batch with consent on file is seen by one, released by another, and published by the worker."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models.signals import post_init
from django.test import Client
from django.utils import timezone

from campaign import leaving, moderation, releases, signing, tasks
from campaign.models import Campaign, ImportBatch, Mail, ProtectedName, Signature
from campaign.models.membership import Role
from campaign.models.signature import HoldReason, RejectionReason, Status
from tests.batches import FILE, act, desk_of, imported
from tests.factories import (
    campaign_file,
    confirm_token,
    make_campaign,
    make_member,
    make_signature,
    make_user,
    manage_token,
    on_record,
    release,
    somebody,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


def page_of(client: Client, batch: ImportBatch) -> str:
    text = client.get(f"/admin/campaign/importbatch/{batch.pk}/change/").content.decode()
    return " ".join(text.split())


def said(response: Any) -> str:
    return " ".join(str(message) for message in response.context["messages"])


def published() -> int:
    return Signature.objects.filter(status=Status.PUBLISHED).count()


# --- Two people ------------------------------------------------------------------------------


def test_one_looks_at_it_another_releases_it_and_the_worker_publishes_it(
    campaign: Campaign,
) -> None:
    batch = imported(campaign)
    anna, ben = desk_of("anna"), desk_of("ben")
    shown = page_of(anna, batch)
    assert "I have looked at it" in shown
    assert "Release all" not in shown
    assert "Somebody else can release it now" in said(act(anna, batch, "preview"))
    shown = page_of(anna, batch)
    assert "You are the first" in shown
    assert "Release all" not in shown
    refused = act(anna, batch, "release")
    assert "somebody else" in said(refused)

    shown = page_of(ben, batch)
    assert "anna looked at the 3 signatures" in shown
    assert "Release all 3 signatures" in shown
    begun = act(ben, batch, "release")
    assert "The release has begun" in said(begun)
    assert "0 of 3 published" in " ".join(begun.content.decode().split())
    assert published() == 0

    tasks.release()
    assert published() == 3
    batch.refresh_from_db()
    assert (batch.released_n, batch.alone) == (3, False)
    assert batch.released_at is not None
    shown = page_of(ben, batch)
    assert "Released by ben" in shown
    assert Mail.objects.filter(kind="published").count() == 1
    entries = on_record().values_list("action", "user__username", "number")
    assert list(entries) == [
        ("import", None, None),
        ("batch_previewed", "anna", 3),
        ("batch_released", "ben", 3),
    ]
    tasks.release()
    assert published() == 3


def test_who_imported_it_is_the_first_of_two(campaign: Campaign) -> None:
    batch = imported(campaign, by=somebody("anna"))
    User.objects.get(username="anna").user_permissions.set(
        make_user("view_signature", "moderate_signature", "view_importbatch").user_permissions.all()
    )
    assert "You are the first" in page_of(desk_of("anna"), batch)
    act(desk_of("anna"), batch, "release")
    batch.refresh_from_db()
    assert batch.released_by is None
    act(desk_of("ben"), batch, "release")
    batch.refresh_from_db()
    assert batch.is_being_released


def test_whom_an_owner_invited_today_neither_previews_nor_releases_for_them(
    campaign: Campaign,
) -> None:
    batch = imported(campaign)
    make_member(campaign, Role.OWNER, username="olga")
    with time_machine.travel(timezone.now() + timedelta(days=30), tick=False):
        make_member(campaign, Role.MODERATOR, username="sock")
        for first, second in (("sock", "olga"), ("olga", "sock")):
            act(desk_of(first), batch, "preview")
            assert "Two people have to look" in said(act(desk_of(second), batch, "release"))
    batch.refresh_from_db()
    assert batch.released_by is None
    with time_machine.travel(timezone.now() + timedelta(days=32), tick=False):
        act(desk_of("sock"), batch, "release")
    batch.refresh_from_db()
    assert batch.is_being_released


def test_the_look_of_somebody_new_is_refused_and_takes_the_button_from_nobody(
    campaign: Campaign,
) -> None:
    batch = imported(campaign)
    for username in ("olga", "ben"):
        make_member(campaign, Role.OWNER, username=username)
    invited = timezone.now() + timedelta(days=30)
    with time_machine.travel(invited, tick=False):
        make_member(campaign, Role.MODERATOR, username="sock")
        shown = page_of(desk_of("sock"), batch)
        until = invited + timedelta(hours=24)
        assert (
            f"You are new here: your look at a batch counts from {until:%Y-%m-%d %H:%M} UTC on."
            in shown
        )
        assert "I have looked at it" not in shown
        assert "You are the first" not in shown
        assert "Two people have to look" in said(act(desk_of("sock"), batch, "preview"))
        batch.refresh_from_db()
        assert (batch.previewed_by, batch.previewed_n, batch.previewed_at) == (None, 0, None)
        assert not on_record().filter(action="batch_previewed").exists()

        shown = page_of(desk_of("olga"), batch)
        assert "I have looked at it" in shown
        assert "You are new here" not in shown
        act(desk_of("olga"), batch, "preview")
        # Nor does it take away what somebody else has seen.
        act(desk_of("sock"), batch, "preview")
        shown = page_of(desk_of("sock"), batch)
        assert "olga looked at the 3 signatures" in shown
        assert "You are the first" not in shown
        assert "Release all" not in shown
        assert "Release all 3 signatures" in page_of(desk_of("ben"), batch)
    with time_machine.travel(invited + timedelta(hours=24, minutes=1), tick=False):
        shown = page_of(desk_of("sock"), batch)
        assert "You are new here" not in shown
        assert "Release all 3 signatures" in shown


def test_a_look_that_was_noted_of_somebody_new_counts_for_nothing(campaign: Campaign) -> None:
    batch = imported(campaign)
    make_member(campaign, Role.OWNER, username="olga")
    with time_machine.travel(timezone.now() + timedelta(days=30), tick=False):
        sock = make_member(campaign, Role.MODERATOR, username="sock")
        ImportBatch.objects.filter(pk=batch.pk).update(
            previewed_by=sock, previewed_n=3, previewed_at=timezone.now()
        )
        shown = page_of(desk_of("olga"), batch)
        assert "sock looked at" not in shown
        assert "I have looked at it" in shown
        act(desk_of("olga"), batch, "preview")
        batch.refresh_from_db()
        assert batch.previewed_by == somebody("olga")


def test_who_is_new_and_has_imported_it_is_not_told_to_be_the_first(campaign: Campaign) -> None:
    with time_machine.travel(timezone.now() + timedelta(days=30), tick=False):
        sock = make_member(campaign, Role.MODERATOR, username="sock")
        batch = imported(campaign, by=sock)
        shown = page_of(desk_of("sock"), batch)
    assert "You are new here" in shown
    assert "You are the first" not in shown
    assert "I have looked at it" not in shown


def test_a_release_by_who_alone_has_seen_it_is_refused_by_the_database(campaign: Campaign) -> None:
    batch = imported(campaign)
    anna = somebody("anna")
    for seen in ({}, {"previewed_by": anna}, {"imported_by": anna, "previewed_by": anna}):
        with pytest.raises(IntegrityError, match="released_by_another"), transaction.atomic():
            ImportBatch.objects.filter(pk=batch.pk).update(released_by=anna, **seen)


def test_without_four_eyes_one_person_does_both(campaign: Campaign) -> None:
    make_campaign(publication="after_verification", extra="four_eyes = false")
    batch = imported(campaign)
    anna = desk_of("anna")
    assert "Release all 3 signatures" in page_of(anna, batch)
    act(anna, batch, "release")
    tasks.release()
    batch.refresh_from_db()
    assert (published(), batch.alone) == (3, True)


def test_what_has_come_since_the_preview_needs_another(campaign: Campaign) -> None:
    batch = imported(campaign, FILE[:2])
    act(desk_of("anna"), batch, "preview", waiting=1)
    more = imported(campaign, [FILE[0], FILE[2]])
    Signature.objects.filter(batch=more).update(batch=batch)
    ben = desk_of("ben")
    assert "changed since it was shown" in said(act(ben, batch, "release", waiting=1))
    assert "somebody else" in said(act(ben, batch, "release", waiting=2))
    assert not ImportBatch.objects.filter(released_by__isnull=False).exists()


def test_another_campaigns_batch_is_not_there(campaign: Campaign) -> None:
    batch = imported(make_campaign(slug="other"))
    anna = make_user(username="anna")
    campaign.memberships.create(user=anna, role="moderator")
    client = Client()
    client.force_login(anna)
    for name in ("preview", "release"):
        url = f"/admin/campaign/importbatch/{batch.pk}/{name}/"
        assert client.post(url, {"waiting": 3}).status_code == 404
    assert client.get(f"/admin/campaign/importbatch/{batch.pk}/change/").status_code == 404
    listed = client.get("/admin/campaign/importbatch/")
    assert list(listed.context["cl"].result_list) == []


# --- Featured names --------------------------------------------------------------------------


def test_a_featured_name_is_protected_once_its_batch_is_released(campaign: Campaign) -> None:
    batch = imported(campaign)
    before = make_signature(campaign, name="Cleo Three")
    assert before.status == Status.PUBLISHED
    release(batch)
    assert Signature.objects.get(batch=batch, featured=True).status == Status.PUBLISHED
    assert [str(name) for name in campaign.protected_names.filter(batch=batch)] == ["Cleo Three"]
    later = make_signature(campaign, status=Status.PENDING, name="Сleo Three")
    signing.confirm(confirm_token(later))
    later.refresh_from_db()
    assert (later.status, later.hold_reasons) == (Status.HELD, ["protected_name"])
    harmless = make_signature(campaign, status=Status.PENDING, name="Ana One")
    signing.confirm(confirm_token(harmless))
    harmless.refresh_from_db()
    assert harmless.status == Status.PUBLISHED


def test_it_stays_protected_when_the_file_is_loaded_again(campaign: Campaign) -> None:
    release(imported(campaign))
    make_campaign(publication="after_verification")
    assert ProtectedName.objects.filter(name="Cleo Three").count() == 1


def test_another_line_with_a_featured_name_is_not_released_with_them(campaign: Campaign) -> None:
    batch = imported(campaign, [*FILE, "Cleo Three,cleo@example.com,\n"])
    of_the_same_band = Signature.objects.filter(name="Ana One")
    of_the_same_band.update(organisation="Cleo Three")
    assert release(batch) == 3
    held = Signature.objects.get(status=Status.HELD)
    assert held.email == "cleo@example.com"
    assert HoldReason.PROTECTED_NAME in held.hold_reasons


# --- The worker ------------------------------------------------------------------------------


def test_a_release_that_is_cut_off_goes_on_where_it_was(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "CHUNK", 1)
    batch = imported(campaign)
    act(desk_of("anna"), batch, "preview")
    act(desk_of("ben"), batch, "release")
    with monkeypatch.context() as patch:
        patch.setattr(releases, "WORK", timedelta())
        assert releases.release_due() == 0
    assert releases._release_some() == 1
    text = page_of(desk_of("ben"), batch)
    assert "1 of 3 published" in text
    assert "Release all" not in text
    # Asked for once more while it goes on, it begins no second time.
    act(desk_of("ben"), batch, "release", waiting=2)
    batch.refresh_from_db()
    assert batch.release_total == 3
    tasks.release()
    assert published() == 3


def test_a_chunk_that_takes_long_ends_after_one_and_the_next_goes_on(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "AT_ONCE", 0.0)
    batch = imported(campaign)
    act(desk_of("anna"), batch, "preview")
    act(desk_of("ben"), batch, "release")
    assert releases._release_some() == 1
    batch.refresh_from_db()
    assert (published(), batch.released_n) == (1, 1)
    tasks.release()
    batch.refresh_from_db()
    assert (published(), batch.released_n) == (3, 3)


def test_of_lines_that_share_an_address_each_is_read_as_often_as_alone(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        releases, "AT_ONCE", 60.0
    )  # all ten in one chunk, or the rest is read twice
    read: list[Signature] = []

    def count(instance: Signature, **_told: object) -> None:
        read.append(instance)

    def lines(first: str) -> list[str]:
        names = (f"{first} {letter}{letter.lower()}son" for letter in "ABCDEFGHIJ")
        return ["name,email\n", *(f"{name},agency@example.org\n" for name in names)]

    by_lines = []
    for first in ("Ana", "Bruno", "Cleo"):  # ten lines more at the address each time
        batch = imported(campaign, lines(first))
        post_init.connect(count, sender=Signature)
        assert release(batch) == 10
        post_init.disconnect(count, sender=Signature)
        by_lines.append(len(read))
        read.clear()
    assert by_lines == [by_lines[0]] * 3


def test_what_breaks_in_a_chunk_leaves_nothing_of_it_and_is_tried_again(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = imported(campaign)
    act(desk_of("anna"), batch, "preview")
    act(desk_of("ben"), batch, "release")
    publish = releases._publish
    done: list[int] = []

    def killed(batch: ImportBatch, signature_id: int) -> bool:
        if len(done) == 2:
            raise SystemExit
        done.append(signature_id)
        return publish(batch, signature_id)

    with monkeypatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(releases, "AT_ONCE", 60.0)  # all three in one chunk, however slow the machine
        patch.setattr(releases, "_publish", killed)
        releases.release_due()
    batch.refresh_from_db()
    assert (published(), batch.released_n, Mail.objects.count()) == (0, 0, 0)
    tasks.release()
    batch.refresh_from_db()
    assert (published(), batch.released_n, Mail.objects.count()) == (3, 3, 1)


def test_who_withdraws_while_it_is_released_stays_withdrawn(campaign: Campaign) -> None:
    batch = imported(campaign)
    act(desk_of("anna"), batch, "preview")
    act(desk_of("ben"), batch, "release")
    leaving.withdraw(manage_token(Signature.objects.get(email="ana@example.org")))
    tasks.release()
    assert published() == 2
    assert Signature.objects.get(email="ana@example.org").status == Status.WITHDRAWN


def test_some_that_wait_again_are_previewed_and_released_again(campaign: Campaign) -> None:
    batch = imported(campaign)
    by = somebody("judge")
    one = Signature.objects.get(name="Ana One")
    reason = RejectionReason.NOT_ELIGIBLE
    moderation.reject(signature_id=one.pk, revision=1, reason=reason, by=by)
    release(batch)
    moderation.restore(signature_id=one.pk, revision=1, by=by)
    # This time by the other way round.
    act(desk_of("maker2"), batch, "preview", waiting=1)
    assert "Awaits release" in page_of(desk_of("maker3"), batch)
    act(desk_of("maker3"), batch, "release", waiting=1)
    tasks.release()
    assert published() == 3


def test_a_file_without_the_switch_asks_for_two(campaign: Campaign) -> None:
    assert "four_eyes" not in campaign_file()
    assert Campaign.objects.get().four_eyes
