"""What stands in the mails."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from campaign import letters, moderation
from campaign.models import Mail
from campaign.models.signature import RejectionReason, Status
from tests.factories import make_campaign, make_signature, make_user

pytestmark = pytest.mark.django_db

CONFIRM_LINK = re.compile(r"http://testserver/confirm/[\w.-]+/")


def rendered(mail: Mail) -> EmailMultiAlternatives:
    return letters.render(Mail.objects.get(pk=mail.pk))


def parsed(message: EmailMultiAlternatives) -> EmailMessage:
    """As a mail program reads it."""
    read = message_from_bytes(message.message().as_bytes(), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def html(message: EmailMultiAlternatives) -> str:
    return str(message.alternatives[0][0])


def only_mail(kind: str) -> EmailMultiAlternatives:
    return rendered(Mail.objects.get(kind=kind))


def test_the_confirmation_holds_one_link_in_both_parts_and_it_opens(client: Client) -> None:
    make_signature(make_campaign(), status=Status.PENDING, name="Zoë Moreau")
    message = only_mail("confirm")
    links = CONFIRM_LINK.findall(str(message.body))
    assert len(links) == 1
    assert set(CONFIRM_LINK.findall(html(message))) == set(links)
    assert client.get(links[0]).status_code == 200
    assert "/not-me/" in message.body
    assert "Zoë Moreau" in message.body


@pytest.mark.parametrize("name", ["Visit sales-4u example", "A" * 61, "will.i.am@spam"])
def test_before_a_mailbox_is_confirmed_only_a_short_plain_name_is_repeated(name: str) -> None:
    signature = make_signature(
        make_campaign(), status=Status.PENDING, credit="Cheap pills", organisation="Pill Shop"
    )
    type(signature).objects.update(name=name)
    message = only_mail("confirm")
    whole = f"{message.subject}{message.body}{html(message)}"
    assert "Cheap pills" not in whole
    assert "Pill Shop" not in whole
    assert (name in whole) == (len(name) <= 60 and "@" not in name)
    assert name not in message.subject


def test_markup_in_a_name_is_text_in_the_html() -> None:
    signature = make_signature(make_campaign(), status=Status.PENDING)
    type(signature).objects.update(name='<img src="x">')
    message = only_mail("confirm")
    assert "<img" not in html(message)


def test_an_ampersand_is_not_escaped_in_plain_text() -> None:
    make_signature(make_campaign(), status=Status.PENDING, name="Simon & Daughter")
    assert "Simon & Daughter" in only_mail("confirm").body


def test_the_mail_is_in_the_language_of_the_signature() -> None:
    make_signature(make_campaign(), status=Status.PENDING, language="fr")
    message = only_mail("confirm")
    assert "L’art n’est pas une carrière" in message.subject
    assert message.extra_headers["Content-Language"] == "fr"
    assert "onfirmer" in message.body


def test_a_published_note_comes_after_a_hold() -> None:
    signature = make_signature(make_campaign())
    assert list(signature.mails.order_by("pk").values_list("kind", flat=True)) == [
        "confirm",
        "published",
    ]
    assert "/manage/" in only_mail("published").body


def test_a_rejection_says_its_reason_and_not_the_note() -> None:
    signature = make_signature(make_campaign(), status=Status.HELD)
    moderation.reject(
        signature_id=signature.pk,
        revision=signature.revision,
        reason=RejectionReason.IMPERSONATION,
        by=make_user(),
        note="internal doubt",
    )
    message = only_mail("rejected")
    assert "We could not confirm that this is you." in message.body
    assert "internal doubt" not in f"{message.body}{html(message)}"
    assert "privacy@example.org" in message.body


def test_a_line_break_in_a_title_cannot_add_a_header() -> None:
    make_signature(make_campaign(), status=Status.PENDING)
    mail = Mail.objects.get(kind="confirm")
    mail.about.statement.title = "Art\r\nBcc: victim@example.org"
    message = parsed(letters.render(mail))
    assert message["Subject"] == "Please confirm your signature: Art Bcc: victim@example.org"
    assert message["Bcc"] is None


def test_mails_that_strangers_can_cause_can_be_stopped_by_one_click() -> None:
    make_signature(make_campaign(), status=Status.PENDING)
    headers = only_mail("confirm").extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<http://testserver/not-me/[\w.-]+/>", headers["List-Unsubscribe"])


def test_the_sender_is_the_campaigns() -> None:
    campaign = make_campaign(extra='sender = "Künste <hello@example.org>"')
    make_signature(campaign, status=Status.PENDING)
    assert "hello@example.org" in only_mail("confirm").from_email


def test_an_internationalised_domain_is_written_to_in_ascii() -> None:
    make_signature(make_campaign(), status=Status.PENDING, email="zoe@bücher.example.org")
    assert only_mail("confirm").to == ["zoe@xn--bcher-kva.example.org"]
