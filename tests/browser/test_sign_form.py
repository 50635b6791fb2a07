"""The sign form in a browser: quick and forgiving with its script, whole without it."""

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.campaigns import campaign
from tests.browser.signing import fill, mails, press, rows, sent, stay
from tests.browser.visiting import (
    DESKTOP_DARK,
    DESKTOP_LIGHT,
    LOOKS,
    PHONE_DARK,
    PHONE_LIGHT,
    Look,
    Visitors,
    axe,
    shoot,
)
from tests.e2e.product import Product
from tests.e2e.site import Site
from tests.e2e.until import until
from tests.slips import NO_SLIPS, SLIPS

PAGE = "/art/?language=en"
HALF = "This is not a whole e-mail address. It looks like name@example.org."
LOST = "No answer came: perhaps the connection is gone. All that you typed is still here. Please try again."


def focused(page: Any) -> str:
    return str(page.evaluate("() => document.activeElement.id"))


def leave(field: Any) -> None:
    """Go out of a field, and wait until the page has said what it says then."""
    field.blur()
    field.page.evaluate("() => new Promise((then) => setTimeout(then))")


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: look.name)
def test_from_a_mistake_to_the_mail_without_a_reload(
    visit: Visitors, product: Product, address: str, look: Look
) -> None:
    page = visit(PAGE, look)
    is_same = stay(page)
    axe(page)
    shoot(page, f"sign-empty-{look.name}")
    page.locator("#name").fill("Zoë Moreau")
    page.locator("#email").fill(address)
    press(page)
    page.locator("#errors").wait_for()
    assert focused(page) == "errors"
    assert page.title() == "Error: Art is not a quarry"
    assert page.locator("#consent-error").inner_text() == "You can only sign if you agree."
    assert page.locator("#name").input_value() == "Zoë Moreau"
    axe(page)
    shoot(page, f"sign-errors-{look.name}")

    # The summary leads to the field, and what is mended is wrong no more.
    page.locator("#errors a").click()
    assert focused(page) == "consent"
    page.keyboard.press("Space")
    assert page.locator("#consent-error").inner_text() == ""
    press(page)
    assert address in sent(page).inner_text()
    assert focused(page) == "sign-title"
    assert page.title() == "Look in your inbox – Art is not a quarry"
    axe(page)
    shoot(page, f"sign-sent-{look.name}")
    assert is_same()
    assert product.sink.wait_for(address)
    assert rows(product, address) == 1


def test_who_folds_shut_that_they_sign_for_somebody_signs_for_themselves(
    visit: Visitors, product: Product, address: str
) -> None:
    page = visit(PAGE, PHONE_LIGHT)
    another = page.locator(".for-another summary")
    another.click()
    assert page.locator(".for-another noscript").is_hidden()
    page.locator("#representative_name").fill("Canary Agent")
    page.locator("#representative_email").fill(f"agent.{address}")
    another.click()
    page.locator("#name").fill("Zoë Moreau")
    page.locator("#email").fill(address)

    # A mistake loses nothing of it: opened again, it is there.
    press(page)
    page.locator("#errors").wait_for()
    assert page.locator("#consent-error").inner_text() == "You can only sign if you agree."
    another.click()
    assert page.locator("#representative_name").input_value() == "Canary Agent"
    shoot(page, "sign-for-another")
    another.click()

    page.locator("#consent").check()
    press(page)
    assert address in sent(page).inner_text()
    assert "agent." not in sent(page).inner_text()
    assert product.sink.wait_for(address)
    assert product.sink.to(f"agent.{address}") == []
    assert rows(product, address) == 1

    # Open when it is sent, it counts.
    page.locator("#sign button[value=edit]").click()
    another.click()
    press(page)
    assert f"agent.{address}" in sent(page).inner_text()


