"""What tests of reports do: send one, open its link, look at what the public sees."""

import re
from typing import Any

from django.core.mail import EmailMultiAlternatives
from django.test import Client

from campaign import intake, letters
from campaign.models import Campaign, Mail, Report, Signature
from campaign.models.mail import MailKind

LINK = re.compile(r"http://testserver(/report/[\w.-]+/)")
TYPED = {"email": "zoe@example.org", "reason": "not_signed", "note": "I was asked and said no."}
API = "/api/v1/campaigns/art/"


def page_of(entry: Signature) -> str:
    return f"/art/signers/{entry.public_id}/report/"


def send(client: Client, entry: Signature, **typed: str) -> Any:
    return client.post(page_of(entry), {**TYPED, **typed})


def link_of(report: Report) -> str:
    """The link in the body of its mail."""
    mail = Mail.objects.get(report=report, kind=MailKind.REPORT_CONFIRM)
    [link] = LINK.findall(str(letters.render(mail).body))
    return str(link)


def html_of(message: EmailMultiAlternatives) -> str:
    return str(message.alternatives[0][0])


def confirmed(client: Client, entry: Signature, **typed: str) -> Report:
    """A report whose link was opened and whose button was pressed."""
    assert send(client, entry, **typed).status_code == 200
    report = Report.objects.latest("pk")
    assert client.post(link_of(report)).status_code == 200
    report.refresh_from_db()
    return report


def import_file(campaign: Campaign, *lines: str, consent: str = "") -> None:
    rows = ["name,email\r\n", *(f"{line}\r\n" for line in lines)]
    done = intake.import_signers(
        campaign=campaign, lines=rows, file_name="a.csv", consent_note=consent
    )
    assert (done.added, done.mistakes) == (len(lines), [])


def public(client: Client) -> tuple[Any, ...]:
    """All that the public sees of the campaign's signers: list, changes, counts without their time."""
    since = "2026-01-01T00:00:00Z"
    numbers = client.get(f"{API}counts/").json()
    numbers.pop("as_of")
    return (
        client.get(f"{API}signers/").json()["results"],
        client.get(f"{API}signers/", {"updated_since": since}).json()["results"],
        numbers,
    )
