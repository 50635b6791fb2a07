"""An owner stops signing, publication or the list at once: what is stopped, what goes on, what is said."""

import json
from typing import Any

import pytest
from django.db.models.signals import post_init
from django.test import Client

from campaign import brakes, leaving, moderation, moves, releases, reporting, signing, tasks
from campaign.errors import ListFrozen
from campaign.history import REPORTER
from campaign.models import AuditEntry, Campaign, Event, ImportBatch, Mail, Signature
from campaign.models.api_key import Scope
from campaign.models.brake import Brake, BrakeRelease
from campaign.models.event import Verb
from campaign.models.membership import Role
from campaign.models.signature import RejectionReason, Status
from tests.batches import act, desk_of, imported
from tests.factories import (
    approve,
    bearer,
    bring_to,
    confirm_token,
    make_campaign,
    make_key,
    make_member,
    make_signature,
    manage_token,
    somebody,
)

pytestmark = pytest.mark.django_db

API = "/api/v1/campaigns/art/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def owner(campaign: Campaign) -> Client:
    client = Client()
    client.force_login(make_member(campaign, Role.OWNER))
    return client


def press(client: Client, name: str, **typed: Any) -> Any:
    campaign = Campaign.objects.get(slug="art")
    return client.post(f"/admin/campaign/campaign/{campaign.pk}/{name}/", typed, follow=True)


def page_of(client: Client) -> str:
    campaign = Campaign.objects.get(slug="art")
    text = client.get(f"/admin/campaign/campaign/{campaign.pk}/change/").content.decode()
    return " ".join(text.split())


def pull(brake: Brake) -> None:
    brakes.pull(Campaign.objects.get(slug="art"), brake, by=None)


def confirmed(**typed: Any) -> Signature:
    signature = make_signature(status=Status.PENDING, **typed)
    signing.confirm(confirm_token(signature))
    signature.refresh_from_db()
    return signature


def status(signature: Signature) -> str:
    return Signature.objects.values_list("status", flat=True).get(pk=signature.pk)


# --- Pulled and let go -----------------------------------------------------------------------


def test_each_brake_is_pulled_once_and_let_go_once_on_record(
    owner: Client, campaign: Campaign
) -> None:
    for on, off, brake in (
        ("pause", "resume", "signing"),
        ("brake", "unbrake", "publication"),
        ("freeze", "thaw", "list"),
    ):
        for name in (on, on, off, off):
            assert press(owner, name).status_code == 200
        entries = AuditEntry.objects.filter(details={"brake": brake}).order_by("pk")
        acts = [(entry.action, str(entry.user)) for entry in entries]
        assert acts == [("brake_pulled", "owner"), ("brake_let_go", "owner")]


@pytest.mark.parametrize("role", [Role.MODERATOR, Role.READER])
def test_nobody_but_an_owner_pulls_one(campaign: Campaign, role: Role) -> None:
    client = Client()
    client.force_login(make_member(campaign, role))
    for name in ("pause", "brake", "freeze", "thaw", "publish-held"):
        assert press(client, name).status_code == 403
    assert "Freeze the list" not in page_of(client)
    fresh = Campaign.objects.get()
    assert (fresh.paused_at, fresh.braked_at, fresh.frozen_at) == (None, None, None)


def test_an_owner_of_another_campaign_pulls_none_here(campaign: Campaign) -> None:
    client = Client()
    client.force_login(make_member(make_campaign(slug="other"), Role.OWNER))
    assert press(client, "freeze").status_code in {403, 404}
    assert Campaign.objects.get(slug="art").frozen_at is None


# --- Publication -----------------------------------------------------------------------------


def test_what_is_confirmed_while_publication_is_paused_is_held_for_that_alone(
    owner: Client, campaign: Campaign
) -> None:
    press(owner, "brake")
    signature = confirmed(name="Ann One")
    assert (signature.status, signature.hold_reasons) == (Status.HELD, ["brake"])
    star = confirmed(name="Scarlett Johansson")
    assert star.hold_reasons == ["protected_name"]
    # Somebody has looked at this one: it is published.
    approve(signature, somebody("anna"))
    assert status(signature) == Status.PUBLISHED


