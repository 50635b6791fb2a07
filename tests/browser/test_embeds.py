"""Form and counter on another site, in a real browser, by the lines that docs/embedding.md prints."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.browser.campaigns import campaign
from tests.browser.visiting import LOOKS, Look, Visitors, axe, shoot
from tests.e2e.product import Product
from tests.e2e.sink import link
from tests.e2e.site import Site, another_site
from tests.e2e.until import until

SLUG = "framed"
PAGE = (settings.BASE_DIR / "docs" / "embedding.md").read_text(encoding="utf-8")
FORM, COUNTER, PLAIN_FORM, PLAIN_COUNTER, BADGE = re.findall(
    r"^```html\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE
)
POLICY = re.findall(r"^```\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)[0]


class Host:
    """A site that the campaign names: of another domain than the product, not of another port alone."""

    def __init__(self, site: Site, product: Product) -> None:
        self._site = site
        self._product = product
        self.unlisted = site.origin
        self.origin = site.origin.replace("127.0.0.1", "localhost")

    def page(self, *lines: str, policy: str = "") -> str:
        """Put up a page with these lines of the documentation; its address."""
        head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
        texts = [f"<p>Text of the partner’s.</p>{line}" for line in lines]
        self._site.page(self.ours(f"{head}<main><h1>Partner</h1>{''.join(texts)}</main>"))
        return f"{self.origin}/"

    def ours(self, text: str) -> str:
        return text.replace("https://petition.example", self._product.base).replace(
            "my-campaign", SLUG
        )


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with another_site() as site:
        yield site


@pytest.fixture(scope="module")
def listed(running_product: Product, site: Site) -> Host:
    host = Host(site, running_product)
    running_product.load(campaign(slug=SLUG, site=host.origin))
    return host


@pytest.fixture
def host(listed: Host, product: Product) -> Host:
    return listed


def frames(page: Any) -> list[Any]:
    """The documents in the page's frames, each once it has said how high it is."""
    inner = []
    for each in page.locator("iframe").all():
        each.scroll_into_view_if_needed()
        page.wait_for_function("frame => frame.clientHeight > 100", arg=each.element_handle())
        inner.append(each.element_handle().content_frame())
    return inner


def fits(frame: Any) -> None:
    """Wait until all of a frame is seen without a scrollbar, and nothing below it is left empty."""
    frame.wait_for_function(
        """() => {
          const all = document.documentElement;
          const left = innerHeight - all.getBoundingClientRect().height;
          return 0 <= left && left < 1
            && all.scrollHeight === innerHeight && all.scrollWidth === innerWidth;
        }""",
        polling=50,
    )


def fill(form: Any, address: str) -> None:
    form.locator("[name=name]").fill("Ada Framed")
    form.locator("[name=email]").fill(address)
    form.get_by_label("I agree").check()


def count(counter: Any) -> int:
    return int(counter.locator("#count strong").inner_text())


def rows(product: Product, address: str) -> list[tuple[Any, ...]]:
    return product.query("SELECT status, source FROM campaign_signature WHERE email = %s", address)


# --- Signing ---------------------------------------------------------------------------------


def test_one_signs_on_another_site_without_cookies(
    visit: Visitors, product: Product, host: Host, address: str
) -> None:
    page = visit(cookies=False)
    page.clock.install()
    page.goto(host.page(COUNTER, FORM))
    counter, form = frames(page)
    before = count(counter)
    fill(form, address)
    form.get_by_role("button", name="Sign the statement").click()
    form.get_by_text(address).wait_for()
    assert page.url == f"{host.origin}/"
    assert rows(product, address) == [("pending", "localhost")]
    assert count(counter) == before

    mail = visit(link(product.sink.wait_for(address), "confirm"), cookies=False)
    mail.locator("main form button").first.click()
    mail.get_by_text("Ada Framed").first.wait_for()
    assert rows(product, address) == [("published", "localhost")]

    def renewed() -> bool:
        page.clock.fast_forward("01:00")
        return count(counter) == before + 1

    until(renewed, what="the counter is renewed")


def test_without_scripts_a_plain_frame_does(
    visit: Visitors, product: Product, host: Host, address: str
) -> None:
    page = visit(host.page(PLAIN_COUNTER, PLAIN_FORM), scripts=False)
    form = page.locator("iframe").nth(1).element_handle().content_frame()
    fill(form, "a..b@example.net")
    form.get_by_role("button", name="Sign the statement").click()
    form.get_by_text("This is not a whole e-mail address.").first.wait_for()
    assert rows(product, "a..b@example.net") == []
    form.locator("[name=email]").fill(address)
    form.get_by_role("button", name="Sign the statement").click()
    form.get_by_text(address).wait_for()
    assert rows(product, address) == [("pending", "embed")]
    form.get_by_role("button", name="Correct what I typed").click()
    form.get_by_label("I agree").wait_for()
    assert form.locator("[name=email]").input_value() == address
    assert page.url == f"{host.origin}/"


