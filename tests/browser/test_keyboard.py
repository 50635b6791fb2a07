"""Every page by keyboard alone: the way past the top, a focus that shows, names that are read out."""

from typing import Any

import pytest

from tests.browser.visiting import DESKTOP_DARK, PHONE_LIGHT, Look, Visitors

PAGES = ["/", "/art/", "/art/signers/", "/art/corrections/", "/art/my-signature/", "/embed/art/"]
WANTED = {"button", "checkbox", "combobox", "link", "radio", "searchbox", "textbox"}
MOST = 150
FOCUSED = """() => {
  const it = document.activeElement;
  if (it === document.body) return null;
  // A radio or a tick may show it on what stands around it.
  const styles = [it, it.parentElement, it.nextElementSibling].filter(Boolean).map(
    (each) => getComputedStyle(each));
  const shows = styles.some((style) =>
    style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2
    || style.boxShadow !== "none");
  const box = it.getBoundingClientRect();
  const inside = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  window.visited ??= new Map();
  if (!window.visited.has(it)) window.visited.set(it, window.visited.size);
  const name = `${it.tagName} ${it.id || it.name || it.textContent.trim().slice(0, 30)}`;
  return { name, shows: shows && inside && box.width > 0, number: window.visited.get(it) };
}"""


def walk(page: Any) -> list[dict[str, Any]]:
    """All that Tab reaches, in its order."""
    stops: list[dict[str, Any]] = []
    for _ in range(MOST):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUSED)
        if stop is None or stop["number"] < len(stops):
            return stops
        stops.append(stop)
    raise AssertionError(f"{page.url} never ends: {stops[-3:]}")


@pytest.mark.parametrize("look", [PHONE_LIGHT, DESKTOP_DARK], ids=lambda look: look.name)
def test_tab_reaches_everything_in_order_and_the_focus_shows(visit: Visitors, look: Look) -> None:
    page = visit(look=look, reduced_motion="reduce")  # what is focused is in sight at once
    for address in PAGES:
        page.goto(f"{address}?language=en")
        stops = walk(page)
        hidden = [stop["name"] for stop in stops if not stop["shows"]]
        assert (address, hidden) == (address, [])
        # The order of the document is that of the eye: nothing jumps by a tabindex.
        assert page.locator("[tabindex]:not([tabindex='0']):not([tabindex='-1'])").count() == 0
        named = " ".join(stop["name"] for stop in stops)
        for wanted in ("name", "email", "consent") if page.locator(".sign-form").count() else ():
            assert f"INPUT {wanted}" in named


@pytest.mark.parametrize("scripts", [True, False], ids=["js", "plain"])
def test_the_first_stop_leads_past_the_top(visit: Visitors, scripts: bool) -> None:
    page = visit("/art/?language=en", scripts=scripts)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to the content")
    assert skip.evaluate("(it) => it === document.activeElement")
    box = skip.bounding_box()
    assert box is not None
    assert box["y"] >= 0
    page.keyboard.press("Enter")
    page.locator("main:focus").wait_for()
    # The next stop is in the content, not in the top again.
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.closest('main') !== null")


def test_everything_that_can_be_used_has_a_name_for_a_screen_reader(visit: Visitors) -> None:
    page = visit()
    devtools = page.context.new_cdp_session(page)
    for address in PAGES:
        page.goto(f"{address}?language=en")
        nodes = devtools.send("Accessibility.getFullAXTree")["nodes"]
        used = [node for node in nodes if node.get("role", {}).get("value") in WANTED]
        assert used
        nameless = [node for node in used if not node.get("name", {}).get("value", "").strip()]
        assert (address, nameless) == (address, [])
        roles = [node.get("role", {}).get("value") for node in nodes if not node.get("ignored")]
        assert roles.count("main") == 1
        if "/embed/" not in address:
            assert roles.count("banner") == 1


def test_the_form_tells_a_screen_reader_what_is_wanted_and_what_is_wrong(visit: Visitors) -> None:
    page = visit("/art/?language=en")
    page.locator("#name").fill("x")
    page.locator(".sign-form button[type=submit]").click()
    page.locator("#errors").wait_for()
    devtools = page.context.new_cdp_session(page)
    nodes = devtools.send("Accessibility.getFullAXTree")["nodes"]
    [email] = [node for node in nodes if _is(node, "textbox", "E-mail address")]
    told = {each["name"]: each["value"].get("value") for each in email["properties"]}
    assert (told["required"], told["invalid"]) == (True, "true")
    message = page.locator("#email-error").inner_text()
    assert message
    assert message in email["description"]["value"]


def _is(node: dict[str, Any], role: str, name: str) -> bool:
    said = [node.get(what, {}).get("value", "") for what in ("role", "name")]
    return said[0] == role and str(said[1]).startswith(name)
