"""Evidence: the strongest proof that stands is published with its date, in list, counts and events."""

from typing import Any

import pytest
from django.test import Client

from campaign import leaving, proofs
from campaign.errors import ChangedMeanwhile, MoveRefused, SignatureGone
from campaign.history import SIGNER
from campaign.models import Campaign, Event, EventNote, Proof, Signature
from campaign.models.signature import Evidence, Status
from tests.counted import assert_exact
from tests.factories import make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db

SIGNERS = "/api/v1/campaigns/art/signers/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


def shown(client: Client, signature: Signature) -> Any:
    """The evidence that the public sees."""
    return client.get(f"{SIGNERS}{signature.public_id}/").json()["evidence"]


def by_evidence(client: Client) -> dict[str, int]:
    numbers = client.get("/api/v1/campaigns/art/counts/").json()["by_evidence"]
    return {each["evidence"]: each["published"] for each in numbers}


def grant(signature: Signature, method: Evidence, **more: Any) -> Proof:
    if method == Evidence.DOMAIN:
        more.setdefault("domain", "zoe.example")
    if method == Evidence.STAFF:
        more.setdefault("note", "Rang her agent.")
    return proofs.grant(signature_id=signature.pk, method=method, actor=SIGNER, **more)


def revoke(proof: Proof) -> Proof:
    return proofs.revoke(proof_id=proof.pk, actor=SIGNER)


def test_a_confirmed_mailbox_is_evidence_and_leaves_no_row(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    assert shown(client, signature)["method"] == "email"
    assert not Proof.objects.exists()


def test_the_strongest_that_stands_is_published_with_its_date(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    mailbox = shown(client, signature)
    vouched = grant(signature, Evidence.VOUCHED)
    assert shown(client, signature)["method"] == "vouched"
    assert shown(client, signature)["at"] == vouched.at.isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )
    grant(signature, Evidence.DOMAIN)  # weaker
    assert shown(client, signature)["method"] == "vouched"
    staff = grant(signature, Evidence.STAFF)
    assert shown(client, signature)["method"] == "staff"
    assert by_evidence(client) == {"staff": 1}
    revoke(staff)
    revoke(vouched)
    assert shown(client, signature)["method"] == "domain"
    revoke(Proof.objects.get(method="domain"))
    assert shown(client, signature) == mailbox
    assert by_evidence(client) == {"email": 1}
    assert_exact(campaign)


def test_of_two_vouchers_the_first_dates_it_and_one_may_go(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    first, _second = grant(signature, Evidence.VOUCHED), grant(signature, Evidence.VOUCHED)
    since = shown(client, signature)
    revoke(first)
    assert shown(client, signature)["method"] == since["method"] == "vouched"
    assert shown(client, signature)["at"] >= since["at"]
    assert [event.verb for event in Event.objects.order_by("pk")][-3:] == [
        "prove",
        "prove",
        "revoke",
    ]


def test_a_change_of_evidence_comes_by_in_the_feed_of_changes(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    before = Signature.objects.values("revision", "updated_at").get()
    grant(signature, Evidence.DOMAIN)
    after = Signature.objects.values("revision", "updated_at").get()
    assert after["revision"] == before["revision"] + 1
    assert after["updated_at"] > before["updated_at"]
    assert Event.objects.filter(verb="prove", reason="domain").count() == 1


def test_the_same_domain_twice_is_one_proof(campaign: Campaign) -> None:
    signature = make_signature(campaign)
    assert grant(signature, Evidence.DOMAIN) == grant(signature, Evidence.DOMAIN)
    assert Event.objects.filter(verb="prove").count() == 1


def test_revoking_twice_is_a_success_that_changes_nothing(campaign: Campaign) -> None:
    signature = make_signature(campaign)
    proof = revoke(grant(signature, Evidence.DOMAIN))
    assert revoke(proof).revoked_at == proof.revoked_at
    assert Event.objects.filter(verb="revoke").count() == 1


def test_nobody_proves_anything_of_who_has_not_confirmed_or_has_left(campaign: Campaign) -> None:
    pending = make_signature(campaign, status=Status.PENDING)
    with pytest.raises(MoveRefused):
        grant(pending, Evidence.DOMAIN)
    gone = make_signature(campaign, status=Status.WITHDRAWN)
    with pytest.raises(SignatureGone):
        grant(gone, Evidence.DOMAIN)
    assert not Proof.objects.exists()


def test_what_was_shown_before_a_change_is_not_proven(campaign: Campaign) -> None:
    signature = make_signature(campaign)
    with pytest.raises(ChangedMeanwhile):
        grant(signature, Evidence.STAFF, revision=signature.revision + 1)
    assert not Proof.objects.exists()


def test_erasing_takes_the_proofs_with_it_and_withdrawing_keeps_the_counts_exact(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    grant(signature, Evidence.DOMAIN)
    grant(signature, Evidence.STAFF, note="canary")
    leaving.erase(manage_token(signature))
    assert not Proof.objects.exists()
    assert "canary" not in str([list(EventNote.objects.values()), list(Event.objects.values())])
    assert by_evidence(client) == {}
    assert_exact(campaign)


def test_an_imported_consent_is_what_a_revoked_proof_falls_back_to(
    client: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    batch = campaign.batches.create(file_name="a.csv", consent_note="signed on paper")
    Signature.objects.filter(pk=signature.pk).update(batch=batch, evidence="on_file")
    revoke(grant(signature, Evidence.DOMAIN))
    assert shown(client, signature)["method"] == "on_file"
