"""What tests of signing for somebody else do: type the form, find the link in each mail."""

import re
from typing import Any

from django.test import Client

from campaign import letters
from campaign.models import Mail, Signature
from campaign.models.mail import MailKind

LINK = re.compile(r"http://testserver(/(?:represent|confirm|not-me)/[\w.-]+/)")


TYPED = {
    "action": "sign",
    "language": "en",
    "representative_name": "Canary Agent",
    "representative_email": "canary.agent@agency.example.org",
    "representative_role": "Canary manager",
    "name": "Zoë Moreau",
    "email": "zoe@example.org",
    "kind": "person",
    "credit": "The Quarry Songs",
    "show_name": "yes",
}


def ask(client: Client, **typed: str) -> Any:
    return client.post("/art/", {**TYPED, **typed})


def body(kind: MailKind) -> str:
    mail = Mail.objects.filter(kind=kind).latest("pk")
    return str(letters.render(mail).body)


def link(kind: MailKind, path: str) -> str:
    found = next(each for each in LINK.findall(body(kind)) if each.startswith(f"/{path}/"))
    return str(found)


def asked(client: Client, **typed: str) -> Signature:
    """A signature whose representative has confirmed their mailbox."""
    assert ask(client, **typed).status_code == 200
    assert client.post(link(MailKind.REPRESENT_CONFIRM, "represent")).status_code == 200
    return Signature.objects.latest("pk")
