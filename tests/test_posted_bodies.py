"""What the API takes for a body, and what it says of one that it does not take."""

import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client

from campaign.models import Signature
from petition.wsgi import application
from tests.api import (
    CONFIRM,
    POSTS,
    RESEND,
    SIGN,
    assert_nothing_written,
    assert_problem,
    send,
)
from tests.factories import details, make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def art() -> None:
    make_campaign(publication="after_verification")


@pytest.fixture
def lasting() -> Iterator[None]:
    """The test's transaction outlives a request that no client of Django's sends."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "body",
    [
        *(
            b"{",
            b"{'name': 1}",
            b'{"name": "a"',
            b'{"name": NaN}',
            b"nul",
            b"{}{}",
            b"\x00",
            b"[1,",
        ),
        *(
            b'{"name": "\xff\xfe"}',
            b"\xff\xfe{\x00}\x00",
            b'\xef\xbb\xbf{"name": "a"}',
            b'{"a": Infinity}',
        ),
        *(
            b'{"name": "\xed\xa0\x80"}',
            b'{"name": "a\nb"}',
            b'{"statement_version": ' + b"9" * 5000 + b"}",
        ),
        *(b"[" * 100_000, b'{"name":' * 20_000, b"[" * 50_000 + b"]" * 50_000),
    ],
    ids=lambda body: repr(body[:12]) + str(len(body)),
)
def test_what_is_not_json_is_refused(strict: Client, path: str, body: bytes) -> None:
    assert_problem(send(strict, body, path), 400, "malformed_json")
    assert_nothing_written()


@pytest.mark.parametrize(
    "body",
    [
        b'{"show_name": false, "show_name": true}',
        b'{"a": {"b": 1, "b": 1}}',
        b'{"name": 1, "name": 1}',
    ],
)
def test_a_name_that_stands_twice_is_refused(strict: Client, body: bytes) -> None:
    assert_problem(send(strict, body), 400, "malformed_json")
    assert_nothing_written()


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("coding", ["gzip", "br", "x" * 9_000, ""])
def test_a_body_is_sent_as_it_is(strict: Client, path: str, coding: str) -> None:
    body = gzip.compress(json.dumps(details()).encode())
    response = send(strict, body, path, **{"Content-Encoding": coding})
    assert_problem(response, 415, "unsupported_media_type")
    assert len(response.content) < 400
    assert_nothing_written()


def test_a_body_that_says_that_it_is_no_other_is_taken(strict: Client) -> None:
    assert send(strict, details(), **{"Content-Encoding": "identity"}).status_code == 202


class Chunks(io.RawIOBase):
    """A body as the web server hands chunks on, that counts what is taken of it."""

    def __init__(self, body: bytes) -> None:
        self.left = io.BytesIO(body)
        self.taken = 0

    def read(self, size: int = -1) -> bytes:
        part = self.left.read(min(size, 1000) if size >= 0 else 1000)
        self.taken += len(part)
        return part


def send_chunks(chunks: Chunks) -> tuple[int, dict[str, Any]]:
    environ: dict[str, Any] = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": SIGN,
        "SERVER_NAME": "testserver",
        "SERVER_PORT": "80",
        "HTTP_HOST": "testserver",
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_TYPE": "application/json",
        "wsgi.url_scheme": "http",
        "wsgi.input": chunks,
    }
    begun: list[str] = []
    answer = application(environ, lambda status, *_: begun.append(status))  # type: ignore[arg-type]
    return int(begun[0][:3]), json.loads(b"".join(answer))


def test_a_body_may_come_in_chunks(lasting: None) -> None:
    padded = json.dumps(details()).encode() + b" " * 5000
    assert send_chunks(Chunks(padded)) == (202, {"status": "check_your_inbox"})


def test_of_chunks_no_more_is_read_than_is_taken(lasting: None, settings: Any) -> None:
    chunks = Chunks(b'{"name": "' + b"a" * 1_000_000 + b'"}')
    status, problem = send_chunks(chunks)
    assert (status, problem["code"]) == (413, "too_large")
    assert chunks.taken == settings.PUBLIC_BODY_MAX + 1
    assert_nothing_written()


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("body", [[], ["a"], None, 1, 1.5, True, "text", [{"name": "Zoe"}]])
def test_a_body_that_is_no_object_is_refused(strict: Client, path: str, body: Any) -> None:
    found = assert_problem(send(strict, body, path), 400, "invalid_input")
    assert [(error["field"], error["code"]) for error in found["errors"]] == [
        ("", "null" if body is None else "not_an_object")
    ]
    assert_nothing_written()


@pytest.mark.parametrize(
    "charset", ["utf-16", "latin-1", "utf-7", "zlib", "rot13", "hex", "idna", "nonsense"]
)
def test_json_is_utf_8_whatever_the_header_says(strict: Client, charset: str) -> None:
    body = json.dumps(details(name="Zoë Moreau"), ensure_ascii=False).encode()
    response = send(strict, body, content_type=f"application/json; charset={charset}")
    assert response.status_code == 202
    assert Signature.objects.get().name == "Zoë Moreau"


@pytest.mark.parametrize("path", POSTS)
def test_a_huge_body_is_refused(strict: Client, path: str, settings: Any) -> None:
    body = b'{"name": "' + b"a" * settings.PUBLIC_BODY_MAX + b'"}'
    assert_problem(send(strict, body, path), 413, "too_large")
    assert_nothing_written()


_TEXTS = (
    "name",
    "email",
    "kind",
    "discipline",
    "credit",
    "organisation",
    "country",
    "language",
    "source",
)
_NOT_TEXT: tuple[Any, ...] = (1, 1.5, True, False, [], ["a"], {}, {"a": 1})
_NOT_FLAG: tuple[Any, ...] = (0, 1, "true", "on", "", [], {}, None)
_NOT_NUMBER: tuple[Any, ...] = ("1", 1.5, 1e300, True, [], {}, 0, -1, 2**31, 10**30)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        *((field, _NOT_TEXT) for field in _TEXTS),
        *((field, _NOT_FLAG) for field in ("show_name", "newsletter", "consent")),
        ("statement_version", _NOT_NUMBER),
    ],
)
def test_a_value_of_another_type_is_refused_never_converted(
    strict: Client, field: str, values: Any
) -> None:
    for value in values:
        body = assert_problem(send(strict, details(**{field: value})), 400, "invalid_input")
        assert [error["field"] for error in body["errors"]] == [field], value
        assert all(error["code"] and error["message"] for error in body["errors"])
    assert_nothing_written()


def test_a_whole_number_may_be_written_with_its_point(strict: Client) -> None:
    body = json.dumps(details(statement_version=1)).replace(": 1}", ": 1.0}").encode()
    assert b": 1.0}" in body
    assert send(strict, body).status_code == 202


@pytest.mark.parametrize("path", [RESEND, CONFIRM])
def test_the_other_posts_convert_nothing_either(strict: Client, path: str) -> None:
    field = "email" if path == RESEND else "token"
    for value in (*_NOT_TEXT, None):
        body = assert_problem(send(strict, {field: value}, path), 400, "invalid_input")
        assert [error["field"] for error in body["errors"]] == [field], value
    body = assert_problem(send(strict, {}, path), 400, "invalid_input")
    assert [(error["field"], error["code"]) for error in body["errors"]] == [(field, "required")]


@pytest.mark.parametrize(
    "field", ["discipline", "credit", "organisation", "country", "source", "statement_version"]
)
def test_null_is_the_same_as_left_out(strict: Client, field: str) -> None:
    assert send(strict, details(**{field: None})).status_code == 202
    typed = details()
    typed.pop(field, None)
    assert send(strict, typed).status_code == 202


@pytest.mark.parametrize("field", ["name", "email", "consent"])
def test_what_is_needed_is_neither_left_out_nor_null(strict: Client, field: str) -> None:
    typed = details()
    typed.pop(field)
    body = assert_problem(send(strict, typed), 400, "invalid_input")
    assert [(error["field"], error["code"]) for error in body["errors"]] == [(field, "required")]
    body = assert_problem(send(strict, {**typed, field: None}), 400, "invalid_input")
    assert [(error["field"], error["code"]) for error in body["errors"]] == [(field, "null")]
    assert_nothing_written()


@pytest.mark.parametrize(
    "name", ["show_nmae", "Name", "", "status", "featured", "id", "\ud800", "\0", "x" * 10_000]
)
def test_a_field_that_there_is_none_of_is_refused(strict: Client, name: str) -> None:
    body = assert_problem(send(strict, {**details(), name: "x"}), 400, "invalid_input")
    assert [error["code"] for error in body["errors"]] == ["unknown_field"]
    if name.isascii() and len(name) < 100:
        assert body["errors"][0]["field"] == name
    assert_nothing_written()


def test_every_mistake_is_named_at_once(strict: Client) -> None:
    body = assert_problem(
        send(strict, {"name": 1, "email": None, "consent": "yes", "typo": 1}), 400, "invalid_input"
    )
    assert {error["field"] for error in body["errors"]} == {"name", "email", "consent", "typo"}


def test_a_flood_of_unknown_fields_is_not_answered_with_a_flood(strict: Client) -> None:
    body = {f"field{number}": 1 for number in range(10_000)}
    assert len(send(strict, body).content) < 20_000


@pytest.mark.parametrize(
    "field",
    [
        "name",
        "email",
        "credit",
        "organisation",
        "discipline",
        "kind",
        "country",
        "language",
        "source",
    ],
)
@pytest.mark.parametrize(
    "text", ["\ud800", "a\ud800b", "\0", "\udfff@example.org", "a" * 100_000, "\u0300" * 200]
)
def test_no_text_is_an_internal_error(strict: Client, field: str, text: str) -> None:
    assert send(strict, details(**{field: text})).status_code in {202, 400}


def test_a_name_whose_fold_is_far_longer_is_no_internal_error(strict: Client) -> None:
    statuses = [send(strict, details(name="ﷺ" * n)).status_code for n in (50, 60, 200)]
    assert set(statuses) <= {202, 400}


@pytest.mark.parametrize(
    "token", ["", "x", "\0", "\ud800", "a" * 100_000, "a.b.c", "....", "é", "%ff"]
)
def test_a_token_that_is_none_is_refused(strict: Client, token: str) -> None:
    assert_problem(send(strict, {"token": token}, CONFIRM), 400, "token_invalid")
