"""Passing the link on, in a browser."""

import pytest

from tests.browser.visiting import DESKTOP_DARK, PHONE_LIGHT, Look, Visitors, axe


def test_the_link_is_copied(visit: Visitors) -> None:
    page = visit("/art/?language=en", permissions=["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    page.get_by_text("The link is copied.").wait_for()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied.endswith("/art/?language=en&source=link")


def test_a_refused_copy_leaves_the_link_selected(visit: Visitors) -> None:
    page = visit("/art/?language=en")
    refuse = "() => { navigator.clipboard.writeText = () => Promise.reject(new Error()) }"
    page.evaluate(refuse)
    page.get_by_role("button", name="Copy").click()
    page.locator("#share-link:focus").wait_for()
    field = "field => field.value.slice(field.selectionStart, field.selectionEnd)"
    assert page.locator("#share-link").evaluate(field).endswith("&source=link")
    assert page.locator("#share-copied").inner_text() == ""


def test_the_sheet_of_the_phone_gets_a_link_of_its_own(visit: Visitors) -> None:
    page = visit()
    sheet = "navigator.share = async (given) => { window.given = given }"
    page.add_init_script(sheet)
    page.goto("/art/?language=en")
    page.get_by_role("button", name="Share…").click()
    given = page.evaluate("() => window.given")
    assert given["text"] == "Art is not a quarry"
    assert given["url"].endswith("/art/?language=en&source=share")


def test_without_scripts_the_link_and_the_ways_are_there(visit: Visitors) -> None:
    page = visit("/art/?language=en", scripts=False)
    assert page.locator("#share-link").input_value().endswith("&source=link")
    assert page.locator(".share-ways a:visible").count() == 8
    assert page.locator(".share button:visible").count() == 0


@pytest.mark.parametrize("look", [PHONE_LIGHT, DESKTOP_DARK], ids=lambda look: look.name)
def test_the_form_of_a_link_carries_its_source(visit: Visitors, look: Look) -> None:
    page = visit("/art/?language=ar&source=whatsapp&fbclid=x", look)
    assert page.locator("input[name=source]").input_value() == "whatsapp"
    page.get_by_role("link", name="Français").click()
    assert page.locator("input[name=source]").input_value() == "whatsapp"
    axe(page)
