"""How often a request goes to the database: on the busiest day nothing else is slower.

Counted are the trips, BEGIN and COMMIT as well, in a process that knows the campaign.
"""

import json
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaign.models import Campaign, Signature
from campaign.models.campaign import Publication
from campaign.models.signature import Status
from campaign.models.statement import edition
from tests.factories import confirm_token, details, make_campaign, make_signature

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def campaign(providers: None, client: Client) -> Campaign:
    campaign = make_campaign(publication=Publication.AFTER_VERIFICATION)
    edition(make_signature(campaign).statement_id)
    client.get("/api/v1/campaigns/art/")
    return campaign


@pytest.fixture
def trips(campaign: Campaign) -> Iterator[CaptureQueriesContext]:
    """What goes to the database from here on, in order."""
    with CaptureQueriesContext(connection) as captured:
        yield captured


def kinds(trips: CaptureQueriesContext) -> list[str]:
    return [trip["sql"].split()[0].strip("(;") for trip in trips.captured_queries]


def test_a_request_to_sign_goes_five_times(client: Client, trips: CaptureQueriesContext) -> None:
    path = "/api/v1/campaigns/art/signatures/"
    answer = client.post(path, json.dumps(details()), content_type="application/json")
    assert answer.status_code == 202
    assert kinds(trips) == ["SELECT", "BEGIN", "SELECT", "SAVEPOINT", "COMMIT"]


def test_a_confirmation_that_no_rule_holds_goes_five_times(
    client: Client, campaign: Campaign
) -> None:
    token = confirm_token(make_signature(campaign, status=Status.PENDING))
    with CaptureQueriesContext(connection) as trips:
        answer = client.post(
            "/api/v1/signatures/confirm/",
            json.dumps({"token": token}),
            content_type="application/json",
        )
    assert answer.json()["status"] == "published"
    assert kinds(trips) == ["BEGIN", "SELECT", "SELECT", "UPDATE", "COMMIT"]
    assert Signature.objects.filter(status=Status.PUBLISHED).count() == 2


@pytest.mark.parametrize("path", ["counts/", "signers/", "signers/?order=newest&q=zo&country=FR"])
def test_a_cold_read_goes_twice(client: Client, trips: CaptureQueriesContext, path: str) -> None:
    assert client.get(f"/api/v1/campaigns/art/{path}").status_code == 200
    assert kinds(trips) == ["SELECT", "WITH" if "signers" in path else "SELECT"]
