"""The scheduler and the workers of the running product leave their signs of life."""

import time
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.product import METRICS_TOKEN, Product
from tests.e2e.until import until

pytestmark = pytest.mark.xdist_group("e2e")


def numbers(product: Product) -> dict[tuple[str, ...], float]:
    headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    request = urllib.request.Request(f"{product.base}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        families = text_string_to_metric_families(answer.read().decode())
        samples = [sample for family in families for sample in family.samples]
    return {(sample.name, *sample.labels.values()): sample.value for sample in samples}


def test_the_scheduler_ticks_and_each_worker_ends_its_tasks(product: Product) -> None:
    began = time.time()

    def all_seen() -> bool:
        seen = numbers(product)
        tasks = [
            ("petition_task_last_success_timestamp_seconds", task) for task in ("sweep", "fold")
        ]
        tick = ("petition_scheduler_last_tick_timestamp_seconds",)
        # A Redis that another test emptied knows none of them yet.
        return all(seen.get(each, 0) >= began for each in (tick, *tasks))

    until(all_seen, what="a tick, and tasks of both queues")
    assert numbers(product)["petition_up", "database"] == 1
