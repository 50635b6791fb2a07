"""A name becomes protected, and what stands on the list already comes before the moderators."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaign import blocks, leaving, moderation, moves, suspicions
from campaign.campaign_file import parse
from campaign.errors import ChangedMeanwhile
from campaign.history import SIGNER
from campaign.models import Campaign, Event, NameSearch, ProtectedName, Signature, Suspicion
from campaign.models.signature import Evidence, RejectionReason, Status
from campaign.organising import load_campaign
from campaign.tasks import search_names
from tests.factories import (
    bring_to,
    campaign_file,
    make_campaign,
    make_signature,
    make_user,
    manage_token,
    somebody,
)

pytestmark = pytest.mark.django_db

LANE = "/admin/campaign/signature/?status=suspect"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def desk() -> Client:
    client = Client()
    client.force_login(make_user("view_signature", "view_address", "moderate_signature"))
    return client


def protect(*names: str) -> None:
    """Put these names into the campaign's file, and load it."""
    text = campaign_file(publication="after_verification")
    more = "".join(f'"{name}", ' for name in names)
    load_campaign(parse(text.replace("protected_names = [", f"protected_names = [{more}")))


def kept_first_by(username: str, signature: Signature) -> None:
    """One of the two that it takes; see tests/four_eyes/."""
    seen: dict[str, Any] = {
        "signature_id": signature.pk,
        "revision": signature.revision,
        "report_ids": [],
        "suspicion_ids": suspicions.ids_of(signature),
    }
    assert moderation.keep(by=somebody(username), note="called her at home", **seen).halfway


def open_names() -> set[str]:
    return {each.signature.name for each in Suspicion.objects.filter(closed_at=None)}


def test_what_is_like_a_name_protected_since_is_brought_up_and_stays_on_the_list(
    campaign: Campaign, desk: Client, client: Client
) -> None:
    typed = ["Ana Prado", "Аna Prado", "PRADO, Ana", "Anna Prado", "The real Ana Prado"]
    for name in typed:
        make_signature(campaign, name=name)
    make_signature(campaign, name="Ana Torres")
    make_signature(campaign, name="Lev Marsh", credit="Ana Prado")
    make_signature(campaign, name="Ida Marsh", credit="Ana Prado, painter")
    make_signature(campaign, name="Eva Marsh", credit="author of a book on Ana Prado")
    protect("Ana Prado")
    assert Suspicion.objects.count() == 0
    search_names()
    assert open_names() == {*typed, "Lev Marsh", "Ida Marsh"}
    listed = client.get("/api/v1/campaigns/art/signers/").json()["results"]
    assert len(listed) == 9
    page = desk.get(LANE).content.decode()
    assert "PRADO, Ana" in page
    assert "Protected name: Ana Prado" in " ".join(page.split())
    assert "Ana Torres" not in page


def test_whoever_signs_between_the_search_and_its_end_is_found_too(campaign: Campaign) -> None:
    """A confirmation that began before the name was there may be committed after its row was passed."""
    early = make_signature(campaign, name="Somebody Else")
    protect("Ana Prado")
    search_names()
    assert NameSearch.objects.get().done_at is None
    # As that confirmation would have left it: no rule knew the name.
    late = moves.amend(signature_id=early.pk, actor=SIGNER, changes={"name": "Ana Prado"}).signature
    assert open_names() == set()
    with time_machine.travel(timezone.now() + suspicions.SETTLED + timedelta(seconds=1)):
        search_names()
        assert open_names() == {late.name}
        assert NameSearch.objects.get().done_at is not None
        search_names()
    assert Suspicion.objects.count() == 1


def test_a_search_goes_on_where_it_was_cut_off_and_looks_at_each_once(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspicions, "CHUNK", 2)
    for number in range(5):
        make_signature(campaign, name="Ana Prado", credit="", email=f"ana{number}@example.org")
    protect("Ana Prado")
    with monkeypatch.context() as patch:
        patch.setattr(suspicions, "WORK", timedelta())
        search_names()
    assert NameSearch.objects.get().looked == 2
    search_names()
    assert (NameSearch.objects.get().looked, Suspicion.objects.count()) == (5, 5)


