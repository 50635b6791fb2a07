"""What a mail provider reports of our mails: that one came back, or that its reader complained.

One address, which is there only where `MAIL_EVENTS` names the provider and the secret that it shows. Anymail
checks the secret and reads the provider's format.
"""

import re
from collections.abc import Mapping
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import EventType, RejectReason, tracking
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from anymail.webhooks.postmark import PostmarkTrackingWebhookView
from django.conf import settings
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt

from campaign import bounces
from campaign.mailboxes import AddressError, parse_address
from campaign.models.address import UnreachableReason

VIEWS = {
    "mailgun": MailgunTrackingWebhookView,
    "postmark": PostmarkTrackingWebhookView,
}
_POLICY = re.compile(r"\b5\.7\.[0-9]")


@csrf_exempt
def mail_events(request: HttpRequest) -> HttpResponse:
    """POST of the provider; 400 for a wrong secret and for what cannot be read, so that nothing is kept."""
    if settings.MAIL_PROVIDER is None:
        raise Http404
    try:
        answer: HttpResponse = VIEWS[settings.MAIL_PROVIDER].as_view()(request)
        return answer
    except AnymailWebhookValidationFailure:
        return HttpResponse("not the secret that was agreed", status=400, content_type="text/plain")
    # Anymail reads the body before it looks at Mailgun's signature: it is anybody's, and may be too deep.
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return HttpResponse("not an event", status=400, content_type="text/plain")


def _is_hard(event: Any) -> bool:
    """Whether the mailbox is not there; a policy or a full mailbox says nothing of the address.

    Anymail takes Postmark's soft bounces for bounces too: its own word is ``Type``.
    """
    raw = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    return (
        event.reject_reason in {RejectReason.BOUNCED, RejectReason.INVALID, None}
        and raw.get("Type", "HardBounce") in {"HardBounce", "BadEmailAddress"}
        and not _POLICY.search(str(event.mta_response or ""))
    )


@receiver(tracking, dispatch_uid="mail-events")
def hear(event: Any, **_sent: Any) -> None:
    """Note a hard bounce and a complaint; all other events are passed over."""
    if event.event_type == EventType.COMPLAINED:
        reason = UnreachableReason.COMPLAINED
    elif event.event_type == EventType.BOUNCED and _is_hard(event):
        reason = UnreachableReason.BOUNCED
    else:
        return
    try:
        recipient = parse_address(str(event.recipient or ""))
    except AddressError:
        return
    bounces.hear(message_id=str(event.message_id or ""), recipient=recipient, reason=reason)
