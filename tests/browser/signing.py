"""Signing, as somebody does it with a browser."""

from typing import Any

from tests.e2e.product import Product
from tests.e2e.sink import link


def fill(page: Any, *, name: str, email: str) -> None:
    """Fill in what the form needs, and agree."""
    page.locator("#name").fill(name)
    page.locator("#email").fill(email)
    page.locator("#consent").check()


def send(page: Any) -> None:
    page.locator(".sign-form button[type=submit]").click()


def mailed(product: Product, address: str, purpose: str = "confirm") -> str:
    """The link of the mail to that address."""
    return link(product.sink.wait_for(address), purpose)


def rows(product: Product, address: str) -> int:
    """How many signatures there are of that address, confirmed or not."""
    sql = "SELECT count(*) FROM campaign_signature WHERE email = %s"
    return int(product.query(sql, address)[0][0])
