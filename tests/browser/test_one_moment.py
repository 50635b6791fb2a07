"""Signing while very many do: a script works unseen, and who has none is told to wait."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.campaigns import campaign
from tests.browser.signing import fill, imported, mails, press, rows, sent, stay
from tests.browser.visiting import (
    DESKTOP_DARK,
    DESKTOP_LIGHT,
    PHONE_DARK,
    PHONE_LIGHT,
    Look,
    Visitors,
    axe,
    shoot,
)
from tests.chromium import MEASURED
from tests.e2e.product import Product
from tests.e2e.until import until

SLUG = "rush"


@pytest.fixture(scope="module", autouse=True)
def rush(running_product: Product) -> None:
    running_product.load(campaign(slug=SLUG, bot_check="always"))


@pytest.mark.parametrize("path", [f"/{SLUG}/", f"/embed/{SLUG}/"])
def test_with_a_script_the_work_is_done_unseen(
    visit: Visitors,
    product: Product,
    address: str,
    path: str,
    record_property: Callable[[str, object], None],
) -> None:
    page = visit(f"{path}?language=en")
    is_same = stay(page)
    fill(page, email=address)
    began = time.monotonic()
    press(page)
    sent(page)
    took = time.monotonic() - began
    record_property(MEASURED, f"bot check: {took:.2f} s from the press to the answer")
    assert is_same()
    assert (rows(product, address), mails(product, address)) == (1, 1)


def test_a_browser_that_cannot_work_is_told_to_wait_and_loses_nothing(
    visit: Visitors, product: Product, address: str
) -> None:
    page = visit(f"/{SLUG}/?language=en")
    page.evaluate("() => { delete window.Worker }")
    fill(page, email=address)
    press(page)
    page.locator("#sign[data-step=moment]").wait_for()
    axe(page)
    press(page)
    expect(page.locator("#sign .notice")).to_contain_text("Then press the button once more.")
    assert page.locator("#sign input[name=email]").input_value() == address
    assert rows(product, address) == 0
    page.go_back()
    assert page.locator("#email").input_value() == address


@pytest.mark.parametrize(
    ("look", "language"),
    [(PHONE_LIGHT, "en"), (PHONE_DARK, "ar"), (DESKTOP_LIGHT, "fr"), (DESKTOP_DARK, "en")],
    ids=["phone-en", "phone-ar", "desktop-fr", "desktop-en"],
)
def test_without_a_script_one_waits(
    visit: Visitors, product: Product, address: str, look: Look, language: str
) -> None:
    page = visit(f"/{SLUG}/?language={language}", look, scripts=False, cookies=False)
    fill(page, email=address)
    press(page)
    page.locator("#sign[data-step=moment]").wait_for()
    axe(page)
    shoot(page, f"moment-{look.name}-{language}")
    button = page.locator("#sign button[type=submit]")

    def is_in() -> bool:
        button.click()
        page.wait_for_load_state()
        return bool(page.locator("#sign[data-step=sent]").count())

    if language == "en" and look is PHONE_LIGHT:  # the others would wait as long
        until(is_in, what="the wait is over")
        assert (rows(product, address), mails(product, address)) == (1, 1)
    else:
        assert not is_in()
        assert rows(product, address) == 0


def test_a_report_does_the_work_by_itself(
    visit: Visitors, product: Product, tmp_path: Path, address: str
) -> None:
    imported(visit, product, tmp_path, slug=SLUG, name="Ann Rush", address=address)
    page = visit(f"/{SLUG}/signers/?language=en")
    until(lambda: page.reload() and page.get_by_text("Ann Rush").count(), what="on the list")
    page.locator(".signer-report a", has_text="Ann Rush").click()
    page.locator("input[value=not_signed]").check()
    page.locator("#email").fill(f"r{address}")
    page.locator("form.report button").click()
    page.get_by_role("heading", name="One step left: look in your inbox").wait_for()
    assert product.sink.wait_for(f"r{address}")
