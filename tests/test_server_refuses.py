"""What the mail server says before it hears whom a mail is for is no mail's and no mailbox's failure."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings
from redis import Redis

from campaign import delivery, queue
from campaign.models import Campaign, Mail, Unreachable
from campaign.models.signature import Status
from campaign.outbox import DELIVER
from tests.factories import make_campaign, make_signature
from tests.smtp import Sink, sent_to

pytestmark = pytest.mark.django_db

ART, OTHER = "art@campaign.example", "other@campaign.example"
AS_IT_WAS = ("queued", 0)


@pytest.fixture(params=[False, True], ids=["one by one", "pipelining"])
def sink(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Sink]:
    with sent_to(settings, pipelining=request.param) as sink:
        yield sink


@pytest.fixture
def campaign() -> Campaign:
    return sending_as(ART)


def sending_as(sender: str, **options: str) -> Campaign:
    campaign = make_campaign(**options)
    campaign.sender = sender
    campaign.save(update_fields=["sender"])
    return campaign


def owe(campaign: Campaign, n: int = 1) -> None:
    for _ in range(n):
        make_signature(campaign, status=Status.PENDING)


def rows(campaign: Campaign) -> list[tuple[str, int]]:
    its = Mail.objects.filter(campaign=campaign).order_by("pk")
    return list(its.values_list("status", "attempts"))


def time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses of the server and of refused senders are over."""
    monkeypatch.setattr(delivery, "_down_until", 0.0)
    monkeypatch.setattr(delivery, "_rests", dict.fromkeys(delivery._rests, 0.0))


