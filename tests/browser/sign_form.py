"""The sign form of a page, filled in and sent without leaving it."""

from collections.abc import Callable
from typing import Any

from tests.e2e.product import Product


def fill(page: Any, address: str, name: str = "Zoë Moreau") -> None:
    page.locator("#name").fill(name)
    page.locator("#email").fill(address)
    page.locator("#consent").check()


def press(page: Any) -> None:
    page.locator("#sign button[type=submit]").first.click()


def sent(page: Any) -> Any:
    """The section that stands in the place of the form after it was sent."""
    section = page.locator("#sign[data-step=sent]")
    section.wait_for()
    return section


def stay(page: Any) -> Callable[[], bool]:
    """Whether the page is still the one that it is now, never loaded anew."""
    page.evaluate("() => { window.same = true }")
    return lambda: bool(page.evaluate("() => window.same === true"))


def pending(product: Product, address: str) -> int:
    return int(
        product.query("SELECT count(*) FROM campaign_signature WHERE email = %s", address)[0][0]
    )


def mails(product: Product, address: str) -> int:
    asked = "SELECT count(*) FROM campaign_mail WHERE signature_id IN (SELECT id FROM campaign_signature WHERE email = %s)"
    return int(product.query(asked, address)[0][0])
