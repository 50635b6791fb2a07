"""What the eye meets: first view, reading, small screens, large letters, paper."""

from typing import Any

import pytest

from tests.browser.visiting import DESKTOP, DESKTOP_LIGHT, PHONE, PHONE_LIGHT, Look, Visitors

LANGUAGES = ["en", "fr", "de", "ar"]
PAGES = ["/art/", "/art/signers/", "/art/corrections/"]
# WCAG 2.2, 1.4.12: whoever reads better so sets letters apart by a style of their own.
SPACED = """* { line-height: 1.5 !important; letter-spacing: 0.12em !important;
word-spacing: 0.16em !important } p { margin-bottom: 2em !important }"""


def box(page: Any, selector: str) -> dict[str, float]:
    found: dict[str, float] | None = page.locator(selector).first.bounding_box()
    assert found, selector
    return {**found, "right": found["x"] + found["width"], "bottom": found["y"] + found["height"]}


def overflow(page: Any) -> int:
    """How many pixels the page is wider than the window."""
    return int(page.evaluate("() => document.documentElement.scrollWidth - innerWidth"))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_title_count_and_the_way_to_the_form_are_in_a_phones_first_view(
    visit: Visitors, language: str, scripts: bool
) -> None:
    page = visit(f"/art/?language={language}", PHONE_LIGHT, scripts=scripts)
    for part in ("h1", ".tally-number", "progress", ".jump a", ".prose p"):
        assert box(page, part)["y"] < PHONE["height"], part
    assert box(page, ".jump a")["bottom"] < PHONE["height"]
    assert box(page, ".jump a")["height"] >= 44


def test_the_way_to_the_form_goes_along_and_stays_behind_at_the_form(visit: Visitors) -> None:
    page = visit("/art/?language=en", PHONE_LIGHT, reduced_motion="reduce")
    page.locator(".proof").evaluate("part => part.scrollIntoView({block: 'center'})")
    along = box(page, ".jump a")
    assert 0 <= along["y"] < 44
    page.locator(".jump a").click()
    page.locator("#sign").wait_for()
    form, way = box(page, "#sign"), box(page, ".jump a")
    assert 0 <= form["y"] < PHONE["height"] / 2
    assert way["bottom"] <= form["y"]


def test_nothing_that_has_the_focus_is_hidden_behind_it(visit: Visitors) -> None:
    """WCAG 2.2, 2.4.11; backwards, since then things come in from above."""
    page = visit("/art/?language=en", PHONE_LIGHT, reduced_motion="reduce")
    page.locator(".foot a").last.focus()
    hidden = """() => {
        const way = document.querySelector('.jump a'), now = document.activeElement
        const a = way.getBoundingClientRect(), b = now.getBoundingClientRect()
        return now !== way && !now.contains(way) && b.top >= a.top - 12 && b.bottom <= a.bottom + 12
    }"""
    for _ in range(60):
        page.keyboard.press("Shift+Tab")
        assert not page.evaluate(hidden), page.evaluate("() => document.activeElement.outerHTML")


@pytest.mark.parametrize("language", ["en", "ar"])
def test_on_a_wide_screen_the_form_stands_beside_the_statement(
    visit: Visitors, language: str
) -> None:
    page = visit(f"/art/?language={language}", DESKTOP_LIGHT)
    form, prose = box(page, "#sign"), box(page, ".prose")
    assert form["y"] < DESKTOP["height"] / 2
    assert box(page, "input[name=name]")["bottom"] < DESKTOP["height"]
    if language == "ar":
        assert form["right"] < prose["x"]
    else:
        assert form["x"] > prose["right"]
    assert not page.locator(".jump").is_visible()


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("size", [(320, 640), (640, 400)], ids=["320", "zoom-200"])
def test_nothing_is_wider_than_a_small_window(
    visit: Visitors, path: str, size: tuple[int, int]
) -> None:
    """WCAG 2.2, 1.4.10 and 1.4.4: twice as large, half as many pixels."""
    look = Look("small", {"width": size[0], "height": size[1]})
    for language in ("de", "ar"):
        page = visit(f"{path}?language={language}", look, bypass_csp=True)
        assert overflow(page) <= 0
        page.add_style_tag(content=SPACED)
        assert overflow(page) <= 0


def test_on_paper_it_is_the_statement_with_its_names(visit: Visitors) -> None:
    page = visit("/art/?language=en", DESKTOP_LIGHT)
    page.emulate_media(media="print")
    for part in ("h1", ".tally-number", ".prose", ".proof code", "#newest", ".foot-who"):
        assert page.locator(part).first.is_visible(), part
    for part in ("#sign", ".languages", ".jump", ".share", ".button"):
        assert not page.locator(part).first.is_visible(), part


def test_motion_is_reduced_when_asked(visit: Visitors) -> None:
    scrolling = "() => getComputedStyle(document.documentElement).scrollBehavior"
    assert visit("/art/?language=en").evaluate(scrolling) == "smooth"
    calm = visit("/art/?language=en", reduced_motion="reduce")
    assert calm.evaluate(scrolling) == "auto"
