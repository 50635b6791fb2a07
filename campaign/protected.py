"""The protected names of a campaign, ready to be compared with, from a copy of this process.

The copy is as good as the database, as `current`'s is: a name that comes or goes gives its campaign
another stamp (a trigger), and who asks has read the stamp. To compile a thousand names takes 0.2 s,
so it is done only when they are others than before.
"""

import threading

from django.db.models import QuerySet

from campaign.matcher import Matcher, Protected
from campaign.models.campaign import Campaign, ProtectedName

_matchers: dict[int, tuple[int, Matcher]] = {}
_lock = threading.Lock()


def matcher(campaign: Campaign) -> Matcher:
    """What compares with the campaign's protected names, as they were at its ``stamp`` or later."""
    kept = _matchers.get(campaign.pk)
    if kept is None or kept[0] != campaign.stamp:
        with _lock:  # or each thread would compile the same names at once
            kept = _matchers.get(campaign.pk)
            if kept is None or kept[0] != campaign.stamp:
                kept = campaign.stamp, _compiled(campaign, kept[1] if kept else None)
                _matchers[campaign.pk] = kept
    return kept[1]


def read(rows: QuerySet[ProtectedName]) -> list[Protected]:
    """These names as they are compared with."""
    columns = ("pk", "name", "alias_of", "skeletons", "batch_id")
    return [
        Protected(pk, name, alias_of, frozenset(skeletons), batch_id)
        for pk, name, alias_of, skeletons, batch_id in rows.order_by("pk").values_list(*columns)
    ]


def _compiled(campaign: Campaign, before: Matcher | None) -> Matcher:
    names = read(ProtectedName.objects.filter(campaign=campaign))
    return before if before is not None and before.names == names else Matcher(names)
