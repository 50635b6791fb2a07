"""The list in a browser: found while one types, the same without scripts, and whole in every look."""

from typing import Any

import pytest

from tests.browser.visiting import (
    DESKTOP_DARK,
    LOOKS,
    PHONE_DARK,
    PHONE_LIGHT,
    Look,
    Visitors,
    axe,
    shoot,
)
from tests.e2e.product import Product

SLUG = "stealing-isnt-innovation"
LIST = f"/{SLUG}/signers/"


@pytest.fixture(scope="module", autouse=True)
def seven_hundred(demo: str) -> None:
    """The list is that of the demo campaign."""


def names(page: Any) -> list[str]:
    found: list[str] = page.locator("#results .signer-name bdi").all_inner_texts()
    return found


def found(page: Any, words: str) -> None:
    page.locator("#found", has_text=words).wait_for()


def test_typing_finds_without_a_reload_and_the_address_follows(visit: Visitors) -> None:
    page = visit(f"/{SLUG}/")
    page.goto(LIST)
    page.evaluate("() => { window.same = true }")
    page.locator("#q").press_sequentially("ZOE mo")
    found(page, "fit")
    typed = names(page)
    assert page.evaluate("() => [window.same, document.activeElement.id]") == [True, "q"]
    assert page.url.endswith(f"{LIST}?language=en&q=ZOE+mo")

    # What is chosen narrows it at once; the other languages and the address carry it.
    page.locator("#q").fill("e")
    found(page, "50")
    page.get_by_text("Filters and order").click()
    page.locator("#kind").focus()
    page.locator("#kind").select_option("group")
    page.locator(".chosen", has_text="Group").wait_for()
    groups = names(page)
    assert 0 < len(groups) < 50
    assert page.evaluate("() => [window.same, document.activeElement.id]") == [True, "kind"]
    axe(page)
    shoot(page, "list-searched")

    # Back from a signer's page finds the list as it was left; once more leaves it.
    page.locator(".signer-mark summary").first.click()
    page.locator(".signer-mark a").first.click()
    page.locator("h1", has_text=groups[0]).wait_for()
    page.go_back()
    assert names(page) == groups
    assert (page.locator("#q").input_value(), page.locator("#kind").input_value()) == ("e", "group")
    page.locator("a[hreflang=fr]").click()
    page.wait_for_url("**language=fr**")
    assert names(page) == groups
    page.go_back()
    page.go_back()
    assert page.url.endswith(f"/{SLUG}/")

    plain = visit(f"{LIST}?q=ZOE+mo", scripts=False)
    assert names(plain) == typed


def test_without_scripts_the_form_finds_the_same(visit: Visitors) -> None:
    page = visit(LIST, scripts=False)
    page.locator("#q").fill("e")
    page.get_by_text("Filters and order").click()
    page.locator("#kind").select_option("group")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url("**kind=group**")
    plain = names(page)
    axe(page)
    live = visit(LIST, DESKTOP_DARK)
    live.locator("#kind").select_option("group")
    live.locator("#q").fill("e")
    live.locator("#q").press("Enter")
    live.locator(".chosen", has_text="Group").wait_for()
    found(live, f"{len(plain)} signers fit")
    assert names(live) == plain
    assert live.evaluate("() => document.activeElement.id") == "found"


def test_an_older_answer_never_takes_the_place_of_a_newer_one(visit: Visitors) -> None:
    page = visit(LIST)
    held: list[Any] = []
    page.route("**/signers/?language=en&q=z", lambda route: held.append(route))
    with page.expect_request("**q=z"):
        page.locator("#q").press_sequentially("z")
    with page.expect_event("requestfailed") as given_up:
        page.locator("#q").press_sequentially("o")
    assert given_up.value.url.endswith("q=z")
    found(page, "fit")
    newer = names(page)
    assert len(held) == 1
    assert page.url.endswith("q=zo")
    assert newer == names(visit(f"{LIST}?q=zo", scripts=False))


