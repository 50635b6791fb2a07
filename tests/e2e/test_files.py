"""The list as a file, with the real worker that writes it and the real web server that serves it."""

import os
import time
from pathlib import Path

import pytest

from tests.e2e.browser import Browser, Page
from tests.e2e.product import Product
from tests.e2e.sink import link
from tests.e2e.until import until
from tests.factories import details

pytestmark = pytest.mark.xdist_group("e2e")

API = "/api/v1/campaigns/art/"
CSV = f"{API}signers.csv"
NAME, ADDRESS = "Filed Under F", "filed@example.net"
COPIES = 12_000  # more than a megabyte of them: read as they leave, in chunks


def etag_of(file: Path) -> str:
    stat = file.stat()
    return f'"{stat.st_ctime_ns:x}-{stat.st_size:x}"'


def publish(product: Product, browser: Browser) -> None:
    body = details(name=NAME, email=ADDRESS)
    assert browser.post_json(f"{API}signatures/", body).status == 202
    confirm = link(product.sink.wait_for(ADDRESS), "confirm")
    token = confirm.rstrip("/").rpartition("/")[2]
    answer = browser.post_json("/api/v1/signatures/confirm/", {"token": token})
    assert answer.json["status"] == "published"


def multiply(product: Product) -> None:
    columns = product.query(
        "SELECT string_agg(column_name, ', ') FROM information_schema.columns"
        " WHERE table_name = 'campaign_signature'"
        " AND column_name NOT IN ('id', 'public_id', 'canonical_email')"
    )
    names = str(columns[0][0])
    product.query(
        f"INSERT INTO campaign_signature (public_id, canonical_email, {names})"
        f" SELECT left(md5(n::text), 16), n::text, {names}"
        " FROM (SELECT * FROM campaign_signature WHERE email = %s) AS first,"
        " generate_series(1, %s) AS n",
        ADDRESS,
        COPIES,
    )


def in_the_past(product: Product) -> None:
    """As if nothing had changed for an hour."""
    product.query("UPDATE campaign_signature SET updated_at = now() - interval '1 hour'")


def download(browser: Browser, file: Path) -> Page:
    """What the worker wrote; asked for again where a busy one came too late and the web wrote it."""

    def look() -> Page | None:
        page = browser.get(CSV)
        is_the_workers = file.exists() and page.headers["ETag"] == etag_of(file)
        return page if is_the_workers else None

    page = until(look, what="the worker's file")
    assert page is not None
    return page


def test_the_worker_writes_the_list_and_who_leaves_is_on_the_disk_no_longer(
    product: Product,
) -> None:
    browser = Browser(product.base)
    file = product.folder / "exports" / "art.csv"
    publish(product, browser)
    multiply(product)
    in_the_past(product)
    page = download(browser, file)
    assert page.raw == file.read_bytes()
    assert len(page.raw) > 1 << 20
    assert page.raw.decode().count(NAME) == COPIES + 1
    head = browser.get(CSV, method="HEAD")
    assert head.raw == b""
    for name in ("ETag", "Last-Modified", "Content-Length", "Content-Type"):
        assert head.headers[name] == page.headers[name], name

    # Nobody asks for another: so it goes, and nobody gets this one.
    product.query("DELETE FROM campaign_signature WHERE canonical_email ~ '^[0-9]+$'")
    product.query("UPDATE campaign_signature SET status = 'withdrawn', updated_at = now()")
    minute_ago = time.time() - 60
    os.utime(file, (minute_ago, minute_ago))
    os.utime(file.with_name("art.csv.asked"), (minute_ago - 1, minute_ago - 1))
    until(lambda: not file.exists(), what="the file with the name is deleted")

    assert NAME not in browser.get(CSV).raw.decode()
    assert NAME not in download(browser, file).raw.decode()
    assert NAME not in "".join(each.read_text() for each in file.parent.iterdir())
