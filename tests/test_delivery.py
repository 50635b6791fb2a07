"""Delivery from the outbox to a real SMTP server that answers as told."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from campaign import claims, delivery, leaving, letters, signing, vouching, waiting
from campaign.intake import import_signers
from campaign.models import Mail
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature, not_me_token
from tests.smtp import Sink, sent_to
from tests.vouchers import make_voucher

pytestmark = pytest.mark.django_db


@pytest.fixture(params=[False, True], ids=["one by one", "pipelining"])
def sink(settings: Settings, request: pytest.FixtureRequest) -> Iterator[Sink]:
    with sent_to(settings, pipelining=request.param) as sink:
        yield sink


def state() -> dict[str, Any]:
    row = Mail.objects.values("status", "attempts", "error", "lease_owner", "lease_until").get()
    return dict(row)


def test_a_queued_mail_is_sent_once_and_marked(sink: Sink) -> None:
    make_signature(make_campaign(), status=Status.PENDING, email="zoe@example.org")
    assert delivery.deliver_due() == 1
    assert delivery.deliver_due() == 0
    assert [mail["To"] for mail in sink.received] == ["zoe@example.org"]
    assert state() == {
        "status": "sent",
        "attempts": 0,
        "error": "",
        "lease_owner": "",
        "lease_until": None,
    }


def test_what_somebody_waits_for_overtakes_notes(sink: Sink) -> None:
    campaign = make_campaign()
    make_signature(campaign, email="noted@example.org")
    Mail.objects.filter(kind="confirm").delete()
    make_signature(campaign, status=Status.PENDING, email="waits@example.org")
    delivery.deliver_due()
    assert [mail["To"] for mail in sink.received] == ["waits@example.org", "noted@example.org"]


def test_who_signs_on_the_form_overtakes_everybody_whom_a_file_asks(sink: Sink) -> None:
    campaign = make_campaign()
    lines = ["name,email\n", "Ann,ann@example.org\n", "Bob,bob@example.org\n"]
    import_signers(campaign=campaign, lines=lines, file_name="signers.csv")
    make_signature(campaign, status=Status.PENDING, email="waits@example.org")
    assert delivery.deliver_due() == 3
    addresses = [mail["To"] for mail in sink.received]
    assert addresses == ["waits@example.org", "ann@example.org", "bob@example.org"]


def test_of_every_kind_it_is_known_while_what_it_says_is_true() -> None:
    """One that is missing came first again and again, and no mail behind it was sent."""
    assert set(delivery.TRUE_WHILE) == set(MailKind) - {MailKind.ALERT}


def test_a_mail_of_a_later_release_is_put_off_and_stops_no_other(sink: Sink) -> None:
    """As an old worker meets it while a release is deployed, and after a step back."""
    campaign = make_campaign()
    of_later = make_signature(campaign, email="zoe@example.org", status=Status.PENDING)
    make_signature(campaign, email="mia@example.org", status=Status.PENDING)
    Mail.objects.filter(signature=of_later).update(kind="of_later")
    assert delivery.deliver_due() == 1
    assert [mail["To"] for mail in sink.received] == ["mia@example.org"]
    put_off = Mail.objects.get(signature=of_later)
    assert (put_off.status, put_off.attempts) == ("deferred", 1)


def test_a_question_and_a_word_of_an_organisation_reach_the_signer(sink: Sink) -> None:
    campaign = make_campaign()
    signature = make_signature(campaign, email="zoe@example.org")
    Mail.objects.all().delete()
    voucher = make_voucher(campaign)
    by = voucher.admitted_by
    assert by is not None
    vouching.confirm_name(voucher=voucher, public_id=signature.public_id, by=by)
    signature.refresh_from_db()
    waiting.ask(
        signature_id=signature.pk, revision=signature.revision, question="Is it you?", by=by
    )
    assert delivery.deliver_due() == 2
    assert {mail["To"] for mail in sink.received} == {"zoe@example.org"}
    bodies = [mail.get_body(("plain",)) for mail in sink.received]
    text = " ".join(" ".join(body.get_content() for body in bodies if body).split())
    assert "Is it you?" in text
    assert "says that you are one of its members" in text


def test_who_is_vouched_for_no_more_is_not_told_that_they_are(sink: Sink) -> None:
    campaign = make_campaign()
    signature = make_signature(campaign, email="zoe@example.org")
    Mail.objects.all().delete()
    voucher = make_voucher(campaign)
    by = voucher.admitted_by
    assert by is not None
    its = vouching.confirm_name(voucher=voucher, public_id=signature.public_id, by=by)
    vouching.take_back(vouching=its, by=by)
    assert delivery.deliver_due() == 0
    assert sink.received == []
    assert state()["status"] == "suppressed"


def test_a_mail_that_cannot_be_judged_stands_in_nobodys_way(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign()
    make_signature(campaign, status=Status.PENDING, email="first@example.org")
    make_signature(campaign, email="second@example.org")
    monkeypatch.delitem(delivery.TRUE_WHILE, MailKind.CONFIRM)
    delivery.deliver_due()
    assert [mail["To"] for mail in sink.received] == ["second@example.org"]
    assert Mail.objects.get(signature__email="first@example.org").status == "deferred"


def test_a_permanent_refusal_fails_and_is_never_tried_again(sink: Sink) -> None:
    sink.rcpt["zoe@example.org"] = "550 no such mailbox"
    make_signature(make_campaign(), status=Status.PENDING, email="zoe@example.org")
    assert delivery.deliver_due() == 0
    assert (state()["status"], state()["attempts"], state()["error"]) == (
        "failed",
        1,
        "refused with 550",
    )
    sink.rcpt.clear()
    assert delivery.deliver_due() == 0
    assert sink.received == []


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_a_temporary_refusal_is_tried_again_within_a_minute_and_then_less_often(
    sink: Sink, stage: str
) -> None:
    make_signature(make_campaign(), status=Status.PENDING, email="zoe@example.org")
    pauses = []
    for _ in range(4):
        if stage == "rcpt":
            sink.rcpt["zoe@example.org"] = "451 greylisted"
        else:
            sink.data = ["451 later"]
        Mail.objects.update(due_at=timezone.now())
        assert delivery.deliver_due() == 0
        assert state()["status"] == "deferred"
        pauses.append(Mail.objects.get().due_at - timezone.now())
    assert timedelta(seconds=30) < pauses[0] < timedelta(seconds=60)
    assert pauses[0] < pauses[1] < pauses[2] < pauses[3]
    sink.rcpt.clear()
    assert delivery.deliver_due() == 0  # not due yet
    Mail.objects.update(due_at=timezone.now())
    assert delivery.deliver_due() == 1


def test_one_refused_mail_does_not_stop_the_others(sink: Sink) -> None:
    campaign = make_campaign()
    sink.rcpt["signerbad@example.org"] = "550 no"
    make_signature(campaign, status=Status.PENDING, email="signerbad@example.org")
    make_signature(campaign, status=Status.PENDING, email="good@example.org")
    assert delivery.deliver_due() == 1
    assert [mail["To"] for mail in sink.received] == ["good@example.org"]


def test_a_server_that_is_not_there_costs_no_attempt(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "campaign.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    make_signature(make_campaign(), status=Status.PENDING)
    assert delivery.deliver_due() == 0
    assert state() == {
        "status": "queued",
        "attempts": 0,
        "error": "",
        "lease_owner": "",
        "lease_until": None,
    }


def test_a_server_that_was_not_there_is_left_alone_for_a_moment(
    sink: Sink, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 1
    make_signature(make_campaign(), status=Status.PENDING)
    delivery.deliver_due()
    settings.EMAIL_PORT = port
    assert delivery.deliver_due() == 0
    monkeypatch.setattr(delivery, "_down_until", 0.0)
    assert delivery.deliver_due() == 1


def test_the_claim_of_a_worker_that_died_is_taken_over_after_its_lease(sink: Sink) -> None:
    make_signature(make_campaign(), status=Status.PENDING)
    Mail.objects.update(
        status="claimed", lease_owner="dead", lease_until=timezone.now() + claims.LEASE
    )
    assert delivery.deliver_due() == 0
    Mail.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    assert delivery.deliver_due() == 1
    assert len(sink.received) == 1


def test_a_mail_that_is_not_true_any_more_is_not_sent(sink: Sink) -> None:
    signature = make_signature(make_campaign(), status=Status.HELD)
    delivery.deliver_due()
    assert sink.received == []  # the confirmation: it was confirmed before delivery came to it
    assert signature.mails.get().status == "suppressed"


def test_an_address_that_said_no_meanwhile_gets_nothing(sink: Sink) -> None:
    campaign = make_campaign()
    make_signature(campaign, status=Status.PUBLISHED, email="zoe@example.org", name="Zoë")
    Mail.objects.all().delete()
    forged = make_signature(campaign, status=Status.PENDING, email="zoe@example.org", name="Other")
    signing.resend(campaign=campaign, email="zoe@example.org")
    leaving.not_me(not_me_token(forged))
    delivery.deliver_due()
    assert sink.received == []


def test_a_mail_that_cannot_be_rendered_stands_in_nobodys_way(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign()
    bad = make_signature(campaign, status=Status.PENDING, email="bad@example.org")
    make_signature(campaign, status=Status.PENDING, email="good@example.org")
    render = letters.render

    def fails_for_one(mail: Mail, server: Any) -> Any:
        if mail.signature_id == bad.pk:
            raise ValueError("broken template")
        return render(mail, server)

    monkeypatch.setattr(letters, "render", fails_for_one)
    assert delivery.deliver_due() == 1
    assert [mail["To"] for mail in sink.received] == ["good@example.org"]
    assert bad.mails.get().status == "deferred"


def test_a_mail_that_the_backend_chokes_on_stands_in_nobodys_way(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = make_campaign()
    bad = make_signature(campaign, status=Status.PENDING, email="bad@example.org")
    make_signature(campaign, status=Status.PENDING, email="good@example.org")
    # Django's backend decodes encoded words: no address that is taken holds one (see identity).
    type(bad).objects.filter(pk=bad.pk).update(email="=?unicode_escape?q?=5Cud800?=@example.org")
    for _ in range(2):
        delivery.deliver_due()
        monkeypatch.setattr(delivery, "_down_until", 0.0)
    assert [mail["To"] for mail in sink.received] == ["good@example.org"]
    assert (bad.mails.get().status, bad.mails.get().attempts) == ("deferred", 1)


def test_every_copy_of_a_mail_has_the_same_message_id(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_signature(make_campaign(), status=Status.PENDING)
    delivery.deliver_due()
    Mail.objects.update(status="queued")
    monkeypatch.setattr(claims, "_memory", claims._Memory())  # another worker's
    delivery.deliver_due()
    first, second = (mail["Message-ID"] for mail in sink.received)
    assert first == second
