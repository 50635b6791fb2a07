"""What every test of a restore begins with."""

from collections.abc import Iterator

import pytest

from campaign.models import Signature
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature
from tests.restoring.databases import another_database


@pytest.fixture
def empty() -> Iterator[str]:
    with another_database() as name:
        yield name


@pytest.fixture
def signer() -> Signature:
    campaign = make_campaign(publication="after_verification")
    for status in (Status.PENDING, Status.HELD, Status.PUBLISHED, Status.REJECTED):
        make_signature(campaign, status=status)
    return make_signature(campaign, name="Canary Xyzzy", email="canary@xyzzy.example.org")
