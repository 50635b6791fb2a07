"""Owing a mail: a row written in the transaction that causes it, and the quota of an address."""

import hashlib
import hmac
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q
from django.utils import timezone

from campaign import mailboxes, queue, trip
from campaign.links import LIFETIME, Purpose, link_path
from campaign.models.address import Suppression, SuppressionReason, Unreachable
from campaign.models.campaign import Campaign
from campaign.models.mail import (
    TO_SIGNERS_BY_STRANGERS,
    URGENT,
    Mail,
    MailKind,
    Recipient,
)
from campaign.models.notice import Notice
from campaign.models.report import Report
from campaign.models.representation import Representation
from campaign.models.signature import UNCONFIRMED_KEPT, Signature
from campaign.trip import Statement

DELIVER = "campaign.deliver"
"""The task that sends what is owed."""
STRANGERS_A_DAY = 3
"""Mails that strangers can cause to one address of one campaign on one UTC day (the issue's limit)."""
EVERYWHERE_A_DAY = 6
"""The same by all campaigns together: an attacker may use each of them (docs/decisions/43)."""
STRANGERS_A_LIFE = 12
"""Mails that strangers can cause about one signature until it is confirmed, and again from then on."""
IMPORT_AHEAD = UNCONFIRMED_KEPT - LIFETIME[Purpose.CONFIRM]
"""How far ahead lines of a file are asked: later, the row would be deleted before its link has expired."""
REPORTS_A_DAY = 30
"""Reports about one signature that cause a mail on one UTC day; nobody's lane is filled with one name."""

WELCOME = """
SELECT campaign_welcome(
    %(campaign_id)s, %(mailbox)s, %(addresses)s, %(mailed)s, %(now)s, %(limit)s, %(everywhere)s
)
"""
"""What `welcome` asks, with `welcome_parameters`: a function of the database (migration 0070).

PostgreSQL took longer to plan the question than to answer it. The campaign's slot comes first: where that
has none left, tries cost the other campaigns nothing.
"""

NONE = 0
"""Stands for the campaign of a mail that is about an account of staff."""

_ROOM_FOR_REPORT = """
INSERT INTO campaign_mailquota AS quota (campaign_id, address_hash, day, n)
VALUES (%(campaign_id)s, %(about)s, %(today)s, 1)
ON CONFLICT (campaign_id, address_hash, day)
    DO UPDATE SET n = quota.n + 1 WHERE quota.n < %(limit)s
"""

_TAKE_ONE_EACH = """
INSERT INTO {table} AS quota ({of}address_hash, day, n)
SELECT {these}mailbox, %(day)s, 1 FROM unnest(%(mailboxes)s::text[]) AS asked(mailbox) ORDER BY mailbox
ON CONFLICT ({of}address_hash, day) DO UPDATE SET n = quota.n + 1 WHERE quota.n < %(limit)s
RETURNING address_hash
"""
_OF_CAMPAIGN = _TAKE_ONE_EACH.format(
    table="campaign_mailquota", of="campaign_id, ", these="%(campaign_id)s, "
)
_OF_ALL = _TAKE_ONE_EACH.format(table="campaign_mailday", of="", these="")

# The id as a query of its own: else that of a row of this very trip would be looked for through all mails.
_CAUSED_TO_SIGNER = """(
    SELECT count(*) FROM campaign_mail earlier
    JOIN campaign_signature about ON about.id = earlier.signature_id
    WHERE about.id = (SELECT {of}) AND earlier.kind = ANY(%s)
    AND earlier.created_at > COALESCE(about.confirmed_at, '-infinity')
) < %s"""
_CAUSED_TO_REPRESENTATIVE = """(
    SELECT count(*) FROM campaign_mail WHERE representation_id = %s
) < %s"""


def address_hash(address: str) -> str:
    """A keyed hash of a canonical address (HMAC-SHA256, hex): known again, never read back."""
    key = settings.HASH_KEY.encode()
    return hmac.new(key, address.encode(), hashlib.sha256).hexdigest()


def mailed_hash(email: str) -> str:
    """The same of an address as it is mailed, under which a bounce is noted (`mailboxes.mailed_address`).

    Other spellings that a provider takes for the same may not exist: any stranger can type one, and what
    comes back from there says nothing of the mailbox that its owner reads.
    """
    return address_hash(mailboxes.mailed_address(email))


def mail_subject(to: Recipient) -> str:
    """What a "this wasn't me" link is about: the mail's address, even when its row is gone."""
    return f"{to.public_id}-{to.campaign_id}-{address_hash(to.canonical_email)}"


def link_to(purpose: Purpose, to: Recipient) -> str:
    """The path of a page that the mails of a signature or report lead to, with its token."""
    about = mail_subject(to) if purpose is Purpose.NOT_ME else to.public_id
    return link_path(purpose, subject=about, revision=to.revision)