def test_the_answer_is_seen_wherever_the_button_was(
    visit: Visitors, host: Host, address: str
) -> None:
    page = visit(host.page(COUNTER, FORM))
    _, form = frames(page)
    form.get_by_role("button", name="Sign the statement").click()
    summary = form.locator("#errors")
    summary.wait_for()
    expect(summary).to_be_in_viewport()
    fill(form, address)
    form.get_by_role("button", name="Sign the statement").click()
    expect(form.get_by_text(address)).to_be_in_viewport()


# --- Who shows it ----------------------------------------------------------------------------


def test_a_site_that_is_not_named_shows_a_link_and_posts_nothing(
    visit: Visitors, product: Product, host: Host, address: str
) -> None:
    host.page(COUNTER, FORM)
    page = visit(host.unlisted)
    links = page.get_by_role("link", name="Sign the statement")
    expect(links).to_have_count(2)
    page.locator("iframe").last.scroll_into_view_if_needed()
    until(lambda: len(visit.complaints) == 2, what="the browser refuses both frames")
    assert all("frame-ancestors" in complaint for complaint in visit.complaints)
    visit.complaints.clear()
    assert [each.bounding_box()["height"] for each in page.locator("iframe").all()] == [0, 0]
    assert links.first.get_attribute("href") == (
        f"{product.base}/{SLUG}/?language=en&source=127.0.0.1"
    )

    url = f"{product.base}/api/v1/campaigns/{SLUG}/signatures/"
    send = "([url, body]) => fetch(url, {method: 'POST', body, headers: {'Content-Type': '%s'}}).then((a) => a.type, (e) => e.name)"
    body = json.dumps({"name": "Eve", "email": address, "consent": True})
    assert page.evaluate(send % "application/json", [url, body]) == "TypeError"
    assert page.evaluate(send % "text/plain", [url, body]) == "TypeError"
    assert rows(product, address) == []
    page.goto(f"{host.origin}/")
    assert page.evaluate(send % "application/json", [url, body]) == "cors"
    assert rows(product, address) == [("pending", "")]


@pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])
def test_the_frames_are_as_high_as_what_is_in_them(visit: Visitors, host: Host, look: Look) -> None:
    page = visit(host.page(COUNTER, FORM, policy=POLICY.strip()), look)
    counter, form = frames(page)
    fits(counter)
    fits(form)
    assert page.locator("a").count() == 0
    short = form.evaluate("innerHeight")
    for height in (f"() => innerHeight > {short}", f"() => innerHeight === {short}"):
        form.get_by_text("Read the statement").click()
        form.wait_for_function(height, polling=50)
        fits(form)
    shoot(page, f"embedded-{look.name}")


def test_nobody_else_says_how_high_a_frame_is(visit: Visitors, host: Host) -> None:
    page = visit(host.page(COUNTER))
    [counter] = frames(page)
    height = counter.evaluate("innerHeight")
    page.evaluate(
        "() => new Promise((done) => { addEventListener('message', () => done()); postMessage(5000, '*') })"
    )
    # And what the frame itself says that is no height changes nothing.
    counter.evaluate("for (const each of ['x', -1, {}, null]) parent.postMessage(each, '*')")
    assert counter.evaluate("innerHeight") == height
    fits(counter)


def test_a_link_out_of_a_frame_opens_a_page_of_its_own(visit: Visitors, host: Host) -> None:
    page = visit(host.page(COUNTER))
    [counter] = frames(page)
    with page.context.expect_page() as opened:
        counter.get_by_role("link", name="Sign the statement").click()
    opened.value.get_by_role("heading", name="Art is not a quarry").wait_for()
    assert page.url == f"{host.origin}/"


# --- For everybody ---------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])
def test_axe_finds_nothing_in_a_frame(
    visit: Visitors, host: Host, look: Look, language: str
) -> None:
    page = visit(look=look)
    for part in ("", "counter/", "demo/"):
        page.goto(f"/embed/{SLUG}/{part}?language={language}")
        axe(page)
        shoot(page, f"embed-{part}{look.name}-{language}")


def test_the_demonstration_shows_what_its_lines_make(
    visit: Visitors, product: Product, host: Host
) -> None:
    page = visit(f"/embed/{SLUG}/demo/?language=en")
    counter, form = frames(page)
    fits(counter)
    fits(form)
    badge = page.locator("main img")
    badge.scroll_into_view_if_needed()
    assert badge.evaluate("image => image.decode().then(() => image.naturalWidth > 100)")
    printed = page.locator("pre").all_inner_texts()
    assert printed[:2] == [host.ours(COUNTER).strip(), host.ours(FORM).strip()]
    assert page.context.cookies() == []
