"""The public numbers: their identities hold after every step of whatever happens."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaign import counts, leaving, moderation, moves, signing
from campaign.errors import CampaignError
from campaign.history import SIGNER
from campaign.models import Campaign, Signature, Tally, TallyChange
from campaign.models.signature import RejectionReason, Status
from tests.factories import (
    confirm_token,
    details,
    make_campaign,
    make_signature,
    make_user,
    manage_token,
)

pytestmark = pytest.mark.django_db

PATH = "/api/v1/campaigns/art/counts/"
SIGN = "/api/v1/campaigns/art/signatures/"
PARTS = ("discipline", "country", "kind", "evidence")


def read(client: Client) -> dict[str, Any]:
    response = client.get(PATH)
    assert response.status_code == 200
    body: dict[str, Any] = response.json()
    return body


def broken_down(body: dict[str, Any], part: str) -> dict[str | None, int]:
    return {row[part]: row["published"] for row in body[f"by_{part}"]}


def check(client: Client, campaign: Campaign, received: int) -> None:
    """Every identity of the contract, and the signatures themselves counted one by one."""
    body = read(client)
    rows = list(Signature.objects.filter(campaign=campaign).select_related("discipline"))
    statuses = Counter(row.status for row in rows)
    published = [row for row in rows if row.status == Status.PUBLISHED]
    shown = [row for row in published if row.show_name]

    assert body["received"] == received
    assert body["published"] == len(published)
    assert body["anonymous"] == len(published) - len(shown)
    assert body["held"] == statuses[Status.HELD]
    assert body["withdrawn"] == statuses[Status.WITHDRAWN] + statuses[Status.ERASED]
    assert body["removed"] == statuses[Status.REJECTED]
    assert (
        body["confirmed"] == body["published"] + body["held"] + body["withdrawn"] + body["removed"]
    )
    for part in PARTS:
        assert sum(broken_down(body, part).values()) == body["published"] - body["anonymous"]
        assert len(broken_down(body, part)) == len(body[f"by_{part}"])
        assert 0 not in broken_down(body, part).values()
    assert sum(broken_down(body, "day").values()) == body["published"]
    assert broken_down(body, "kind") == Counter(row.kind for row in shown)
    assert broken_down(body, "country") == Counter(row.country or None for row in shown)
    assert broken_down(body, "discipline") == Counter(
        row.discipline.slug if row.discipline else None for row in shown
    )
    assert broken_down(body, "day") == Counter(
        str(row.published_at.date()) for row in published if row.published_at
    )
    listed = client.get("/api/v1/campaigns/art/signers/?page_size=200").json()["results"]
    assert len(listed) == len(shown)
    assert client.get("/api/v1/campaigns/art/").json()["counts"]["published"] == len(published)

    told = counts.snapshot(campaign.pk)
    assert told.pop((counts.RECEIVED, "all", ""), 0) == received
    assert told == counts.recount(campaign.pk)


VERBS = (
    *("sign", "confirm", "approve", "reject", "hold", "restore", "withdraw", "erase"),
    *("hide", "show", "rename", "move", "fold", "fold_one"),
)


class Walk:
    """One campaign that things happen to."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.by: User = User.objects.filter(username="maker").first() or make_user(username="maker")
        self.received = 0

    def step(self, verb: str, which: int, shown: bool) -> None:
        if verb == "sign":
            self.received += 1
            typed = details(
                name=f"Signer {which}",
                email=f"signer{which % 3}.{self.received}@example.org",
                kind=("person", "group", "organisation")[which % 3],
                discipline=(None, "musician", "author")[which % 3],
                country=("", "FR", "CH")[which % 3],
                show_name=shown,
            )
            signing.sign(campaign=self.campaign, typed=typed)
        elif verb == "fold":
            counts.fold()
        elif verb == "fold_one":
            counts.fold(limit=1)
        else:
            rows = list(Signature.objects.order_by("pk"))
            if rows:
                self._touch(verb, rows[which % len(rows)])

    def _touch(self, verb: str, row: Signature) -> None:
        mine: dict[str, Any] = {"signature_id": row.pk, "by": self.by}
        amend: dict[str, Any] = {"signature_id": row.pk, "actor": SIGNER}
        match verb:
            case "confirm":
                signing.confirm(confirm_token(row))
            case "approve":
                moderation.approve(revision=row.revision, **mine)
            case "reject":
                moderation.reject(revision=row.revision, reason=RejectionReason.DUPLICATE, **mine)
            case "hold":
                moderation.hold(**mine)
            case "restore":
                moderation.restore(revision=row.revision, **mine)
            case "withdraw":
                leaving.withdraw(manage_token(row))
            case "erase":
                leaving.erase(manage_token(row))
            case "hide" | "show":
                signing.show(manage_token(row), show_name=verb == "show")
            case "rename":
                typed = {"name": f"{row.name} X"[:40], "credit": "", "organisation": ""}
                signing.correct(manage_token(row), typed=typed, revision=row.revision)
            case "move":
                discipline = self.campaign.disciplines.first()
                changes = {"discipline": discipline, "country": "DE", "kind": "group"}
                moves.amend(changes=changes, **amend)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    policy=st.sampled_from(["after_review", "after_verification"]),
    steps=st.lists(
        st.tuples(
            # Half of it signs and confirms, so that the rest finds something to do.
            st.sampled_from([*VERBS, *["sign"] * 5, *["confirm"] * 6, *["approve"] * 3]),
            st.integers(0, 8),
            st.booleans(),
        ),
        min_size=10,
        max_size=30,
    ),
)
def test_the_numbers_are_exact_after_every_step(
    client: Client, policy: str, steps: list[tuple[str, int, bool]]
) -> None:
    with transaction.atomic():
        campaign = make_campaign(publication=policy)
        walk = Walk(campaign)
        for verb, which, shown in steps:
            try:
                with transaction.atomic():
                    walk.step(verb, which, shown)
            except CampaignError:
                pass  # refused: then nothing may have changed either
            check(client, campaign, walk.received)
        while counts.fold():
            pass
        assert not TallyChange.objects.exists()
        check(client, campaign, walk.received)
        assert not Tally.objects.filter(n__lt=0).exists()
        transaction.set_rollback(True)


