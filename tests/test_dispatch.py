"""What receivers get, how their answers are sorted, and who waits for whom."""

import base64
import hashlib
import hmac
import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
import time_machine
from django.conf import settings
from django.utils import timezone
from pytest_django import Settings
from redis import Redis

from campaign import dispatch, leaving, outbound, publication, queue, seal, signing, webhooks
from campaign.models import Campaign, Signature, Webhook, WebhookDelivery
from campaign.models.signature import Status
from petition.local import free_port
from tests.factories import OPENED, make_campaign, make_signature, manage_token
from tests.receiver import Receiver, answer, make_webhook, receiving

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(settings: Settings) -> Campaign:
    settings.OUTBOUND_PRIVATE = True
    return make_campaign(publication="after_verification")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def hook(campaign: Campaign, receiver: Receiver) -> Webhook:
    return make_webhook(campaign, receiver.url)


def due_again() -> None:
    """As if every pause were over."""
    WebhookDelivery.objects.filter(status="deferred").update(due_at=timezone.now())
    Webhook.objects.update(rests_until=None)


def log() -> list[tuple[str, int, int | None, str]]:
    rows = WebhookDelivery.objects.order_by("pk")
    return list(rows.values_list("status", "attempts", "code", "error"))


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


# --- What is answered ------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 307, 400, 404, 500])
def test_another_answer_than_2xx_is_tried_again_later(
    hook: Webhook, receiver: Receiver, status: int
) -> None:
    receiver.answers = [answer(status, Location="http://127.0.0.1:1/")]
    make_signature()
    assert dispatch.dispatch_due() == 0
    assert log() == [("deferred", 1, status, f"answered {status}")]
    due = WebhookDelivery.objects.get().due_at - timezone.now()
    assert 7 < due.total_seconds() <= 12
    hook.refresh_from_db()
    assert hook.rests_until is None  # the message may be what it doesn't like

    due_again()
    assert dispatch.dispatch_due() == 1
    assert log() == [("delivered", 2, 200, "")]
    hook.refresh_from_db()
    assert (hook.failures, hook.failing_since) == (0, None)


def test_the_pauses_grow_and_after_ten_tries_it_has_failed(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatch, "_jittered", lambda pause: pause)
    receiver.always = answer(500)
    make_signature()
    pauses = []
    while WebhookDelivery.objects.filter(status__in=("queued", "deferred")).exists():
        before = timezone.now()
        dispatch.dispatch_due()
        pauses.append((WebhookDelivery.objects.get().due_at - before).total_seconds())
        due_again()
    hours = [round(pause / 3600, 1) for pause in pauses[3:-1]]
    assert [round(pause) for pause in pauses[:3]] == [10, 60, 300]
    assert hours == [0.5, 2.0, 8.0, 24.0, 24.0, 24.0]
    assert log() == [("failed", 10, 500, "answered 500")]
    assert len(receiver.posts) == 10


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_receiver_that_is_overloaded_rests(
    hook: Webhook, receiver: Receiver, status: int
) -> None:
    receiver.always = answer(status)
    for _ in range(12):
        make_signature()
    dispatch.dispatch_due()
    assert len(receiver.posts) <= dispatch.LANES
    hook.refresh_from_db()
    assert hook.rests_until is not None
    assert 7 < (hook.rests_until - timezone.now()).total_seconds() <= 12
    untouched = WebhookDelivery.objects.filter(attempts=0, status="queued").count()
    assert untouched == 12 - len(receiver.posts)
    assert dispatch.dispatch_due() == 0


def test_a_receiver_may_say_when_it_wants_to_be_asked_again(
    hook: Webhook, receiver: Receiver
) -> None:
    receiver.always = answer(503, Retry_After="120")
    make_signature()
    dispatch.dispatch_due()
    hook.refresh_from_db()
    assert hook.rests_until is not None
    assert 115 < (hook.rests_until - timezone.now()).total_seconds() <= 120


def test_who_rests_is_asked_by_one_post_before_all_lanes_open_again(
    hook: Webhook, receiver: Receiver
) -> None:
    receiver.always = answer(503)
    for _ in range(12):
        make_signature()
    dispatch.dispatch_due()
    asked = len(receiver.posts)
    rests = []
    for _ in range(4):
        due_again()
        dispatch.dispatch_due()
        asked += 1
        assert len(receiver.posts) == asked
        hook.refresh_from_db()
        assert hook.rests_until is not None
        rests.append((hook.rests_until - timezone.now()).total_seconds())
    assert [rest > low for rest, low in zip(rests, (20, 40, 200, 200), strict=True)] == [True] * 4
    receiver.always = answer(200)
    due_again()
    assert dispatch.dispatch_due() == 12


