"""Every public page, however it is looked at: axe, narrow screens, large letters, no motion."""

from typing import Any

import pytest

from tests.browser.campaigns import campaign
from tests.browser.signing import mailed
from tests.browser.visiting import DESKTOP, PHONE, Look, Visitors, axe, shoot
from tests.e2e.browser import Browser
from tests.e2e.product import Product

LOOKS = [
    Look("phone-light", PHONE),
    Look("phone-dark", PHONE, "dark"),
    Look("desktop-dark", DESKTOP, "dark"),
    Look("desktop-light", DESKTOP),
    Look("phone-arabic-dark", PHONE, "dark", "ar"),
    Look("desktop-arabic-light", DESKTOP, "light", "ar"),
]
ZOOMED = {"twice": {"width": 640, "height": 400}, "four-times": {"width": 320, "height": 256}}
"""What is left of 1280 x 1024 (WCAG 1.4.10), and of 1280 x 800."""


@pytest.fixture(scope="module")
def pages(running_product: Product) -> dict[str, str]:
    """Every page by a name of its own: addresses as somebody has them who signed and confirmed."""
    product = running_product
    for slug, extra in (("over", "closes_at = 2026-02-01T00:00:00Z"), ("resting", "")):
        product.load(campaign(slug=slug, extra=extra))
    product.query("UPDATE campaign_campaign SET paused_at = now() WHERE slug = 'resting'")
    browser = Browser(product.base)

    def sign(email: str) -> str:
        form = browser.get("/art/?language=en").form(action="sign")
        typed = {"name": f"Paula {email[:5].title()}", "email": email, "consent": "yes"}
        assert browser.send(form, **typed, discipline="author", country="FR").status == 200
        return mailed(product, email)

    confirmed = sign("pages@example.net")
    done = browser.send(browser.get(confirmed).form())
    own = next(target for _words, target in done.links if "/manage/" in target)
    pending = sign("waits@example.net")
    not_me = next(target for _words, target in browser.get(pending).links if "/not-me/" in target)
    sql = "SELECT public_id FROM campaign_signature WHERE email = 'pages@example.net'"
    signer = f"/art/signers/{product.query(sql)[0][0]}/"
    form = browser.get(f"{signer}report/?language=en").form(email="")
    form.fields["reason"] = "other"
    browser.send(form, email="reports@example.net")
    return {
        "home": "/",
        "campaign": "/art/",
        "closed": "/over/",
        "paused": "/resting/",
        "list": "/art/signers/",
        "search": "/art/signers/?q=paula",
        "nothing found": "/art/signers/?q=nobodyatall",
        "signer": signer,
        "report": f"{signer}report/",
        "report, confirm": mailed(product, "reports@example.net", "report"),
        "corrections": "/art/corrections/",
        "link to one's own page": "/art/my-signature/",
        "confirm": pending,
        "confirmed": confirmed,
        "own page": own,
        "not me": not_me,
        "broken link": "/confirm/broken/",
        "broken report": "/report/broken/",
        "nothing here": "/nothing-here/",
        "embedded form": "/embed/art/",
        "embedded counter": "/embed/art/counter/",
        "embeds": "/embed/art/demo/",
    }


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_axe_finds_nothing_on_any_page(visit: Visitors, pages: dict[str, str], look: Look) -> None:
    page = visit(look=look)
    wrong = []
    for name, address in pages.items():
        page.goto(_in(look.language, address))
        shoot(page, f"page-{name}-{look.name}")
        try:
            axe(page)
        except AssertionError as error:
            wrong.append(f"{name}: {error}")
        if misfit := _misfit(page):
            wrong.append(f"{name}: {misfit}")
    assert not wrong, "\n".join(wrong)


def _in(language: str, address: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}language={language}"


def _misfit(page: Any) -> list[str]:
    """What is wider than the window, so that one would have to scroll to and fro, or a mere thread."""
    found: list[str] = page.evaluate(
        """() => {
          const room = document.documentElement.clientWidth;
          const scrolls = document.documentElement.scrollWidth > room;
          return [...document.querySelectorAll("body *")].filter((each) => {
            const box = each.getBoundingClientRect();
            const wide = scrolls && (box.right > room + 1 || box.left < -1);
            const text = each.matches("p, dd, dt, li, td, label") && each.checkVisibility();
            return wide || text && box.width > 1 && box.height > 12 * box.width;
          }).map((each) => `${each.tagName}.${each.className}`).slice(0, 8);
        }"""
    )
    return found


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("zoom", ZOOMED)
def test_zoomed_nothing_lies_beside_the_screen(
    visit: Visitors, pages: dict[str, str], zoom: str, language: str
) -> None:
    page = visit(look=Look(zoom, ZOOMED[zoom], language=language))
    wrong: dict[str, Any] = {}
    for name, address in pages.items():
        page.goto(_in(language, address))
        shoot(page, f"zoom-{name}-{zoom}-{language}")
        if misfit := _misfit(page):
            wrong[name] = misfit
    assert wrong == {}


def test_letters_twice_as_large_push_nothing_out(visit: Visitors, pages: dict[str, str]) -> None:
    wrong: dict[str, Any] = {}
    for look in (Look("phone", PHONE), Look("desktop", DESKTOP)):
        page = visit(look=look)
        for name, address in pages.items():
            page.goto(address)
            page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
            shoot(page, f"large-{name}-{look.name}")
            if misfit := _misfit(page):
                wrong[f"{name} {look.name}"] = misfit
    assert wrong == {}


def test_nothing_moves_for_who_asks_for_no_motion(visit: Visitors, pages: dict[str, str]) -> None:
    moving = """() => [...document.querySelectorAll("*")].filter((each) => {
      const style = getComputedStyle(each);
      const long = (times) => times.split(",").some((time) => parseFloat(time) > 0.02);
      return long(style.animationDuration) && style.animationName !== "none"
        || long(style.transitionDuration) || style.scrollBehavior === "smooth";
    }).map((each) => `${each.tagName}.${each.className}`)"""
    page = visit(reduced_motion="reduce")
    wrong: dict[str, Any] = {}
    for name, address in pages.items():
        page.goto(address)
        if found := page.evaluate(moving):
            wrong[name] = found
    assert wrong == {}
