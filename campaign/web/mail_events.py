"""What a mail provider reports of our mails: that one came back, or that its reader complained.

One address, which is there only where `MAIL_EVENTS` names the provider and the secret that it shows. Anymail
checks the secret and reads the provider's format.
"""

import re
from collections.abc import Mapping
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.signals import EventType, tracking
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
_CODE = re.compile(r"(?<![0-9.])[245]\.[0-9]{1,3}\.[0-9]{1,3}(?!\.?[0-9])")
_REPLY = re.compile(r"\b[245][0-9]{2}\b")
_HARD = frozenset({"HardBounce", "BadEmailAddress"})
"""What Postmark calls a mailbox that is not there; Anymail takes its soft bounces for bounces too."""


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
    """Whether the mailbox is not there: by the codes that `delivery` heeds in an answer to RCPT.

    Where the provider tells no answer of a mail server at all, Postmark's own word counts. Mailgun's
    doesn't: what it drops since an earlier mail came back (``suppress-bounce``) may have met a policy
    or a full mailbox then.
    """
    raw = event.esp_event if isinstance(event.esp_event, Mapping) else {}
    kind = raw.get("Type")
    if kind is not None and kind not in _HARD:
        return False
    answer = f"{_mailguns_code(raw)} {event.mta_response or ''}"
    if code := _CODE.search(answer):
        return bounces.is_no_mailbox(code[0])
    return kind is not None and _REPLY.search(answer) is None


def _mailguns_code(raw: Mapping[str, Any]) -> str:
    """The enhanced code that Mailgun tells beside the words of an answer, where it does."""
    data = raw.get("event-data")
    status = data.get("delivery-status") if isinstance(data, Mapping) else None
    return str(status.get("enhanced-code") or "") if isinstance(status, Mapping) else ""


@receiver(tracking, dispatch_uid="mail-events")
def hear(event: Any, **_sent: Any) -> None:
    """Note a hard bounce and a complaint; all other events are passed over."""
    if event.event_type == EventType.COMPLAINED:
        reason = UnreachableReason.COMPLAINED
    # Postmark's BadEmailAddress is a rejection to Anymail.
    elif event.event_type in {EventType.BOUNCED, EventType.REJECTED} and _is_hard(event):
        reason = UnreachableReason.BOUNCED
    else:
        return
    try:
        recipient = parse_address(str(event.recipient or ""))
    except AddressError:
        return
    bounces.hear(message_id=str(event.message_id or ""), recipient=recipient, reason=reason)
