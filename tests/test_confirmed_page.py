"""The page after confirming: thanks, the way to one's name, and what was signed."""

import re

import pytest
from django.test import Client

from campaign.models import Signature
from tests.factories import confirm_token, make_campaign, make_signature

pytestmark = pytest.mark.django_db


def confirmed(client: Client, signature: Signature) -> str:
    return client.post(f"/confirm/{confirm_token(signature)}/").content.decode()


def test_it_leads_to_ones_own_name_on_the_list(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    signature = make_signature(campaign, status="pending")
    page = confirmed(client, signature)
    assert "You have signed. Thank you." in page
    place = f"#signer-{signature.public_id}"
    found = re.search(rf'href="(/art/signers/[^"#]*){place}"', page)
    assert found
    listed = client.get(found[1].replace("&amp;", "&")).content.decode()
    assert f'id="signer-{signature.public_id}"' in listed


@pytest.mark.parametrize(
    ("publication", "show_name"), [("after_verification", False), ("after_review", True)]
)
def test_it_names_no_place_where_there_is_none(
    client: Client, publication: str, show_name: bool
) -> None:
    campaign = make_campaign(publication=publication)
    signature = make_signature(campaign, status="pending", show_name=show_name)
    page = confirmed(client, signature)
    assert "#signer-" not in page
    assert 'href="/art/signers/?language=en"' in page
