"""A day of moderation in one walk: a second factor, twenty decisions by keyboard, a rule run and undone."""

import time
from statistics import median, quantiles
from typing import Any

import pytest
from django_otp.oath import totp

from tests.browser.visiting import DESKTOP_LIGHT, Visitors, serious, shoot
from tests.chromium import MEASURED
from tests.e2e.product import Product
from tests.e2e.until import until

SLUG = "walked"
SECRETS = {"mona": "d4" * 20, "olive": "e5" * 20}
FIRST = ("Ann", "Bo", "Cleo", "Dan", "Eve", "Finn", "Gus")
HELD = [f"{first} {last}" for first in FIRST for last in ("Abel", "Brandt", "Corso")]
FLOOD = [f"Easy Cash {number:02}" for number in range(12)]
HONEST = ["Zoë Moreau", "山田太郎"]
# What is pressed, turn by turn: the key of the button, and the digit of the choice that it opens.
TURNS = ["a", "a", "r2", "a", "d1"]
BECOMES = {"a": "published", "r": "rejected", "d": "held"}
MAKE = f"""
from django_otp.plugins.otp_totp.models import TOTPDevice
from campaign.models.membership import Role
from tests.factories import make_campaign, make_member, make_signature
campaign = make_campaign(slug="{SLUG}", publication="after_verification")
for role, (name, secret) in zip((Role.MODERATOR, Role.OWNER), {SECRETS}.items(), strict=True):
    user = make_member(campaign, role, username=name)
    TOTPDevice.objects.create(user=user, key=secret, confirmed=True, name="app")
for status, names in (("held", {HELD}), ("published", {FLOOD + HONEST})):
    for number, name in enumerate(names):
        address = f"{{status}}{{number}}@walked.example.org"
        make_signature(campaign, status=status, name=name, email=address)
"""


@pytest.fixture(scope="module", autouse=True)
def apart(running_product: Product) -> None:
    """A campaign that nobody else works in."""
    running_product.manage("shell", "--no-imports", "-c", MAKE)


def log_in(page: Any, who: str) -> None:
    """With password and code, by keyboard; the password alone opens nothing."""
    page.goto("/admin/")
    page.locator("#id_username").fill(who)
    page.locator("#id_password").fill("secret")
    page.locator("#id_password").press("Enter")
    page.get_by_role("alert").wait_for()
    assert page.locator("#login-form").count() == 1
    page.locator("#id_username").fill(who)
    page.locator("#id_password").fill("secret")
    page.locator("#id_token").fill(f"{totp(bytes.fromhex(SECRETS[who])):06}")
    page.locator("#id_token").press("Enter")
    page.locator("#login-form").wait_for(state="detached")


def title(page: Any) -> str:
    return str(page.locator("#desk h1").inner_text())


def decide(page: Any, keys: str) -> tuple[str, float]:
    """Press these keys; who was decided, and after how many milliseconds the next one was there."""
    name = title(page)
    began = time.perf_counter()
    for key in keys:
        page.keyboard.press(key)
    until(lambda: title(page) != name and not page.locator("#desk[aria-busy]").count(), what="next")
    return name, 1000 * (time.perf_counter() - began)


def remove_flood(page: Any) -> None:
    """Put the rule together, look at whom it means, say why, and start it."""
    page.get_by_role("link", name="Removals by rule").first.press("Enter")
    page.get_by_role("link", name="Add removal by rule").first.press("Enter")
    page.get_by_label("Name", exact=True).fill("easy cash*")
    page.get_by_label("Name", exact=True).press("Enter")
    page.get_by_label("We could not confirm that this is you.").check()
    page.get_by_label("English").fill("A programme made them up.")
    page.get_by_label("Français").fill("Un programme les a inventés.")
    page.get_by_role("button", name="Remove 12 signatures").press("Enter")


def rows(product: Product) -> dict[str, tuple[str, str, bool]]:
    """Of each name its status, why it was rejected, and whether it waits for later."""
    sql = """
        SELECT name, signature.status, rejection_reason, coalesce(deferred_until > now(), false)
        FROM campaign_signature signature JOIN campaign_campaign campaign ON campaign.id = campaign_id
        WHERE slug = %s
    """
    return {name: tuple(row) for name, *row in product.query(sql, SLUG)}


def shows(page: Any, names: set[str]) -> bool:
    """Whether the public list, opened anew, has these names and no other."""
    page.goto(f"/{SLUG}/signers/")
    return set(page.locator(".signer-name").all_inner_texts()) == names


def test_twenty_decisions_and_a_rule_undone_leave_what_was_meant(
    visit: Visitors, product: Product, record_property: Any
) -> None:
    public = visit()
    desk = visit(look=DESKTOP_LIGHT)
    log_in(desk, "mona")
    found = serious(desk)
    shoot(desk, "moderating-1-first-page")
    desk.locator("a.button-yes").press("Enter")
    desk.locator("#result_list").wait_for()
    found += serious(desk)
    shoot(desk, "moderating-2-queue")
    assert found == []

    desk.locator("body").press("n")
    desk.locator("#desk h1").wait_for()
    reason = desk.locator("[name=reason][data-digit='2']").get_attribute("value")
    turns = [decide(desk, TURNS[number % len(TURNS)]) for number in range(20)]

    decided = [name for name, _time in turns]
    assert len(set(decided)) == 20
    told = {key: (BECOMES[key], reason if key == "r" else "", key == "d") for key in BECOMES}
    wanted = {name: told[TURNS[number % len(TURNS)][0]] for number, name in enumerate(decided)}
    wanted |= {name: ("held", "", False) for name in HELD if name not in decided}
    wanted |= dict.fromkeys(FLOOD + HONEST, told["a"])
    assert rows(product) == wanted
    listed = {name for name, (status, *_rest) in wanted.items() if status == "published"}
    until(lambda: shows(public, listed), what="what was approved, on the public list")
    times = [taken for _name, taken in turns]
    p95 = quantiles(times, n=20)[-1]
    # Two hundred in ten minutes leave three seconds for each: nearly all of it is for reading.
    said = f"queue: a decision by keyboard takes {median(times):.0f} ms, p95 {p95:.0f} ms"
    record_property(MEASURED, said)

    # Moderators remove nobody by rule: that is an owner's.
    assert desk.get_by_role("link", name="Removals by rule").count() == 0
    owner = visit(look=DESKTOP_LIGHT)
    log_in(owner, "olive")
    remove_flood(owner)
    undo = owner.get_by_role("button", name="Undo all of it")
    undo.wait_for()
    states = {name: status for name, (status, *_rest) in rows(product).items()}
    gone = dict.fromkeys(FLOOD, "rejected")
    assert states == {name: status for name, (status, *_rest) in wanted.items()} | gone
    until(lambda: shows(public, listed - gone.keys()), what="the list without who was removed")
    public.goto(f"/{SLUG}/corrections/")
    until(
        lambda: public.reload() and "A programme made them up." in public.content(),
        what="the words on the corrections page",
    )

    undo.press("Enter")
    owner.get_by_role("heading", name="12 signatures are restored undone").wait_for()
    assert rows(product) == wanted
    until(lambda: shows(public, listed), what="the list as it was")
