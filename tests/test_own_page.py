"""What a signer can do with the link to their own page."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from campaign import intake, leaving, signing
from campaign.errors import (
    ChangedMeanwhile,
    InvalidInput,
    SignatureGone,
    TokenExpired,
    TokenInvalid,
    TokenMisplaced,
)
from campaign.models import Campaign, Event, EventNote, Mail, Signature
from campaign.models.signature import Status
from tests.factories import confirm_token, details, make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db

SIGNERS = "/api/v1/campaigns/art/signers/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


def correction(**typed: str) -> dict[str, str]:
    return {"name": "Zoë Moreau", "credit": "The Quarry Songs", "organisation": "", **typed}


def test_withdrawing_takes_the_name_off_the_list_and_leaves_a_tombstone(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    leaving.withdraw(manage_token(signature))
    assert client.get(SIGNERS).json()["results"] == []
    response = client.get(f"{SIGNERS}{signature.public_id}/")
    assert response.status_code == 410
    assert (response.json()["id"], response.json()["removed"]) == (signature.public_id, True)
    counts = client.get("/api/v1/campaigns/art/counts/").json()
    assert (counts["confirmed"], counts["published"], counts["withdrawn"]) == (1, 0, 1)


def test_withdrawing_twice_is_a_success_that_changes_nothing(campaign: Campaign) -> None:
    signature = make_signature(campaign)
    leaving.withdraw(manage_token(signature))
    before = Signature.objects.values().get()
    leaving.withdraw(manage_token(signature))
    assert Signature.objects.values().get() == before
    assert Event.objects.filter(verb="withdraw").count() == 1


def test_withdrawing_a_pending_signature_deletes_it(campaign: Campaign) -> None:
    signature = make_signature(campaign, status=Status.PENDING)
    leaving.withdraw(manage_token(signature))
    assert not Signature.objects.exists()


def test_erasing_leaves_no_personal_datum_and_the_number_explained(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(
        campaign,
        name="Canary Name",
        email="canary@example.org",
        credit="Canary Credit",
        organisation="Canary House",
        source="canary-source",
        country="FR",
    )
    EventNote.objects.create(event=Event.objects.latest("pk"), text="canary note")
    leaving.erase(manage_token(signature))
    left = str([list(model.objects.values()) for model in (Signature, Event, EventNote, Mail)])
    assert "canary" not in left.lower()
    counts = client.get("/api/v1/campaigns/art/counts/").json()
    assert (counts["confirmed"], counts["withdrawn"], counts["published"]) == (1, 1, 0)
    assert client.get(f"{SIGNERS}{signature.public_id}/").status_code == 410


def test_an_import_does_not_bring_back_who_erased(campaign: Campaign) -> None:
    signature = make_signature(campaign, **details())
    leaving.erase(manage_token(signature))
    lines = ["name,email\n", "Zoë Moreau,Zoe@example.org\n"]
    report = intake.import_signers(
        campaign=campaign, lines=lines, file_name="x.csv", consent_note="form 1"
    )
    assert (report.added, report.left) == (0, 1)


def test_hiding_counts_without_listing_and_showing_lists_again(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    signing.show(manage_token(signature), show_name=False)
    counts = client.get("/api/v1/campaigns/art/counts/").json()
    assert (counts["published"], counts["anonymous"], counts["by_kind"]) == (1, 1, [])
    assert client.get(SIGNERS).json()["results"] == []
    assert client.get(f"{SIGNERS}{signature.public_id}/").status_code == 410
    signing.show(manage_token(signature), show_name=True)
    assert client.get(SIGNERS).json()["results"][0]["id"] == signature.public_id


def test_a_correction_is_shown_and_raises_the_revision(client: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, **details())
    signing.correct(manage_token(signature), typed=correction(name="Zoé Moreau"), revision=1)
    assert client.get(f"{SIGNERS}{signature.public_id}/").json()["name"] == "Zoé Moreau"
    assert [s["name"] for s in client.get(f"{SIGNERS}?q=moreau").json()["results"]] == [
        "Zoé Moreau"
    ]
    assert Signature.objects.get().revision == 2


def test_a_correction_to_a_protected_name_is_held_and_off_the_list(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign, **details())
    signing.correct(
        manage_token(signature), typed=correction(name="Scarlett Johansson"), revision=1
    )
    signature.refresh_from_db()
    assert (signature.status, signature.hold_reasons) == ("held", ["renamed", "protected_name"])
    assert client.get(SIGNERS).json()["results"] == []


def test_a_correction_under_review_is_looked_at_again() -> None:
    signature = make_signature(make_campaign(), **details())
    signing.correct(manage_token(signature), typed=correction(credit="Other"), revision=1)
    signature.refresh_from_db()
    assert (signature.status, signature.hold_reasons) == ("held", ["renamed", "review"])


def test_a_correction_that_is_no_name_changes_nothing(campaign: Campaign) -> None:
    signature = make_signature(campaign, **details())
    with pytest.raises(InvalidInput):
        signing.correct(manage_token(signature), typed=correction(name="=1+1"), revision=1)
    assert Signature.objects.get().name == "Zoë Moreau"


def test_a_correction_to_the_other_name_of_this_mailbox_is_refused_at_the_name(
    campaign: Campaign,
) -> None:
    make_signature(campaign, **details())
    other = make_signature(campaign, **details(name="Somebody Else"))
    with pytest.raises(InvalidInput) as refused:
        signing.correct(manage_token(other), typed=correction(name="ZOE MOREAU"), revision=1)
    assert [(e.field, e.code) for e in refused.value.errors] == [("name", "duplicate")]


def test_a_form_that_showed_an_older_revision_is_refused(campaign: Campaign) -> None:
    signature = make_signature(campaign, **details())
    signing.correct(manage_token(signature), typed=correction(credit="First"), revision=1)
    with pytest.raises(ChangedMeanwhile):
        signing.correct(manage_token(signature), typed=correction(credit="Second"), revision=1)
    assert Signature.objects.get().credit == "First"


def test_the_link_lives_thirty_days(campaign: Campaign) -> None:
    token = manage_token(make_signature(campaign))
    with (
        time_machine.travel(timezone.now() + timedelta(days=30, seconds=1)),
        pytest.raises(TokenExpired),
    ):
        leaving.withdraw(token)
    assert Signature.objects.get().status == "published"


@pytest.mark.parametrize("verb", [leaving.withdraw, leaving.erase])
def test_a_token_of_another_purpose_or_none_does_nothing(campaign: Campaign, verb: object) -> None:
    signature = make_signature(campaign)
    assert callable(verb)
    with pytest.raises(TokenMisplaced):
        verb(confirm_token(signature))
    with pytest.raises(TokenInvalid):
        verb("nonsense")
    assert Signature.objects.get().status == "published"


def test_after_an_erasure_there_is_nothing_to_show_or_correct(campaign: Campaign) -> None:
    signature = make_signature(campaign)
    token = manage_token(signature)
    leaving.erase(token)
    with pytest.raises(SignatureGone):
        signing.correct(token, typed=correction(), revision=1)
    with pytest.raises(SignatureGone):
        leaving.withdraw(token)
