"""What goes over the wire: no text that anybody types adds a header, a recipient, or a link elsewhere."""

import json
import re
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.conf import settings as product
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from campaign import delivery, letters
from campaign.errors import CampaignError
from campaign.file_values import FileMistake
from campaign.links import Purpose, read_token
from campaign.models import Campaign, Mail, Report, Representation, Signature, Suppression
from campaign.models.mail import BY_STRANGERS, MailKind, MailStatus
from campaign.models.signature import Status
from tests.causing import cause_everything
from tests.factories import details, make_campaign, make_signature
from tests.representing import LINK
from tests.smtp import Sink

pytestmark = pytest.mark.django_db

HEADERS = {
    "MIME-Version", "Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "Content-Language",
    "List-Unsubscribe", "List-Unsubscribe-Post", "Content-Type",
}  # fmt: skip
HOSTILE = [
    "Zoë\r\nBcc: victim@example.org",
    "Zoë\nBcc: victim@example.org",
    "Zoë\rBcc: victim@example.org",
    "Zoë\r\n\r\nAnother body",
    "Zoë\u2028Bcc: victim@example.org",
    "Zoë\u2029Bcc: victim@example.org",
    "Zoë\x85Bcc: victim@example.org",
    "Zoë\x0b\x0c\x1c\x1d\x1eBcc: victim@example.org",
    "=?utf-8?B?DQpCY2M6IHZpY3RpbUBleGFtcGxlLm9yZw==?=",
    "=?utf-8?Q?Zo=0D=0ABcc:_victim@example.org?=",
    'Zoë, "O\'Brien" <victim@example.org>, (comment) ; group: a@example.org;',
    'Back\\slash "quoted\\" name',
    "\u202eزوي\u202c موسى \u05d6\u05d5\u05d9",
    "Ze\u0301 🎻 " + "e\u0301" * 40,
    "word " * 39,
    "x" * 190,
]


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


def delivered(sink: Sink) -> list[bytes]:
    """The raw mails that the server took."""
    delivery.deliver_due()
    return sink.raw


def head_of(raw: bytes) -> dict[str, str]:
    """The headers of a mail as a server reads them: whole lines, each once, nothing beside ours."""
    head, blank, _body = raw.partition(b"\r\n\r\n")
    assert blank
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert b"\r" not in head.replace(b"\r\n", b"")
    assert head.isascii()
    lines = head.split(b"\r\n")
    assert max(map(len, lines)) <= 998
    names = [line.split(b":")[0].decode() for line in lines if line[:1] not in {b" ", b"\t"}]
    assert len(names) == len(set(names))
    assert set(names) <= HEADERS
    parsed = message_from_bytes(raw, policy=policy.default)
    return {name: str(parsed[name]) for name in names}


# --- What signers type -----------------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
@pytest.mark.parametrize("field", ["name", "credit", "organisation", "email", "source", "country"])
def test_what_a_signer_types_reaches_no_header(
    campaign: Campaign, client: Client, sink: Sink, field: str, text: str
) -> None:
    body = json.dumps(details(**{field: f"{text}zoe@example.org" if field == "email" else text}))
    answer = client.post("/api/v1/campaigns/art/signatures/", body, content_type="application/json")
    assert answer.status_code in {202, 400, 422}
    for raw in delivered(sink):
        head = head_of(raw)
        assert head["Subject"] == "Please confirm your signature: Art is not a quarry"
        assert head["To"] == "zoe@example.org"
    assert {address for each in sink.envelopes for address in each} <= {"zoe@example.org"}


