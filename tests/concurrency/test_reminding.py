"""Two schedulers at once remind an address once."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from campaign import delivery, outbox, retention, signing
from campaign.models import Mail, Signature
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from tests.concurrency.threads import PATIENCE, Meanwhile, at_once
from tests.factories import confirm_token, make_campaign, make_signature

pytestmark = pytest.mark.django_db(transaction=True)


def asked_yesterday() -> Signature:
    signature = make_signature(make_campaign(), status=Status.PENDING)
    delivery.deliver_due()
    Mail.objects.update(sent_at=timezone.now() - timedelta(days=1))
    Signature.objects.update(created_at=timezone.now() - timedelta(days=1))
    return signature


def reminders() -> int:
    return Mail.objects.filter(kind=MailKind.REMINDER).count()


def test_four_schedulers_at_once_owe_one_reminder() -> None:
    asked_yesterday()
    assert sorted(at_once([retention.remind] * 4)) == [0, 0, 0, 1]
    assert reminders() == 1


def test_the_note_alone_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_yesterday()
    monkeypatch.setattr(outbox, "welcome", lambda **_: True)
    assert sorted(at_once([retention.remind] * 4)) == [0, 0, 0, 1]
    assert reminders() == 1


def test_control_a_note_that_is_looked_for_before_it_is_written_reminds_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked_yesterday()
    everybody = threading.Barrier(2)

    def note(*, campaign_id: int, canonical_email: str) -> bool:
        known = Mail.objects.filter(kind=MailKind.REMINDER).exists()
        everybody.wait(PATIENCE)
        return not known

    monkeypatch.setattr(outbox, "welcome", lambda **_: True)
    monkeypatch.setattr(outbox, "note_reminder", note)
    assert at_once([retention.remind] * 2) == [1, 1]
    assert reminders() == 2


def test_who_confirms_while_being_looked_for_is_not_reminded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = confirm_token(asked_yesterday())
    confirming = Meanwhile(lambda: signing.confirm(token)).before(monkeypatch, outbox, "welcome")
    assert retention.remind() == 0
    assert confirming.end().changed
    assert reminders() == 0


def test_who_confirms_while_being_reminded_waits_and_gets_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    token = confirm_token(asked_yesterday())
    confirming = Meanwhile(lambda: signing.confirm(token)).before(monkeypatch, outbox, "owe_caused")
    assert retention.remind() == 1
    assert confirming.end().changed
    assert confirming.waited
    with time_machine.travel(timezone.now() + timedelta(minutes=1)):
        delivery.deliver_due()
    assert Mail.objects.get(kind=MailKind.REMINDER).status == "suppressed"
