"""What a campaign is now: its row, disciplines, texts and consents, from a copy of this process.

The copy is as good as the database: a trigger gives a campaign another stamp whenever anything of it
changes (migration 0002), and every look asks for the stamp. So each request pays one small query, and
the rest only after a change.
"""

from django.db import connection
from django.db.models import Prefetch

from campaign.models.campaign import Campaign
from campaign.models.statement import StatementVersion

_STAMP = "SELECT stamp FROM campaign_campaign WHERE slug = %s"

_copies: dict[str, Campaign] = {}


def find(slug: str) -> Campaign | None:
    """The campaign of that slug, opened or not; shared by all threads, so for reading only."""
    with connection.cursor() as cursor:
        cursor.execute(_STAMP, [slug])
        now = cursor.fetchone()
    return at(slug, now[0]) if now else None


def at(slug: str, stamp: int) -> Campaign:
    """The campaign of that slug, as it was at ``stamp`` or later; for who has just read the stamp."""
    copy = _copies.get(slug)
    if copy is None or copy.stamp != stamp:
        copy = _copies[slug] = _load(slug)
    return copy


def _load(slug: str) -> Campaign:
    # The row first: what is read after it is never older than its stamp.
    versions = Prefetch("versions", StatementVersion.objects.prefetch_related("texts"))
    campaigns = Campaign.objects.prefetch_related("disciplines", "consents", versions)
    return campaigns.get(slug=slug)
