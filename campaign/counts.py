"""Counts: exact at every committed state, and never counted twice.

A move appends change rows in its own transaction (`changed`); a task folds them into totals
(`fold`); a count is totals plus the rows not folded yet, read in one statement, so in one snapshot
(`snapshot`). `recount` counts the signatures themselves, to check.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import NamedTuple

from django.db import connection

from campaign.models.signature import Evidence, Signature, Status
from campaign.models.tally import TallyChange

# The public name of each confirmed status: what was erased counts as withdrawn, so that the number
# of those who left stays explained. What the clock erases goes on counting as it did (`closing`).
STATES: dict[str, str] = {
    Status.HELD: "held",
    Status.PUBLISHED: "published",
    Status.REJECTED: "removed",
    Status.WITHDRAWN: "withdrawn",
    Status.ERASED: "withdrawn",
}

RECEIVED = "received"
RECEIVE = f"""
INSERT INTO campaign_tallychange
    (campaign_id, delta, state, shown, discipline, country, kind, evidence)
VALUES (%(campaign_id)s, 1, '{RECEIVED}', TRUE, '', '', '', '')
"""
"""One more request to sign, whatever comes of it."""

Key = tuple[str, str, str]
"""(state, dimension, key) of one number."""

# What one change row counts towards. Listed signers are broken down, the anonymous only by day, so
# that list and counts together don't give them away.
_EXPANDED = """
    FROM {source} change CROSS JOIN LATERAL (VALUES
        ('all', '', TRUE),
        ('anonymous', '', change.state = 'published' AND NOT change.shown),
        ('day', COALESCE(change.day::text, ''), change.state = 'published'),
        ('discipline', change.discipline, change.state = 'published' AND change.shown),
        ('country', change.country, change.state = 'published' AND change.shown),
        ('kind', change.kind, change.state = 'published' AND change.shown),
        ('evidence', change.evidence, change.state = 'published' AND change.shown),
        ('voucher', change.voucher,
            change.state = 'published' AND change.shown AND change.voucher <> '')
    ) AS part (dimension, key, counts) WHERE part.counts
"""

CONFIRMED = "confirmed"
WAITED = 8
"""Classes of waiting for each doubling of the seconds: the next is 9 % longer."""

# Each change in its hour; and each confirmation by its day and how long it took.
_BY_HOUR = f"""
    SELECT campaign_id, date_trunc('hour', at, 'UTC') AS hour, state, -1 AS waited, SUM(delta) AS n
    FROM {{source}} GROUP BY 1, 2, 3
    UNION ALL
    SELECT campaign_id, date_trunc('day', at, 'UTC'), '{CONFIRMED}',
        floor({WAITED} * ln((1 + waited)::float8) / ln(2::float8))::smallint, COUNT(*)
    FROM {{source}} WHERE waited IS NOT NULL GROUP BY 1, 2, 4
    ORDER BY 1, 2, 3, 4