def test_letting_it_go_publishes_nothing_and_offers_what_nothing_else_holds(
    owner: Client, campaign: Campaign
) -> None:
    press(owner, "brake")
    ann, ben, cleo = (confirmed(name=name) for name in ("Ann One", "Ben Two", "Cleo Three"))
    star = confirmed(name="Scarlett Johansson")
    assert "let go, they can be published as a whole" in page_of(owner)
    press(owner, "publish-held", waiting=3)
    tasks.release()
    assert status(ann) == Status.HELD

    press(owner, "unbrake")
    tasks.release()
    assert status(ann) == Status.HELD
    assert confirmed(name="Dan Four").status == Status.PUBLISHED
    leaving.withdraw(manage_token(cleo))
    assert "3 signatures are held by a brake alone" not in page_of(owner)
    stale = press(owner, "publish-held", waiting=3)
    assert "Please look again" in stale.content.decode()
    # Meanwhile one of them bears a protected name.
    campaign.protected_names.create(name="Ben Two", skeletons=["bentwo"])
    press(owner, "publish-held", waiting=2)
    assert "0 of 2 published" in page_of(owner)
    press(owner, "publish-held", waiting=2)
    tasks.release()
    tasks.release()
    ends = [status(each) for each in (ann, ben, cleo, star)]
    assert ends == [Status.PUBLISHED, Status.HELD, Status.WITHDRAWN, Status.HELD]
    ben.refresh_from_db()
    assert ben.hold_reasons == ["brake", "protected_name"]
    published = Event.objects.get(signature=ann, verb="approve")
    assert str(published.user) == "owner"
    assert AuditEntry.objects.get(action="brake_released").number == 2
    assert Mail.objects.filter(signature=ann, kind="published").count() == 1


def held_by_a_brake_and_let_go(owner: Client, *names: str, **typed: Any) -> list[Signature]:
    """Signatures of these names, whose publication is asked for."""
    press(owner, "brake")
    held = [confirmed(name=name, **typed) for name in names]
    press(owner, "unbrake")
    press(owner, "publish-held", waiting=len(names))
    return held


