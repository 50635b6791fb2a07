"""What goes wrong between a form and its answer: it is said, what was typed is there, nothing twice."""

from typing import Any

import pytest

from tests.browser.campaigns import campaign
from tests.browser.signing import fill, mailed, rows, send
from tests.browser.visiting import DESKTOP_LIGHT, PHONE_LIGHT, Visitors, axe, shoot
from tests.e2e.product import Product

SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["js", "plain"])
LONG = "Ünicöde " * 640
"""5 KB of a name."""


def mails(product: Product, address: str) -> int:
    sql = (
        "SELECT count(*) FROM campaign_mail m JOIN campaign_signature s ON s.id = m.signature_id"
        " WHERE s.email = %s"
    )
    return int(product.query(sql, address)[0][0])


def typed(page: Any) -> tuple[str, str, bool]:
    return (
        page.locator("#name").input_value(),
        page.locator("#email").input_value(),
        page.locator("#consent").is_checked(),
    )


@pytest.fixture
def brief(running_product: Product, request: pytest.FixtureRequest) -> str:
    """A campaign of this test's own, whose state it may change."""
    slug = "brief-" + "".join(filter(str.isalnum, request.node.name))[-30:].lower()
    running_product.load(campaign(slug=slug))
    return slug


@SCRIPTS
@pytest.mark.parametrize(
    ("column", "said"),
    [("closes_at", "This campaign is closed"), ("paused_at", "paused")],
    ids=["closed", "paused"],
)
def test_a_campaign_that_ends_between_form_and_submit_says_so_and_keeps_what_was_typed(
    visit: Visitors,
    product: Product,
    brief: str,
    address: str,
    scripts: bool,
    column: str,
    said: str,
) -> None:
    page = visit(f"/{brief}/?language=en", scripts=scripts)
    fill(page, name="Late Comer", email=address)
    product.query(
        f"UPDATE campaign_campaign SET {column} = now() - interval '1 second' WHERE slug = %s",
        brief,
    )
    send(page)
    page.locator("#errors").wait_for()
    assert said.lower() in page.locator("#sign, #errors").all_inner_texts()[0].lower()
    assert typed(page) == ("Late Comer", address, True)
    axe(page)
    shoot(page, f"bad-{column}-{'js' if scripts else 'plain'}")
    assert (rows(product, address), mails(product, address)) == (0, 0)


@SCRIPTS
def test_a_name_of_five_kilobytes_is_refused_and_still_there(
    visit: Visitors, product: Product, address: str, scripts: bool
) -> None:
    page = visit("/art/?language=en", scripts=scripts)
    fill(page, name=LONG, email=address)
    # Whatever the field would hold back: programs fill in forms too.
    page.locator("#name").evaluate("(field, name) => { field.value = name }", LONG)
    send(page)
    page.locator("#errors a[href='#name']").wait_for()
    assert page.locator("#name-error").inner_text() != ""
    assert typed(page) == (LONG, address, True)
    axe(page)
    assert rows(product, address) == 0


def test_the_same_form_in_two_tabs_is_one_signature_and_one_mail(
    visit: Visitors, product: Product, address: str
) -> None:
    first = visit("/art/?language=en", scripts=False)
    second = first.context.new_page()
    second.goto("/art/?language=en")
    for tab in (first, second):
        fill(tab, name="Twice Open", email=address)
    for tab in (first, second):
        send(tab)
        tab.locator("[data-step=sent]").wait_for()
    assert first.locator("main").inner_text() == second.locator("main").inner_text()
    assert rows(product, address) == 1


@SCRIPTS
def test_back_and_again_after_signing_stores_nothing_twice(
    visit: Visitors, product: Product, address: str, scripts: bool
) -> None:
    page = visit("/art/?language=en", DESKTOP_LIGHT, scripts=scripts)
    fill(page, name="Goes Back", email=address)
    send(page)
    page.locator("[data-step=sent]").wait_for()
    page.go_back()
    page.locator("[data-step=form]").wait_for()
    assert page.locator("#name").input_value() == "Goes Back"
    send(page)
    page.locator("[data-step=sent]").wait_for()
    assert rows(product, address) == 1
    # And once confirmed, neither the form nor the button of the mail's page does it again.
    confirm = mailed(product, address)
    for _ in range(2):
        page.goto(confirm)
        if page.locator("form.act button").count():
            page.locator("form.act button").click()
            page.locator("a[href*='/manage/']").first.wait_for()
    statuses = "SELECT status FROM campaign_signature WHERE email = %s"
    assert product.query(statuses, address) == [("published",)]


def test_two_clicks_on_the_button_are_one_signature_without_a_script_too(
    visit: Visitors, product: Product, address: str
) -> None:
    page = visit("/art/?language=en", PHONE_LIGHT, scripts=False)
    fill(page, name="Double Tap", email=address)
    page.locator(".sign-form button[type=submit]").dblclick(no_wait_after=True)
    page.locator("[data-step=sent]").wait_for()
    assert rows(product, address) == 1


def test_two_clicks_on_confirm_are_a_success(
    visit: Visitors, product: Product, address: str
) -> None:
    page = visit("/art/?language=en", scripts=False)
    fill(page, name="Confirms Twice", email=address)
    send(page)
    page.goto(mailed(product, address))
    page.locator("form.act button").dblclick(no_wait_after=True)
    page.get_by_role("heading", name="You have signed. Thank you.").wait_for()
    statuses = "SELECT status FROM campaign_signature WHERE email = %s"
    assert product.query(statuses, address) == [("published",)]


def test_with_every_cookie_blocked_and_javascript_off_the_whole_way_works(
    visit: Visitors, product: Product, address: str
) -> None:
    page = visit("/art/?language=en", cookies=False, scripts=False)
    fill(page, name="No Crumbs", email=address)
    send(page)
    page.locator("[data-step=sent]").wait_for()
    page.goto(mailed(product, address))
    page.locator("form.act button").click()
    page.get_by_role("heading", name="You have signed. Thank you.").wait_for()
    page.locator("a[href*='/manage/']").first.click()
    page.get_by_role("heading", name="Your signature", exact=True).wait_for()
    assert page.context.cookies() == []
