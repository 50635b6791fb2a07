"""What receivers get: which messages, signed by which secret, from when on, and once more."""

import base64
import hashlib
import hmac
import threading
import time
from datetime import timedelta
from http.server import BaseHTTPRequestHandler

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings

from campaign import dispatch, leaving, publication, seal, signing, webhooks
from campaign.models import Campaign, Signature, Webhook, WebhookDelivery
from campaign.models.signature import Status
from tests.factories import OPENED, make_campaign, make_signature, manage_token
from tests.receiver import Receiver, answer, due_again, log, make_webhook

pytestmark = pytest.mark.django_db

# --- What is sent ----------------------------------------------------------------------------


def test_a_receiver_gets_the_signer_as_the_api_shows_it(
    hook: Webhook, receiver: Receiver, campaign: Campaign
) -> None:
    signature = make_signature()

    assert dispatch.dispatch_due() == 1

    [post] = receiver.posts
    delivery = WebhookDelivery.objects.get()
    assert post.json == {
        "id": f"msg_{delivery.message.hex}",
        "type": "signature.published",
        "created_at": publication.instant(delivery.created_at),
        "campaign": "art",
        "data": publication.signer(campaign, signature.public_id),
    }
    assert post.json["data"]["name"] == "Zoë Moreau"
    assert signature.email.encode() not in post.body
    assert (post.path, post.headers["content-type"]) == ("/hook", "application/json")
    assert (delivery.status, delivery.attempts, delivery.code) == ("delivered", 1, 200)
    assert delivery.delivered_at is not None
    assert dispatch.dispatch_due() == 0


def test_every_post_is_signed_with_its_time(hook: Webhook, receiver: Receiver) -> None:
    make_signature()
    before = int(time.time())
    dispatch.dispatch_due()
    [post] = receiver.posts

    message, timestamp = post.headers["webhook-id"], post.headers["webhook-timestamp"]
    secret = base64.b64decode(seal.shown_secret(hook.key).removeprefix("whsec_"))
    signed = f"{message}.{timestamp}.".encode() + post.body
    mac = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()

    assert len(secret) == 32
    assert message == post.json["id"]
    assert before <= int(timestamp) <= time.time()
    assert post.headers["webhook-signature"] == f"v1,{mac}"


def test_a_retry_has_the_same_id_and_a_time_of_its_own(hook: Webhook, receiver: Receiver) -> None:
    receiver.answers = [answer(500)]
    make_signature()
    with time_machine.travel(timezone.now(), tick=False) as clock:
        dispatch.dispatch_due()
        clock.shift(60)
        dispatch.dispatch_due()
    first, second = receiver.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    times = [int(post.headers["webhook-timestamp"]) for post in receiver.posts]
    assert times[1] - times[0] == 60
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


def test_who_erased_between_event_and_sending_goes_out_as_a_tombstone(
    hook: Webhook, receiver: Receiver
) -> None:
    signature = make_signature(name="Renée Nobody")
    leaving.erase(manage_token(signature))

    dispatch.dispatch_due()

    assert sorted(post.json["type"] for post in receiver.posts) == [
        "signature.published",
        "signature.withdrawn",
    ]
    signature.refresh_from_db()
    for post in receiver.posts:
        assert post.json["data"] == {
            "id": signature.public_id,
            "removed": True,
            "updated_at": publication.instant(signature.updated_at),
        }
        assert "Nobody" not in post.body.decode()


def test_who_erased_between_two_tries_goes_out_as_a_tombstone(
    hook: Webhook, receiver: Receiver
) -> None:
    receiver.answers = [answer(500)]
    signature = make_signature(name="Renée Nobody")
    dispatch.dispatch_due()
    assert "Renée Nobody" in receiver.posts[0].body.decode()

    leaving.erase(manage_token(signature))
    due_again()
    dispatch.dispatch_due()

    assert len(receiver.posts) == 3
    assert all(post.json["data"]["removed"] for post in receiver.posts[1:])


def test_who_is_deleted_altogether_goes_out_as_a_tombstone(
    hook: Webhook, receiver: Receiver
) -> None:
    signature = make_signature()
    public_id = signature.public_id
    WebhookDelivery.objects.update(signer="0" * 16)
    dispatch.dispatch_due()
    data = receiver.posts[0].json["data"]
    assert (data["id"], data["removed"]) == ("0" * 16, True)
    assert public_id not in receiver.posts[0].body.decode()