def test_letters_of_a_composition_are_not_searched_for(visit: Visitors) -> None:
    page = visit()
    page.clock.install()
    page.goto(LIST)
    asked: list[str] = []

    def searches() -> list[str]:
        return [url for url in asked if "q=" in url]

    page.on("request", lambda request: asked.append(request.url))
    page.locator("#q").focus()
    devtools = page.context.new_cdp_session(page)
    for composed in ("x", "xi", "xia"):
        at = {"selectionStart": len(composed), "selectionEnd": len(composed)}
        devtools.send("Input.imeSetComposition", {"text": composed, **at})
        page.clock.run_for(1000)
    assert page.locator("#q").input_value() == "xia"
    assert searches() == []
    with page.expect_request("**q=%E5%B0%8F"):
        devtools.send("Input.insertText", {"text": "小"})
        page.clock.run_for(1000)
    assert len(searches()) == 1


def test_who_loses_the_net_is_told_and_loses_nothing(visit: Visitors) -> None:
    page = visit(LIST)
    whole = names(page)
    page.route("**/signers/?**", lambda route: route.abort())
    page.locator("#q").press_sequentially("zo")
    found(page, "could not be read")
    assert (names(page), page.locator("#q").input_value()) == (whole, "zo")
    page.unroute_all()
    page.locator("#q").press("Enter")
    found(page, "fit")


def test_all_of_it_goes_by_keyboard(visit: Visitors) -> None:
    page = visit(LIST)
    page.locator("#q").focus()
    for words in ("Search", "Filters and order", "What the marks mean"):
        page.keyboard.press("Tab")
        assert words in page.evaluate("() => document.activeElement.innerText")
    page.keyboard.press("Enter")
    page.locator("#mark-email dd").wait_for()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.locator(".signer-mark[open]").count() == 1


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_the_list_is_whole_in_every_look(visit: Visitors, look: Look, language: str) -> None:
    page = visit(f"{LIST}?language={language}&order=name", look)
    assert page.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    page.locator(".legend summary").click()
    page.locator(".signer-mark summary").first.click()
    assert page.locator("#kind").is_visible() == (look.screen["width"] > 1000)
    axe(page)
    shoot(page, f"list-{look.name}-{language}")


@pytest.mark.parametrize("look", [PHONE_LIGHT, PHONE_DARK], ids=lambda look: look.name)
@pytest.mark.parametrize("language", ["en", "ar"])
def test_a_signers_page_and_the_corrections_are_whole(
    visit: Visitors, product: Product, look: Look, language: str
) -> None:
    [(ident,)] = product.query(
        "SELECT public_id FROM campaign_signature WHERE featured ORDER BY name LIMIT 1"
    )
    for name, path in (("signer", f"{LIST}{ident}/"), ("corrections", f"/{SLUG}/corrections/")):
        page = visit(f"{path}?language={language}", look)
        axe(page)
        shoot(page, f"{name}-{look.name}-{language}")


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_nothing_is_cut_off_on_the_narrowest_screen(visit: Visitors, language: str) -> None:
    """320 CSS pixels: a phone, or 1280 at 400% (WCAG 1.4.10)."""
    for path in (LIST, f"{LIST}?q=e&kind=group", f"/{SLUG}/corrections/"):
        page = visit(viewport={"width": 320, "height": 640})
        page.goto(f"{path}{'&' if '?' in path else '?'}language={language}")
        if page.locator(".filters-more").count():
            page.locator(".filters-more summary").click()
            page.locator(".legend summary").click()
        assert page.evaluate("() => document.documentElement.scrollWidth") <= 320


def test_a_slow_phone_shows_what_is_typed_at_once(visit: Visitors, record_property: Any) -> None:
    page = visit(LIST)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    page.evaluate(
        """() => {
            const q = document.getElementById("q");
            const results = document.getElementById("results");
            q.addEventListener("input", () => { window.typed = performance.now(); });
            new MutationObserver(() => requestAnimationFrame(() => {
                document.body.dataset.took = Math.round(performance.now() - window.typed);
            })).observe(results, { childList: true });
        }"""
    )
    page.locator("#q").press_sequentially("zo", delay=50)
    page.locator("body[data-took]").wait_for()
    took = page.locator("body").get_attribute("data-took")
    record_property("measured", f"list, CPU slowed 4 times: results {took} ms after the last key")
