"""Accounts of staff as they change: on record, and told by mail to whose account it is."""

from django.contrib.auth.models import AbstractBaseUser, User
from django.db import transaction

from campaign import audit, outbox, staff_sessions
from campaign.audit import Code
from campaign.models.audit import AuditAction
from campaign.models.mail import MailKind
from campaign.models.notice import AccountAct, Notice


def tell(user: User, act: AccountAct, *, address: str = "") -> None:
    """Owe a mail about that act to an address of before, else the account's; without one there is none.

    In the transaction of the act. By whoever did it: that it was oneself is for its reader to know.
    """
    if to := address or user.email:
        notice = Notice.objects.create(account=user, act=act, address=to)
        outbox.owe(MailKind.ALERT, [notice])


@transaction.atomic
def password_changed(user: User, *, by: AbstractBaseUser, here: int | None = None) -> None:
    """End the sessions of whoever knew the old password, but for the one ``here``; on record, and told."""
    details: dict[str, Code] = {} if user == by else {"user": user.pk}
    audit.record(AuditAction.PASSWORD_CHANGED, by=by, details=details)
    staff_sessions.end(user, by=by, but=here)
    tell(user, AccountAct.PASSWORD)


@transaction.atomic
def address_changed(user: User, *, before: str) -> None:
    """Tell the address of before that mails go elsewhere from now on; the change itself is on record."""
    if before and user.email != before:
        tell(user, AccountAct.ADDRESS, address=before)