def left_alone(
    recipients: Sequence[Recipient], reasons: Iterable[str] = (SuppressionReason.NOT_ME,)
) -> set[str]:
    """The public ids of those of these whose address is noted for such a reason.

    Its own address, or the mailbox that its tag most likely leads to. Not the other way round: where
    + is no tag, whoever owns a+b@ would silence a@.
    """
    hashes = {each.public_id: hashes_of(each.canonical_email) for each in recipients}
    noted = set(
        Suppression.objects.filter(
            campaign_id__in={each.campaign_id for each in recipients},
            address_hash__in=set().union(*hashes.values()),
            reason__in=reasons,
        ).values_list("campaign_id", "address_hash")
    )
    return {
        each.public_id
        for each in recipients
        if any((each.campaign_id, hashed) in noted for hashed in hashes[each.public_id])
    }


def unreachable(recipients: Sequence[Recipient]) -> dict[str, datetime | None]:
    """The public ids of those of these whose address is `Unreachable`, and until when; None is for ever.

    For ever where a complaint stands, as `left_alone` looks at it; for a while where a mail to that very
    address came back.
    """
    theirs = [
        (each.public_id, hashes_of(each.canonical_email), mailed_hash(each.email))
        for each in recipients
    ]
    asked = {hashed for _its, canonical, mailed in theirs for hashed in (*canonical, mailed)}
    noted = Unreachable.objects.filter(still_unreachable(), address_hash__in=asked)
    ends = dict(noted.values_list("address_hash", "until"))
    forever = {hashed for hashed, until in ends.items() if until is None}
    bounced = {its: ends[mailed] for its, _canonical, mailed in theirs if mailed in ends}
    complained = (its for its, canonical, _mailed in theirs if not forever.isdisjoint(canonical))
    return bounced | dict.fromkeys(complained)


def against(*, email: str, canonical_email: str) -> Q:
    """Of `Unreachable`: a bounce of that very address, and complaints of all that count as the same."""
    complained = Q(address_hash__in=hashes_of(canonical_email), until=None)
    return complained | Q(address_hash=mailed_hash(email))


def still_unreachable() -> Q:
    """Of `Unreachable`: those whose time is not over."""
    return Q(until=None) | Q(until__gt=timezone.now())


def hashes_of(canonical_email: str) -> list[str]:
    """Under which hashes something may be noted of an address: its own, and that of its mailbox."""
    addresses = {canonical_email, mailboxes.mailbox_key(canonical_email)}
    return [address_hash(address) for address in addresses]


def welcome(*, campaign_id: int, email: str, canonical_email: str) -> bool:
    """Take one of today's slots for a mail that a stranger may have caused, if one is left.

    False without a slot, or when the address asked to be left alone or is `Unreachable`. ``email`` is the
    one that a bounce would be of.
    Call it first in a transaction: the row's lock then serialises everything that is done for this
    address, and nobody else waits. Tags share the slots of their mailbox at every domain.
    """
    with connection.cursor() as cursor:
        cursor.execute(WELCOME, welcome_parameters(campaign_id, email, canonical_email))
        return bool(cursor.fetchone()[0])


def welcome_again(to: Recipient) -> bool:
    """The same for a mail to somebody whose row is there."""
    return welcome(campaign_id=to.campaign_id, email=to.email, canonical_email=to.canonical_email)


def room_for_report(signature: Signature) -> bool:
    """Take one of today's slots for a report about this signature, if one is left.

    Call it after `welcome`: in one order, so that two reports never wait for each other.
    """
    parameters: dict[str, Any] = {
        "campaign_id": signature.campaign_id,
        "about": address_hash(f"reports about {signature.public_id}"),
        "today": timezone.now().date(),
        "limit": REPORTS_A_DAY,
    }
    with connection.cursor() as cursor:
        cursor.execute(_ROOM_FOR_REPORT, parameters)
        return bool(cursor.rowcount)


def welcome_parameters(campaign_id: int, email: str, canonical_email: str) -> dict[str, Any]:
    """What `WELCOME` needs to know."""
    now = timezone.now()
    return {
        "campaign_id": campaign_id,
        "mailbox": address_hash(mailboxes.mailbox_key(canonical_email)),
        "addresses": hashes_of(canonical_email),
        "mailed": mailed_hash(email),
        "now": now,
        "limit": STRANGERS_A_DAY,
        "everywhere": EVERYWHERE_A_DAY,
    }


def note_reminder(*, campaign_id: int, canonical_email: str) -> bool:
    """Note that an address gets its one reminder; False if it has been noted before, by anybody.

    Under all of its tags at once, as the slots are. The unique key decides: of two schedulers the
    second waits here for the first, and finds its note.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO campaign_suppression (campaign_id, address_hash, reason, created_at)
            VALUES (%s, %s, 'reminded', now()) ON CONFLICT DO NOTHING
            """,
            [campaign_id, address_hash(mailboxes.mailbox_key(canonical_email))],
        )
        return bool(cursor.rowcount)


def owe(
    kind: MailKind, recipients: Iterable[Recipient | Notice], *, at: datetime | None = None
) -> None:
    """Write one mail row for each of these that has an address; told after commit, unless it is due ``at``
    a later time: then the sweep finds it."""
    mails = [_mail_to(each, kind) for each in recipients if each.email]
    if at is not None:
        for mail in mails:
            mail.due_at = at
    if mails:
        Mail.objects.bulk_create(mails)
    if mails and at is None:
        queue.tell_after_commit(DELIVER)


