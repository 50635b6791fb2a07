"""Every refusal of the API is a problem with a stable code."""

from typing import Any

import pytest
from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import OperationalError
from django.http import Http404
from django.http.multipartparser import MultiPartParserError
from django.test import Client
from rest_framework.renderers import JSONRenderer

from campaign import publication
from campaign.web.language import LocaleMiddleware
from tests.api import (
    BASE,
    POSTS,
    READS,
    assert_nothing_written,
    assert_problem,
    send,
)
from tests.factories import details, make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def art() -> None:
    make_campaign(publication="after_verification")


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
        "x" * 9_000,
    ],
)
def test_another_form_of_body_is_refused(strict: Client, path: str, content_type: str) -> None:
    response = send(
        strict, b"name=Zoe&email=zoe%40example.org&consent=true", path, content_type=content_type
    )
    assert_problem(response, 415, "unsupported_media_type")
    assert len(response.content) < 400  # not the whole of what was sent comes back
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


# --- Preconditions, forms, choices ------------------------------------------------------------


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
    found = assert_problem(client.get(f"{BASE}counts/?format=xml"), 400, "invalid_input")
    assert found["errors"][0]["code"] == "unknown_parameter"


def test_what_is_none_of_the_choices_is_named_but_not_sent_back_whole(client: Client) -> None:
    answer = client.get(f"{BASE}signers/", {"order": "é" * 3000})
    assert answer.status_code == 400
    [error] = answer.json()["errors"]
    assert (error["field"], error["code"]) == ("order", "invalid_choice")
    assert "é" * 100 in error["message"]
    assert "é" * 101 not in error["message"]