def test_without_its_script_the_form_says_that_what_is_folded_away_counts(visit: Visitors) -> None:
    page = visit(PAGE, PHONE_LIGHT, scripts=False, cookies=False)
    page.locator(".for-another summary").click()
    said = "What stands in these three fields counts, also when they are folded away."
    assert said in page.locator(".for-another").inner_text()
    axe(page)
    shoot(page, "sign-for-another-no-script")


@pytest.mark.parametrize("look", [PHONE_LIGHT, DESKTOP_LIGHT], ids=lambda look: look.name)
def test_a_slip_is_told_when_the_press_that_left_the_field_is_over_and_takes_no_click(
    visit: Visitors, look: Look
) -> None:
    page = visit(PAGE, look, reduced_motion="reduce")
    page.locator("#consent").scroll_into_view_if_needed()
    page.locator("#email").fill("zoe")
    box = page.locator("#consent").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.evaluate("() => new Promise((then) => requestAnimationFrame(() => setTimeout(then)))")
    assert page.locator("#email-error").inner_text() == ""
    page.mouse.up()
    expect(page.locator("#email-error")).to_have_text(HALF)
    assert page.locator("#consent").is_checked()


def test_back_and_forward_go_between_form_and_answer(visit: Visitors, address: str) -> None:
    page = visit()
    page.goto("/art/signers/?language=en")
    page.goto(PAGE)
    fill(page, email=address)
    press(page)
    sent(page)
    page.go_back()
    page.locator("#sign[data-step=form]").wait_for()
    assert page.locator("#email").input_value() == address
    assert page.title() == "Art is not a quarry"
    assert page.locator("#errors").count() == 0
    page.go_forward()
    assert address in sent(page).inner_text()
    page.go_back()
    page.go_back()
    page.wait_for_url("**/signers/?language=en")


def test_a_page_reloaded_after_signing_says_where_the_mail_is(
    visit: Visitors, address: str
) -> None:
    page = visit(PAGE)
    hint = page.get_by_text("If you have signed just now")
    assert not hint.is_visible()
    fill(page, email=address)
    press(page)
    sent(page)
    page.reload()
    assert hint.is_visible()
    assert page.locator("#email").input_value() == ""


def test_what_is_certainly_wrong_is_said_on_leaving_a_field_and_goes_when_mended(
    visit: Visitors,
) -> None:
    page = visit(PAGE)
    email, said = page.locator("#email"), page.locator("#email-error")
    for _ in range(12):  # through the whole form: what was not typed yet is not wrong yet
        page.keyboard.press("Tab")
    page.locator("#name").focus()
    email.focus()
    leave(email)
    assert page.locator("[aria-invalid]").count() == 0
    email.fill("zoe")
    leave(email)
    assert said.inner_text() == HALF
    assert email.get_attribute("aria-invalid") == "true"
    email.fill("zoe@example.org")
    assert said.inner_text() == ""
    assert email.get_attribute("aria-invalid") is None
    email.fill("zoe@gmail")
    leave(email)
    assert said.inner_text().startswith("No mail can be delivered to this address.")
    email.fill("")
    leave(email)
    assert said.inner_text() == "Please give your e-mail address."
    name = page.locator("#name")
    name.fill("é" * 201)
    leave(name)
    assert page.locator("#name-error").inner_text() == "Please use at most 200 characters."
    name.fill("𝄞" * 200)  # letters, not halves of them
    leave(name)
    assert page.locator("#name-error").inner_text() == ""


def test_a_mistyped_domain_is_asked_about_as_the_server_would(visit: Visitors) -> None:
    page = visit(PAGE)
    email, question = page.locator("#email"), page.locator(".meant button")
    for typed, meant in SLIPS:
        email.fill(typed)
        leave(email)
        assert question.inner_text() == meant.strip(), typed
    question.click()
    assert email.input_value() == "zoe@yahoo.co.uk"
    assert (question.count(), focused(page)) == (0, "email")
    for typed in NO_SLIPS:
        email.fill(typed)
        leave(email)
        assert question.count() == 0, typed


