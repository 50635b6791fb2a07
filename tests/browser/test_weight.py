"""What the first view of a campaign weighs, and how soon there is something to read."""

from collections.abc import Callable
from statistics import median
from typing import Any

from tests.browser.visiting import PHONE_LIGHT, Visitors, shoot
from tests.chromium import MEASURED
from tests.e2e.product import Product
from tests.e2e.until import until

MOST_BYTES = 60_000
LONGEST = 0.6
"""Seconds."""
VIEWS = 5


class Transfers:
    """What a page makes its browser fetch: bytes on the wire with headers, by address."""

    def __init__(self, page: Any) -> None:
        self._devtools = page.context.new_cdp_session(page)
        self._addresses: dict[str, str] = {}
        self.bytes: dict[str, int] = {}
        self._devtools.on("Network.requestWillBeSent", self._sent)
        self._devtools.on("Network.loadingFinished", self._finished)
        self._devtools.send("Network.enable")

    def _sent(self, event: dict[str, Any]) -> None:
        self._addresses[event["requestId"]] = event["request"]["url"]

    def _finished(self, event: dict[str, Any]) -> None:
        address = self._addresses[event["requestId"]]
        self.bytes[address] = self.bytes.get(address, 0) + int(event["encodedDataLength"])


def test_the_first_view_is_light(
    visit: Visitors,
    product: Product,
    demo: str,
    record_property: Callable[[str, object], None],
) -> None:
    # A copy of the page may be from before its signers.
    reader = visit()

    def is_whole() -> bool:
        reader.goto(f"{demo}?language=en")
        return bool(reader.locator(".featured .signer-name").count())

    until(is_whole, what="the page shows its signers")
    page = visit()
    transfers = Transfers(page)
    page.goto(f"{demo}?language=en&source=whatsapp", wait_until="networkidle")
    shoot(page, "first-view")
    # All of the page, and what a browser with a tab fetches besides.
    page.mouse.wheel(0, 100_000)
    icon = page.locator("link[rel=icon]").get_attribute("href")
    fetched = page.request.get(icon)
    assert fetched.ok
    page.wait_for_load_state("networkidle")
    total = sum(transfers.bytes.values()) + len(fetched.body())
    assert all(address.startswith(product.base) for address in transfers.bytes)
    document = transfers.bytes[page.url]
    record_property(
        MEASURED,
        f"first view of a campaign: {total / 1000:.1f} kB in {len(transfers.bytes) + 1} answers,"
        f" {document / 1000:.1f} kB of them the page; at most {MOST_BYTES / 1000:.0f} kB",
    )
    assert total < MOST_BYTES, transfers.bytes


def test_there_is_soon_something_to_read(
    visit: Visitors, demo: str, record_property: Callable[[str, object], None]
) -> None:
    """First contentful paint of a phone that was never there, the median of five."""
    times = [_first_paint(visit, f"{demo}?language=en") for _ in range(1 + VIEWS)][1:]
    middle = median(times)
    record_property(
        MEASURED,
        f"first contentful paint: {middle:.2f} s, the median of {VIEWS}; at most {LONGEST} s",
    )
    assert middle < LONGEST, times


def _first_paint(visit: Visitors, address: str) -> float:
    """Seconds from the click on a link to the first words on the screen."""
    page = visit(address, PHONE_LIGHT)
    found: float = page.evaluate(
        """() => new Promise((tell) => {
          new PerformanceObserver((list) => {
            const [paint] = list.getEntriesByName("first-contentful-paint");
            if (paint) tell(paint.startTime);
          }).observe({ type: "paint", buffered: true });
        })"""
    )
    page.context.close()
    return found / 1000
