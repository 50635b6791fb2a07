"""A mail's bytes are what Python's own email package would make of it."""

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
import time_machine
from django.core.mail import BadHeaderError, EmailMultiAlternatives
from django.utils import timezone
from pytest_django import Settings

from campaign import letters
from campaign.mime import LINE, Letter
from campaign.models import Mail
from campaign.models.mail import MailKind
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature


def letter(**changed: str) -> Letter:
    parts = {
        "subject": "Please confirm",
        "body": "Dear Zoë\n\n.\nFrom here on\n",
        "html": "<p>Dear Zoë</p>\n",
        "to": "zoe@example.org",
        **changed,
    }
    made = Letter(
        subject=parts["subject"],
        body=parts["body"],
        from_email="hello@example.org",
        to=[parts["to"]],
        headers={"Message-ID": "<1.2@example.org>"},
    )
    made.attach_alternative(parts["html"], "text/html")
    return made


def read(whole: bytes) -> EmailMessage:
    message = message_from_bytes(whole, policy=policy.default)
    assert isinstance(message, EmailMessage)
    assert not message.defects
    return message


def told(whole: bytes) -> dict[str, object]:
    """Everything that a mail program finds in it."""
    message = read(whole)
    headers = {name: str(value).strip() for name, value in message.items()}
    content_type = headers.pop("Content-Type").partition(";")[0]
    parts = []
    for part in message.iter_parts():
        text = part.get_content().replace("\r\n", "\n")
        parts.append((part.get_content_type(), part.get_content_charset(), text))
    return {**headers, "type": content_type, "parts": parts}


def both(made: Letter) -> tuple[dict[str, object], dict[str, object]]:
    """What stands in our bytes and in Python's."""
    with time_machine.travel(timezone.now(), tick=False):  # or a second ends between the two dates
        ours = made.message().as_bytes(linesep="\r\n")
        pythons = EmailMultiAlternatives.message(made).as_bytes()
    assert max(len(line) for line in ours.split(b"\r\n")) <= LINE
    assert b"\n" not in ours.replace(b"\r\n", b"")
    return told(ours), told(pythons)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "fr"])
# An alert is of no signature, and who is represented or sees their data needs somebody beside the signer:
# those are read as they arrive, in `test_bell_mail`, `test_representing` and `test_my_data`.
@pytest.mark.parametrize("kind", sorted(set(MailKind.values) - {"alert", "represented"}))
def test_every_mail_reads_as_the_one_of_pythons_email_package(kind: str, language: str) -> None:
    make_signature(make_campaign(), status=Status.PENDING, language=language)
    mail = Mail.objects.get()
    mail.kind = kind
    with time_machine.travel(timezone.now(), tick=False):  # or a second may end between the two
        ours, pythons = both(letters.render(mail))
    assert ours == pythons


@pytest.mark.parametrize(
    "changed",
    [
        {"subject": "L’art n’est pas une carrière " * 8},
        {"subject": "Art is not a quarry " * 12},
        {"subject": "藝術不是採石場" * 40},
        {"body": "藝" * 2000 + "\n"},
        {"html": "<p>" + "word " * 400 + "</p>\n"},
        {"body": "plain ASCII\n", "html": "<p>plain ASCII</p>\n"},
        {"body": ".\n..\n.leading\n"},
    ],
    ids=str,
)
def test_long_lines_and_other_scripts_read_the_same(changed: dict[str, str]) -> None:
    ours, pythons = both(letter(**changed))
    assert ours == pythons


@pytest.mark.parametrize("field", ["subject", "to"])
@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n"])
def test_a_line_break_in_a_header_is_refused(field: str, line_break: str) -> None:
    with pytest.raises(BadHeaderError):
        letter(**{field: f"a@example.org{line_break}Bcc: b@example.org"}).message()


def test_what_is_plain_ascii_is_sent_as_such(settings: Settings) -> None:
    whole = letter(body="plain\n").message().as_bytes()
    plain, html = read(whole).iter_parts()
    assert plain["Content-Transfer-Encoding"] == "7bit"
    assert html["Content-Transfer-Encoding"] == "8bit"
