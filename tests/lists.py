"""How tests ask the API for the list of signers."""

from typing import Any
from urllib.parse import urlencode

from django.test import Client
from hypothesis import HealthCheck, settings

from campaign import moves
from campaign.history import ORGANISER
from campaign.models import Campaign, Signature
from tests.factories import make_signature

PATH = "/api/v1/campaigns/art/signers/"

by_hypothesis = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def listed(
    campaign: Campaign, name: str, *, featured: bool = False, sort_name: str = "", **typed: Any
) -> Signature:
    """A published signer, featured and sorted as the organiser wishes."""
    signature = make_signature(campaign, name=name, **typed)
    if featured or sort_name:
        changes = {"featured": featured, "sort_name": sort_name}
        moves.amend(signature_id=signature.pk, actor=ORGANISER, changes=changes)
        signature.refresh_from_db()
    return signature


def get(client: Client, **query: Any) -> Any:
    response = client.get(f"{PATH}?{urlencode(query)}")
    assert response.status_code == 200, response.content
    return response.json()


def names(client: Client, **query: Any) -> list[str]:
    return [signer["name"] for signer in get(client, **query)["results"]]


def problem(client: Client, **query: Any) -> tuple[int, str, list[str]]:
    response = client.get(f"{PATH}?{urlencode(query)}")
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    return response.status_code, body["code"], [error["field"] for error in body.get("errors", [])]


def walk(client: Client, url: str | None, direction: str = "next") -> list[list[str]]:
    """The names page by page, following one link until it ends."""
    pages = []
    while url is not None:
        body = client.get(url).json()
        pages.append([signer["name"] for signer in body["results"]])
        url = body[direction]
        assert len(pages) < 100
    return pages
