"""Everybody may read the API from any site; only ours and the campaign's own may post to it."""

from typing import Any

import pytest
from django.test import Client

from campaign import publication
from campaign.models import Campaign, Mail, Signature, TallyChange
from campaign.models.signature import Status
from tests.api import (
    BASE,
    CONFIRM,
    PARTNER,
    POSTS,
    READS,
    RESEND,
    SIGN,
    assert_nothing_written,
    assert_problem,
    send,
)
from tests.factories import confirm_token, details, make_campaign, make_signature

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def art() -> None:
    make_campaign(publication="after_verification")


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("origin", [None, PARTNER, "https://elsewhere.example", "null"])
def test_everybody_may_read_from_everywhere(client: Client, path: str, origin: str | None) -> None:
    response = client.get(path, headers={"Origin": origin} if origin else {})
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response
    assert response["tdm-reservation"] == "1"
    assert not response.cookies


def test_a_problem_of_a_read_may_be_read_from_everywhere_too(client: Client) -> None:
    for path in (f"{BASE}signers/?order=x", "/api/v1/campaigns/nobody/"):
        assert client.get(path, headers={"Origin": PARTNER})["Access-Control-Allow-Origin"] == "*"


def preflight(client: Client, path: str, origin: str) -> Any:
    return client.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )


@pytest.mark.parametrize("path", POSTS)
def test_a_preflight_is_answered_to_the_sites_of_the_campaign(strict: Client, path: str) -> None:
    response = preflight(strict, path, PARTNER)
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == PARTNER
    assert response["Access-Control-Allow-Methods"] == "POST"
    assert "content-type" in response["Access-Control-Allow-Headers"].lower()
    assert "Origin" in response["Vary"]


NOT_OURS = [
    *(
        "https://elsewhere.example",
        "null",
        "http://partner.example",
        "https://partner.example:8443",
    ),
    *(
        "https://partner.example.evil.example",
        "https://sub.partner.example",
        "https://PARTNER.example/x",
    ),
    *("https://testserver.evil.example", "x", "http://[", "https://[::1", "http://\u2100.example"),
]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("origin", NOT_OURS)
def test_another_site_gets_no_preflight_and_no_post(strict: Client, path: str, origin: str) -> None:
    pending = make_signature(status=Status.PENDING, email="other@example.org")
    assert "Access-Control-Allow-Origin" not in preflight(strict, path, origin)
    body = {
        SIGN: details(),
        RESEND: {"email": "other@example.org"},
        CONFIRM: {"token": confirm_token(pending)},
    }
    mails, changes = Mail.objects.count(), TallyChange.objects.count()
    response = send(strict, body[path], path, Origin=origin)
    assert_problem(response, 403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in response
    pending.refresh_from_db()
    assert (pending.status, Signature.objects.count()) == (Status.PENDING, 1)
    assert (Mail.objects.count(), TallyChange.objects.count()) == (mails, changes)


@pytest.mark.parametrize("origin", [PARTNER, "http://testserver", None])
def test_our_own_pages_and_the_sites_may_post(strict: Client, origin: str | None) -> None:
    response = send(strict, details(), **({"Origin": origin} if origin else {}))
    assert response.status_code == 202
    assert response.get("Access-Control-Allow-Origin") == origin
    assert "no-store" in response["Cache-Control"]


def test_a_site_may_read_why_its_post_was_refused(strict: Client) -> None:
    response = send(strict, details(consent=False), Origin=PARTNER)
    assert_problem(response, 400, "invalid_input")
    assert response["Access-Control-Allow-Origin"] == PARTNER


@pytest.mark.parametrize("method", ["options", "get", "put"])
@pytest.mark.parametrize("origin", [PARTNER, "https://elsewhere.example", "http://["])
def test_a_campaign_that_is_none_has_no_sites(strict: Client, method: str, origin: str) -> None:
    path = "/api/v1/campaigns/nobody/signatures/"
    response = getattr(strict, method)(path, headers={"Origin": origin})
    assert response.status_code in {404, 405}
    assert "Access-Control-Allow-Origin" not in response


@pytest.fixture
def elsewhere() -> str:
    """The site of another campaign, one that is open."""
    make_campaign(slug="other")
    Campaign.objects.filter(slug="other").update(sites=["https://theirs.example"])
    return "https://theirs.example"


def test_a_site_of_another_campaign_may_not_post_here(strict: Client, elsewhere: str) -> None:
    assert_problem(send(strict, details(), Origin=elsewhere), 403, "origin_not_allowed")
    assert_nothing_written()


def test_a_site_of_another_campaign_confirms_nothing_here(strict: Client, elsewhere: str) -> None:
    art = Campaign.objects.get(slug="art")
    pending = make_signature(art, status=Status.PENDING)
    body = {"token": confirm_token(pending)}
    response = send(strict, body, CONFIRM, Origin=elsewhere)
    assert_problem(response, 403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in response
    pending.refresh_from_db()
    assert pending.status == Status.PENDING


def test_the_site_of_the_campaign_confirms_and_reads_the_answer(
    strict: Client, elsewhere: str
) -> None:
    pending = make_signature(Campaign.objects.get(slug="art"), status=Status.PENDING)
    response = send(strict, {"token": confirm_token(pending)}, CONFIRM, Origin=PARTNER)
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (200, PARTNER)


@pytest.mark.parametrize("body", [{"token": "none"}, {"token": 1}, {}, []])
def test_a_site_may_read_why_a_token_confirms_nothing(strict: Client, body: Any) -> None:
    response = send(strict, body, CONFIRM, Origin=PARTNER)
    assert response.status_code == 400
    assert response["Access-Control-Allow-Origin"] == PARTNER


@pytest.mark.parametrize("origin", [None, PARTNER])
@pytest.mark.parametrize("path", [SIGN, RESEND])
def test_a_post_looks_its_campaign_up_once(
    strict: Client, monkeypatch: pytest.MonkeyPatch, path: str, origin: str | None
) -> None:
    found: list[str] = []
    find = publication.find_campaign

    def counted(slug: str) -> Campaign:
        found.append(slug)
        return find(slug)

    monkeypatch.setattr(publication, "find_campaign", counted)
    body = details() if path == SIGN else {"email": "zoe@example.org"}
    assert send(strict, body, path, **({"Origin": origin} if origin else {})).status_code == 202
    assert found == ["art"]
