"""The doctor looks at a running product, and at one whose worker is gone."""

import json

import pytest

from tests.e2e.product import Product
from tests.e2e.until import until

pytestmark = pytest.mark.xdist_group("e2e")

ALIVE = ("migrations", "redis", "eviction", "clocks", "scheduler", "workers", "files", "mail")


def failing(product: Product, *checks: str) -> list[str]:
    """What fails of those checks."""
    code = (
        "import json; from campaign.doctor.examination import CHECKS;"
        f"print(json.dumps([f.said for name in {checks!r} for f in CHECKS[name]() if f.level == 'fail']))"
    )
    said: list[str] = json.loads(
        product.manage("shell", "--no-imports", "-c", code).splitlines()[-1]
    )
    return said


def test_a_running_product_is_well_and_one_without_its_mail_worker_is_not(product: Product) -> None:
    until(lambda: failing(product, *ALIVE) == [], what="all of it is well")
    product.mail.stop()
    try:
        assert failing(product, *ALIVE) == ["no worker listens to the queue mail"]
    finally:
        product.mail.start()
    until(lambda: failing(product, "workers") == [], what="it is back")
