"""Copies as the web server sends them: whole, as a head, and as a 304."""

import http.client
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import pytest

from tests.e2e.product import Product

pytestmark = pytest.mark.xdist_group("e2e")

BASE = "/api/v1/campaigns/art/"


def ask(
    product: Product, method: str, path: str, **headers: str
) -> tuple[http.client.HTTPResponse, bytes]:
    url = urlsplit(product.base)
    line = http.client.HTTPConnection(str(url.hostname), url.port, timeout=60)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    line.request(method, path, headers=sent)
    answer = line.getresponse()
    body = answer.read()
    line.close()
    return answer, body


@pytest.mark.parametrize("path", [BASE, f"{BASE}counts/", f"{BASE}signers/", "/art/"])
def test_head_and_304_say_what_the_whole_answer_says(product: Product, path: str) -> None:
    whole, body = ask(product, "GET", path)
    head, nothing = ask(product, "HEAD", path)
    assert (whole.status, head.status, nothing) == (200, 200, b"")
    assert len(body) > 30
    assert whole.headers["Content-Length"] == str(len(body))
    for name in ("Content-Type", "Content-Length", "ETag", "Cache-Control", "tdm-reservation"):
        assert head.headers[name] == whole.headers[name], name
    for method in ("GET", "HEAD"):
        unchanged, nothing = ask(product, method, path, If_None_Match=whole.headers["ETag"])
        assert (unchanged.status, nothing) == (304, b"")
        assert unchanged.headers["ETag"] == whole.headers["ETag"]
        assert "Content-Type" not in unchanged.headers
    for answer in (whole, head, unchanged):
        seen, sent = answer.headers["Last-Modified"], answer.headers["Date"]
        assert parsedate_to_datetime(seen) <= parsedate_to_datetime(sent)
