"""A mailbox that is not there gets nothing for a week, and one whose owner complained nothing any more."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from campaign import bounces, delivery, letters, moderation, retention, signing, vouching, waiting
from campaign.links import Purpose
from campaign.models import Campaign, Mail, Signature, Unreachable
from campaign.models.address import UnreachableReason
from campaign.models.mail import BY_STRANGERS, OF_REPRESENTATIONS, WAITING, MailKind, MailStatus
from campaign.models.signature import RejectionReason, Status
from tests.causing import cause_everything
from tests.factories import (
    MODERATOR,
    details,
    make_campaign,
    make_report,
    make_signature,
    make_user,
    manage_token,
)
from tests.smtp import Sink
from tests.vouchers import make_voucher

pytestmark = pytest.mark.django_db

SECRET = "a-secret-of-24-characters"
PATH = "/mail-events/"
ZOE = "zoe@example.org"


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign()


def sign(campaign: Campaign, **typed: str) -> None:
    signing.sign(campaign=campaign, typed=details(**typed))


def refused(campaign: Campaign, sink: Sink, answer: str) -> None:
    """One mail to zoe@ that the server refuses so."""
    sink.rcpt[ZOE] = answer
    sign(campaign)
    delivery.deliver_due()


# --- SMTP ------------------------------------------------------------------------------------


NOT_THERE = (
    "550 5.1.1 no such user",
    "553 5.1.3 bad address",
    "550 5.2.1 disabled",
    "556 5.1.10 null MX",
)
SAYS_NOTHING = (
    "550 5.7.1 policy",
    "552 5.2.2 full",
    "550 not here",
    "550 5.1.12 what",
    "450 4.1.1 later",
    "554 5.7.1 spam",
)


@pytest.mark.parametrize("answer", NOT_THERE)
def test_a_mailbox_that_is_not_there_gets_no_more(
    campaign: Campaign, sink: Sink, answer: str
) -> None:
    refused(campaign, sink, answer)
    assert Mail.objects.get().status == MailStatus.FAILED
    sign(campaign)
    sign(campaign, name="Somebody Else", email="ZOE@example.org")
    sign(make_campaign(slug="other"))
    assert Mail.objects.count() == 1
    assert "zoe" not in str(Unreachable.objects.values().get())


@pytest.mark.parametrize("answer", SAYS_NOTHING)
def test_a_policy_a_full_mailbox_or_a_bare_number_says_nothing_of_the_address(
    campaign: Campaign, sink: Sink, answer: str
) -> None:
    refused(campaign, sink, answer)
    assert not Unreachable.objects.exists()
    sign(campaign)
    assert Mail.objects.count() == 2


def test_after_a_week_it_is_tried_again(campaign: Campaign, sink: Sink) -> None:
    refused(campaign, sink, "550 5.1.1 no such user")
    with time_machine.travel(timezone.now() + timedelta(days=6, hours=23)):
        sign(campaign)
        assert Mail.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(days=7, minutes=1)):
        sign(campaign)
        assert Mail.objects.count() == 2
        retention.expire()
        assert not Unreachable.objects.exists()


def test_what_was_owed_before_is_not_sent_either(campaign: Campaign, sink: Sink) -> None:
    sign(campaign)
    sign(campaign)
    Mail.objects.update(due_at=timezone.now() + timedelta(minutes=5))
    first = Mail.objects.earliest("pk")
    Mail.objects.filter(pk=first.pk).update(due_at=timezone.now())
    sink.rcpt[ZOE] = "550 5.1.1 no such user"
    delivery.deliver_due()
    sink.rcpt.clear()
    with time_machine.travel(timezone.now() + timedelta(minutes=6)):
        delivery.deliver_due()
    assert sorted(Mail.objects.values_list("status", flat=True)) == ["failed", "suppressed"]
    assert not sink.received


# --- What staff decides ----------------------------------------------------------------------


def published(campaign: Campaign, by: User) -> None:
    held = make_signature(campaign, status=Status.HELD, email=ZOE)
    moderation.approve(signature_id=held.pk, revision=held.revision, by=by)


def rejected(campaign: Campaign, by: User) -> None:
    held = make_signature(campaign, status=Status.HELD, email=ZOE)
    reject(held, by)


def question(campaign: Campaign, by: User) -> None:
    held = make_signature(campaign, status=Status.HELD, email=ZOE)
    waiting.ask(
        signature_id=held.pk, revision=held.revision, question="Which quarry is yours?", by=by
    )


def vouched(campaign: Campaign, by: User) -> None:
    its = make_signature(campaign, email=ZOE).public_id
    vouching.confirm_name(voucher=make_voucher(campaign), public_id=its, by=by)


def report_kept(campaign: Campaign, by: User) -> None:
    held = make_signature(campaign, status=Status.HELD, email="entry@example.org")
    make_report(held, ZOE)
    moderation.approve(signature_id=held.pk, revision=held.revision, by=by)


def report_removed(campaign: Campaign, by: User) -> None:
    entry = make_signature(campaign, email="entry@example.org")
    make_report(entry, ZOE)
    reject(entry, by)


def reject(signature: Signature, by: User) -> None:
    moderation.reject(
        signature_id=signature.pk,
        revision=signature.revision,
        reason=RejectionReason.IMPERSONATION,
        by=by,
    )


DECISIONS = (published, rejected, question, vouched, report_kept, report_removed)


def decided(act: Callable[[Campaign, User], None], campaign: Campaign) -> Mail:
    """The one mail to zoe@ that is owed since staff has acted so."""
    act(campaign, make_user("view_signature", "moderate_signature"))
    found = Mail.objects.get(kind=act.__name__)
    Mail.objects.exclude(pk=found.pk).delete()
    return found


def deliver_at(at: datetime) -> None:
    with time_machine.travel(at):
        delivery.deliver_due()


def test_the_decisions_are_all_kinds_of_mail_that_no_stranger_causes() -> None:
    kinds = {act.__name__ for act in DECISIONS}
    assert kinds == set(MailKind.values) - set(BY_STRANGERS) - {MailKind.ALERT}


@pytest.mark.parametrize("act", DECISIONS)
def test_what_staff_decides_waits_while_there_is_no_such_mailbox(
    campaign: Campaign, sink: Sink, act: Callable[[Campaign, User], None]
) -> None:
    mail, now = decided(act, campaign), timezone.now()
    bounces.came_back(ZOE)
    for days in (1, 6.9):
        deliver_at(now + timedelta(days=days))
        mail.refresh_from_db()
        assert (mail.status, mail.attempts) == (MailStatus.DEFERRED, 0)
    assert not sink.envelopes
    deliver_at(now + timedelta(days=7, minutes=1))
    assert sink.envelopes == [[ZOE]]


@pytest.mark.parametrize("act", DECISIONS)
def test_control_without_a_bounce_what_staff_decides_is_told(
    campaign: Campaign, sink: Sink, act: Callable[[Campaign, User], None]
) -> None:
    decided(act, campaign)
    deliver_at(timezone.now() + timedelta(days=1))
    assert sink.envelopes == [[ZOE]]


@pytest.mark.parametrize("act", DECISIONS)
def test_after_a_complaint_nothing_that_staff_decides_is_sent(
    campaign: Campaign, sink: Sink, act: Callable[[Campaign, User], None]
) -> None:
    complain(make_signature(campaign, status=Status.PENDING, email=ZOE))
    mail = decided(act, campaign)
    for days in (1, 8, 400):
        deliver_at(timezone.now() + timedelta(days=days))
    mail.refresh_from_db()
    assert mail.status == MailStatus.SUPPRESSED
    assert not sink.envelopes


@pytest.mark.parametrize("represented", [True, False])
@pytest.mark.parametrize("complains", [True, False])
def test_after_a_complaint_nothing_that_strangers_caused_before_is_sent(
    client: Client, sink: Sink, *, complains: bool, represented: bool
) -> None:
    campaign = make_campaign(publication="after_verification")
    cause_everything(client, campaign, {}, represented=represented)
    kind = MailKind.REPRESENTED if represented else MailKind.REPRESENT_CONFIRM
    waiting_for = {*BY_STRANGERS} - {*OF_REPRESENTATIONS, MailKind.MY_DATA} | {kind}
    Mail.objects.update(status=MailStatus.QUEUED)
    if complains:
        for mail in Mail.objects.all():
            assert bounces.hear(
                message_id=letters.message_id(mail),
                recipient=mail.recipient.email,
                reason=UnreachableReason.COMPLAINED,
            )
    deliver_at(timezone.now() + timedelta(days=2))
    sent = Mail.objects.filter(status=MailStatus.SENT)
    assert {mail.kind for mail in sent} >= (set() if complains else waiting_for)
    assert len(sink.envelopes) == len(sent)
    assert bool(sent) is not complains
    assert not Mail.objects.filter(status__in=WAITING).exists()


def test_after_a_complaint_a_link_of_ones_own_mails_nothing_either(campaign: Campaign) -> None:
    signature = make_signature(campaign, email=ZOE)
    token = manage_token(signature)
    complain(signature)
    with time_machine.travel(timezone.now() + timedelta(days=60)):
        signing.renew(Purpose.MANAGE, token)
    assert not Mail.objects.filter(kind=MailKind.SIGNED_ALREADY).exists()


def complain(signature: Signature) -> None:
    """Its owner calls a mail about it unwanted."""
    mail = Mail.objects.filter(signature=signature).latest("pk")
    assert bounces.hear(
        message_id=letters.message_id(mail), recipient=ZOE, reason=UnreachableReason.COMPLAINED
    )


# --- What a provider reports -----------------------------------------------------------------


def basic(secret: str = SECRET) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'petition:{secret}'.encode()).decode()}"}


@pytest.fixture
def postmark(settings: Settings) -> None:
    settings.MAIL_PROVIDER = "postmark"
    settings.ANYMAIL = {"WEBHOOK_SECRET": f"petition:{SECRET}"}


@pytest.fixture
def mail(campaign: Campaign) -> Mail:
    sign(campaign)
    return Mail.objects.get()


def bounce(mail: Mail, **changed: Any) -> dict[str, Any]:
    return {
        "RecordType": "Bounce",
        "Type": "HardBounce",
        "ID": 1,
        "Email": ZOE,
        "MessageID": "00000000-0000-0000-0000-000000000000",
        "Metadata": {"anymail_id": letters.message_id(mail)},
        "BouncedAt": "2026-03-01T12:00:00Z",
        **changed,
    }


def report(client: Client, event: Any, headers: dict[str, str] | None = None) -> int:
    sent = basic() if headers is None else headers
    answer = client.post(PATH, json.dumps(event), content_type="application/json", headers=sent)
    return answer.status_code


def noted() -> list[tuple[str, bool]]:
    """Why, and whether for ever."""
    return [(row.reason, row.until is None) for row in Unreachable.objects.all()]


def test_without_a_provider_there_is_no_such_address(client: Client, mail: Mail) -> None:
    assert report(client, bounce(mail)) == 404
    assert not noted()


@pytest.mark.usefixtures("postmark")
class TestPostmark:
    def test_a_hard_bounce_is_noted_for_a_week(self, client: Client, mail: Mail) -> None:
        assert report(client, bounce(mail)) == 200
        assert noted() == [("bounced", False)]

    def test_a_complaint_is_noted_for_ever_and_no_bounce_ends_it(
        self, client: Client, mail: Mail, campaign: Campaign
    ) -> None:
        complaint = bounce(mail, RecordType="SpamComplaint", Type="SpamComplaint")
        assert [report(client, each) for each in (bounce(mail), complaint, bounce(mail))] == [
            200
        ] * 3
        assert noted() == [("complained", True)]
        with time_machine.travel(timezone.now() + timedelta(days=400)):
            retention.expire()
            sign(campaign)
        assert noted() == [("complained", True)]

    def test_who_does_not_show_the_secret_silences_nobody(self, client: Client, mail: Mail) -> None:
        for headers in (
            {},
            basic("another"),
            {"Authorization": "Basic x"},
            {"Authorization": "Bearer x"},
        ):
            assert report(client, bounce(mail), headers) == 400
        assert not noted()

    def test_only_a_mail_of_ours_to_that_very_address_counts(
        self, client: Client, mail: Mail
    ) -> None:
        real = letters.message_id(mail)
        others: tuple[dict[str, Any], ...] = (
            {"Email": "victim@example.org"},
            {"Metadata": {"anymail_id": f"<made-up.{mail.pk}@testserver>"}},
            {"Metadata": {"anymail_id": real.replace(f".{mail.pk}@", f".{mail.pk + 1}@")}},
            {"Metadata": {"anymail_id": real.replace("@", "@elsewhere.")}},
            {"Metadata": {"anymail_id": "<x." + "9" * 400 + "@testserver>"}},
            {"Metadata": {}},
            {"Email": None},
            {"Email": "no address"},
        )
        for changed in others:
            assert report(client, bounce(mail, **changed)) == 200
        assert not noted()

    @pytest.mark.parametrize(
        "kind", ["SoftBounce", "Transient", "Blocked", "DMARCPolicy", "VirusNotification"]
    )
    def test_what_is_no_hard_bounce_is_passed_over(
        self, client: Client, mail: Mail, kind: str
    ) -> None:
        assert report(client, bounce(mail, Type=kind)) == 200
        assert not noted()

    @pytest.mark.parametrize("answer", NOT_THERE)
    def test_a_code_of_no_mailbox_is_noted(self, client: Client, mail: Mail, answer: str) -> None:
        assert report(client, bounce(mail, Details=f"smtp;{answer}")) == 200
        assert noted() == [("bounced", False)]

    @pytest.mark.parametrize("answer", SAYS_NOTHING)
    def test_no_other_answer_silences_anybody_whatever_it_is_called(
        self, client: Client, mail: Mail, answer: str
    ) -> None:
        assert report(client, bounce(mail, Details=f"smtp;{answer}")) == 200
        assert not noted()

    def test_without_an_answer_its_own_word_counts(self, client: Client, mail: Mail) -> None:
        assert report(client, bounce(mail, Details="action: failed\r\n")) == 200
        assert noted() == [("bounced", False)]

    def test_what_is_no_address_at_all_is_noted(self, client: Client, mail: Mail) -> None:
        assert report(client, bounce(mail, Type="BadEmailAddress")) == 200
        assert noted() == [("bounced", False)]

    def test_what_it_suppresses_since_an_earlier_bounce_is_passed_over(
        self, client: Client, mail: Mail
    ) -> None:
        suppressed = {
            "RecordType": "SubscriptionChange",
            "SuppressSending": True,
            "SuppressionReason": "HardBounce",
            "Recipient": ZOE,
            "Metadata": {"anymail_id": letters.message_id(mail)},
            "ChangedAt": "2026-03-01T12:00:00Z",
        }
        assert report(client, suppressed) == 200
        assert not noted()

    @pytest.mark.parametrize(
        "body", ["", "{", "[]", "null", "7", '"x"', "{}", '{"RecordType": []}', "\x00"]
    )
    def test_what_cannot_be_read_is_refused_and_breaks_nothing(
        self, client: Client, body: str
    ) -> None:
        answer = client.post(PATH, body, content_type="application/json", headers=basic())
        assert answer.status_code in {200, 400}
        assert client.get(PATH, headers=basic()).status_code == 405
        assert not noted()

    def test_the_mail_carries_the_id_that_postmark_gives_back(self, mail: Mail) -> None:
        assert letters.render(mail).extra_headers["X-PM-Metadata-anymail_id"] == letters.message_id(
            mail
        )


def mailgun_event(mail: Mail, key: str, **changed: Any) -> dict[str, Any]:
    signed = {"timestamp": "1772366400", "token": "t" * 50}
    text = f"{signed['timestamp']}{signed['token']}".encode()
    data = {
        "event": "failed",
        "severity": "permanent",
        "reason": "bounce",
        "recipient": ZOE,
        "message": {"headers": {"message-id": letters.message_id(mail).strip("<>")}},
        "delivery-status": {"code": 550, "message": "5.1.1 no such user"},
        **changed,
    }
    seal = hmac.new(key.encode(), text, hashlib.sha256).hexdigest()
    return {"signature": {**signed, "signature": seal}, "event-data": data}


@pytest.fixture
def mailgun(settings: Settings) -> None:
    settings.MAIL_PROVIDER = "mailgun"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "", "MAILGUN_WEBHOOK_SIGNING_KEY": SECRET}


@pytest.mark.usefixtures("mailgun")
class TestMailgun:
    def test_it_is_known_by_its_signature(self, client: Client, mail: Mail) -> None:
        assert report(client, mailgun_event(mail, "another"), {}) == 400
        assert report(client, mailgun_event(mail, SECRET, severity="temporary"), {}) == 200
        assert not noted()
        assert report(client, mailgun_event(mail, SECRET), {}) == 200
        assert noted() == [("bounced", False)]

    @pytest.mark.parametrize("answer", NOT_THERE)
    def test_a_code_of_no_mailbox_is_noted(self, client: Client, mail: Mail, answer: str) -> None:
        assert report(client, mailgun_event(mail, SECRET, **told(answer)), {}) == 200
        assert noted() == [("bounced", False)]

    @pytest.mark.parametrize("answer", SAYS_NOTHING)
    def test_no_other_answer_silences_anybody(
        self, client: Client, mail: Mail, answer: str
    ) -> None:
        assert report(client, mailgun_event(mail, SECRET, **told(answer)), {}) == 200
        assert not noted()

    def test_a_code_that_stands_beside_the_words_counts(self, client: Client, mail: Mail) -> None:
        for code, found in (("5.2.2", []), ("5.1.1", [("bounced", False)])):
            status = {"code": 550, "enhanced-code": code, "message": "not taken"}
            event = mailgun_event(mail, SECRET, **{"delivery-status": status})
            assert report(client, event, {}) == 200
            assert noted() == found

    def test_what_it_drops_since_an_earlier_mail_came_back_is_passed_over(
        self, client: Client, mail: Mail
    ) -> None:
        said = "Not delivering to previously bounced address"
        status = {"code": 605, "message": said, "description": ""}
        event = mailgun_event(mail, SECRET, reason="suppress-bounce", **{"delivery-status": status})
        assert report(client, event, {}) == 200
        assert not noted()


def told(answer: str) -> dict[str, Any]:
    """An answer of a mail server as Mailgun tells it: its number apart from its words."""
    code, _, said = answer.partition(" ")
    return {"delivery-status": {"code": int(code), "message": said, "description": ""}}


@pytest.mark.parametrize(
    "body", ["[" * 100_000, '{"signature":' * 20_000, "[1]", "{}", "\x00", "9" * 5000]
)
def test_no_body_that_anybody_sends_breaks_what_reads_mailguns(
    client: Client, settings: Settings, body: str
) -> None:
    """It is read before its signature is looked at."""
    settings.MAIL_PROVIDER = "mailgun"
    settings.ANYMAIL = {"WEBHOOK_SECRET": "", "MAILGUN_WEBHOOK_SIGNING_KEY": SECRET}
    answer = client.post(PATH, body, content_type="application/json")
    assert answer.status_code == 400
    assert not noted()


# --- Who sees it -----------------------------------------------------------------------------


@pytest.fixture
def page(client: Client) -> Callable[[Signature], str]:
    def read(signature: Signature) -> str:
        path = f"/admin/campaign/signature/{signature.pk}/change/"
        return client.get(path).content.decode()

    return read


def test_moderators_see_it_at_the_signature(
    client: Client, campaign: Campaign, sink: Sink, page: Callable[[Signature], str]
) -> None:
    held = make_signature(campaign, status=Status.HELD, email=ZOE)
    client.force_login(make_user(*MODERATOR))
    assert "there is no such mailbox" not in page(held)
    Mail.objects.all().delete()
    refused(campaign, sink, "550 5.1.1 no such user")
    assert "there is no such mailbox" in page(held)
    client.force_login(make_user("view_signature", username="reader"))
    assert "there is no such mailbox" not in page(held)


def test_the_operator_finds_it_by_the_address_and_lifts_it(
    client: Client, campaign: Campaign, sink: Sink
) -> None:
    refused(campaign, sink, "550 5.1.1 no such user")
    client.force_login(make_user("view_unreachable", "delete_unreachable"))
    path = "/admin/campaign/unreachable/"
    row = Unreachable.objects.get()
    assert row.address_hash[:12] in client.get(f"{path}?q=zoe@example.org").content.decode()
    assert row.address_hash[:12] not in client.get(f"{path}?q=other@example.org").content.decode()
    shown = client.get(f"{path}{row.pk}/change/").content.decode()
    assert "Once this is deleted, mails go there again." in shown
    assert client.post(f"{path}{row.pk}/delete/", {"post": "yes"}).status_code == 302
    sign(campaign)
    assert Mail.objects.count() == 2
