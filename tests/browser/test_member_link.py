"""A member opens the link that their organisation sent, on a phone or not: one button, and the name is listed."""

import pytest

from tests.browser.campaigns import campaign
from tests.browser.visiting import DESKTOP_DARK, PHONE_DARK, PHONE_LIGHT, Look, Visitors, axe, shoot
from tests.e2e.product import Product
from tests.e2e.until import until

SLUG = "vouched"
MAKE = """
from campaign.models import Campaign
from django.contrib.auth.models import User
from tests.vouchers import link_for, make_voucher
User.objects.get_or_create(username="maker")
campaign = Campaign.objects.get(slug="{slug}")
voucher = campaign.vouchers.first() or make_voucher(campaign)
print("LINK", link_for(voucher, "{email}"))
"""


@pytest.fixture(scope="module", autouse=True)
def apart(running_product: Product) -> None:
    """A campaign whose names nobody else counts."""
    running_product.load(campaign(slug=SLUG))


@pytest.mark.parametrize(
    ("look", "language", "scripts"),
    [(PHONE_LIGHT, "en", False), (DESKTOP_DARK, "fr", True), (PHONE_DARK, "ar", False)],
    ids=["en", "fr", "ar"],
)
def test_a_member_signs_with_one_button_in(
    visit: Visitors, product: Product, address: str, look: Look, language: str, scripts: bool
) -> None:
    name = f"Una {language.upper()} Example"
    said = product.manage("shell", "--no-imports", "-c", MAKE.format(slug=SLUG, email=address))
    link = said.partition("LINK ")[2].split()[0]
    page = visit(f"{link}?language={language}", look, scripts=scripts, cookies=False)
    assert page.locator("html").get_attribute("lang") == language
    axe(page)
    shoot(page, f"member-{language}")

    # Mistakes lead to their fields; nothing that was typed is lost.
    page.locator("#name").fill(name)
    page.locator("#email").fill("other@example.org")
    page.locator(".button-large").click()
    page.locator("#errors").wait_for()
    axe(page)
    shoot(page, f"member-mistakes-{language}")
    page.locator("#errors a").first.click()
    assert page.url.endswith("#email") or page.url.endswith("#consent")
    assert page.locator("#name").input_value() == name

    assert not page.locator("#member").is_checked()
    page.locator("#email").fill(address)
    page.locator("#member").check()
    page.locator("#consent").check()
    page.locator(".button-large").click()
    page.locator("svg.tick").wait_for()
    axe(page)
    shoot(page, f"member-done-{language}")

    used = visit(f"{link}?language={language}", look, scripts=scripts, cookies=False)
    assert name not in used.locator("main").inner_text()
    axe(used)
    shoot(used, f"member-used-{language}")
    listed = visit(f"/{SLUG}/signers/?language={language}", look, cookies=False)
    until(lambda: listed.reload() and listed.get_by_text(name).count(), what=f"{name} on the list")
    assert "Actors’ Guild" in listed.locator(".signer", has_text=name).inner_text()
