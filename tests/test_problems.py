"""Every refusal of the API is a problem with a stable code, and who may post from another site."""

import gzip
import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.core.signals import request_finished, request_started
from django.db import OperationalError, close_old_connections
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from django.test import Client
from rest_framework.renderers import JSONRenderer

from campaign import publication
from campaign.models import Campaign, Mail, Signature, TallyChange
from campaign.models.signature import Status
from campaign.web.language import LocaleMiddleware
from petition.wsgi import application
from tests.factories import confirm_token, details, make_campaign, make_signature

pytestmark = pytest.mark.django_db

BASE = "/api/v1/campaigns/art/"
SIGN = f"{BASE}signatures/"
RESEND = f"{BASE}signatures/resend/"
CONFIRM = "/api/v1/signatures/confirm/"
PARTNER = "https://partner.example"
READS = [
    *("/api/v1/campaigns/", BASE, f"{BASE}signers/", f"{BASE}counts/", f"{BASE}signers.csv"),
    *(f"{BASE}signers.jsonl", f"{BASE}feed.atom", f"{BASE}statements/1/en.txt"),
    *("/api/schema/", "/api/docs/"),
]
POSTS = [SIGN, RESEND, CONFIRM]


@pytest.fixture(autouse=True)
def art() -> None:
    make_campaign(publication="after_verification")


@pytest.fixture
def strict() -> Client:
    """As in production: the test client's own exemption from CSRF checks is off."""
    return Client(enforce_csrf_checks=True, raise_request_exception=False)


