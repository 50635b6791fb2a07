"""Every answer says who may keep it: a public one for a minute at most, one of a person nobody at all."""

import re
from typing import Any

import pytest
from django.test import Client

from campaign.models.api_key import Scope
from campaign.models.membership import Role
from campaign.models.signature import Status
from tests import canary
from tests.api import send
from tests.factories import (
    bearer,
    confirm_token,
    details,
    make_campaign,
    make_key,
    make_member,
    make_signature,
)
from tests.test_canary import OPEN_IN_ADMIN, in_admin

pytestmark = pytest.mark.django_db(transaction=True)

PROBES = {"/healthz", "/readyz", "/metrics"}
"""About the machine and nobody."""
SECONDS = re.compile(r"public, max-age=([0-9]+), stale-while-revalidate=([0-9]+)")


def mistakes(path: str, answer: Any) -> list[str]:
    """What an answer lacks of one that everybody may keep for a moment, or else of one that nobody may."""
    told = answer.get("Cache-Control", "")
    if "public" in told:
        seconds = SECONDS.fullmatch(told)
        found = [] if seconds and sum(map(int, seconds.groups())) <= 60 else [told]
        return found + [each for each in ("ETag", "Last-Modified") if each not in answer]
    found = [] if "no-store" in told else [f"Cache-Control: {told}"]
    if path in PROBES:
        return found
    found += [] if "noindex" in answer.get("X-Robots-Tag", "") else ["X-Robots-Tag"]
    return found + ([] if answer.get("Referrer-Policy") == "same-origin" else ["Referrer-Policy"])


SIGN = "/api/v1/campaigns/art/signatures/"
CONFIRM = "/api/v1/signatures/confirm/"
PRIVATE = "/api/v1/campaigns/art/private/signatures"


def test_what_the_api_answers_to_one_person_or_key_is_kept_and_found_by_nobody() -> None:
    client = Client()
    campaign = make_campaign(publication="after_verification")
    pending = make_signature(campaign, status=Status.PENDING)
    token, key = confirm_token(pending), bearer(make_key(campaign, *Scope))
    given = {
        202: [
            send(client, details()),
            send(client, {"email": "zoe@example.org"}, f"{SIGN}resend/"),
        ],
        200: [
            send(client, {"token": token}, CONFIRM),
            *(client.get(f"{PRIVATE}{end}", headers=key) for end in ("/", ".csv", ".jsonl")),
            client.get(f"{PRIVATE}/{pending.public_id}/", headers=key),
            client.get("/api/v1/campaigns/art/counts/", headers=key),
        ],
        400: [
            *(send(client, body, path) for body in (b"{", {"no": 1}) for path in (SIGN, CONFIRM)),
            send(client, {"token": "x"}, CONFIRM),
        ],
        401: [client.get(f"{PRIVATE}/"), client.get(f"{PRIVATE}/", headers=bearer("ptn_none"))],
        403: [send(client, details(), Origin="https://elsewhere.example")],
        404: [client.get(f"{PRIVATE}/nobody/", headers=key)],
    }
    for status, answers in given.items():
        for answer in answers:
            assert (answer.status_code, mistakes("", answer)) == (status, [])
            assert "public" not in answer["Cache-Control"]


def test_every_page_of_the_admin_is_kept_and_found_by_nobody(providers: None) -> None:
    scene = canary.lay()
    inside = Client(raise_request_exception=False)
    inside.force_login(make_member(scene.campaign, Role.OWNER))
    wrong = []
    for path in [*in_admin(), *(f"/{path}" for path in OPEN_IN_ADMIN), "/admin/no/such/page/"]:
        for client in (inside, Client()):
            answer = client.get(path)
            if found := mistakes(path, answer):
                wrong.append(f"{path} {answer.status_code}: {', '.join(found)}")
    assert not wrong, "\n".join(wrong)