def test_a_double_tap_sends_once_and_the_button_says_that_it_is_busy(
    visit: Visitors, product: Product, address: str
) -> None:
    page = visit(PAGE)
    held: list[Any] = []
    page.route("**/art/**", lambda route: held.append(route))
    fill(page, email=address)
    button = page.locator("#sign button[type=submit]")
    button.dblclick(force=True)
    button.click(force=True)
    page.locator("#email").press("Enter")
    until(lambda: page.evaluate("() => 1") and held, what="one request")  # events come meanwhile
    assert button.inner_text() == "One moment …"
    assert button.get_attribute("aria-disabled") == "true"
    assert len(held) == 1
    held[0].continue_()
    sent(page)
    assert len(held) == 1
    assert rows(product, address) == 1
    assert mails(product, address) == 1


def test_what_was_typed_outlives_a_lost_connection(
    visit: Visitors, product: Product, address: str
) -> None:
    page = visit(PAGE)
    is_same = stay(page)
    fill(page, email=address)
    failures = [
        lambda route: route.abort(),
        lambda route: route.fulfill(status=502, body="<h1>Bad Gateway</h1>"),
        lambda route: route.fulfill(status=200, body=""),
    ]
    for fail in failures:
        page.route("**/art/**", fail)
        press(page)
        page.locator(".unanswered", has_text=LOST).wait_for()
        page.unroute("**/art/**")
        assert page.locator("#sign button[type=submit]").inner_text() == "Sign the statement"
    assert page.locator("#email").input_value() == address
    assert page.locator("#consent").is_checked()
    shoot(page, "sign-offline")
    axe(page)
    press(page)
    sent(page)
    assert is_same()
    assert rows(product, address) == 1


def test_the_mail_is_sent_again_after_a_pause_and_the_address_can_be_corrected(
    visit: Visitors, product: Product, address: str
) -> None:
    page = visit()
    page.clock.install()
    page.goto(PAGE)
    fill(page, email=address)
    page.locator("[name=kind][value=group]").check(force=True)
    press(page)
    again = sent(page).get_by_role("button", name="Send the mail again")
    assert again.get_attribute("aria-disabled") == "true"
    assert again.inner_text() == "Send the mail again 1:00"
    again.click(force=True)
    page.clock.fast_forward(61_000)
    assert again.inner_text() == "Send the mail again"
    assert again.get_attribute("aria-disabled") is None
    assert mails(product, address) == 1
    again.click()
    page.get_by_text("a mail to it is on its way again").wait_for()
    assert mails(product, address) == 2

    page.get_by_role("button", name="Correct what I typed").click()
    page.locator("#sign[data-step=form]").wait_for()
    assert page.locator("#email").input_value() == address
    assert page.locator("[name=kind][value=group]").is_checked()
    assert page.locator("#consent").is_checked()
    page.locator("#email").fill(f"right.{address}")
    press(page)
    assert f"right.{address}" in sent(page).inner_text()
    assert (rows(product, address), rows(product, f"right.{address}")) == (1, 1)


def test_who_ignored_the_question_is_asked_again_and_one_press_mends_it(
    visit: Visitors, product: Product
) -> None:
    page = visit(PAGE, scripts=False)
    fill(page, email="one.press@gmial.com")
    press(page)
    assert "Did you mean one.press@gmail.com?" in sent(page).inner_text()
    shoot(page, "sign-meant")
    axe(page)
    page.get_by_role("button", name="Send it there instead").click()
    page.locator("dd", has_text="one.press@gmail.com").wait_for()
    assert rows(product, "one.press@gmail.com") == 1


def test_a_statement_that_changed_meanwhile_is_shown_in_its_place(
    visit: Visitors, product: Product, partner: Site, address: str
) -> None:
    text = campaign(slug="changing", site=partner.origin)
    product.load(text)
    page = visit("/changing/?language=en")
    is_same = stay(page)
    fill(page, email=address)
    product.load(text.replace("Ask before you take.", "Pay before you take."))
    press(page)
    page.locator("#errors").wait_for()
    assert (
        "The statement has changed since this form was shown."
        in page.locator("#errors").inner_text()
    )
    assert page.locator("article", has_text="Pay before you take.").is_visible()
    assert page.locator("#email").input_value() == address
    assert not page.locator("#consent").is_checked()
    assert is_same()
    assert rows(product, address) == 0
    page.locator("#consent").check()
    press(page)
    sent(page)
    assert rows(product, address) == 1


