"""Who saw personal data in bulk."""

from collections import Counter
from collections.abc import Iterable

from django.http import HttpRequest

from campaign import audit, limits
from campaign.admin import admission
from campaign.models.audit import AuditAction
from campaign.models.campaign import Campaign


def note(request: HttpRequest, shown: Iterable[Campaign]) -> None:
    """Put on record that a list shows mail domains or addresses, a campaign for each row that does.

    Once an hour a campaign, however often they look: a line for every page would bury the others.
    """
    by = admission.user_of(request)
    for campaign, n in Counter(shown).items():
        if limits.take(f"sight:{by.pk}:{campaign.pk}", limit=1, seconds=3600).allowed:
            audit.record(AuditAction.ADDRESSES_SEEN, by=by, campaign=campaign, number=n)
