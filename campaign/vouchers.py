"""The verbs of a campaign about the organisations that vouch: admit one, set its quota, revoke."""

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import audit, identity, invitations, mailboxes, queue
from campaign.errors import FieldError, InvalidInput
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign
from campaign.models.membership import Membership, Role
from campaign.models.voucher import NAME_MAX, LinkBatch, Voucher

UNDO = "campaign.unvouch"
"""The task that takes back what a revoked organisation or batch vouched for."""
QUOTA_MAX = 2_000_000

_PROBLEMS: dict[str, str | Promise] = {
    "blank": _("Please give the organisation’s name."),
    "too_long": _("Please use at most 200 characters."),
    "taken": _("An organisation of this name vouches in this campaign already."),
    "quota": _("Please give a number from 1 to 2,000,000."),
    "below": _("It has used more than that already. Take a list of links back first."),
    "malformed": _("This is not a whole e-mail address. It looks like name@example.org."),
    "impossible": _(
        "No mail can be delivered to this address. Please look at the part after the @."
    ),
    "has_role": _("Whoever has this login works in the campaign already, in another role."),
}


def _invalid(field: str, code: str) -> InvalidInput:
    return InvalidInput([FieldError(field, code, str(_PROBLEMS[code]))])


def admit(*, campaign: Campaign, name: str, quota: int, by: User) -> Voucher:
    """Let an organisation vouch for up to ``quota`` members. Raises InvalidInput."""
    name = identity.clean(name)
    if not name or len(name) > NAME_MAX:
        raise _invalid("name", "too_long" if name else "blank")
    _check_quota(quota)
    try:
        with transaction.atomic():
            voucher = Voucher.objects.create(
                campaign=campaign, name=name, quota=quota, admitted_by=by
            )
            _record(AuditAction.VOUCHER_ADMITTED, voucher, by, quota)
    except IntegrityError:
        raise _invalid("name", "taken") from None
    return voucher


def set_quota(*, voucher: Voucher, quota: int, by: User) -> None:
    """Raise or lower the quota, not below what is used. Raises InvalidInput."""
    _check_quota(quota)
    with transaction.atomic():
        # In one statement with the condition, or links made meanwhile would break the CHECK.
        if not Voucher.objects.filter(pk=voucher.pk, taken__lte=quota).update(quota=quota):
            raise _invalid("quota", "below")
        _record(AuditAction.VOUCHER_QUOTA, voucher, by, quota)


def _check_quota(quota: int) -> None:
    if not 1 <= quota <= QUOTA_MAX:
        raise _invalid("quota", "quota")


@transaction.atomic
def revoke(*, voucher: Voucher, by: User) -> bool:
    """Let it vouch no more: its links are dead from now on, and the worker takes back what it vouched for.

    False if it was revoked already.
    """
    standing = Voucher.objects.filter(pk=voucher.pk, revoked_at=None)
    if not standing.update(revoked_at=timezone.now()):
        return False
    _record(AuditAction.VOUCHER_REVOKED, voucher, by)
    queue.tell_after_commit(UNDO)
    return True


@transaction.atomic
def revoke_batch(*, batch: LinkBatch, by: User) -> bool:
    """The same of one batch of links; the quota that it took comes back."""
    standing = LinkBatch.objects.filter(pk=batch.pk, revoked_at=None)
    if not standing.update(revoked_at=timezone.now()):
        return False
    _record(AuditAction.LINKS_REVOKED, batch.voucher, by, batch.made, batch=batch.pk)
    queue.tell_after_commit(UNDO)
    return True


def give_login(*, voucher: Voucher, email: str, by: User) -> User:
    """Let whoever reads that mailbox act for the organisation.

    Somebody who has an account keeps it (`invitations.account`). Raises InvalidInput.
    """
    try:
        address = mailboxes.parse_address(email)
    except mailboxes.AddressError as error:
        code = "impossible" if error.code == "impossible" else "malformed"
        raise _invalid("email", code) from None
    with transaction.atomic():
        user = invitations.account(address, field="email", campaign=voucher.campaign, by=by)
        membership, made = Membership.objects.get_or_create(
            user=user,
            campaign=voucher.campaign,
            defaults={"role": Role.ORGANISATION, "voucher": voucher},
        )
        if membership.voucher_id != voucher.pk:
            raise _invalid("email", "has_role")
        if made:
            invitations.void_links(user)
        _record(AuditAction.VOUCHER_LOGIN, voucher, by, user=user.pk)
    return user


def take_login(*, voucher: Voucher, membership_id: int, by: User) -> None:
    """Let somebody act for the organisation no more; a second time is a success."""
    with transaction.atomic():
        membership = voucher.memberships.filter(pk=membership_id).first()
        if membership is not None:
            membership.delete()
            _record(AuditAction.VOUCHER_LOGIN_GONE, voucher, by, user=membership.user_id)


def locked(voucher_id: int) -> Voucher:
    """The organisation, locked against whoever else takes of its quota; in a transaction.

    Not against who refers to it, as each signature by one of its links does.
    """
    return Voucher.objects.select_for_update(no_key=True).get(pk=voucher_id)


def take(voucher: Voucher, n: int) -> None:
    """Take ``n`` of the quota of a locked organisation, or give back where it is negative."""
    Voucher.objects.filter(pk=voucher.pk).update(taken=F("taken") + n)
    voucher.taken += n


def _record(
    action: AuditAction, voucher: Voucher, by: User, number: int | None = None, **details: int
) -> None:
    audit.record(
        action,
        by=by,
        campaign=voucher.campaign,
        number=number,
        details={"voucher": voucher.pk, **details},
    )
