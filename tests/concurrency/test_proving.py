"""Proofs granted and revoked at once: what is shown is always the strongest that stands."""

import pytest

from campaign import leaving, locks, moves, proofs
from campaign.errors import SignatureGone
from campaign.history import SIGNER
from campaign.models import Campaign, Proof, Signature
from campaign.models.signature import Evidence
from tests.concurrency.guards import read_only
from tests.concurrency.threads import Meanwhile, at_once
from tests.counted import assert_exact
from tests.factories import make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


def grant(signature: Signature, method: Evidence, domain: str = "") -> Proof:
    return proofs.grant(signature_id=signature.pk, method=method, actor=SIGNER, domain=domain)


def revoked_while_a_weaker_one_is_granted(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> tuple[Signature, Meanwhile]:
    signature = make_signature(campaign)
    voucher = grant(signature, Evidence.VOUCHED)
    meanwhile = Meanwhile(lambda: proofs.revoke(proof_id=voucher.pk, actor=SIGNER))
    meanwhile.before(monkeypatch, moves, "amend")
    grant(signature, Evidence.DOMAIN, "zoe.example")
    assert isinstance(meanwhile.end(), Proof)
    signature.refresh_from_db()
    return signature, meanwhile


def test_what_is_revoked_while_another_is_granted_is_not_shown(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature, meanwhile = revoked_while_a_weaker_one_is_granted(campaign, monkeypatch)
    assert meanwhile.waited
    assert signature.evidence == "domain"
    assert_exact(campaign)


def test_without_the_lock_what_was_revoked_is_shown(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "lock", read_only)
    signature, meanwhile = revoked_while_a_weaker_one_is_granted(campaign, monkeypatch)
    assert not meanwhile.waited
    assert signature.evidence == "vouched"
    assert not Proof.objects.filter(method="vouched", revoked_at=None).exists()


def test_one_domain_granted_many_times_at_once_is_one_proof(campaign: Campaign) -> None:
    signature = make_signature(campaign)
    granted = at_once([lambda: grant(signature, Evidence.DOMAIN, "zoe.example")] * 8)
    assert len(set(granted)) == Proof.objects.count() == 1
    assert_exact(campaign)


def test_a_proof_of_who_erases_their_data_meanwhile_is_kept_nowhere(
    campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    signature = make_signature(campaign)
    token = manage_token(signature)
    meanwhile = Meanwhile(lambda: leaving.erase(token)).before(monkeypatch, moves, "amend")
    grant(signature, Evidence.DOMAIN, "zoe.example")
    assert meanwhile.end() is None
    assert meanwhile.waited
    assert not Proof.objects.exists()
    with pytest.raises(SignatureGone):
        grant(signature, Evidence.DOMAIN, "zoe.example")
    assert_exact(campaign)
