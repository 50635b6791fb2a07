"""One Chromium and one product with real processes for all of these tests, in one test process."""

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from petition.household import ROOT
from tests.browser.campaigns import campaign
from tests.browser.visiting import Visitors
from tests.chromium import launched
from tests.e2e.product import Product, running
from tests.e2e.site import Site, another_site

HERE = Path(__file__).parent
DEMO = "stealing-isnt-innovation"
RELEASE = (
    "from django.contrib.auth.models import User; from campaign import releases;"
    "from campaign.models import ImportBatch;"
    "batch = ImportBatch.objects.latest('pk');"
    "shown = {'batch_id': batch.pk, 'waiting_n': releases.waiting(batch).count()};"
    "releases.preview(by=User.objects.create_user('previews'), **shown);"
    "releases.release(by=User.objects.create_user('releases'), **shown);"
    "releases.release_due()"
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Any]:
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def partner() -> Iterator[Site]:
    """A site of another origin, which may embed the campaign and post to it."""
    with another_site() as site:
        yield site


@pytest.fixture(scope="session")
def running_product(tmp_path_factory: pytest.TempPathFactory, partner: Site) -> Iterator[Product]:
    with running(tmp_path_factory.mktemp("browser")) as product:
        product.load(campaign(site=partner.origin))
        yield product


@pytest.fixture(scope="session")
def demo(running_product: Product) -> str:
    """The page of the demo campaign: a logo, and 700 names of every script, kind and discipline."""
    product = running_product
    product.manage("load_campaign", "campaign/demo/campaign.toml")
    gathered = product.folder / "gathered.csv"
    with (ROOT / "campaign/demo/signers.csv").open(newline="") as file, gathered.open("w") as copy:
        reader = csv.DictReader(file)
        writer = csv.DictWriter(copy, reader.fieldnames or [])
        writer.writeheader()
        # Without addresses: the notes to all of them would stand before the mails of other tests.
        writer.writerows({**row, "email": ""} for row in reader)
    note = ("--consent-on-file", "Consent forms 1 to 700.")
    product.manage("import_signers", DEMO, str(gathered), *note)
    product.manage("shell", "--no-imports", "-c", RELEASE)
    return f"/{DEMO}/"


@pytest.fixture
def product(chromium: Any, running_product: Product) -> Product:
    """Not started where there is no browser."""
    return running_product


@pytest.fixture
def visit(chromium: Any, product: Product) -> Iterator[Visitors]:
    """Open pages (`Visitors.__call__`); no browser may have complained of a script or the policy."""
    visitors = Visitors(chromium, product.base)
    try:
        yield visitors
    finally:
        visitors.close()
    assert visitors.complaints == []


@pytest.fixture
def address(request: pytest.FixtureRequest) -> str:
    """A mailbox that nobody else signs from."""
    name = re.sub(r"[^a-z0-9]+", ".", request.node.name.lower())[-50:]
    return f"{name.strip('.')}@example.net"