# --- What a campaign's file says -------------------------------------------------------------


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_whatever_a_subject_says_it_is_one_line(
    campaign: Campaign, sink: Sink, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(letters.SUBJECTS, MailKind.CONFIRM, text)  # as if no door had looked at it
    make_signature(campaign, status=Status.PENDING, email="zoe@example.org")
    [raw] = delivered(sink)
    said = head_of(raw)["Subject"]
    assert "\n" not in said
    assert sink.envelopes == [["zoe@example.org"]]


@pytest.mark.parametrize("name", HOSTILE, ids=ascii)
def test_a_senders_name_adds_nobody_and_nothing(campaign: Campaign, sink: Sink, name: str) -> None:
    Campaign.objects.update(
        sender=f"{name[:150]} <hello@example.org>"
    )  # as if no door had looked at it
    make_signature(campaign, status=Status.PENDING, email="zoe@example.org")
    for raw in delivered(sink):
        assert head_of(raw)["From"].count("@") <= 1 + name.count("@")
    assert sink.envelopes in ([], [["zoe@example.org"]])
    if not sink.envelopes:  # a text that can't be written waits, and the operator is told
        assert Mail.objects.get().status in {MailStatus.DEFERRED, MailStatus.FAILED}


@pytest.mark.parametrize(
    "text", [text for text in HOSTILE if any(c in text for c in "\r\n")], ids=ascii
)
def test_a_campaign_file_with_a_line_break_in_its_sender_is_refused(text: str) -> None:
    with pytest.raises(FileMistake):
        make_campaign(extra=f"sender = {json.dumps(f'{text} <hello@example.org>')}")


# --- Links -----------------------------------------------------------------------------------

ELSEWHERE = {
    "host": "evil.example",
    "x-forwarded-host": "evil.example",
    "x-forwarded-proto": "https",
    "x-forwarded-port": "444",
    "x-original-host": "evil.example",
    "forwarded": "host=evil.example;proto=https",
    "referer": "https://evil.example/",
}


def test_whatever_host_a_request_names_the_mails_lead_to_ours(
    campaign: Campaign, client: Client, settings: Settings
) -> None:
    settings.ALLOWED_HOSTS = ["*"]  # else Django refuses the host, and nothing is shown
    settings.USE_X_FORWARDED_HOST = True
    cause_everything(client, campaign, ELSEWHERE)
    mails = Mail.objects.filter(kind__in=BY_STRANGERS)
    assert {mail.kind for mail in mails} == set(BY_STRANGERS)
    for mail in mails:
        raw = letters.render(mail).message().as_bytes().decode()
        assert "evil" not in raw
        for link in re.findall(r"https?://[^\s\"<>)]+", raw):
            assert link.startswith((f"{product.BASE_URL}/", "https://example.org/privacy")), link


def test_a_host_that_is_not_ours_causes_no_mail_at_all(campaign: Campaign) -> None:
    client = Client(raise_request_exception=False)
    body = json.dumps(details())
    sent: dict[str, Any] = {"content_type": "application/json", "headers": {"host": "evil.example"}}
    answer = client.post("/api/v1/campaigns/art/signatures/", body, **sent)
    assert answer.status_code == 400
    assert not Mail.objects.exists()


# --- Unsubscribing ---------------------------------------------------------------------------


def unsubscribe_path(raw: bytes) -> str:
    head = head_of(raw)
    assert head["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    found = re.fullmatch(rf"<{re.escape(product.BASE_URL)}(/\S+)>", head["List-Unsubscribe"])
    assert found
    return found[1]


def prefetched(path: str) -> None:
    """What scanners and previews do with a link: open it, follow it, more than once."""
    for _ in range(3):
        client = Client()
        assert client.get(path, headers={"purpose": "prefetch"}).status_code == 200
        assert client.head(path).status_code == 200
        assert client.options(path).status_code in {200, 405}
        assert client.get(path, {"List-Unsubscribe": "One-Click"}).status_code == 200


def all_rows() -> list[int]:
    tables = (Signature, Mail, Report, Representation, Suppression)
    return [table.objects.count() for table in tables]


@pytest.mark.parametrize("kind", BY_STRANGERS)
def test_one_click_stops_such_mails_and_no_scanner_does(
    campaign: Campaign, client: Client, sink: Sink, kind: str
) -> None:
    cause_everything(client, campaign, {}, represented=kind != MailKind.REPRESENT_CONFIRM)
    mail = Mail.objects.filter(kind=kind).latest("pk")
    Mail.objects.exclude(pk=mail.pk).update(status=MailStatus.SENT)
    Mail.objects.filter(pk=mail.pk).update(status=MailStatus.QUEUED, due_at=timezone.now())
    address = mail.recipient.email
    [raw] = delivered(sink)
    assert sink.envelopes == [[address]]
    path, before = unsubscribe_path(raw), all_rows()
    prefetched(path)
    assert all_rows() == before
    one_click = "List-Unsubscribe=One-Click"
    sent = Client(enforce_csrf_checks=True).post(
        path, one_click, content_type="application/x-www-form-urlencoded"
    )
    assert sent.status_code == 200
    assert Suppression.objects.filter(reason="not_me").count() == 1
    client.post(
        "/api/v1/campaigns/art/signatures/",
        json.dumps(details(email=address, name="Somebody Else")),
        content_type="application/json",
    )
    client.post("/api/v1/campaigns/art/signatures/resend/", {"email": address}, "application/json")
    assert not Mail.objects.filter(status=MailStatus.QUEUED).exclude(pk=mail.pk).exists()


def test_its_token_is_good_for_nothing_else_and_no_other_for_it(
    campaign: Campaign, sink: Sink
) -> None:
    make_signature(campaign, status=Status.PENDING, email="zoe@example.org")
    [raw] = delivered(sink)
    token = unsubscribe_path(raw).strip("/").rpartition("/")[2]
    for purpose in set(Purpose) - {Purpose.NOT_ME}:
        with pytest.raises(CampaignError):
            read_token(purpose, token)
    confirm = LINK.findall(raw.decode())
    others = [path.split("/")[2] for path in confirm if path.startswith("/confirm/")]
    for other in others:
        assert Client().post(f"/not-me/{other}/").status_code != 200
    assert not Suppression.objects.exists()
