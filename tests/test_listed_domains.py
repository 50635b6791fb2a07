"""An address at a domain that the campaign lists as an organisation's shows who the signer is with."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaign import counts, signing
from campaign.models import Campaign, Event, Proof, Signature
from tests.factories import confirm_token, make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db

ORGANISATIONS = """organisations = [
    {name = "The Guild", domains = ["guild.example.org", "members.guild.example.org"]},
    {name = "Größe Records", domains = ["GRÖSSE.example.org", "größe.example.org"]},
]"""


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification", extra=ORGANISATIONS)


def evidence(signature: Signature) -> Any:
    url = f"/api/v1/campaigns/art/signers/{signature.public_id}/"
    return Client().get(url).json()["evidence"]


@pytest.mark.parametrize(
    "typed",
    [
        {"email": "zoe@guild.example.org", "organisation": "The Guild"},
        {"email": "Zoe@GUILD.example.org", "organisation": "the guild"},
        {"email": "zoe@members.guild.example.org", "organisation": "The Guild"},
        {"email": "zoe@größe.example.org", "organisation": "GRÖSSE RECORDS"},
        {"email": "office@guild.example.org", "kind": "organisation", "name": "The Guild"},
    ],
)
def test_an_address_at_the_domain_of_the_organisation_named_is_evidence(
    campaign: Campaign, typed: dict[str, str]
) -> None:
    signature = make_signature(campaign, **typed)
    assert evidence(signature)["method"] == "domain"
    proof = Proof.objects.get()
    assert (proof.signature, proof.at) == (signature, signature.evidence_at)
    assert signature.evidence_at == signature.confirmed_at
    numbers = counts.snapshot(campaign.pk)
    assert numbers["published", "evidence", "domain"] == 1


@pytest.mark.parametrize(
    "typed",
    [
        # Nobody lists it, however it looks.
        {"email": "zoe@guild.example.org.evil.net", "organisation": "The Guild"},
        {"email": "zoe@notguild.example.org", "organisation": "The Guild"},
        {"email": "zoe@students.guild.example.org", "organisation": "The Guild"},
        {"email": "zoe@example.org", "organisation": "The Guild"},
        # Another organisation's, or none named.
        {"email": "zoe@guild.example.org", "organisation": "Größe Records"},
        {"email": "zoe@guild.example.org", "organisation": ""},
        {"email": "zoe@guild.example.org", "name": "The Guild"},
        # An organisation is what it is called, not under whose roof.
        {
            "email": "zoe@guild.example.org",
            "kind": "organisation",
            "name": "Another Guild",
            "organisation": "The Guild",
        },
    ],
)
def test_any_other_address_is_a_mailbox_and_no_more(
    campaign: Campaign, typed: dict[str, str]
) -> None:
    signature = make_signature(campaign, **typed)
    assert evidence(signature)["method"] == "email"
    assert not Proof.objects.exists()


def test_confirming_asks_no_more_of_the_database_where_no_domain_matches(
    campaign: Campaign,
) -> None:
    listed = queries_of_confirming(campaign)
    Campaign.objects.update(organisations=[])
    assert queries_of_confirming(campaign) == listed


def queries_of_confirming(campaign: Campaign) -> int:
    make_signature(campaign)  # warms the copies
    token = confirm_token(make_signature(campaign, status="pending", organisation="The Guild"))
    with CaptureQueriesContext(connection) as queries:
        signing.confirm(token)
    return len(queries)


def test_who_names_another_organisation_later_loses_it(campaign: Campaign) -> None:
    signature = make_signature(campaign, email="zoe@guild.example.org", organisation="The Guild")
    signing.correct(
        manage_token(signature), typed={"organisation": "Elsewhere"}, revision=signature.revision
    )
    signature.refresh_from_db()
    # The campaign vouched for what stood there, so somebody looks at it again.
    assert (signature.status, signature.evidence) == ("held", "email")
    assert Event.objects.latest("pk").verb == "revoke"


def test_who_names_theirs_later_gains_it(campaign: Campaign) -> None:
    signature = make_signature(campaign, email="zoe@guild.example.org")
    signing.correct(
        manage_token(signature), typed={"organisation": "The Guild"}, revision=signature.revision
    )
    assert evidence(signature)["method"] == "domain"


def test_a_correction_before_the_confirmation_proves_nothing_yet(campaign: Campaign) -> None:
    signature = make_signature(campaign, status="pending", email="zoe@guild.example.org")
    signing.correct(
        manage_token(signature), typed={"organisation": "The Guild"}, revision=signature.revision
    )
    assert not Proof.objects.exists()