"""

_FOLD = f"""
WITH gone AS (
    -- An array, since PostgreSQL may run the subquery of an IN once a row: LIMIT then limits nothing.
    DELETE FROM campaign_tallychange WHERE id = ANY (ARRAY(
        SELECT id FROM campaign_tallychange ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
    )) RETURNING *
), moved AS (
    SELECT change.campaign_id, change.state, part.dimension, part.key, SUM(change.delta) AS n
    {_EXPANDED.format(source="gone")}
    GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
), added AS (
    INSERT INTO campaign_tally AS total (campaign_id, state, dimension, key, n)
    SELECT * FROM moved WHERE n <> 0
    ON CONFLICT (campaign_id, state, dimension, key) DO UPDATE SET n = total.n + EXCLUDED.n
), hours AS (
    INSERT INTO campaign_hourtally AS total (campaign_id, hour, state, waited, n)
    SELECT * FROM ({_BY_HOUR.format(source="gone")}) AS every WHERE n <> 0
    ON CONFLICT (campaign_id, hour, state, waited) DO UPDATE SET n = total.n + EXCLUDED.n
)
SELECT COUNT(*) FROM gone
"""

_SNAPSHOT = f"""
SELECT state, dimension, key, SUM(n)::bigint FROM (
    SELECT state, dimension, key, n FROM campaign_tally WHERE campaign_id = %s
    UNION ALL
    SELECT change.state, part.dimension, part.key, change.delta
    {_EXPANDED.format(source="campaign_tallychange")} AND change.campaign_id = %s
) AS every GROUP BY 1, 2, 3 HAVING SUM(n) <> 0
"""


class Facets(NamedTuple):
    """The counted fields of one signature; a change of any of them is a change of the counts."""

    state: str
    shown: bool = True
    discipline: str = ""
    country: str = ""
    kind: str = ""
    evidence: str = ""
    voucher: str = ""
    day: date | None = None


def facets(signature: Signature) -> Facets | None:
    """The counted fields, or None of a pending signature, which counts nowhere."""
    if signature.status == Status.PENDING:
        return None
    counted = signature.counted_as or signature.status
    if counted != Status.PUBLISHED:
        return Facets(STATES[counted])
    assert signature.published_at is not None  # a CHECK constraint says so
    return Facets(
        state=STATES[counted],
        shown=signature.is_listed,
        discipline=signature.discipline.slug if signature.discipline else "",
        country=signature.country,
        kind=signature.kind,
        evidence=signature.evidence,
        voucher=_named_voucher(signature),
        day=signature.published_at.date(),
    )


def _named_voucher(signature: Signature) -> str:
    """The key of the organisation that the list names beside the signer, '' where it names none."""
    named = signature.evidence == Evidence.VOUCHED and signature.member_of_id is not None
    return str(signature.member_of_id) if named else ""


def changed(campaign_id: int, before: Facets | None, after: Facets | None) -> list[TallyChange]:
    """The change rows of one signature, -1 and +1, for the transaction that changes it."""
    return [] if before == after else changes(campaign_id, [(before, -1), (after, 1)])


def waited(signature: Signature) -> int | None:
    """The seconds from signing to confirming; None of one that was never asked to confirm."""
    if signature.confirmed_at is None or signature.evidence == Evidence.ON_FILE:
        return None
    return max(0, int((signature.confirmed_at - signature.created_at).total_seconds()))


def changes(campaign_id: int, facets: Iterable[tuple[Facets | None, int]]) -> list[TallyChange]:
    """Change rows of a facet and its delta each; None is skipped."""
    return [
        TallyChange(campaign_id=campaign_id, delta=delta, **facet._asdict())
        for facet, delta in facets
        if facet is not None
    ]


FOLDED_AT_ONCE = 10_000


def fold(limit: int = FOLDED_AT_ONCE) -> int:
    """Fold up to ``limit`` change rows into the totals; returns how many.

    One statement adds exactly the rows that it deleted. It never folds "all up to an id", since a
    lower id may commit later and would be lost. Totals are taken in key order, so two folds at once
    don't deadlock.
    """
    with connection.cursor() as cursor:
        cursor.execute(_FOLD, [limit])
        return int(cursor.fetchone()[0])


def snapshot(campaign_id: int) -> dict[Key, int]:
    """Every number of a campaign that isn't zero, exact as of this statement's snapshot."""
    with connection.cursor() as cursor:
        cursor.execute(_SNAPSHOT, [campaign_id, campaign_id])
        return {(state, dimension, key): n for state, dimension, key, n in cursor.fetchall()}


_BY_STATE = """
SELECT campaign.slug, every.state, SUM(every.n)::bigint FROM campaign_campaign AS campaign
LEFT JOIN (
    SELECT campaign_id, state, n FROM campaign_tally WHERE dimension = 'all'
    UNION ALL SELECT campaign_id, state, delta FROM campaign_tallychange
) AS every ON every.campaign_id = campaign.id GROUP BY 1, 2 ORDER BY 1
"""


def by_state() -> dict[str, dict[str, int]]:
    """How many are in each state, `RECEIVED` among them, by the slug of every campaign."""
    found: dict[str, dict[str, int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_BY_STATE)
        for slug, state, n in cursor.fetchall():
            found.setdefault(slug, {})
            if state is not None:
                found[slug][state] = n
    return found


_UNFOLDED = "(SELECT * FROM campaign_tallychange WHERE campaign_id = %(campaign)s) AS change"
_HOURS = f"""
SELECT GREATEST(hour, %(before)s) AS hour, state, waited, SUM(n)::bigint FROM (
    SELECT campaign_id, hour, state, waited, n FROM campaign_hourtally
    WHERE campaign_id = %(campaign)s
    UNION ALL SELECT * FROM ({_BY_HOUR.format(source=_UNFOLDED)}) AS unfolded
) AS every GROUP BY 1, 2, 3 HAVING SUM(n) <> 0 ORDER BY 1
"""


class Hour(NamedTuple):
    """Of one hour, how many more came to be in a state than left it; or of one day, how many
    confirmed after a wait of that class."""

    hour: datetime
    state: str
    waited: int
    n: int


def hours(campaign_id: int, since: datetime) -> list[Hour]:
    """The hours from ``since`` on that aren't empty, the oldest first, and all before as the one before it.

    Exact as of this statement's snapshot; summed up there, since a year has thousands of hours.
    """
    given: dict[str, int | datetime] = {
        "campaign": campaign_id,
        "before": since - timedelta(hours=1),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, given)
        return [Hour(*row) for row in cursor.fetchall()]


def recount(campaign_id: int) -> dict[Key, int]:
    """The same numbers counted from the signatures themselves; ``received`` leaves no rows to count."""
    numbers: Counter[Key] = Counter()
    rows = Signature.objects.filter(campaign_id=campaign_id).exclude(status=Status.PENDING)
    for signature in rows.select_related("discipline").iterator():
        facet = facets(signature)
        assert facet is not None  # pending ones were excluded
        numbers.update(_parts(facet))
    return dict(numbers)


def _parts(facet: Facets) -> list[Key]:
    """What one signature counts towards: the same rule as in SQL above, for the recount alone."""
    parts = [(facet.state, "all", "")]
    if facet.state == "published":
        parts.append((facet.state, "day", str(facet.day)))
        if facet.shown:
            for dimension in ("discipline", "country", "kind", "evidence"):
                parts.append((facet.state, dimension, getattr(facet, dimension)))
            if facet.voucher:
                parts.append((facet.state, "voucher", facet.voucher))
        else:
            parts.append((facet.state, "anonymous", ""))
    return parts