def test_a_chunk_that_takes_long_ends_after_one_and_the_next_goes_on(
    owner: Client, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(releases, "AT_ONCE", 0.0)
    held = held_by_a_brake_and_let_go(owner, "Ann One", "Ben Two", "Cleo Three")
    assert brakes._publish_some() == 1
    assert [status(each) for each in held] == [Status.PUBLISHED, Status.HELD, Status.HELD]
    assert "1 of 3 published" in page_of(owner)
    tasks.release()
    assert [status(each) for each in held] == [Status.PUBLISHED] * 3
    release = BrakeRelease.objects.get()
    assert (release.published_n, release.done_at is None) == (3, False)


def test_what_a_brake_held_is_read_once_to_be_published(owner: Client, campaign: Campaign) -> None:
    names = ("Ann One", "Ben Two", "Cleo Three")
    held = held_by_a_brake_and_let_go(owner, *names)
    read: list[int] = []

    def count(instance: Signature, **_told: object) -> None:
        read.append(instance.pk)

    post_init.connect(count, sender=Signature)
    tasks.release()
    post_init.disconnect(count, sender=Signature)
    assert [status(each) for each in held] == [Status.PUBLISHED] * 3
    assert read == [each.pk for each in held]


@pytest.mark.parametrize("brake", ["brake", "freeze"])
def test_a_batch_waits_while_a_brake_is_on(owner: Client, campaign: Campaign, brake: str) -> None:
    batch = imported(campaign)
    act(desk_of("anna"), batch, "preview")
    act(desk_of("ben"), batch, "release")
    press(owner, brake)
    tasks.release()
    assert ImportBatch.objects.get().released_n == 0
    press(owner, "unbrake" if brake == "brake" else "thaw")
    tasks.release()
    assert ImportBatch.objects.get().released_n == 3


# --- The list --------------------------------------------------------------------------------


def test_nothing_comes_onto_a_frozen_list(campaign: Campaign) -> None:
    held = make_signature(campaign, status=Status.HELD, name="Held Before")
    rejected = make_signature(campaign, status=Status.REJECTED, name="Rejected Before")
    hidden = make_signature(campaign, name="Hidden Before", show_name=False)
    pull(Brake.LIST)
    assert confirmed(name="Comes Now").hold_reasons == ["brake"]
    by = somebody("anna")
    with pytest.raises(ListFrozen):
        moderation.approve(signature_id=held.pk, by=by, revision=held.revision)
    with pytest.raises(ListFrozen):
        moderation.restore(signature_id=rejected.pk, by=by, revision=rejected.revision)
    with pytest.raises(ListFrozen):
        signing.show(manage_token(hidden), show_name=True)
    assert Client().get(f"{API}signers/").json()["results"] == []


def test_nothing_on_a_frozen_list_is_changed(campaign: Campaign) -> None:
    listed = make_signature(campaign, name="Ann One", credit="A song")
    pull(Brake.LIST)
    token, by = manage_token(listed), somebody("anna")
    typed = {"name": "Ann One", "credit": "Another song", "organisation": ""}
    with pytest.raises(ListFrozen):
        signing.correct(token, typed=typed, revision=1)
    with pytest.raises(ListFrozen):
        moderation.feature(signature_id=listed.pk, revision=1, featured=True, by=by)
    with pytest.raises(ListFrozen):
        moderation.hold(signature_id=listed.pk, by=by)
    listed.refresh_from_db()
    assert (listed.status, listed.credit, listed.revision) == (Status.PUBLISHED, "A song", 1)


def test_whoever_wants_to_leave_a_frozen_list_leaves_it(campaign: Campaign) -> None:
    ann, ben, cleo, dan = (
        make_signature(campaign, name=name) for name in ("Ann", "Ben", "Cleo", "Dan")
    )
    pull(Brake.LIST)
    leaving.withdraw(manage_token(ann))
    leaving.erase(manage_token(ben))
    signing.show(manage_token(cleo), show_name=False)
    reason = RejectionReason.IMPERSONATION
    moderation.reject(signature_id=dan.pk, revision=1, reason=reason, by=somebody("anna"))
    assert Client().get(f"{API}signers/").json()["results"] == []


def test_somebody_on_file_hides_an_entry_of_a_frozen_list(campaign: Campaign) -> None:
    listed = make_signature(campaign, name="Ann One")
    pull(Brake.LIST)
    moved = moves.move(
        signature_id=listed.pk, verb=Verb.HOLD, actor=REPORTER, decide=reporting._hidden
    )
    assert moved.changed


def test_a_signer_who_corrects_a_frozen_entry_reads_why_not_and_loses_nothing(
    campaign: Campaign, client: Client
) -> None:
    listed = make_signature(campaign, name="Ann One")
    pull(Brake.LIST)
    form = {"action": "correct", "name": "Ann One", "credit": "Another song", "revision": "1"}
    answer = client.post(f"/manage/{manage_token(listed)}/", form)
    assert answer.status_code == 409
    assert "The list is frozen for the moment" in answer.content.decode()
    assert "Another song" in answer.content.decode()


def test_a_moderator_and_a_program_are_told_that_the_list_is_frozen(campaign: Campaign) -> None:
    held = make_signature(campaign, status=Status.HELD, name="Ann One")
    pull(Brake.LIST)
    answer = Client().post(
        f"{API}private/signatures/{held.public_id}/approve/",
        json.dumps({"revision": held.revision}),
        content_type="application/json",
        headers=bearer(make_key(campaign, Scope.MODERATE)),
    )
    assert (answer.status_code, json.loads(answer.content)["code"]) == (409, "list_frozen")
    sent = {"revision": held.revision, "status": "held"}
    told = desk_of("anna").post(f"/admin/campaign/signature/{held.pk}/approve/", sent, follow=True)
    assert "The list is frozen" in told.content.decode()
    items = {"item": f"{held.pk}:{held.revision}:held"}
    told = desk_of("anna").post("/admin/campaign/signature/many/approve/", items, follow=True)
    assert "the list is frozen" in told.content.decode()
    assert status(held) == Status.HELD


# --- What is said ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("brake", "field", "said"),
    [
        (Brake.PUBLICATION, "publication_paused_at", "has looked at them"),
        (Brake.LIST, "list_frozen_at", "has frozen this list"),
    ],
)
def test_the_api_and_the_pages_say_so_and_the_state_stays_what_it_is(
    campaign: Campaign, client: Client, brake: Brake, field: str, said: str
) -> None:
    fields = ("state", "is_open", "publication_paused_at", "list_frozen_at")
    before = client.get(API).json()
    assert [before[name] for name in fields] == ["open", True, None, None]
    assert said not in client.get("/art/").content.decode()
    pull(brake)
    after = client.get(API).json()
    assert (after["state"], after["is_open"]) == ("open", True)
    assert after[field].endswith("Z")
    assert sum(after[name] is not None for name in fields[2:]) == 1
    for path in ("/art/", "/art/signers/"):
        assert said in " ".join(client.get(path).content.decode().split())


def test_both_brakes_leave_what_is_there(campaign: Campaign) -> None:
    listed = make_signature(campaign, name="Ann One")
    pull(Brake.PUBLICATION)
    pull(Brake.LIST)
    bring_to(listed, Status.PUBLISHED)
    assert status(listed) == Status.PUBLISHED
    assert [s["name"] for s in Client().get(f"{API}signers/").json()["results"]] == ["Ann One"]
