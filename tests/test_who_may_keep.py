"""Every answer says who may keep it: a public one for a minute at most, one of a person nobody at all."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from campaign.campaign_file import parse
from campaign.models import Campaign
from campaign.models.api_key import Scope
from campaign.models.membership import Role
from campaign.models.signature import Status
from campaign.organising import load_campaign
from tests import canary
from tests.api import send
from tests.factories import (
    bearer,
    campaign_file,
    confirm_token,
    details,
    make_campaign,
    make_key,
    make_member,
    make_signature,
)
from tests.pictures import picture
from tests.test_canary import OPEN_IN_ADMIN, addresses, in_admin

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


def is_redirect_to_a_slash(path: str, answer: Any) -> bool:
    """The same for everybody, whatever stands there or not."""
    leads_to = str(answer.get("Location", "")).rstrip("/")
    return bool(answer.status_code == 301) and leads_to == path.rstrip("/")


def test_every_address_that_is_open_says_who_may_keep_its_answer(
    providers: None, settings: Settings
) -> None:
    settings.INBOX_DIR = None  # that of development is for whoever sits at the machine
    scene = canary.lay()
    client, wrong, public = Client(raise_request_exception=False), [], 0
    for path in [path for paths in addresses(scene) for path in paths]:
        for method in ("GET", "HEAD", "POST"):
            answer = client.generic(method, path)
            public += "public" in answer.get("Cache-Control", "")
            says_nothing = answer.status_code == 405 or is_redirect_to_a_slash(path, answer)
            if found := [] if says_nothing else mistakes(path, answer):
                wrong.append(f"{method} {path} {answer.status_code}: {', '.join(found)}")
    assert not wrong, "\n".join(wrong)
    assert public > 50


def test_a_logo_goes_within_a_minute_of_its_campaign_and_costs_nothing_meanwhile(
    client: Client, tmp_path: Path
) -> None:
    (tmp_path / "logo.png").write_bytes(picture())
    load_campaign(parse(campaign_file(extra='logo = "logo.png"'), folder=tmp_path))
    path = f"/logos/{Campaign.objects.get().logo['digest']}.png"
    answer = client.get(path)
    assert (answer.status_code, mistakes(path, answer)) == (200, [])
    again = client.get(path, headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content, mistakes(path, again)) == (304, b"", [])
    load_campaign(parse(campaign_file()))
    gone = client.get(path, headers={"If-None-Match": answer["ETag"]})
    assert (gone.status_code, mistakes(path, gone)) == (404, [])


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
