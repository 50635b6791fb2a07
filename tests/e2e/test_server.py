"""What the web server itself adds to an answer, which no test below it sees."""

import re

import pytest

from tests.e2e.browser import Browser
from tests.e2e.product import Product

pytestmark = pytest.mark.xdist_group("e2e")

PATHS = ("/healthz", "/", "/admin/login/", "/api/v1/campaigns/", "/no/such/page", "/static/nothing")


@pytest.mark.parametrize("path", PATHS)
def test_no_answer_tells_a_version(product: Product, path: str) -> None:
    headers = Browser(product.base).get(path).headers
    told = {name: str(value) for name, value in headers.items() if name.lower() in TELLING}
    assert not any(re.search(r"\d", value) for value in told.values()), told
    assert told.keys() <= {"Server", "server"}, told


TELLING = {"server", "x-powered-by", "x-aspnet-version", "x-generator", "via"}