@pytest.mark.parametrize(
    "answer",
    ["451 4.3.2 Later", "550 5.7.1 Not you", "554 5.1.1 No such user", "421 4.3.2 Bye"],
)
def test_a_refused_sender_leaves_all_of_its_mails_as_they_were_and_due(
    sink: Sink, campaign: Campaign, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(campaign, 3)
    due = set(Mail.objects.values_list("pk", "due_at"))
    sink.sender[ART] = answer
    for _ in range(40):
        assert delivery.deliver_due() == 0
        time_passes(monkeypatch)
    assert rows(campaign) == [AS_IT_WAS] * 3
    assert set(Mail.objects.values_list("pk", "due_at")) == due
    assert not Unreachable.objects.exists()
    sink.sender.clear()
    assert delivery.deliver_due() == 3
    assert rows(campaign) == [("sent", 0)] * 3
    assert set(Mail.objects.values_list("error", flat=True)) == {""}


def test_one_mail_is_tried_and_the_row_says_why_it_waits(sink: Sink, campaign: Campaign) -> None:
    owe(campaign, 3)
    sink.sender[ART] = "550 5.7.1 Not you"
    for _ in range(3):  # the sweep comes more often than a sender is tried
        delivery.deliver_due()
    assert sink.senders == [ART]
    errors = Mail.objects.order_by("pk").values_list("error", flat=True)
    assert list(errors) == ["sender refused with 550", "", ""]


def test_a_sender_that_rested_is_tried_with_one_mail(
    sink: Sink, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(campaign, 3)
    sink.sender[ART] = "451 4.3.2 Later"
    delivery.deliver_due()
    owe(sending_as(OTHER, slug="other"), 2)
    time_passes(monkeypatch)
    assert delivery.deliver_due() == 2
    assert sink.senders == [ART, OTHER, ART, OTHER]


@pytest.mark.parametrize("answer", ["451 4.3.2 Later", "554 5.7.1 Not you"])
def test_the_mails_of_others_go_out(sink: Sink, campaign: Campaign, answer: str) -> None:
    other = sending_as(OTHER, slug="other")
    owe(campaign, 2)
    owe(other, 2)
    owe(campaign, 2)
    sink.sender[ART] = answer
    assert delivery.deliver_due() == 2
    assert (rows(campaign), rows(other)) == ([AS_IT_WAS] * 4, [("sent", 0)] * 2)


def test_where_some_senders_are_hung_up_on_the_mails_of_others_go_out_in_the_same_run(
    sink: Sink, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    second, third = "second@campaign.example", "third@campaign.example"
    refused = [campaign, sending_as(second, slug="second"), sending_as(third, slug="third")]
    other = sending_as(OTHER, slug="other")
    for each in (*refused, other):
        owe(each, 2)
    sink.sender = dict.fromkeys((ART, second, third), "421 4.7.0 Bye")
    assert delivery.deliver_due() == 2
    assert (sink.senders, sink.sessions) == ([ART, second, third, OTHER, OTHER], 4)
    for _ in range(2):  # the sweep comes more often than a sender is tried
        owe(other)
        assert delivery.deliver_due() == 1
    assert (sink.senders[5:], sink.sessions) == ([OTHER, OTHER], 6)
    time_passes(monkeypatch)
    owe(other)
    assert delivery.deliver_due() == 1
    assert (sink.senders[7:], sink.sessions) == ([OTHER, ART, second, third], 9)
    assert [rows(each) for each in refused] == [[AS_IT_WAS] * 2] * 3
    del sink.sender[third]
    time_passes(monkeypatch)
    assert delivery.deliver_due() == 2
    assert rows(refused[2]) == [("sent", 0)] * 2


def test_a_server_that_hangs_up_on_everybody_is_left_alone_for_a_moment(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [f"{n}@campaign.example" for n in range(delivery.HANG_UPS + 2)]
    for n, address in enumerate(addresses):
        owe(sending_as(address, slug=f"campaign-{n}"), 3)
    sink.sender = dict.fromkeys(addresses, "421 4.3.2 Bye")
    for _ in range(3):
        assert delivery.deliver_due() == 0
    assert (sink.senders, sink.sessions) == (addresses[: delivery.HANG_UPS], delivery.HANG_UPS)
    monkeypatch.setattr(delivery, "_down_until", 0.0)
    assert delivery.deliver_due() == 0
    assert sink.senders[delivery.HANG_UPS :] == addresses[delivery.HANG_UPS :]
    assert set(Mail.objects.values_list("status", "attempts")) == {AS_IT_WAS}
    sink.sender.clear()
    time_passes(monkeypatch)
    assert delivery.deliver_due() == 3 * len(addresses)


def test_more_senders_than_make_a_closing_server_delay_the_mails_of_others_once(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = [f"{n}@campaign.example" for n in range(delivery.HANG_UPS + 2)]
    for n, address in enumerate(addresses):
        owe(sending_as(address, slug=f"campaign-{n}"))
    sink.sender = dict.fromkeys(addresses, "421 4.7.0 Bye")
    other = sending_as(OTHER, slug="other")
    owe(other)
    assert delivery.deliver_due() == 0
    monkeypatch.setattr(delivery, "_down_until", 0.0)
    assert delivery.deliver_due() == 1
    for _ in range(3):
        owe(other)
        time_passes(monkeypatch)
        assert delivery.deliver_due() == 1


def test_a_sender_that_rested_waits_for_one_mail_of_others_not_for_all(
    sink: Sink, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(campaign)
    sink.sender[ART] = "421 4.7.0 Bye"
    delivery.deliver_due()
    owe(sending_as(OTHER, slug="other"), 3)
    sink.sender.clear()
    time_passes(monkeypatch)
    assert delivery.deliver_due() == 4
    assert sink.senders == [ART, OTHER, ART, OTHER, OTHER]


@pytest.mark.parametrize(
    ("of_all", "of_each"), [(3, 3), (4, 3)], ids=["the pace of all", "the pace of a campaign"]
)
def test_a_refused_sender_takes_one_mail_of_the_pace_from_others(
    sink: Sink,
    campaign: Campaign,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    of_all: int,
    of_each: int,
) -> None:
    settings.MAILS_A_MINUTE, settings.CAMPAIGN_MAILS_A_MINUTE = of_all, of_each
    owe(campaign, 3)
    owe(sending_as(OTHER, slug="other"), 12)
    sink.sender[ART] = "451 4.3.2 Later"
    now, sent = timezone.now().replace(second=0, microsecond=0), []
    for minute in range(1, 5):
        with time_machine.travel(now + timedelta(minutes=minute), tick=False):
            sent.append(delivery.deliver_due())
            time_passes(monkeypatch)
            sent[-1] += delivery.deliver_due()
            time_passes(monkeypatch)
    assert sent[1:] == [of_all - 1] * 3


def test_who_tells_of_a_mail_that_rests_keeps_nobody_else_from_telling(
    sink: Sink, settings: Settings, campaign: Campaign
) -> None:
    owe(campaign)
    sink.sender[ART] = "451 4.3.2 Later"
    delivery.deliver_due()
    told = []
    with Redis.from_url(settings.REDIS_URL) as redis:
        for _ in range(2):
            queue.tell(DELIVER)
            delivery.deliver_on()
            told.append(redis.llen("mail"))
    assert told[1] == told[0] + 1


def test_a_mail_that_is_refused_for_four_days_is_not_tried_without_end(
    sink: Sink, campaign: Campaign, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(campaign)
    sink.sender[ART] = "554 5.7.1 Not you"
    with time_machine.travel(timezone.now() + timedelta(days=3, hours=23)):
        delivery.deliver_due()
        assert rows(campaign) == [AS_IT_WAS]
    with time_machine.travel(timezone.now() + timedelta(days=4, minutes=1)):
        for tries in range(1, delivery.TRIES):
            time_passes(monkeypatch)
            delivery.deliver_due()
            assert rows(campaign) == [("deferred", tries)]
            Mail.objects.update(due_at=timezone.now())
        time_passes(monkeypatch)
        delivery.deliver_due()
    assert rows(campaign) == [("failed", delivery.TRIES)]
    assert not Unreachable.objects.exists()


def test_a_mail_that_is_too_large_is_put_off_alone(sink: Sink, campaign: Campaign) -> None:
    owe(campaign, 2)
    sink.sender[ART] = "552 5.3.4 Too large"
    delivery.deliver_due()
    assert rows(campaign) == [("deferred", 1)] * 2


@pytest.mark.parametrize("code", ["451", "554", "421"])
def test_a_refused_greeting_by_name_costs_no_attempt(
    sink: Sink, campaign: Campaign, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(campaign)
    sink.hello = [f"{code} Not now"] * 2  # EHLO, and HELO after it
    assert delivery.deliver_due() == 0
    assert rows(campaign) == [AS_IT_WAS]
    time_passes(monkeypatch)
    assert delivery.deliver_due() == 1


@contextmanager
def greeting_with(said: bytes) -> Iterator[int]:
    """A server that says this to who connects, and hangs up."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1]
        thread.join(10)
        assert not thread.is_alive()


@pytest.mark.parametrize("said", [b"554 No service here\r\n", b"421 Too many\r\n", b""])
def test_a_server_that_greets_with_a_refusal_costs_no_attempt(
    settings: Settings, campaign: Campaign, said: bytes
) -> None:
    owe(campaign)
    settings.EMAIL_BACKEND = "campaign.smtp.EmailBackend"
    with greeting_with(said) as port:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        assert delivery.deliver_due() == 0
    assert rows(campaign) == [AS_IT_WAS]


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_a_server_that_closes_over_a_mail_is_tried_with_another_first_and_that_one_soon(
    sink: Sink, campaign: Campaign, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature(campaign, status=Status.PENDING, email="zoe@example.org")
    make_signature(campaign, status=Status.PENDING, email="mia@example.org")
    if stage == "rcpt":
        sink.rcpt["zoe@example.org"] = "421 4.3.2 Bye"
    else:
        sink.data = ["421 4.3.2 Bye"]
    delivery.deliver_due()
    assert rows(campaign) == [("deferred", 1), AS_IT_WAS]
    pause = Mail.objects.earliest("pk").due_at - timezone.now()
    assert pause < timedelta(seconds=6)
    time_passes(monkeypatch)
    assert delivery.deliver_due() == 1
    assert [mail["To"] for mail in sink.received] == ["mia@example.org"]
