"""What somebody may do in a campaign: by a role in it, or by a right that holds in all of them.

Rights are Django's permissions. One that a user has directly or by a group holds in every campaign, as
an operator's does; one that comes of a `Membership` holds in that campaign. Asked without a campaign,
``user.has_perm`` says whether it holds in any.
"""

from typing import Any, Final, TypeVar

from django.contrib.auth.backends import BaseBackend, ModelBackend
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet

from campaign.models.campaign import Campaign
from campaign.models.membership import Membership, Role

Somebody = User | AnonymousUser
M = TypeVar("M", bound=Model)

LOOK: Final = "campaign.view_signature"
"""See signatures, without mail addresses."""
ADDRESSES: Final = "campaign.view_address"
"""See mail addresses, and what colleagues noted."""
MODERATE: Final = "campaign.moderate_signature"
STEER: Final = "campaign.change_campaign"
"""Edit and brake the campaign, run rules over its list."""
EXPORT: Final = "campaign.export_signature"
"""Take personal data out in bulk."""
IMPORT: Final = "campaign.add_importbatch"
"""Bring in signatures that were gathered elsewhere."""
AUDIT: Final = "campaign.view_auditentry"
MEMBERS: Final = "campaign.change_membership"
VOUCH: Final = "campaign.vouch"
"""Vouch for members of one's own organisation."""

_READER = frozenset({LOOK, "campaign.view_campaign", "campaign.view_importbatch"})
_MODERATOR = _READER | {
    ADDRESSES,
    MODERATE,
    "campaign.view_mail",
    "campaign.view_report",
    "campaign.view_suppression",
}
_OWNER = _MODERATOR | {
    STEER,
    EXPORT,
    IMPORT,
    AUDIT,
    MEMBERS,
    "campaign.view_membership",
    "campaign.view_apikey",
    "campaign.add_apikey",
    "campaign.change_apikey",
    "campaign.view_webhook",
}
RIGHTS: Final[dict[Role, frozenset[str]]] = {
    Role.OWNER: _OWNER,
    Role.MODERATOR: _MODERATOR,
    Role.READER: _READER,
    Role.ORGANISATION: frozenset({VOUCH}),
}
"""What each role may do in its campaign."""


class Backend(BaseBackend):
    """Tells Django of the rights that come of a role; it logs nobody in."""

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        if not user_obj.is_active or not user_obj.is_authenticated:
            return False
        if obj is None:
            return any(perm in RIGHTS[Role(role)] for _campaign, role in _roles(user_obj))
        return isinstance(obj, Campaign) and (
            everywhere(user_obj, perm)
            or any(
                campaign == obj.pk and perm in RIGHTS[Role(role)]
                for campaign, role in _roles(user_obj)
            )
        )

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        if not user_obj.is_active or not user_obj.is_authenticated:
            return False
        return app_label == "campaign" and bool(_roles(user_obj))


def may(user: Somebody, permission: str, campaign: Campaign) -> bool:
    """Whether somebody has that right in that campaign."""
    return user.has_perm(permission, campaign)


def require(user: Somebody, permission: str, campaign: Campaign) -> None:
    """Raise PermissionDenied unless somebody has that right in that campaign."""
    if not may(user, permission, campaign):
        raise PermissionDenied


def campaigns(user: Somebody, permission: str) -> QuerySet[Campaign]:
    """The campaigns in which somebody has that right."""
    return within(Campaign.objects.all(), user, permission, path="pk")


def within(
    rows: QuerySet[M], user: Somebody, permission: str, *, path: str = "campaign"
) -> QuerySet[M]:
    """Those of the rows whose campaign, found by the lookup ``path``, somebody has that right in."""
    if everywhere(user, permission):
        return rows
    return rows.filter(**{f"{path}__in": _where(user, permission)})


def holders(permission: str, campaign: Campaign) -> QuerySet[User]:
    """Who has that right in that campaign, each once."""
    roles = [role for role, rights in RIGHTS.items() if permission in rights]
    here = Membership.objects.filter(campaign=campaign, role__in=roles).values("user")
    backend = f"{ModelBackend.__module__}.{ModelBackend.__name__}"
    anywhere = User.objects.with_perm(permission, backend=backend).values("pk")
    return User.objects.filter(Q(pk__in=here) | Q(pk__in=anywhere), is_active=True)


def is_within_reach(user: User, *, of: User, permission: str) -> bool:
    """Whether ``of`` has that right wherever this user may do anything.

    Who may open an account opens all that it may do, in other campaigns too: whom an owner has invited
    may be another campaign's owner, or a superuser without a password.
    """
    if of.is_superuser:
        return True
    if user.is_superuser or user.user_permissions.exists() or user.groups.exists():
        return False
    theirs = Membership.objects.filter(user=user)
    return not theirs.exclude(campaign__in=campaigns(of, permission)).exists()


def everywhere(user: Any, permission: str) -> bool:
    """Whether somebody has that right in every campaign, and where it is about none."""
    if not user.is_active or not user.is_authenticated:
        return False
    return bool(user.is_superuser) or ModelBackend().has_perm(user, permission)


def _where(user: Any, permission: str) -> list[int]:
    """The campaigns in which a role gives the right. A list: a planner that knows them does better."""
    if not user.is_active or not user.is_authenticated:
        return []
    return [campaign for campaign, role in _roles(user) if permission in RIGHTS[Role(role)]]


def _roles(user: Any) -> list[tuple[int, str]]:
    """The campaigns and roles of a user, read once a request, as Django does with permissions."""
    if not hasattr(user, "_roles"):
        user._roles = list(Membership.objects.filter(user=user).values_list("campaign", "role"))
    found: list[tuple[int, str]] = user._roles
    return found
