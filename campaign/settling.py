"""Until when nothing changes any more in what is read now, whoever is writing."""

from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

CLOCKS = timedelta(seconds=30)
"""How far the clocks of our machines may disagree before a mirror misses a change."""

_OLDEST_WRITER = """
SELECT MIN(xact_start) FROM pg_stat_activity
WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid()
"""


def settled() -> datetime:
    """A time before which nothing changes any more in what a statement begun from now on can see.

    Changes are stamped before their commit, which may take as long as locks and disks please. So a
    fixed margin promises nothing, and the writers are asked: what one of them stamps is later than
    its own beginning. The margin is for the clocks, which are not one.
    """
    return written_until() - CLOCKS


def written_until() -> datetime:
    """The same time without the margin, as if all clocks were one."""
    now = timezone.now()
    with connection.cursor() as asked:
        asked.execute(_OLDEST_WRITER)
        (began,) = asked.fetchone()
    return min(now, began or now)
