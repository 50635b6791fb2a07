"""A receiver hears of a signature, and of its end, from the running product."""

import base64
import hashlib
import hmac
import sys
import time

import pytest

from tests.e2e.browser import Browser
from tests.e2e.hooks import make_hook
from tests.e2e.product import Product
from tests.e2e.sink import link
from tests.e2e.until import until
from tests.factories import details
from tests.receiver import Post, answer, receiving

pytestmark = pytest.mark.xdist_group("e2e")


def is_genuine(post: Post, secret: bytes) -> bool:
    signed = f"{post.headers['webhook-id']}.{post.headers['webhook-timestamp']}.".encode()
    mac = hmac.new(secret, signed + post.body, hashlib.sha256).digest()
    return post.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"


def publish(product: Product, browser: Browser, address: str) -> None:
    """Sign and confirm by the link of the mail."""
    body = details(email=address, name=f"Name of {address.partition('@')[0]}")
    assert browser.post_json("/api/v1/campaigns/art/signatures/", body).status == 202
    page = browser.get(link(product.sink.wait_for(address), "confirm"))
    assert browser.send(page.form(to="")).status == 200


def test_a_receiver_hears_of_a_signature_and_of_its_end(
    product: Product, capsys: pytest.CaptureFixture[str]
) -> None:
    browser = Browser(product.base)
    with receiving() as receiver:
        secret = make_hook(product, receiver.url)
        receiver.answers = [answer(500)]  # the first try fails

        publish(product, browser, "heard@example.net")
        began = time.monotonic()
        receiver.wait_for(1)
        first = time.monotonic() - began
        until(lambda: len(receiver.posts) == 2, what="the second try")
        second = time.monotonic() - began

        [one, again] = receiver.posts
        assert is_genuine(one, secret)
        assert is_genuine(again, secret)
        assert one.headers["webhook-id"] == again.headers["webhook-id"]
        assert again.json["type"] == "signature.published"
        assert again.json["data"]["name"] == "Name of heard"
        assert b"heard@example.net" not in again.body

        browser.post_json(
            "/api/v1/campaigns/art/signatures/resend/", {"email": "heard@example.net"}
        )
        mails = until(lambda: product.sink.to("heard@example.net")[1:], what="the link")
        own = browser.get(link(mails[0], "manage"))
        browser.send(own.form(action="withdraw"), sure="yes")
        receiver.wait_for(3)
        gone = receiver.posts[2].json
        assert gone["type"] == "signature.withdrawn"
        assert gone["data"] == {
            "id": again.json["data"]["id"],
            "removed": True,
            "updated_at": gone["data"]["updated_at"],
        }
        assert is_genuine(receiver.posts[2], secret)
        product.query("UPDATE campaign_webhook SET active = false")
    with capsys.disabled():
        sys.stderr.write(f"\nwebhook: first try after {first:.2f} s, second after {second:.1f} s\n")
