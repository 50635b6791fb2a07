"""Alerts by mail: which members are told of which kinds, and the choice that each makes for themselves."""

from collections.abc import Collection

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import QuerySet

from campaign import audit, outbox, roles
from campaign.audit import Code
from campaign.errors import NotFound
from campaign.models.alert import Alert, AlertKind
from campaign.models.audit import AuditAction
from campaign.models.mail import MailKind
from campaign.models.membership import Membership
from campaign.models.notice import Notice


def offered() -> QuerySet[Membership]:
    """The memberships to which alerts are told, unless they choose otherwise: who moderates there."""
    deciding = [role for role, rights in roles.RIGHTS.items() if roles.MODERATE in rights]
    return Membership.objects.filter(role__in=deciding)


def _wanting(alert: Alert) -> QuerySet[Membership]:
    theirs = offered().filter(campaign=alert.campaign_id, user__is_active=True)
    # Who never took up an invitation may be a stranger whose address was mistyped, and can't switch it off.
    theirs = theirs.exclude(user__password__startswith=UNUSABLE_PASSWORD_PREFIX)
    return theirs.exclude(user__email="").exclude(silenced__contains=[alert.kind])


def tell(alert: Alert) -> None:
    """Owe a mail to each member who wants to hear of it; in the transaction that rings."""
    told = _wanting(alert).select_related("user").order_by("pk")
    notices = Notice.objects.bulk_create(Notice(alert=alert, membership=each) for each in told)
    outbox.owe(MailKind.ALERT, notices)


def is_wanted(notice: Notice) -> bool:
    """Whether its member still moderates there, and still wants to hear of it; of an account, always."""
    if notice.alert is None or notice.membership is None:
        return True
    return _wanting(notice.alert).filter(pk=notice.membership.pk).exists()


@transaction.atomic
def choose(*, membership_id: int, kinds: Collection[AlertKind], by: User) -> None:
    """Get mail of these kinds alone, in a campaign that one moderates. Raises NotFound for others' too."""
    theirs = offered().filter(pk=membership_id, user=by).select_related("campaign")
    membership = theirs.select_for_update(of=("self",)).first()
    if membership is None:
        raise NotFound
    silenced = [kind.value for kind in AlertKind if kind not in kinds]
    if silenced == membership.silenced:
        return
    membership.silenced = silenced
    membership.save(update_fields=["silenced"])
    details: dict[str, Code] = {"off": silenced}
    audit.record(AuditAction.ALERTS_CHOSEN, by=by, campaign=membership.campaign, details=details)
