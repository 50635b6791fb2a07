"""The command that recounts."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from campaign import counts
from campaign.models import Signature, Tally
from campaign.models.signature import Status
from tests.factories import make_campaign, make_signature

pytestmark = pytest.mark.django_db(transaction=True)


def test_it_says_that_all_is_well_before_and_after_a_fold() -> None:
    campaign = make_campaign()
    for status in (Status.PUBLISHED, Status.HELD, Status.WITHDRAWN, Status.REJECTED):
        make_signature(campaign, status=status, name=f"Signer {status}")
    for _ in range(2):
        out = StringIO()
        call_command("check_counts", stdout=out)
        assert out.getvalue() == "every number is that of a recount\n"
        counts.fold()


def test_it_names_what_differs_and_repairs_nothing() -> None:
    make_signature(make_campaign())
    counts.fold()
    Tally.objects.filter(state="published", dimension="kind").update(n=7)
    errors = StringIO()
    with pytest.raises(CommandError, match="1 numbers differ"):
        call_command("check_counts", stderr=errors)
    assert errors.getvalue() == "art: published kind person: 7 kept, 1 counted\n"
    assert Tally.objects.get(state="published", dimension="kind").n == 7
    assert Signature.objects.count() == 1
