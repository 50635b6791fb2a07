"""Staff at the admin, as somebody logs in with a browser."""

from typing import Any

from django_otp.oath import totp

from tests.browser.visiting import Visitors


def logged_in(visit: Visitors, username: str, secret: str) -> Any:
    """A page after the login, with password and second factor; ``secret`` is the factor's, in hex."""
    page = visit("/admin/")
    page.locator("#id_username").fill(username)
    page.locator("#id_password").fill("secret")
    page.locator("#id_token").fill(f"{totp(bytes.fromhex(secret)):06}")
    page.locator("#login-form button[type=submit]").click()
    page.locator("#login-form").wait_for(state="detached")
    return page
