"""What tests of four eyes begin with: a protected name that is held, and who could look at it."""

import pytest
from django.test import Client

from campaign.models import Campaign, Signature
from campaign.models.membership import Role
from campaign.models.signature import Status
from tests.factories import make_campaign, make_member, make_signature
from tests.four_eyes.desk import STAR, desk_of, doubt


@pytest.fixture
def campaign() -> Campaign:
    return make_campaign(publication="after_verification")


@pytest.fixture
def star(campaign: Campaign) -> Signature:
    return make_signature(campaign, status=Status.HELD, name=STAR)


@pytest.fixture
def pair(campaign: Campaign) -> list[Client]:
    """An owner and a moderator, and nobody else who could look."""
    for username, role in (("olga", Role.OWNER), ("mona", Role.MODERATOR)):
        make_member(campaign, role, username=username)
    return [desk_of("olga"), desk_of("mona")]


@pytest.fixture
def doubted(campaign: Campaign) -> Signature:
    """On the list, and like a name protected since."""
    signature = make_signature(campaign, name="Ana Prado")
    doubt(signature, "Ana Prado")
    return signature
