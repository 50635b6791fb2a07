"""Causes each kind of mail that strangers can cause."""

import json
import re
from datetime import timedelta
from typing import Any

import time_machine
from django.test import Client
from django.utils import timezone

from campaign import letters, retention
from campaign.models import Campaign, Mail
from campaign.models.mail import MailKind
from tests.factories import details, make_signature
from tests.representing import LINK, TYPED


def cause_everything(
    client: Client, campaign: Campaign, headers: dict[str, str], *, represented: bool = True
) -> None:
    """Each kind of mail that strangers can cause, by requests with these headers."""
    entry = make_signature(campaign, email="entry@example.org")

    def post(path: str, data: Any) -> None:
        answer = client.post(path, data, headers=headers)
        assert answer.status_code == 200, answer.content[:300]

    def api(path: str, data: Any) -> None:
        sent: dict[str, Any] = {"content_type": "application/json", "headers": headers}
        assert (
            client.post(f"/api/v1/campaigns/art/{path}", json.dumps(data), **sent).status_code
            == 202
        )

    api("signatures/", details(email="one@example.org"))
    api("signatures/resend/", {"email": "entry@example.org"})
    post(
        f"/art/signers/{entry.public_id}/report/",
        {"email": "two@example.org", "reason": "other", "note": ""},
    )
    post("/art/", {**TYPED, "email": "three@example.org"})
    mail = Mail.objects.get(kind=MailKind.REPRESENT_CONFIRM)
    [path] = [
        each for each in LINK.findall(str(letters.render(mail).body)) if "/represent/" in each
    ]
    if represented:
        post(path, {})
    old = re.search(r"/my-data/[\w.-]+/", str(letters.render(mail).body))
    assert old is not None
    post(old[0], {"action": "renew"})
    Mail.objects.filter(kind=MailKind.CONFIRM).update(status="sent", sent_at=timezone.now())
    with time_machine.travel(timezone.now() + timedelta(days=1, minutes=1)):
        assert retention.remind() == 1