def post(client: Client, **typed: Any) -> int:
    return client.post(SIGN, details(**typed), content_type="application/json").status_code


def test_received_counts_every_202_whatever_came_of_it(client: Client) -> None:
    make_campaign(publication="after_verification")
    for _ in range(5):  # the quota of the address is three
        assert post(client) == 202
    signing.confirm(confirm_token(Signature.objects.get()))
    assert post(client, email="ZOE@example.org") == 202  # has signed already
    assert post(client, email="not an address") == 400
    assert post(client, consent=False) == 400
    body = read(client)
    assert (body["received"], body["confirmed"], body["published"]) == (6, 1, 1)


def test_asking_for_the_mail_again_is_not_received(client: Client) -> None:
    make_campaign()
    path = "/api/v1/campaigns/art/signatures/resend/"
    assert (
        client.post(path, {"email": "zoe@example.org"}, content_type="application/json").status_code
        == 202
    )
    assert read(client)["received"] == 0


def test_a_campaign_without_signatures_counts_nothing(client: Client) -> None:
    make_campaign()
    body = read(client)
    as_of = body.pop("as_of")
    assert datetime.fromisoformat(as_of).tzinfo is not None
    numbers = ("received", "confirmed", "published", "anonymous", "held", "withdrawn", "removed")
    lists = tuple(f"by_{part}" for part in (*PARTS, "day"))
    assert body == {**dict.fromkeys(numbers, 0), **{name: [] for name in lists}}