def test_a_page_that_says_why_is_read_out_in_the_form(visit: Visitors, address: str) -> None:
    page = visit(PAGE)
    fill(page, email=address, name="x" * 1_000)
    page.locator("#name").evaluate("(field) => { field.value = 'x'.repeat(300000) }")
    press(page)
    too_large = "What was sent is larger than any of our forms. Please shorten it."
    page.locator(".unanswered", has_text=too_large).wait_for()


@pytest.mark.parametrize("kind", ["person", "group", "organisation"])
def test_labels_and_hints_follow_the_kind_without_a_script(visit: Visitors, kind: str) -> None:
    page = visit(PAGE, scripts=False)
    page.locator(f"[name=kind][value={kind}]").check(force=True)
    label = {
        "person": "Name",
        "group": "Name of the group",
        "organisation": "Name of the organisation",
    }[kind]
    assert page.get_by_role("textbox", name=label, exact=True).get_attribute("id") == "name"
    assert page.locator("label[for=name]").inner_text().strip() == label
    page.locator("summary", has_text="Say more").click()
    shoot(page, f"sign-{kind}")
    axe(page)


def test_by_keyboard_alone(visit: Visitors, product: Product, address: str) -> None:
    page = visit(PAGE, DESKTOP_DARK)
    page.locator("[name=kind][value=person]").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")  # past who signs for somebody else
    page.keyboard.press("Tab")
    page.keyboard.type("The Quarry Choir")
    page.keyboard.press("Tab")
    page.keyboard.type(address)
    for _ in range(20):
        page.keyboard.press("Tab")
        if focused(page) == "consent":
            break
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    sent(page)
    kinds = product.query("SELECT kind FROM campaign_signature WHERE email = %s", address)
    assert kinds == [("group",)]


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_the_same_form_says_the_same_with_a_script_and_without(
    visit: Visitors, address: str, language: str
) -> None:
    told = []
    for scripts in (True, False):
        page = visit(f"/art/?language={language}", PHONE_DARK, scripts=scripts)
        fill(page, email="zoe", name="")
        press(page)
        page.locator("#errors").wait_for()
        assert focused(page) == "errors"
        wrong = page.locator("#sign").inner_text()
        shoot(page, f"sign-{language}-wrong-{scripts}")
        axe(page)
        page.locator("#name").fill("Zoë Moreau")
        page.locator("#email").fill(address)
        press(page)
        right = sent(page).inner_text()
        shoot(page, f"sign-{language}-sent-{scripts}")
        axe(page)
        told.append((wrong, right.replace(" 1:00", "").replace("1:00", ""), page.title()))
    assert told[0] == told[1]


def test_in_a_frame_and_with_every_cookie_and_all_storage_blocked(
    visit: Visitors, product: Product, address: str
) -> None:
    page = visit("/embed/art/?language=en", cookies=False)
    is_same = stay(page)
    fill(page, email=address, name="")
    press(page)
    page.locator("#errors").wait_for()
    page.locator("#name").fill("Zoë Moreau")
    press(page)
    sent(page)
    assert is_same()
    assert product.sink.wait_for(address)
    axe(page)
    shoot(page, "sign-embedded")


def test_back_to_the_form_without_a_script_finds_it_filled_in(
    visit: Visitors, product: Product, address: str
) -> None:
    page = visit(PAGE, scripts=False)
    fill(page, email=address)
    press(page)
    sent(page)
    page.go_back()
    assert page.locator("#email").input_value() == address
    press(page)
    sent(page)
    assert rows(product, address) == 1
