"""Two workers and one mail server: every mail once."""

import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from pytest_django import Settings

from campaign import claims, delivery
from campaign.models import Mail
from campaign.models.mail import MailStatus
from campaign.models.signature import Status
from petition.local import free_port
from tests.concurrency.threads import PATIENCE, at_once
from tests.factories import make_campaign, make_signature

pytestmark = pytest.mark.django_db(transaction=True)

MAILS = 30


class Sink:
    """Takes every mail and counts the copies of each by its Message-ID."""

    def __init__(self) -> None:
        self.copies: Counter[str] = Counter()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        message = envelope.content.decode(errors="replace")
        lines = message.lower().splitlines()
        self.copies[next(line for line in lines if line.startswith("message-id:"))] += 1
        return "250 OK"


@pytest.fixture
def sink(settings: Settings) -> Iterator[Sink]:
    sink = Sink()
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "campaign.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = controller.hostname, controller.port
    yield sink
    controller.stop()


def owe_mails(n: int) -> None:
    campaign = make_campaign()
    for _ in range(n):
        make_signature(campaign, status=Status.PENDING)


def test_two_workers_at_once_send_every_mail_once(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(claims, "BATCH", 3)
    owe_mails(MAILS)
    sent = at_once([delivery.deliver_due] * 2)
    assert sum(sent) == MAILS
    assert min(sent) > 0  # both worked
    assert sorted(sink.copies.values()) == [1] * MAILS
    assert Mail.objects.filter(status=MailStatus.SENT).count() == MAILS


def test_control_workers_that_read_before_they_claim_send_every_mail_twice(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe_mails(4)
    both = threading.Barrier(2)

    def claim(owner: claims.Owner, **_which: Any) -> list[Mail]:
        mails = list(Mail.objects.filter(status=MailStatus.QUEUED).order_by("pk"))
        both.wait(PATIENCE)
        for mail in mails:
            Mail.objects.filter(pk=mail.pk).update(status=MailStatus.SENT, lease_owner=owner.name)
        return mails

    monkeypatch.setattr(claims.Owner, "claim", claim)
    at_once([delivery.deliver_due] * 2)
    assert sorted(sink.copies.values()) == [2] * 4
