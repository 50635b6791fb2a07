"""What somebody who steers campaigns does with webhooks, page by page."""

import re
import socket
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from campaign import outbound, seal
from campaign.models import Campaign, Webhook, WebhookDelivery
from campaign.outbound import Address
from tests.factories import make_campaign, make_signature, make_user
from tests.receiver import make_webhook

pytestmark = pytest.mark.django_db

HOOKS, LOG = "/admin/campaign/webhook/", "/admin/campaign/webhookdelivery/"
URL = "https://hooks.example.org/art?to=us"


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that every name has; public ones to begin with."""
    addresses = ["93.184.216.34"]

    def look_up(_host: str, port: int, *, within: float) -> list[Address]:
        return [(socket.AF_INET, (one, port)) for one in addresses]

    monkeypatch.setattr(outbound, "look_up", look_up)
    return addresses


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def client() -> Client:
    client = Client()
    client.force_login(make_user("view_campaign", "change_campaign"))
    return client


def typed(about: Campaign, **changed: Any) -> dict[str, Any]:
    events = ["signature.published", "milestone"]
    return {"campaign": about.pk, "url": URL, "events": events, **changed}


def test_a_new_webhook_shows_its_secret_once(
    client: Client, campaign: Campaign, resolver: list[str]
) -> None:
    answer = client.post(f"{HOOKS}add/", typed(campaign))

    hook = Webhook.objects.get()
    assert (hook.campaign_id, hook.url, hook.active) == (campaign.pk, URL, True)
    assert hook.events == ["signature.published", "milestone"]
    assert hook.created_by is not None
    assert hook.created_by.username == "moderator"
    secret = seal.shown_secret(hook.key)
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    text = answer.content.decode()
    assert answer.status_code == 200
    assert secret in text
    assert "no-store" in answer.headers["Cache-Control"]
    for page in (HOOKS, f"{HOOKS}{hook.pk}/change/", LOG):
        assert "whsec_" not in client.get(page).content.decode()
    stored = f"{Webhook.objects.values()} {LogEntry.objects.values()}"
    stored += str([each.get_decoded() for each in Session.objects.all()])
    assert hook.key in stored
    assert secret.removeprefix("whsec_") not in stored


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"url": "http://hooks.example.org/"}, "must begin with https://"),
        ({"url": "https://127.0.0.1/"}, "must lead to a domain name"),
        ({"url": "https://hooks.example.org:8443/"}, "port must be 443"),
        ({"url": ""}, "required"),
        ({"url": "https://hooks.example.org/" + "a" * 500}, "at most 500"),
        ({"url": "https://hooks.example.org/\x00"}, "Null characters"),
        ({"events": []}, "required"),
        ({"events": ["test"]}, "not one of the available choices"),
        ({"campaign": 0}, "not one of the available choices"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(
    changed: dict[str, Any], said: str, client: Client, campaign: Campaign, resolver: list[str]
) -> None:
    answer = client.post(f"{HOOKS}add/", typed(campaign, **changed))
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert not Webhook.objects.exists()


def test_a_name_that_leads_into_a_private_network_is_refused(
    client: Client, campaign: Campaign, resolver: list[str]
) -> None:
    resolver.append("169.254.169.254")
    answer = client.post(f"{HOOKS}add/", typed(campaign))
    assert "leads into a private network" in answer.content.decode()
    assert not Webhook.objects.exists()


def test_a_webhook_is_changed_and_switched_on_anew_but_keeps_its_campaign(
    client: Client, campaign: Campaign, resolver: list[str]
) -> None:
    other = make_campaign(slug="other")
    hook = make_webhook(campaign, URL)
    now = timezone.now()
    Webhook.objects.update(
        active=False, note="Nothing.", failures=3, failing_since=now, rests_until=now
    )
    sent = typed(other, url="https://new.example.org/", active="on", events=["milestone"])

    answer = client.post(f"{HOOKS}{hook.pk}/change/", sent)

    assert answer.status_code == 302
    hook.refresh_from_db()
    assert (hook.url, hook.events) == ("https://new.example.org/", ["milestone"])
    assert (hook.active, hook.note, hook.failures) == (True, "", 0)
    assert (hook.failing_since, hook.rests_until) == (None, None)
    assert hook.campaign_id == campaign.pk
    client.post(f"{HOOKS}{hook.pk}/change/", typed(campaign))
    hook.refresh_from_db()
    assert not hook.active


def test_a_new_secret_is_shown_once_and_the_old_key_kept_beside_it(
    client: Client, campaign: Campaign
) -> None:
    hook = make_webhook(campaign, URL)
    old = hook.key
    text = client.post(f"{HOOKS}{hook.pk}/rotate/").content.decode()
    hook.refresh_from_db()
    assert hook.previous_key == old != hook.key
    assert hook.rotated_at is not None
    assert seal.shown_secret(hook.key) in text
    assert seal.shown_secret(old) not in text


def test_a_test_is_owed_and_the_page_shows_it(client: Client, campaign: Campaign) -> None:
    hook = make_webhook(campaign, URL)
    page = client.post(f"{HOOKS}{hook.pk}/test/", follow=True).content.decode()
    delivery = WebhookDelivery.objects.get()
    assert (delivery.event, delivery.status) == ("test", "queued")
    assert "A test is on its way" in page
    assert f"{LOG}{delivery.pk}/change/" in page


def test_the_log_says_when_how_often_and_with_what_answer(
    client: Client, campaign: Campaign
) -> None:
    hook = make_webhook(campaign, URL)
    signature = make_signature(campaign)
    WebhookDelivery.objects.update(
        status="deferred", attempts=3, code=500, error="answered 500", due_at=timezone.now()
    )
    delivery = WebhookDelivery.objects.get()
    one, every = f"{LOG}{delivery.pk}/change/", f"{LOG}?webhook__id__exact={hook.pk}"
    for page in (f"{HOOKS}{hook.pk}/change/", every, one):
        text = client.get(page).content.decode()
        for said in ("signature.published", signature.public_id, "answered 500", "deferred"):
            assert said in text, (page, said)
        assert signature.name not in text
        assert signature.email not in text


def test_the_log_of_one_webhook_holds_no_other(client: Client, campaign: Campaign) -> None:
    hooks = [make_webhook(campaign, URL) for _ in range(2)]
    make_signature(campaign)
    for hook in hooks:
        page = client.get(LOG, {"webhook__id__exact": hook.pk})
        assert [each.webhook_id for each in page.context["cl"].result_list] == [hook.pk]
    assert client.get(LOG, {"webhook__id__exact": "x"}).status_code == 302


def test_chosen_messages_are_sent_again(client: Client, campaign: Campaign) -> None:
    make_webhook(campaign, URL)
    for _ in range(3):
        make_signature(campaign)
    ids = list(WebhookDelivery.objects.order_by("pk").values_list("pk", flat=True))
    WebhookDelivery.objects.update(status="failed", attempts=10, error="answered 500", code=500)
    chosen = {"action": "redeliver", "_selected_action": ids[:2]}

    answer = client.post(LOG, chosen, follow=True)

    assert "2 messages are sent again." in answer.content.decode()
    rows = WebhookDelivery.objects.order_by("pk").values_list("status", "attempts", "error")
    assert list(rows) == [("queued", 0, "")] * 2 + [("failed", 10, "answered 500")]


def test_one_that_fails_or_was_switched_off_is_seen_on_every_page(
    client: Client, campaign: Campaign
) -> None:
    well, failing, off = (make_webhook(campaign, URL) for _ in range(3))
    since = timezone.now() - timedelta(hours=3)
    Webhook.objects.filter(pk=failing.pk).update(failing_since=since)
    Webhook.objects.filter(pk=off.pk).update(active=False, note="The receiver answered 410.")
    text = client.get(HOOKS).content.decode()
    assert f"Fails since {since:%Y-%m-%d %H:%M}" in text
    assert "Off: The receiver answered 410." in text
    assert "It fails" in client.get(f"{HOOKS}{failing.pk}/change/").content.decode()
    assert "It fails" not in client.get(f"{HOOKS}{well.pk}/change/").content.decode()
    home = client.get("/admin/campaign/campaign/")
    [section] = [
        each for each in home.context["sidebar_navigation"] if each["title"] == "Campaigns"
    ]
    [item] = [each for each in section["items"] if each["title"] == "Webhooks"]
    assert (item["badge"], item["badge_variant"]) == ("2", "danger")


def test_the_list_shows_the_host_and_not_the_path(client: Client, campaign: Campaign) -> None:
    make_webhook(campaign, "https://hooks.example.org/services/T0/B0/token")
    text = client.get(HOOKS).content.decode()
    assert "hooks.example.org" in text
    assert "T0/B0" not in text
    assert "T0/B0" not in client.get(LOG).content.decode()


@pytest.mark.parametrize(
    "url",
    [
        *(HOOKS + "?url=%00", HOOKS + "?active__exact=x", LOG + "?event__exact=%00"),
        *(LOG + "?created_at__year=0", LOG + "?status__exact=%00"),
    ],
)
def test_a_filter_that_is_none_opens_the_list_without_it(
    url: str, client: Client, campaign: Campaign
) -> None:
    make_webhook(campaign, URL)
    answer = client.get(url)
    assert (answer.status_code, answer.headers["Location"]) == (302, url.partition("?")[0] + "?e=1")


@pytest.mark.parametrize("digits", ["0", "x", "9" * 20, "9" * 5000], ids=["0", "x", "20", "5000"])
def test_a_webhook_that_is_not_there_is_nobody(digits: str, client: Client) -> None:
    for page in (f"{HOOKS}{digits}/change/", f"{HOOKS}{digits}/rotate/", f"{HOOKS}{digits}/test/"):
        answer = client.get(page) if "change" in page else client.post(page, follow=True)
        assert answer.status_code == 404, page


# --- The same twice --------------------------------------------------------------------------

TWICE = "Webhook with this Campaign and URL already exists."


def test_a_second_webhook_to_the_same_address_is_refused_while_the_first_is_on(
    client: Client, campaign: Campaign, resolver: list[str]
) -> None:
    client.post(HOOKS + "add/", typed(campaign))
    first = Webhook.objects.get()
    again = client.post(HOOKS + "add/", typed(campaign))
    assert TWICE in again.content.decode()
    assert again.context["adminform"].form.errors == {"url": [TWICE]}
    assert Webhook.objects.get() == first

    path = f"{HOOKS}{first.pk}/change/"
    assert client.post(path, typed(campaign, active="on")).status_code == 302
    assert client.post(path, typed(campaign)).status_code == 302  # switched off
    assert client.post(HOOKS + "add/", typed(campaign)).status_code == 200
    assert list(Webhook.objects.order_by("pk").values_list("active", flat=True)) == [False, True]
    refused = client.post(path, typed(campaign, active="on"))
    assert refused.context["adminform"].form.errors == {"url": [TWICE]}
    assert Webhook.objects.get(pk=first.pk).active is False


def test_another_campaign_may_have_a_webhook_to_the_same_address(
    client: Client, campaign: Campaign, resolver: list[str]
) -> None:
    for each in (campaign, make_campaign(slug="other")):
        client.post(HOOKS + "add/", typed(each))
    assert Webhook.objects.count() == 2
