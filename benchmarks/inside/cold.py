"""How long one request takes, alone in one process, at the size that this database has.

It goes through the whole of Django, and so below the copies, which stand before it (`petition.wsgi`):
what a reader waits for when there is no copy.
"""

import random
import time
import uuid
from collections.abc import Callable, Iterable
from statistics import median
from typing import Any
from urllib.parse import urlencode

from django.test import Client

from benchmarks.campaign import CONFIRM, COUNTS, SIGN, SIGNERS, SLUG
from benchmarks.inside.pending import place, token, typed
from campaign import counts
from campaign.models import Signature

_client = Client(SERVER_NAME="127.0.0.1")
TIMES = 60
# At the default of 50, ten thousand signers have 200 pages.
PAGE_SIZE, PAGE = 20, 500


def main() -> dict[str, float]:
    """The median of each, in milliseconds."""
    while counts.fold():  # as the scheduler does every five seconds
        pass
    tag = uuid.uuid4().hex[:8]
    page_500 = _page_500()
    tokens = [token(row) for row in place([f"{tag}-c{n}" for n in range(TIMES)])]
    return {
        "first-page": _median(lambda _: _read(SIGNERS), range(TIMES)),
        "page-500": _median(lambda _: _read(page_500), range(TIMES)),
        "counts": _median(lambda _: _read(COUNTS), range(TIMES)),
        "search": _median(lambda q: _read(f"{SIGNERS}?{urlencode({'q': q})}"), _queries()),
        "sign": _median(lambda n: _post(SIGN, typed(f"{tag}-s{n}"), 202), range(TIMES)),
        "confirm": _median(lambda each: _post(CONFIRM, {"token": each}, 200), tokens),
    }


def _median(ask: Callable[[Any], object], questions: Iterable[Any]) -> float:
    times = []
    for question in questions:
        began = time.perf_counter()
        ask(question)
        times.append(time.perf_counter() - began)
    return 1000 * median(times)


def _read(url: str) -> Any:
    return _checked(_client.get(url), 200)


def _post(path: str, body: dict[str, Any], expected: int) -> Any:
    return _checked(_client.post(path, body, content_type="application/json"), expected)


def _checked(answer: Any, expected: int) -> Any:
    """The answer; a wrong one ends it all."""
    if answer.status_code != expected:
        asked = answer.request["PATH_INFO"]
        raise SystemExit(f"{asked} answered {answer.status_code}: {answer.content[:200]!r}")
    return answer


def _page_500() -> str:
    """Its address, found by following `next` from the first page, in strides of ten pages at first."""
    url, left = f"{SIGNERS}?page_size={10 * PAGE_SIZE}", PAGE - 1
    while left:
        if left == (PAGE - 1) % 10:
            url = url.replace(f"page_size={10 * PAGE_SIZE}", f"page_size={PAGE_SIZE}")
        left -= 10 if f"page_size={10 * PAGE_SIZE}" in url else 1
        url = str(_read(url).json()["next"])
    return url


def _queries() -> list[str]:
    """What people type into a search box: a last name, a whole name, three letters of one, in turn."""
    rng = random.Random(500)  # noqa: S311 - the same questions at every run
    listed = Signature.objects.filter(campaign__slug=SLUG, status="published", show_name=True)
    # By id, as it was drawn: no name is likelier to be asked for than it is to be there.
    highest = listed.order_by("-pk").values_list("pk", flat=True)[:1].get()
    ids = rng.sample(range(1, highest), k=4 * TIMES)
    names = list(listed.filter(pk__in=ids).values_list("name", flat=True)[:TIMES])
    rng.shuffle(names)
    shapes: list[Callable[[str], str]] = [
        lambda name: name.split()[-1],
        lambda name: name,
        lambda name: name.split()[-1][:3],
    ]
    return [shapes[number % 3](name) for number, name in enumerate(names)]