def test_as_of_has_milliseconds_and_says_when_it_was_counted(client: Client) -> None:
    make_campaign()
    with time_machine.travel(datetime(2026, 3, 1, 12, 30, 15, 123_456, tzinfo=UTC), tick=False):
        assert read(client)["as_of"] == "2026-03-01T12:30:15.123Z"
        assert (
            client.get("/api/v1/campaigns/art/").json()["counts"]["as_of"]
            == "2026-03-01T12:30:15.123Z"
        )
    with time_machine.travel(datetime(2026, 3, 1, 12, 30, 15, tzinfo=UTC), tick=False):
        assert read(client)["as_of"] == "2026-03-01T12:30:15.000Z"


def test_what_a_signer_did_not_give_is_counted_under_null(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    make_signature(campaign, discipline=None, country=None)
    make_signature(campaign, discipline="author", country="FR", kind="group")
    make_signature(campaign, discipline="author", country="FR", kind="group")
    body = read(client)
    assert body["by_discipline"] == [
        {"discipline": "author", "published": 2},
        {"discipline": None, "published": 1},
    ]
    assert body["by_country"] == [
        {"country": "FR", "published": 2},
        {"country": None, "published": 1},
    ]
    assert body["by_kind"] == [
        {"kind": "group", "published": 2},
        {"kind": "person", "published": 1},
    ]
    assert body["by_evidence"] == [{"evidence": "email", "published": 3}]


def test_the_anonymous_are_counted_and_only_the_days_tell(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    make_signature(campaign, discipline="author", country="FR", kind="group", show_name=False)
    body = read(client)
    assert (body["published"], body["anonymous"]) == (1, 1)
    assert [body[f"by_{part}"] for part in PARTS] == [[], [], [], []]
    assert [row["published"] for row in body["by_day"]] == [1]


def test_a_day_is_the_utc_day_of_first_publication(client: Client) -> None:
    campaign = make_campaign(publication="after_review")
    by = make_user(username="maker")
    with time_machine.travel(datetime(2026, 3, 1, 23, 59, 59, tzinfo=UTC), tick=False):
        early = make_signature(campaign)
        late = make_signature(campaign, status=Status.HELD)
    with time_machine.travel(datetime(2026, 3, 2, 0, 0, 1, tzinfo=UTC), tick=False):
        moderation.approve(signature_id=late.pk, revision=late.revision, by=by)
    days = [{"day": "2026-03-01", "published": 1}, {"day": "2026-03-02", "published": 1}]
    assert read(client)["by_day"] == days
    with time_machine.travel(datetime(2026, 3, 9, tzinfo=UTC), tick=False):
        moderation.hold(signature_id=early.pk, by=by)
        assert read(client)["by_day"] == days[1:]
        early.refresh_from_db()
        moderation.approve(signature_id=early.pk, revision=early.revision, by=by)
        assert read(client)["by_day"] == days


def test_campaigns_are_counted_apart(client: Client) -> None:
    art = make_campaign(publication="after_verification")
    other = make_campaign(slug="other", publication="after_verification")
    make_signature(art)
    make_signature(other)
    make_signature(other)
    counts.fold()
    make_signature(other)
    assert read(client)["published"] == 1
    assert client.get("/api/v1/campaigns/other/counts/").json()["published"] == 3


def test_folding_changes_no_number_and_leaves_no_change_row(client: Client) -> None:
    campaign = make_campaign(publication="after_verification")
    for status in (Status.PUBLISHED, Status.HELD, Status.REJECTED, Status.WITHDRAWN):
        make_signature(campaign, status=status)
    before = read(client)
    waiting = TallyChange.objects.count()
    assert counts.fold(limit=1) == 1
    assert TallyChange.objects.count() == waiting - 1
    assert counts.fold() == waiting - 1
    assert counts.fold() == 0
    assert {**read(client), "as_of": ""} == {**before, "as_of": ""}
