"""What moderators see of evidence, and how they add theirs or take some back."""

import re
from typing import Any

import pytest
from django.test import Client

from campaign import proofs
from campaign.history import SIGNER
from campaign.models import Campaign, Event, Proof, Signature
from campaign.models.membership import Membership, Role
from campaign.models.signature import Evidence, Status
from tests.factories import make_campaign, make_signature, make_user

pytestmark = pytest.mark.django_db

QUEUE = "/admin/campaign/signature/"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def desk(campaign: Campaign) -> Client:
    """The browser of a moderator of that campaign."""
    return browser(Role.MODERATOR, campaign)


def browser(role: Role, campaign: Campaign) -> Client:
    user = make_user(username=f"{role} of {campaign}")
    Membership.objects.create(user=user, campaign=campaign, role=role)
    client = Client()
    client.force_login(user)
    return client


def page(client: Client, signature: Signature) -> str:
    return " ".join(client.get(f"{QUEUE}{signature.pk}/change/").content.decode().split())


def press(client: Client, signature: Signature, verb: str, **typed: str) -> Any:
    """Read the form of that button off the page, fill it in, and press."""
    text = client.get(f"{QUEUE}{signature.pk}/change/").content.decode()
    form = re.search(rf'action="({QUEUE}\d+/{verb}/)">(.*?)</form>', text, re.DOTALL)
    assert form, f"no {verb} button"
    carried = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form[2]))
    return client.post(form[1], {**carried, **typed})


def shown(signature: Signature) -> str:
    """The evidence that the public sees."""
    url = f"/api/v1/campaigns/{signature.campaign.slug}/signers/{signature.public_id}/"
    return str(Client().get(url).json()["evidence"]["method"])


def test_a_note_on_how_it_was_checked_is_evidence_and_stays_inside(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    answer = press(desk, signature, "check", note="Rang her agent.")
    assert answer.status_code == 302
    assert shown(signature) == "staff"
    assert "Rang her agent." in page(desk, signature)
    assert (Event.objects.latest("pk").verb, Event.objects.latest("pk").reason) == (
        "prove",
        "staff",
    )
    entry = f"/art/signers/{signature.public_id}/"
    assert "Checked by the campaign" in Client().get(entry).content.decode()
    for path in (entry, "/art/signers/", "/api/v1/campaigns/art/signers/"):
        assert "agent" not in Client().get(path).content.decode()


def test_without_a_note_nothing_was_checked(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    answer = press(desk, signature, "check", note="  ")
    assert answer.status_code == 422
    assert "This field is required." in answer.content.decode()
    assert not Proof.objects.exists()
    assert shown(signature) == "email"


def test_what_the_signer_changed_meanwhile_is_not_checked(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign)
    Signature.objects.filter(pk=signature.pk).update(revision=7)
    answer = desk.post(
        f"{QUEUE}{signature.pk}/check/", {"revision": 6, "status": "published", "note": "Asked."}
    )
    assert answer.status_code == 302
    assert not Proof.objects.exists()


def test_what_is_taken_back_falls_back_and_stays_on_record(
    desk: Client, campaign: Campaign
) -> None:
    signature = make_signature(campaign)
    proofs.grant(
        signature_id=signature.pk, method=Evidence.DOMAIN, actor=SIGNER, domain="zoe.example"
    )
    assert "zoe.example" in page(desk, signature)
    press(desk, signature, r"proofs/\d+/revoke", note="The site is for sale.")
    assert shown(signature) == "email"
    assert "taken back" in page(desk, signature)
    assert "The site is for sale." in page(desk, signature)


def test_a_proof_of_another_signature_is_not_taken_back_here(
    desk: Client, campaign: Campaign
) -> None:
    signature, other = make_signature(campaign), make_signature(campaign)
    proof = proofs.grant(
        signature_id=other.pk, method=Evidence.DOMAIN, actor=SIGNER, domain="zoe.example"
    )
    answer = desk.post(
        f"{QUEUE}{signature.pk}/proofs/{proof.pk}/revoke/", {"revision": 1, "status": "published"}
    )
    assert answer.status_code == 422
    assert shown(other) == "domain"


def test_a_held_one_is_checked_and_not_published_by_it(desk: Client, campaign: Campaign) -> None:
    signature = make_signature(campaign, status=Status.HELD)
    press(desk, signature, "check", note="Rang her agent.")
    signature.refresh_from_db()
    assert (signature.status, signature.evidence) == (Status.HELD, "staff")


def test_readers_see_neither_button_nor_what_a_proof_rests_on(campaign: Campaign) -> None:
    signature = make_signature(campaign)
    ours: dict[str, Any] = {"signature_id": signature.pk, "actor": SIGNER}
    proofs.grant(**ours, method=Evidence.DOMAIN, domain="zoe.example")
    proofs.grant(**ours, method=Evidence.STAFF, note="Rang her agent.")
    text = page(browser(Role.READER, campaign), signature)
    assert "Checked by the campaign" in text
    for hidden in ("zoe.example", "Rang her agent.", "/check/", "/revoke/"):
        assert hidden not in text


def test_moderators_of_another_campaign_check_nobody_here(campaign: Campaign) -> None:
    signature = make_signature(campaign)
    stranger = browser(Role.MODERATOR, make_campaign(slug="other"))
    typed = {"revision": signature.revision, "status": "published", "note": "Asked."}
    assert stranger.post(f"{QUEUE}{signature.pk}/check/", typed).status_code in (403, 404)
    assert not Proof.objects.exists()
