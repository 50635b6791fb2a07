"""Before its opening a campaign is on no public surface; the clock alone opens and closes it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import URLPattern, reverse

from campaign import intake, retention, signing
from campaign.api import urls as api_urls
from campaign.models import Campaign, Mail, Signature
from campaign.models.signature import Status
from campaign.web import urls as web_urls
from tests.answers import headers_of
from tests.factories import confirm_token, details, make_campaign, make_signature

pytestmark = pytest.mark.django_db

OPENS = datetime(2026, 6, 1, 14, 0, tzinfo=UTC)
CLOSES = datetime(2026, 9, 1, 0, 0, tzinfo=UTC)
BEFORE = OPENS - timedelta(microseconds=1)
SECRET = "Art is not a quarry"
# What an API path is filled with; a new parameter makes these tests fail until it stands here.
VALUES: dict[str, Any] = {"slug": "art", "version": 1, "language": "en", "public_id": "0" * 16}
NOT_OF_A_CAMPAIGN = {"api-schema", "api-docs", "api-campaigns", "api-confirm"}


def campaign_paths() -> Iterator[tuple[str, str]]:
    """Every API path of a campaign: its name and its address."""
    for pattern in api_urls.urlpatterns:
        if (
            isinstance(pattern, URLPattern)
            and pattern.name
            and pattern.name not in NOT_OF_A_CAMPAIGN
        ):
            needed = pattern.pattern.converters
            yield (
                pattern.name,
                reverse(pattern.name, kwargs={name: VALUES[name] for name in needed}),
            )


PATHS = dict(campaign_paths())
PAGES = {
    each.name: reverse(each.name, kwargs={name: VALUES[name] for name in each.pattern.converters})
    for each in web_urls.urlpatterns
    if each.name and "slug" in each.pattern.converters
}
"""Every page of a campaign, in the same way."""


@pytest.fixture
def art() -> Campaign:
    """Opens in June, closes in September."""
    extra = f"closes_at = {CLOSES.isoformat()}"
    return make_campaign(opens_at=OPENS, publication="after_verification", extra=extra)


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEFORE, tick=False) as coordinates:
        yield coordinates


def body_of(response: Any) -> str:
    raw: Any = b"".join(response) if response.streaming else response.content
    return bytes(raw).decode()


def imported(campaign: Campaign, email: str = "early@example.org") -> Signature:
    lines = ["name,email\r\n", f"Early Signer,{email}\r\n"]
    report = intake.import_signers(campaign=campaign, lines=lines, file_name="early.csv")
    assert report.added == 1
    return Signature.objects.latest("pk")


def sign(client: Client, **typed: Any) -> Any:
    return client.post(
        "/api/v1/campaigns/art/signatures/", details(**typed), content_type="application/json"
    )


def confirm(client: Client, signature: Signature) -> Any:
    return post_token(client, confirm_token(signature))


def post_token(client: Client, token: str) -> Any:
    return client.post(
        "/api/v1/signatures/confirm/", {"token": token}, content_type="application/json"
    )


# --- Before the opening ----------------------------------------------------------------------


def test_the_paths_that_these_tests_try_are_all_there_are() -> None:
    assert PATHS["api-signers"] == "/api/v1/campaigns/art/signers/"
    assert len(PATHS) >= 10


@pytest.mark.parametrize("name", sorted(PATHS))
@pytest.mark.parametrize("method", ["get", "head", "post", "options"])
def test_nothing_of_it_is_there_before_the_opening(
    client: Client, clock: time_machine.Traveller, art: Campaign, name: str, method: str
) -> None:
    imported(art)
    response = getattr(client, method)(PATHS[name], headers={"Origin": "https://partner.example"})
    # As with a campaign that doesn't exist, to the byte.
    other = getattr(client, method)(
        PATHS[name].replace("/art/", "/xyz/"), headers={"Origin": "https://partner.example"}
    )
    assert (response.status_code, body_of(response)) == (other.status_code, body_of(other))
    assert headers_of(response) == headers_of(other)
    # Without a key nobody is told what stands below private/.
    private = "/private/" in PATHS[name]
    assert response.status_code in ({401} if private else {204, 404, 405})
    assert SECRET not in body_of(response)
    if not private and method == ("post" if name in {"api-sign", "api-resend"} else "get"):
        assert response.status_code == 404
        assert response["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "not_found"
    if response.status_code >= 400:
        assert "no-store" in response["Cache-Control"]
    assert Mail.objects.filter(kind="confirm").count() == 1  # the import's alone


def test_it_is_not_among_the_campaigns(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    make_campaign(slug="open", opens_at=OPENS - timedelta(days=1))
    listed = client.get("/api/v1/campaigns/")
    assert [campaign["slug"] for campaign in listed.json()["results"]] == ["open"]
    assert "/art/" not in body_of(listed)


def test_a_campaign_without_a_date_never_opens(client: Client) -> None:
    make_campaign()
    Campaign.objects.update(opens_at=None)
    assert client.get("/api/v1/campaigns/art/").status_code == 404
    assert client.get("/api/v1/campaigns/").json() == {"results": []}


def test_nobody_signs_before_the_opening(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    assert sign(client).status_code == 404
    assert not Signature.objects.exists()


def test_it_opens_by_the_clock(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    signature = imported(art)
    signing.confirm(confirm_token(signature))
    assert client.get("/api/v1/campaigns/art/").status_code == 404
    clock.move_to(OPENS)
    assert client.get("/api/v1/campaigns/art/").json()["state"] == "open"
    assert client.get("/api/v1/campaigns/art/").json()["is_open"] is True
    for name, path in PATHS.items():
        if name not in {"api-sign", "api-resend", "api-signer"} and "/private/" not in path:
            assert client.get(path).status_code == 200, name
    assert client.get("/api/v1/campaigns/").json()["results"][0]["slug"] == "art"
    assert client.get(f"/api/v1/campaigns/art/signers/{signature.public_id}/").status_code == 200
    assert sign(client).status_code == 202


def test_who_was_imported_confirms_by_their_link_before_the_opening(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    signature = imported(art)
    response = confirm(client, signature)
    # Published, but not shown before the opening, by this answer neither.
    assert (response.status_code, response.json()) == (200, {"status": "published", "signer": None})
    signature.refresh_from_db()
    assert signature.status == Status.PUBLISHED
    assert client.get(f"/api/v1/campaigns/art/signers/{signature.public_id}/").status_code == 404
    clock.move_to(OPENS)
    assert confirm(client, signature).json()["signer"]["name"] == "Early Signer"
    assert client.get("/api/v1/campaigns/art/counts/").json()["published"] == 1


@pytest.mark.parametrize("method", ["options", "post"])
def test_its_sites_are_not_told_before_the_opening(
    client: Client, clock: time_machine.Traveller, art: Campaign, method: str
) -> None:
    def origin_allowed() -> str | None:
        response = getattr(client, method)(
            "/api/v1/signatures/confirm/",
            {"token": "none"},
            content_type="application/json",
            headers={"Origin": "https://partner.example"},
        )
        allowed: str | None = response.get("Access-Control-Allow-Origin")
        return allowed

    assert origin_allowed() is None
    clock.move_to(OPENS)
    assert origin_allowed() == "https://partner.example"


# --- Pause and close -------------------------------------------------------------------------


def test_a_paused_campaign_shows_its_list_and_takes_no_signatures(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    clock.move_to(OPENS)
    make_signature(art, name="Here Before")
    Campaign.objects.update(paused_at=OPENS)
    response = sign(client)
    assert (response.status_code, response.json()["code"]) == (409, "campaign_paused")
    assert response["Content-Type"] == "application/problem+json"
    body = client.get("/api/v1/campaigns/art/").json()
    assert (body["state"], body["is_open"]) == ("paused", False)
    assert len(client.get("/api/v1/campaigns/art/signers/").json()["results"]) == 1
    assert client.get("/api/v1/campaigns/art/counts/").json()["received"] == 1
    assert Signature.objects.count() == 1


def test_a_mail_sent_before_the_pause_is_still_good(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    clock.move_to(OPENS)
    pending = make_signature(art, status=Status.PENDING)
    Campaign.objects.update(paused_at=OPENS)
    assert confirm(client, pending).json()["status"] == "published"


def test_it_closes_by_the_clock_and_shows_its_list(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    clock.move_to(CLOSES - timedelta(microseconds=1))
    make_signature(art, name="Just in Time")
    assert client.get("/api/v1/campaigns/art/").json()["state"] == "open"
    clock.move_to(CLOSES)
    response = sign(client, email="late@example.org")
    assert (response.status_code, response.json()["code"]) == (409, "campaign_closed")
    body = client.get("/api/v1/campaigns/art/").json()
    assert (body["state"], body["is_open"]) == ("closed", False)
    names = [
        signer["name"] for signer in client.get("/api/v1/campaigns/art/signers/").json()["results"]
    ]
    assert names == ["Just in Time"]
    assert client.get("/api/v1/campaigns/art/counts/").json()["received"] == 1
    assert Signature.objects.count() == 1


def test_closed_says_more_than_paused(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    Campaign.objects.update(paused_at=OPENS)
    clock.move_to(CLOSES)
    assert sign(client).json()["code"] == "campaign_closed"


@pytest.mark.parametrize(
    ("late", "status"),
    [
        (timedelta(0), 200),
        (timedelta(hours=24) - timedelta(microseconds=1), 200),
        (timedelta(hours=24), 410),
        (timedelta(days=3), 410),
        # The link itself is too old by then: there is no other to send.
        (timedelta(days=8), 410),
    ],
)
def test_a_mail_confirmed_up_to_24_hours_after_the_close_counts(
    client: Client, clock: time_machine.Traveller, art: Campaign, late: timedelta, status: int
) -> None:
    clock.move_to(CLOSES - timedelta(minutes=1))
    pending = make_signature(art, status=Status.PENDING)
    token = confirm_token(pending)
    clock.move_to(CLOSES + late)
    response = post_token(client, token)
    assert response.status_code == status
    assert client.get("/api/v1/campaigns/art/counts/").json()["published"] == (
        1 if status == 200 else 0
    )
    pending.refresh_from_db()
    if status == 410:
        # As once `expire` has deleted it.
        assert response.json()["code"] == "signature_gone"
        assert pending.status == Status.PENDING
        told = response.json()
        retention.expire()
        assert not Signature.objects.exists()
        gone = post_token(client, token)
        assert (gone.status_code, gone.json()) == (410, told)
    else:
        assert response.json()["signer"]["name"] == "Zoë Moreau"


@pytest.mark.parametrize("late", [timedelta(hours=24), timedelta(days=8)])
@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_the_page_of_a_link_that_is_too_late_says_that_the_signature_is_gone(
    client: Client,
    clock: time_machine.Traveller,
    art: Campaign,
    method: str,
    late: timedelta,
) -> None:
    clock.move_to(CLOSES - timedelta(minutes=1))
    pending = make_signature(art, status=Status.PENDING)
    path = f"/confirm/{confirm_token(pending)}/"
    clock.move_to(CLOSES + late)
    before = getattr(client, method)(path)
    assert before.status_code == 410
    assert ("This signature is gone" in body_of(before)) == (method != "head")
    assert "Zoë Moreau" not in body_of(before)
    pending.refresh_from_db()
    assert pending.status == Status.PENDING
    # Nor is there a new link to ask for.
    assert client.post(path, {"action": "renew"}).status_code == 410
    assert Mail.objects.filter(signature=pending).count() == 1
    retention.expire()
    assert not Signature.objects.exists()
    after = getattr(client, method)(path)
    assert (after.status_code, body_of(after)) == (410, body_of(before))


def test_who_has_confirmed_finds_it_confirmed_after_the_close(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    clock.move_to(CLOSES - timedelta(minutes=1))
    signature = make_signature(art)
    token = confirm_token(signature)
    clock.move_to(CLOSES + timedelta(days=3))
    assert post_token(client, token).json()["status"] == "published"
    assert client.get(f"/confirm/{token}/").status_code == 200


# --- Pages -----------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize(
    "path",
    ["/art/", "/art/signers/", "/art/corrections/", "/art/?language=fr", "/art/signers/?q=zoe"],
)
def test_its_pages_are_not_there_before_the_opening(
    client: Client, clock: time_machine.Traveller, art: Campaign, path: str, method: str
) -> None:
    response = getattr(client, method)(path)
    assert SECRET not in body_of(response)
    if method == "post" and ("signers" in path or "corrections" in path):
        assert response.status_code == 405  # as for any campaign, there or not
    else:
        assert response.status_code == 404
        assert "no-store" in response["Cache-Control"]
    assert not Signature.objects.exists()


@pytest.mark.parametrize("method", ["get", "head", "post"])
@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_page_tells_it_from_one_that_is_not_there_before_the_opening(
    client: Client, clock: time_machine.Traveller, art: Campaign, name: str, method: str
) -> None:
    early = imported(art)
    path = PAGES[name].replace(VALUES["public_id"], early.public_id)
    typed = {"email": early.email, "reason": "other"} if method == "post" else None
    ask = getattr(client, method)
    here, nowhere = ask(path, typed), ask(path.replace("/art/", "/xyz/"), typed)
    assert here.status_code == nowhere.status_code
    assert here.status_code in {404, 405}
    assert body_of(here) == body_of(nowhere).replace("xyz", "art")
    assert headers_of(here) == headers_of(nowhere)
    assert "no-store" in here["Cache-Control"]
    assert Mail.objects.count() == 1  # the import's


def test_the_home_page_does_not_tell_of_it_before_the_opening(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    make_campaign(slug="open", opens_at=OPENS - timedelta(days=1))
    make_campaign(slug="open-too", opens_at=OPENS - timedelta(days=1))
    home = body_of(client.get("/", follow=True))
    assert "/open/" in home
    assert "/art/" not in home


def test_its_pages_open_by_the_clock(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    clock.move_to(OPENS)
    for path in ("/", "/art/", "/art/signers/"):
        response = client.get(path, follow=True)
        assert response.status_code == 200
        assert SECRET in body_of(response)


def test_holders_of_the_preview_link_see_it_until_the_link_is_revoked(
    client: Client, clock: time_machine.Traveller, art: Campaign
) -> None:
    response = client.get(f"/preview/{art.preview_key}/")
    assert response.status_code == 200
    assert SECRET in body_of(response)
    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    Campaign.objects.update(preview_key="another-key")
    assert client.get(f"/preview/{art.preview_key}/").status_code == 404
    assert client.get("/preview/art/").status_code == 404
