"""What a read costs the database when no copy of it is kept."""

from typing import Any

import pytest
from django.test import Client

from tests.factories import make_campaign, make_signature, make_user

pytestmark = pytest.mark.django_db

BASE = "/api/v1/campaigns/art/"


@pytest.fixture
def warm(client: Client) -> Client:
    """A client of a process that has answered for this campaign before."""
    campaign = make_campaign(publication="after_verification")
    for _ in range(3):
        make_signature(campaign)
    client.get(BASE)
    return client


@pytest.mark.parametrize("order", ["featured", "newest", "oldest", "name"])
def test_a_page_of_the_list_costs_two_queries_at_most(
    warm: Client, django_assert_max_num_queries: Any, order: str
) -> None:
    with django_assert_max_num_queries(2):
        first = warm.get(f"{BASE}signers/?page_size=2&order={order}").json()
    with django_assert_max_num_queries(2):
        second = warm.get(first["next"]).json()
    assert (len(first["results"]), len(second["results"])) == (2, 1)


@pytest.mark.parametrize("path", [f"{BASE}counts/", BASE, f"{BASE}signers/"])
def test_counts_a_campaign_and_the_first_page_cost_two_queries_at_most(
    warm: Client, django_assert_max_num_queries: Any, path: str
) -> None:
    with django_assert_max_num_queries(2):
        assert warm.get(path).status_code == 200


def test_a_broken_link_asks_no_more_where_there_are_more_campaigns(
    warm: Client, django_assert_num_queries: Any
) -> None:
    for slug in ("film", "book", "song"):
        make_campaign(slug=slug)
    for _ in range(2):  # at first each is read whole
        broken = warm.get("/confirm/broken/")
    assert all(f"/{slug}/my-signature/" in broken.text for slug in ("art", "film", "book", "song"))
    with django_assert_num_queries(1):
        warm.get("/confirm/broken/")


@pytest.mark.parametrize("path", [f"{BASE}counts/", "/art/", "/art/signers/", f"{BASE}signers/x/"])
def test_outside_of_the_admin_nobody_is_logged_in(warm: Client, path: str) -> None:
    warm.force_login(make_user("moderate_signature"))
    request = warm.get(path).wsgi_request
    assert not hasattr(request, "session")
    assert getattr(request, "user", None) is None
    assert warm.get("/admin/").wsgi_request.user.is_authenticated