def test_two_events_of_one_signer_are_never_on_their_way_at_once(
    hook: Webhook, receiver: Receiver
) -> None:
    on_their_way, most = 0, 0
    lock = threading.Lock()

    def slowly(handler: BaseHTTPRequestHandler) -> None:
        nonlocal on_their_way, most
        with lock:
            on_their_way += 1
            most = max(most, on_their_way)
        receiver.released.wait(0.05)
        with lock:
            on_their_way -= 1
        answer(200)(handler)

    receiver.always = slowly
    signature = make_signature()
    token = manage_token(signature)
    for shown in (False, True, False):
        signing.show(token, show_name=shown)
    assert dispatch.dispatch_due() == 4
    assert most == 1

    for _ in range(8):
        make_signature()
    assert dispatch.dispatch_due() == 8
    assert 1 < most <= dispatch.LANES


# --- Secrets ---------------------------------------------------------------------------------


def test_after_a_rotation_the_old_secret_signs_for_a_day(hook: Webhook, receiver: Receiver) -> None:
    old = hook.key
    webhooks.rotate(hook)
    hook.refresh_from_db()
    assert webhooks.secret(hook) == seal.shown_secret(hook.key) != seal.shown_secret(old)

    def signatures() -> list[str]:
        webhooks.send_test(hook)
        dispatch.dispatch_due()
        post = receiver.posts[-1]
        return post.headers["webhook-signature"].split(" ")

    assert len(signatures()) == 2
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert len(signatures()) == 1


def test_an_older_secret_key_goes_on_signing_while_it_is_a_fallback(
    hook: Webhook, receiver: Receiver, settings: Settings
) -> None:
    old = seal.shown_secret(hook.key)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-" * 8
    webhooks.send_test(hook)
    dispatch.dispatch_due()
    [post] = receiver.posts
    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode()
    secret = base64.b64decode(old.removeprefix("whsec_"))
    mac = base64.b64encode(hmac.new(secret, signed + post.body, hashlib.sha256).digest())
    assert f"v1,{mac.decode()}" in post.headers["webhook-signature"].split(" ")


# --- Before the opening ----------------------------------------------------------------------


def test_before_the_opening_nothing_goes_out_and_at_the_opening_everything(
    settings: Settings, receiver: Receiver
) -> None:
    settings.OUTBOUND_PRIVATE = True
    opens_at = timezone.now() + timedelta(hours=1)
    embargoed = make_campaign(publication="after_verification")
    hook = make_webhook(embargoed, receiver.url)
    make_signature(embargoed)
    Campaign.objects.update(opens_at=opens_at)

    assert dispatch.dispatch_due() == 0
    webhooks.send_test(hook)
    assert dispatch.dispatch_due() == 1
    [test] = receiver.posts
    assert test.json["type"] == "test"
    assert (test.json["campaign"], test.json["data"]) == (None, {})

    with time_machine.travel(opens_at):
        assert dispatch.dispatch_due() == 1
    assert receiver.posts[1].json["type"] == "signature.published"


# --- Again -----------------------------------------------------------------------------------


def test_a_redelivery_sends_it_again_under_its_old_id(hook: Webhook, receiver: Receiver) -> None:
    make_signature()
    dispatch.dispatch_due()
    row = WebhookDelivery.objects.get()
    assert webhooks.redeliver([row.pk]) == 1
    assert log() == [("queued", 0, None, "")]
    assert webhooks.redeliver([row.pk]) == 0
    assert dispatch.dispatch_due() == 1
    first, second = receiver.posts
    assert first.headers["webhook-id"] == second.headers["webhook-id"]


def test_a_redelivery_does_not_wait_for_the_rest_to_end(hook: Webhook, receiver: Receiver) -> None:
    receiver.answers = [answer(503)]
    make_signature()
    dispatch.dispatch_due()
    assert dispatch.dispatch_due() == 0
    webhooks.redeliver([WebhookDelivery.objects.get().pk])
    assert dispatch.dispatch_due() == 1


def test_a_test_goes_to_a_webhook_that_is_off_and_nothing_else_does(
    hook: Webhook, receiver: Receiver
) -> None:
    make_signature()
    Webhook.objects.update(active=False)
    assert dispatch.dispatch_due() == 0
    webhooks.send_test(hook)
    assert dispatch.dispatch_due() == 1
    assert [post.json["type"] for post in receiver.posts] == ["test"]
    assert Signature.objects.get().status == Status.PUBLISHED
    assert timezone.now() > OPENED
