"""A button that is pressed twice, and a session that is over when one is pressed."""

from typing import Any

from django_otp.oath import totp

from tests.browser.staff import logged_in
from tests.browser.visiting import Visitors
from tests.e2e.product import Product
from tests.e2e.until import until

SECRET = "c3" * 20
MAKE = f"""
from django.contrib.auth.models import User
from django_otp.plugins.otp_totp.models import TOTPDevice
from tests.factories import make_campaign, make_signature
campaign = make_campaign(slug="once")
user = User.objects.create_superuser("cleo", "cleo@example.org", "secret")
TOTPDevice.objects.create(user=user, key="{SECRET}", confirmed=True, name="app")
make_signature(campaign, status="held", name="Olga Once", email="once@example.org")
"""


def test_a_double_click_sends_a_form_once_and_what_is_typed_outlives_a_session(
    visit: Visitors, running_product: Product
) -> None:
    running_product.manage("shell", "--no-imports", "-c", MAKE)
    page = logged_in(visit, "cleo", SECRET)
    made_twice(page, running_product)
    rejected_late(page, running_product)


def made_twice(page: Any, product: Product) -> None:
    page.goto(f"{product.base}/admin/campaign/apikey/add/")
    page.locator("[name=label]").fill("CRM mirror")
    page.locator("[name=scopes][value=sign]").check()
    page.locator("form.key-form button").dblclick()
    until(lambda: "ptn_" in page.locator("main, body").first.inner_text(), what="the key")
    assert product.query("SELECT count(*) FROM campaign_apikey WHERE label = 'CRM mirror'") == [
        (1,)
    ]
    page.go_back()
    page.locator("[name=label]").fill("Another")
    page.locator("[name=scopes][value=sign]").check()
    page.locator("form.key-form button").click()
    until(
        lambda: (
            product.query("SELECT count(*) FROM campaign_apikey WHERE label = 'Another'") == [(1,)]
        ),
        what="the other key",
    )


def rejected_late(page: Any, product: Product) -> None:
    [(pk,)] = product.query("SELECT id FROM campaign_signature WHERE name = 'Olga Once'")
    page.goto(f"{product.base}/admin/campaign/signature/{pk}/change/")
    page.locator("#desk h1").wait_for()
    page.keyboard.press("r")
    page.locator("#id_reject_note").fill("called their agent")
    page.context.clear_cookies(name="session")
    page.locator("details.act[open] button").first.click()
    page.locator("#login-form").wait_for()
    [(status,)] = product.query("SELECT status FROM campaign_signature WHERE id = %s", pk)
    assert status == "held"

    product.query("UPDATE otp_totp_totpdevice SET last_t = -1")  # a code is good for one login
    page.locator("#id_username").fill("cleo")
    page.locator("#id_password").fill("secret")
    page.locator("#id_token").fill(f"{totp(bytes.fromhex(SECRET)):06}")
    page.locator("#login-form button[type=submit]").click()
    page.locator("#desk h1").wait_for()
    assert page.locator("#id_reject_note").input_value() == "called their agent"
    assert page.locator("details.act[open] #id_reject_note").count() == 1
    page.reload()
    page.locator("#desk h1").wait_for()
    assert page.locator("#id_reject_note").input_value() == ""
