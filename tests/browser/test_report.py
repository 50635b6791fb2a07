"""Who finds their name on the list takes it down, in a browser: from the link below it to the mail and back."""

from pathlib import Path

import pytest

from tests.browser.campaigns import campaign
from tests.browser.signing import imported
from tests.browser.visiting import DESKTOP_DARK, PHONE_DARK, PHONE_LIGHT, Look, Visitors, axe, shoot
from tests.e2e.product import Product
from tests.e2e.sink import link
from tests.e2e.until import until

SLUG = "reported"


@pytest.fixture(scope="module", autouse=True)
def apart(running_product: Product) -> None:
    """A campaign whose names nobody else counts."""
    running_product.load(campaign(slug=SLUG))


@pytest.mark.parametrize(
    ("look", "language", "scripts"),
    [(PHONE_LIGHT, "en", False), (DESKTOP_DARK, "fr", True), (PHONE_DARK, "ar", False)],
    ids=["en", "fr", "ar"],
)
def test_a_name_is_reported_and_hidden_in(
    visit: Visitors,
    product: Product,
    tmp_path: Path,
    address: str,
    look: Look,
    language: str,
    scripts: bool,
) -> None:
    name = f"Ann {language.upper()} Example"
    imported(visit, product, tmp_path, slug=SLUG, name=name, address=address)
    page = visit(f"/{SLUG}/signers/?language={language}", look, scripts=scripts, cookies=False)
    until(lambda: page.reload() and page.get_by_text(name).count(), what=f"{name} on the list")
    shoot(page, f"report-list-{language}")

    # One link among many says whose it is.
    page.locator(".signer-report a", has_text=name).click()
    assert page.locator(".entry .signer-name bdi").inner_text() == name
    assert page.locator("html").get_attribute("lang") == language
    axe(page)
    shoot(page, f"report-{language}")

    # Mistakes lead to their fields; nothing that was typed is lost.
    page.locator("#note").fill("I was asked.\nI said no.")
    page.locator("form.report button").click()
    page.locator("#errors").wait_for()
    axe(page)
    shoot(page, f"report-mistakes-{language}")
    page.locator("#errors a").first.click()
    assert page.url.endswith("#reason")
    assert page.locator("#note").input_value() == "I was asked.\nI said no."

    page.locator("input[value=not_signed]").check()
    page.locator("#email").fill("mistyped@example.net")
    page.locator("form.report button").click()
    page.locator(".facts", has_text="mistyped@example.net").wait_for()
    page.locator("button[value=edit]").click()
    page.locator("#email").wait_for()
    assert page.locator("#email").input_value() == "mistyped@example.net"
    assert page.locator("#note").input_value() == "I was asked.\nI said no."
    assert page.locator("input[value=not_signed]").is_checked()

    page.locator("#email").fill(address)
    page.locator("form.report button").click()
    page.locator(".facts", has_text=address).wait_for()
    axe(page)
    shoot(page, f"report-sent-{language}")
    # The second mail: the first asked for the confirmation.
    mails = until(lambda: product.sink.to(address)[1:], what="the mail of the report")
    page.goto(link(mails[0], "report"))
    axe(page)
    shoot(page, f"report-confirm-{language}")
    assert page.locator(".note").inner_text() == "I was asked.\nI said no."
    page.locator("form.act button").click()
    page.locator(".lead").wait_for()
    axe(page)
    shoot(page, f"report-confirmed-{language}")
    assert page.locator(".entry").count() == 0
    page.goto(f"/{SLUG}/signers/?language={language}")
    until(lambda: page.reload() and not page.get_by_text(name).count(), what=f"{name} gone")
