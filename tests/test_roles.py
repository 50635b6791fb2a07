"""A role holds in its campaign alone; a right that Django gives a user directly holds in all of them."""

import pytest
from django.contrib.auth.models import User

from campaign import roles
from campaign.models import Membership
from campaign.models.membership import Role
from tests.factories import make_campaign, make_member, make_user

pytestmark = pytest.mark.django_db

ALL = (
    *(roles.LOOK, roles.ADDRESSES, roles.MODERATE, roles.STEER),
    *(roles.EXPORT, roles.AUDIT, roles.MEMBERS, roles.VOUCH),
)


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.OWNER, set(ALL) - {roles.VOUCH}),
        (Role.MODERATOR, {roles.LOOK, roles.ADDRESSES, roles.MODERATE}),
        (Role.READER, {roles.LOOK}),
        (Role.ORGANISATION, {roles.VOUCH}),
    ],
)
def test_a_role_holds_in_its_campaign_and_in_no_other(role: Role, rights: set[str]) -> None:
    here, there = make_campaign(slug="here"), make_campaign(slug="there")
    user = make_member(here, role)
    assert {right for right in ALL if roles.may(user, right, here)} == rights
    assert {right for right in ALL if roles.may(user, right, there)} == set()
    assert {right for right in ALL if user.has_perm(right)} == rights
    for right in ALL:
        assert list(roles.campaigns(user, right)) == ([here] if right in rights else [])


def test_a_right_of_the_user_holds_in_every_campaign() -> None:
    here, there = make_campaign(slug="here"), make_campaign(slug="there")
    user = make_user("moderate_signature")
    assert roles.may(user, roles.MODERATE, here)
    assert roles.may(user, roles.MODERATE, there)
    assert not roles.may(user, roles.LOOK, here)
    assert set(roles.campaigns(user, roles.MODERATE)) == {here, there}


def test_who_is_switched_off_may_nothing() -> None:
    campaign, user = make_campaign(), make_user()
    Membership.objects.create(user=user, campaign=campaign, role=Role.OWNER)
    User.objects.filter(pk=user.pk).update(is_active=False)
    user = User.objects.get(pk=user.pk)
    assert not roles.may(user, roles.LOOK, campaign)
    assert not roles.campaigns(user, roles.LOOK).exists()
