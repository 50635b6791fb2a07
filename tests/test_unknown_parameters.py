"""No read of the API leaves a parameter out that it does not know: a misspelt one would change nothing, unseen."""

import pytest
from django.test import Client

from campaign.models import AuditEntry, Campaign
from campaign.models.api_key import Scope
from tests.api import BASE, assert_problem
from tests.factories import bearer, make_campaign, make_key, make_signature

pytestmark = pytest.mark.django_db

SPEAKING = ("", "badge.svg", "corrections/")
"""The reads whose language is chosen by the address."""
SILENT = (
    *("statements/1/en.txt", "challenge/", "signers.csv", "signers.jsonl", "feed.atom"),
    *("vouchers/", "counts/", "signers/{id}/"),
)
"""Those that take no parameter at all."""


@pytest.fixture(autouse=True)
def art() -> Campaign:
    return make_campaign(publication="after_verification")


def path_of(read: str) -> str:
    signature = make_signature()
    return BASE + read.format(id=signature.public_id)


@pytest.mark.parametrize("query", ["_=1", "format=json", "utm_source=x", "contry=SE&contry=NO"])
@pytest.mark.parametrize("read", [*SPEAKING, *SILENT, "signers/"])
def test_a_read_names_the_parameter_that_it_does_not_know(
    client: Client, read: str, query: str
) -> None:
    response = client.get(f"{path_of(read)}?{query}")
    [error] = assert_problem(response, 400, "invalid_input")["errors"]
    assert (error["field"], error["code"]) == (query.partition("=")[0], "unknown_parameter")
    assert response["Cache-Control"] == "no-store"
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "ETag" not in response


@pytest.mark.parametrize("read", [*SPEAKING, *SILENT, "signers/"])
def test_a_head_is_refused_as_a_get_is(client: Client, read: str) -> None:
    path = path_of(read)
    assert client.head(path).status_code == 200
    assert client.head(f"{path}?_=1").status_code == 400


@pytest.mark.parametrize("read", [*SPEAKING, *SILENT])
def test_only_what_speaks_more_languages_takes_one(client: Client, read: str) -> None:
    status = 200 if read in SPEAKING else 400
    assert client.get(f"{path_of(read)}?language=en").status_code == status


def test_the_campaigns_take_a_language_and_nothing_else(client: Client) -> None:
    assert client.get("/api/v1/campaigns/?language=fr").status_code == 200
    assert_problem(client.get("/api/v1/campaigns/?state=open"), 400, "invalid_input")


@pytest.mark.parametrize("read", SILENT)
def test_a_preflight_is_answered_whatever_its_address_says(client: Client, read: str) -> None:
    assert client.options(f"{path_of(read)}?_=1").status_code == 204


def test_a_campaign_that_is_not_there_tells_nothing_by_it(client: Client, art: Campaign) -> None:
    here = client.get(f"{BASE}counts/?_=1")
    nowhere = client.get("/api/v1/campaigns/none/counts/?_=1")
    assert (here.status_code, here.content) == (nowhere.status_code, nowhere.content)


def test_a_private_read_that_is_refused_is_on_no_record(client: Client, art: Campaign) -> None:
    key = bearer(make_key(art, Scope.READ_PRIVATE))
    path = f"{BASE}private/signatures/{make_signature().public_id}/"
    assert client.get(path, headers=key).status_code == 200
    refused = client.get(f"{path}?fields=name", headers=key)
    [error] = assert_problem(refused, 400, "invalid_input")["errors"]
    assert (error["field"], error["code"]) == ("fields", "unknown_parameter")
    assert AuditEntry.objects.filter(action="private_read").count() == 1
