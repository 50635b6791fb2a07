"""The way of a signer: sign, mail, confirm, found in the list; axe looks at every page on it."""

from typing import Any

import pytest
from django.conf import settings

from tests.browser.signing import fill, mailed, send
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
from tests.e2e.product import Product
from tests.e2e.until import until

LANGUAGES = [code for code, _name in settings.LANGUAGES if code in ("en", "fr", "ar")]
NAMES = {"en": "Ada Lovelock", "fr": "Élodie Brûlé", "ar": "ليلى الحداد"}
TITLES = {
    "en": "Art is not a quarry",
    "fr": "L’art n’est pas une carrière",
    "ar": "الفن ليس محجرا",
}
# Each on a screen of the other light with JavaScript off, so that all four looks are walked.
WAYS = [
    (PHONE_LIGHT, True),
    (DESKTOP_DARK, True),
    (PHONE_DARK, False),
    (DESKTOP_LIGHT, False),
]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("look", "scripts"), WAYS, ids=[f"{look.name}-{'js' if js else 'plain'}" for look, js in WAYS]
)
def test_from_the_statement_to_the_list(
    visit: Visitors, product: Product, address: str, look: Look, scripts: bool, language: str
) -> None:
    name = f"{NAMES[language]} {look.name.title()}"
    walk = f"{language}-{look.name}-{'js' if scripts else 'plain'}"
    page = visit("/art/", look, scripts=scripts, language=language)

    def seen(what: str) -> None:
        html = page.locator("html")
        assert html.get_attribute("lang") == language
        assert html.get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
        shoot(page, f"{walk}-{what}")
        axe(page)

    assert page.locator("h1").inner_text() == TITLES[language]
    seen("1-statement")

    page.locator("#name").fill(name)
    send(page)
    page.locator("#errors").wait_for()
    links = page.locator("#errors a")
    assert [each.get_attribute("href") for each in links.all()] == ["#email", "#consent"]
    assert page.locator("#name").input_value() == name
    seen("2-errors")

    fill(page, name=name, email=address)
    send(page)
    page.get_by_text(address).first.wait_for()
    assert page.locator(".sign-form").count() == 0
    seen("3-inbox")

    page.goto(mailed(product, address))
    assert name in page.locator("main").inner_text()
    seen("4-confirm")

    page.locator("form.act button").click()
    page.locator("a[href*='/manage/']").first.wait_for()
    seen("5-confirmed")
    own = page.locator("a[href*='/manage/']").first.get_attribute("href")

    page.goto(own)
    assert name in page.locator("main").inner_text()
    seen("6-own-page")

    until(lambda: listed(page, name, language), what=f"{name} is in the list")
    seen("7-list")


def listed(page: Any, name: str, language: str) -> bool:
    """Whether a search of the list by hand finds that name."""
    page.goto(f"/art/signers/?language={language}")
    page.locator("input[name=q]").fill(name)
    page.locator("input[name=q]").press("Enter")
    found: int = page.locator(".signer-name").get_by_text(name, exact=True).count()
    return found == 1
