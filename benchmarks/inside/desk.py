"""How long the moderators' desk takes at the size of this database, alone in one process.

So many signatures are held, in every lane; then the first page, each lane, the page of one and a decision
are asked for, through the whole of Django, as somebody who may see everything.
"""

import time
from collections.abc import Callable, Iterable
from functools import partial
from statistics import median, quantiles
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from campaign.admin import desk
from campaign.models import Signature
from campaign.models.signature import Status

TIMES = 25
QUEUE = "/admin/campaign/signature/"

# Of a hundred held: four with a protected name, one awaiting its release, one deferred, one asked.
_HOLD = """
WITH chosen AS (
    SELECT id, row_number() OVER (ORDER BY id) %% 100 AS n FROM campaign_signature
    WHERE status = 'published' AND id %% 37 = 0 ORDER BY id LIMIT %(held)s
)
UPDATE campaign_signature AS signature SET status = 'held', deferred_until =
    CASE n WHEN 5 THEN now() + interval '3 days' END,
    hold_reasons = CASE WHEN n < 4 THEN '{protected_name,review}' WHEN n = 4 THEN '{imported}'
        ELSE '{review}' END::varchar[]
FROM chosen WHERE chosen.id = signature.id
"""
_ASK = """
INSERT INTO campaign_question (public_id, signature_id, text, asked_at, answer)
SELECT left(md5(id::text), 16), id, 'Who?', now(), '' FROM campaign_signature
WHERE status = 'held' AND hold_reasons = '{review}' AND id %% 3 = 0 ORDER BY id LIMIT %(held)s / 100
"""
_REPORT = """
INSERT INTO campaign_report (public_id, campaign_id, signature_id, email, canonical_email, language,
    reason, note, status, outcome, on_file, created_at, confirmed_at)
SELECT left(md5(id::text), 16), campaign_id, id, 'r@example.org', 'r@example.org', 'en', 'not_me', '',
    'open', '', false, now(), now() FROM campaign_signature
WHERE status = 'published' AND id %% 41 = 0 ORDER BY id LIMIT %(held)s / 100
"""


def main(held: str) -> dict[str, list[float]]:
    """Median and 95th percentile of each, in milliseconds."""
    settings.SECOND_FACTOR_REQUIRED = False  # not what is measured
    with connection.cursor() as cursor:
        for sql in (_HOLD, _ASK, _REPORT):
            cursor.execute(sql, {"held": int(held)})
        for table in ("campaign_signature", "campaign_question", "campaign_report"):
            cursor.execute(f"ANALYZE {table}")
    client = Client(SERVER_NAME="127.0.0.1")
    user = User.objects.create_superuser("bench", "bench@example.org", "bench")
    client.force_login(user)
    pages = {"first page with its statistics": "/admin/"} | {
        f"lane {lane.value or 'all to decide'}": f"{QUEUE}?status={lane.value}"
        for lane in desk.LANES
        if lane.value in desk.AWAITS
    }
    _open(client, QUEUE, 0)  # what a process does once: import, and compile templates
    found = {name: _times(partial(_open, client, url)) for name, url in pages.items()}
    rows = Signature.objects.filter(status=Status.HELD, hold_reasons=["review"]).order_by("-pk")
    some = list(rows.defer("search")[: 2 * TIMES])
    ones = [f"{QUEUE}{row.pk}/change/?_changelist_filters=status%3Drest" for row in some]
    return {
        **found,
        "counts of lanes": _times(lambda _n: desk.counts(User.objects.get(pk=user.pk))),
        "page of one": _times(lambda n: _read(client, ones[n])),
        "decision": _times(lambda n: _approve(client, some[TIMES + n])),
    }


def _times(ask: Callable[[int], object]) -> list[float]:
    times = []
    for number in range(TIMES):
        began = time.perf_counter()
        ask(number)
        times.append(1000 * (time.perf_counter() - began))
    return [median(times), quantiles(times, n=20)[-1]]


def _open(client: Client, url: str, _number: int) -> None:
    _read(client, url)


def _read(client: Client, url: str) -> None:
    _expect(client.get(url), {200})


def _approve(client: Client, row: Signature) -> None:
    """As the keyboard's script does: the answer says where to go."""
    form = {"revision": row.revision, "status": row.status, "filters": "status=rest"}
    url = f"{QUEUE}{row.pk}/approve/"
    _expect(client.post(url, form, headers={"X-Desk": "keys"}), {200})
    if Signature.objects.values_list("status", flat=True).get(pk=row.pk) != Status.PUBLISHED:
        raise SystemExit(f"{url} decided nothing")


def _expect(answer: Any, expected: Iterable[int]) -> None:
    if answer.status_code not in expected:
        raise SystemExit(f"{answer.request['PATH_INFO']} answered {answer.status_code}")
