"""What tests of webhooks begin with: a campaign, a receiver, and the webhook that leads to it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from campaign.models import Campaign, Webhook
from tests.factories import make_campaign
from tests.receiver import Receiver, make_webhook, receiving


@pytest.fixture
def campaign(settings: Settings) -> Campaign:
    settings.OUTBOUND_PRIVATE = True
    return make_campaign(publication="after_verification")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def hook(campaign: Campaign, receiver: Receiver) -> Webhook:
    return make_webhook(campaign, receiver.url)
