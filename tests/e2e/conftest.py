"""One product with real processes for all of these tests; its logs are shown when one fails."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.product import Product
from tests.factories import campaign_file


@pytest.fixture(scope="session")
def running_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    product = Product(tmp_path_factory.mktemp("e2e"))
    try:
        product.start()
        file = product.folder / "art.toml"
        file.write_text(campaign_file(publication="after_verification"), encoding="utf-8")
        product.manage("load_campaign", str(file))
        yield product
    except BaseException as error:
        error.add_note(product.logged())
        raise
    finally:
        product.stop()


@pytest.fixture
def product(running_product: Product) -> Product:
    return running_product


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Any:
    report = yield
    product = getattr(item, "funcargs", {}).get("product")
    if report.failed and product is not None:
        report.sections.append(("logs", product.logged()))
    return report