def test_one_that_waits_is_held_for_the_name_as_well(campaign: Campaign) -> None:
    Campaign.objects.update(publication="after_review")
    held = make_signature(Campaign.objects.get(), name="Prado Ana", status=Status.HELD)
    assert held.hold_reasons == ["review"]
    protect("Ana Prado")
    search_names()
    held.refresh_from_db()
    assert (held.status, held.hold_reasons) == ("held", ["review", "near_name"])
    assert Suspicion.objects.count() == 0


@pytest.mark.parametrize("evidence", [Evidence.STAFF, Evidence.VOUCHED, Evidence.DOMAIN])
def test_no_evidence_that_came_before_spares_a_name_the_look_of_two(
    campaign: Campaign, evidence: Evidence
) -> None:
    known = make_signature(campaign, name="Ana Prado")
    Signature.objects.filter(pk=known.pk).update(evidence=evidence)
    protect("Ana Prado")
    search_names()
    assert open_names() == {"Ana Prado"}


def test_whom_two_have_let_through_under_that_very_name_is_left_alone(campaign: Campaign) -> None:
    known = make_signature(campaign, name="Ana Prado")
    make_signature(campaign, name="Anna Prado")
    seen: dict[str, Any] = {"signature_id": known.pk, "revision": known.revision}
    protect("Ana Prado")
    search_names()
    kept_first_by("colleague", known)
    seen |= {"report_ids": [], "suspicion_ids": suspicions.ids_of(known)}
    moderation.keep(by=somebody("second"), note="saw her ID", **seen)
    protect()
    protect("Ana Prado")  # another row by now, which nobody has decided about
    search_names()
    assert open_names() == {"Anna Prado"}
    moderation.hold(signature_id=known.pk, by=somebody("third"))
    protect()
    known.refresh_from_db()
    moderation.approve(signature_id=known.pk, revision=known.revision, by=somebody("third"))
    protect("Ana Prado")
    search_names()
    assert open_names() == {"Anna Prado", "Ana Prado"}


def test_a_new_search_of_every_name_begins_when_near_names_are_switched_on(
    campaign: Campaign,
) -> None:
    text = campaign_file(publication="after_verification")
    load_campaign(parse(f"{text}\n[rules]\nnear_name = false\n"))
    near = make_signature(Campaign.objects.get(), name="Scarlet Johanson")
    assert (near.status, NameSearch.objects.count()) == ("published", 0)
    load_campaign(parse(text))
    load_campaign(parse(text))
    assert NameSearch.objects.count() == 1
    search_names()
    assert open_names() == {"Scarlet Johanson"}


def test_to_keep_it_closes_it_with_an_event_and_it_is_not_brought_up_again(
    campaign: Campaign, desk: Client
) -> None:
    signature = make_signature(campaign, name="Ana Prado")
    protect("Ana Prado")
    search_names()
    kept_first_by("colleague", signature)
    page = f"/admin/campaign/signature/{signature.pk}/"
    shown = desk.get(f"{page}change/").content.decode()
    assert "It is the protected name “Ana Prado”." in shown
    form = {
        "revision": signature.revision,
        "suspicion": suspicions.ids_of(signature),
        "status": "published",
        "note": "asked her agent",
    }
    assert desk.post(f"{page}keep/", form).status_code == 302
    signature.refresh_from_db()
    assert (signature.status, open_names()) == ("published", set())
    event = Event.objects.get(verb="keep")
    assert event.note.text == "asked her agent"
    assert list(desk.get(LANE).context["cl"].result_list) == []
    again = NameSearch.objects.create(campaign=campaign)
    again.names.set(ProtectedName.objects.all())
    search_names()
    assert open_names() == set()


def test_to_reject_or_hold_it_or_to_withdraw_closes_it_too(campaign: Campaign) -> None:
    first, second, third = (
        make_signature(campaign, name="Ana Prado", email=f"ana{n}@example.org") for n in "123"
    )
    protect("Ana Prado")
    search_names()
    assert Suspicion.objects.filter(closed_at=None).count() == 3
    by = make_user("moderate_signature")
    reason = RejectionReason.IMPERSONATION
    moderation.reject(signature_id=first.pk, revision=1, reason=reason, by=by)
    moderation.hold(signature_id=second.pk, by=by)
    bring_to(third, Status.ERASED)
    assert Suspicion.objects.filter(closed_at=None).count() == 0


