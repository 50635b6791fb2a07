"""What tests of the API do: post to it, and look at how it refuses."""

import json
from typing import Any

from django.test import Client

from campaign.models import Mail, Signature, TallyChange

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
