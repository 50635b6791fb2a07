"""That what the other tests here stand on does what it says."""

import pytest

from tests.browser.visiting import DESKTOP_DARK, Visitors, axe
from tests.e2e.site import Site


def test_axe_tells_what_is_wrong_with_a_page(visit: Visitors, partner: Site) -> None:
    page = visit(partner.page("<img src='/none.png'>"))
    with pytest.raises(AssertionError, match="image-alt"):
        axe(page)


def test_axe_sees_a_page_whose_scripts_are_off(visit: Visitors, partner: Site) -> None:
    body = "<main><h1>Hi</h1><noscript><input></noscript></main><script src='/bad.js'></script>"
    page = visit(partner.page(body, bad="document.body.remove()"), scripts=False)
    assert page.locator("h1").inner_text() == "Hi"
    with pytest.raises(AssertionError, match="label"):
        axe(page)


def test_a_visitor_without_cookies_has_no_storage_either(visit: Visitors, partner: Site) -> None:
    script = "try { localStorage.a = 1 } catch (error) { document.title = error.name }"
    page = visit(
        partner.page("<script src='/keep.js'></script>", keep=script), DESKTOP_DARK, cookies=False
    )
    assert page.title() == "SecurityError"
    assert page.viewport_size == DESKTOP_DARK.screen


def test_what_the_policy_refuses_is_a_complaint(visit: Visitors) -> None:
    page = visit("/art/")
    foreign = "document.createElement('img'), {src: 'https://elsewhere.example/'}"
    with page.expect_console_message():
        page.evaluate(f"() => document.body.append(Object.assign({foreign}))")
    [complaint] = visit.complaints
    assert "img-src" in complaint
    visit.complaints.clear()