def test_a_page_from_before_a_change_keeps_nothing(campaign: Campaign) -> None:
    signature = make_signature(campaign, name="Ana Prado")
    protect("Ana Prado")
    search_names()
    by = make_user("moderate_signature")
    with pytest.raises(ChangedMeanwhile):
        moderation.keep(
            signature_id=signature.pk,
            revision=signature.revision + 1,
            report_ids=[],
            suspicion_ids=suspicions.ids_of(signature),
            by=by,
        )
    assert open_names() == {"Ana Prado"}


def test_a_name_that_is_taken_off_the_list_takes_its_suspicions_along(campaign: Campaign) -> None:
    make_signature(campaign, name="Ana Prado")
    protect("Ana Prado")
    search_names()
    protect()
    assert not Suspicion.objects.exists()
    search_names()
    assert not Suspicion.objects.exists()


def test_a_name_that_is_taken_off_the_list_during_its_search_holds_nobody_from_then_on(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(suspicions, "CHUNK", 1)
    early, late = (
        make_signature(campaign, name="Prado Ana", status=Status.HELD, email=f"ana{n}@example.org")
        for n in "12"
    )
    before = (late.hold_reasons, late.revision)
    name = campaign.protected_names.create(name="Ana Prado", skeletons=["anaprado"])
    suspicions.look_for(campaign, [name])
    with monkeypatch.context() as patch:
        patch.setattr(suspicions, "WORK", timedelta())
        search_names()
    name.delete()
    search_names()
    early.refresh_from_db()
    late.refresh_from_db()
    assert early.hold_reasons == ["moderator", "near_name"]
    assert (late.hold_reasons, late.revision) == before == (["moderator"], 2)


def test_nothing_is_searched_where_nobody_has_signed_or_no_name_is_new(campaign: Campaign) -> None:
    assert not NameSearch.objects.exists()
    make_signature(campaign)
    protect()
    assert not NameSearch.objects.exists()


def test_only_its_own_campaign_is_searched(campaign: Campaign) -> None:
    other = make_campaign(slug="other", publication="after_verification")
    make_signature(other, name="Ana Prado")
    make_signature(campaign, name="Lev Marsh")
    protect("Ana Prado")
    search_names()
    assert open_names() == set()


def test_the_signers_own_file_says_that_it_was_compared_and_when_it_was_decided_not_with_whom(
    campaign: Campaign, client: Client
) -> None:
    signature = make_signature(campaign, name="Anna Prado")
    protect("Ana Prado")
    search_names()
    ProtectedName.objects.filter(name="Ana Prado").update(alias_of="Canary Secret")
    data = f"/manage/{manage_token(signature)}/data.json"
    [found] = client.get(data).json()["suspicions"]
    assert (found["way"], found["closed_at"]) == ("sound", None)

    kept_first_by("anna", signature)
    moderation.keep(
        signature_id=signature.pk,
        revision=1,
        report_ids=[],
        suspicion_ids=suspicions.ids_of(signature),
        by=somebody("ben"),
        note="saw her ID",
    )
    held = client.get(data)
    [found] = held.json()["suspicions"]
    assert found["created_at"] < found["closed_at"]
    assert [event["verb"] for event in held.json()["events"]][-2:] == ["second", "keep"]
    assert "Ana Prado" not in held.content.decode()
    assert "Canary" not in held.content.decode()


def test_the_signers_own_file_has_the_numbers_that_a_rejection_as_false_keeps(
    campaign: Campaign, client: Client
) -> None:
    signature = make_signature(campaign, name="Ana Prado")
    data = f"/manage/{manage_token(signature)}/data.json"
    assert client.get(data).json()["rejected_names"] == []
    bring_to(signature, Status.REJECTED)
    held = client.get(data).json()
    assert set(held["rejected_names"]) == {f"{key:016x}" for key in blocks.keys("Ana Prado")}
    assert "impersonation" in str(held["events"])


def test_erasure_leaves_nothing_of_whom_a_signer_was_like(campaign: Campaign) -> None:
    signature = make_signature(campaign, name="Ana Prado")
    protect("Ana Prado")
    search_names()
    assert open_names() == {"Ana Prado"}
    leaving.erase(manage_token(signature))
    assert not Suspicion.objects.exists()
