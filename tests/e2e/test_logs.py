"""What the processes write while everything goes wrong: whose request it was, and nobody's data."""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from django.conf import settings
from redis import Redis

from campaign.outbox import DELIVER
from tests.e2e.browser import Browser
from tests.e2e.hooks import make_hook
from tests.e2e.product import Product
from tests.e2e.sink import link
from tests.e2e.until import until
from tests.factories import details
from tests.receiver import answer, receiving

pytestmark = pytest.mark.xdist_group("e2e")

API = "/api/v1/campaigns/art/signatures/"
WORD, ADDRESS, NAME = "xyzzyplover", "xyzzyplover@canary.example.org", "Xyzzyplover Grue"
REFUSED = "xyzzyplover.refused@canary.example.org"


def send(product: Product, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    """A request as no browser would send it, with headers such as `X_Request_ID`; its status."""
    connection = http.client.HTTPConnection(urlsplit(product.base).netloc, timeout=60)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, given)
        return connection.getresponse().status
    finally:
        connection.close()


def lines(product: Product, process: str) -> list[dict[str, Any]]:
    """The lines of a process that are JSON."""
    written = (product.logs / f"{process}.log").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in written if line.startswith("{")]


def wait_for_line(product: Product, process: str, **holding: str) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        found = (line for line in lines(product, process) if holding.items() <= line.items())
        return next(found, None)

    line = until(look, what=f"{process} writes {holding}")
    assert line is not None
    return line


def nobody_tells(product: Product) -> None:
    """Wait until the next who owes a mail is the one who tells the worker."""
    with Redis.from_url(product.redis_url) as redis:
        until(lambda: not redis.exists(f"petition:told:{DELIVER}"), what="nobody tells")


@contextmanager
def broken(product: Product, sql: str, mend: str) -> Iterator[None]:
    product.query(sql)
    try:
        yield
    finally:
        product.query(mend)


def sign(product: Product, **typed: Any) -> Any:
    return Browser(product.base).post_json(API, details(**{"name": NAME, "email": ADDRESS} | typed))


def test_the_worker_names_the_request_that_told_it(product: Product) -> None:
    nobody_tells(product)
    answered = sign(product, email="named@example.net", name="Nam Ed")
    name = answered.headers["X-Request-ID"]
    said = wait_for_line(product, "web", request_id=name, message="answered")
    assert (said["method"], said["status"]) == ("POST", 202)
    assert said["route"] == "/api/v1/campaigns/<slug:slug>/signatures/"
    product.sink.wait_for("named@example.net")
    delivery = wait_for_line(product, "mail", request_id=name)
    assert f"Task {DELIVER}" in delivery["message"]
    assert "succeeded" in delivery["message"]


def test_whatever_goes_wrong_nobodys_data_stand_in_any_log(product: Product) -> None:
    tokens = go_wrong(product)
    logs = [*product.logs.glob("*.log"), *(settings.RUN_DIR / "logs").glob("postgres.log")]
    written = {path.name: path.read_text(encoding="utf-8", errors="replace") for path in logs}
    assert {"web.log", "mail.log", "worker.log", "beat.log"} <= written.keys()
    for name, text in written.items():
        for secret in (WORD, "grue", *tokens):
            assert secret.lower() not in text.lower(), f"{secret} in {name}"
    # The control: all of it did go wrong, and is on record by what may be said.
    types = {error["type"] for line in lines(product, "web") for error in line.get("errors", [])}
    assert {"psycopg.errors.CheckViolation", "psycopg.errors.UndefinedTable"} <= types
    wait_for_line(product, "worker", logger="celery.app.trace", level="ERROR")


def go_wrong(product: Product) -> set[str]:
    """A signer meets every mishap that there is; the tokens that they were given."""
    strange_requests(product)
    product.sink.answers[ADDRESS] = [f"451 4.7.1 <{ADDRESS}>: {NAME} is greylisted"]
    product.sink.answers[REFUSED] = [f"550 5.1.1 <{REFUSED}>: no such user {NAME}"] * 3
    assert sign(product, email=REFUSED, name=f"{NAME} II").status == 202
    assert sign(product).status == 202
    refusing_database(product)
    for owed, status in ((REFUSED, "failed"), (ADDRESS, "deferred")):
        until(lambda: ends_up(product, owed) == [(status,)], what=f"{owed} {status}")  # noqa: B023
    product.query("UPDATE campaign_mail SET due_at = now() WHERE status = 'deferred'")
    address = link(product.sink.wait_for(ADDRESS), "confirm")
    with receiving() as receiver:
        make_hook(product, receiver.url)
        receiver.always = answer(500)
        browser = Browser(product.base)
        assert browser.send(browser.get(address).form(to="")).status == 200
        receiver.wait_for(1)
        product.query("UPDATE campaign_webhook SET active = false")
    token = address.rstrip("/").rpartition("/")[2]
    for path in (f"/confirm/{token}x/", f"/manage/{token}/", f"/confirm/{token}/{WORD}"):
        assert send(product, "POST", path) in (303, 400, 403, 404, 409, 410)
    return {token}


def ends_up(product: Product, address: str) -> list[tuple[str]]:
    """The status of what is owed to an address."""
    return product.query(
        "SELECT mail.status FROM campaign_mail mail JOIN campaign_signature s"
        " ON s.id = signature_id WHERE s.email = %s",
        address,
    )


def strange_requests(product: Product) -> None:
    for body in (f'{{"email": "{ADDRESS}"', f'{{"email": ["{ADDRESS}"]}}', f'"{NAME}"'):
        assert send(product, "POST", API, body.encode(), Content_Type="application/json") in (
            400,
            422,
        )
    for path in (f"/{ADDRESS}/", f"/art/{quote(NAME)}/", f"/art/?email={ADDRESS}", f"/{WORD}"):
        send(product, "GET", path)
        send(product, "POST", path, NAME.encode())
    assert send(product, "GET", "/art/", Host=f"{WORD}.example") == 400
    assert send(product, "POST", "/art/", Origin=f"https://{WORD}.example") in (403, 404)
    assert send(product, "GET", "/art/", X_Request_ID=ADDRESS) == 200
    assert send(product, WORD.upper(), "/art/") == 405


def refusing_database(product: Product) -> None:
    """A row that is refused, a table that is away: PostgreSQL's words repeat what was sent."""
    check = f"ADD CONSTRAINT canary CHECK (email !~ '{WORD}') NOT VALID"
    table = "ALTER TABLE campaign_signature"
    with broken(product, f"{table} {check}", f"{table} DROP CONSTRAINT canary"):
        assert sign(product, credit="Another").status == 500
    there, away = "campaign_mailquota", "campaign_mailquota_away"
    rename = "ALTER TABLE {} RENAME TO {}"
    with broken(product, rename.format(there, away), rename.format(away, there)):
        assert sign(product, credit="One more").status == 500
    there, away = "campaign_tally", "campaign_tally_away"
    with broken(product, rename.format(there, away), rename.format(away, there)):
        wait_for_line(product, "worker", logger="celery.app.trace", level="ERROR")
