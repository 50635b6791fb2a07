"""Signing, as somebody does it with a browser."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser.visiting import Visitors
from tests.e2e.product import Product
from tests.e2e.sink import link


def fill(page: Any, *, email: str, name: str = "Zoë Moreau") -> None:
    """Fill in what the form needs, and agree."""
    page.locator("#name").fill(name)
    page.locator("#email").fill(email)
    page.locator("#consent").check()


def send(page: Any) -> None:
    page.locator(".sign-form button[type=submit]").click()


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


def mailed(product: Product, address: str, purpose: str = "confirm") -> str:
    """The link of the mail to that address."""
    return link(product.sink.wait_for(address), purpose)


def imported(
    visit: Visitors, product: Product, folder: Path, *, slug: str, name: str, address: str
) -> None:
    """A name that the campaign had on file with that address, and that was confirmed from there."""
    file = folder / "signers.csv"
    file.write_text(f"name,email\n{name},{address}\n", encoding="utf-8")
    product.manage("import_signers", slug, str(file))
    page = visit(mailed(product, address))
    page.locator("form.act button").click()
    page.locator(".lead").wait_for()


def rows(product: Product, address: str) -> int:
    """How many signatures there are of that address, confirmed or not."""
    sql = "SELECT count(*) FROM campaign_signature WHERE email = %s"
    return int(product.query(sql, address)[0][0])


def mails(product: Product, address: str) -> int:
    asked = "SELECT count(*) FROM campaign_mail WHERE signature_id IN (SELECT id FROM campaign_signature WHERE email = %s)"
    return int(product.query(asked, address)[0][0])
