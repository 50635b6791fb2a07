"""Something is away: nobody who signs notices, and no mail is lost."""

import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest

from campaign import line
from tests.e2e.browser import Browser
from tests.e2e.product import Product
from tests.e2e.until import until
from tests.factories import details

pytestmark = pytest.mark.xdist_group("e2e")

PATH = "/api/v1/campaigns/art/signatures/"
Say = Callable[[str], None]


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    """Puts a figure on the terminal, whatever is captured."""

    def write(line: str) -> None:
        with capsys.disabled():
            sys.stderr.write(f"\n{line}\n")

    return write


def sign(product: Product, address: str) -> float:
    """Sign with this address; how many seconds the answer took."""
    body = details(email=address, name=f"Name of {address.partition('@')[0]}")
    began = time.monotonic()
    answer = Browser(product.base).post_json(PATH, body)
    took = time.monotonic() - began
    assert (answer.status, answer.json) == (202, {"status": "check_your_inbox"})
    return took


def mail_row(product: Product, address: str) -> tuple[str, int, float]:
    """Status, attempts and seconds until it is due of the one mail owed to this address."""
    [(status, attempts, due)] = product.query(
        "SELECT mail.status, attempts, EXTRACT(EPOCH FROM due_at - now())::float"
        " FROM campaign_mail mail JOIN campaign_signature s ON s.id = signature_id"
        " WHERE s.email = %s",
        address,
    )
    return status, attempts, due


def wait_for_status(product: Product, address: str, status: str) -> tuple[str, int, float]:
    what = f"{address} {status}"
    until(lambda: mail_row(product, address)[0] == status, what=what)
    return mail_row(product, address)


@contextmanager
def without_mail_server(product: Product) -> Iterator[None]:
    product.sink.stop()
    try:
        yield
    finally:
        product.sink.start()


# --- The mail server -------------------------------------------------------------------------


def test_while_the_mail_server_is_down_mails_wait_and_go_out_once_it_is_back(
    product: Product,
) -> None:
    addresses = [f"down{n}@example.net" for n in range(3)]
    said = product.mail.said()
    with without_mail_server(product):
        for address in addresses:
            assert sign(product, address) < 1
        product.mail.wait_to_say("mail server is not to be had", since=said)
        for address in addresses:
            assert mail_row(product, address)[:2] == ("queued", 0)
    for address in addresses:
        product.sink.wait_for(address)
        assert wait_for_status(product, address, "sent")[1] == 0
        assert len(product.sink.to(address)) == 1


def test_a_mail_that_is_put_off_is_tried_again_within_a_minute_and_arrives(
    product: Product,
) -> None:
    address = "greylisted@example.net"
    product.sink.answers[address] = ["451 4.7.1 Come back later"]
    sign(product, address)
    status, attempts, due = wait_for_status(product, address, "deferred")
    assert (status, attempts) == ("deferred", 1)
    assert 0 < due <= 60
    assert product.sink.to(address) == []
    product.query(
        "UPDATE campaign_mail SET due_at = now() WHERE status = 'deferred' AND signature_id IN"
        " (SELECT id FROM campaign_signature WHERE email = %s)",
        address,
    )
    product.sink.wait_for(address)
    assert wait_for_status(product, address, "sent")[:2] == ("sent", 1)


def test_a_mailbox_that_does_not_exist_is_not_tried_again(product: Product) -> None:
    address = "nobody@example.net"
    product.sink.answers[address] = ["550 5.1.1 No such user"] * 2
    sign(product, address)
    assert wait_for_status(product, address, "failed")[:2] == ("failed", 1)
    assert product.query(
        "SELECT mail.error FROM campaign_mail mail JOIN campaign_signature s"
        " ON s.id = signature_id WHERE s.email = %s",
        address,
    ) == [("refused with 550",)]
    assert product.sink.answers[address] == ["550 5.1.1 No such user"]  # asked once


# --- Redis -----------------------------------------------------------------------------------


def test_without_redis_signing_answers_and_the_mail_goes_out_once_it_is_back(
    product: Product, say: Say
) -> None:
    said = product.web.said()
    product.redis.stop()
    try:
        took = sign_for_a_while(product, "redisless")
        product.web.wait_to_say("queue: no Redis", since=said)
    finally:
        product.start_redis()
    say(f"without Redis: {told(took)}; {wait_for_all(product, took)} after its return")
    assert max(took.values()) < 1


def test_while_redis_hangs_signing_answers_and_the_mail_goes_out_afterwards(
    product: Product, say: Say
) -> None:
    said = product.web.said()
    product.redis.signal(signal.SIGSTOP)
    try:
        took = sign_for_a_while(product, "hanging")
        product.web.wait_to_say("queue: no Redis", since=said)
    finally:
        product.redis.signal(signal.SIGCONT)
    say(f"Redis hanging: {told(took)}; {wait_for_all(product, took)} after it went on")
    assert max(took.values()) < 2  # one wait of 0.25 s, on a machine with other work


def sign_for_a_while(product: Product, name: str) -> dict[str, float]:
    """Sign until the circuit breaker of every process must have tried the queue once more.

    Gives how many seconds each address's answer took.
    """
    took: dict[str, float] = {}
    ends = time.monotonic() + line.PAUSE + 1
    while time.monotonic() < ends:
        address = f"{name}{len(took)}@example.net"
        took[address] = sign(product, address)
        time.sleep(0.1)  # its pace, not a wait: the breaker is asked at every moment of its pause
    return took


def told(took: dict[str, float]) -> str:
    spent = sorted(1000 * seconds for seconds in took.values())
    middle = spent[len(spent) // 2]
    return f"{len(spent)} requests, median {middle:.0f} ms, longest {spent[-1]:.0f} ms"


def wait_for_all(product: Product, addresses: Iterable[str]) -> str:
    """How long it took until everybody had their mail."""
    began = time.monotonic()
    for address in addresses:
        product.sink.wait_for(address)
    return f"all mails {time.monotonic() - began:.1f} s"


# --- The worker ------------------------------------------------------------------------------


def test_a_worker_killed_in_the_middle_of_sending_costs_nobody_their_mail(
    product: Product, say: Say
) -> None:
    addresses = [f"killed{n}@example.net" for n in range(8)]
    product.mail.stop()
    for address in addresses:
        sign(product, address)
    product.sink.stalled = True
    try:
        product.mail.start()  # it claims all of them at once
        until(
            lambda: any(product.sink.to(address) for address in addresses),
            what="the server has taken a mail whose sender still waits for its answer",
        )
        product.mail.kill()
    finally:
        product.sink.stalled = False
        product.mail.start()
    say(f"worker killed: {wait_for_all(product, addresses)} after the next one started")
    for address in addresses:  # those that it held once their lease of 20 s is over
        wait_for_status(product, address, "sent")
    copies = Counter(len(product.sink.to(address)) for address in addresses)
    assert copies == {1: len(addresses) - 1, 2: 1}  # twice the one in whose middle it died
    for address in addresses:
        assert len({mail["Message-ID"] for mail in product.sink.to(address)}) == 1
