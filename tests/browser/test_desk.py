"""Moderators at their desk: by keyboard, two at once, by day and by night, on a phone, without a script."""

from typing import Any

import pytest

from tests.browser.staff import logged_in
from tests.browser.visiting import (
    DESKTOP_DARK,
    DESKTOP_LIGHT,
    LOOKS,
    PHONE_LIGHT,
    Look,
    Visitors,
    serious,
    shoot,
)
from tests.e2e.product import Product
from tests.e2e.until import until

SLUG = "desk"
REST, PROTECTED = (f"/admin/campaign/signature/?status={lane}" for lane in ("rest", "protected"))
SECRETS = {"ada": "a1" * 20, "ben": "b2" * 20}
NAMES = [
    f"{first} {last}"
    for first in ("Ann", "Bo", "Cleo", "Dan")
    for last in "Berg Ito Kaya Lund Mora Nagy".split()
]
MAKE = f"""
from django_otp.plugins.otp_totp.models import TOTPDevice
from campaign.models.membership import Role
from tests.factories import make_campaign, make_member, make_signature
campaign = make_campaign(slug="{SLUG}")
for name, secret in {SECRETS}.items():
    user = make_member(campaign, Role.MODERATOR, username=name)
    user.first_name = name.capitalize()
    user.save()
    TOTPDevice.objects.create(user=user, key=secret, confirmed=True, name="app")
for number, name in enumerate({NAMES}):
    make_signature(campaign, status="held", name=name, email=f"desk{{number}}@example.org")
make_signature(campaign, status="held", name="Scаrlett Johansson", email="protected@example.org")
make_signature(campaign, status="published", name="Scarlett Johanson-Lee", email="lee@example.org")
"""


@pytest.fixture(scope="module", autouse=True)
def apart(running_product: Product) -> None:
    """A campaign whose names nobody else decides."""
    running_product.manage("shell", "--no-imports", "-c", MAKE)


@pytest.fixture(scope="module")
def sessions() -> dict[str, Any]:
    """What each moderator's browser kept of their login: a code is good for one."""
    return {}


@pytest.fixture
def desk(visit: Visitors, sessions: dict[str, Any]) -> Any:
    """Open a page as that moderator, with password and second factor the first time."""

    def opened(path: str, who: str = "ada", look: Look = DESKTOP_LIGHT, **wishes: Any) -> Any:
        if who not in sessions:
            sessions[who] = logged_in(visit, who, SECRETS[who]).context.storage_state()
        return visit(path, look, storage_state=sessions[who], **wishes)

    return opened


def statuses(product: Product) -> dict[str, str]:
    sql = """
        SELECT name, status FROM campaign_signature signature
        JOIN campaign_campaign campaign ON campaign.id = campaign_id WHERE slug = %s
    """
    return dict(product.query(sql, SLUG))


def title(page: Any) -> str:
    return str(page.locator("#desk h1").inner_text())


def shows_another(page: Any, name: str) -> str:
    """The name of the page that comes after that one."""
    until(lambda: title(page) != name and not page.locator("#desk[aria-busy]").count(), what="next")
    return title(page)


def test_the_last_decision_is_undone_by_keyboard(desk: Any, product: Product) -> None:
    page = desk(REST)
    page.locator("body").press("n")
    page.locator("#desk h1").wait_for()
    name = title(page)
    page.keyboard.press("a")
    shows_another(page, name)
    assert name in page.locator(".said").inner_text()
    assert statuses(product)[name] == "published"

    page.keyboard.press("u")
    until(lambda: title(page) == name, what="the one that was undone")
    assert "Undone" in page.locator(".said").inner_text()
    assert statuses(product)[name] == "held"

    page.keyboard.press("d")
    page.keyboard.press("2")
    shows_another(page, name)
    [(until_when,)] = product.query(
        "SELECT deferred_until > now() FROM campaign_signature WHERE name = %s", name
    )
    assert until_when
    page.keyboard.press("u")
    until(lambda: title(page) == name, what="the one that was deferred")


def test_keys_do_nothing_while_one_types_and_can_be_switched_off(
    desk: Any, product: Product
) -> None:
    page = desk(REST)
    page.locator("#result_list th a").first.click()
    name = title(page)
    before = statuses(product)

    page.keyboard.press("r")
    note = page.locator("#id_reject_note")
    note.click()
    page.keyboard.type("a2rnu?")
    assert note.input_value() == "a2rnu?"
    page.keyboard.press("Escape")
    assert not page.locator("details.act[open]").count()

    page.keyboard.press("?")
    page.locator("#keys[open]").wait_for()
    assert serious(page) == []
    shoot(page, "desk-keys")
    page.keyboard.press("a")
    page.locator("#keys-on").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("a")
    page.keyboard.press("Control+a")
    assert title(page) == name
    assert statuses(product) == before
    page.locator(".keys-open").click()
    page.locator("#keys-on").check()


