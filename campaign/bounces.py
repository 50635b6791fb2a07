"""Mailboxes that mails don't reach, and those whose owner called one unwanted: noted, asked, forgotten.

By keyed hash, for all campaigns of the server: it is the mailbox that is gone, not the signer. Nothing goes
there: strangers cause it no mail (`outbox.welcome`), and what is owed is stopped or waits (`delivery`).

A mail that came back says so of the address that it went to, and of no other that counts as the same:
strangers can type one that does not exist. A complaint is the owner's, and stands for all of them.
"""

import re
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from campaign import letters, mailboxes, outbox
from campaign.models.address import Unreachable, UnreachableReason, canonical_address
from campaign.models.mail import Mail
from campaign.models.signature import Signature

BOUNCED_FOR = timedelta(days=7)
"""How long nothing goes to a mailbox that was not there: one may be opened, or mended, meanwhile. A mail a
week to a dead one harms nobody's reputation."""

_NO_MAILBOX = re.compile(r"5\.(?:1\.(?:1|2|3|6|10)|2\.1)(?![0-9.])")
_OUR_ID = re.compile(r"<?[^<>@.]+\.([0-9]{1,18})@[^<>@]+>?")


def is_no_mailbox(answer: str) -> bool:
    """Whether what a mail server says begins with a code of no such mailbox (RFC 3463: 5.1.1 and the like).

    A policy (5.7), a full mailbox (5.2.2) and a bare 550, which may mean either, say nothing of the address.
    """
    return _NO_MAILBOX.match(answer) is not None


def came_back(email: str) -> None:
    """Note that there is no such mailbox, for a while."""
    _note(outbox.mailed_hash(email), UnreachableReason.BOUNCED)


def _note(address_hash: str, reason: UnreachableReason) -> None:
    """Note why nothing goes to a mailbox, or put the end of it off. A complaint has no end."""
    its = {"address_hash": address_hash}
    until = timezone.now() + BOUNCED_FOR if reason == UnreachableReason.BOUNCED else None
    found = {"reason": reason, "until": until}
    _noted, fresh = Unreachable.objects.get_or_create(**its, defaults=found)
    if not fresh:
        # By the row as it is now: a complaint that comes at the same time is not overwritten.
        Unreachable.objects.filter(**its).exclude(reason=UnreachableReason.COMPLAINED).update(
            **found
        )


def hear(*, message_id: str, recipient: str, reason: UnreachableReason) -> bool:
    """Take a provider's word that one of our mails came back, or was complained of; False of any other mail.

    It counts where the whole Message-ID is that of a mail of ours, and went to that very address: what a
    provider says of somebody else's mail silences nobody.
    """
    found = _OUR_ID.fullmatch(message_id.strip())
    rows = Mail.objects.select_related("signature", "report", "representation", "notice")
    mail = rows.filter(pk=int(found[1]), notice=None).first() if found else None
    if mail is None or letters.message_id(mail).strip("<>") != message_id.strip().strip("<>"):
        return False
    if reason == UnreachableReason.BOUNCED:
        # Of another spelling it would silence one that the mail did not go to.
        if mailboxes.mailed_address(recipient) != mailboxes.mailed_address(mail.recipient.email):
            return False
        came_back(recipient)
        return True
    its = mail.recipient.canonical_email
    if not its or canonical_address(recipient) != its:
        return False
    _note(outbox.address_hash(its), reason)
    return True


def of(signature: Signature) -> Unreachable | None:
    """What stands against mails to the address of a signature now."""
    if not signature.canonical_email:
        return None
    noted = outbox.against(email=signature.email, canonical_email=signature.canonical_email)
    found = Unreachable.objects.filter(outbox.still_unreachable(), noted)
    return found.order_by(F("until").desc(nulls_first=True)).first()
