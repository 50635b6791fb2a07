"""The recipes that docs/api.md prints, as printed, against the running product.

Only the address and the slug are changed. What a spreadsheet does with its formula is beyond this:
that its address answers what such a formula takes is tested.
"""

import hashlib
import json
import os
import re
import sqlite3
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests import recipes
from tests.e2e.browser import Browser
from tests.e2e.product import Product
from tests.e2e.sink import link
from tests.e2e.site import Site, another_site
from tests.e2e.until import until
from tests.factories import campaign_file

pytestmark = pytest.mark.xdist_group("e2e")

SLUG = "recipes"
API = f"/api/v1/campaigns/{SLUG}/"
COUNT, TABLE, MIRROR = "A count on a page", "The list in a spreadsheet", "A mirror"
PAGE_FORM, SERVER_FORM = "A form on your page", "A form on your server"
PROOF, FIRST = "Proof of what was signed", "First call"

RUN = {
    FIRST: ["sh"],
    COUNT: ["html", "js", "sh", "python"],
    TABLE: ["text", "text", "sh", "python", "js"],
    MIRROR: ["sh", "python", "js"],
    PAGE_FORM: ["html", "js"],
    SERVER_FORM: ["sh", "python"],
    PROOF: ["sh", "python", "js"],
}
"""What is run below."""


class Kitchen:
    """Where recipes are tried: a campaign of the product that asks every form for proof of work."""

    def __init__(self, product: Product, site: Site) -> None:
        self.product = product
        self.site = site
        self.folder = product.folder
        self.browser = Browser(product.base)
        text = campaign_file(
            slug=SLUG, publication="after_verification", extra='bot_check = "always"'
        )
        product.load(text.replace("https://partner.example", site.origin))
        self.key = self._key("sign", "read_private", "moderate")

    def _key(self, *scopes: str) -> str:
        code = (
            "from datetime import timedelta; from django.utils import timezone;"
            "from django.contrib.auth.models import User; from campaign import keys;"
            "from campaign.models import Campaign;"
            "by, _made = User.objects.get_or_create("
            "username='cook', defaults={'is_staff': True, 'is_superuser': True});"
            f"key, text = keys.make_key(campaign=Campaign.objects.get(slug='{SLUG}'), label='recipes',"
            f" scopes={list(scopes)!r}, expires_at=timezone.now() + timedelta(days=1), by=by);"
            "print(text)"
        )
        return self.product.manage("shell", "--no-imports", "-c", code).split()[-1]

    def recipe(self, title: str, language: str) -> str:
        return recipes.program(title, language, host=self.product.base, slug=SLUG)

    def shell(self, script: str) -> list[str]:
        """The lines that it prints; every command in it must succeed, in a pipe too."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.folder,
            env={**os.environ, "PETITION_KEY": self.key},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout.splitlines()

    def python(self, title: str, *, name: str = "recipe", **instead: str) -> dict[str, Any]:
        """Run the program in this process; what it has defined. As ``__main__`` it runs whole."""
        text = self.recipe(title, "python")
        for old, new in instead.items():
            assert old in text
            text = text.replace(old, new)
        program: dict[str, Any] = {"__name__": name}
        exec(compile(text, title, "exec"), program)
        return program

    def publish(self, name: str) -> str:
        """Sign by a server and confirm by mail; the signer's id."""
        answer = self.confirm(self.sign(name))
        assert answer["status"] == "published"
        return str(answer["signer"]["id"])

    def sign(self, name: str, **more: str) -> str:
        """Sign by a server; the address."""
        address = f"signer.{time.monotonic_ns()}@example.net"
        body = json.dumps({"name": name, "email": address, "consent": True, **more}).encode()
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        url = f"{self.product.base}{API}signatures/"
        urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60).close()
        return address

    def confirm(self, address: str) -> dict[str, Any]:
        """Confirm by the token of the mail; the answer."""
        letter = link(self.product.sink.wait_for(address), "confirm")
        token = letter.rstrip("/").rpartition("/")[2]
        page = self.browser.post_json("/api/v1/signatures/confirm/", {"token": token})
        answer: dict[str, Any] = page.json
        return answer

    def withdraw(self, signer: str) -> None:
        code = (
            "from campaign import leaving; from tests.factories import manage_token;"
            f"from campaign.models import Signature; s = Signature.objects.get(public_id='{signer}');"
            "leaving.withdraw(manage_token(s))"
        )
        self.product.manage("shell", "--no-imports", "-c", code)

    def forget_files(self) -> None:
        """So that the next is of now: one at hand may be a minute old."""
        for file in (self.product.folder / "exports").glob(f"{SLUG}.*"):
            file.unlink()

    def published(self) -> int:
        """How many, once the copies of both web workers say so too; an answer to a key is none."""
        url = f"{self.product.base}{API}counts/"
        headers = {"Authorization": f"Bearer {self.key}"}
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            exact = int(json.load(answer)["published"])
        until(lambda: {self._shown() for _ in range(16)} == {exact}, what="the copies are renewed")
        return exact

    def _shown(self) -> int:
        return int(self.browser.get(f"{API}counts/").json["published"])

    def names(self) -> set[str]:
        page = self.browser.get(f"{API}signers/?page_size=200&order=newest").json
        return {signer["name"] for signer in page["results"]}


