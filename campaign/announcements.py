"""Owing an announcement: a row for each webhook that wants it, in the transaction that causes it.

Nothing is announced of somebody who signed without showing the name: they are never listed, so
they neither come onto the list nor leave it.
"""

from django.db import connection
from django.utils import timezone

from campaign import queue
from campaign.models.signature import Signature
from campaign.models.webhook import Announced

DISPATCH = "campaign.dispatch"
"""The task that sends what is owed here."""

_OWE = """
INSERT INTO campaign_webhookdelivery
    (webhook_id, message, event, signer, number, status, due_at, attempts, error, created_at)
SELECT id, gen_random_uuid(), %(event)s, %(signer)s, %(number)s, 'queued', %(now)s, 0, '', %(now)s
FROM campaign_webhook
WHERE campaign_id = %(campaign)s AND active AND %(event)s = ANY (events)
"""


def announce(signature: Signature, *, was_listed: bool, taken_back: bool) -> None:
    """Owe what a change of a locked signature means for the list; nothing where it means nothing.

    ``taken_back`` says that the signer did it, by withdrawing, erasing or hiding. A
    ``signature`` locked by `locks` knows whether there is a webhook, and costs nothing where there is none.
    """
    if not getattr(signature, "has_webhooks", True):
        return
    if signature.is_listed:
        event = Announced.UPDATED if was_listed else Announced.PUBLISHED
    elif was_listed:
        event = Announced.WITHDRAWN if taken_back else Announced.REMOVED
    else:
        return
    owe(signature.campaign_id, event, signer=signature.public_id)


def owe(campaign_id: int, event: Announced, *, signer: str = "", number: int | None = None) -> None:
    """Write a row for each active webhook of the campaign that wants this event; told after commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OWE,
            {
                "campaign": campaign_id,
                "event": event,
                "signer": signer,
                "number": number,
                "now": timezone.now(),
            },
        )
        owed = cursor.rowcount
    if owed:
        queue.tell_after_commit(DISPATCH)
