"""Pending signatures by the product's own verbs, for what comes after signing."""

from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from benchmarks.campaign import SLUG
from campaign import outbox, placing
from campaign.details import read_details
from campaign.history import SIGNER
from campaign.links import Purpose
from campaign.models import Campaign, Mail, Signature
from campaign.models.event import Verb
from campaign.models.mail import WAITING, MailKind, MailStatus
from campaign.models.statement import Consent, current_text

BATCH = 1000


def main(number: str, tag: str, tokens: str, owed: str) -> int:
    """Place so many, write their tokens to a file, and owe them a mail if `owed` is "owed".

    Nothing else waits for the worker afterwards. Gives how many there are.
    """
    Mail.objects.filter(status__in=[*WAITING, MailStatus.CLAIMED]).update(
        status=MailStatus.SUPPRESSED, lease_owner="", lease_until=None
    )
    made: list[Signature] = []
    for first in range(0, int(number), BATCH):
        last = min(first + BATCH, int(number))
        made += place([f"{tag}-{n}" for n in range(first, last)], owed=owed == "owed")
    Path(tokens).write_text("".join(f"{token(row)}\n" for row in made))
    return len(made)


@transaction.atomic
def place(tags: list[str], *, owed: bool = False) -> list[Signature]:
    campaign = Campaign.objects.prefetch_related("disciplines").get(slug=SLUG)
    text, consent = current_text(campaign, "en"), Consent.objects.get(campaign=campaign)
    rows = []
    for tag in tags:
        details = read_details(campaign, typed(tag))
        rows.append(
            Signature(
                campaign=campaign,
                signed_at=timezone.now(),
                canonical_email=details.email,
                **details.columns(text, consent),
            )
        )
    placing.place(rows, verb=Verb.SIGN, actor=SIGNER)
    if owed:
        outbox.owe(MailKind.CONFIRM, rows)
    return rows


def typed(tag: str) -> dict[str, Any]:
    """What somebody types, distinct by its tag; the same fields as in client.lua."""
    return {
        "name": f"Signer {tag}",
        "email": f"signer-{tag}@example.org",
        "kind": "person",
        "discipline": "musician",
        "credit": "The Quarry Songs",
        "country": "FR",
        "language": "en",
        "consent": True,
    }


def token(signature: Signature) -> str:
    """The token of the link in its mail."""
    return outbox.link_to(Purpose.CONFIRM, signature).rstrip("/").rpartition("/")[2]
