"""What a log line keeps: neither tokens nor addresses, and whose request it was."""

import json
import logging
import sys
import time
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from pytest_django import Settings

from campaign import bell, logs, publication, tasks
from campaign.links import Purpose
from campaign.logs import CutFormatter, JsonFormatter, cut
from tests.factories import make_campaign


@pytest.mark.parametrize("page", [*Purpose, "preview", "admin/welcome"])
def test_a_token_in_a_path_is_cut(page: str) -> None:
    line = f"Internal Server Error: /{page}/abc.1.x-y_z/ and more"
    assert cut(line) == f"Internal Server Error: /{page}/(cut) and more"


def test_the_values_of_a_refused_row_are_cut_from_its_traceback() -> None:
    said = "duplicate key\nDETAIL:  Key (email)=(zoe@example.org) exists.\nmore"
    try:
        raise IntegrityError(said)
    except IntegrityError:
        record = logging.LogRecord("x", logging.ERROR, "x", 1, "/manage/tok/", (), sys.exc_info())
    text = CutFormatter().format(record)
    assert "zoe@example.org" not in text
    assert "tok" not in text
    assert "duplicate key" in text


def test_other_lines_are_left_alone() -> None:
    assert cut("GET /art/signers/?q=confirm") == "GET /art/signers/?q=confirm"


# --- Lines of JSON ---------------------------------------------------------------------------


@pytest.fixture
def written() -> Iterator[list[dict[str, Any]]]:
    """The lines of this test, as production writes them."""
    lines: list[dict[str, Any]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonFormatter().format(record)))

    root, handler = logging.getLogger(), Kept()
    root.addHandler(handler)
    yield lines
    root.removeHandler(handler)


def test_an_error_says_its_types_its_places_and_codes_but_no_word(
    written: list[dict[str, Any]],
) -> None:
    refused = OSError(28, "zoe@example.org")
    try:
        try:
            raise refused
        except OSError as error:
            raise ValueError("Zoë Moreau") from error
    except ValueError:
        logging.getLogger("campaign.test").exception("mail %s cannot be sent", 7)
    [line] = written
    assert (line["message"], line["level"]) == ("mail 7 cannot be sent", "ERROR")
    assert [error["type"] for error in line["errors"]] == [
        "builtins.ValueError",
        "builtins.OSError",
    ]
    assert line["errors"][1]["errno"] == 28
    assert "test_logs.py" in line["errors"][0]["places"][0]
    assert "zo" not in json.dumps(line).lower().replace("test_logs", "")


@pytest.mark.django_db
def test_a_page_that_breaks_is_named_by_its_route_and_request(
    written: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any, **__: Any) -> Any:
        raise RuntimeError("zoe@example.org")

    monkeypatch.setattr(publication, "visible_campaigns", fail)
    answer = Client(raise_request_exception=False).get("/?email=zoe@example.org")
    [line] = [each for each in written if each["logger"] == "django.request"]
    assert (answer.status_code, line["message"]) == (500, "Internal Server Error: /")
    assert line["request_id"] == answer["X-Request-ID"]
    assert line["errors"][0]["type"] == "builtins.RuntimeError"


@pytest.mark.django_db
def test_a_path_that_leads_nowhere_is_not_repeated(
    client: Client, written: list[dict[str, Any]]
) -> None:
    client.get("/zoe/moreau/")
    assert [line["message"] for line in written] == ["Not Found: (no such page)"]


def test_a_refused_host_is_not_repeated(client: Client, written: list[dict[str, Any]]) -> None:
    client.get("/", headers={"Host": "zoe.example"})
    assert ("django.security.DisallowedHost", "refused") in [
        (line["logger"], line["message"]) for line in written
    ]
    assert "zoe" not in json.dumps(written)


def test_a_task_that_breaks_says_its_name_and_the_type_of_its_error(
    written: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail() -> Any:
        raise RuntimeError("zoe@example.org")

    monkeypatch.setattr(bell, "ring", fail)
    tasks.ring.apply(task_id="one")
    [line] = [each for each in written if each["logger"] == "celery.app.trace"]
    assert line["message"] == "Task campaign.ring[one] raised unexpected: RuntimeError"
    assert [error["type"] for error in line["errors"]] == ["builtins.RuntimeError"]


# --- The name of a request -------------------------------------------------------------------

GIVEN = "0123456789abcdef0123456789ABCDEF"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (GIVEN, True),
        ("6fa459ea-ee8a-3ca4-894e-db77e160355e", True),
        ("zoe@example.org", False),
        ("zoe-moreau-of-the-quarry", False),
        (GIVEN * 3, False),
        ("abc", False),
        (f"{GIVEN}\n", False),
        ("", False),
    ],
)
def test_a_name_that_a_proxy_gave_is_taken_over_if_it_is_one(
    client: Client, settings: Settings, given: str, taken: bool
) -> None:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    answer = client.post("/api/v1/signatures/confirm/", headers={"X-Request-ID": given})
    assert (answer["X-Request-ID"] == given) is taken
    assert len(answer["X-Request-ID"]) >= 16


@pytest.mark.django_db
def test_a_name_that_somebody_else_gave_is_not(client: Client) -> None:
    answer = client.post("/api/v1/signatures/confirm/", headers={"X-Request-ID": GIVEN})
    assert answer["X-Request-ID"] not in (GIVEN, "")


@pytest.mark.django_db
def test_what_everybody_may_keep_has_no_name_of_whoever_came_first(client: Client) -> None:
    make_campaign()
    assert "X-Request-ID" not in client.get("/art/")
    assert "X-Request-ID" in client.get("/confirm/x/")


@pytest.mark.django_db
def test_a_change_leaves_a_line_with_its_route_and_a_read_leaves_none(
    client: Client, written: list[dict[str, Any]]
) -> None:
    make_campaign()
    written.clear()
    client.get("/art/")
    assert written == []
    name = client.post("/confirm/secret-token/")["X-Request-ID"]
    [line] = [each for each in written if each["logger"] == "campaign.web.requests"]
    assert (line["method"], line["status"], line["request_id"]) == ("POST", 400, name)
    assert line["route"] == "/confirm/<anything:token>/"
    assert "secret-token" not in json.dumps(written)


@pytest.mark.django_db
def test_a_task_that_went_well_leaves_a_line_only_where_a_request_told_it(
    written: list[dict[str, Any]],
) -> None:
    tasks.ring.apply()
    assert written == []
    with logs.of_request("f00d"):
        logging.getLogger("celery.app.trace").info("Task x succeeded")
    assert [line["request_id"] for line in written] == ["f00d"]


@pytest.mark.parametrize("path", ["é" * 100_000, "a@" * 50_000, "@" * 100_000, "a." * 50_000])
def test_no_path_is_so_long_that_a_line_of_it_takes_seconds(path: str) -> None:
    """Looked through from each letter it took minutes; now some hundredths of one."""
    before = time.process_time()
    assert cut(f"Not Found: /{path}/") == f"Not Found: /{path}/"
    assert time.process_time() - before < 2


@pytest.mark.parametrize(
    "address", ["zoe@example.org", "a@b@example.org", "@zoe@b.example.org", "a.b@c.d@e"]
)
def test_an_address_is_cut_whole_wherever_it_stands(address: str) -> None:
    assert cut(f"Not Found: {address}, and <{address}>") == "Not Found: (cut), and <(cut)>"
