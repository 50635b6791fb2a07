"""The OpenAPI document: whole, in both forms, and read by a page that loads nothing from elsewhere."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern
from jsonschema import Draft202012Validator

from campaign.api import urls as api_urls
from campaign.api.problems import every_code
from tests.factories import make_campaign, make_signature

CAMPAIGN = "/api/v1/campaigns/{slug}/"
# The contract's paths that are there by now; more of them come, none goes.
CONTRACT = {
    "/api/v1/campaigns/": {"get"},
    CAMPAIGN: {"get"},
    f"{CAMPAIGN}statements/{{version}}/{{language}}.txt": {"get"},
    f"{CAMPAIGN}challenge/": {"get"},
    f"{CAMPAIGN}signatures/": {"post"},
    f"{CAMPAIGN}signatures/resend/": {"post"},
    "/api/v1/signatures/confirm/": {"post"},
    f"{CAMPAIGN}signers/": {"get"},
    f"{CAMPAIGN}signers/{{public_id}}/": {"get"},
    f"{CAMPAIGN}signers.csv": {"get"},
    f"{CAMPAIGN}signers.jsonl": {"get"},
    f"{CAMPAIGN}feed.atom": {"get"},
    f"{CAMPAIGN}badge.svg": {"get"},
    f"{CAMPAIGN}corrections/": {"get"},
    f"{CAMPAIGN}counts/": {"get"},
}


@pytest.fixture
def document(client: Client) -> dict[str, Any]:
    response = client.get("/api/schema/", headers={"Accept": "application/json"})
    document: dict[str, Any] = json.loads(response.content)
    return document


def test_the_document_is_valid_and_leaves_nothing_to_guess(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn")
    assert "openapi: 3.1.0" in capsys.readouterr().out


@pytest.mark.parametrize("accept", ["application/json", "application/vnd.oai.openapi+json"])
def test_it_is_served_as_json(client: Client, accept: str) -> None:
    response = client.get("/api/schema/", headers={"Accept": accept})
    assert response.status_code == 200
    assert response["Content-Type"].startswith(accept)
    assert json.loads(response.content)["openapi"] == "3.1.0"


@pytest.mark.parametrize("accept", ["application/yaml", "application/vnd.oai.openapi"])
def test_it_is_served_as_yaml(client: Client, accept: str) -> None:
    response = client.get("/api/schema/", headers={"Accept": accept})
    assert response.status_code == 200
    assert response["Content-Type"].startswith(accept)
    assert response.content.startswith(b"openapi: 3.1.0\n")


def test_every_path_of_the_contract_is_in_it_and_no_other(document: dict[str, Any]) -> None:
    paths = {path: set(operations) for path, operations in document["paths"].items()}
    assert {path: paths.get(path) for path in CONTRACT} == CONTRACT
    served = [p for p in api_urls.urlpatterns if isinstance(p, URLPattern) and p.name]
    assert len(paths) == len(served) - 2  # the document and its page


def test_every_operation_says_what_it_answers_and_how_it_fails(document: dict[str, Any]) -> None:
    for path, operations in document["paths"].items():
        for operation in operations.values():
            assert operation["description"], path
            failures = {code: a for code, a in operation["responses"].items() if code >= "400"}
            assert failures, path
            for code, answer in failures.items():
                types = set(answer["content"])
                assert types == (
                    {"application/json"}
                    if code == "410" and "signers" in path
                    else {"application/problem+json"}
                )


def test_every_operation_has_a_group_a_summary_and_examples_that_fit(
    document: dict[str, Any],
) -> None:
    groups = {each["name"] for each in document["tags"]}
    for where, operation in operations(document):
        assert set(operation["tags"]) < groups, where
        assert 0 < len(operation["summary"]) < 60, where
        bodies = [operation["requestBody"]] if "requestBody" in operation else []
        for status, answer in operation["responses"].items():
            assert answer["description"], (where, status)
            assert (status == "304") == ("content" not in answer), (where, status)
            bodies.append(answer)
        for body in bodies:
            for content in body.get("content", {}).values():
                assert content["examples"], where
                for example in content["examples"].values():
                    assert mistakes(document, content["schema"], example["value"]) == [], where


def test_every_parameter_is_described_and_its_example_fits(document: dict[str, Any]) -> None:
    for where, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            assert parameter["description"], (where, parameter["name"])
            if parameter["name"] != "cursor":  # nobody makes one up
                # Optional ones are not filled in by the docs page: see `described`.
                assert ("example" in parameter) == parameter.get("required", False), where
                shown = parameter if "example" in parameter else parameter["schema"]
                [example] = shown.get("examples", [shown.get("example")])
                assert mistakes(document, parameter["schema"], example) == [], where


def test_every_problem_is_shown_with_a_code_of_its_status(document: dict[str, Any]) -> None:
    known, shown = every_code(), set()
    for where, operation in operations(document):
        for status, answer in operation["responses"].items():
            examples = answer.get("content", {}).get("application/problem+json", {})
            for code, example in examples.get("examples", {}).items():
                assert (example["value"]["code"], example["value"]["status"]) == (code, int(status))
                assert known[code][0] == int(status), where
                shown.add(code)
    # What no operation that there is answers with: another method, a bug, Django's own refusals.
    beyond = {"method_not_allowed", "not_acceptable", "internal_error", "permission_denied"}
    assert known.keys() - shown <= beyond


def test_the_headers_that_it_names_are_described_and_sent(
    client: Client, document: dict[str, Any], db: None
) -> None:
    make_campaign()
    known = document["components"]["headers"]
    for where, operation in operations(document):
        for status, answer in operation["responses"].items():
            for name, header in answer["headers"].items():
                assert header == {"$ref": f"#/components/headers/{name}"}, (where, status)
                assert known[name]["description"], name
    for path in ("/api/v1/campaigns/", CAMPAIGN, f"{CAMPAIGN}counts/", f"{CAMPAIGN}feed.atom"):
        named = document["paths"][path]["get"]["responses"]["200"]["headers"]
        answer = client.get(path.format(slug="art"))
        assert set(named) - set(answer.headers) == set(), path


def test_the_document_says_whose_it_is_and_where(
    client: Client, document: dict[str, Any], settings: Any
) -> None:
    assert document["servers"] == [{"url": settings.BASE_URL}]
    assert set(document["info"]) == {"title", "version", "description", "license"}
    for word in ("problem+json", "If-None-Match", "CC0", "Sunset", "updated_since"):
        assert word in document["info"]["description"]


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def mistakes(document: dict[str, Any], schema: dict[str, Any], value: Any) -> list[str]:
    """What a validator finds wrong with that value."""
    whole = {**schema, "components": document["components"]}
    return [error.message for error in Draft202012Validator(whole).iter_errors(value)]


def test_the_parameters_of_the_list_are_those_that_it_takes(document: dict[str, Any]) -> None:
    parameters = document["paths"][f"{CAMPAIGN}signers/"]["get"]["parameters"]
    query = {each["name"] for each in parameters if each["in"] == "query"}
    assert query == {
        *(
            "discipline",
            "country",
            "kind",
            "evidence",
            "featured",
            "q",
            "order",
            "cursor",
            "page_size",
            "updated_since",
        ),
    }


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema
    if "$ref" in schema:
        found = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/campaigns/",
        CAMPAIGN,
        f"{CAMPAIGN}signers/",
        f"{CAMPAIGN}signers/?updated_since=2026-01-01T00:00:00Z",
        f"{CAMPAIGN}counts/",
        f"{CAMPAIGN}vouchers/",
        f"{CAMPAIGN}signers/{{public_id}}/",
    ],
)
def test_an_answer_has_the_fields_that_the_document_says(
    client: Client, document: dict[str, Any], path: str
) -> None:
    signature = make_signature(make_campaign(publication="after_verification"))
    answer = client.get(path.format(slug="art", public_id=signature.public_id)).json()

    def compare(value: Any, schema: dict[str, Any], where: str) -> None:
        schema = resolved(document, schema)
        for variant in schema.get("allOf", ()):
            compare(value, variant, where)
        if variants := [resolved(document, variant) for variant in schema.get("anyOf", ())]:
            fitting = [each for each in variants if set(each["properties"]) == set(value)]
            assert len(fitting) == 1, where
            compare(value, fitting[0], where)
        if isinstance(value, dict) and "properties" in schema:
            assert set(schema["required"]) <= set(value) <= set(schema["properties"]), where
            for name, inner in value.items():
                compare(inner, schema["properties"][name], f"{where}.{name}")
        elif isinstance(value, list):
            for inner in value:
                compare(inner, schema["items"], f"{where}[]")

    described = path.partition("?")[0]
    schema = document["paths"][described]["get"]["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    compare(answer, schema, path)


def test_its_page_loads_nothing_from_elsewhere(client: Client) -> None:
    response = client.get("/api/docs/")
    assert response.status_code == 200
    page = response.content.decode()
    assert "/api/schema/" in page
    addresses = re.findall(r"""(?:src|href|url)\s*[=:]\s*["']([^"']*)""", page)
    assert addresses
    assert [a for a in addresses if not a.startswith(("/static/", "/api/", "data:", "#"))] == []
    assert re.findall(r"https?://[^\s\"'<]+", page) == []
    policy = response["Content-Security-Policy"]
    assert "http" not in policy
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert re.findall(r"<script[^>]*>[^<]|<style| style=| on[a-z]+=", page) == []


@pytest.mark.parametrize("path", ["/api/schema/", "/api/docs/"])
def test_both_are_the_same_for_everybody(client: Client, path: str) -> None:
    client.cookies["csrftoken"] = "x" * 32
    response = client.get(path, headers={"Accept-Language": "fr"})
    assert dict(response.cookies) == {}
    assert not {"Cookie", "Accept-Language"} & set(response.get("Vary", "").split(", "))
    assert response.content == client.get(path).content
    assert "public" in response["Cache-Control"]


@pytest.mark.parametrize("query", ["?lang=fr", "?version=2", "?lang=%00"])
def test_the_document_knows_no_other_form_of_itself(client: Client, query: str) -> None:
    assert client.get(f"/api/schema/{query}").content == client.get("/api/schema/").content
