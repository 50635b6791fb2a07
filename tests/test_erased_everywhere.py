"""Erasure reaches every row of every table, Redis and files: what stays stands in docs/privacy.md."""

from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.conf import settings as configured
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from redis import Redis

from campaign import files, leaving, shelf
from campaign.links import Purpose, make_token
from campaign.models import ProtectedName, Report, Representation, Signature
from campaign.models.signature import Status
from tests import canary
from tests.canary import ADDRESS, AGENT, COPY, IP, PUBLIC, SHOWING, found_in, held_in
from tests.e2e.until import until
from tests.factories import manage_token, not_me_token
from tests.fronts import Process

pytestmark = pytest.mark.django_db(transaction=True)

STAYS = {
    "auth_user": "staff, not a signer",
    "campaign_upload": "a file on its way in, for a day",
    "campaign_importbatch": "which file, and who vouches for the consent",
    "campaign_auditnote": "why staff took a list out: it says of nobody that it is about them",
    "campaign_webhook": "an address of the organiser",
    "campaign_protectedname": "names of well-known people, by the campaign file",
}
"""Tables in which the canary stands as somebody else's word, by the decisions of docs/privacy.md."""


@pytest.fixture
def scene(providers: None, settings: Settings) -> canary.Scene:
    settings.TRUSTED_PROXIES = [ip_network("127.0.0.0/8")]
    return canary.lay()


def holding() -> dict[str, list[str]]:
    """The tables that hold the canary, in any column of any row, and in which form."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" AS t')
            text = "\n".join(row for (row,) in cursor.fetchall())
            if forms := found_in(text.encode()):
                found[table] = forms
    return found


def protected_by_release() -> list[str]:
    """The protected names that are a signer's own, and no word of the campaign file."""
    return list(ProtectedName.objects.exclude(batch=None).values_list("name", flat=True))


def erase_everybody() -> None:
    """By the links that each of them has."""
    theirs = Signature.objects.filter(email__contains=ADDRESS)
    for signature in theirs.order_by("pk"):
        if signature.status == Status.PENDING:
            leaving.not_me(not_me_token(signature))
        else:
            leaving.erase(manage_token(signature))
    for rows in (Report.objects.all(), Representation.objects.all()):
        for email, public_id in rows.values_list("email", "public_id"):
            if ADDRESS in email:
                token = make_token(Purpose.MY_DATA, subject=public_id, revision=1)
                page = Client().post(f"/my-data/{token}/", {"action": "erase", "sure": "yes"})
                assert page.status_code == 200


def test_nothing_is_left_of_who_had_it_erased(scene: canary.Scene) -> None:
    before = holding()
    assert protected_by_release() == ["Ida Imported"]
    assert {"campaign_signature", "campaign_eventnote", "campaign_question"} <= set(before)
    assert {"campaign_report", "campaign_representation", "campaign_proof"} <= set(before)
    pages = Process()
    with Redis.from_url(configured.REDIS_URL) as redis:
        for page in SHOWING:
            assert PUBLIC.encode() in pages.get(page, x_forwarded_for=IP, user_agent=AGENT).body
            assert any(page.encode() + b"?" in key for key in naming(redis)), page
        for form in ("csv", "jsonl"):
            Client().get(f"/api/v1/campaigns/art/signers.{form}")
        files.refresh()
        lists = {path.name for path in kept() if PUBLIC.encode() in path.read_bytes()}
        assert lists == {"art.csv", "art.jsonl"}
        erase_everybody()

        after = holding()
        assert {table: forms for table, forms in after.items() if table not in STAYS} == {}
        assert protected_by_release() == []
        until(lambda: not naming(redis), within=2 * shelf.LIFE, what="the end of each copy")
        for page in SHOWING:
            assert PUBLIC.encode() not in pages.get(page).body
        for key, content in held_in(redis).items():
            assert found_in(key + content) == [], key
            assert PUBLIC.encode() not in content, key
    with time_machine.travel(timezone.now() + files.FRESH + timedelta(seconds=1)):
        files.refresh()
    for path in kept():
        assert found_in(path.read_bytes()) == []
        assert PUBLIC.encode() not in path.read_bytes()


def naming(redis: Any) -> list[bytes]:
    """The keys of the copies that name the canary in public."""
    held = held_in(redis).items()
    return [key for key, content in held if key.startswith(COPY) and PUBLIC.encode() in content]


def kept() -> list[Path]:
    return [path for path in Path(configured.EXPORT_DIR).iterdir() if path.is_file()]
