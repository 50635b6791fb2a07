"""Receivers that aren't there, or behave badly, hold up nobody else."""

import time
from http.server import BaseHTTPRequestHandler

import pytest

from campaign import dispatch, outbound, publication
from campaign.models import Campaign, Webhook, WebhookDelivery
from petition.local import free_port
from tests.factories import make_signature
from tests.receiver import Receiver, answer, due_again, log, make_webhook, receiving

pytestmark = pytest.mark.django_db


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
    monkeypatch.setattr(outbound, "SILENCE", 5.0)
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
        assert time.monotonic() - began >= 5
        assert max(ended) - began < 4.5
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