def owe_caused(kind: MailKind, to: Signature | Representation) -> bool:
    """Write one mail that a stranger may have caused to somebody whose row is locked, after `welcome`.

    False where `caused` has none left; told after commit.
    """
    queue.tell_after_commit(DELIVER)
    return bool(trip.send(caused(_mail_to(to, kind))))


def take_days(campaign: Campaign, canonical_emails: Sequence[str]) -> list[datetime | None]:
    """When each of these may be asked, the same one perhaps often: a slot of that UTC day is taken for it.

    The first day with room in this campaign and in all; None where there is none while a link to confirm
    would work for all of its time, or before the close. Call it first in a transaction, as `welcome`, and
    date the mails so (`owe_imported`): who comes on that day, by whatever door, finds the slot taken.
    """
    now = timezone.now()
    mailboxes_of = [address_hash(mailboxes.mailbox_key(each)) for each in canonical_emails]
    waiting, given = Counter(mailboxes_of), defaultdict[str, list[datetime]](list)
    for n in range(IMPORT_AHEAD.days + 1):
        day = now + timedelta(days=n)
        if campaign.closes_at is not None and day >= campaign.closes_at:
            break
        asking = set(waiting)
        while asking := _take_one_each(campaign.pk, day.date(), asking):
            for mailbox in asking:
                given[mailbox].append(day)
            waiting -= Counter(asking)
            asking &= waiting.keys()
    coming = {mailbox: iter(days) for mailbox, days in given.items()}
    return [next(coming.get(mailbox, iter(())), None) for mailbox in mailboxes_of]


def _take_one_each(campaign_id: int, day: date, these: Collection[str]) -> set[str]:
    """Take one slot of that day for each of these mailboxes; those that got one, of the campaign and of all.

    Rows are taken in one order, by days and then by mailboxes, so that two files never wait for each other.
    A campaign's slot without one of all is lost: nobody has any left of that day.
    """
    parameters: dict[str, Any] = {"campaign_id": campaign_id, "day": day}
    got = set(these)
    with connection.cursor() as cursor:
        for take, limit in ((_OF_CAMPAIGN, STRANGERS_A_DAY), (_OF_ALL, EVERYWHERE_A_DAY)):
            if got:
                cursor.execute(take, {**parameters, "mailboxes": list(got), "limit": limit})
                got = {mailbox for (mailbox,) in cursor.fetchall()}
    return got


def owe_imported(dated: Iterable[tuple[Signature, datetime]]) -> None:
    """Ask the addresses of a file to confirm, each at the time that `take_days` found for it.

    None of them waits before a screen: who signs on the form meanwhile overtakes them.
    """
    mails = []
    for signature, at in dated:
        owed = _mail_to(signature, MailKind.CONFIRM)
        owed.due_at, owed.urgent = at, False
        mails.append(owed)
    Mail.objects.bulk_create(mails)
    queue.tell_after_commit(DELIVER)


def caused(owed: Mail, *, of: str = "") -> Statement:
    """The row of such a mail, unless strangers have caused as many as they can about that signature,
    or to who signs for it. Its row is locked, so that of two at once the second counts the first.
    ``of`` is SQL for its id where the database knows it better.

    What a signer's own link asks for isn't held by it: a link shows that the mailbox is theirs.
    """
    if owed.representation_id is not None:
        room = Statement(_CAUSED_TO_REPRESENTATIVE, (owed.representation_id, STRANGERS_A_LIFE))
    else:
        kinds = list(TO_SIGNERS_BY_STRANGERS)
        known = () if of else (owed.signature_id,)
        sql = _CAUSED_TO_SIGNER.format(of=of or "%s::bigint")
        room = Statement(sql, (*known, kinds, STRANGERS_A_LIFE))
    return trip.insert_if(room, owed, **({"signature_id": of} if of else {}))


def _mail_to(to: Recipient | Notice, kind: MailKind) -> Mail:
    if isinstance(to, Notice):
        owed = mail(kind, campaign_id=to.campaign.pk if to.campaign else NONE, signature_id=None)
        owed.notice = to
        return owed
    if isinstance(to, Report):
        return mail(kind, campaign_id=to.campaign_id, signature_id=to.signature_id, report_id=to.pk)
    if isinstance(to, Representation):
        owed = mail(kind, campaign_id=to.campaign_id, signature_id=to.signature_id)
        owed.representation = to
        return owed
    return mail(kind, campaign_id=to.campaign_id, signature_id=to.pk)


def mail(
    kind: MailKind, *, campaign_id: int, signature_id: int | None, report_id: int | None = None
) -> Mail:
    """A mail that is not written yet; without a signature whoever writes it must give one, or a notice.

    To signature 0 for work that is undone: its foreign key would refuse the commit.
    """
    return Mail(
        campaign_id=campaign_id,
        signature_id=signature_id,
        report_id=report_id,
        kind=kind,
        urgent=kind in URGENT,
    )
