"""What organisers see of how their campaign goes, beyond its public counts."""

from dataclasses import dataclass

from django.db import connection

from campaign.models.campaign import Campaign

MOST = 50
"""Sources that have a line of their own: anybody may make one up."""

# One index holds all that is asked here. The rest is summed up there too, since strangers may make up a
# source for every signature.
_BY_SOURCE = """
WITH came AS (
    SELECT source, COUNT(*) AS signed, COUNT(*) FILTER (WHERE status <> 'pending') AS confirmed,
        COUNT(*) FILTER (WHERE status = 'published') AS published
    FROM campaign_signature WHERE campaign_id = %(campaign)s AND source <> '' GROUP BY source
), ranked AS (
    SELECT came.*, LEAST(ROW_NUMBER() OVER (ORDER BY signed DESC, source), %(most)s + 1) AS place
    FROM came
)
SELECT CASE WHEN place <= %(most)s THEN MIN(source) ELSE '' END,
    SUM(signed)::bigint, SUM(confirmed)::bigint, SUM(published)::bigint
FROM ranked GROUP BY place ORDER BY place
"""


@dataclass(frozen=True)
class Came:
    """How many came by a way: ``signed`` are here, pending ones too, ``published`` among the confirmed."""

    source: str
    signed: int
    confirmed: int
    published: int


@dataclass(frozen=True)
class Sources:
    """Those that most came by, the most first; ``others`` are all further ones, None if there are none."""

    first: list[Came]
    others: Came | None


def by_source(campaign: Campaign) -> Sources:
    """By which links signers came: those whose link named a source, and whose data are still here.

    Who never confirmed is deleted after a month, and then no longer counted.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BY_SOURCE, {"campaign": campaign.pk, "most": MOST})
        came = [Came(*row) for row in cursor.fetchall()]
    return Sources(came[:MOST], came[MOST] if len(came) > MOST else None)