@pytest.fixture(scope="module")
def furnished(running_product: Product) -> Iterator[Kitchen]:
    with another_site() as site:
        yield Kitchen(running_product, site)


@pytest.fixture
def kitchen(furnished: Kitchen, product: Product, tmp_path: Path) -> Kitchen:
    furnished.folder = tmp_path
    return furnished


def test_every_printed_recipe_is_run_here() -> None:
    titles = re.findall(r"^### (.*)$", recipes.section("Recipes"), re.MULTILINE)
    assert [FIRST, *titles] == list(RUN)
    for title, languages in RUN.items():
        assert [language for language, _text in recipes.programs(title)] == languages


def test_the_first_call_lists_the_campaigns(kitchen: Kitchen) -> None:
    [line] = kitchen.shell(kitchen.recipe(FIRST, "sh"))
    assert SLUG in {campaign["slug"] for campaign in json.loads(line)["results"]}


# --- A count on a page -----------------------------------------------------------------------


def test_curl_asks_for_the_count_and_is_told_that_nothing_changed(kitchen: Kitchen) -> None:
    published = kitchen.published()
    assert kitchen.shell(kitchen.recipe(COUNT, "sh")) == ["304"]
    counts = json.loads((kitchen.folder / "counts.json").read_text())
    assert counts["published"] == published


def test_python_follows_the_count(kitchen: Kitchen) -> None:
    program = kitchen.python(COUNT)
    # With the copies of both workers as new as the database: else the first poll may show an older number,
    # and the one after the signer all that came meanwhile.
    before = kitchen.published()
    seen: list[int] = []
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 2:  # the second was a 304, which showed nothing
            kitchen.publish("Ada Counted")
            until(lambda: kitchen.published() == before + 1, what="the copy is renewed")
        if len(pauses) == 3:
            raise KeyboardInterrupt

    program["time"] = SimpleNamespace(sleep=sleep)
    with pytest.raises(KeyboardInterrupt):
        program["follow"](lambda counts: seen.append(counts["published"]))
    assert pauses == [30, 30, 30]
    assert seen == [before, before + 1]


def test_a_page_of_another_site_shows_the_count_and_asks_with_the_etag(
    kitchen: Kitchen, chromium: Any
) -> None:
    before = kitchen.published()
    address = kitchen.site.page(kitchen.recipe(COUNT, "html"), count=kitchen.recipe(COUNT, "js"))
    with chromium.new_context() as browser:
        page = browser.new_page()
        page.clock.install()
        asked: list[Any] = []
        page.on("requestfinished", lambda each: asked.append(each) if API in each.url else None)
        page.goto(address)
        page.get_by_text(f"{before} have signed.").wait_for()
        with page.expect_request_finished(lambda each: API in each.url):
            page.clock.fast_forward(30_000)
        conditions = [each.all_headers().get("if-none-match") for each in asked]
        assert (conditions[0], len(conditions)) == (None, 2)
        assert conditions[1] == asked[0].response().headers["etag"]
        assert asked[1].sizes()["responseBodySize"] == 0  # a 304, of which a page sees nothing

        kitchen.publish("Bo Counted")
        until(lambda: kitchen.published() == before + 1, what="the copy is renewed")
        page.clock.fast_forward(30_000)
        page.get_by_text(f"{before + 1} have signed.").wait_for()


# --- The list in a spreadsheet ---------------------------------------------------------------


def test_the_formulas_of_spreadsheets_name_the_list_as_csv(kitchen: Kitchen) -> None:
    for _language, text in [each for each in recipes.programs(TABLE) if each[0] == "text"]:
        [address] = re.findall(r'https://[^"]+', text)
        path = address.removeprefix(recipes.HOST).replace(recipes.SLUG, SLUG)
        answer = kitchen.browser.get(path)
        assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
        assert answer.raw.startswith(b"id,name,")