@pytest.fixture
def lasting() -> Iterator[None]:
    """The test's transaction outlives a request that no client of Django's sends."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def send(client: Client, body: Any, path: str = SIGN, **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    content_type = headers.pop("content_type", "application/json")
    # Not client.post, which encodes the body by the charset that the content type names.
    return client.generic("POST", path, data, content_type=content_type, headers=headers)


def assert_problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")
    body: dict[str, Any] = response.json()
    assert body.keys() - {"errors"} == {"type", "title", "status", "code", "detail"}
    assert (body["status"], body["code"]) == (status, code)
    assert "no-store" in response["Cache-Control"]
    return body


def assert_nothing_written() -> None:
    assert not Signature.objects.exists()
    assert not Mail.objects.exists()
    assert not TallyChange.objects.exists()


# --- Paths, methods, types -------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
@pytest.mark.parametrize(
    "path",
    [
        *("/api/", "/api/v1/", "/api/v2/campaigns/", "/api/v1/campaigns", "/api/v1/campaign/art/"),
        *("/api/v1/campaigns/nobody's/", f"{BASE}nothing/", f"{BASE}signers.xml", f"{BASE}signers"),
    ],
)
def test_a_path_that_is_none_is_not_found(strict: Client, path: str, method: str) -> None:
    assert_problem(getattr(strict, method)(path), 404, "not_found")


@pytest.mark.parametrize("path", ["/api/v1/campaigns/nobody/", "/api/v1/campaigns/nobody/signers/",
                                  "/api/v1/campaigns/nobody/counts/", "/api/v1/campaigns/nobody/signers.csv"])  # fmt: skip
def test_a_campaign_that_is_none_is_not_found(client: Client, path: str) -> None:
    assert_problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_read_is_only_read(strict: Client, path: str, method: str) -> None:
    response = getattr(strict, method)(path, b"{}", content_type="application/json")
    assert_problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_a_post_is_only_posted(strict: Client, path: str, method: str) -> None:
    response = getattr(strict, method)(path)
    assert_problem(response, 405, "method_not_allowed")
    assert response["Allow"] == "POST, OPTIONS"


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "image/png"])
@pytest.mark.parametrize("path", ["/api/v1/campaigns/", BASE, f"{BASE}signers/", f"{BASE}counts/"])
def test_json_is_the_only_form_of_an_answer(client: Client, path: str, accept: str) -> None:
    assert_problem(client.get(path, headers={"Accept": accept}), 406, "not_acceptable")


@pytest.mark.parametrize("accept", ["*/*", "application/json", "application/*", "text/html, */*;q=0.1",
                                    "application/problem+json, application/json"])  # fmt: skip
def test_who_takes_json_gets_it(client: Client, accept: str) -> None:
    response = client.get(f"{BASE}signers/", headers={"Accept": accept})
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "text/json",
        "application/xml",
    ],
)
def test_another_form_of_body_is_refused(strict: Client, path: str, content_type: str) -> None:
    response = send(
        strict, b"name=Zoe&email=zoe%40example.org&consent=true", path, content_type=content_type
    )
    assert_problem(response, 415, "unsupported_media_type")
    assert_nothing_written()


# --- Failures that are Django's or ours ------------------------------------------------------

FAILURES = [
    (Http404(), 404, "not_found"),
    (BadRequest(), 400, "bad_request"),
    (MultiPartParserError(), 400, "bad_request"),
    (SuspiciousOperation(), 400, "bad_request"),
    (DisallowedHost(), 400, "bad_request"),
    (RequestDataTooBig(), 413, "too_large"),
    (PermissionDenied(), 403, "permission_denied"),
    (RuntimeError("secret"), 500, "internal_error"),
    (OperationalError("secret"), 500, "internal_error"),
]


def raising(error: Exception) -> Any:
    def fail(*args: Any, **kwargs: Any) -> Any:
        raise error

    return fail


@pytest.mark.parametrize(("error", "status", "code"), FAILURES, ids=lambda value: repr(value))
@pytest.mark.parametrize("where", ["view", "middleware"])
def test_whatever_fails_below_the_api_is_a_problem(
    strict: Client,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    error: Exception,
    status: int,
    code: str,
) -> None:
    if where == "view":
        monkeypatch.setattr(publication, "find_campaign", raising(error))
    else:
        monkeypatch.setattr(LocaleMiddleware, "process_request", raising(error))
    for response in (strict.get(f"{BASE}signers/"), send(strict, details())):
        body = assert_problem(response, status, code)
        assert "secret" not in body["detail"]
        assert response["tdm-reservation"] == "1"
    assert_nothing_written()


def test_what_fails_while_an_answer_is_written_is_a_problem_too(
    strict: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(JSONRenderer, "render", raising(RuntimeError()))
    assert_problem(strict.get(f"{BASE}signers/"), 500, "internal_error")


@pytest.mark.parametrize("accept", ["*/*", "application/yaml", "application/vnd.oai.openapi"])
def test_a_problem_of_the_document_is_json(strict: Client, accept: str) -> None:
    assert_problem(
        strict.post("/api/schema/", headers={"Accept": accept}), 405, "method_not_allowed"
    )


# --- Bodies ----------------------------------------------------------------------------------


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
@pytest.mark.parametrize("coding", ["gzip", "br", "x", ""])
def test_a_body_is_sent_as_it_is(strict: Client, path: str, coding: str) -> None:
    body = gzip.compress(json.dumps(details()).encode())
    response = send(strict, body, path, **{"Content-Encoding": coding})
    assert_problem(response, 415, "unsupported_media_type")
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
    assert chunks.taken == settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1
    assert_nothing_written()


@pytest.mark.parametrize("path", [f"{BASE}counts/", f"{BASE}signers/?q=zoe", f"{BASE}signers.csv"])
def test_a_precondition_that_fails_is_a_problem(client: Client, path: str) -> None:
    response = client.get(path, headers={"If-Match": '"another"'})
    assert_problem(response, 412, "precondition_failed")
    assert "ETag" not in response
    assert client.get(path, headers={"If-Match": "*"}).status_code == 200


def test_a_page_whose_precondition_fails_is_not_kept(client: Client) -> None:
    response = client.get("/art/", headers={"If-Match": '"another"'})
    assert (response.status_code, response["Cache-Control"]) == (412, "no-store")


def test_the_form_is_chosen_by_accept_alone(client: Client) -> None:
    found = assert_problem(client.get(f"{BASE}signers/?format=json"), 400, "invalid_input")
    assert found["errors"][0]["code"] == "unknown_parameter"
    assert client.get(f"{BASE}counts/?format=xml").status_code == 200


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
    body = b'{"name": "' + b"a" * settings.DATA_UPLOAD_MAX_MEMORY_SIZE + b'"}'
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


# --- CORS ------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", READS)
@pytest.mark.parametrize("origin", [None, PARTNER, "https://elsewhere.example", "null"])
def test_everybody_may_read_from_everywhere(client: Client, path: str, origin: str | None) -> None:
    response = client.get(path, headers={"Origin": origin} if origin else {})
    assert response.status_code == 200
    assert response["Access-Control-Allow-Origin"] == "*"
    assert "Access-Control-Allow-Credentials" not in response
    assert response["tdm-reservation"] == "1"
    assert not response.cookies


def test_a_problem_of_a_read_may_be_read_from_everywhere_too(client: Client) -> None:
    for path in (f"{BASE}signers/?order=x", "/api/v1/campaigns/nobody/"):
        assert client.get(path, headers={"Origin": PARTNER})["Access-Control-Allow-Origin"] == "*"


def preflight(client: Client, path: str, origin: str) -> Any:
    return client.options(
        path,
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
        },
    )


@pytest.mark.parametrize("path", POSTS)
def test_a_preflight_is_answered_to_the_sites_of_the_campaign(strict: Client, path: str) -> None:
    response = preflight(strict, path, PARTNER)
    assert response.status_code == 204
    assert response["Access-Control-Allow-Origin"] == PARTNER
    assert response["Access-Control-Allow-Methods"] == "POST"
    assert "content-type" in response["Access-Control-Allow-Headers"].lower()
    assert "Origin" in response["Vary"]


NOT_OURS = [
    *(
        "https://elsewhere.example",
        "null",
        "http://partner.example",
        "https://partner.example:8443",
    ),
    *(
        "https://partner.example.evil.example",
        "https://sub.partner.example",
        "https://PARTNER.example/x",
    ),
    *("https://testserver.evil.example", "x", "http://[", "https://[::1", "http://\u2100.example"),
]


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("origin", NOT_OURS)
def test_another_site_gets_no_preflight_and_no_post(strict: Client, path: str, origin: str) -> None:
    pending = make_signature(status=Status.PENDING, email="other@example.org")
    assert "Access-Control-Allow-Origin" not in preflight(strict, path, origin)
    body = {
        SIGN: details(),
        RESEND: {"email": "other@example.org"},
        CONFIRM: {"token": confirm_token(pending)},
    }
    mails, changes = Mail.objects.count(), TallyChange.objects.count()
    response = send(strict, body[path], path, Origin=origin)
    assert_problem(response, 403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in response
    pending.refresh_from_db()
    assert (pending.status, Signature.objects.count()) == (Status.PENDING, 1)
    assert (Mail.objects.count(), TallyChange.objects.count()) == (mails, changes)


@pytest.mark.parametrize("origin", [PARTNER, "http://testserver", None])
def test_our_own_pages_and_the_sites_may_post(strict: Client, origin: str | None) -> None:
    response = send(strict, details(), **({"Origin": origin} if origin else {}))
    assert response.status_code == 202
    assert response.get("Access-Control-Allow-Origin") == origin
    assert "no-store" in response["Cache-Control"]


def test_a_site_may_read_why_its_post_was_refused(strict: Client) -> None:
    response = send(strict, details(consent=False), Origin=PARTNER)
    assert_problem(response, 400, "invalid_input")
    assert response["Access-Control-Allow-Origin"] == PARTNER


@pytest.mark.parametrize("method", ["options", "get", "put"])
@pytest.mark.parametrize("origin", [PARTNER, "https://elsewhere.example", "http://["])
def test_a_campaign_that_is_none_has_no_sites(strict: Client, method: str, origin: str) -> None:
    path = "/api/v1/campaigns/nobody/signatures/"
    response = getattr(strict, method)(path, headers={"Origin": origin})
    assert response.status_code in {404, 405}
    assert "Access-Control-Allow-Origin" not in response


def test_a_site_of_another_campaign_may_not_post_here(strict: Client) -> None:
    make_campaign(slug="other")
    Campaign.objects.filter(slug="other").update(sites=["https://theirs.example"])
    assert_problem(
        send(strict, details(), Origin="https://theirs.example"), 403, "origin_not_allowed"
    )
    assert_nothing_written()


@pytest.fixture
def elsewhere() -> str:
    """The site of another campaign, one that is open."""
    make_campaign(slug="other")
    Campaign.objects.filter(slug="other").update(sites=["https://theirs.example"])
    return "https://theirs.example"


def test_a_site_of_another_campaign_confirms_nothing_here(strict: Client, elsewhere: str) -> None:
    art = Campaign.objects.get(slug="art")
    pending = make_signature(art, status=Status.PENDING)
    body = {"token": confirm_token(pending)}
    response = send(strict, body, CONFIRM, Origin=elsewhere)
    assert_problem(response, 403, "origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in response
    pending.refresh_from_db()
    assert pending.status == Status.PENDING


def test_the_site_of_the_campaign_confirms_and_reads_the_answer(
    strict: Client, elsewhere: str
) -> None:
    pending = make_signature(Campaign.objects.get(slug="art"), status=Status.PENDING)
    response = send(strict, {"token": confirm_token(pending)}, CONFIRM, Origin=PARTNER)
    assert (response.status_code, response["Access-Control-Allow-Origin"]) == (200, PARTNER)


@pytest.mark.parametrize("body", [{"token": "none"}, {"token": 1}, {}, []])
def test_a_site_may_read_why_a_token_confirms_nothing(strict: Client, body: Any) -> None:
    response = send(strict, body, CONFIRM, Origin=PARTNER)
    assert response.status_code == 400
    assert response["Access-Control-Allow-Origin"] == PARTNER


@pytest.mark.parametrize("origin", [None, PARTNER])
@pytest.mark.parametrize("path", [SIGN, RESEND])
def test_a_post_looks_its_campaign_up_once(
    strict: Client, monkeypatch: pytest.MonkeyPatch, path: str, origin: str | None
) -> None:
    found: list[str] = []
    find = publication.find_campaign

    def counted(slug: str) -> Campaign:
        found.append(slug)
        return find(slug)

    monkeypatch.setattr(publication, "find_campaign", counted)
    body = details() if path == SIGN else {"email": "zoe@example.org"}
    assert send(strict, body, path, **({"Origin": origin} if origin else {})).status_code == 202
    assert found == ["art"]


def test_what_is_none_of_the_choices_is_named_but_not_sent_back_whole(client: Client) -> None:
    answer = client.get(f"{BASE}signers/", {"order": "é" * 3000})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("order", "invalid_choice")
    assert "é" * 100 in error["message"]
    assert "é" * 101 not in error["message"]
