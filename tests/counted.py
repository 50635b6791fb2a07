"""Counts are exact: what every test of them compares."""

from campaign import counts, public_numbers
from campaign.models import Campaign


def assert_exact(campaign: Campaign) -> None:
    """The counts are what a recount says, and keep the identities of the contract."""
    numbers = counts.snapshot(campaign.pk)
    numbers.pop(("received", "all", ""), None)
    assert numbers == counts.recount(campaign.pk)
    public = public_numbers.counts(campaign)
    listed = public["published"] - public["anonymous"]
    assert sum(day["published"] for day in public["by_day"]) == public["published"]
    for dimension in ("discipline", "country", "kind", "evidence"):
        assert sum(part["published"] for part in public[f"by_{dimension}"]) == listed
    left = public["held"] + public["withdrawn"] + public["removed"]
    assert public["confirmed"] == public["published"] + left