def test_curl_and_python_fetch_the_table(
    kitchen: Kitchen, capsys: pytest.CaptureFixture[str]
) -> None:
    kitchen.publish("Zoë Tabled")
    kitchen.forget_files()
    names = kitchen.names()
    kitchen.shell(kitchen.recipe(TABLE, "sh"))
    lines = (kitchen.folder / "signers.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(names) + 1
    kitchen.python(TABLE)
    printed = capsys.readouterr().out.splitlines()
    assert {line.split("\t")[0] for line in printed} == names


# --- A mirror --------------------------------------------------------------------------------


def test_curl_reads_what_changed(kitchen: Kitchen) -> None:
    kitchen.publish("Cy Changed")
    [line] = kitchen.shell(kitchen.recipe(MIRROR, "sh"))
    page = json.loads(line)
    assert "Cy Changed" in {entry.get("name") for entry in page["results"]}
    assert page["next_since"].endswith("Z")


def test_the_python_mirror_follows_all_pages_and_forgets_who_left(kitchen: Kitchen) -> None:
    stays, leaves = kitchen.publish("Di Stays"), kitchen.publish("Ed Leaves")
    # Pages of one, so that there are several.
    mirror = kitchen.python(MIRROR, **{'"page_size": 200': '"page_size": 1'})["mirror"]
    db = sqlite3.connect(":memory:")

    def mirrored() -> dict[str, str]:
        mirror(db)
        rows = db.execute("SELECT id, entry FROM signer").fetchall()
        return {id_: json.loads(entry)["name"] for id_, entry in rows}

    first = mirrored()
    assert (first[stays], first[leaves]) == ("Di Stays", "Ed Leaves")
    assert set(first.values()) == kitchen.names()
    kitchen.withdraw(leaves)
    came = kitchen.publish("Flo Came")
    assert mirrored() == {**{k: v for k, v in first.items() if k != leaves}, came: "Flo Came"}
    [[since]] = db.execute("SELECT since FROM walk").fetchall()
    assert since > "2026"
    db.close()


# --- In a page of another site ---------------------------------------------------------------


def test_modules_on_a_page_of_another_site_mirror_the_list_read_it_and_prove_the_text(
    kitchen: Kitchen, chromium: Any
) -> None:
    kitchen.publish("Guy Stays")
    leaves = kitchen.publish("Gus Leaves")
    scripts = {
        "mirror": kitchen.recipe(MIRROR, "js").replace("page_size: 200", "page_size: 1"),
        "table": kitchen.recipe(TABLE, "js"),
        "proof": kitchen.recipe(PROOF, "js"),
    }
    call: Callable[[str, str], str] = lambda name, rest: f"import('/{name}.js').then({rest})"  # noqa: E731
    with chromium.new_context() as browser:
        page = browser.new_page()
        page.goto(kitchen.site.page(**scripts))
        walk = (
            "async (m) => { window.all ??= new Map(); window.since = await m.mirror(all, window.since);"
            " return [...all.values()].map((each) => each.name) }"
        )
        assert set(page.evaluate(call("mirror", walk))) == kitchen.names()
        kitchen.withdraw(leaves)
        after = page.evaluate(call("mirror", walk))
        assert "Guy Stays" in after
        assert "Gus Leaves" not in after
        assert page.evaluate("window.since") > "2026"

        kitchen.forget_files()
        assert page.evaluate(call("proof", "(m) => m.proven()")) is True
        rows = page.evaluate(call("table", "(m) => m.signers()"))
        assert {row["name"] for row in rows} == kitchen.names()


def test_a_form_on_another_site_shows_the_text_works_and_signs(
    kitchen: Kitchen, chromium: Any
) -> None:
    address = f"hal.{time.monotonic_ns()}@example.net"
    with chromium.new_context() as browser:
        page = browser.new_page()
        posted: list[Any] = []
        page.on(
            "response", lambda each: posted.append(each) if each.request.method == "POST" else None
        )
        form, script = kitchen.recipe(PAGE_FORM, "html"), kitchen.recipe(PAGE_FORM, "js")
        page.goto(kitchen.site.page(form, sign=script))
        page.get_by_text("I agree that my name is published.").wait_for()
        assert page.get_by_role("heading").inner_text() == "Art is not a quarry"
        page.get_by_label("Name", exact=True).fill("Hal Works")
        page.get_by_label("E-mail").fill("a..b@example.net")
        page.get_by_role("checkbox").check()
        page.get_by_role("button").click()
        page.get_by_text("This is not a whole e-mail address.").wait_for(timeout=60_000)
        assert [each.status for each in posted] == [403, 400]

        page.get_by_label("E-mail").fill(address)
        with page.expect_response(lambda each: each.status == 202, timeout=60_000):
            page.get_by_role("button").click()
        page.get_by_text("Please look into your inbox").wait_for(timeout=60_000)
        assert [each.status for each in posted] == [403, 400, 403, 202]
        sent = [json.loads(each.request.post_data) for each in posted[2:]]
        tries = {each.request.headers["idempotency-key"] for each in posted[2:]}
    assert len(tries) == 1
    assert sent[0] == {name: value for name, value in sent[1].items() if name != "altcha"}
    assert (sent[0]["language"], sent[0]["statement_version"]) == ("en", 1)
    assert kitchen.confirm(address)["signer"]["name"] == "Hal Works"


# --- A server, and the proof -----------------------------------------------------------------


def rows_of(kitchen: Kitchen, address: str) -> int:
    sql = (
        "SELECT count(*) FROM campaign_signature JOIN campaign_campaign c ON c.id = campaign_id"
        " WHERE c.slug = %s AND email = %s"
    )
    return int(kitchen.product.query(sql, SLUG, address)[0][0])


def test_a_server_signs_with_its_key_and_twice_is_once(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = kitchen.recipe(SERVER_FORM, "sh")
    for _ in range(2):
        assert kitchen.shell(command) == ['{"status":"check_your_inbox"}']
    monkeypatch.setenv("PETITION_KEY", kitchen.key)
    program = kitchen.python(SERVER_FORM, name="__main__")
    assert capsys.readouterr().out == "None\n"
    shown = program["statement"]("fr")
    assert shown["consent"] == "J’accepte que mon nom soit publié."
    attempt = f"attempt-{time.monotonic_ns()}"
    address = f"ida.{time.monotonic_ns()}@example.net"
    typed = {"name": "Ida Served", "email": address, "consent": True}
    assert program["sign"](typed, shown, attempt) is None
    assert program["sign"](typed, shown, attempt) is None
    assert rows_of(kitchen, address) == 1
    assert program["sign"]({**typed, "name": "Another"}, shown, attempt)["code"] == (
        "idempotency_key_reused"
    )
    refused = program["sign"]({**typed, "consent": False}, shown, "another")
    assert [error["code"] for error in refused["errors"]] == ["consent_required"]


def test_the_python_server_waits_and_tries_again_when_nobody_answers(
    kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PETITION_KEY", kitchen.key)
    program = kitchen.python(SERVER_FORM)
    shown = program["statement"]("en")
    kitchen.product.web.kill()
    waits: list[float] = []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            kitchen.product.web.start()
            until(kitchen.product._answers, what="the web answers again")

    program["time"] = SimpleNamespace(sleep=sleep)
    typed = {"name": "Jo Late", "email": f"jo.{time.monotonic_ns()}@example.net", "consent": True}
    try:
        assert program["sign"](typed, shown, f"late-{time.monotonic_ns()}") is None
    finally:
        if len(waits) < 2:
            kitchen.product.web.start()
    assert waits == [2, 4]


def test_the_proof_prints_the_same_hash_twice(
    kitchen: Kitchen, capsys: pytest.CaptureFixture[str]
) -> None:
    text = kitchen.browser.get(f"{API}statements/1/en.txt").raw
    first, second = kitchen.shell(kitchen.recipe(PROOF, "sh"))
    wanted = hashlib.sha256(text).hexdigest()
    assert (first, second) == (f"{wanted}  -", f'"sha256":"{wanted}"')
    kitchen.python(PROOF)
    assert capsys.readouterr().out == f"{text.decode()}\n"


# --- Keys ------------------------------------------------------------------------------------


def test_the_commands_with_a_key_read_the_private_list_and_decide(kitchen: Kitchen) -> None:
    address = kitchen.sign("The Quarry Guild", kind="organisation")  # always looked at
    assert kitchen.confirm(address) == {"status": "held", "signer": None}
    (_, read), (_, approve) = (each for each in recipes.programs("Keys") if each[0] == "sh")

    def here(command: str) -> str:
        return command.replace(recipes.HOST, kitchen.product.base).replace(recipes.SLUG, SLUG)

    [line] = kitchen.shell(here(read))
    [held] = [each for each in json.loads(line)["results"] if each["email"] == address]
    [line] = kitchen.shell(here(approve).replace("0123456789abcdef", held["id"]))
    decided = {"id": held["id"], "status": "published", "revision": 1, "featured": False}
    assert json.loads(line) == {**decided, "changed": True}
