"""One product with real processes for all of these tests; its logs are shown when one fails."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.chromium import launched
from tests.e2e.product import Product, running
from tests.factories import campaign_file


@pytest.fixture(scope="session")
def running_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with running(tmp_path_factory.mktemp("e2e")) as product:
        product.load(campaign_file(publication="after_verification", extra='bot_check = "off"'))
        yield product


@pytest.fixture
def product(running_product: Product) -> Product:
    return running_product


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    report = yield
    product = getattr(item, "funcargs", {}).get("product")
    if report.failed and product is not None:
        report.sections.append(("logs", product.logged()))
    return report