def test_two_moderators_see_of_each_other_what_they_look_at(desk: Any) -> None:
    ada = desk(REST)
    ada.locator("#result_list th a").first.click()
    name = title(ada)
    ben = desk(ada.url, "ben")

    assert title(ben) == name
    said = ben.locator(".colleagues")
    until(lambda: "Ada has been looking at this" in said.inner_text(), what="Ada is seen")
    ada.reload()
    said = ada.locator(".colleagues")
    until(lambda: "Ben has been looking at this" in said.inner_text(), what="Ben is seen")
    assert serious(ada) == []
    shoot(ada, "desk-colleague")

    # The next one is another for each of them.
    ada.keyboard.press("n")
    first = shows_another(ada, name)
    ben.reload()
    ben.keyboard.press("n")
    assert shows_another(ben, name) != first


def test_a_reader_of_the_screen_is_told_what_came_of_it(desk: Any) -> None:
    page = desk(REST)
    page.locator("#result_list th a").first.click()
    name = title(page)
    assert page.locator("[data-key=a]").get_attribute("aria-keyshortcuts") == "a"

    page.keyboard.press("a")
    shows_another(page, name)

    assert page.evaluate("document.activeElement.tagName") == "H1"
    assert page.locator(".said[role=status]").inner_text().startswith("Approved")
    assert page.title().startswith(title(page))


def test_a_decision_that_does_not_arrive_is_said_so(desk: Any, product: Product) -> None:
    page = desk(REST)
    page.locator("#result_list th a").first.click()
    name = title(page)
    page.context.set_offline(True)
    page.keyboard.press("a")
    page.locator(".said-error").wait_for()
    assert title(page) == name
    assert statuses(product)[name] == "held"
    page.context.set_offline(False)
    page.keyboard.press("a")
    shows_another(page, name)
    assert statuses(product)[name] == "published"


def test_without_a_script_the_same_buttons_decide(desk: Any, product: Product) -> None:
    page = desk(REST, scripts=False)
    page.locator("#result_list th a").first.click()
    name = title(page)
    page.locator("summary", has_text="Reject").click()
    page.locator(".choice", has_text="You are on the list already.").click()
    page.locator(".last").wait_for()
    assert statuses(product)[name] == "rejected"
    page.locator(".last button").click()
    assert statuses(product)[name] == "held"


def test_many_are_chosen_read_and_approved_by_one_button(desk: Any, product: Product) -> None:
    page = desk(REST, look=PHONE_LIGHT)
    names = page.locator("#result_list th a").all_inner_texts()[-2:]
    for box in page.locator("#result_list .action-checkbox input").all()[-2:]:
        box.check()
    page.locator("select[name=action]").select_option("approve_selected")
    page.get_by_role("button", name="Run").click()
    page.get_by_role("button", name="Approve (2)").click()
    page.locator(".lanes").wait_for()
    found = statuses(product)
    assert [found[name] for name in names] == ["published", "published"]


@pytest.mark.parametrize("look", LOOKS, ids=[look.name for look in LOOKS])
def test_list_and_page_are_clean_to_axe(desk: Any, look: Look) -> None:
    page = desk(REST, look=look)
    page.locator(".lanes").wait_for()
    found = serious(page)
    shoot(page, f"desk-list-{look.name}")
    page = desk(PROTECTED, look=look)
    page.locator("#result_list th a").first.click()
    page.locator("#desk h1").wait_for()
    found += serious(page)
    shoot(page, f"desk-one-{look.name}")
    page.locator("summary[data-key=q]").click()
    found += serious(page)
    shoot(page, f"desk-ask-{look.name}")
    assert found == []


def test_the_phone_has_all_buttons_within_reach(desk: Any) -> None:
    page = desk(PROTECTED, look=PHONE_LIGHT)
    page.locator("#result_list th a").first.click()
    bar = page.locator(".decide").bounding_box()
    assert bar["y"] + bar["height"] <= 741
    page.locator("summary[data-key=r]").click()
    form = page.locator("details.act[open] form").bounding_box()
    assert form["x"] >= 0
    assert form["x"] + form["width"] <= 360
    assert form["y"] >= 0
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_the_desk_is_dark_at_night(desk: Any) -> None:
    page = desk(PROTECTED, look=DESKTOP_DARK)
    ground = page.evaluate("getComputedStyle(document.querySelector('.lane')).backgroundColor")
    assert ground != "rgb(255, 255, 255)"
