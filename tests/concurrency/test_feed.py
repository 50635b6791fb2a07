"""A mirror that follows the feed of changes while others write: nobody's change is ever missed."""

import io
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from campaign import export, leaving, publication, settling, signing
from campaign.models import Campaign, Signature
from tests.concurrency.leaving import withdrawing
from tests.concurrency.threads import PATIENCE, at_once
from tests.factories import make_campaign, make_signature, manage_token

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/v1/campaigns/art/signers/"
LONG_AGO = "2026-01-01T00:00:00Z"


class Mirror:
    """A program that keeps a copy of the list by the feed alone, as the API's recipe says."""

    def __init__(self, size: int = 200) -> None:
        self.since = LONG_AGO
        self.size = size
        self.signers: dict[str, Any] = {}

    def pages(self) -> Iterator[None]:
        """Read a page at a time to the end of the feed."""
        url = f"{PATH}?{urlencode({'updated_since': self.since, 'page_size': self.size})}"
        while url is not None:
            body = Client().get(url).json()
            for entry in body["results"]:
                if "removed" in entry:
                    self.signers.pop(entry["id"], None)
                else:
                    self.signers[entry["id"]] = entry
            url = body["next"]
            yield
        self.since = body["next_since"]

    def walk(self) -> None:
        for _page in self.pages():
            pass


def public_list(campaign: Campaign) -> dict[str, Any]:
    written = io.BytesIO()
    export.write(campaign, "jsonl", written)
    signers = [json.loads(line) for line in written.getvalue().splitlines()]
    return {signer["id"]: signer for signer in signers}


def late_by_an_hour(mirror: Mirror) -> tuple[dict[str, Any], datetime]:
    """A walk that begins an hour after an uncommitted change was stamped, and one after its commit."""
    campaign = make_campaign(publication="after_verification")
    signature = make_signature(campaign)
    with withdrawing(signature):
        walked = timezone.now() + timedelta(hours=1)
        with time_machine.travel(walked):
            mirror.walk()
    assert mirror.signers  # the walk came before the commit
    with time_machine.travel(walked + timedelta(minutes=1)):
        mirror.walk()
    return public_list(campaign), walked


def test_a_commit_that_comes_an_hour_late_is_not_missed() -> None:
    mirror = Mirror()
    listed, _walked = late_by_an_hour(mirror)
    assert mirror.signers == listed == {}


def test_a_fixed_margin_misses_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settling, "_OLDEST_WRITER", "SELECT NULL::timestamptz")
    mirror = Mirror()
    listed, walked = late_by_an_hour(mirror)
    assert listed == {}
    assert len(mirror.signers) == 1
    assert mirror.since > publication.instant(walked)


def test_who_only_reads_does_not_hold_the_feed_back() -> None:
    make_campaign(publication="after_verification")
    reading, finish = threading.Event(), threading.Event()

    def read() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM campaign_signature")
            reading.set()
            assert finish.wait(PATIENCE)

    other = threading.Thread(target=lambda: at_once([read]))
    other.start()
    assert reading.wait(PATIENCE)
    now = timezone.now() + timedelta(hours=1)
    with time_machine.travel(now, tick=False):
        body = Client().get(f"{PATH}?updated_since={LONG_AGO}").json()
    finish.set()
    other.join(PATIENCE)
    assert body["next_since"] == publication.instant(now - timedelta(seconds=30))


def behind_a_slow_reader(mirror: Mirror) -> dict[str, Any]:
    """A change commits behind a walk's first page, whose last is read an hour later."""
    campaign = make_campaign(publication="after_verification")
    late, *others = [make_signature(campaign, name=f"Signer {n}") for n in range(4)]
    mirror.walk()
    with withdrawing(late):
        for signature in others:  # stamped after it, committed before
            signing.show(manage_token(signature), show_name=False)
            signing.show(manage_token(signature), show_name=True)
        pages = mirror.pages()
        next(pages)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        for _page in pages:
            pass
    return public_list(campaign)


def test_a_change_that_commits_behind_a_slow_reader_is_found_by_the_next_walk() -> None:
    mirror = Mirror(size=2)
    listed = behind_a_slow_reader(mirror)
    assert len(mirror.signers) == len(listed) + 1
    mirror.walk()
    assert mirror.signers == listed


def test_thirty_seconds_before_the_last_page_would_miss_it() -> None:
    mirror = Mirror(size=2)
    listed = behind_a_slow_reader(mirror)
    mirror.since = publication.instant(timezone.now() + timedelta(minutes=59))
    mirror.walk()
    assert len(mirror.signers) == len(listed) + 1


def test_mirrors_that_walk_while_signers_move_end_up_with_the_list() -> None:
    campaign = make_campaign(publication="after_verification")
    signatures = [make_signature(campaign, name=f"Signer {n}") for n in range(12)]
    mirrors = [Mirror(size=size) for size in (1, 3)]
    quiet = threading.Event()

    def move(mine: list[Signature]) -> None:
        for signature in mine:
            token = manage_token(signature)
            signing.show(token, show_name=False)
            signing.show(token, show_name=True)
            revision = Signature.objects.get(pk=signature.pk).revision
            typed = {"name": f"{signature.name} Renamed"}
            signing.correct(token, typed=typed, revision=revision)
            if signature.pk % 3 == 0:
                leaving.erase(token)

    def mirror_until_quiet(mirror: Mirror) -> None:
        while not quiet.is_set():
            mirror.walk()
        mirror.walk()

    def move_all() -> None:
        try:
            assert (
                at_once([lambda: move(signatures[:6]), lambda: move(signatures[6:])]) == [None] * 2
            )
        finally:
            quiet.set()

    calls = [move_all, *(lambda m=m: mirror_until_quiet(m) for m in mirrors)]
    assert at_once(calls) == [None] * 3
    assert len(public_list(campaign)) == 8
    for mirror in mirrors:
        assert mirror.signers == public_list(campaign)
