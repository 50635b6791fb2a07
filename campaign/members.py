"""The verbs of who works in a campaign: invite, change a role, remove, help back in; all on record.

Nobody changes their own role, and the last owner stays: a campaign is never without somebody who can
answer for it.
"""

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from campaign import (
    audit,
    invitations,
    keys,
    lockout,
    mailboxes,
    roles,
    second_factor,
    staff_sessions,
)
from campaign.audit import Code
from campaign.errors import FieldError, InvalidInput
from campaign.models.api_key import ApiKey
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign
from campaign.models.membership import Membership, Role

OFFERED = (Role.OWNER, Role.MODERATOR, Role.READER)
"""What somebody may be made here; an organisation gets its logins with its admission (`vouchers`)."""

_PROBLEMS: dict[str, str | Promise] = {
    "malformed": _("This is neither the name of an account nor a whole e-mail address."),
    "member": _("They work in this campaign already."),
    "role": _("Please choose one of the roles."),
    "own": _("Nobody changes their own role. Another owner can."),
    "last": _("This is the only owner. Make somebody else one first."),
    "superuser": _("This account is a superuser’s; only a superuser can do this."),
    "elsewhere": _("This account opens more than your campaigns; only a superuser can do this."),
}


def _refused(code: str, field: str = "member") -> InvalidInput:
    return InvalidInput([FieldError(field, code, str(_PROBLEMS[code]))])


@transaction.atomic
def invite(*, campaign: Campaign, name: str, role: Role, by: User) -> Membership:
    """Let somebody work in the campaign: whose account has that name or address, else a new account.

    A new one has no password yet (`invitations`). Raises InvalidInput.
    """
    if role not in OFFERED:
        raise _refused("role", "role")
    try:
        user = invitations.account(name.strip(), field="name", campaign=campaign, by=by)
    except mailboxes.AddressError:
        raise _refused("malformed", "name") from None
    membership, made = Membership.objects.get_or_create(
        user=user, campaign=campaign, defaults={"role": role}
    )
    if not made:
        raise _refused("member", "name")
    invitations.void_links(user)
    details: dict[str, Code] = {"user": user.pk, "role": role.value}
    audit.record(AuditAction.MEMBER_ADDED, by=by, campaign=campaign, details=details)
    return membership


@transaction.atomic
def change_role(*, membership_id: int, role: Role, by: User) -> Membership:
    """Make a member something else; what they already are is a success. Raises InvalidInput."""
    if role not in OFFERED:
        raise _refused("role")
    membership = _locked(membership_id)
    if membership.role == role:
        return membership
    if membership.user_id == by.pk:
        raise _refused("own")
    _check_not_last(membership)
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    _revoke_keys(membership, by)
    details: dict[str, Code] = {"user": membership.user_id, "from": before, "to": role.value}
    audit.record(AuditAction.MEMBER_CHANGED, by=by, campaign=membership.campaign, details=details)
    return membership


@transaction.atomic
def remove(*, membership_id: int, by: User) -> None:
    """Let a member work in the campaign no more; oneself too. Raises InvalidInput."""
    membership = _locked(membership_id)
    _check_not_last(membership)
    details: dict[str, Code] = {"user": membership.user_id, "role": membership.role}
    membership.delete()
    _revoke_keys(membership, by)
    audit.record(AuditAction.MEMBER_REMOVED, by=by, campaign=membership.campaign, details=details)


def _locked(membership_id: int) -> Membership:
    """A member that this room may change, with the owners beside them locked.

    The owners first and all of them: two owners who remove each other at once would each see the
    other still there. Raises InvalidInput where there is none any more.
    """
    its = Membership.objects.filter(pk=membership_id, role__in=OFFERED).first()
    if its is None:
        raise _refused("role")
    owners = Membership.objects.filter(campaign=its.campaign_id, role=Role.OWNER)
    list(owners.order_by("pk").select_for_update())
    found = Membership.objects.select_related("campaign", "user").filter(pk=membership_id)
    membership = found.select_for_update(of=("self",)).first()
    if membership is None:
        raise _refused("role")
    return membership


def _check_not_last(membership: Membership) -> None:
    owners = Membership.objects.filter(campaign=membership.campaign_id, role=Role.OWNER)
    if membership.role == Role.OWNER and not owners.exclude(pk=membership.pk).exists():
        raise _refused("last")


def _revoke_keys(membership: Membership, by: User) -> None:
    """Revoke their keys that they could not make any more."""
    user = User.objects.get(pk=membership.user_id)
    for key in ApiKey.objects.filter(campaign=membership.campaign_id, created_by=user):
        if not keys.covers(user, key.scopes, membership.campaign):
            keys.revoke(key, by=by)


def renewed_path(*, user: User, by: User) -> str:
    """Another link for a first password, for who has not used theirs. Raises InvalidInput."""
    _check_may_help(user, by)
    return invitations.welcome_path(user, by=by, permission=roles.MEMBERS)


# --- Helping back in -------------------------------------------------------------------------


def reset_factor(*, user: User, by: User) -> None:
    """Take a lost second factor away. Raises InvalidInput."""
    _check_may_help(user, by)
    second_factor.reset(user=user, by=by)


def unlock(*, user: User, by: User) -> None:
    """Let somebody try again who has tried too often. Raises InvalidInput."""
    _check_may_help(user, by)
    lockout.unlock(user=user, by=by)


def end_sessions(*, user: User, by: User) -> int:
    """End all sessions of somebody. Raises InvalidInput."""
    _check_may_help(user, by)
    return staff_sessions.end(user, by=by)


def _check_may_help(user: User, by: User) -> None:
    """What a superuser may everywhere is no owner's to unlock."""
    if user.is_superuser and not by.is_superuser:
        raise _refused("superuser")
    if not roles.is_within_reach(user, of=by, permission=roles.MEMBERS):
        raise _refused("elsewhere")
