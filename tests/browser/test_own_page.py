"""A signer asks for the link to their own page, and sees, changes, downloads and takes back, in a browser."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser.campaigns import campaign
from tests.browser.signing import imported
from tests.browser.visiting import DESKTOP_DARK, PHONE_DARK, PHONE_LIGHT, Look, Visitors, axe, shoot
from tests.e2e.product import Product
from tests.e2e.sink import link
from tests.e2e.until import until

SLUG = "owned"


@pytest.fixture(scope="module", autouse=True)
def apart(running_product: Product) -> None:
    """A campaign whose names nobody else counts."""
    running_product.load(campaign(slug=SLUG))


def press(page: Any, action: str) -> None:
    """The button of the form that does this."""
    page.locator("form", has=page.locator(f"input[name=action][value={action}]")).locator(
        "button"
    ).click()


def asked_for(page: Any, product: Product, address: str, language: str) -> str:
    """From the foot of any page of the campaign to the mail, and the link in it."""
    page.locator(f"a[href^='/{SLUG}/my-signature/']").last.click()
    axe(page)
    shoot(page, f"own-ask-{language}")
    page.locator("#email").fill("no address")
    page.locator("form.act button").click()
    page.locator("#email-error").wait_for()
    axe(page)
    page.locator("#email").fill(address)
    page.locator("form.act button").click()
    page.locator(".facts", has_text=address).wait_for()
    axe(page)
    shoot(page, f"own-sent-{language}")
    mails = until(lambda: product.sink.to(address)[1:], what="the mail with the link")
    return link(mails[0], "manage")


@pytest.mark.parametrize(
    ("look", "language", "scripts"),
    [(PHONE_LIGHT, "en", False), (DESKTOP_DARK, "fr", True), (PHONE_DARK, "ar", True)],
    ids=["en", "fr", "ar"],
)
def test_a_signer_does_everything_on_their_own_page_in(
    visit: Visitors,
    product: Product,
    tmp_path: Path,
    address: str,
    look: Look,
    language: str,
    scripts: bool,
) -> None:
    name = f"Zoë {language.upper()} Example"
    imported(visit, product, tmp_path, slug=SLUG, name=name, address=address)

    page = visit(f"/{SLUG}/?language={language}", look, scripts=scripts, cookies=False)
    path = asked_for(page, product, address, language)
    page.goto(f"{path}?language={language}")
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator(".facts-name").inner_text() == name
    axe(page)
    shoot(page, f"own-{language}")

    # A mistake opens the form with what was typed; then it is corrected.
    page.locator("details.correct:has([name=name]) summary").click()
    page.locator("#name").fill("")
    page.locator("#credit").fill("The Night Train")
    page.locator("details.correct:has([name=name]) button").click()
    page.locator("#name-error").wait_for()
    assert page.locator("#credit").input_value() == "The Night Train"
    axe(page)
    page.locator("#name").fill(f"{name} Moreau")
    page.locator("#discipline").select_option("author")
    page.locator("details.correct:has([name=name]) button").click()
    page.locator(".notice[role=status]").wait_for()
    assert page.locator(".facts-name").inner_text() == f"{name} Moreau"

    for action in ("hide", "show", "subscribe", "unsubscribe"):
        press(page, action)
        page.locator(".notice[role=status]").wait_for()
    axe(page)

    with page.expect_download() as download:
        page.locator("a[href*='data.json']").click()
    held = json.loads(Path(download.value.path()).read_text(encoding="utf-8"))
    assert (held["signature"]["name"], held["signature"]["credit"]) == (
        f"{name} Moreau",
        "The Night Train",
    )

    # What can't be undone asks twice.
    press(page, "erase")
    page.locator("#erase-error").wait_for()
    axe(page)
    shoot(page, f"own-sure-{language}")
    page.locator("#erase").check()
    press(page, "erase")
    page.locator("h1").wait_for()
    axe(page)
    shoot(page, f"own-left-{language}")
    assert page.goto(path).status == 410


def test_who_withdraws_can_press_what_is_left_with_a_thumb(
    visit: Visitors, product: Product, tmp_path: Path, address: str
) -> None:
    imported(visit, product, tmp_path, slug=SLUG, name="Ann Withdrawn", address=address)
    page = visit(f"/{SLUG}/", PHONE_LIGHT, scripts=False, cookies=False)
    path = asked_for(page, product, address, "withdrawing")
    page.goto(path)
    page.locator("#withdraw").check()
    press(page, "withdraw")
    page.locator("a[href*='data.json']").wait_for()
    axe(page)
    shoot(page, "own-withdrawn")
    press(page, "erase")
    page.locator(".lead").wait_for()
    axe(page)
    assert page.goto(path).status == 410