def test_gone_switches_the_webhook_off(hook: Webhook, receiver: Receiver) -> None:
    receiver.always = answer(410)
    make_signature()
    dispatch.dispatch_due()
    hook.refresh_from_db()
    assert (hook.active, hook.note[:23]) == (False, "The receiver answered 4")
    assert log() == [("failed", 1, 410, "answered 410")]
    make_signature()
    assert WebhookDelivery.objects.count() == 1


# --- What is changed while it goes on --------------------------------------------------------


@pytest.fixture
def one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dispatch, "LANES", 1)
    monkeypatch.setattr(dispatch, "LOOK", 0.0)


def after_the_first_answer(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Let somebody do that when the first answer is there and not yet noted."""
    settle, acts = dispatch._settle, [act]

    def settle_later(*args: Any) -> bool:
        if acts:
            acts.pop()()
        return settle(*args)

    monkeypatch.setattr(dispatch, "_settle", settle_later)


def lead_to(hook: Webhook, url: str, *, active: bool = True) -> None:
    webhooks.change(webhook=hook, url=url, events=hook.events, active=active)


@pytest.mark.usefixtures("one_by_one")
def test_where_it_led_before_nothing_more_is_sent(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature()
    make_signature()
    with receiving() as other:
        after_the_first_answer(monkeypatch, lambda: lead_to(hook, other.url))
        assert dispatch.dispatch_due() == 2
        assert (len(receiver.posts), len(other.posts)) == (1, 1)


@pytest.mark.usefixtures("one_by_one")
def test_once_it_is_off_nothing_more_is_sent(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature()
    make_signature()
    after_the_first_answer(monkeypatch, lambda: lead_to(hook, hook.url, active=False))
    assert dispatch.dispatch_due() == 1
    assert len(receiver.posts) == 1
    assert [status for status, *_rest in log()] == ["delivered", "queued"]


def test_what_the_receiver_before_says_switches_the_new_one_not_off(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.always = answer(410)
    make_signature()
    with receiving() as other:
        after_the_first_answer(monkeypatch, lambda: lead_to(hook, other.url))
        dispatch.dispatch_due()
        hook.refresh_from_db()
        assert (hook.active, hook.note, hook.url) == (True, "", other.url)


# --- Who is given up -------------------------------------------------------------------------


def test_after_five_days_of_failures_it_is_switched_off_and_says_why(
    hook: Webhook, receiver: Receiver
) -> None:
    receiver.always = answer(500)
    make_signature()
    began = timezone.now()
    dispatch.dispatch_due()
    with time_machine.travel(began + timedelta(days=4, hours=23)):
        due_again()
        dispatch.dispatch_due()
        hook.refresh_from_db()
        assert hook.active
    with time_machine.travel(began + timedelta(days=5, minutes=1)):
        due_again()
        dispatch.dispatch_due()
        hook.refresh_from_db()
        assert not hook.active
        assert hook.note == f"Nothing has been delivered since {began:%Y-%m-%d %H:%M} UTC."
        assert dispatch.dispatch_due() == 0

    webhooks.change(webhook=hook, url=hook.url, events=hook.events, active=True)
    hook.refresh_from_db()
    assert (hook.active, hook.note, hook.failing_since) == (True, "", None)


def test_a_success_in_between_begins_the_five_days_anew(hook: Webhook, receiver: Receiver) -> None:
    receiver.answers = [answer(500), answer(200), answer(500)]
    began = timezone.now()
    make_signature()
    dispatch.dispatch_due()
    with time_machine.travel(began + timedelta(days=4)):
        due_again()
        dispatch.dispatch_due()
    with time_machine.travel(began + timedelta(days=6)):
        make_signature()
        dispatch.dispatch_due()
        hook.refresh_from_db()
        assert hook.active


# --- Receivers that aren't there, or behave badly --------------------------------------------


def test_a_receiver_that_is_not_there_rests_and_costs_one_try(campaign: Campaign) -> None:
    hook = make_webhook(campaign, f"http://127.0.0.1:{free_port()}/")
    make_signature()
    dispatch.dispatch_due()
    assert log() == [("deferred", 1, None, "broken off: ConnectionRefusedError")]
    hook.refresh_from_db()
    assert hook.rests_until is not None


def test_one_that_hangs_up_without_an_answer_is_tried_again(
    hook: Webhook, receiver: Receiver
) -> None:
    receiver.answers = [lambda _handler: None]
    make_signature()
    dispatch.dispatch_due()
    assert log() == [("deferred", 1, None, "broken off: RemoteDisconnected")]
    due_again()
    assert dispatch.dispatch_due() == 1


def test_one_that_answers_no_http_is_tried_again(hook: Webhook, receiver: Receiver) -> None:
    def nonsense(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"\x00\xff" * 500 + b"\r\n\r\n")

    receiver.answers = [nonsense]
    make_signature()
    dispatch.dispatch_due()
    assert log() == [("deferred", 1, None, "broken off: BadStatusLine")]


def test_a_hanging_receiver_holds_up_nobody_else(
    hook: Webhook, receiver: Receiver, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one gets everything, what is owed meanwhile too, before the first is given up."""
    monkeypatch.setattr(outbound, "SILENCE", 1.5)
    monkeypatch.setattr(dispatch, "LOOK", 0.05)
    receiver.always = receiver.hang
    with receiving() as other:
        make_webhook(campaign, other.url)
        for _ in range(10):
            make_signature(campaign)
        ended: list[float] = []

        def note_the_last(handler: BaseHTTPRequestHandler) -> None:
            ended.append(time.monotonic())
            answer(200)(handler)

        other.always = note_the_last
        began = time.monotonic()
        assert dispatch.dispatch_due() == 10
        assert time.monotonic() - began >= 1.5
        assert max(ended) - began < 1.4
    assert len(receiver.posts) == dispatch.LANES
    errors = set(WebhookDelivery.objects.filter(webhook=hook).values_list("error", flat=True))
    assert errors == {"", "no answer in time"}


def test_a_message_that_cannot_be_written_stands_in_nobodys_way(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, _good = make_signature(), make_signature()
    signer = publication.signer

    def fail(campaign: Campaign, public_id: str) -> object:
        if public_id == bad.public_id:
            raise RuntimeError
        return signer(campaign, public_id)

    monkeypatch.setattr(publication, "signer", fail)
    assert dispatch.dispatch_due() == 1
    assert [row[::3] for row in log()] == [("deferred", "not rendered"), ("delivered", "")]


# --- Turns -----------------------------------------------------------------------------------


def test_a_run_that_is_cut_off_asks_for_the_next_one(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    monkeypatch.setattr(queue, "tell", told.append)
    monkeypatch.setattr(dispatch, "TURN", -1.0)
    make_signature()
    assert dispatch.dispatch_due() == 0
    assert told == ["campaign.dispatch"]
    monkeypatch.setattr(dispatch, "TURN", 10.0)
    assert dispatch.dispatch_due() == 1
    assert told == ["campaign.dispatch"]


def flag() -> Any:
    """That the dispatch has been told and need not be told again."""
    with Redis.from_url(settings.REDIS_URL) as redis:
        return redis.get("petition:told:campaign.dispatch")


def test_while_a_run_goes_on_nobody_is_woken_and_afterwards_somebody_is(
    hook: Webhook, receiver: Receiver
) -> None:
    published: list[str] = []

    def told_meanwhile(handler: BaseHTTPRequestHandler) -> None:
        published.append(str(flag()))
        answer(200)(handler)

    receiver.always = told_meanwhile
    make_signature()
    assert dispatch.dispatch_due() == 1
    assert published == ["b'1'"]
    assert flag() is None


def test_what_is_owed_while_the_last_post_returns_is_sent_by_the_same_run(
    hook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    look_last = dispatch._Run._look_last
    owed: list[Signature] = []

    def owe_one_then_look(run: dispatch._Run) -> bool:
        if not owed:
            owed.append(make_signature())
        return look_last(run)

    monkeypatch.setattr(dispatch._Run, "_look_last", owe_one_then_look)
    make_signature()
    assert dispatch.dispatch_due() == 2


def test_a_webhook_of_a_dead_worker_is_served_when_its_lease_is_over(
    hook: Webhook, receiver: Receiver
) -> None:
    make_signature()
    assert dispatch._take("dead", 8) == [hook]
    assert dispatch.dispatch_due() == 0
    with time_machine.travel(timezone.now() + dispatch.LEASE + timedelta(seconds=1)):
        assert dispatch.dispatch_due() == 1


def test_who_has_waited_longest_is_served_first(campaign: Campaign) -> None:
    hooks = [make_webhook(campaign, "http://127.0.0.1:1/") for _ in range(3)]
    now = timezone.now()
    for hook, minutes in zip(hooks, (1, 3, 2), strict=True):
        ended = now - timedelta(minutes=minutes)
        Webhook.objects.filter(pk=hook.pk).update(lease_until=ended)
    make_signature(campaign)
    assert dispatch._take("one", 1) == [hooks[1]]
    assert dispatch._take("two", 1) == [hooks[2]]
    assert dispatch._take("three", 8) == [hooks[0]]
    assert dispatch._take("four", 8) == []


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
